"""How much of what each language refers to lies outside the countries it is spoken in.

In: ``culture_mix`` of a profile and where languages are spoken
(`audit.resources.countries`). Out: one row a language, and one for all of them, with an
interval over units. A text in French about Senegal looks no further than French does; a
text in French about Korea looks outward.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from audit.measures.jackknife import unit_share
from audit.measures.units import merge_units

__all__ = ["ALL_LANGUAGES", "home_countries", "outward_by_unit", "outward_view"]

# The row of all languages whose countries are known.
ALL_LANGUAGES = ""
# A country belongs to a language that is official there or so many of its people speak.
_SPOKEN_BY = 0.05
_COUNTS = ("documents", "mentions")
_SHARE = ("outward_share", "low", "high")


def home_countries(language_countries: pl.DataFrame) -> pl.DataFrame:
    """Return ``language`` and ``culture``, the countries that belong to a language.

    Args:
        language_countries: ``language``, ``country``, ``official`` and
            ``population_share`` (see `audit.resources.countries`).
    """
    kept = language_countries.filter(
        pl.col("official") | (pl.col("population_share") >= _SPOKEN_BY)
    )
    return kept.select(
        pl.col("language").cast(pl.String),
        pl.col("country").cast(pl.String).alias("culture"),
    ).unique()


def outward_view(mix: pl.DataFrame, homes: pl.DataFrame) -> pl.DataFrame:
    """Return the share of references outside the countries of the document's language.

    A document counts once for every culture it refers to.

    Args:
        mix: ``unit``, ``culture``, ``language``, ``documents``, ``mentions``.
        homes: ``language``, ``culture`` (see `home_countries`).

    Returns:
        ``language`` (`ALL_LANGUAGES` for all whose countries are known), ``documents``,
        ``outward_documents``, ``outward_share`` (of documents) with ``low`` and
        ``high``, ``mentions``, ``outward_mentions``, ``outward_mention_share``. Figures
        of outward references are null where no country of the language is known. The
        bounds are those of `audit.measures.jackknife.unit_share`: from nothing to all
        where one unit is everything.
    """
    units = merge_units(mix["unit"].cast(pl.String).to_arrow())
    whole = outward_by_unit(
        mix.with_columns(unit=pl.Series(units, dtype=pl.String)), homes
    )
    rows = [
        _row(str(language), rows)
        for (language,), rows in whole.group_by("language", maintain_order=True)
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


def outward_by_unit(mix: pl.DataFrame, homes: pl.DataFrame) -> pl.DataFrame:
    """Return the counts behind `outward_view` by language and sampling unit.

    Args:
        mix: As of `outward_view`; a row's unit is taken as it is.
        homes: As of `outward_view`.

    Returns:
        ``language``, ``unit``, ``documents``, ``mentions``, ``outward_documents``,
        ``outward_mentions``, ``known`` (whether the language has known countries), in
        order of language and unit.
    """
    labels = mix.select("unit", pl.col("culture", "language").cast(pl.String), *_COUNTS)
    inside = homes.select("language", "culture", inside=pl.lit(value=True))
    at = labels.join(inside, on=["language", "culture"], how="left")
    outside = [
        pl.col(name).filter(pl.col("inside").is_null()).sum().alias(f"outward_{name}")
        for name in _COUNTS
    ]
    by_unit = at.group_by("language", "unit").agg(pl.col(_COUNTS).sum(), *outside)
    known = homes["language"].unique().implode()
    by_unit = by_unit.with_columns(known=pl.col("language").is_in(known))
    # A source in two languages is one source of the whole.
    every = (
        by_unit.filter("known")
        .group_by("unit", "known")
        .agg(pl.exclude("unit", "known", "language").sum())
        .with_columns(language=pl.lit(ALL_LANGUAGES))
        .select(by_unit.columns)
    )
    return pl.concat([every, by_unit]).sort("language", "unit")


_SCHEMA = {
    "language": pl.String,
    "documents": pl.Int64,
    "outward_documents": pl.Int64,
    "outward_share": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "mentions": pl.Int64,
    "outward_mentions": pl.Int64,
    "outward_mention_share": pl.Float64,
}


def _row(language: str, rows: pl.DataFrame) -> dict[str, Any]:
    """Return the row of one language from its counts by unit."""
    found: dict[str, Any] = {name: int(rows[name].sum()) for name in _COUNTS}
    found["language"] = language
    if not rows["known"].all():
        return found
    for name in _COUNTS:
        found[f"outward_{name}"] = int(rows[f"outward_{name}"].sum())
    if found["mentions"]:
        share = found["outward_mentions"] / found["mentions"]
        found["outward_mention_share"] = share
    if found["documents"]:
        found |= dict(zip(_SHARE, _share(rows), strict=True))
    return found


def _share(rows: pl.DataFrame) -> tuple[float, float, float]:
    """Return the outward share of documents with its interval over units."""
    part, counts = (
        rows[name].to_numpy().astype(np.float64)
        for name in ("outward_documents", "documents")
    )
    return unit_share(np.arange(len(rows)), part, counts, len(rows))
