"""What is beyond noise: degrees of freedom, Student's t, and many tests at once.

In: figures with standard errors. Out: bounds, p-values, and which of many stand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["benjamini_hochberg", "degrees", "p_values", "t_bound"]

Floats = NDArray[np.float64]


def degrees(second: Floats, fourth: Floats, n_units: int) -> Floats:
    """Return Satterthwaite's degrees of freedom of a sum of squared influences.

    Args:
        second: float64[n], sum of squares over units.
        fourth: float64[n], sum of fourth powers.
        n_units: Units in all; the degrees are at most two fewer.
    """
    effective = np.ones(np.shape(second))
    np.divide(np.square(second), fourth, out=effective, where=fourth > 1e-300)
    rest = np.maximum(1 - effective / max(n_units, 1), 1e-9)
    return np.clip(2 * effective / rest, 1.0, max(n_units - 2.0, 1.0))


def p_values(difference: Floats, error: Floats, freedom: Floats) -> Floats:
    """Return two-sided p-values of Student's t; 1 where nothing differs."""
    from scipy.special import stdtr

    safe = np.where(np.isfinite(error) & (error > 0), error, 1.0)
    values = 2.0 * stdtr(freedom, -np.abs(difference) / safe)
    known = np.isfinite(error) & (error > 0) & (difference != 0)
    return np.where(known, values, 1.0)


def t_bound(freedom: Floats, level: float = 0.95) -> Floats:
    """Return the t quantile whose ± holds ``level`` of the mass, float64[n]."""
    from scipy.special import stdtrit

    return np.asarray(stdtrit(freedom, 0.5 + level / 2))


def benjamini_hochberg(p: Floats, alpha: float) -> NDArray[np.bool_]:
    """Say which of many tests stand at a false discovery rate of ``alpha`` (1995).

    Where no key differs at all, the chance of any finding is at most ``alpha`` too.
    """
    if not len(p):
        return np.zeros(0, bool)
    order = np.argsort(p)
    limit = alpha * np.arange(1, len(p) + 1) / len(p)
    under = np.flatnonzero(p[order] <= limit)
    found = np.zeros(len(p), bool)
    if len(under):
        found[order[: under[-1] + 1]] = True
    return found
