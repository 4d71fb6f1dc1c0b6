"""How broad references are, beside which readers, and how far each language looks.

In: corpora. Out: three tables of the culture part, each with one sentence a corpus:
``breadth``, ``coverage_by_speakers`` and ``outward`` of the profiles. A table that no
profile has, or that says nothing, is left out. Two corpora are held against each other
too, with the difference that `audit.compare.table_gaps` gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import polars as pl

from audit.compare.table_gaps import table_gaps
from audit.measures.paired import Gap
from audit.report.corpora import Corpus
from audit.report.figures import (
    Estimate,
    count,
    effective,
    interval,
    isolated,
    percent,
)
from audit.report.names import category_name, country_name, language_name
from audit.report.sheet import Cell, Column, Sheet, counted, named

__all__ = ["Depth", "culture_depth"]

_ROWS = 15
_ALL = ""
_NO_CELL = Cell("–", -1.0)


class Depth(NamedTuple):
    """One table with what it says of each corpus."""

    heading: str
    sentences: list[str]
    sheet: Sheet


def _gaps(corpora: Sequence[Corpus], name: tuple[str, str]) -> dict[str, Gap]:
    """Return how the second of two corpora differs from the first, by key."""
    if len(corpora) != 2:
        return {}
    one, other = (corpus.profile for corpus in corpora)
    return table_gaps(one, other, names=[name]).get(name, {})


def _against(corpora: Sequence[Corpus], head: str, *, shown: bool) -> list[Column]:
    return [Column(head)] if len(corpora) == 2 and shown else []


def culture_depth(corpora: Sequence[Corpus]) -> list[Depth]:
    """Return the tables that have rows, for one or several corpora."""
    found = (part(corpora) for part in (_breadth, _speakers, _outward))
    return [depth for depth in found if depth.sheet.rows]


def _said(corpora: Sequence[Corpus], say: Callable[[Corpus], str]) -> list[str]:
    """Return the sentence of each corpus that has one; several are named."""
    said = [(corpus, say(corpus)) for corpus in corpora]
    if len(corpora) == 1:
        return [text for _, text in said if text]
    return [f"{isolated(corpus.label)}: {text}" for corpus, text in said if text]


def _heads(first: str, corpora: Sequence[Corpus]) -> list[Column]:
    columns = [Column(corpus.label, slot=corpus.slot) for corpus in corpora]
    return [Column(first, False), *columns]


_SEEN = ("references_in_three_sources", "references_seen", "references_known")


def _breadth(corpora: Sequence[Corpus]) -> Depth:
    by_corpus = [
        {
            row["category"]: row
            for row in corpus.tables["breadth"]
            .group_by("category")
            .agg(pl.col(_SEEN).sum())
            .iter_rows(named=True)
        }
        for corpus in corpora
    ]
    known: dict[str, int] = {}
    for found in by_corpus:
        for category, row in found.items():
            known[category] = max(known.get(category, 0), row["references_known"])
    rows = []
    for category in sorted(known):
        cells = [named(category_name(category)), counted(known[category])]
        cells += [_broad(found.get(category)) for found in by_corpus]
        rows.append(cells)
    heads = _heads("Category", corpora)
    heads.insert(1, Column("Known"))
    caption = "References from at least three sources, of those seen"
    note = "A source is a domain, or a file of documents without an address."
    return Depth(
        "Breadth",
        _said(corpora, _say_breadth),
        Sheet("breadth", caption, heads, rows, note, search=False),
    )


def _broad(row: dict[str, Any] | None) -> Cell:
    if row is None:
        return _NO_CELL
    three, seen, _ = (row[name] for name in _SEEN)
    return Cell(f"{count(three)} of {count(seen)}", float(three))


def _say_breadth(corpus: Corpus) -> str:
    table = corpus.tables["breadth"]
    if table.is_empty():
        return ""
    three, seen, known = (count(int(table[name].sum())) for name in _SEEN)
    return (
        f"{three} of the {seen} references seen come from at least three sources; "
        f"{known} are known."
    )


def _speakers(corpora: Sequence[Corpus]) -> Depth:
    by_corpus = [
        {
            row["culture"]: row
            for row in corpus.tables["coverage_by_speakers"].iter_rows(named=True)
        }
        for corpus in corpora
    ]
    expected: dict[str, float] = {}
    for found in by_corpus:
        for code, row in found.items():
            if row["expected"]:
                expected[code] = max(expected.get(code, 0.0), row["expected"])
    order = sorted(expected, key=lambda code: (-expected[code], code))
    gaps = _gaps(corpora, ("coverage_by_speakers", "log2_ratio"))
    heads = _heads("Culture", corpora)
    heads += _against(corpora, "Second over first", shown=bool(gaps))
    rows = [
        [named(country_name(code), code)]
        + [_beside(found.get(code)) for found in by_corpus]
        + ([_times(gaps.get(code))] if gaps else [])
        for code in order[:_ROWS]
    ]
    caption = "Share of references, beside the share of the languages' speakers"
    note = f"The {len(rows)} countries with most speakers of the languages used."
    if gaps:
        note += " Second over first: of the share beside the expected one."
    return Depth(
        "Against the speakers of its languages",
        _said(corpora, _say_speakers),
        Sheet("speakers", caption, heads, rows, note, search=False),
    )


def _beside(row: dict[str, Any] | None) -> Cell:
    if row is None or row["observed"] is None or math.isnan(row["observed"]):
        return _NO_CELL
    text = f"{percent(row['observed'])} ({percent(row['expected'])} expected)"
    return Cell(text, row["observed"])


def _times(gap: Gap | None) -> Cell:
    """Return by how many times a ratio is what it is in the first corpus."""
    if gap is None:
        return _NO_CELL
    found = gap.interval()
    text = f"×{effective(2**found.value)}"
    # Beyond a factor of a million the bounds say only that nothing is known.
    if max(-found.low, found.high) < 20:
        text += f" ({effective(2**found.low)}–{effective(2**found.high)})"
    return Cell(text, found.value)


def _apart(gap: Gap | None) -> Cell:
    """Return a difference of shares in points."""
    if gap is None:
        return _NO_CELL
    value, low, high = (f"{100 * bound:+.1f}" for bound in gap.interval(1.0))
    return Cell(f"{value} ({low} to {high})", gap.b - gap.a)


def _say_speakers(corpus: Corpus) -> str:
    table = corpus.tables["coverage_by_speakers"]
    if table.is_empty() or not table["expected"].sum():
        return ""
    gone = int(table["erased"].sum())
    return (
        f"{count(gone)} countries surely have less than a tenth of the references that "
        "the speakers of the languages used would have."
    )


def _outward(corpora: Sequence[Corpus]) -> Depth:
    by_corpus = [
        {
            row["language"]: row
            for row in corpus.tables["outward"]
            .filter(pl.col("outward_share").is_not_null())
            .iter_rows(named=True)
        }
        for corpus in corpora
    ]
    sizes: dict[str, int] = {}
    for found in by_corpus:
        for code, row in found.items():
            sizes[code] = sizes.get(code, 0) + row["documents"]
    order = sorted(set(sizes) - {_ALL}, key=lambda code: (-sizes[code], code))
    gaps = _gaps(corpora, ("outward", "share"))
    heads = _heads("Language", corpora)
    heads += _against(corpora, "Difference in points", shown=bool(gaps))
    rows = [
        [named(language_name(code), code)]
        + [_share(found.get(code)) for found in by_corpus]
        + ([_apart(gaps.get(code))] if gaps else [])
        for code in order[:_ROWS]
    ]
    caption = "References outside the countries of the document's language"
    note = (
        f"The {len(rows)} languages with most references; 95% intervals over sources."
    )
    return Depth(
        "Outward view",
        _said(corpora, _say_outward),
        Sheet("outward", caption, heads, rows, note, search=False),
    )


def _share(row: dict[str, Any] | None) -> Cell:
    if row is None:
        return _NO_CELL
    return Cell(_with_interval(row), row["outward_share"])


def _with_interval(row: dict[str, Any]) -> str:
    bounds = (row[name] for name in ("outward_share", "low", "high"))
    estimate = Estimate(*(math.nan if value is None else value for value in bounds))
    span = interval(estimate, percent)
    return percent(estimate.value) + (f" ({span})" if span else "")


def _say_outward(corpus: Corpus) -> str:
    rows = corpus.tables["outward"].filter(pl.col("language") == _ALL)
    if rows.is_empty() or rows["outward_share"][0] is None:
        return ""
    share = _with_interval(rows.row(0, named=True))
    return (
        f"{share} of references lie outside the countries of the document's language."
    )
