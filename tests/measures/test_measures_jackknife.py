import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures import interval
from audit.measures.diversity import hill
from audit.measures.jackknife import hill_differences, share_differences, unit_share
from audit.measures.significance import benjamini_hochberg, degrees, p_values, t_bound


def _rows(a, b):
    """Return unit, key and counts of two tables [n_units, n_keys]."""
    unit, key = np.nonzero((a > 0) | (b > 0))
    return unit, key, a[unit, key].astype(float), b[unit, key].astype(float)


def _shares(counts):
    return counts.sum(axis=0) / counts.sum()


def _draw(seed, units=12, keys=4):
    rng = np.random.default_rng(seed)
    return [rng.poisson(5 * rng.random((units, keys))) + (np.arange(keys) == 0)
            for _ in range(2)]  # fmt: skip


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_errors_are_those_of_leaving_out_each_unit(seed):
    a, b = _draw(seed)
    found = share_differences(*_rows(a, b), n_units=12, n_keys=4)
    whole = _shares(b) - _shares(a)
    moved = [
        whole - (_shares(np.delete(b, u, 0)) - _shares(np.delete(a, u, 0)))
        for u in range(12)
    ]
    second = np.square(moved).sum(axis=0)
    assert found.share_b - found.share_a == pytest.approx(whole)
    assert found.error == pytest.approx(np.sqrt(second))
    fourth = (np.array(moved) ** 4).sum(axis=0)
    assert found.freedom == pytest.approx(degrees(second, fourth, 12))


def test_errors_agree_with_the_bootstrap():
    a, b = _draw(3, units=400)
    a[200:], b[:150] = 0, 0  # some units on one side only, some on both
    found = share_differences(*_rows(a, b), n_units=400, n_keys=4)
    hashes = interval.unit_hashes(pa.array([f"u{i}" for i in range(400)]))
    weights = interval.poisson_weights(hashes, 2000).astype(float)
    draws = [w @ b / (w @ b).sum() - w @ a / (w @ a).sum() for w in weights.T]
    assert found.error == pytest.approx(np.std(draws, axis=0), rel=0.08)


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_hill_errors_are_near_those_of_leaving_out_each_unit(seed):
    a, b = _draw(seed, units=60)
    found = hill_differences(*_rows(a, b), n_units=60, n_keys=4)

    def gap(x, y, order):
        return math.log(hill(y.sum(axis=0), order) / hill(x.sum(axis=0), order))

    for order in (1, 2):
        whole = gap(a, b, order)
        moved = [
            whole - gap(np.delete(a, u, 0), np.delete(b, u, 0), order)
            for u in range(60)
        ]
        value, error, freedom = found[order]
        assert value == pytest.approx(whole)
        assert error == pytest.approx(math.sqrt(np.square(moved).sum()), rel=0.1)
        assert 1 <= freedom <= 58


def test_a_source_on_both_sides_has_the_noise_of_its_documents():
    a = np.array([[100, 0], [0, 900]])
    b = np.array([[200, 0], [0, 800]])
    rows = _rows(a, b)
    drawn = share_differences(*rows, n_units=2, n_keys=2)
    fixed = share_differences(*rows, n_units=2, n_keys=2, fixed=np.ones(2, bool))
    assert fixed.error[0] == pytest.approx(math.sqrt((0.1 * 0.9 + 0.2 * 0.8) / 1000))
    assert fixed.freedom[0] > 1e6
    assert drawn.error[0] > 3 * fixed.error[0]


def test_one_unit_or_none_tells_nothing():
    one = np.array([[5, 5]])
    found = share_differences(*_rows(one, one * [[1, 3]]), n_units=1, n_keys=2)
    assert np.isinf(found.error).all()
    assert p_values(np.ones(2), found.error, found.freedom).tolist() == [1, 1]
    nothing = share_differences(*_rows(one, one * 0), n_units=1, n_keys=2)
    assert np.isinf(nothing.error).all()


def test_all_against_none_takes_several_units_to_be_sure():
    def p(units):
        a = np.vstack([np.tile([9, 0], (units, 1)), np.zeros((units, 2), int)])
        found = share_differences(*_rows(a, a[::-1, ::-1]), n_units=2 * units, n_keys=2)
        return p_values(found.share_b - found.share_a, found.error, found.freedom)[0]

    assert p(2) > 0.05
    assert p(12) < 0.001


def test_shares_of_one_corpus():
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 50, 300)
    part = rng.binomial(sizes, rng.beta(2, 6, 300))
    unit = np.arange(300)
    share, low, high = unit_share(unit, part * 1.0, sizes * 1.0, 300)
    moved = share - (part.sum() - part) / (sizes.sum() - sizes)
    half = 1.968 * math.sqrt(np.square(moved).sum())
    assert (low, high) == pytest.approx((share - half, share + half), rel=0.01)
    none = unit_share(unit, part * 0.0, sizes * 1.0, 300)
    assert none[:2] == (0, 0)
    assert 0.005 < none[2] < 0.03
    full = unit_share(unit, sizes * 1.0, sizes * 1.0, 300)
    assert full[0] == full[2] == 1
    assert full[1] == pytest.approx(1 - none[2])
    assert unit_share(unit[:1], np.ones(1), np.ones(1) * 2, 1) == (0.5, 0.0, 1.0)
    assert math.isnan(unit_share(unit[:1], np.zeros(1), np.zeros(1), 1)[0])


def test_degrees_of_freedom():
    equal = np.ones(50)
    square = np.array([np.square(equal).sum()])
    assert degrees(square, square, 50)[0] == 48
    one = np.array([1.0])
    assert degrees(one, one, 50)[0] == pytest.approx(2 / (1 - 1 / 50))
    # Normal influences: as many degrees as units, about.
    x = np.random.default_rng(0).normal(size=2000)
    found = degrees(np.array([(x**2).sum()]), np.array([(x**4).sum()]), 2000)[0]
    assert found == pytest.approx(2000, rel=0.15)


def test_t_quantiles_and_p_values():
    assert t_bound(np.array([1.0, 10.0, 1e9])) == pytest.approx(
        [12.7062, 2.2281, 1.95996], abs=1e-4
    )
    p = p_values(np.array([2.2281, 0.0]), np.ones(2), np.array([10.0, 10.0]))
    assert p == pytest.approx([0.05, 1.0], abs=1e-5)


def test_benjamini_hochberg_by_hand():
    # The example of the 1995 paper: of 15 p-values four stand at 5 %.
    p = np.array([.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459,
                  .3240, .4262, .5719, .6528, .7590, 1.0])  # fmt: skip
    shuffled = np.random.default_rng(0).permutation(15)
    found = benjamini_hochberg(p[shuffled], 0.05)
    assert sorted(p[shuffled][found]) == p[:4].tolist()
    assert not benjamini_hochberg(np.zeros(0), 0.05).any()
