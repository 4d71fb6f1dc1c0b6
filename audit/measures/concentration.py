"""How much of a corpus its largest keys hold.

In: counts of keys, float64 or int64[n_keys]. Out: shares of the head, points of the
Lorenz curve.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["lorenz_points", "top_fraction_share", "top_keys", "top_share"]

Floats = NDArray[np.float64]


def _descending(counts: ArrayLike) -> Floats:
    values = np.asarray(counts, np.float64)
    return np.sort(values[values > 0])[::-1]


def top_share(counts: ArrayLike, keys: int) -> float:
    """Return the share of the ``keys`` largest keys in [0, 1]; NaN where empty."""
    values = _descending(counts)
    return float(values[:keys].sum() / values.sum()) if len(values) else math.nan


def top_keys(n_keys: int, fraction: float) -> int:
    """Return how many keys are the top ``fraction`` of n: rounded up, at least one."""
    # 0.1 * 30 is 3.0000000000000004: a hair above a whole number is that number.
    return max(1, math.ceil(round(n_keys * fraction, 9))) if n_keys else 0


def top_fraction_share(counts: ArrayLike, fraction: float) -> float:
    """Return the share that the top ``fraction`` of present keys hold (0.1: 10 %)."""
    return top_share(counts, top_keys(len(_descending(counts)), fraction))


def lorenz_points(counts: ArrayLike, points: int = 101) -> Floats:
    """Return points of the Lorenz curve, smallest keys first.

    Args:
        counts: float64 or int64[n_keys]; absent keys (0) are left out.
        points: How many points, evenly spread over the keys.

    Returns:
        float64[points, 2]: share of the keys, share of the mass they hold; from (0, 0)
        to (1, 1), linear between keys. Empty counts give the diagonal.
    """
    values = _descending(counts)[::-1]
    x = np.linspace(0.0, 1.0, points)
    if not len(values):
        return np.column_stack([x, x])
    mass = np.concatenate([[0.0], np.cumsum(values)]) / values.sum()
    y = np.interp(x, np.linspace(0.0, 1.0, len(mass)), mass)
    return np.column_stack([x, y])
