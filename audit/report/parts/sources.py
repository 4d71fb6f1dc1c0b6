"""Where the documents come from: concentration, platforms, kinds of source, domains.

In: corpora. Out: `Sources`: what the sources rest on, the Lorenz curve over registered
domains, concentration overall and inside each language, the mix of categories, tables
of platforms, of domains and of farms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from audit.report.charts import Curve, curves
from audit.report.corpora import Corpus
from audit.report.figures import count, interval, isolated, percent, points
from audit.report.names import category_name, country_name
from audit.report.parts.concentration import (
    attribution,
    concentration,
    farms,
    languages,
)
from audit.report.parts.growth import curves_of
from audit.report.parts.mixes import Legend, counts_by_corpus, mix_chart
from audit.report.sheet import Cell, Column, Sheet, counted, named, shared
from audit.report.vega import dashes

__all__ = ["Sources", "lorenz", "sources"]

_CURVE_POINTS = 80
_MARKS = (0.5, 0.9, 0.99)
_DOMAINS = 300
_PLATFORMS = 60


class Sources(NamedTuple):
    """The source part of the page."""

    attribution: Sheet
    lorenz: str
    growth: list[tuple[str, str]]
    inequality: list[tuple[str, int, str, str, str]]
    categories: str
    category_legend: Legend
    platforms: Sheet
    domains: Sheet
    concentration: Sheet
    languages: Sheet
    farms: Sheet


def sources(corpora: Sequence[Corpus]) -> Sources:
    """Return the source part for one or several corpora."""
    categories, legend = mix_chart(
        corpora,
        counts_by_corpus(corpora, "source", "category"),
        lambda key: category_name(key) or "not classified",
        "Kinds of source by documents",
        "documents",
    )
    return Sources(
        attribution(corpora),
        _lorenz_chart(corpora),
        curves_of(corpora),
        [_inequality(corpus) for corpus in corpora],
        categories,
        legend,
        _platforms(corpora),
        _domains(corpora),
        concentration(corpora),
        languages(corpora),
        farms(corpora),
    )


def lorenz(sizes: Sequence[int]) -> tuple[list[tuple[float, float]], np.ndarray]:
    """Return at most 82 points of the Lorenz curve, and the ascending cumulated shares.

    Args:
        sizes: Documents of each domain, in any order.

    Returns:
        Points (share of domains, share of documents) from (0, 0) to (1, 1), and
        float64[n + 1] of cumulated shares of documents, smallest domain first.
    """
    ordered = np.sort(np.asarray(sizes, np.int64))
    total = np.concatenate([[0.0], np.cumsum(ordered) / max(int(ordered.sum()), 1)])
    n = len(ordered)
    # Where the curve bends is at its right end: half of the points lie in the last
    # tenth of the domains.
    even = np.linspace(0, 0.9, _CURVE_POINTS // 2)
    late = 1 - np.geomspace(0.1, max(1 / n, 1e-6), _CURVE_POINTS // 2) if n else even
    places = np.unique(np.round(np.concatenate([even, late, [1.0]]) * n).astype(int))
    return [(place / max(n, 1), float(total[place])) for place in places], total


def _lorenz_chart(corpora: Sequence[Corpus]) -> str:
    lines = []
    for corpus in corpora:
        sizes = _sizes(corpus)
        if not len(sizes):
            continue
        line, total = lorenz(sizes)
        n = len(sizes)
        hints = {}
        for mark in _MARKS:
            place = min(range(len(line)), key=lambda i: abs(line[i][0] - mark))
            top = n - round(line[place][0] * n)
            if 0 < top < n:
                share = percent(1 - float(total[n - top]))
                hints[place] = (
                    f"{isolated(corpus.label)}: the largest {count(top)} of "
                    f"{count(n)} domains hold {share} of the documents with a domain"
                )
        dash = tuple(dashes(corpus.slot))
        lines.append(Curve(f"var(--s{corpus.slot})", line, hints, dash))
    if not lines:
        return ""
    title = "Lorenz curve of documents over registered domains"
    return curves(lines, title, "domains, smallest first", "documents")


def _sizes(corpus: Corpus) -> Sequence[int]:
    sizes: list[int] = corpus.domains["documents"].to_list()
    return sizes


def _inequality(corpus: Corpus) -> tuple[str, int, str, str, str]:
    gini = corpus.estimate("domain", "gini")
    without = percent(corpus.without_domain)
    return (
        corpus.label,
        corpus.slot,
        points(gini.value),
        interval(gini, points),
        without,
    )


def _heads(first: list[Column], corpora: Sequence[Corpus]) -> list[Column]:
    if len(corpora) > 1:
        return first + [Column(corpus.label, slot=corpus.slot) for corpus in corpora]
    names = ("Documents", "Share of documents", "Share of characters")
    return first + [Column(name) for name in names]


def _share_cells(
    corpora: Sequence[Corpus],
    n_docs: dict[str, int],
    n_chars: dict[str, int],
    top: float,
) -> list[Cell]:
    cells = []
    for corpus in corpora:
        amount, volume = n_docs[str(corpus.slot)], n_chars[str(corpus.slot)]
        part = volume / max(corpus.summary["characters"], 1)
        share = amount / max(corpus.documents, 1)
        if len(corpora) == 1:
            cells += [counted(amount), shared(share, largest=top)]
            cells.append(shared(part, largest=top))
        else:
            hint = f"{count(amount)} documents, {percent(part)} of characters"
            cells.append(shared(share, largest=top, hint=hint))
    return cells


def _facet_rows(
    corpora: Sequence[Corpus], key: str, limit: int
) -> tuple[list[tuple[str, list[Cell]]], int]:
    """Return the largest named keys with their share cells, and how many are left."""
    n_docs = counts_by_corpus(corpora, "source", key).filter(pl.col("key") != "")
    n_chars = counts_by_corpus(corpora, "source", key, "characters")
    chars = {
        row["key"]: row
        for row in n_chars.join(n_docs.head(limit).select("key"), on="key").iter_rows(
            named=True
        )
    }
    shares = [pl.col(str(corpus.slot)) / max(corpus.documents, 1) for corpus in corpora]
    top = n_docs.select(pl.max_horizontal(pl.col("mean"), *shares).max()).item() or 1.0
    rows = [
        (row["key"], _share_cells(corpora, row, chars[row["key"]], top))
        for row in n_docs.head(limit).iter_rows(named=True)
    ]
    return rows, n_docs.height - len(rows)


def _attributes(corpora: Sequence[Corpus], key: str, value: str) -> dict[str, str]:
    frames = [
        corpus.tables["source"].select(key, value, "documents") for corpus in corpora
    ]
    rows = (
        pl.concat(frames)
        .drop_nulls([key, value])
        .group_by(key, value)
        .agg(pl.col("documents").sum())
        .sort(["documents", value])
    )
    return {name: what for name, what, _ in rows.iter_rows()}


def _platforms(corpora: Sequence[Corpus]) -> Sheet:
    kinds = _attributes(corpora, "platform", "category")
    found, left = _facet_rows(corpora, "platform", _PLATFORMS)
    heads = _heads([Column("Platform", False), Column("Kind", False)], corpora)
    rows = [
        [named(name), named(category_name(kinds.get(name, ""))), *cells]
        for name, cells in found
    ]
    note = f"{count(left)} smaller platforms are in source.parquet." if left else ""
    caption = "Platforms, by share of documents"
    return Sheet("platforms", caption, heads, rows, note, len(rows) > 12)


def _domains(corpora: Sequence[Corpus]) -> Sheet:
    places = _attributes(corpora, "domain", "country")
    kinds = _attributes(corpora, "domain", "category")
    found, left = _facet_rows(corpora, "domain", _DOMAINS)
    first = [Column("Domain", False), Column("Country", False), Column("Kind", False)]
    rows = [
        [
            named(name),
            named(country_name(places[name]) if name in places else ""),
            named(category_name(kinds.get(name, ""))),
            *cells,
        ]
        for name, cells in found
    ]
    note = f"{count(left)} smaller domains are in source.parquet." if left else ""
    caption = "Registered domains, by share of documents"
    return Sheet("domains", caption, _heads(first, corpora), rows, note)
