import math

import numpy as np
import pytest
import reference_measures as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures import diversity
from audit.measures.rarefaction import (
    coverage_at,
    frequencies,
    hill_at,
    size_for_coverage,
)

# The spider counts of Ellison et al. (2010) as used in Chao et al. (2014) and iNEXT.
GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4, *[2] * 4, *[1] * 12]
LOGGED = [88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, 3, 3, 3, 3,
          2, 2, 2, 2, *[1] * 14]  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "observed", "estimated"),
    [
        (GIRDLED, (26, 12.060, 7.840), (43.893, 13.826, 8.175)),
        (LOGGED, (37, 14.421, 6.761), (61.403, 16.337, 6.920)),
    ],
)
def test_spider_diversities_as_inext_prints_them(counts, observed, estimated):
    sample = frequencies(counts)
    for order in (0, 1, 2):
        assert diversity.hill(counts, order) == pytest.approx(observed[order], abs=6e-4)
        assert hill_at(sample, sample.n, order) == pytest.approx(
            observed[order], abs=6e-4
        )
        assert hill_at(sample, 1e9, order) == pytest.approx(estimated[order], abs=6e-4)


def test_spider_coverage_and_its_inverse():
    girdled, logged = frequencies(GIRDLED), frequencies(LOGGED)
    assert coverage_at(girdled, 168) == pytest.approx(0.929, abs=5e-4)
    assert coverage_at(logged, 252) == pytest.approx(0.945, abs=5e-4)
    for sample in (girdled, logged):
        for coverage in (0.5, 0.8, 0.9, 0.95, 0.97):
            size = size_for_coverage(sample, coverage)
            assert coverage_at(sample, size) >= coverage - 1e-12
            assert coverage_at(sample, size - 1) < coverage
    assert size_for_coverage(girdled, coverage_at(girdled, 168)) == 168
    assert size_for_coverage(girdled, 1.0) == math.inf


counts = st.lists(st.integers(1, 12), min_size=2, max_size=9)


@settings(deadline=None)
@given(counts, st.data(), st.sampled_from([0, 1, 2]))
def test_rarefaction_is_the_expectation_over_subsamples(values, data, order):
    sample = frequencies(values)
    size = data.draw(st.integers(1, sum(values) - 1))
    expected = slow.rarefied_hill(values, size, order)
    assert hill_at(sample, size, order) == pytest.approx(expected)


@settings(deadline=None)
@given(counts, st.data())
def test_coverage_of_a_subsample_is_its_expectation(values, data):
    n = sum(values)
    size = data.draw(st.integers(1, n - 1))
    expected = 1 - sum(
        x / n * math.comb(n - x, size) / math.comb(n - 1, size) for x in values
    )
    assert coverage_at(frequencies(values), size) == pytest.approx(expected)


@settings(deadline=None)
@given(counts, st.sampled_from([0, 1, 2]))
def test_curves_rise_and_join_at_the_sample(values, order):
    sample = frequencies(values)
    n = int(sample.n)
    sizes = sorted({1, n // 2 or 1, n - 1, n, n + 1, 2 * n})
    heights = [hill_at(sample, m, order) for m in sizes]
    # Of keys seen once each no number of equal ones is estimated.
    if order < 2 or max(values) > 1:
        assert all(np.diff(heights) >= -1e-9)
    cover = [coverage_at(sample, m) for m in sizes if m <= n]
    assert all(np.diff(cover[:-1]) >= -1e-12)


def test_large_samples_stay_exact_and_quick():
    rng = np.random.default_rng(4)
    population = np.minimum(rng.zipf(1.6, 30_000) * 40, 10**7)
    sample = frequencies(population)
    size = sample.n // 3
    drawn = rng.binomial(population, 1 / 3)
    assert hill_at(sample, size, 1) == pytest.approx(
        float(diversity.hill(drawn, 1)), rel=0.01
    )
    assert hill_at(sample, size, 0) == pytest.approx(np.count_nonzero(drawn), rel=0.01)
    # Against the term by term sum, for a key too large for it in the code.
    small = frequencies([1_400, 900, 700])
    by_hand = slow_entropy([1_400, 900, 700], 2_000)
    assert hill_at(small, 2_000, 1) == pytest.approx(by_hand, rel=1e-6)


def slow_entropy(values, size):
    total, n = 0.0, sum(values)
    for x in values:
        for k in range(max(1, x + size - n), min(x, size) + 1):
            ways = math.comb(x, k) * math.comb(n - x, size - k)
            chance = math.exp(math.log(ways) - math.log(math.comb(n, size)))
            total -= chance * k / size * math.log(k / size)
    return math.exp(total)


def test_two_sizes_of_one_population_agree_at_equal_coverage():
    rng = np.random.default_rng(8)
    shares = 1 / np.arange(1, 2_001)
    shares /= shares.sum()
    small = frequencies(rng.multinomial(3_000, shares))
    large = frequencies(rng.multinomial(60_000, shares))
    raw = hill_at(large, large.n, 0) / hill_at(small, small.n, 0)
    assert raw > 1.5
    cover = coverage_at(small, small.n)
    for order in (0, 1, 2):
        one, two = (
            hill_at(s, size_for_coverage(s, cover), order) for s in (small, large)
        )
        assert two == pytest.approx(one, rel=0.12)


def test_nothing_counted():
    empty = frequencies([])
    assert hill_at(empty, 5, 0) == 0
    assert math.isnan(coverage_at(empty, 5))


def test_the_long_tail_of_the_entropy_estimate():
    from audit.measures.rarefaction import _long_tail

    n, a = 50_000.0, 1e-5
    r = np.arange(0, 6_000_000)
    direct = (np.exp(r * math.log1p(-a)) / (n + r)).sum()
    assert _long_tail(n, a) == pytest.approx(direct, rel=1e-6)
