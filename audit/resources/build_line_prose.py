"""Lines of prose in all shapes that writers give them, and the code that they quote.

In: sentences in hundreds of languages, and documents. Out: whole sentences, pieces of
them as in lists, tables, headings, chats and verse, and the lines of documents, between
fences (code) and without them (prose); commands that pages about them give.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import polars as pl
import zstandard

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["document_lines", "even", "sentences", "shaped"]

_OF_LANGUAGE, _OF_SOURCE, _OF_DOCUMENTS = 300, 8000, 60_000
_OF_FENCED, _OF_COMMANDS = 8000, 4000
# Of sentences, how many stay whole; of pieces, how many are indented; of words, how
# many have a sign after them where signs stand between words.
_PLAIN, _INDENTED, _SIGNED = 0.3, 0.3, 0.15
# Of pieces, how many stand as in manuals, tables and chats.
_MANUALS = 0.25
# Names of languages after a fence, and lines in them that are for people.
_PROGRAMS = frozenset(
    [
        "bash",
        "c",
        "c++",
        "console",
        "cpp",
        "css",
        "dockerfile",
        "go",
        "ini",
        "java",
        "javascript",
        "js",
        "jsx",
        "json",
        "kotlin",
        "php",
        "powershell",
        "py",
        "python",
        "ruby",
        "rust",
        "sh",
        "shell",
        "sql",
        "swift",
        "toml",
        "ts",
        "tsx",
        "typescript",
        "yaml",
        "yml",
    ]
)
_REMARKS = ("//", "#", "/*", "*", "--", ";", "<!--", '"""')
_COMMAND, _HOLES = re.compile(r"`[^`]+`"), re.compile(r"\{\{|\}\}")

_BULLETS = ("- ", "* ", "+ ", "\u2022 ", "\u2013 ", "  - ", "    * ", "* [ ] ")
_NUMBERS = ("(a) ", "(iv) ", "a) ", "\u00a7 4 ", "IV. ", "Art. 3. ", "1.2.3 ", "[7] ")
_SPEAKERS = ("[12:03] <ana> ", "12:45 - Ben: ", "ana: ", "<ben> ", "ana_k: ", "@ben ")
_HEADINGS = ("# ", "## ", "### ", "== ", "**", "_", '"', "\u00ab ")
_ENDS = (",", ";", ":", " -", " (", "?", "!", "...", '"', ")", " &", ":)", " %")
_SIGNS = [
    "//",
    "/",
    "#",
    "<",
    ">",
    "{",
    "}",
    "|",
    "||",
    "[",
    "]",
    "+",
    "=",
    "~",
    "^",
    "*",
    "&",
    "@",
    "--",
    ":",
    "…",
    "%",
    "<3",
    ":)",
    ";)",
    "^^",
    ":-(",
    "xD",
]
_FORMULAS = (
    "f(x)", "f(x) = 0", "x > 0", "x < y", "n = 1", "R -> R", "x^n", "a_1, ..., a_n",
    "(x, y)", "x^2 + y^2 = z^2", "H2SO4", "CuCl2 + H2O", "[1]", "p <= q", "2n + 1",
    "(n - 1)!", "{1, 2, 3}", "|x|", "x_i", "(3.2)", "5 %", "U = R * I", "A[i]", "x'",
)  # fmt: skip
# What ends an utterance in transcripts.
_ANNOTATED = ("//", "//", "/", "#", "&//", "||", "...", "!//", "?//")
# What manuals have in their sentences and beside them.
_NAMES = (
    "foo(1)", "apt-get", "/etc/fstab", "--help", "-v", "name=value", "f(x, y)", "x_1",
    "fork(2),", "README.md", "(see 4.7)", "[3]", "read_all/2", "Ctrl-C", "<Esc>",
    "a->b", "$HOME", "*.txt", "n+1", "A.B.C", "u'v'", "|G|", "http://x.org/a_b.html",
    "1.2.3-4",
)  # fmt: skip
# fmt: off
_ROFF = (
    "\\fB{}\\fP", "\\fI{}\\fR", "\\fB\\-{}\\fR", "\\(bu {}", "\\(lq{}\\(rq", "{} \\-",
)
_REQUESTS = (".SH ", ".B ", ".IP ", ".TP ", ".SS ", '.\\" ', "'\\\" ", '.TH "', ".I ")
_NICKS = (
    "<{}> ", "<@{}> ", "[10:52.05] ({}): ", "[12:03] <{}> ", "{}: ", "12:45 <{}> ",
)
# fmt: on
_AMOUNTS = ("200 g ", "1/2 l ", "3-4 ", "2 x ", "$5 ", "10 % ", "+1 ", "12.5 km: ")


