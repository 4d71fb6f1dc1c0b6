"""How far apart two mixes are, and how many distinct mixes a set of corpora holds.

In: counts of the same keys in two or more corpora. Out: Jensen-Shannon divergence in
bits, total variation, alpha, beta and gamma diversity in Hill numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.measures.diversity import hill, shannon_nats

__all__ = ["Partition", "jsd_bits", "jsd_terms", "partition", "total_variation"]

Floats = NDArray[np.float64]


class Partition(NamedTuple):
    """Diversity within corpora, between them, and of all together.

    Attributes:
        alpha: Effective number of keys in a typical corpus.
        beta: Effective number of distinct corpora, from 1 (all alike) to N.
        gamma: Effective number of keys in all corpora together.
    """

    alpha: float
    beta: float
    gamma: float


def _normalised(counts: ArrayLike) -> Floats:
    values = np.asarray(counts, np.float64)
    total = values.sum(axis=-1, keepdims=True)
    return values / np.where(total > 0, total, 1.0)


def jsd_terms(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return what each key adds to the Jensen-Shannon divergence, in bits.

    Args:
        a: Shares of the keys in one corpus, float64[..., n_keys].
        b: Shares of the same keys in the other.

    Returns:
        float64[..., n_keys], each >= 0; a key of one corpus only adds half its share.
    """
    p, q = np.asarray(a, np.float64), np.asarray(b, np.float64)
    middle = np.where(p + q > 0, (p + q) / 2, 1.0)

    def half(x: Floats) -> Floats:
        ratio = np.where(x > 0, x / middle, 1.0)
        return np.asarray(x * np.log2(ratio) / 2)

    return np.maximum(half(p) + half(q), 0.0)


def jsd_bits(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the Jensen-Shannon divergence of two mixes in bits: 0 equal, 1 disjoint.

    Lin (1991): entropy of the mean mix minus the mean of the entropies. Counts are
    normalised here; an empty side gives NaN.
    """
    p, q = np.asarray(a, np.float64), np.asarray(b, np.float64)
    full = (p.sum(axis=-1) > 0) & (q.sum(axis=-1) > 0)
    terms = jsd_terms(_normalised(p), _normalised(q)).sum(axis=-1)
    return np.where(full, np.minimum(terms, 1.0), np.nan)


def total_variation(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return half the summed absolute differences of shares, in [0, 1]."""
    p, q = np.asarray(a, np.float64), np.asarray(b, np.float64)
    full = (p.sum(axis=-1) > 0) & (q.sum(axis=-1) > 0)
    gap = np.abs(_normalised(p) - _normalised(q)).sum(axis=-1) / 2
    return np.where(full, gap, np.nan)


def partition(
    counts: ArrayLike, order: float = 1.0, weights: ArrayLike | None = None
) -> Partition:
    """Return alpha, beta and gamma diversity of corpora (Jost 2007).

    Beta of order 1 over N corpora is the monoculture index: how many effectively
    distinct corpora the set holds.

    Args:
        counts: float64[n_corpora, n_keys], any unit; each corpus is normalised.
        order: Order q of the Hill numbers, finite.
        weights: float64[n_corpora], equal where not given. Jost's partition keeps beta
            in [1, N] for unequal weights at order 0 and 1 only.
    """
    shares = _normalised(np.atleast_2d(np.asarray(counts, np.float64)))
    shares = shares[shares.sum(axis=-1) > 0]
    if not len(shares):
        return Partition(0.0, 0.0, 0.0)
    w = np.ones(len(shares)) if weights is None else np.asarray(weights, np.float64)
    w = w / w.sum()
    gamma = float(hill(w @ shares, order))
    if order == 1:
        alpha = float(np.exp(w @ shannon_nats(shares)))
    else:
        raised = np.where(shares > 0, np.where(shares > 0, shares, 1.0) ** order, 0.0)
        mean = (w**order) @ raised.sum(axis=-1) / (w**order).sum()
        alpha = float(mean ** (1.0 / (1.0 - order)))
    return Partition(alpha, gamma / alpha, gamma)
