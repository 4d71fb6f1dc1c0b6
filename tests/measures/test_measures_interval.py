import math

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures import interval
from audit.measures.profile_diversity import (
    DIVERSITY_FACETS,
    MEASURES,
    Grouping,
    diversity_table,
)
from schemas.profile import TABLES


def test_wilson_interval_reference_values():
    # Agresti and Coull (1998): 0 of 10 and 5 of 10 at 95 %.
    none = interval.wilson_interval(0, 10)
    assert (none.low, none.high) == pytest.approx((0.0, 0.27753), abs=1e-5)
    half = interval.wilson_interval(5, 10)
    assert (half.low, half.high) == pytest.approx((0.23659, 0.76341), abs=1e-5)
    assert interval.wilson_interval(10, 10).high == 1
    assert math.isnan(interval.wilson_interval(0, 0).low)


def test_weights_are_draws_of_poisson_one():
    names = pa.array([f"site{i}.org" for i in range(20_000)])
    weights = interval.poisson_weights(interval.unit_hashes(names), 40)
    assert weights.mean() == pytest.approx(1, abs=0.005)
    assert weights.var() == pytest.approx(1, abs=0.01)
    zeros = (weights == 0).mean()
    assert zeros == pytest.approx(math.exp(-1), abs=0.003)
    # Neither units nor replicates are related.
    by_replicate = np.corrcoef(weights.T.astype(float))
    assert np.abs(by_replicate - np.eye(40)).max() < 0.04


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=30))
def test_a_unit_s_hash_depends_on_its_name_alone(names):
    together = interval.unit_hashes(pa.array(names, pa.string()))
    alone = [interval.unit_hashes(pa.array([n], pa.string()))[0] for n in names]
    assert together.tolist() == alone
    assert len(set(together.tolist())) == len(set(names))
    sliced = pa.array(["in front", *names, "behind"], pa.string()).slice(1, len(names))
    assert interval.unit_hashes(sliced).tolist() == alone


def test_weights_are_pinned():
    # A change here changes every published interval: raise the schema version with it.
    hashes = interval.unit_hashes(pa.array(["example.org", "", "part-1.jsonl#7"]))
    assert interval.poisson_weights(hashes, 12).tolist() == PINNED


PINNED = [
    [2, 0, 1, 2, 0, 0, 1, 0, 2, 1, 0, 3],
    [2, 0, 0, 1, 0, 2, 0, 1, 0, 2, 1, 2],
    [1, 2, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0],
]


def test_chunks_are_the_same_weights(monkeypatch):
    hashes = interval.unit_hashes(pa.array([f"u{i}" for i in range(50)]))
    whole = interval.poisson_weights(hashes, 30)
    assert np.array_equal(
        np.hstack(list(interval.weight_chunks(hashes, 30))), whole.astype(float)
    )
    parts = [interval.poisson_weights(hashes, 10, first=f) for f in (0, 20)]
    assert np.array_equal(parts[1], whole[:, 20:])
    other = interval.poisson_weights(hashes, 30, seed=1)
    assert not np.array_equal(other, whole)


def test_centred_interval_holds_the_value_and_keeps_its_bounds():
    found = interval.centred_interval(10.0, [6, 7, 8, 9, 7], positive=True)
    assert 0 < found.low < 10 < found.high
    shifted = interval.centred_interval(10.0, np.array([6, 7, 8, 9, 7]) - 100)
    assert (shifted.low, shifted.high) == pytest.approx(
        interval.centred_interval(10.0, [6, 7, 8, 9, 7])[1:]
    )
    assert 8 < shifted.low < 10 < shifted.high < 12
    cut = interval.centred_interval(0.99, [0.9, 0.99, 1.0], bounds=(0, 1))
    assert cut.high == 1
    assert math.isnan(interval.centred_interval(1.0, []).low)
    assert math.isnan(interval.centred_interval(math.nan, [1, 2, 3]).low)


