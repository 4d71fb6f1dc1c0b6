"""The same text in several corpora: who holds whose, and how distinct they are.

In: corpora and the tables beside their profiles. Out: `Overlaps`: one matrix a kind of
copy by documents and one by characters, and how many effectively distinct corpora the
corpora of the run are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from audit.report.corpora import Corpus
from audit.report.figures import Estimate, count, effective, interval, isolated, percent
from audit.report.sheet import Cell, Column, Sheet, named

__all__ = ["Distinct", "Matrix", "Overlaps", "overlaps"]

_KINDS = (("near", "Near-duplicates"), ("exact", "Exact duplicates"))


class Matrix(NamedTuple):
    """Overlaps by one kind of copy."""

    title: str
    documents: Sheet
    characters: Sheet | None


class Distinct(NamedTuple):
    """How many effectively distinct corpora a run has, by one kind of copy."""

    kind: str
    text: str
    value: float


class Overlaps(NamedTuple):
    """Overlap between corpora."""

    matrices: list[Matrix]
    # Corpora of the run, which may be more than the page shows; none measured: 0.
    n_corpora: int
    shown: bool
    distinct: list[Distinct]


def overlaps(
    corpora: Sequence[Corpus], overlap: pl.DataFrame, monoculture: pl.DataFrame
) -> Overlaps:
    """Return the overlap part for one or several corpora.

    Args:
        corpora: Those of the page.
        overlap: Rows of ``overlap`` between them, maybe none.
        monoculture: Rows of ``monoculture`` of their run, maybe none.
    """
    matrices = [
        matrix
        for kind, title in _KINDS
        if (matrix := _matrix(corpora, overlap, kind, title)) is not None
    ]
    found = {row["kind"]: row for row in monoculture.iter_rows(named=True)}
    n_corpora = max((row["corpora"] for row in found.values()), default=0)
    distinct = [
        Distinct(kind, effective(found[kind]["distinct"]), found[kind]["distinct"])
        for kind, _ in _KINDS
        if kind in found and found[kind]["distinct"] is not None
    ]
    return Overlaps(matrices, n_corpora, n_corpora == len(corpora), distinct)


def _matrix(
    corpora: Sequence[Corpus], overlap: pl.DataFrame, kind: str, title: str
) -> Matrix | None:
    if overlap.is_empty() or len(corpora) < 2:
        return None
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in overlap.filter(pl.col("kind") == kind).iter_rows(named=True):
        for here, there in (("a", "b"), ("b", "a")):
            pair = row[f"corpus_{here}"], row[f"corpus_{there}"]
            found[pair] = {
                name: row[f"{name}_{here}"] for name in (*_BY["documents"], *_BOUNDS)
            } | {name: row[f"{name}_{here}"] for name in _BY["characters"]}
    names = {corpus.name for corpus in corpora}
    if not any(a in names and b in names for a, b in found):
        return None
    counted = any(cells["character_share"] is not None for cells in found.values())
    return Matrix(
        title,
        _sheet(corpora, found, kind, title, "documents"),
        _sheet(corpora, found, kind, title, "characters") if counted else None,
    )


# Columns of `overlap`, without their side: the amount and its share.
_BY = {
    "documents": ("documents", "share"),
    "characters": ("characters", "character_share"),
}
_BOUNDS = ("low", "high")


def _sheet(
    corpora: Sequence[Corpus],
    found: Mapping[tuple[str, str], Mapping[str, Any]],
    kind: str,
    title: str,
    by: str,
) -> Sheet:
    heads = [Column("Share of … found in …", False)]
    heads += [Column(corpus.label, slot=corpus.slot) for corpus in corpora]
    rows = [
        [
            named(a.label),
            *(_cell(a, b, found.get((a.name, b.name)), by) for b in corpora),
        ]
        for a in corpora
    ]
    key = f"overlap-{kind}" + ("" if by == "documents" else f"-{by}")
    caption = f"{title} between corpora: share of the row's {by} in the column"
    return Sheet(key, caption, heads, rows, search=False)


def _cell(a: Corpus, b: Corpus, found: Mapping[str, Any] | None, by: str) -> Cell:
    if a is b:
        return Cell("—", -1.0, hint="the same corpus")
    amount, share = (None, None) if found is None else (found[n] for n in _BY[by])
    if found is None or share is None:
        return Cell("–", -1.0, hint="not measured")
    # Intervals are those of documents: characters have none.
    bounds = [found[n] if by == "documents" else None for n in _BOUNDS]
    low, high = (float("nan") if bound is None else bound for bound in bounds)
    heat = min(8, max(1, round(8 * share**0.5))) if share > 0 else 0
    return Cell(
        percent(share),
        share,
        extra=interval(Estimate(share, low, high), percent),
        heat=heat,
        hint=f"{count(amount)} {by} of {isolated(a.label)} are in {isolated(b.label)}",
    )
