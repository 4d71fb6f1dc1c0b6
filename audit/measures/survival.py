"""What a filter kept of each group, against what it kept of the rest.

In: counts before and after by sampling unit and key. Out: survival rates and odds
ratios with intervals from leaving out one unit at a time (delta method on the log
scale), or from single counts where the keys are the units themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.measures.jackknife import unit_moments
from audit.measures.significance import degrees, p_values, t_bound

__all__ = ["Survival", "survival"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Survival(NamedTuple):
    """Survival of keys; every array is float64[n_keys].

    Attributes:
        before: Counts before.
        after: Counts after.
        rate: after / before; above 1 where a key grew (its documents were relabelled).
        low: Lower bound of the rate at 95 %, NaN where it cannot be told.
        high: Upper bound.
        odds_ratio: Odds of staying, against those of all other documents.
        odds_low: Lower bound at 95 %, NaN where it cannot be told.
        odds_high: Upper bound.
        p: p-value of an odds ratio of 1.
    """

    before: Floats
    after: Floats
    rate: Floats
    low: Floats
    high: Floats
    odds_ratio: Floats
    odds_low: Floats
    odds_high: Floats
    p: Floats


def survival(
    unit: Ints,
    key: Ints,
    before: Floats,
    after: Floats,
    *,
    n_units: int,
    n_keys: int,
    single: bool = False,
) -> Survival:
    """Return how each key survived.

    Args:
        unit: int64[n_rows], the row's sampling unit; one row a unit and key.
        key: int64[n_rows].
        before: float64[n_rows].
        after: float64[n_rows].
        n_units: Number of units.
        n_keys: Number of keys.
        single: Documents are the sample, not units: for keys that are units.

    Returns:
        Rates and odds ratios; half a document is added to empty cells (Haldane 1956).
    """
    gone = np.maximum(before - after, 0.0)
    kept = np.minimum(before, after)
    k, d = _sum(key, kept, n_keys), _sum(key, gone, n_keys)
    rest_k, rest_d = k.sum() - k, d.sum() - d
    cells = [np.where(x > 0, x, 0.5) for x in (k, d, rest_k, rest_d)]
    log_odds = np.log(cells[0] / cells[1])
    log_ratio = log_odds - np.log(cells[2] / cells[3])
    if single:
        rate_spread, ratio_spread = _by_count(cells)
    else:
        rate_spread, ratio_spread = _by_unit(unit, key, kept, gone, cells, n_units)
        # Units that happen to agree prove nothing below the noise of their documents.
        (rate_least, _), (ratio_least, _) = _by_count(cells)
        rate_spread = np.maximum(rate_spread[0], rate_least), rate_spread[1]
        ratio_spread = np.maximum(ratio_spread[0], ratio_least), ratio_spread[1]
        # Half a document stands for an empty cell: its variance is 1 / 0.5.
        none = [np.where(x > 0, 0.0, 2.0) for x in (k, d, rest_k, rest_d)]
        rate_spread = rate_spread[0] + none[0] + none[1], rate_spread[1]
        ratio_spread = ratio_spread[0] + sum(none), ratio_spread[1]
    # Where nothing went, or nothing stayed, all keys fared alike.
    log_ratio = np.where((d + rest_d == 0) | (k + rest_k == 0), 0.0, log_ratio)
    first, last = _sum(key, before, n_keys), _sum(key, after, n_keys)
    rate = np.divide(last, first, out=np.full(n_keys, np.nan), where=first > 0)
    odds_error, freedom = np.sqrt(ratio_spread[0]), ratio_spread[1]
    return Survival(
        first,
        last,
        rate,
        *_rate_bounds(rate, log_odds, *rate_spread),
        np.exp(log_ratio),
        *_odds_bounds(log_ratio, odds_error, freedom),
        p_values(log_ratio, odds_error, freedom),
    )


def _rate_bounds(
    rate: Floats, log_odds: Floats, variance: Floats, freedom: Floats
) -> tuple[Floats, Floats]:
    half = t_bound(freedom) * np.sqrt(variance)
    known = np.isfinite(half) & (rate <= 1)
    with np.errstate(over="ignore"):
        low, high = (1 / (1 + np.exp(-(log_odds + s * half))) for s in (-1, 1))
    return (
        np.where(known, np.minimum(low, rate), np.nan),
        np.where(known, np.maximum(high, rate), np.nan),
    )


def _odds_bounds(
    log_ratio: Floats, error: Floats, freedom: Floats
) -> tuple[Floats, Floats]:
    told, half = np.isfinite(error), t_bound(freedom)
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (np.exp(log_ratio + s * half * error) for s in (-1, 1))
    return np.where(told, low, np.nan), np.where(told, high, np.nan)


def _by_count(
    cells: list[Floats],
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return variance and freedom where every document is a draw (Woolf 1955)."""
    free = np.full(len(cells[0]), 1e9)
    rate = 1 / cells[0] + 1 / cells[1]
    return (rate, free), (rate + 1 / cells[2] + 1 / cells[3], free)


def _sum(key: Ints, values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(key, values, size), np.float64)


def _by_unit(
    unit: Ints, key: Ints, kept: Floats, gone: Floats, cells: list[Floats], n_units: int
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return variance and freedom of the log odds, and of the log odds ratio.

    A unit moves the log odds of a key by ``k_u / k - d_u / d``, divided by the share of
    the key that stands elsewhere: a key of one unit has no spread to learn from.
    """
    k, d, rest_k, rest_d = cells
    n_keys = len(k)
    size = kept + gone
    total = np.maximum(_sum(key, size, n_keys), 1e-300)
    elsewhere = 1 - size / total[key]
    whole = np.bincount(key, elsewhere <= 1e-12, n_keys) > 0
    own = (kept / k[key] - gone / d[key]) / np.maximum(elsewhere, 1e-12)
    all_k = _sum(unit, kept, n_units)
    all_d = _sum(unit, gone, n_units)
    # What a unit without the key does: D_u / rest_d - K_u / rest_k, over all units.
    second, fourth = unit_moments(
        1 / rest_d, 1 / rest_k, all_d, all_k, np.ones(n_units)
    )
    without = all_d[unit] / rest_d[key] - all_k[unit] / rest_k[key]
    here = own + (all_d[unit] - gone) / rest_d[key] - (all_k[unit] - kept) / rest_k[key]
    second += _sum(key, here**2 - without**2, n_keys)
    fourth += _sum(key, here**4 - without**4, n_keys)
    parts = []
    for two, four in (
        (_sum(key, own**2, n_keys), _sum(key, own**4, n_keys)),
        (second, fourth),
    ):
        two = np.maximum(two, 0.0)
        free = degrees(two, four, n_units)
        parts.append((np.where(whole, np.inf, two), free))
    return parts[0], parts[1]
