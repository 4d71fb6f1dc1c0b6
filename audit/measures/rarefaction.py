"""Diversity at equal sample size and at equal sample coverage.

In: counts of individuals (documents) by key. Out: Hill numbers of a smaller or larger
sample. A larger corpus shows more domains for its size alone; two corpora are compared
fairly at the size at which each has covered the same share of its population (Chao and
Jost 2012; Chao et al. 2014, "Rarefaction and extrapolation with Hill numbers").

Counts are compressed to frequencies of frequencies, so that the cost does not depend
on the number of documents.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.measures.diversity import sample_coverage

__all__ = [
    "Frequencies",
    "coverage_at",
    "frequencies",
    "hill_at",
    "size_for_coverage",
]

Floats = NDArray[np.float64]

# Counts up to here are summed term by term; above, the midpoint rule is exact to the
# last digits.
_EXACT = 4096


class Frequencies(NamedTuple):
    """How many keys have which count.

    Attributes:
        counts: float64[n], distinct counts, ascending, whole numbers above 0.
        keys: float64[n], how many keys have that count.
        n: Individuals in all.
    """

    counts: Floats
    keys: Floats
    n: float

    def of(self, count: int) -> float:
        """Return how many keys have a count."""
        return float(self.keys[self.counts == count].sum())


def frequencies(counts: ArrayLike) -> Frequencies:
    """Compress counts, int64[n_keys], to frequencies of frequencies."""
    values = np.asarray(counts, np.int64)
    count, keys = np.unique(values[values > 0], return_counts=True)
    return Frequencies(
        count.astype(np.float64), keys.astype(np.float64), float(values.sum())
    )


def coverage_at(sample: Frequencies, size: float) -> float:
    """Return the expected coverage of a sample of ``size`` individuals.

    Chao and Jost (2012), equations 4a (observed), 4b (smaller) and 12 (larger).
    """
    n, f1, f2 = sample.n, sample.of(1), sample.of(2)
    if n == 0:
        return math.nan
    if size < n:
        absent = _absent(sample.counts, n - 1, size, drawn_first=True)
        return float(1.0 - (sample.counts / n * sample.keys * absent).sum())
    here = float(sample_coverage(f1, f2, n))
    if size == n or f1 == 0:
        return here
    missing = 1.0 - here
    factor = missing * n / f1
    return 1.0 - missing * factor ** (size - n)


def size_for_coverage(sample: Frequencies, coverage: float) -> float:
    """Return the least whole size whose expected coverage reaches ``coverage``.

    Infinity where no finite sample does.
    """
    n = sample.n
    here = coverage_at(sample, n)
    if coverage >= here:
        return _size_beyond(sample, coverage, here)
    low, high = 0.0, n
    while high - low > 1:
        middle = math.floor((low + high) / 2)
        if coverage_at(sample, middle) < coverage:
            low = middle
        else:
            high = middle
    return high


def _size_beyond(sample: Frequencies, coverage: float, here: float) -> float:
    if coverage == here or math.isclose(coverage, here, rel_tol=1e-12):
        return sample.n
    f1 = sample.of(1)
    factor = (1.0 - here) * sample.n / f1 if f1 else 0.0
    if coverage >= 1.0 or not 0.0 < factor < 1.0:
        return math.inf
    more = math.log((1.0 - coverage) / (1.0 - here)) / math.log(factor)
    return sample.n + math.ceil(more - 1e-9)


def _unseen(n: float, f1: float, f2: float) -> float:
    """Return how many keys are estimated to be unseen: Chao1, a lower bound (1984)."""
    few = f1 * f1 / (2 * f2) if f2 else f1 * (f1 - 1) / 2
    return (n - 1) / n * few


def _entropy_estimate(sample: Frequencies, f1: float, f2: float) -> float:
    """Return the entropy of the whole population in nats: Chao, Wang, Jost (2013)."""
    from scipy.special import digamma

    n = sample.n
    seen = sample.counts / n * (digamma(n) - digamma(sample.counts)) * sample.keys
    if f1 == 0:
        return float(seen.sum())
    a = 2 * f2 / ((n - 1) * f1 + 2 * f2) if f2 else 2 / ((n - 1) * (f1 - 1) + 2)
    if a >= 1.0:
        return float(seen.sum())
    # -log(A) - sum_{r<n} (1-A)^r / r is the tail of the series of -log(A): where
    # (1-A)^n / n (1-A)^(1-n) would overflow, the tail is summed from r = n on.
    r = np.arange(0, 200_000)
    tail = np.exp(r * math.log1p(-a)) / (n + r)
    rest = tail.sum() if tail[-1] < 1e-12 * tail[0] else _long_tail(n, a)
    return float(seen.sum() + f1 / n * (1 - a) * rest)


def _long_tail(n: float, a: float) -> float:
    """Return ``sum over r >= 0 of (1-a)^r / (n+r)`` where a is very small."""
    from scipy.special import exp1

    rate = -math.log1p(-a)
    # The integral from n - 1/2 on (midpoint rule; n is large wherever a is small).
    start = (n - 0.5) * rate
    return float(exp1(start) * math.exp(n * rate))


def hill_at(sample: Frequencies, size: float, order: int) -> float:
    """Return the expected Hill number of a sample of ``size``, order 0, 1 or 2.

    Smaller than the sample: exact expectation of the frequencies of a random
    subsample. Larger: estimated; trustworthy to about twice the sample.
    """
    n = sample.n
    if n == 0 or size <= 0:
        return 0.0
    if order == 2:
        pairs = (sample.counts * (sample.counts - 1) * sample.keys).sum()
        pairs /= max(n * (n - 1), 1.0)
        return float(1.0 / (1.0 / size + (size - 1.0) / size * pairs))
    if size == n:
        return _observed(sample, order)
    if size > n:
        return _beyond(sample, size, order)
    if order == 0:
        absent = _absent(sample.counts, n, size)
        return float((sample.keys * (1.0 - absent)).sum())
    terms = [_expected_entropy(x, n, size) for x in sample.counts]
    return math.exp(float(np.array(terms) @ sample.keys))


def _observed(sample: Frequencies, order: int) -> float:
    if order == 0:
        return float(sample.keys.sum())
    p = sample.counts / sample.n
    return math.exp(-float((sample.keys * p * np.log(p)).sum()))


def _beyond(sample: Frequencies, size: float, order: int) -> float:
    """Extrapolate: Chao et al. (2014), table 1."""
    n, f1, f2 = sample.n, sample.of(1), sample.of(2)
    if order == 0:
        unseen = _unseen(n, f1, f2)
        if unseen == 0:
            return _observed(sample, 0)
        stay = n * unseen / (n * unseen + f1)
        return _observed(sample, 0) + unseen * (1 - stay ** (size - n))
    here, limit = math.log(_observed(sample, 1)), _entropy_estimate(sample, f1, f2)
    return math.exp(n / size * here + (size - n) / size * limit)


def _absent(
    count: Floats, n: float, size: float, *, drawn_first: bool = False
) -> Floats:
    """Return the chance that a subsample of ``size`` of ``n`` misses a key.

    ``C(n - x, m) / C(n, m)``, the product over i < x of ``1 - m / (n - i)``. With
    ``drawn_first`` one of the x is not in the pool: ``C(n + 1 - x, m) / C(n, m)``.
    """
    taken = count - 1 if drawn_first else count
    short = int(min(_EXACT, n, taken.max(initial=0)))
    i = np.arange(short, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(n - i > size, np.log1p(-size / np.maximum(n - i, 1)), -np.inf)
        sums = np.concatenate([[0.0], np.cumsum(steps)])
        middle = np.maximum(n - (taken - 1) / 2, 1.0)
        far = taken * np.log1p(-np.minimum(size / middle, 1.0))
    near = taken <= short
    logs = np.where(near, sums[np.where(near, taken, 0).astype(np.int64)], far)
    return np.asarray(np.where(taken > n - size, 0.0, np.exp(logs)))


def _expected_entropy(x: float, n: float, size: float) -> float:
    """Return E[-(k/m) log(k/m)], k the hypergeometric count of a key of x in n."""
    mean = x * size / n
    variance = mean * (1 - x / n) * (n - size) / max(n - 1, 1.0)
    if mean > 500 and variance < mean * mean / 100:
        # Taylor to the second order: the next term is of order mean^-2.
        return -mean / size * math.log(mean / size) - variance / (2 * size * mean)
    spread = 12 * math.sqrt(variance) + 30
    first = max(0.0, x + size - n, math.floor(mean - spread))
    last = min(x, size, math.ceil(mean + spread))
    k = np.arange(first, last + 1)
    ratios = (
        (x - k[:-1]) * (size - k[:-1]) / ((k[:-1] + 1) * (n - x - size + k[:-1] + 1))
    )
    logs = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    p = np.maximum(k, 1) / size
    return float(-(chance * np.where(k > 0, p * np.log(p), 0.0)).sum())
