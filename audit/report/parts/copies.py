"""The same text again inside of a corpus: sizes of duplicate clusters, what would go.

In: corpora. Out: `Copies`: one chart and one table of cluster sizes a kind, the counts
behind them, and what deduplication would take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from audit.report.charts import Dot, columns
from audit.report.corpora import Corpus
from audit.report.figures import Estimate, count, interval, isolated, percent
from audit.report.names import language_name
from audit.report.sheet import Cell, Column, Sheet, counted, named, shared

__all__ = ["Copies", "copies", "size_bin"]

_KINDS = (("near", "Near-duplicates"), ("exact", "Exact duplicates"))
_BINS = ((2, "2"), (3, "3–4"), (5, "5–9"), (10, "10–99"), (100, "100–999"))
# In reading order; a figure without a name here is shown under its own.
_COUNTS = {
    "duplicate_documents": "Documents that repeat another one",
    "directly_similar_documents": "of these, similar to the one kept",
    "connected_only_documents": "of these, linked to it through others only",
    "corrected_documents": "Documents, corrected for pairs that banding misses",
    "verified_pairs": "Verified pairs",
    "largest_cluster": "Documents in the largest cluster",
    "largest_bucket": "Contents in the largest bucket of a band",
    "cut_buckets": "Buckets too large for all pairs",
    "pairs_left_out": "Pairs not looked at in those",
    "star_steps": "Steps that linked clusters",
    "links_left_open": "Links that these steps left to one worker",
}
_LAST = (1000, "1,000+")
_DETAILS = 60


class Copies(NamedTuple):
    """The duplicate part of the page."""

    charts: list[tuple[str, str]]
    sheet: Sheet
    counts: Sheet
    detail: Sheet


def copies(corpora: Sequence[Corpus]) -> Copies:
    """Return the duplicate part for one or several corpora."""
    bins = {corpus.slot: _bins(corpus) for corpus in corpora}
    charts = [
        (title, _chart(corpora, bins, kind, title))
        for kind, title in _KINDS
        if any((kind, label) in found for found in bins.values() for _, label in _all())
    ]
    return Copies(charts, _sheet(corpora, bins), _counts(corpora), _detail(corpora))


def _all() -> list[tuple[int, str]]:
    return [*_BINS, _LAST]


def size_bin(size: int) -> str:
    """Return the name of the bin that a cluster size falls into."""
    return [label for low, label in _all() if size >= low][-1]


def _bins(corpus: Corpus) -> dict[tuple[str, str], tuple[int, int]]:
    """Return clusters and documents by kind and bin of cluster size."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    rows = corpus.tables["duplicates"].filter(pl.col("cluster_size") > 1)
    for row in rows.iter_rows(named=True):
        place = row["kind"], size_bin(row["cluster_size"])
        clusters, n_docs = found.get(place, (0, 0))
        found[place] = clusters + row["clusters"], n_docs + row["documents"]
    return found


def _chart(
    corpora: Sequence[Corpus],
    bins: dict[int, dict[tuple[str, str], tuple[int, int]]],
    kind: str,
    title: str,
) -> str:
    marks = []
    for _, label in _all():
        for corpus in corpora:
            clusters, n_docs = bins[corpus.slot].get((kind, label), (0, 0))
            share = n_docs / max(corpus.documents, 1)
            hint = (
                f"{isolated(corpus.label)}: {percent(share)} of documents are in "
                f"{count(clusters)} clusters of {label}"
            )
            colour = f"var(--s{corpus.slot})"
            marks.append(Dot(label, share, colour, hint, offset=corpus.slot))
    return columns(marks, f"{title} by size of cluster", "documents in the cluster")


def _sheet(
    corpora: Sequence[Corpus], bins: dict[int, dict[tuple[str, str], tuple[int, int]]]
) -> Sheet:
    single = len(corpora) == 1
    heads = [Column("Kind", False), Column("Cluster size", False)]
    if single:
        heads += [Column("Clusters"), Column("Documents"), Column("Share of documents")]
    else:
        heads += [Column(corpus.label, slot=corpus.slot) for corpus in corpora]
    rows = []
    for kind, _ in _KINDS:
        for low, label in _all():
            if not any((kind, label) in found for found in bins.values()):
                continue
            cells = [named(kind), Cell(label, float(low))]
            for corpus in corpora:
                clusters, n_docs = bins[corpus.slot].get((kind, label), (0, 0))
                share = n_docs / max(corpus.documents, 1)
                hint = f"{count(clusters)} clusters, {count(n_docs)} documents"
                if single:
                    cells += [counted(clusters), counted(n_docs), shared(share)]
                else:
                    cells.append(shared(share, hint=hint))
            rows.append(cells)
    caption = "Documents in duplicate clusters, by size of cluster"
    return Sheet("clusters", caption, heads, rows, search=False)


def _counts(corpora: Sequence[Corpus]) -> Sheet:
    """Return what stands behind the count of near-duplicates, as it is stored."""
    found = [
        {
            row["figure"]: row
            for row in corpus.tables["near_figures"].iter_rows(named=True)
        }
        for corpus in corpora
    ]
    names = [name for name in _COUNTS if any(name in rows for rows in found)]
    names += sorted({name for rows in found for name in rows} - set(names))
    rows = [
        [
            named(_COUNTS.get(name, name.replace("_", " "))),
            *(_count_cell(figures.get(name)) for figures in found),
        ]
        for name in names
    ]
    heads = [Column("Count", False)]
    heads += [Column(corpus.label, slot=corpus.slot) for corpus in corpora]
    caption = "What stands behind the count of near-duplicates"
    return Sheet("counts", caption, heads, rows, search=False)


def _detail(corpora: Sequence[Corpus]) -> Sheet:
    """Return the languages and domains that deduplication would take most from."""
    rows, left = [], 0
    for corpus in corpora:
        found = (
            corpus.tables["duplicates_detail"]
            .filter((pl.col("duplicate_documents") > 0) & (pl.col("key") != ""))
            .sort(
                ["duplicate_documents", "facet", "key"], descending=[True, False, False]
            )
        )
        kept = found.head(max(_DETAILS // len(corpora), 6))
        left += len(found) - len(kept)
        label = [named(corpus.label)] if len(corpora) > 1 else []
        rows += [_detail_row(label, row) for row in kept.iter_rows(named=True)]
    heads = [Column("Of", False), Column("Key", False)]
    heads += [Column("Corpus", False)] if len(corpora) > 1 else []
    names = ("Documents", "Repeat another", "Would go")
    note = f"{count(left)} more are in duplicates_detail.parquet." if left else ""
    caption = "What deduplication would take, by language and domain"
    return Sheet("detail", caption, heads + [Column(n) for n in names], rows, note)


def _detail_row(label: list[Cell], row: Mapping[str, Any]) -> list[Cell]:
    key = named(row["key"])
    if row["facet"] == "language":
        key = named(language_name(row["key"]), row["key"])
    part = shared(row["duplicate_documents"] / max(row["documents"], 1))
    if row["wiped_out"]:
        part = part._replace(extra="wiped out")
    amounts = [counted(row["documents"]), counted(row["duplicate_documents"])]
    return [named(row["facet"]), key, *label, *amounts, part]


def _count_cell(row: Mapping[str, float | None] | None) -> Cell:
    if row is None or row["value"] is None:
        return Cell("–", -1.0)
    low, high, nan = row["low"], row["high"], float("nan")
    span = Estimate(
        row["value"], nan if low is None else low, nan if high is None else high
    )
    return Cell(count(row["value"]), row["value"], extra=interval(span, count))
