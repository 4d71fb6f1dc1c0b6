"""How often text without a language is given one, and the other way round.

    python -m benchmarks.no_language DATA [--code FOLDER...] [--docs docs/language.md]

DATA is a folder with bulk/*.jsonl.zst (documents with fenced code) and
lid/lingua_testdata.parquet (single words). ``--code`` names folders with source code;
without it Python's own libraries are read. Texts are chosen by hash; those with an even
one are for whoever writes rules (``--half even``), the table is of the odd ones.
"""

from __future__ import annotations

import argparse
import base64
import io
import random
import sysconfig
import uuid
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import zstandard

from audit.annotate.language import LanguageAnnotator
from audit.resources.build_code_made import assembly, traces
from audit.resources.build_code_text import DATA_FILES, bare_code, source_files
from audit.resources.build_line_prose import even
from audit.resources.language_codes import macrolanguage
from benchmarks.language_engines import batch
from benchmarks.tables import publish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE = 8
_MOST_FILES, _MOST_PIECES = 200, 300
# Fenced blocks that are no program: English in them is right too.
_MARKUP = {*DATA_FILES, "html", "svg", "vue", "md", "markdown", "text", "txt", "plain"}
_MARKUP |= {"http", "plaintext", "csv", "diff", "jsonc", "webmanifest", "webvtt"}
# Sources of `bulk` whose documents are prose about programs: taken for code, they
# would be lost.
MANUALS = ("freecodecamp", "mdn", "tensorflow", "lctt", "php")


