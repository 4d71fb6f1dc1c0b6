"""Counts of a mix: what a recipe of corpora adds up to.

In: profiles and how often each is taken. Out: counts by key, in whole numbers. What is
predicted from profiles and what is counted in a corpus put together by the recipe agree
exactly, because every count is additive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from audit.compare.load import Profile
from audit.compare.pairs import regions_of
from audit.errors import ConfigError
from audit.measures.facets import FACETS, NO_KEY

__all__ = ["Recipe", "recipe_counts"]

UNITS = ("characters", "words", "documents", "bytes")


class Recipe(NamedTuple):
    """How much of each corpus goes in.

    Attributes:
        labels: The corpora.
        weights: float64[n], sum 1.
        sizes: float64[n], in the unit of the budget.
        budget: Size of the mix.
    """

    labels: Sequence[str]
    weights: NDArray[np.float64]
    sizes: NDArray[np.float64]
    budget: int | None


def recipe_counts(
    profiles: Sequence[Profile], facet: str, unit: str
) -> tuple[list[str], NDArray[np.int64]]:
    """Return the keys of a facet and their counts, int64[n_profiles, n_keys].

    Raises:
        ConfigError: Unknown facet or unit, or a unit that the facet is not counted in.
    """
    if facet not in FACETS:
        raise ConfigError(
            f"a facet is one of {', '.join(FACETS)}", value=facet, where="--facet"
        )
    table = FACETS[facet].table
    known = [u for u in UNITS if u in profiles[0].table(table).column_names]
    if unit not in known:
        raise ConfigError(
            f"{facet} is counted in {', '.join(known)}", value=unit, where="--unit"
        )
    regions = regions_of(profiles) if facet == "region" else {}
    frames = []
    for number, profile in enumerate(profiles):
        key = pl.col(FACETS[facet].column).fill_null(NO_KEY)
        key = key.replace(regions) if regions else key
        frame = profile.frame(table).group_by(key.alias("key")).agg(pl.col(unit).sum())
        frames.append(frame.with_columns(profile=pl.lit(number)))
    wide = pl.concat(frames).sort("key")
    keys = wide["key"].unique(maintain_order=True)
    places = dict(zip(keys.to_list(), range(len(keys)), strict=True))
    counts = np.zeros((len(profiles), len(keys)), np.int64)
    for key, count, number in wide.iter_rows():
        counts[number, places[key]] = count
    return keys.to_list(), counts