def test_intervals_hold_the_truth_at_their_rate():
    # 300 corpora of 60 units drawn from one population: hill_1 of the expected mix
    # must lie in about 95 % of the intervals (percentile intervals of 60 heavy-tailed
    # units are a little short: 88 % is the floor here).
    rng = np.random.default_rng(5)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    truth = math.exp(-(shares * np.log(shares)).sum())
    inside = 0
    for trial in range(300):
        hashes = interval.unit_hashes(pa.array([f"{trial}/{i}" for i in range(60)]))
        sizes = rng.lognormal(3, 0.5, 60).astype(int) + 1
        counts = np.array(
            [rng.multinomial(n, rng.dirichlet(shares * 6)) for n in sizes]
        )
        weights = interval.poisson_weights(hashes, 200).astype(float)
        from audit.measures.diversity import hill

        found = interval.centred_interval(
            float(hill(counts.sum(axis=0), 1)),
            hill(weights.T @ counts, 1),
            positive=True,
        )
        inside += found.low <= truth <= found.high
    assert 0.88 <= inside / 300 <= 0.99


def _mix(rows):
    base = {name: None for name in TABLES["mix"].schema.names}
    numbers = dict.fromkeys(TABLES["mix"].additive, 0)
    full = [base | numbers | {"corpus": "c", "script": "Latn"} | row for row in rows]
    return pa.Table.from_pylist(full, schema=TABLES["mix"].schema)


def test_one_source_says_nothing_of_others():
    # Drawn again and again it gives one figure each time: certain only of itself.
    rows = [
        {"unit": "a.fr", "domain": "a.fr", "language": code, "documents": n}
        for code, n in (("fra", 60), ("bre", 40))
    ]
    small = {"unit": "b.fr", "domain": "b.fr", "language": "fra", "documents": 1}
    for extra in ([], [small]):
        table = pl.DataFrame(
            pl.from_arrow(
                diversity_table(
                    _mix(rows + extra), _culture([]), "c", {}, replicates=50
                )
            )
        )
        row = table.filter(facet="language", measure="hill_1", weight="documents")
        assert row["value"][0] == pytest.approx(1.96, abs=0.02)
        assert row["low"][0] is None
        assert row["high"][0] is None


@pytest.mark.parametrize(
    ("located", "value", "low", "high"),
    [([0, 0, 0, 0], 0.0, 0.0, 0.49), ([5, 5, 5, 5], 1.0, 0.51, 1.0)],
)
def test_a_located_share_at_the_edge_is_not_certain(located, value, low, high):
    rows = [
        {"unit": f"{n}.fr", "language": "fra", "documents": 5, "located_documents": k}
        for n, k in enumerate(located)
    ]
    table = diversity_table(_mix(rows), _culture([]), "c", {}, replicates=4)
    row = pl.DataFrame(pl.from_arrow(table)).filter(
        measure="located_share", weight="documents"
    )
    found = row.select("value", "low", "high").row(0)
    assert found == pytest.approx((value, low, high), abs=0.005)


def test_the_located_share_has_the_interval_of_its_sources(table):
    row = table.filter(measure="located_share", weight="documents").row(0, named=True)
    assert row["value"] == pytest.approx(3 / 15)
    # Three sources, and one holds all that is located: nearly nothing is known.
    assert row["low"] == 0
    assert row["high"] > 0.5


def _culture(rows):
    full = [{"corpus": "c", "language": "eng", "mentions": 1} | row for row in rows]
    return pa.Table.from_pylist(full, schema=TABLES["culture_mix"].schema)


@pytest.fixture(scope="module")
def table():
    mix = _mix(
        [
            {"unit": "a.fr", "domain": "a.fr", "country": "FR", "language": "fra",
             "documents": 6, "characters": 100, "located_documents": 3,
             "located_characters": 40},
            {"unit": "b.com", "domain": "b.com", "platform": "Reddit",
             "language": "eng", "documents": 3, "characters": 500},
            {"unit": "b.com", "domain": "b.com", "platform": "Reddit",
             "language": "bos", "documents": 1, "characters": 40},
            {"unit": "p#1", "domain": "", "language": "und", "documents": 5,
             "characters": 60},
        ]
    )  # fmt: skip
    culture = _culture(
        [
            {"unit": "a.fr", "culture": "FR", "documents": 2, "characters": 10},
            {"unit": "a.fr", "culture": "DE", "documents": 2, "characters": 10},
            {"unit": "b.com", "culture": "NG", "documents": 4, "characters": 30},
        ]
    )
    regions = {"FR": "Western Europe", "DE": "Western Europe", "NG": "Western Africa"}
    families = [Grouping({"fra": "ie", "eng": "ie", "bos": "ie"}, 0.5)]
    return pl.DataFrame(
        pl.from_arrow(
            diversity_table(
                mix, culture, "web", regions, families=families, replicates=20
            )
        )
    )