def pieces(ending: str, text: str) -> Iterator[str]:
    """Yield three runs of eight lines of code, without the lines that are comments."""
    lines = bare_code(ending, text)
    for start in range(0, len(lines) - PIECE, max(PIECE, len(lines) // 3)):
        yield "\n".join(lines[start : start + PIECE])


def made_up() -> dict[str, list[str]]:
    """Return text that programs write: numbers, keys, signs, addresses, logs."""
    rng = random.Random(5)
    words = ["api", "user", "get", "list", "item", "node", "index", "status", "page"]

    def number() -> str:
        return f"{rng.random() * 10 ** rng.randint(0, 5):.2f}"

    def name() -> str:
        return "_".join(rng.choices(words, k=rng.randint(1, 3)))

    def face() -> str:
        return chr(rng.randint(0x1F300, 0x1F64F))

    makers = {
        "tables of numbers": lambda: "\n".join(
            " | ".join(number() for _ in range(6)) for _ in range(8)
        ),
        "tables of numbers with headings": lambda: "\n".join(
            [",".join(name() for _ in range(6))]
            + [",".join(number() for _ in range(6)) for _ in range(12)]
        ),
        "hexadecimal hashes": lambda: " ".join(
            rng.randbytes(20).hex() for _ in range(4)
        ),
        "base64": lambda: base64.b64encode(rng.randbytes(90)).decode(),
        "UUIDs": lambda: "\n".join(
            str(uuid.UUID(bytes=rng.randbytes(16))) for _ in range(4)
        ),
        "addresses": lambda: "\n".join(
            f"https://{name()}.example.com/{name()}/{rng.randint(1, 999)}?q={name()}"
            for _ in range(5)
        ),
        "paths": lambda: "\n".join(
            "/".join(["", "usr", name(), name(), f"{name()}.so.{rng.randint(1, 9)}"])
            for _ in range(6)
        ),
        "lines of logs": lambda: "\n".join(
            f"2024-03-{rng.randint(10, 28)}T10:{rng.randint(10, 59)}:07Z INFO "
            f"[{name()}] {name()}={rng.randint(1, 9999)} {name()}={number()}ms"
            for _ in range(6)
        ),
        "emoji": lambda: " ".join(face() for _ in range(8)),
        "numbers and units": lambda: " ".join(
            f"{number()} {rng.choice(['kg', 'cm', 'MB', 'EUR', 'km/h', 'px'])}"
            for _ in range(6)
        ),
        "empty markup": lambda: "\n".join(
            f'<div class="{name()}"><img src="/{name()}.png" id="{name()}"></div>'
            for _ in range(5)
        ),
    }
    out = {kind: [make() for _ in range(600)] for kind, make in makers.items()}
    for kind, make in ("stack traces and logs", traces), ("assembly", assembly):
        lines = make(words, 600 * PIECE, rng)
        out[kind] = [
            "\n".join(lines[i : i + PIECE]) for i in range(0, len(lines), PIECE)
        ]
    return out


def fenced(documents: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield (language of the program, block) of blocks of code that name one."""
    for text in documents["text"].to_list():
        for block in text.split("```")[1::2]:
            name, _, body = block.partition("\n")
            name = name.strip().lower()
            if name.isalnum() and len(body) > 40:
                yield name, body


def without_comments(block: str) -> str:
    """Return a block of a manual's code without comments, which are in its language."""
    lines = [
        line.split(" // ")[0]
        for line in block.split("\n")
        if not line.strip().startswith(("//", "#", "/*", "*", "--", ";", '"""'))
    ]
    return "\n".join(lines)


def documents(data: Path) -> pl.DataFrame:
    """Return the documents of the first file of ``bulk`` but for poems."""
    path = sorted((data / "bulk").glob("*.zst"))[0]
    raw = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read()
    table = pl.read_ndjson(io.BytesIO(raw))
    return table.filter(pl.col("source") != "chinese-poetry")


def half(texts: Iterable[str], want_even: bool, most: int = _MOST_PIECES) -> list[str]:
    """Return up to so many texts of one half, each once."""
    some = [text for text in dict.fromkeys(texts) if even(text) == want_even]
    return some[:most]


def no_language(
    data: Path, folders: list[Path], want_even: bool
) -> Iterator[tuple[str, list[str], bool]]:
    """Yield kinds of text without language: name, texts, whether English is false.

    Whole files have comments: English there is right, another language is not.
    """
    table = documents(data)
    blocks = list(fenced(table))
    for kind, marked in (("programs", False), ("markup and data", True)):
        texts = (body for name, body in blocks if (name in _MARKUP) == marked)
        if not marked:
            texts = (body for body in map(without_comments, texts) if len(body) > 40)
        yield f"blocks of {kind} in manuals", half(texts, want_even, 1500), not marked
    parts, files = defaultdict(list), defaultdict(list)
    for ending, _, text in source_files(folders, _MOST_FILES):
        parts[ending].extend(pieces(ending, text))
        files[ending].append(text[:4000])
    for ending, texts in parts.items():
        false = ending not in DATA_FILES
        yield f"eight lines of .{ending}", half(texts, want_even), false
    for ending, texts in files.items():
        yield f"files .{ending}, comments included", half(texts, want_even), False
    for kind, texts in made_up().items():
        yield kind, half(texts, want_even), True


def word_texts(data: Path, want_even: bool) -> pl.DataFrame:
    """Return single words, and the same with an emoji, of one half."""
    table = pl.read_parquet(data / "lid" / "lingua_testdata.parquet")
    table = table.filter(pl.col("kind") == "single-word")
    keep = [even(text) == want_even for text in table["text"].to_list()]
    return table.filter(pl.Series(keep)).sample(6000, seed=1)


def row(annotator: LanguageAnnotator, kind: str, texts: list[str], eng: bool) -> str:
    """Return a table row: what texts without language are taken for."""
    said = annotator.annotate(batch(texts))["language"].to_pylist()
    share = {code: said.count(code) / len(said) for code in ("zxx", "und", "eng")}
    another = 1 - sum(share.values())
    false = another + (share["eng"] if eng else 0)
    cells = [share["zxx"], share["und"], share["eng"], max(0.0, another), max(0, false)]
    shown = " | ".join(f"{100 * cell:.1f}" for cell in cells)
    return f"| {kind} | {len(texts)} | {shown} |"


def word_rows(annotator: LanguageAnnotator, data: Path, want_even: bool) -> list[str]:
    """Return rows for single words: how many are called by a language not theirs."""
    table = word_texts(data, want_even)
    truth = [macrolanguage(code) for code in table["lang"].to_list()]
    out = []
    for kind, texts in (
        ("single words", table["text"].to_list()),
        ("an emoji and a word", [f"\U0001f600 {t}" for t in table["text"].to_list()]),
    ):
        said = annotator.annotate(batch(texts))["language"].to_pylist()
        und = sum(code in ("und", "zxx") for code in said) / len(said)
        right = sum(
            macrolanguage(code) == true for code, true in zip(said, truth, strict=True)
        ) / len(said)
        cells = [right, und, 1 - right - und]
        shown = " | ".join(f"{100 * cell:.1f}" for cell in cells)
        out.append(f"| {kind} | {len(texts)} | {shown} |")
    return out


def prose_rows(annotator: LanguageAnnotator, data: Path, want_even: bool) -> list[str]:
    """Return rows for prose about programs: how much of it is taken for code."""
    table = documents(data).filter(pl.col("text").str.len_chars() > 200)
    out = []
    for (source,), rows in sorted(table.partition_by("source", as_dict=True).items()):
        if not any(name in str(source).lower() for name in MANUALS):
            continue
        texts = half(rows["text"].to_list(), want_even, 600)
        if len(texts) < 20:
            continue
        said = annotator.annotate(batch(texts))["language"].to_pylist()
        zxx, und = (100 * said.count(code) / len(said) for code in ("zxx", "und"))
        out.append(f"| {source} | {len(texts)} | {zxx:.1f} | {und:.1f} |")
    return out


def main() -> int:
    """Print the tables, or put them into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--code", type=Path, nargs="*", default=[])
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--half", choices=("odd", "even"), default="odd")
    args = parser.parse_args()
    folders = args.code or [Path(sysconfig.get_paths()["stdlib"])]
    annotator, want_even = LanguageAnnotator(), args.half == "even"
    out = [
        "| text without language | texts | zxx % | und % | eng % | other % | false % |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, texts, english in no_language(args.data, folders, want_even):
        if len(texts) >= 20:
            out.append(row(annotator, kind, texts, english))
            print(out[-1], flush=True)
    out += ["", "| words | texts | right % | und or zxx % | false % |"]
    out += ["|---|---|---|---|---|", *word_rows(annotator, args.data, want_even)]
    out += ["", "| manuals, prose with code | texts | taken for zxx % | und % |"]
    out += ["|---|---|---|---|", *prose_rows(annotator, args.data, want_even)]
    print("\n".join(out[-14:]))
    if args.docs:
        publish("no-language", "\n".join(out), (args.docs,))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
