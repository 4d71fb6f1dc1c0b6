"""Read program code without its comments, to train on and to measure with.

In: folders with source files of any programming languages. Out: runs of lines that a
machine reads: no comments, no documentation, no texts of several lines in quotes, which
are in a language of people.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = [
    "DATA_FILES", "SYNTAX", "Comments", "assembly", "bare_code", "comments",
    "source_files", "traces",
]  # fmt: skip


class Comments(NamedTuple):
    """How comments are written in files of one ending.

    Attributes:
        line: what a line of comment begins with.
        blocks: what begins a block of comment at the start of a line, with its end.
        strings: whether a quote that a line begins with may end in a later one.
    """

    line: tuple[str, ...]
    blocks: tuple[tuple[str, str], ...] = ()
    strings: bool = False


_C = Comments(("//",), (("/*", "*/"),))
_HASH = Comments(("#",))
_LISP = Comments((";",), (("#|", "|#"),), strings=True)
_DASH = Comments(("--",), (("{-", "-}"), ("--[[", "]]"), ("/*", "*/")))
_PYTHON = Comments(("#",), (('"""', '"""'), ("'''", "'''")))
_PERL = Comments(("#",), (("=", "=cut"),))
_MARKUP = Comments((), (("<!--", "-->"),))

SYNTAX: dict[str, Comments] = {
    **dict.fromkeys(
        [
            "go",
            "js",
            "cjs",
            "mjs",
            "ts",
            "c",
            "h",
            "cc",
            "cpp",
            "java",
            "rs",
            "scala",
            "kt",
            "d",
            "swift",
            "vala",
            "proto",
            "dart",
            "v",
            "cs",
            "groovy",
            "gradle",
            "vapi",
        ],
        _C,
    ),
    "css": Comments((), (("/*", "*/"),)),
    "scss": _C,
    "less": _C,
    "php": Comments(("//", "#"), (("/*", "*/"),)),
    "py": _PYTHON,
    "rb": Comments(("#",), (("=begin", "=end"),)),
    "cr": _HASH,
    "jl": Comments(("#",), (("#=", "=#"), ('"""', '"""'))),
    "nim": Comments(("#",), (("#[", "]#"), ("discard", '"""'))),
    "pl": _PERL,
    "pm": _PERL,
    "cmake": Comments(("#",), (("#[", "]]"),)),
    **dict.fromkeys(
        [
            "sh",
            "bash",
            "fish",
            "awk",
            "R",
            "tcl",
            "toml",
            "yaml",
            "yml",
            "ex",
            "exs",
            "mk",
            "pp",
            "ps1",
        ],
        _HASH,
    ),
    **dict.fromkeys(["el", "lisp", "scm", "rkt", "clj"], _LISP),
    **dict.fromkeys(["sql", "lua", "hs", "agda", "adb", "ads", "vhdl", "elm"], _DASH),
    **dict.fromkeys(["sty", "cls", "erl", "hrl"], Comments(("%",))),
    "m": Comments(("%", "#")),
    "f90": Comments(("!",)),
    "vim": Comments(('"',)),
    "ml": Comments((), (("(*", "*)"),)),
    "mli": Comments((), (("(*", "*)"),)),
    "pas": Comments(("//",), (("{", "}"), ("(*", "*)"))),
    "fs": Comments(("\\",), (("(", ")"),)),
    "s": Comments(("//", "#", ";"), (("/*", "*/"),)),
    "ini": Comments((";", "#")),
    "patch": Comments((), ()),
    "diff": Comments((), ()),
    "json": Comments(()),
    "xml": _MARKUP,
}
# Files of settings and data hold sentences as values: English there is right.
DATA_FILES = ("ini", "json", "toml", "xml", "yaml", "yml")

_ENDS = ("__END__", "__DATA__", "*vim:tw")
_HERE = re.compile(r"<<[-~]?\s?[\"']?([A-Z_]{2,}\w*)[\"']?")
_LONGEST = 40_000


def source_files(
    folders: Iterable[Path], most: int = 200
) -> Iterator[tuple[str, str, str]]:
    """Yield (ending, path, text) of source files, so many an ending, chosen by hash."""
    found: dict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        for path in folder.rglob("*.*"):
            if path.suffix[1:] in SYNTAX and path.is_file() and not path.is_symlink():
                found[path.suffix[1:]].append(path)
    for ending, paths in sorted(found.items()):
        paths.sort(key=lambda p: hashlib.blake2b(str(p).encode()).digest())
        read = 0
        for path in paths:
            try:
                text = path.read_text("utf-8")[:_LONGEST]
            except (OSError, UnicodeDecodeError):
                continue
            # A file of one long line was written by a program that packs others.
            if len(text) > 200 and len(text) < 200 * text.count("\n"):
                read += 1
                yield ending, str(path), text
            if read == most:
                break


