"""Cultures beside what could be expected of them, and the view beyond a language's own.

In: ``culture_mix`` and ``mix``. Out: ``coverage`` (beside the population of the world),
``coverage_by_speakers`` (beside the speakers of the languages the corpus is written in)
and ``outward`` (references outside the countries of the document's language). They
hold nothing that the joint counts do not, so a merge makes them again from merged
counts.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from audit.measures.coverage import (
    erased,
    representation,
    speaker_shares,
    world_shares,
)
from audit.measures.outward import home_countries, outward_view
from audit.resources.countries import countries, language_countries

__all__ = ["coverage_by_speakers_table", "coverage_table", "outward_table"]


def coverage_table(culture_mix: pa.Table) -> pa.Table:
    """Return the ``coverage`` table of one corpus."""
    return _beside(culture_mix, world_shares(_frame(countries())))


def coverage_by_speakers_table(culture_mix: pa.Table, mix: pa.Table) -> pa.Table:
    """Return the ``coverage_by_speakers`` table of one corpus.

    Every located document is shared out over the countries of its language by their
    speakers. A country that speaks none of the languages used has nothing to expect,
    but what refers to it counts among all references; it has no ratio.

    Args:
        culture_mix: in its contract.
        mix: ``language`` and ``located_documents`` of the ``mix`` schema.
    """
    written = _frame(mix.select(["language", "located_documents"]))
    spoken = _frame(language_countries())
    expected = speaker_shares(written, spoken, "located_documents")
    world = world_shares(_frame(countries())).select("culture")
    referred = _frame(culture_mix).select(pl.col("culture").cast(pl.String))
    every = pl.concat([world, expected.select("culture"), referred.drop_nulls()])
    whole = every.unique().join(expected, on="culture", how="left")
    return _beside(culture_mix, whole.with_columns(pl.col("expected").fill_null(0.0)))


def outward_table(culture_mix: pa.Table) -> pa.Table:
    """Return the ``outward`` table of one corpus."""
    homes = home_countries(_frame(language_countries()))
    return outward_view(_frame(culture_mix), homes).to_arrow()


def _beside(culture_mix: pa.Table, expected: pl.DataFrame) -> pa.Table:
    """Hold the located documents of each culture against its expected share."""
    ratios = representation(_frame(culture_mix), expected.sort("culture"))
    gone = erased(ratios)["culture"].to_list()
    finite = {
        name: pa.array(values, mask=~np.isfinite(values))
        for name in ("log2_ratio", "low", "high")
        for values in [ratios[name].to_numpy()]
    }
    return pa.table(
        {
            "culture": ratios["culture"].to_list(),
            "documents": ratios["count"].cast(pl.Int64).to_numpy(),
            "observed": ratios["observed"].to_numpy(),
            "expected": ratios["expected"].to_numpy(),
            **finite,
            "erased": ratios["culture"].is_in(gone).to_list(),
        }
    )


def _frame(table: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))
