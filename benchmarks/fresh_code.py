"""How often text without language of packages never learnt from is given a language.

    python -m benchmarks.fresh_code PACKAGES [--half look|report] [--docs PAGE]

PACKAGES is a folder with the sources of one package a folder. Whether a package belongs
to the half to look at while mending (and to learn from) or to the half that is kept
back and reported is for the hash of its name to say; folders of examples in many
languages (one a file or folder) are parted by the name of the language. ``--show N``
prints so many texts that went wrong, of the half to look at only.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from audit.annotate.language import LanguageAnnotator
from audit.resources.build_code_text import (
    DATA_FILES,
    SYNTAX,
    bare_code,
    bare_example,
    example_language,
    is_kept_back,
)
from benchmarks.language_engines import batch
from benchmarks.tables import publish

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE, _OF_UNIT, _OF_KIND, _LONGEST = 8, 12, 150, 40_000
_TEMPLATES = ("erb", "twig", "mustache", "jinja", "template", "j2", "tpl", "htaccess")
_BY_NAME = ("Makefile", "Dockerfile", "Rakefile", "Gemfile", "meson.build")
_PACKED, _LONG_LINES, _SHORTEST = ("js", "css", "json", "map"), 400, 80
# Files that hold the strings of an interface, in the language of those who read them.
_TRANSLATIONS = re.compile(
    r"/(lang|langs|i18n|locales?|l10n|messages|nls|localization)/"
)


class Text(NamedTuple):
    """A piece of a file.

    Attributes:
        family: program, example, settings, templates, logs ...
        kind: ending or language.
        text: the piece.
    """

    family: str
    kind: str
    text: str


def _pieces(lines: list[str], most: int = 3) -> Iterator[str]:
    step = max(_PIECE, len(lines) // most)
    for start in range(0, max(1, len(lines) - _PIECE + 1), step):
        text = "\n".join(lines[start : start + _PIECE])
        if len(text) > 40:
            yield text


def _hash(path: Path) -> bytes:
    return hashlib.blake2b(path.as_posix().encode()).digest()


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8")[:_LONGEST]
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if "\0" in text else text


def _file_texts(path: Path, unit: str) -> Iterator[Text]:
    """Yield pieces of a file that are without language, by what the file is."""
    ending, text, name = path.suffix[1:], _read(path), path.as_posix()
    if len(text) < _SHORTEST or _TRANSLATIONS.search(name):
        return
    language = example_language(path)
    lines = [line for line in text.split("\n") if line.strip()]
    if language:
        pieces = _pieces(bare_example(language, text))
        yield from (Text("examples in many languages", language, p) for p in pieces)
    elif len(text) > _LONG_LINES * len(lines) and ending in _PACKED:
        for part in (text, text[len(text) // 2 :]):
            yield Text("packed in one line", ending, part[:2000])
    elif ending in SYNTAX and ending not in ("patch", "diff"):
        family = "settings, data, patches" if ending in DATA_FILES else "programs"
        pieces = _pieces(bare_code(ending, text))
        yield from (Text(family, ending, piece) for piece in pieces)
    else:
        yield from _other_texts(path, unit, text, lines)


def _other_texts(path: Path, unit: str, text: str, lines: list[str]) -> Iterator[Text]:
    """Yield pieces of files that are no source of a program by their ending."""
    ending, name = path.suffix[1:], path.as_posix()
    marked = [line for line in lines if not line.lstrip().startswith("#")]
    if "tests/files/logs/" in name or ending == "log":
        kind = path.name if ending != "log" else unit
        yield from (Text("logs and consoles", kind, p) for p in _pieces(marked, 6))
    elif "ignore.d" in name or "violations" in name:
        yield from (Text("lists of patterns", unit, p) for p in _pieces(lines))
    elif ending in ("patch", "diff"):
        hunks = [x for x in text.partition("\n@@")[2].split("\n") if x.strip()]
        for piece in _pieces(hunks):
            yield Text("settings, data, patches", "patch", piece)
    elif ending in _TEMPLATES:
        yield from (Text("templates", ending, piece) for piece in _pieces(lines))
    elif path.name in _BY_NAME:
        yield from (Text("programs", path.name, piece) for piece in _pieces(marked))
    elif "/mails/" in name:
        yield Text("headers of mail", "mail", text.split("\n\n")[0])


def fresh(folder: Path, report: bool) -> Iterator[Text]:
    """Yield texts of one half, so many of a kind, a few of each package."""
    taken: dict[tuple[str, str], int] = defaultdict(int)
    seen: set[str] = set()
    for package in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = [p for p in package.rglob("*") if p.is_file() and not p.is_symlink()]
        paths.sort(
            key=lambda p: hashlib.blake2b(
                p.relative_to(folder).as_posix().encode()
            ).digest()
        )
        read: dict[str, int] = defaultdict(int)
        for path in paths:
            name = path.relative_to(folder).as_posix()
            own = example_language(path) or (path.name if "/logs/" in name else "")
            kind = own or path.suffix or path.name
            if is_kept_back(own or package.name) != report or read[kind] >= _OF_UNIT:
                continue
            read[kind] += 1
            for text in _file_texts(path, package.name):
                key = text.family, text.kind
                if taken[key] < _OF_KIND and text.text not in seen:
                    taken[key] += 1
                    seen.add(text.text)
                    yield text


def _rows(texts: list[Text], said: list[str]) -> Iterator[str]:
    """Yield a row for each family, and for each kind of it that has enough texts."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for text, code in zip(texts, said, strict=True):
        groups[text.family, ""].append(code)
        groups[text.family, text.kind].append(code)
    for (family, kind), codes in sorted(groups.items()):
        if kind and len(codes) < 30:
            continue
        n = len(codes)
        zxx, und, eng = (codes.count(code) / n for code in ("zxx", "und", "eng"))
        cells = zxx, und, eng, max(0.0, 1 - zxx - und - eng)
        shown = " | ".join(f"{100 * cell:.1f}" for cell in cells)
        yield f"| {family if not kind else '. ' + kind} | {n} | {shown} |"


def main() -> int:
    """Print the table, or put it into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--half", choices=("look", "report"), default="report")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--docs", type=Path)
    args = parser.parse_args()
    texts = list(fresh(args.packages, args.half == "report"))
    annotator = LanguageAnnotator()
    said = annotator.annotate(batch([t.text for t in texts]))["language"].to_pylist()
    out = ["| text without language | texts | zxx % | und % | eng % | other % |"]
    out += ["|---|---:|---:|---:|---:|---:|", *_rows(texts, said)]
    print("\n".join(out))
    if args.half == "look":
        wrong = [(t, c) for t, c in zip(texts, said, strict=True) if c != "zxx"]
        for text, code in wrong[:: max(1, len(wrong) // max(1, args.show))][
            : args.show
        ]:
            print(f"--- {text.family}: {text.kind}: {code}\n{text.text[:600]}")
    if args.docs:
        publish("fresh-code", "\n".join(out), (args.docs,))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
