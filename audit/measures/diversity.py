"""Diversity and concentration of a vector of counts.

In: counts of keys, ``[..., n_keys]`` in any non-negative unit (documents, characters);
leading axes are replicates or corpora. Out: one float for each leading index. Keys with
a count of zero are absent. An empty vector has no diversity: Hill numbers are 0, the
other measures NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "evenness",
    "gini",
    "hhi",
    "hill",
    "sample_coverage",
    "shannon_nats",
]

Floats = NDArray[np.float64]


def _shares(counts: ArrayLike) -> tuple[Floats, Floats]:
    """Return shares along the last axis (zeros where empty) and totals."""
    values = np.asarray(counts, np.float64)
    total = values.sum(axis=-1)
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return values * scale[..., None], total


def shannon_nats(counts: ArrayLike) -> Floats:
    """Return Shannon entropy in nats, float64[...]; 0 for an empty vector."""
    shares, _ = _shares(counts)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-np.einsum("...k,...k->...", shares, logs)) + 0.0


def hill(counts: ArrayLike, order: float) -> Floats:
    """Return the Hill number: the effective number of equally common keys.

    Hill (1973), ``(sum p^q)^(1/(1-q))``; order 1 is the limit ``exp(entropy)``, order
    infinity ``1 / max p``.

    Args:
        counts: float64 or int64 ``[..., n_keys]``.
        order: q >= 0; ``math.inf`` is allowed.

    Returns:
        float64[...]: at least 1 where anything was counted, else 0.
    """
    shares, total = _shares(counts)
    present = total > 0
    if order == 1:
        return np.where(present, np.exp(shannon_nats(counts)), 0.0)
    if order == 0:
        return np.count_nonzero(shares, axis=-1).astype(np.float64)
    if shares.shape[-1] == 0:
        return np.zeros(shares.shape[:-1])
    if math.isinf(order):
        top = shares.max(axis=-1)
        return np.divide(1.0, top, out=np.zeros_like(top), where=present)
    if order == 2:
        power = np.einsum("...k,...k->...", shares, shares)
    else:
        raised = np.power(shares, order, out=np.zeros_like(shares), where=shares > 0)
        power = raised.sum(axis=-1)
    safe = np.where(present, power, 1.0)
    return np.where(present, safe ** (1.0 / (1.0 - order)), 0.0)


def hhi(counts: ArrayLike) -> Floats:
    """Return the Herfindahl-Hirschman index, sum p^2 in (0, 1]; NaN where empty."""
    shares, total = _shares(counts)
    return np.where(total > 0, np.einsum("...k,...k->...", shares, shares), np.nan)


def evenness(counts: ArrayLike) -> Floats:
    """Return Pielou's evenness, entropy over log richness; NaN below two keys."""
    richness = hill(counts, 0)
    logs = np.log(richness, out=np.ones_like(richness), where=richness > 1)
    return np.where(richness > 1, shannon_nats(counts) / logs, np.nan)


def gini(counts: ArrayLike) -> Floats:
    """Return the Gini coefficient among present keys: 0 all equal, near 1 one has all.

    NaN where empty; 0 for a single key.
    """
    values = np.sort(np.asarray(counts, np.float64), axis=-1)
    total = values.sum(axis=-1)
    keys = values.shape[-1]
    present = np.count_nonzero(values, axis=-1)
    ranks = np.arange(1, keys + 1, dtype=np.float64)
    # Absent keys stand first in the sorted order: take their number off each rank.
    ranked = values @ ranks - (keys - present) * total
    safe = np.where(total > 0, total, 1.0)
    count = np.maximum(present, 1)
    result = 2.0 * ranked / (count * safe) - (count + 1) / count
    return np.where(total > 0, np.maximum(result, 0.0), np.nan)


def sample_coverage(
    singletons: ArrayLike, doubletons: ArrayLike, n: ArrayLike
) -> Floats:
    """Return the estimated share of the population's mass that the seen keys hold.

    Good-Turing, improved by the doubletons (Chao and Jost 2012, equation 4a)::

        1 - f1/n * (n-1) f1 / ((n-1) f1 + 2 f2)

    where f2 = 0 the bias-corrected ``(n-1)(f1-1) / ((n-1)(f1-1) + 2)`` takes the place
    of the second factor.

    Args:
        singletons: f1, the number of keys seen once.
        doubletons: f2, the number of keys seen twice.
        n: Number of individuals (documents).

    Returns:
        float64[...] in [0, 1]; NaN where n is 0.
    """
    f1, f2, size = (np.asarray(x, np.float64) for x in (singletons, doubletons, n))
    plain = (size - 1) * f1, 2 * f2
    corrected = (size - 1) * np.maximum(f1 - 1, 0), np.full_like(f1, 2.0)
    top = np.where(f2 > 0, plain[0], corrected[0])
    bottom = top + np.where(f2 > 0, plain[1], corrected[1])
    factor = np.divide(top, bottom, out=np.zeros_like(top * 1.0), where=bottom > 0)
    # Every individual its own key: nothing of the population is covered.
    factor = np.where((f1 >= size) & (f2 == 0), 1.0, factor)
    safe = np.where(size > 0, size, 1.0)
    return np.where(size > 0, np.clip(1 - f1 / safe * factor, 0.0, 1.0), np.nan)
