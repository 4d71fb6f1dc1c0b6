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
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = [
    "DATA_FILES", "SYNTAX", "Comments", "bare_code", "bare_example", "comments",
    "example_language", "examples", "is_kept_back", "source_files",
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

# fmt: off
SYNTAX: dict[str, Comments] = {
    **dict.fromkeys(
        [
            "go", "js", "cjs", "mjs", "ts", "cts", "mts", "tsx", "jsx", "c", "h",
            "cc", "cpp", "hpp", "java", "rs", "scala", "kt", "kts", "d", "swift",
            "vala", "proto", "dart", "v", "cs", "groovy", "gradle", "vapi", "mm",
            "cu", "frag", "vert", "comp", "sci", "sce", "idl", "scad", "bsh", "5c",
            "gs", "gsp",
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
    "t": _PERL,
    "cmake": Comments(("#",), (("#[", "]]"),)),
    **dict.fromkeys(
        [
            "sh", "bash", "fish", "awk", "R", "r", "tcl", "toml", "yaml", "yml",
            "ex", "exs", "mk", "am", "pp", "ps1", "conf", "cfg", "properties", "sls",
            "build", "rake", "zsh",
        ],
        _HASH,
    ),
    **dict.fromkeys(["el", "lisp", "scm", "rkt", "clj", "cljs", "sld"], _LISP),
    **dict.fromkeys([
            "sql", "lua", "hs", "lhs", "agda", "adb", "ads", "vhdl", "vhd", "elm",
            "idr",
        ], _DASH),
    **dict.fromkeys(["sty", "cls", "erl", "hrl", "mf"], Comments(("%",))),
    "m": Comments(("%", "#")),
    "f90": Comments(("!",)),
    "f": Comments(("!", "C", "c", "*")),
    "m4": Comments(("dnl", "#")),
    "vim": Comments(('"',)),
    **dict.fromkeys(["ml", "mli", "aug"], Comments((), (("(*", "*)"),))),
    **dict.fromkeys(
        ["pas", "dpr", "lpr"], Comments(("//",), (("{", "}"), ("(*", "*)")))
    ),
    **dict.fromkeys(["fs", "fth"], Comments(("\\",), (("(", ")"),))),
    **dict.fromkeys(["s", "S", "asm"], Comments(("//", "#", ";"), (("/*", "*/"),))),
    "bas": Comments(("'", "REM", "rem")),
    **dict.fromkeys(
        ["ini", "service", "socket", "target", "timer"], Comments((";", "#"))
    ),
    "patch": Comments((), ()),
    "diff": Comments((), ()),
    **dict.fromkeys(["json", "map", "lock"], Comments(())),
    **dict.fromkeys(["xml", "xsl", "svg", "plist"], _MARKUP),
}
# fmt: on
# Files of settings and data hold sentences as values: English there is right.
DATA_FILES = (
    "ini",
    "json",
    "toml",
    "xml",
    "yaml",
    "yml",
    "conf",
    "cfg",
    "properties",
    "sls",
    "service",
    "socket",
    "target",
    "timer",
    "map",
    "lock",
    "xsl",
    "svg",
    "plist",
)  # fmt: skip

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
            if path.suffix[1:] not in SYNTAX or example_language(path):
                continue
            if path.is_file() and not path.is_symlink():
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
    if ending == "pp" and "\nunit " in text.lower():
        syntax = SYNTAX["pas"]
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


# Folders of examples of many languages: each file or folder there is in one of its own.
_EXAMPLES = ("tests/examplefiles", "ruby-rouge/demos", "syntax-tests/source")
# Languages whose examples are texts for people.
_PROSE = re.compile(
    r"rst|restructured|markdown|md|tex|text|txt|roff|groff|gherkin|cucumber|mail|eml|"
    r"wiki|html|org|bib|po|gettext|rtf|asciidoc|irc|plain|email|srt|inform|ftl|literate|"
    r"lhs|notmuch|creole|textile|man|jupyter|help",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\s*(//|#(?!include|define|if|e|import|\[)|/\*|\*|--|;|%|'|\"|!|\(\*|\{-|rem\b|<!--|"
    r"\\ |\(\s|=begin|dnl|\u235d|NB\.)",
    re.IGNORECASE,
)


def is_kept_back(unit: str) -> bool:
    """Whether a package, or a language of examples, is never learnt from: by hash."""
    return hashlib.blake2b(unit.lower().encode(), digest_size=8).digest()[0] % 2 == 1


def example_language(path: Path) -> str:
    """Return the language of a file in a folder of examples; of others, nothing."""
    for folder in _EXAMPLES:
        _, found, tail = path.as_posix().partition(f"/{folder}/")
        if found:
            head, inside, _ = tail.partition("/")
            return head if inside else head.split(".")[-1]
    return ""


def bare_example(language: str, text: str) -> list[str]:
    """Return the lines of an example that are neither empty nor begin as comments do.

    None where the language is one of texts for people.
    """
    if _PROSE.search(language):
        return []
    lines = text.split("\n")
    return [line for line in lines if line.strip() and not _REMARK.match(line)]


def examples(folders: Iterable[Path]) -> Iterator[list[str]]:
    """Yield the lines of examples of languages that are not kept back."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            language = example_language(path)
            if not language or is_kept_back(language) or not path.is_file():
                continue
            try:
                text = path.read_text("utf-8")[:_LONGEST]
            except (OSError, UnicodeDecodeError):
                continue
            yield bare_example(language, text)
