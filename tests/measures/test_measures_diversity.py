import itertools
import math

import numpy as np
import pytest
import reference_measures as slow
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures import concentration, divergence, diversity
from audit.measures.similarity import GroupLevel, group_ordinariness, similarity_hill

counts = st.lists(st.integers(0, 10_000), min_size=1, max_size=30).filter(any)
orders = st.sampled_from([0, 0.5, 1, 2, 3, math.inf])


@settings(deadline=None)
@given(counts, orders)
def test_hill_equals_its_definition(values, order):
    assert diversity.hill(values, order) == pytest.approx(slow.hill(values, order))


@settings(deadline=None)
@given(counts, st.integers(2, 5), orders)
def test_hill_obeys_the_doubling_law(values, copies, order):
    # n disjoint copies of a community are n times as diverse: why effective numbers.
    many = np.tile(values, copies)
    expected = copies * diversity.hill(values, order)
    assert diversity.hill(many, order) == pytest.approx(expected)


@settings(deadline=None)
@given(counts)
def test_hill_falls_with_the_order(values):
    numbers = [float(diversity.hill(values, q)) for q in (0, 0.5, 1, 2, math.inf)]
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(numbers))
    assert numbers[3] == pytest.approx(1 / diversity.hhi(values))
    assert numbers[4] == pytest.approx(sum(values) / max(values))


def test_rows_are_measured_apart_and_empty_rows_have_no_diversity():
    rows = np.array([[5, 5, 0], [0, 0, 0], [9, 0, 0]])
    for order in (0, 1, 2, math.inf):
        assert diversity.hill(rows, order).tolist() == pytest.approx([2, 0, 1])
    assert np.isnan(diversity.hhi(rows)).tolist() == [False, True, False]
    assert np.isnan(diversity.gini(rows)).tolist() == [False, True, False]
    assert diversity.hill(np.zeros(0), 2) == 0


@settings(deadline=None)
@given(counts)
def test_gini_is_half_the_relative_mean_gap_of_present_keys(values):
    assert diversity.gini(values) == pytest.approx(slow.gini(values), abs=1e-9)


def test_evenness_is_one_for_equals_and_undefined_for_one_key():
    assert diversity.evenness([3, 3, 3]) == pytest.approx(1)
    assert diversity.evenness([97, 1, 1, 1]) < 0.2
    assert np.isnan(diversity.evenness([3, 0]))


def test_sample_coverage_of_the_spider_plots():
    # Chao and Jost (2012) table: girdled n=168, f1=12, f2=4; logged n=252, f1=14, f2=4.
    assert diversity.sample_coverage(12, 4, 168) == pytest.approx(0.9289, abs=5e-5)
    assert diversity.sample_coverage(14, 4, 252) == pytest.approx(0.9446, abs=5e-5)


def test_sample_coverage_at_the_edges():
    assert diversity.sample_coverage(0, 0, 100) == 1
    assert diversity.sample_coverage(5, 0, 5) == 0
    assert diversity.sample_coverage(1, 0, 50) == 1
    assert np.isnan(diversity.sample_coverage(0, 0, 0))


@settings(deadline=None)
@given(counts, counts)
def test_jsd_and_total_variation(a, b):
    size = max(len(a), len(b))
    a, b = (x + [0] * (size - len(x)) for x in (a, b))
    jsd, gap = divergence.jsd_bits(a, b), divergence.total_variation(a, b)
    assert jsd == pytest.approx(slow.jsd_bits(a, b), abs=1e-9)
    assert jsd == pytest.approx(divergence.jsd_bits(b, a))
    assert 0 <= jsd <= 1
    assert jsd <= gap + 1e-12  # Lin (1991), theorem 3
    assert divergence.jsd_bits(a, np.multiply(a, 7)) == pytest.approx(0, abs=1e-12)


def test_disjoint_mixes_are_one_apart_and_empty_ones_undefined():
    assert divergence.jsd_bits([1, 0], [0, 3]) == 1
    assert divergence.total_variation([1, 0], [0, 3]) == 1
    assert np.isnan(divergence.jsd_bits([0, 0], [0, 3]))


@pytest.mark.parametrize("order", [0, 1, 2])
def test_beta_counts_distinct_corpora(order):
    same = divergence.partition([[4, 6, 0], [40, 60, 0]], order)
    assert same.beta == pytest.approx(1)
    apart = divergence.partition([[4, 6, 0, 0], [0, 0, 60, 40]], order)
    assert apart.beta == pytest.approx(2)
    assert apart.gamma == pytest.approx(apart.alpha * apart.beta)


def test_beta_of_empty_corpora_is_zero():
    assert divergence.partition([[0, 0]]).beta == 0


@settings(deadline=None)
@given(counts, st.sampled_from([0, 1, 2]), st.data())
def test_similarity_by_nested_groups_equals_the_matrix(values, order, data):
    size = len(values)
    pick = st.lists(st.integers(-1, 3), min_size=size, max_size=size)
    wide = np.array(data.draw(pick))
    # Branches nest in families: only keys of a family have a branch inside it.
    branch = np.array(data.draw(pick))
    narrow = np.where((wide >= 0) & (branch >= 0), wide * 4 + branch, -1)
    z = [[_alike(wide, narrow, i, j) for j in range(size)] for i in range(size)]
    shares = np.array(values) / sum(values)
    levels = [GroupLevel(wide, 0.3), GroupLevel(narrow, 0.8)]
    fast = similarity_hill(
        values, order, ordinariness=group_ordinariness(shares, levels)
    )
    assert fast == pytest.approx(slow.similarity_hill(values, order, z))
    assert similarity_hill(values, order, similarity=z) == pytest.approx(fast)


def _alike(wide, narrow, i, j):
    if i == j:
        return 1.0
    if narrow[i] == narrow[j] >= 0:
        return 0.8
    return 0.3 if wide[i] == wide[j] >= 0 else 0.0


def test_similarity_ends_at_plain_hill_and_at_groups():
    values, groups = [5, 3, 2], np.array([0, 0, 1])
    shares = np.array(values) / 10

    def at(within, order=1):
        zp = group_ordinariness(shares, [GroupLevel(groups, within)])
        return similarity_hill(values, order, ordinariness=zp)

    assert at(0.0) == pytest.approx(diversity.hill(values, 1))
    assert at(1.0) == pytest.approx(diversity.hill([8, 2], 1))
    assert at(1.0, math.inf) == pytest.approx(1 / 0.8)
    assert similarity_hill(values, 2) == pytest.approx(diversity.hill(values, 2))
    assert similarity_hill([0, 0], 1) == 0


def test_a_tenth_of_the_keys_is_rounded_up():
    assert [concentration.top_keys(n, 0.1) for n in (0, 1, 30, 31)] == [0, 1, 3, 4]


@settings(deadline=None)
@given(counts)
def test_gini_is_twice_the_area_over_the_lorenz_curve(values):
    smallest_first = np.sort([v for v in values if v])
    curve = np.concatenate([[0.0], np.cumsum(smallest_first) / sum(values)])
    area = (curve[1:] + curve[:-1]).sum() / 2 / len(smallest_first)
    assert 1 - 2 * area == pytest.approx(diversity.gini(values), abs=1e-9)
