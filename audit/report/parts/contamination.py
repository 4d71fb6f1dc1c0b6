"""Evaluation sets in the corpora: how many of their items the text holds.

In: corpora of runs with ``--against``. Out: a sheet made of ``contamination_sets``;
None where no corpus was held against any.
"""

from __future__ import annotations

from collections.abc import Sequence

from audit.report.corpora import Corpus
from audit.report.figures import Estimate, interval, percent
from audit.report.sheet import Cell, Column, Sheet, counted, named

__all__ = ["contamination"]


def contamination(corpora: Sequence[Corpus]) -> Sheet | None:
    """Return one row an evaluation set and corpus, the most contaminated first."""
    found = [
        (row, corpus)
        for corpus in corpora
        for row in corpus.tables["contamination_sets"].iter_rows(named=True)
    ]
    if not found:
        return None
    found.sort(key=lambda pair: (-(pair[0]["share"] or 0), pair[0]["evaluation_set"]))
    rows = [
        [
            named(row["evaluation_set"]),
            named(corpus.label),
            counted(row["items"]),
            counted(row["contaminated_items"]),
            _share(row["share"], row["low"], row["high"]),
            counted(row["touched_items"]),
        ]
        for row, corpus in found
    ]
    heads = [Column("Evaluation set", False), Column("Corpus", False)]
    names = ("Items", "Contaminated", "Share of items", "Touched at all")
    caption = "Items of evaluation sets that the corpora hold"
    return Sheet(
        "contamination", caption, heads + [Column(name) for name in names], rows
    )


def _share(value: float | None, low: float | None, high: float | None) -> Cell:
    if value is None:
        return Cell("–", -1.0)
    nan = float("nan")
    span = Estimate(value, nan if low is None else low, nan if high is None else high)
    return Cell(percent(value), value, extra=interval(span, percent))
