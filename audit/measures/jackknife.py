"""How far the shares of two corpora differ, and how sure that is.

In: counts by sampling unit and key on two sides. Out: shares, their differences with a
standard error and degrees of freedom from deleting one unit at a time.

Leaving each unit out in turn has a closed form for shares, costs one pass over the
counts for any number of keys, and agrees with the bootstrap over units to first order.
A unit that both sides hold is left out on both: profiles that share sources are
compared in pairs. Degrees of freedom follow Satterthwaite: with ``d = (sum x^2)^2 /
sum x^4`` the effective number of units that carry the difference, of n in all, they are
``2 d / (1 - d / n)``. A language that stands on three sites is judged by Student's t
with six degrees, however many documents it has.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.measures.significance import degrees, t_bound

__all__ = [
    "Differences",
    "hill_differences",
    "share_differences",
    "unit_moments",
    "unit_share",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Differences(NamedTuple):
    """Shares of keys on two sides; every array is float64[n_keys].

    Attributes:
        share_a: Share of the key on side a (0 where the side is empty).
        share_b: On side b.
        error: Standard error of ``share_b - share_a``; infinite where one unit is all
            of a side.
        freedom: Degrees of freedom of the error, at least 1.
    """

    share_a: Floats
    share_b: Floats
    error: Floats
    freedom: Floats


def share_differences(
    unit: Ints,
    key: Ints,
    counts_a: Floats,
    counts_b: Floats,
    *,
    n_units: int,
    n_keys: int,
    fixed: NDArray[np.bool_] | None = None,
) -> Differences:
    """Compare the shares of keys on two sides.

    Args:
        unit: int64[n_rows], the row's sampling unit; one row a unit and key.
        key: int64[n_rows].
        counts_a: float64[n_rows], counts on side a.
        counts_b: float64[n_rows], on side b, of the same unit and key.
        n_units: Number of units.
        n_keys: Number of keys.
        fixed: bool[n_units]: units that are no draw of their own, because they are
            what is compared (a domain that both sides hold, when domains are
            compared). They add the noise of their single counts instead; meaningful
            for documents only.

    Returns:
        One entry a key.
    """
    total_a, total_b = counts_a.sum(), counts_b.sum()
    share_a = np.bincount(key, counts_a, n_keys) / max(total_a, 1.0)
    share_b = np.bincount(key, counts_b, n_keys) / max(total_b, 1.0)
    a, whole_a = _leverage(unit, counts_a, n_units, total_a)
    b, whole_b = _leverage(unit, counts_b, n_units, total_b)
    drawn = np.ones(n_units) if fixed is None else (~fixed).astype(np.float64)
    # Influence of a unit that lacks the key: share_a * a - share_b * b, over all units.
    second, fourth = unit_moments(share_a, share_b, a, b, drawn)
    # Units that hold it: replace that by their own influence.
    without = share_a[key] * a[unit] - share_b[key] * b[unit]
    own = without - _per_rest(counts_a, a, unit, total_a)
    own += _per_rest(counts_b, b, unit, total_b)
    np.square(own, out=own)
    np.square(without, out=without)
    second += np.bincount(key, drawn[unit] * (own - without), n_keys)
    fourth += np.bincount(key, drawn[unit] * (own * own - without * without), n_keys)
    noise = np.zeros(n_keys)
    if fixed is not None:
        noise += _count_noise(unit, key, counts_a, fixed, n_keys, total_a)
        noise += _count_noise(unit, key, counts_b, fixed, n_keys, total_b)
    second, fourth = np.maximum(second, 0.0), np.maximum(fourth, 0.0)
    error, freedom = _error(second, fourth, noise, n_units)
    gap = (error == 0) & (share_a != share_b)
    if gap.any():
        # All of one side and none of the other: no unit's loss changes a share.
        least = 1 / (1 + _effective(a)) + 1 / (1 + _effective(b))
        error = np.where(gap, least, error)
        few = max(min(_effective(a), _effective(b)) - 1, 1.0)
        freedom = np.where(gap, few, freedom)
    if whole_a or whole_b or total_a == 0 or total_b == 0:
        error = np.full(n_keys, math.inf)
    return Differences(share_a, share_b, error, freedom)


def _error(
    second: Floats, fourth: Floats, noise: Floats, n_units: int
) -> tuple[Floats, Floats]:
    """Return standard errors and their degrees of freedom.

    The counts' own noise has no end of freedom (Welch 1947).
    """
    freedom = degrees(second, fourth, n_units)
    both = second + noise
    share = np.divide(second, both, out=np.zeros_like(both), where=both > 0)
    return np.sqrt(both), np.minimum(freedom / np.maximum(share**2, 1e-9), 1e9)


def hill_differences(
    unit: Ints,
    key: Ints,
    counts_a: Floats,
    counts_b: Floats,
    *,
    n_units: int,
    n_keys: int,
) -> dict[int, tuple[float, float, float]]:
    """Compare the Hill numbers of order 1 and 2 of two sides on the log scale.

    Args:
        unit: As in `share_differences`.
        key: As in `share_differences`.
        counts_a: As in `share_differences`.
        counts_b: As in `share_differences`.
        n_units: Number of units.
        n_keys: Number of keys.

    Returns:
        For each order ``log(D_b / D_a)``, its standard error (infinite where it cannot
        be told) and its degrees of freedom.
    """
    psi = {1: np.zeros(n_units), 2: np.zeros(n_units)}
    logs, whole = {1: 0.0, 2: 0.0}, False
    for sign, counts in ((-1.0, counts_a), (1.0, counts_b)):
        total = counts.sum()
        leverage, alone = _leverage(unit, counts, n_units, total)
        whole = whole or alone or total == 0
        p = np.bincount(key, counts, n_keys) / max(total, 1.0)
        held = np.flatnonzero(counts)
        unit_held, key_held, share = unit[held], key[held], counts[held] / max(total, 1)
        for order in psi:
            slope, level = _slopes(p, order)
            # Deleting a unit moves p by p a_u - c (1 + a_u) / N.
            moved = np.bincount(unit_held, share * slope[key_held], n_units)
            psi[order] += sign * (leverage * (slope @ p) - (1 + leverage) * moved)
            logs[order] += sign * level
    return {order: _judged(logs[order], psi[order], whole) for order in psi}


def _judged(value: float, psi: Floats, whole: bool) -> tuple[float, float, float]:
    squares = psi * psi
    second, fourth = float(squares.sum()), float(squares @ squares)
    error = math.sqrt(second) if second > 0 and not whole else math.inf
    freedom = degrees(np.array([second]), np.array([fourth]), len(psi))
    return value, error, float(freedom[0])


def _slopes(p: Floats, order: int) -> tuple[Floats, float]:
    """Return the derivative of the log Hill number by each share, and its value."""
    if order == 1:
        slope = -np.log(np.where(p > 0, p, 1.0))
        return slope, float(slope @ p)
    simpson = float(p @ p)
    return (-2 * p / simpson, -math.log(simpson)) if simpson else (p, 0.0)


def _leverage(
    unit: Ints, counts: Floats, n_units: int, total: float
) -> tuple[Floats, bool]:
    """Return ``n_u / (N - n_u)`` for each unit, and whether one unit is everything."""
    size = np.bincount(unit, counts, n_units).astype(np.float64)
    rest = total - size
    whole = bool(total > 0 and (rest <= 0).any())
    return np.divide(size, rest, out=np.zeros(n_units), where=rest > 0), whole


def _effective(leverage: Floats) -> float:
    """Return the effective number of units, 1 over the sum of squared unit shares."""
    share = leverage / (1 + leverage)
    return float(1 / (share @ share)) if share.any() else 1.0


def _per_rest(counts: Floats, leverage: Floats, unit: Ints, total: float) -> Floats:
    # c / (N - n_u) = c (1 + a_u) / N, because a_u = n_u / (N - n_u).
    return np.asarray(counts * (1.0 + leverage[unit]) / max(total, 1.0))


def unit_moments(
    p: Floats, q: Floats, a: Floats, b: Floats, drawn: Floats
) -> tuple[Floats, Floats]:
    """Return ``sum over units of (p a_u - q b_u)^k`` for each key, k = 2 and 4."""
    one, a2, b2 = np.ones(len(a)), a * a, b * b
    left = np.stack([one, a, a2, a2 * a, a2 * a2]) * drawn
    cross = left @ np.stack([one, b, b2, b2 * b, b2 * b2]).T

    def moment(k: int) -> Floats:
        terms = [
            math.comb(k, j) * (-1) ** j * p ** (k - j) * q**j * cross[k - j, j]
            for j in range(k + 1)
        ]
        return np.asarray(sum(terms))

    return moment(2), moment(4)


def _count_noise(
    unit: Ints,
    key: Ints,
    counts: Floats,
    fixed: NDArray[np.bool_],
    n_keys: int,
    total: float,
) -> Floats:
    """Return the binomial variance of what each share has on fixed units."""
    share = np.bincount(key, counts * fixed[unit], n_keys) / max(total, 1.0)
    return np.asarray(share * (1.0 - share) / max(total, 1.0))


def unit_share(
    unit: Ints, part: Floats, counts: Floats, n_units: int
) -> tuple[float, float, float]:
    """Return a share with its 95 % interval from leaving out one unit at a time.

    Args:
        unit: int64[n_rows].
        part: float64[n_rows], what counts as part.
        counts: float64[n_rows], all.
        n_units: Number of units.

    Returns:
        Share, low, high; NaN without counts, [0, 1] where one unit is everything.
        Where no unit has any of the part, or all have nothing else, Wilson's interval
        over the effective number of units.
    """
    total = float(counts.sum())
    if total <= 0:
        return math.nan, math.nan, math.nan
    share = float(part.sum()) / total
    leverage, whole = _leverage(unit, counts, n_units, total)
    if whole:
        return share, 0.0, 1.0
    effective = _effective(leverage)
    if share in (0.0, 1.0):
        edge = 3.8414588 / (effective + 3.8414588)
        return (share, 0.0, edge) if share == 0 else (share, 1 - edge, 1.0)
    own = np.bincount(unit, part, n_units) / total
    moved = share * leverage - own * (1 + leverage)
    squares = moved * moved
    second, fourth = float(squares.sum()), float(squares @ squares)
    freedom = degrees(np.array([second]), np.array([fourth]), n_units)
    half = float(t_bound(freedom)[0]) * math.sqrt(second)
    return share, max(0.0, share - half), min(1.0, share + half)
