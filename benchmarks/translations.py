"""How well sentences of programs' translations are named: text nobody trained on.

    python -m benchmarks.translations FOLDER [--data DATA --messages WHEELS]
        [--docs docs/language.md] [--peers FOLDER]

FOLDER holds unpacked Debian packages: gettext catalogues (``.mo``) and the language
packs of Firefox (``.xpi``); docs/language.md says which and how to fetch them. In:
messages with their translations. Out: a table of engines asked about the same
sentences, the languages that ours does badly, and what was left out.

A sentence counts where the English message ends as a sentence does and has no
placeholder, where its translation differs from it and from translations into other
languages, and where it is not in the training text (DATA with lid/train.parquet, and
WHEELS, as `audit.resources.build_language_model` reads them).
"""

from __future__ import annotations

import argparse
import json
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from audit.annotate.language_model import packaged_model
from audit.resources.build_language_data import load, text_hash
from audit.resources.build_language_messages import (
    catalogue,
    folded,
    scripts_of_texts,
)
from audit.resources.language_codes import macrolanguage, parse_label
from benchmarks.language_engines import answers, score, weak_languages
from benchmarks.tables import markdown, publish

if TYPE_CHECKING:
    from collections.abc import Iterator

# Sentences of a language at most, taken from its programs in turn, and at least.
MOST, LEAST = 300, 20
# A message of fewer words is a label, whatever it ends with.
FEWEST_WORDS = 2
# Installed under the name of a language that the text is not in: variants of English
# written for fun, and languages made by one author.
_NOT_MEANT = {"en@shaw", "en@piglatin", "tlh", "tok"}
# Filipino is Tagalog by another name: the model has one label for both.
_SAME = {"tgl": "fil"}
# What stands for a value, a key, an address or a name of a file.
_PLACEHOLDER = re.compile(r"[%{}$\\|]|https?:|www\.|\w\(\)|_\w+_|--?\w+=|[/@]\w")
_BRAND = re.compile(r"\{ *-brand-[\w-]*name[^}]*\}")
_FTL = re.compile(r"^(?P<indent> *)(?P<key>\.?[\w-]+) *= *(?P<value>\S.*)$")


def is_sentence(english: str) -> bool:
    """Tell whether an English message is a sentence without placeholders."""
    words = english.split()
    return (
        len(words) >= FEWEST_WORDS
        and english[-1] in ".!?"
        and not english.endswith("...")
        and not _PLACEHOLDER.search(english)
    )


