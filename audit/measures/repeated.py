"""The measures of `audit.measures.diversity` for many keys whose counts repeat.

In: counts of one population, whole numbers. Out: the same figures, to rounding. A
million domains have a few hundred different numbers of documents: a figure is a sum
over those, and no logarithm or sorting of a million counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["repeated_measures"]

# Largest count that is tallied by its value; the tally takes 8 bytes a value.
_TALLIED = 1 << 20


def _values(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return the different counts above zero, ascending, and how often each comes."""
    if counts.size and counts.max() < _TALLIED:
        times = np.bincount(counts.astype(np.int64))
        times[0] = 0
        values = np.flatnonzero(times)
        return values.astype(np.float64), times[values].astype(np.float64)
    different, often = np.unique(counts[counts > 0], return_counts=True)
    return different, often.astype(np.float64)


def repeated_measures(counts: NDArray[np.float64]) -> dict[str, float]:
    """Return mass, Hill numbers, HHI and Gini coefficient of float64[n_keys] counts.

    An empty population has mass and Hill numbers 0; the other measures are NaN.
    """
    values, times = _values(counts)
    mass, keys = float(values @ times), float(times.sum())
    if not mass:
        zeros = dict.fromkeys(("mass", "hill_0", "hill_1", "hill_2", "hill_inf"), 0.0)
        return {**zeros, "hhi": float("nan"), "gini": float("nan")}
    shares = values / mass
    power = float(times @ (shares * shares))
    last = np.cumsum(times)
    # Equal counts take the ranks from one after the last smaller one to their own last.
    ranked = float((values * times) @ (2 * last - times + 1)) / 2
    gini = 2.0 * ranked / (keys * mass) - (keys + 1) / keys
    return {
        "mass": mass,
        "hill_0": keys,
        "hill_1": float(np.exp(-(times @ (shares * np.log(shares))))),
        "hill_2": 1.0 / power,
        "hill_inf": 1.0 / float(shares[-1]),
        "hhi": power,
        "gini": max(gini, 0.0),
    }