def even(text: str) -> bool:
    """Whether a text is in the half that may be learnt from, by its hash."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()[0] % 2 == 0


def shaped(sentence: str, rng: random.Random) -> str:
    """Return a piece of a sentence as it stands in a text that is not running on."""
    words = sentence.split() or [sentence]
    first = rng.randrange(len(words))
    piece = " ".join(words[first : first + rng.randint(1, 9)])
    thirds = [" ".join(words[i : i + 3]) for i in range(0, min(len(words), 9), 3)]
    number = rng.randint(1, 99)
    shapes = (
        piece,
        piece + rng.choice(_ENDS),
        rng.choice(_BULLETS) + piece,
        f"{number}{rng.choice(('.', ')', '. ', ':'))} {piece}",
        rng.choice(_NUMBERS) + piece,
        f"{piece} {'.' * rng.randint(3, 30)} {number}",
        rng.choice(_SPEAKERS) + piece,
        "> " + piece,
        piece.upper(),
        rng.choice(_HEADINGS) + piece,
        "| " + " | ".join(thirds) + " |",
        f"{piece} ({' '.join(words[:2])}, {1900 + number})"
        + rng.choice(("", ".", ",")),
        rng.choice(_AMOUNTS) + piece,
        f"{words[0]}: {piece}",
        f"{words[0]} = {piece}",
        ", ".join(words[:6]),
        _with_signs(words, _SIGNS, rng),
        f"{piece} {rng.choice(_SIGNS)}",
        f"{' '.join(words[:12])} {rng.choice(_ANNOTATED)}",
        _with_signs(words[:25], rng.choice(((), _FORMULAS)), rng),
    )
    chance = rng.random()
    if chance < _MANUALS:
        shape = _of_manuals(words, piece, rng)
    else:
        # Pieces alone are as many as all that have signs around them.
        shape = piece if rng.random() < 0.25 else rng.choice(shapes)
    return " " * rng.choice((1, 2, 4, 8)) + shape if rng.random() < _INDENTED else shape


def _enumerated(piece: str, rng: random.Random) -> str:
    """Return a piece as laws enumerate it, deeper in for what is part of another."""
    sign = rng.choice((*"abcdefgh", "i", "ii", "iii", "iv", "vi", "1", "2", "3", "12"))
    sign = rng.choice(("({}) ", "({}) ", "{}) ", "{}. ")).format(sign)
    end = rng.choice((";", ",", ", or", "; and", ".", ":", ""))
    return " " * rng.choice((0, 2, 4, 8)) + sign + piece + end


def _of_manuals(words: list[str], piece: str, rng: random.Random) -> str:
    """Return a piece as manuals, tables drawn with signs and chats have it."""
    number, width = rng.randint(1, 999), rng.choice((8, 12, 18, 26))
    inner = piece.split()
    place = rng.randrange(len(inner) + 1)
    marked = rng.choice(_ROFF).format(words[0])
    shapes = (
        rng.choice(_REQUESTS) + piece,
        " ".join([*inner[:place], marked, *inner[place:]]),
        f"|{words[0]:{width}}|V:{number}, I:{number} |{number:<6}|{piece:{width}}|",
        f"    |{'':{width}}|{piece:{width}}|{words[-1]:{width}}|",
        f"| {words[0]:{width}} | {piece}",
        rng.choice(_NICKS).format(words[0].lower()) + piece,
        f"Next: {piece}, Previous: {words[0]}, Up: {words[-1]}   [Contents][Index]",
        f"{number % 20}.{number % 7} {piece}",
        _enumerated(piece, rng),
        _enumerated(piece, rng),
        f"{words[0]}({number % 8}) {piece}",
        _with_signs(words[:25], rng.sample(_NAMES, 4), rng),
        _with_signs(inner, rng.sample(_NAMES, 4), rng),
    )
    return rng.choice(shapes)


def _with_signs(words: list[str], signs: Sequence[str], rng: random.Random) -> str:
    """Return words with some signs between them, as in chats, annotations and proofs."""  # noqa: E501
    few = rng.choices(signs, k=3) if signs else [""]
    out = few[:1] * rng.randint(0, 1)
    for word in words:
        out.append(word)
        if rng.random() < _SIGNED:
            out.append(rng.choice(few))
    return " ".join(out + few[2:] * rng.randint(0, 1))


def _sentences(data: Path, rng: random.Random) -> Iterator[str]:
    """Yield sentences of each language, whole or shaped; none under the GPL."""
    table = pl.read_parquet(data / "lid" / "train.parquet")
    table = table.filter(
        (pl.col("use") == "train") & ~pl.col("licence").str.contains("GPL")
    )
    for _, rows in table.sort("lang").group_by("lang", maintain_order=True):
        texts = rows["text"].to_list()
        for text in rng.sample(texts, min(len(texts), _OF_LANGUAGE)):
            yield text if rng.random() < _PLAIN else shaped(text, rng)


def _read_documents(data: Path) -> tuple[dict[str, set[str]], set[str], set[str]]:
    """Return lines of documents by source, of fenced programs, and commands."""
    prose: dict[str, set[str]] = defaultdict(set)
    fenced: set[str] = set()
    commands: set[str] = set()
    for path in sorted((data / "bulk").glob("*.zst")):
        raw = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read()
        table = pl.read_ndjson(io.BytesIO(raw)).select("text", "source")
        for text, source in table.iter_rows():
            if not even(text):
                continue
            parts = text[:20_000].split("```")
            for part in parts[::2]:
                lines = part.split("\n")
                prose[source].update(line for line in lines if line.strip())
                found = (x[1:-1] for x in lines if _COMMAND.fullmatch(x))
                commands.update(_HOLES.sub("", x) for x in found)
            for part in parts[1::2]:
                name, _, body = part.partition("\n")
                if name.strip().lower() in _PROGRAMS:
                    lines = body.split("\n")
                    fenced.update(x for x in lines if x.strip() and x.isascii())
    return prose, fenced, commands


def document_lines(data: Path, rng: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Yield ``documents``, lines of prose, and two kinds of code that they quote.

    Args:
        data: a folder with bulk/*.jsonl.zst.
        rng: of the choices.
    """
    prose, fenced, commands = _read_documents(data)
    lines: list[str] = []
    for _, found in sorted(prose.items()):
        some = sorted(found)
        lines += rng.sample(some, min(len(some), _OF_SOURCE))
    yield "documents", rng.sample(lines, min(len(lines), _OF_DOCUMENTS))
    for name, code, most in (
        ("fenced", fenced, _OF_FENCED),
        ("commands", commands, _OF_COMMANDS),
    ):
        plain = [x for x in sorted(code) if not x.strip().startswith(_REMARKS)]
        yield name, rng.sample(plain, min(len(plain), most))


def sentences(data: Path, rng: random.Random) -> list[str]:
    """Return sentences in all languages, whole or in pieces.

    Args:
        data: a folder with lid/train.parquet.
        rng: of the choices.
    """
    return list(_sentences(data, rng))