def catalogues(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield program, locale, English and translation of all gettext messages."""
    for path in sorted(folder.rglob("*.mo")):
        if "LC_MESSAGES" in path.parts:
            locale, program = path.parts[-3], path.stem
            if "libreoffice" in path.parts:
                program = "libreoffice"
        else:
            # As WordPress has them: admin-fr_FR.mo beside fr_FR.mo.
            locale, program = path.stem.split("-")[-1], path.parts[-3]
        for one, other in catalogue(path.read_bytes()):
            yield program, locale, one, other


def _fluent(path: Path) -> dict[str, str]:
    """Return the messages on one line of a language pack, by file and name."""
    out: dict[str, str] = {}
    with zipfile.ZipFile(path) as pack:
        for name in sorted(n for n in pack.namelist() if n.endswith(".ftl")):
            # Folders have the locale in them: a file is known by its last parts.
            place, message = "/".join(name.split("/")[-2:]), ""
            for line in pack.read(name).decode("utf-8").splitlines():
                found = _FTL.match(line)
                if found and not found["indent"]:
                    message = found["key"]
                if found:
                    inner = found["key"] if found["indent"] else ""
                    value = _BRAND.sub("Firefox", found["value"])
                    out[f"{place} {message} {inner}"] = value
    return out


def language_packs(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield program, locale, English and translation of Firefox' messages."""
    packs = {
        path.name.removeprefix("langpack-").split("@")[0]: path
        for path in sorted(folder.rglob("langpack-*.xpi"))
    }
    if not packs:
        return
    if "en-GB" not in packs:
        raise SystemExit("the language pack en-GB is needed beside the others")
    english = _fluent(packs["en-GB"])
    for locale, path in packs.items():
        if not locale.startswith("en-"):
            for key, value in _fluent(path).items():
                yield "firefox", locale, english.get(key, ""), value


def read_sentences(folder: Path) -> pl.DataFrame:
    """Return text, language, program and script of all sentences under a folder.

    The English messages are in it too, once for each program.
    """
    rows: dict[tuple[str, str], str] = {}
    codes: dict[str, str] = {}
    english: set[tuple[str, str]] = set()
    for source in (catalogues, language_packs):
        for program, locale, one, other in source(folder):
            if locale in _NOT_MEANT or locale.startswith("en_"):
                continue
            message, text = folded(one), folded(other)
            if not message or not is_sentence(message):
                continue
            english.add((program, message))
            if locale not in codes:
                code = parse_label(locale.replace("@", "_"))[0]
                codes[locale] = _SAME.get(code, code)
            if text and text != message and not _PLACEHOLDER.search(text):
                rows.setdefault((codes[locale], text), program)
    table = pl.DataFrame(
        [(text, code, program) for (code, text), program in rows.items()]
        + [(text, "eng", program) for program, text in sorted(english)],
        schema={"text": pl.String, "language": pl.String, "program": pl.String},
        orient="row",
    )
    table = table.unique(["text", "language"], keep="first", maintain_order=True)
    scripts = scripts_of_texts(table["text"].to_list())
    return table.with_columns(pl.Series("script", scripts, pl.String))


def chosen(table: pl.DataFrame, most: int = MOST) -> pl.DataFrame:
    """Return sentences of one language only, at most so many, programs in turn."""
    table = table.filter(pl.col("language").n_unique().over("text") == 1)
    hashes = [text_hash(text) for text in table["text"].to_list()]
    table = table.with_columns(pl.Series("hash", hashes, pl.UInt64)).sort("hash")
    turn = pl.int_range(pl.len()).over("language", "program")
    table = table.with_columns(turn=turn).sort("turn", "hash")
    rank = pl.int_range(pl.len()).over("language")
    few = table.filter((rank < most) & (pl.len().over("language") >= LEAST))
    return few.sort("language", "hash").drop("turn", "hash")


def report(table: pl.DataFrame, peers: str) -> str:
    """Return the table of engines and what is to be known beside it."""
    card = json.loads(packaged_model().with_suffix(".json").read_bytes())
    # Cantonese and Classical Chinese are told by their characters, not by the model.
    known = [*card["labels"], "yue_Hans", "lzh_Hant"]
    table = table.with_columns(label=pl.concat_str("language", "script", separator="_"))
    usual = pl.len().over("label") > pl.len().over("language") // 4
    # A text in a script that its language is seldom in: names, formulas, transcripts.
    table = table.filter(usual & (pl.col("language") != "und"))
    rows = chosen(table.filter(pl.col("label").is_in(known)))
    unknown = chosen(table.filter(~pl.col("label").is_in(known)))["label"].unique()
    texts = rows["text"].to_list()
    truth, sizes = rows["language"].to_list(), [len(text) for text in texts]
    head = ["engine", "sentences", "right", "macro F1"]
    head += ["<= 20", "21-50", "51-100", "> 100", "languages at 0.95"]
    lines, lists = [], []
    for name, some, said, *_ in answers(rows, texts[:50], peers):
        mine = [truth[i] for i in some]
        cells = score(mine, said, [sizes[i] for i in some])
        cells = [f"{value:.3f}" for value in cells]
        lines.append([name, len(some), *cells, at_least(mine, said, 0.95)])
        print(lines[-1], flush=True)
        lists = lists or weak_languages(mine, said)
    programs = Counter(rows["program"].to_list())
    return (
        f"{len(rows)} sentences in {rows['language'].n_unique()} languages, from "
        f"{len(programs)} programs ({', '.join(p for p, _ in programs.most_common(8))} "
        "have most).\n\n"
        + markdown(head, lines)
        + f"\n\n{' '.join(lists)}\n\nNot asked about, because the model has no label "
        f"for them: {', '.join(sorted(unknown)) or 'none'}."
    )


def at_least(truth: list[str], said: list[str], least: float) -> str:
    """Return how many languages are named rightly in such a share of their texts."""
    right: Counter[str] = Counter()
    for true, code in zip(truth, said, strict=True):
        right[true] += macrolanguage(true) == macrolanguage(code)
    sizes = Counter(truth)
    return f"{sum(right[c] >= least * n for c, n in sizes.items())} of {len(sizes)}"


def main() -> int:
    """Read, ask, print the table or put it into a page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, help="leave out what is trained on")
    parser.add_argument("--messages", type=Path, help="the same, wheels of programs")
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--peers", type=Path, help="folder with installed peers")
    args = parser.parse_args()
    table = read_sentences(args.folder)
    if args.data:
        seen = load(args.data / "lid", args.messages)["text"].unique()
        table = table.filter(~pl.col("text").is_in(seen.implode()))
    text = report(table, str(args.peers or ""))
    print(text)
    if args.docs:
        publish("translations", text, (args.docs,))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