def bare_code(ending: str, text: str) -> list[str]:
    """Return the lines of a source file that are neither empty nor comment."""
    syntax = SYNTAX[ending]
    if ending == "vim" and text.startswith("vim9script"):
        syntax = _HASH
    out: list[str] = []
    until = ""
    for line in text.split("\n"):
        bare = line.strip()
        if until:
            ends = bare == until if until.isupper() else until in bare
            until = "" if ends else until
            continue
        if bare.startswith(_ENDS):
            break
        until = _block_end(syntax, bare)
        if until or not bare or _is_comment(syntax, bare):
            continue
        until = _text_end(ending, line)
        out.append(line)
    return out


def _is_comment(syntax: Comments, bare: str) -> bool:
    """Whether a line is all comment, or inside of a block of it."""
    starts = [start for start, _ in syntax.blocks]
    if ("/*", "*/") in syntax.blocks:
        starts.append("*")
    return bare.startswith((*syntax.line, *starts))


def _text_end(ending: str, line: str) -> str:
    """Return what ends the text of several lines that begins in a line of code."""
    here = _HERE.search(line)
    if here and ending in ("pl", "pm", "sh", "bash", "rb", "cr", "php"):
        return here[1]
    for quotes in ('"""', "'''"):
        if ending in ("py", "nim") and line.count(quotes) == 1:
            return quotes
    return ""


def _block_end(syntax: Comments, bare: str) -> str:
    """Return what ends the block of comment that a line begins, if it goes on."""
    for start, end in syntax.blocks:
        if bare.startswith(start):
            return "" if end in bare[len(start) :] else end
    if syntax.strings and bare[:1] == '"' and bare.count('"') % 2:
        return '"'
    return ""


def comments(ending: str, text: str) -> list[str]:
    """Return lines of comment that read as sentences, with the sign before them."""
    marks = SYNTAX[ending].line
    out = []
    for line in text.split("\n"):
        bare = line.strip()
        if marks and bare.startswith(marks):
            words = bare.lstrip("".join(marks)).split()
            plain = [w for w in words if w.strip(".,;:!?'\"()").isalpha()]
            if len(words) >= 6 and len(plain) >= 0.85 * len(words):
                out.append(bare)
    return out


_REGISTERS = "eax ebx rcx rdi r8 r11 %rax %rbp %esi x0 w9 sp xmm1 %xmm0 $1 #16 t0 a1"
_MNEMONICS = "mov add sub lea cmp xor and test movl addq ldr str stp vmovaps shl li sw"
_BRANCHES = "jmp jne je jz call b bl beq bne jal loop"


def assembly(names: list[str], most: int, rng: random.Random) -> list[str]:
    """Return lines of assembly for several processors, made up of names.

    Args:
        names: identifiers.
        most: how many lines.
        rng: of the choices.
    """
    registers, mnemonics = _REGISTERS.split(), _MNEMONICS.split()
    branches = _BRANCHES.split()
    out = []
    for _ in range(most):
        a, b = rng.choices(registers, k=2)
        gap, start = rng.choice(("\t", " ", "    ")), rng.choice(("\t", "    ", "  "))
        name, n = rng.choice(names), rng.randint(0, 255)
        shapes = (
            f"{rng.choice(mnemonics)}{gap}{a}, {b}",
            f"{rng.choice(mnemonics)}{gap}{a}, [{b}+{n}]",
            f"{rng.choice(mnemonics)}{gap}{n}({a}), {b}",
            f"{rng.choice(branches)}{gap}{rng.choice(('.L', '.', '', '_'))}{name}",
            rng.choice(("ret", "push" + gap + a, "pop" + gap + b, "nop", "syscall")),
        )
        out.append(start + rng.choice(shapes))
    return out


def traces(names: list[str], most: int, rng: random.Random) -> list[str]:
    """Return lines of stack traces and logs, made up of names.

    Args:
        names: identifiers, three at least.
        most: how many lines.
        rng: of the choices.
    """
    out = []
    for _ in range(most):
        a, b, c = rng.sample(names, 3)
        n = rng.randint(1, 999)
        when = f"2021-0{rng.randint(1, 9)}-17 08:{n % 60:02}:31"
        shapes = (
            f'  File "/usr/lib/{a}/{b}.py", line {n}, in {c}',
            f"{a.title()}Error: '{b}'",
            f"\tat org.{a}.{b}.{c.title()}.{a}({c.title()}.java:{n})",
            f"    at {a}.{b} (/srv/{c}/{a}.js:{n}:{n % 80})",
            f"{a}.{b}(0x{n:x}, 0xc000{n:04x})",
            f"\t/go/src/{a}/{b}.go:{n} +0x{n:x}",
            f"thread 'main' panicked at src/{a}.rs:{n}:9:",
            f"#{n % 30}  0x{n:012x} in {a}_{b} ({c}=0x{n:x}) at {a}.c:{n}",
            f"from /usr/lib/ruby/{a}/{b}.rb:{n}:in `{c}'",
            f"{when} INFO  {a}.{b} - {c}={n}",
            f"[{when}] {a}.ERROR: {b} {c} [] []",
            f"{a}[{n}]: {b}: {c}={n} status={n % 7}",
            f"/{a}/{b}/{c}.h:{n}:{n % 40}: error: '{b}' undeclared",
            f"-rw-r--r-- 1 root root {n} Mar 12 10:{n % 60:02} {a}.{b}",
        )
        out.append(rng.choice(shapes))
    return out