def _value(table, facet, measure, weight="documents"):
    row = table.filter(facet=facet, measure=measure, weight=weight)
    assert len(row) == 1
    return row["value"][0]


def test_every_facet_weight_and_measure_is_there_once(table):
    expected = {
        (facet, weight, measure)
        for facet in DIVERSITY_FACETS
        for weight in ("documents", "characters")
        for measure in MEASURES
    } | {
        (facet, weight, "hill_1_similarity")
        for facet in ("language", "culture")
        for weight in ("documents", "characters")
    }
    expected |= {("culture", w, "located_share") for w in ("documents", "characters")}
    found = table.select("facet", "weight", "measure").rows()
    assert set(found) == expected
    assert len(found) == len(expected)
    assert table["corpus"].unique().to_list() == ["web"]


def test_figures_by_hand(table):
    assert _value(table, "language", "hill_0") == 3  # und is no language
    assert _value(table, "language", "hill_inf") == pytest.approx(10 / 6)
    assert _value(table, "language", "hill_inf", "characters") == pytest.approx(
        640 / 500
    )
    assert _value(table, "domain", "hhi") == pytest.approx(0.36 + 0.16)
    assert _value(table, "platform", "hill_0") == 1
    assert _value(table, "source_country", "hill_1") == pytest.approx(1)
    assert _value(table, "region", "hill_2") == pytest.approx(2)
    assert _value(table, "culture", "hill_2") == pytest.approx(64 / 24)
    # f1 = 1, f2 = 0, n = 10: the corrected estimate takes the one singleton as covered.
    assert _value(table, "language", "coverage") == 1
    assert _value(table, "language", "hill_1_similarity") < _value(
        table, "language", "hill_1"
    )


def test_values_lie_in_their_intervals(table):
    known = table.drop_nulls()
    assert (known["low"] <= known["value"]).all()
    assert (known["value"] <= known["high"]).all()


def test_coverage_by_characters_weighs_the_singletons():
    rows = [
        {"unit": f"{i}.org", "domain": f"{i}.org", "language": "eng", "documents": n,
         "characters": 10 * n}
        for i, n in enumerate([1, 1, 1, 2, 15])
    ]  # fmt: skip
    rows[0]["characters"] = 5_000
    result = diversity_table(_mix(rows), _culture([]), "c", {}, replicates=8)
    frame = pl.DataFrame(pl.from_arrow(result))
    by_documents = _value(frame, "domain", "coverage")
    factor = 19 * 3 / (19 * 3 + 2)
    assert by_documents == pytest.approx(1 - 3 / 20 * factor)
    by_characters = _value(frame, "domain", "coverage", "characters")
    assert by_characters == pytest.approx(1 - 5_020 / 5_190 * factor)


def test_an_empty_facet_has_no_diversity_and_says_so():
    result = diversity_table(_mix([]), _culture([]), "c", {}, replicates=8)
    frame = pl.DataFrame(pl.from_arrow(result))
    assert _value(frame, "culture", "hill_1") == 0
    assert _value(frame, "culture", "hhi") is None
    assert frame["low"].null_count() == len(frame)


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(2)
    rows = [
        {"unit": f"u{i % 9}", "domain": f"u{i % 9}", "language": f"l{i % 5}",
         "documents": int(rng.integers(1, 50)),
         "characters": int(rng.integers(1, 5000))}
        for i in range(40)
    ]  # fmt: skip
    one = diversity_table(_mix(rows), _culture([]), "c", {}, replicates=16)
    two = diversity_table(_mix(rows[::-1]), _culture([]), "c", {}, replicates=16)
    assert one.equals(two)
