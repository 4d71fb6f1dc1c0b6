"""Shares of the keys of a facet, side by side for several corpora.

In: corpora, a table and a key column. Out: one frame of counts by corpus slot, and the
stacked bars drawn from it. Languages, scripts and categories of sources share this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from audit.measures.facets import FACETS
from audit.report.charts import Segment, stacked
from audit.report.corpora import Corpus
from audit.report.figures import count, isolated, percent

__all__ = ["Legend", "counts_by_corpus", "mix_chart"]

# (colour variable, label)
Legend = list[tuple[str, str]]
# Keys that are no kind of their own: drawn last, in grey.
_GREY = frozenset().union(*(facet.outside for facet in FACETS.values()))
_KEYS = 9


def counts_by_corpus(
    corpora: Sequence[Corpus], table: str, key: str, weight: str = "documents"
) -> pl.DataFrame:
    """Return columns ``key``, one count column a corpus (named by its slot), ``mean``.

    ``mean`` is the mean of the shares over the corpora, and what the rows are sorted
    by; null keys count as the empty key.
    """
    frame: pl.DataFrame | None = None
    for corpus in corpora:
        part = (
            corpus.tables[table]
            .group_by(pl.col(key).fill_null("").alias("key"))
            .agg(pl.col(weight).sum().alias(str(corpus.slot)))
        )
        frame = (
            part
            if frame is None
            else frame.join(part, on="key", how="full", coalesce=True)
        )
    joined = frame if frame is not None else pl.DataFrame({"key": []})
    slots = [str(corpus.slot) for corpus in corpora]
    full = joined.with_columns(pl.col(slots).fill_null(0))
    shares = [pl.col(slot) / pl.max_horizontal(pl.col(slot).sum(), 1) for slot in slots]
    return full.with_columns(mean=pl.mean_horizontal(shares)).sort(
        ["mean", "key"], descending=[True, False]
    )


def mix_chart(
    corpora: Sequence[Corpus],
    counts: pl.DataFrame,
    name: Callable[[str], str],
    title: str,
    unit: str,
) -> tuple[str, Legend]:
    """Return stacked bars of the largest keys, and what their colours stand for."""
    keys = [key for key in counts["key"] if key not in _GREY]
    shown = keys[:_KEYS]
    colours = {key: f"var(--c{place})" for place, key in enumerate(shown, start=1)}
    blank = [key for key in counts["key"] if key in _GREY]
    groups = [([key], name(key), colours[key]) for key in shown]
    if len(keys) > _KEYS:
        rest = keys[_KEYS:]
        groups.append(
            (rest, f"{len(rest)} other{'s' if len(rest) > 1 else ''}", "var(--c0)")
        )
    groups += [([key], name(key), "var(--c-none)") for key in blank]
    segments = [
        part for corpus in corpora for part in _bar(corpus, counts, groups, unit)
    ]
    used = {part.colour for part in segments}
    legend = [(colour, label) for _, label, colour in groups if colour in used]
    if len(corpora) == 1:
        # One bar: its legend can say how long each part is.
        legend = [
            (part.colour, f"{part.label} {percent(part.end - part.start)}")
            for part in segments
        ]
    greys = [label for _, label, colour in groups if colour == "var(--c-none)"]
    if len(greys) > 1 and len(corpora) > 1:
        legend = [item for item in legend if item[0] != "var(--c-none)"]
        legend.append(("var(--c-none)", ", ".join(greys)))
    return stacked(segments, title), legend


def _bar(
    corpus: Corpus,
    counts: pl.DataFrame,
    groups: list[tuple[list[str], str, str]],
    unit: str,
) -> list[Segment]:
    column = dict(zip(counts["key"], counts[str(corpus.slot)], strict=True))
    total, start, parts = sum(column.values()), 0.0, []
    for keys, label, colour in groups:
        amount = sum(column[key] for key in keys)
        if not amount:
            continue
        share = amount / total
        size = f"{percent(share)}, {count(amount)} {unit}"
        hint = f"{isolated(corpus.label)}: {label} {size}"
        parts.append(Segment(corpus.label, start, start + share, colour, label, hint))
        start += share
    return parts
