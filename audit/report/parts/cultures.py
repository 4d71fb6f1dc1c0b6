"""Whose cultures the text mentions: world map, two heat maps, every culture.

In: corpora. Out: `Cultures`: for each corpus the shades of a map, regions by category
and languages by culture, for all together one table. Shares are of located documents
(those with a reference); a document that refers to two cultures counts for both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from audit.report.charts import Dot, dots
from audit.report.corpora import Corpus
from audit.report.figures import count, isolated, percent
from audit.report.names import category_name, country_name
from audit.report.parts.culture_matrix import culture_matrix
from audit.report.sheet import Cell, Column, Sheet, counted, named, shaded, shared
from audit.report.vega import SHAPES

__all__ = ["SHADES", "Atlas", "Cultures", "Place", "cultures", "world"]

_PEOPLES = 20
# Lower bounds of the shades of the map, as shares of located documents.
SHADES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


class Place(NamedTuple):
    """One country on the map of one corpus."""

    code: str
    shade: int
    hint: str


class Atlas(NamedTuple):
    """What one corpus refers to."""

    label: str
    slot: int
    places: list[Place]
    grid: Sheet
    matrix: Sheet
    located: str
    covered: str
    missing: list[tuple[str, str]]
    n_missing: int
    erased: str
    n_erased: int


class Cultures(NamedTuple):
    """The culture part of the page."""

    atlases: list[Atlas]
    legend: list[tuple[int, str]]
    people: str
    sheet: Sheet


@cache
def world() -> dict[str, Any]:
    """Return the map: width, height, and by country its outline, marker and region."""
    path = Path(__file__).parents[1] / "static" / "world.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def cultures(corpora: Sequence[Corpus]) -> Cultures:
    """Return the culture part for one or several corpora."""
    by_culture = {corpus.slot: _by_culture(corpus) for corpus in corpora}
    legend = [(0, "none")]
    bounds = [*SHADES[1:], None]
    for shade, (low, high) in enumerate(zip(SHADES, bounds, strict=True), start=1):
        if high is None:
            legend.append((shade, f"{low:.0%} and more"))
        elif low == 0:
            legend.append((shade, f"under {high:.1%}"))
        else:
            legend.append((shade, f"{low * 100:g}–{high * 100:g}%"))
    return Cultures(
        [_atlas(corpus, by_culture[corpus.slot], len(corpora)) for corpus in corpora],
        legend,
        _people(corpora),
        _sheet(corpora, by_culture),
    )


def _by_culture(corpus: Corpus) -> dict[str, dict[str, int]]:
    """Return documents, mentions, references seen and known by culture."""
    documents = (
        corpus.tables["culture_mix"]
        .group_by("culture")
        .agg(pl.col("documents").sum())
        .filter(pl.col("documents") > 0)
    )
    mentions = (
        corpus.tables["culture"].group_by("culture").agg(pl.col("mentions").sum())
    )
    # The known references of a culture in a category stand in each of its rows.
    known = (
        corpus.tables["culture"]
        .group_by("culture", "category")
        .agg(pl.col("references_known").max())
        .group_by("culture")
        .agg(pl.col("references_known").sum())
    )
    seen = (
        corpus.tables["reference"]
        .group_by("culture")
        .agg(references_seen=pl.struct("category", "reference").n_unique())
    )
    rows = documents
    for part in (mentions, known, seen):
        rows = rows.join(part, on="culture", how="left")
    return {row["culture"]: row for row in rows.fill_null(0).iter_rows(named=True)}


def _shade(share: float) -> int:
    return sum(share >= bound for bound in SHADES) if share > 0 else 0


def _atlas(
    corpus: Corpus, rows: Mapping[str, Mapping[str, int]], n_corpora: int
) -> Atlas:
    located = int(corpus.summary["located_documents"])
    places = []
    for code in world()["countries"]:
        n_docs = rows[code]["documents"] if code in rows else 0
        share = n_docs / located if located else 0.0
        text = f"{count(n_docs)} documents, {percent(share)} of the located"
        hint = f"{country_name(code)}: {text if n_docs else 'not mentioned'}"
        places.append((n_docs, Place(code, _shade(share), hint)))
    places.sort(key=lambda item: -item[0])
    absent: dict[str, list[str]] = {}
    for n_docs, place in places:
        region = world()["countries"][place.code]["region"]
        if not n_docs and region:
            absent.setdefault(region, []).append(country_name(place.code))
    return Atlas(
        corpus.label,
        corpus.slot,
        [place for _, place in places],
        _grid(corpus),
        culture_matrix(corpus, n_corpora),
        count(located),
        count(len(rows)),
        [
            (region, ", ".join(sorted(names)))
            for region, names in sorted(absent.items())
        ],
        sum(len(names) for names in absent.values()),
        *_erased(corpus),
    )


def _erased(corpus: Corpus) -> tuple[str, int]:
    """Return the countries that are surely all but absent, and how many they are."""
    rows = corpus.tables["coverage"].filter(pl.col("erased"))
    codes = rows.sort("expected", descending=True)["culture"].to_list()
    return ", ".join(country_name(code) for code in codes), len(codes)


def _people(corpora: Sequence[Corpus]) -> str:
    """Return the chart of the most populous countries beside the world's people."""
    frames = {corpus.slot: corpus.tables["coverage"] for corpus in corpora}
    expected = {
        code: share
        for frame in frames.values()
        for code, share in frame.select("culture", "expected").iter_rows()
        if share
    }
    marks = []
    for code in sorted(expected, key=lambda code: (-expected[code], code))[:_PEOPLES]:
        name = country_name(code)
        hint = f"{name}: {percent(expected[code])} of the world's people"
        marks.append(Dot(name, expected[code], "var(--quiet)", hint, shape="diamond"))
        for corpus in corpora:
            rows = frames[corpus.slot].filter(pl.col("culture") == code)
            share = rows["observed"][0] if len(rows) else None
            if share:
                text = f"{isolated(corpus.label)}: {name} {percent(share)}"
                colour, shape = f"var(--s{corpus.slot})", SHAPES[corpus.slot - 1]
                hint = f"{text} of what refers to any culture"
                marks.append(Dot(name, share, colour, hint, shape=shape))
    if not any(mark.shape != "diamond" for mark in marks):
        return ""
    title = "Share of references against share of the world's people"
    return dots(marks, title, "share, logarithmic", share=True)


