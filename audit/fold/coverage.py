"""Cultures beside the population of the world: the ``coverage`` table of a profile.

In: ``culture_mix``. Out: one row a country, with the share of located documents that
refer to it, its share of the world's population, and the ratio of both with an interval
over sources.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from audit.measures.coverage import erased, representation, world_shares
from audit.resources.countries import countries

__all__ = ["coverage_table"]


def coverage_table(culture_mix: pa.Table) -> pa.Table:
    """Return the ``coverage`` table of one corpus."""
    mix, world = pl.from_arrow(culture_mix), pl.from_arrow(countries())
    if not isinstance(mix, pl.DataFrame) or not isinstance(world, pl.DataFrame):
        raise TypeError("a table becomes a frame")
    ratios = representation(mix, world_shares(world))
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
