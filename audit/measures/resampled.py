"""Every measure of one facet under many weightings of its sampling units.

In: counts of keys by unit, sparse, and columns of unit weights. Out: one figure a
column, for each weight and measure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.measures import diversity
from audit.measures.facets import WEIGHTS
from audit.measures.repeated import repeated_measures
from audit.measures.similarity import GroupLevel, group_ordinariness, similarity_hill

__all__ = ["MEASURES", "Figures", "Floats", "Prepared", "resampled_measures"]

MEASURES = ("hill_0", "hill_1", "hill_2", "hill_inf", "hhi", "gini", "coverage")

Floats = NDArray[np.float64]
# Figures of one facet by weight and measure, one for each column of unit weights.
Figures = dict[tuple[str, str], Floats]
# Counts of all keys of so many values are dense at a time (8 MB).
_DENSE = 1_000_000
# From so many keys on, counts are summed by their different values.
_MANY = 1 << 16


class Prepared(NamedTuple):
    """One facet in both weights, ready for resampling.

    Attributes:
        facet: Its name.
        matrices: For each of `WEIGHTS` sparse float64[n_keys, n_units], the counts by
            unit; they share their places.
        rare: Sparse float64[4, n_units]: documents, then characters in keys seen once,
            then the numbers of keys seen once and twice.
        levels: Likeness of the keys, empty where no measure uses it.
    """

    facet: str
    matrices: tuple[Any, ...]
    rare: Any
    levels: Sequence[GroupLevel]


def resampled_measures(facet: Prepared, weights: Floats) -> Figures:
    """Return every measure in both weights for each column of unit weights.

    Args:
        facet: The counts.
        weights: float64[n_units, n_columns].

    Returns:
        float64[n_columns] by weight and measure.
    """
    rare = facet.rare @ weights
    figures: Figures = {}
    documents: Floats = np.zeros(0)
    for number, (weight, matrix) in enumerate(
        zip(WEIGHTS, facet.matrices, strict=True)
    ):
        found = _of_columns(matrix, weights, facet.levels)
        mass = found.pop("mass")
        documents = documents if number else mass
        seen = (rare[number], rare[2], rare[3])
        found["coverage"] = _coverage(*seen, documents, mass)
        figures |= {(weight, name): found[name] for name in _order(found)}
    return figures


def _order(found: Mapping[str, Floats]) -> list[str]:
    return [*MEASURES, *(name for name in found if name not in MEASURES)]


def _of_columns(
    matrix: Any, weights: Floats, levels: Sequence[GroupLevel]
) -> dict[str, Floats]:
    """Return the measures that need the counts of every key, a few columns at a time.

    Counts are dense, and measures make copies of them: with a million keys even one
    column is 8 MB.
    """
    width = max(1, _DENSE // max(matrix.shape[0], 1))
    parts = [
        _of_counts(
            np.ascontiguousarray((matrix @ weights[:, first : first + width]).T), levels
        )
        for first in range(0, weights.shape[1], width)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _of_counts(counts: Floats, levels: Sequence[GroupLevel]) -> dict[str, Floats]:
    """Return the mass and the measures of counts, float64[n_rows, n_keys]."""
    if counts.shape[-1] >= _MANY and not levels:
        rows = [repeated_measures(row) for row in counts]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}
    result = {
        # Counts are whole numbers below 2^53: their sum is exact in any order.
        "mass": np.asarray(counts.sum(axis=-1)),
        "hill_0": diversity.hill(counts, 0),
        "hill_1": diversity.hill(counts, 1),
        "hill_2": diversity.hill(counts, 2),
        "hill_inf": diversity.hill(counts, math.inf),
        "hhi": diversity.hhi(counts),
        "gini": diversity.gini(counts),
    }
    if levels:
        shares = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1e-300)
        ordinary = group_ordinariness(shares, levels)
        result["hill_1_similarity"] = similarity_hill(counts, 1, ordinariness=ordinary)
    return result


def _coverage(
    alone: Floats, f1: Floats, f2: Floats, documents: Floats, mass: Floats
) -> Floats:
    """Return sample coverage; by characters, the singletons count with their length."""
    by_documents = diversity.sample_coverage(f1, f2, documents)
    unseen = np.divide(
        (1 - by_documents) * documents, f1, out=np.zeros_like(f1), where=f1 > 0
    )
    share = np.divide(alone, mass, out=np.zeros_like(alone), where=mass > 0)
    return np.where(documents > 0, np.clip(1 - share * unseen, 0.0, 1.0), np.nan)