def _grid(corpus: Corpus) -> Sheet:
    sums = (
        corpus.tables["culture"]
        .group_by("region", "category")
        .agg(pl.col("mentions").sum())
    )
    table = {(region, category): n for region, category, n in sums.iter_rows()}
    categories = sorted({category for _, category in table})
    areas = {row["region"]: row["area"] for row in world()["countries"].values()}
    regions = {region for region in areas if region} | {region for region, _ in table}
    total, largest = sum(table.values()), max(table.values(), default=0)
    rows = []
    for region in sorted(
        regions - {"Antarctica"}, key=lambda name: (areas.get(name, ""), name)
    ):
        cells = [table.get((region, category), 0) for category in categories]
        row = [named(region, areas.get(region, ""))]
        row += [
            shaded(n / (total or 1), largest / (total or 1), f"{count(n)} mentions")
            for n in cells
        ]
        row.append(shared(sum(cells) / (total or 1)))
        rows.append(row)
    heads = [Column("Region", False)]
    heads += [Column(category_name(category)) for category in categories]
    caption = f"Share of all mentions by region and category: {corpus.label}"
    return Sheet(
        f"grid-{corpus.slot}",
        caption,
        [*heads, Column("all")],
        rows,
        "Darker is more, on a square-root scale; a dot is a cell without any mention.",
        search=False,
        dense=True,
    )


def _sheet(
    corpora: Sequence[Corpus], by_culture: Mapping[int, Mapping[str, Mapping[str, int]]]
) -> Sheet:
    single = len(corpora) == 1
    heads = [Column("Culture", False), Column("Region", False)]
    if single:
        heads += [Column("Documents"), Column("Share of located documents")]
        heads += [Column("Mentions"), Column("References seen")]
    else:
        heads += [Column(corpus.label, slot=corpus.slot) for corpus in corpora]
    regions = _regions(corpora)
    codes = {code for rows in by_culture.values() for code in rows}
    located = {c.slot: max(int(c.summary["located_documents"]), 1) for c in corpora}
    shares = {
        code: [
            by_culture[slot][code]["documents"] / n if code in by_culture[slot] else 0.0
            for slot, n in located.items()
        ]
        for code in codes
    }
    top = max((max(part) for part in shares.values()), default=1.0)
    rows = []
    for code in sorted(codes, key=lambda code: (-sum(shares[code]), code)):
        cells = [named(country_name(code), code), named(regions.get(code, ""))]
        if single:
            row = by_culture[corpora[0].slot][code]
            cells += _single_cells(row, shares[code][0], top)
        else:
            for corpus, share in zip(corpora, shares[code], strict=True):
                n_docs = by_culture[corpus.slot].get(code, {}).get("documents", 0)
                hint = f"{count(n_docs)} documents"
                cells.append(shared(share, largest=top, hint=hint))
        rows.append(cells)
    caption = "Cultures, by share of located documents"
    return Sheet("cultures", caption, heads, rows)


def _single_cells(row: Mapping[str, int], share: float, top: float) -> list[Cell]:
    seen, known = row["references_seen"], row["references_known"]
    return [
        counted(row["documents"]),
        shared(share, largest=top),
        counted(row["mentions"]),
        Cell(f"{count(seen)} of {count(known)}", float(seen)),
    ]


def _regions(corpora: Sequence[Corpus]) -> dict[str, str]:
    return {
        culture: region or ""
        for corpus in corpora
        for culture, region in corpus.tables["culture"]
        .select("culture", "region")
        .unique()
        .iter_rows()
    }
