"""Evidence a person can judge: pairs of near-duplicates, and mentions as they stand.

In: corpora. Out: `Evidence` for each that has any: a bounded few pairs of each band of
similarity with the words that differ marked, and a few mentions of each of its largest
cultures. The fewer corpora share the page, the more is shown of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import polars as pl

from audit.report.corpora import Corpus
from audit.report.figures import points
from audit.report.names import category_name, country_name

__all__ = [
    "Band",
    "Culture",
    "Evidence",
    "Mention",
    "Pair",
    "Run",
    "evidence",
    "marked",
]

# Pairs of a band, cultures, and mentions of a culture, by the corpora on the page.
_AMOUNTS = ((1, (3, 12, 3)), (3, (2, 8, 2)), (10, (1, 5, 2)))
# Excerpts are no longer than this in the tables, identifiers may be.
_EXCERPT = 240
_IDENTIFIER = 100
# Han and kana are compared sign by sign, all else word by word: within a word a mark
# would part letters from their vowel signs.
_PARTS = re.compile(
    "[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    "|[^\\s\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|\\s+"
)


class Run(NamedTuple):
    """A run of text, and whether it is marked."""

    text: str
    marked: bool


class Pair(NamedTuple):
    """Two near-duplicates: similarity, identifiers, and how each begins."""

    jaccard: float
    similarity: str
    sides: list[tuple[str, list[Run]]]
    # Whether nothing that is shown differs.
    alike: bool


class Band(NamedTuple):
    """Pairs of one band of similarity."""

    label: str
    pairs: list[Pair]


class Mention(NamedTuple):
    """One mention: the text around it, what it was taken for, and where it stands."""

    text: list[Run]
    reference: str
    category: str
    document: str


class Culture(NamedTuple):
    """Mentions of one culture."""

    label: str
    mentions: list[Mention]


class Evidence(NamedTuple):
    """What one corpus offers to judge."""

    label: str
    slot: int
    bands: list[Band]
    cultures: list[Culture]


def evidence(corpora: Sequence[Corpus]) -> list[Evidence]:
    """Return pairs and mentions of each corpus, empty lists where it has none."""
    pairs, cultures, mentions = next(
        amounts for most, amounts in _AMOUNTS if len(corpora) <= most
    )
    return [
        Evidence(
            corpus.label,
            corpus.slot,
            _bands(corpus, pairs),
            _cultures(corpus, cultures, mentions),
        )
        for corpus in corpora
    ]


def marked(one: str, other: str) -> tuple[list[Run], list[Run]]:
    """Return two excerpts as runs, those marked that the other does not have.

    Excerpts are cut at a number of characters, not where both stop alike: what only the
    longer of two equal ends holds is no difference, and is not marked.
    """
    a, b = _PARTS.findall(one), _PARTS.findall(other)
    sides: tuple[list[Run], list[Run]] = ([], [])
    steps = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    for place, (kind, a_low, a_high, b_low, b_high) in enumerate(steps, start=1):
        texts = "".join(a[a_low:a_high]), "".join(b[b_low:b_high])
        short, long = sorted(texts, key=len)
        cut = max(len(one), len(other)) >= _EXCERPT and place == len(steps)
        differ = kind != "equal" and not (cut and long.startswith(short))
        for side, text in zip(sides, texts, strict=True):
            if text:
                side.append(Run(text, differ))
    return sides


def _bands(corpus: Corpus, most: int) -> list[Band]:
    rows = corpus.tables["duplicate_examples"].sort(
        ["band", "jaccard", "doc_id_a", "doc_id_b"]
    )
    lows = rows["band"].unique().sort().to_list()
    bands = []
    for low in lows:
        pairs = []
        for row in rows.filter(pl.col("band") == low).head(most).iter_rows(named=True):
            names = (_clipped(row["doc_id_a"]), _clipped(row["doc_id_b"]))
            texts = marked(row["excerpt_a"] or "", row["excerpt_b"] or "")
            sides = list(zip(names, texts, strict=True))
            alike = not any(run.marked for text in texts for run in text)
            pairs.append(Pair(row["jaccard"], points(row["jaccard"]), sides, alike))
        bands.append(Band(f"Similarity {low:g} and more", pairs))
    return bands


def _cultures(corpus: Corpus, most: int, each: int) -> list[Culture]:
    """Return mentions of the cultures that most documents refer to."""
    largest = (
        corpus.tables["culture_mix"]
        .group_by("culture")
        .agg(pl.col("documents").sum())
        .filter(pl.col("documents") > 0)
        .sort(["documents", "culture"], descending=[True, False])
    )
    rows = corpus.tables["culture_examples"].sort(
        ["culture", "category", "reference", "form", "doc_id"]
    )
    found = []
    for code in largest["culture"].to_list():
        # Different references say more than one of them again.
        few = rows.filter(pl.col("culture") == code).unique(
            ["category", "reference"], keep="first", maintain_order=True
        )
        if few.is_empty():
            continue
        mentions = [
            Mention(
                _around(row["excerpt"] or "", row["form"] or ""),
                row["reference"] or "",
                category_name(row["category"]) or "",
                _clipped(row["doc_id"]),
            )
            for row in few.head(each).iter_rows(named=True)
        ]
        found.append(Culture(country_name(code), mentions))
        if len(found) == most:
            break
    return found


def _around(excerpt: str, form: str) -> list[Run]:
    """Return an excerpt with the form nearest to its middle marked."""
    starts = [hit.start() for hit in re.finditer(re.escape(form), excerpt)]
    if not form or not starts:
        return [Run(excerpt, False)]
    middle = (len(excerpt) - len(form)) / 2
    low = min(starts, key=lambda start: abs(start - middle))
    high = low + len(form)
    runs = [Run(excerpt[:low], False), Run(form, True), Run(excerpt[high:], False)]
    return [run for run in runs if run.text]


def _clipped(identifier: str | None) -> str:
    text = identifier or ""
    return text if len(text) <= _IDENTIFIER else f"{text[: _IDENTIFIER - 1]}…"
