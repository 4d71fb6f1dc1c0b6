"""Slow, obvious versions of the measures, in plain Python."""

import math


def hill(counts, order):
    present = [c for c in counts if c > 0]
    total = sum(present)
    if not present:
        return 0.0
    shares = [c / total for c in present]
    if order == 1:
        return math.exp(-sum(p * math.log(p) for p in shares))
    if math.isinf(order):
        return 1 / max(shares)
    return sum(p**order for p in shares) ** (1 / (1 - order))


def gini(counts):
    present = [c for c in counts if c > 0]
    gaps = sum(abs(a - b) for a in present for b in present)
    return gaps / (2 * len(present) * sum(present))


def jsd_bits(a, b):
    def entropy(shares):
        return -sum(p * math.log2(p) for p in shares if p > 0)

    p = [x / sum(a) for x in a]
    q = [x / sum(b) for x in b]
    middle = [(x + y) / 2 for x, y in zip(p, q, strict=True)]
    return entropy(middle) - (entropy(p) + entropy(q)) / 2


def similarity_hill(counts, order, z):
    total = sum(counts)
    p = [c / total for c in counts]
    ordinary = [sum(z[i][j] * p[j] for j in range(len(p))) for i in range(len(p))]
    pairs = [(share, zp) for share, zp in zip(p, ordinary, strict=True) if share > 0]
    if order == 1:
        return math.exp(-sum(share * math.log(zp) for share, zp in pairs))
    return sum(s * zp ** (order - 1) for s, zp in pairs) ** (1 / (1 - order))


def rarefied_hill(counts, size, order):
    """Expected frequency counts of a subsample, then the formula."""
    n = sum(counts)
    expected = [0.0] * (size + 1)
    for count in counts:
        for k in range(1, min(count, size) + 1):
            if size - k <= n - count:
                expected[k] += (
                    math.comb(count, k)
                    * math.comb(n - count, size - k)
                    / math.comb(n, size)
                )
    if order == 0:
        return sum(expected)
    shares = [(k / size, f) for k, f in enumerate(expected) if k]
    if order == 1:
        return math.exp(-sum(f * p * math.log(p) for p, f in shares))
    return sum(f * p**order for p, f in shares) ** (1 / (1 - order))
