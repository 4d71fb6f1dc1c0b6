"""How often prose of many kinds is taken for text without language.

    python -m benchmarks.fresh_prose PACKAGES DATA [--half look|report] [--docs PAGE]

PACKAGES is a folder of packages with texts for people (quotations and verse, manuals in
many languages, manual pages with their markup), one a folder, none of them learnt from;
DATA one with lid/train.parquet, of which the sentences kept for tests are read. Names
of countries, languages and months come from CLDR. Halves are by the hash of a package's
name, of a language's for what is not in packages.
"""

from __future__ import annotations

import argparse
import gzip
import html
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from babel import Locale, localedata

from audit.annotate.language import LanguageAnnotator
from audit.resources.build_code_text import is_kept_back
from benchmarks.language_engines import batch
from benchmarks.tables import publish

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_PACKAGE, _OF_LANGUAGE, _LONGEST, _SHORTEST = 150, 12, 4000, 60
_SCRIPTS = re.compile(r"<(script|style|pre)\b.*?</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_SECTION = re.compile(r"/man/(?:[a-z]{2}(?:_[A-Z]+)?/)?man\d/")


def _read(path: Path) -> str:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _file_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield kind and text of what a file holds for people."""
    name = path.as_posix()
    if "/games/" in name and not path.suffix:
        for text in _read(path).split("\n%\n"):
            yield "quotations, jokes, verse", text.strip()
    elif path.name.startswith("tutor."):
        for text in re.split(r"\n~+\n", _read(path)):
            yield "lessons of an editor", text
    elif _SECTION.search(name):
        yield "manual pages with their markup", _read(path)[:_LONGEST]
    elif path.suffix in (".html", ".page", ".xhtml"):
        page = _SCRIPTS.sub("", _read(path))
        text = html.unescape(_TAG.sub("", page))
        yield "pages of manuals", text.strip()[:_LONGEST]
    elif path.suffix == ".txt" or name.endswith(".txt.gz"):
        text = _read(path)
        for start in range(0, len(text), _LONGEST):
            yield "manuals as plain text", text[start : start + _LONGEST]


def _package_texts(folder: Path, report: bool) -> Iterator[tuple[str, str]]:
    for package in sorted(path for path in folder.iterdir() if path.is_dir()):
        if is_kept_back(package.name) != report:
            continue
        taken: dict[str, list[str]] = defaultdict(list)
        for path in sorted(package.rglob("*")):
            if path.is_file() and not path.is_symlink():
                for kind, text in _file_texts(path):
                    taken[kind].append(text)
        for kind, texts in taken.items():
            some = [text for text in texts if len(text) >= _SHORTEST]
            for text in some[:: max(1, len(some) // _OF_PACKAGE)][:_OF_PACKAGE]:
                yield kind, text


def _name_lists(report: bool) -> Iterator[tuple[str, str]]:
    for code in sorted(localedata.locale_identifiers()):
        if "_" in code or is_kept_back(code) != report:
            continue
        locale = Locale.parse(code)
        for kind, names in (
            ("lists of countries", locale.territories),
            ("lists of languages", locale.languages),
        ):
            some = [str(name) for name in names.values() if not str(name).isdigit()]
            if len(some) > 60:
                yield kind, "\n".join(some[20:44])
        months = locale.months["format"]["wide"].values()
        yield "lists of months", "\n".join(months)


def _sentences(data: Path, report: bool) -> Iterator[tuple[str, str]]:
    table = pl.read_parquet(data / "lid" / "train.parquet")
    table = table.filter(pl.col("use") != "train").sort("lang")
    for (code,), rows in table.group_by("lang", maintain_order=True):
        if is_kept_back(str(code)) == report:
            for text in rows["text"].sample(min(rows.height, 150), seed=1).to_list():
                yield "sentences of treebanks", text


def prose_texts(folder: Path, data: Path, report: bool) -> dict[str, list[str]]:
    """Return texts by kind."""
    out: dict[str, list[str]] = defaultdict(list)
    for source in (
        _package_texts(folder, report),
        _name_lists(report),
        _sentences(data, report),
    ):
        for kind, text in source:
            out[kind].append(text)
    return out


def main() -> int:
    """Print the table, or put it into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", choices=("look", "report"), default="report")
    parser.add_argument("--docs", type=Path)
    args = parser.parse_args()
    annotator = LanguageAnnotator()
    out = ["| prose | texts | taken for zxx % | und % |", "|---|---:|---:|---:|"]
    texts = prose_texts(args.packages, args.data, args.half == "report")
    for kind, some in sorted(texts.items()):
        said = annotator.annotate(batch(some))["language"].to_pylist()
        zxx, und = (100 * said.count(code) / len(said) for code in ("zxx", "und"))
        out.append(f"| {kind} | {len(said)} | {zxx:.1f} | {und:.1f} |")
    print("\n".join(out))
    if args.docs:
        publish("fresh-prose", "\n".join(out), (args.docs,))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
