import json
import math

import numpy as np
import polars as pl
import pytest
from profiles_factory import make_profile

from audit.compare.filtering import filter_view
from audit.compare.load import Profile, load_profile
from audit.errors import ProfileError
from audit.measures.survival import survival


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    return load_profile(
        make_profile(folder, "before", 3, domains=600, documents=40_000, replicates=4)
    )


def _filtered(profile, rates, seed=1):
    """Keep each row's documents at its language's rate."""
    rng = np.random.default_rng(seed)
    tables = {}
    for name in ("mix", "culture_mix"):
        frame = profile.frame(name)
        rate = frame["language"].replace_strict(rates, default=0.9).to_numpy()
        # Sites differ: the odds of a whole site move together.
        unit = frame["unit"].hash(seed).to_numpy() / 2.0**64
        rate = 1 / (1 + (1 - rate) / rate * np.exp(1.5 * (unit - 0.5)))
        kept = rng.binomial(frame["documents"].to_numpy(), rate)
        part = kept / np.maximum(frame["documents"].to_numpy(), 1)
        frame = frame.with_columns(
            documents=pl.Series(kept, dtype=pl.Int64),
            characters=(pl.col("characters") * pl.Series(part)).cast(pl.Int64),
        )
        tables[name] = frame.to_arrow().cast(profile.table(name).schema)
    summary = profile.frame("summary").with_columns(
        documents=pl.lit(tables["mix"]["documents"].to_numpy().sum())
    )
    tables["summary"] = summary.to_arrow().cast(profile.table("summary").schema)
    return Profile(profile.folder, "after", "after", profile.metadata, _tables=tables)


def test_the_erased_language_comes_first_and_is_named(before):
    view = filter_view(before, _filtered(before, {"eng": 0.93, "yor": 0.41}))
    groups = [g for g in view.groups if g["facet"] == "language"]
    assert groups[0]["key"] == "yor"
    sure = [g["beyond_noise"] and g["odds_ratio"] < 1 for g in view.groups]
    assert any(sure)
    assert sure == sorted(sure, reverse=True)
    assert groups[0]["beyond_noise"]
    assert groups[0]["odds_high"] < 1
    assert groups[0]["low"] <= 0.41 + 0.03
    assert groups[0]["high"] >= 0.41 - 0.03
    assert "of eng and" in view.sentence
    assert "of yor (" in view.sentence
    row = next(g for g in groups if g["key"] == "eng")
    assert row["survival"] == pytest.approx(row["after"] / row["before"])
    assert {g["facet"] for g in view.groups} >= {
        "language", "script", "domain", "platform", "source_country", "culture",
        "category", "culture_category",
    }  # fmt: skip
    json.dumps(view.as_dict(), allow_nan=False)


def test_a_filter_that_is_fair_erases_no_language(before):
    alarms = 0
    for seed in range(40):
        fair = dict.fromkeys(before.frame("language")["language"], 0.7)
        view = filter_view(before, _filtered(before, fair, seed))
        alarms += any(
            g["beyond_noise"] for g in view.groups if g["facet"] == "language"
        )
    assert alarms <= 6


def test_a_filter_that_removes_nothing(before):
    view = filter_view(before, before)
    assert not any(g["beyond_noise"] for g in view.groups)
    assert "no language is erased" in view.sentence
    assert all(g["survival"] == 1 for g in view.groups)


def test_the_wrong_order_is_refused(before):
    after = _filtered(before, {})
    with pytest.raises(ProfileError, match="BEFORE first"):
        filter_view(after, before)


def test_odds_ratios_by_hand():
    unit = np.repeat(np.arange(30), 2)
    key = np.tile([0, 1], 30)
    before = np.full(60, 10.0)
    after = np.tile([9.0, 3.0], 30)
    after[::4] -= 1
    found = survival(unit, key, before, after, n_units=30, n_keys=2)
    kept = found.after
    assert found.rate.tolist() == pytest.approx((kept / 300).tolist())
    odds = (kept[1] / (300 - kept[1])) / (kept[0] / (300 - kept[0]))
    assert found.odds_ratio[1] == pytest.approx(odds)
    assert found.odds_low[1] < odds < found.odds_high[1]
    assert (found.low <= found.rate).all()
    assert (found.rate <= found.high).all()
    assert found.p[1] < 1e-6


def test_a_group_of_one_source_has_no_interval_and_an_erased_one_has():
    unit = np.arange(12)
    key = np.array([0] + [1] * 5 + [2] * 6)
    before = np.full(12, 10.0)
    after = np.array([5.0] + [0.0] * 5 + [9.0, 8, 9, 10, 9, 8])
    found = survival(unit, key, before, after, n_units=12, n_keys=3)
    assert math.isnan(found.odds_low[0])
    assert found.p[0] == 1
    assert found.rate[1] == 0
    assert found.odds_high[1] < 0.5
    alone = survival(unit, key, before, after, n_units=12, n_keys=3, single=True)
    assert alone.low[0] == pytest.approx(0.2246, abs=0.01)


def test_a_gap_that_may_be_noise_is_said_with_its_doubt(tmp_path):
    languages = {"eng": 0.8, "yor": 0.2}
    folder = make_profile(tmp_path, "few", 3, domains=9, documents=60,
                          languages=languages, replicates=4)  # fmt: skip
    profile = load_profile(folder)
    view = filter_view(profile, _filtered(profile, {"eng": 0.9, "yor": 0.7}, 2))
    assert "which is not beyond noise for the sources" in view.sentence
    ratios = [g["odds_ratio"] < 1 for g in view.groups if not g["beyond_noise"]]
    assert ratios == sorted(ratios, reverse=True)


def test_units_that_happen_to_agree_prove_nothing():
    unit, key = np.arange(6), np.array([0, 0, 1, 1, 1, 1])
    before = np.array([2.0, 2, 20, 20, 20, 20])
    after = np.array([1.0, 1, 17, 18, 18, 17])
    found = survival(unit, key, before, after, n_units=6, n_keys=2)
    assert found.low[0] < 0.2
    assert found.high[0] > 0.8
    assert found.p[0] > 0.05
