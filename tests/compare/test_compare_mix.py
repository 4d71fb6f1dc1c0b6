import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles_factory import make_profile

from audit.compare.load import load_profiles
from audit.compare.mix import best_mix
from audit.compare.optimum import MixProblem, cheapest, optimality_gap, solve_mix
from audit.compare.recipe import recipe_counts
from audit.compare.targets import read_target, target_shares
from audit.errors import ConfigError


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    plans = {
        "english": {"eng": 1.0},
        "french": {"fra": 0.9, "eng": 0.1},
        "african": {"yor": 0.5, "hau": 0.3, "eng": 0.2},
    }
    for number, (name, languages) in enumerate(plans.items()):
        make_profile(out, name, number, languages=languages, purity=0.5, domains=60,
                     documents=3000 * (4 - number), replicates=4)  # fmt: skip
    return load_profiles([out / name for name in plans])


def _weights(result):
    return {row["label"]: row["weight"] for row in result.corpora}


def _shares(profile):
    frame = profile.frame("language").group_by("language")
    rows = frame.agg(pl.col("characters").sum()).rows()
    total = sum(n for _, n in rows)
    return {key: n / total for key, n in rows}


def test_a_target_that_can_be_met_is_met(three):
    wanted = {"english": 0.2, "french": 0.5, "african": 0.3}
    target = {}
    for profile in three:
        for key, share in _shares(profile).items():
            target[key] = target.get(key, 0) + wanted[profile.label] * share
    result = best_mix(three, target)
    assert result.objective == pytest.approx(0, abs=1e-6)
    assert result.gap <= 1e-6
    for label, weight in _weights(result).items():
        assert weight == pytest.approx(wanted[label], abs=5e-3)
    predicted = {row["key"]: row["share"] for row in result.predicted}
    assert predicted == pytest.approx(target, abs=5e-3)


def test_a_macrolanguage_in_a_target_is_parted_by_speakers():
    keys = ["cmn", "eng", "swc", "swh", "yue"]
    inside = np.ones(len(keys), bool)
    goal, _, out_of_reach = target_shares(
        {"swa": 0.4, "eng": 0.3, "ara": 0.2, "yue": 0.1}, keys, inside, "language"
    )
    assert out_of_reach == pytest.approx(0.2)
    shares = dict(zip(keys, goal * 0.8, strict=True))
    assert shares["swc"] + shares["swh"] == pytest.approx(0.4)
    assert shares["swh"] > shares["swc"] >= 0
    assert (shares["eng"], shares["yue"], shares["cmn"]) == pytest.approx((0.3, 0.1, 0))
    alone, _, _ = target_shares({"swa": 1.0}, ["eng", "swc"], inside[:2], "language")
    assert alone.tolist() == [0, 1]
    with pytest.raises(ConfigError, match="one share"):
        target_shares({"swa": 1.0, "swh": 1.0}, keys, inside, "language")
    # Codes of other facets stand for themselves.
    goal, _, _ = target_shares({"swa": 1.0}, ["swa"], inside[:1], "platform")
    assert goal.tolist() == [1]


def test_diversity_beats_every_other_mix_on_a_grid(three):
    result = best_mix(three, "diversity")
    shares = [_shares(p) for p in three]
    keys = sorted({k for s in shares for k in s})
    matrix = np.array([[s.get(k, 0) for k in keys] for s in shares])
    for a in np.linspace(0, 1, 21):
        for b in np.linspace(0, 1 - a, 21):
            m = np.array([a, b, 1 - a - b]) @ matrix
            m = m[m > 0]
            assert -(m * np.log2(m)).sum() <= result.objective + 1e-6
    assert result.effective == pytest.approx(2**result.objective)
    assert result.effective > result.effective_by_size


def test_uniform_and_speakers_come_nearer_than_mixing_by_size(three):
    for target in ("uniform", "speakers"):
        result = best_mix(three, target)
        assert result.objective < result.by_size
        assert sum(_weights(result).values()) == pytest.approx(1)
    assert 0 < best_mix(three, "speakers").unreachable < 1
    assert best_mix(three, "uniform").unreachable == 0


def test_epochs_and_bounds_bind_and_say_so(three):
    sizes = {p.label: p.frame("mix")["characters"].sum() for p in three}
    budget = int(sum(sizes.values()))
    result = best_mix(three, "diversity", budget=budget, max_epochs=1.5,
                      bounds={"english": (0.4, 1.0)})  # fmt: skip
    rows = {row["label"]: row for row in result.corpora}
    assert rows["african"]["binds"] == "epochs"
    assert rows["african"]["epochs"] == pytest.approx(1.5)
    assert rows["african"]["marginal"] > 0
    assert rows["english"]["binds"] == "least"
    assert rows["english"]["marginal"] < 0
    assert sum(row["amount"] for row in rows.values()) == pytest.approx(budget, abs=3)
    assert all(row["epochs"] <= 1.5 + 1e-9 for row in rows.values())
    json.dumps(result.as_dict(), allow_nan=False)


def test_the_worth_of_a_corpus_is_what_the_mix_loses_without_it(three):
    result = best_mix(three, "diversity")
    rows = {row["label"]: row for row in result.corpora}
    without = best_mix([p for p in three if p.label != "african"], "diversity")
    assert rows["african"]["worth"] == pytest.approx(
        result.objective - without.objective, abs=1e-5
    )
    alone = best_mix(three[:1], "diversity")
    assert alone.corpora[0]["worth"] is None
    assert alone.corpora[0]["weight"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": "even"}, "'uniform', 'speakers'"),
        ({"target": {"xxx": 1.0}}, "at least one key"),
        ({"target": "speakers", "facet": "script"}, "target for languages"),
        ({"target": "uniform", "facet": "tongue"}, "a facet is one of"),
        ({"target": "uniform", "unit": "tokens"}, "counted in"),
        ({"target": "uniform", "facet": "culture", "unit": "words"}, "counted in"),
        ({"target": "uniform", "max_epochs": 2}, "needs a budget"),
        ({"target": "uniform", "budget": 0}, "above 0"),
        ({"target": "uniform", "bounds": {"x": (0, 1)}}, "name a corpus"),
        ({"target": "uniform", "bounds": {"french": (0.5, 0.1)}}, "least <= most"),
        ({"target": "uniform", "bounds": {"french": (0.7, 1), "english": (0.7, 1)}},
         "sum to 1.4"),
        ({"target": "uniform", "budget": 10**12, "max_epochs": 1}, "at most"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(three, arguments, words):
    with pytest.raises(ConfigError, match=words):
        best_mix(three, **arguments)


def test_targets_are_read_from_tables(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("language,share\neng,0.5\nyor, 2\n\n")
    assert read_target(path) == {"eng": 0.5, "yor": 2.0}
    for bad in ("eng,0.5\nfra,x\n", "eng,-1\n", "eng,1\neng,2\n"):
        path.write_text(bad)
        with pytest.raises(ConfigError, match="line"):
            read_target(path)
    for name, text in (("t.json", '{"eng": 1, "yor": 2}'), ("t.toml", "eng=1\nyor=2")):
        (tmp_path / name).write_text(text)
        assert read_target(tmp_path / name) == {"eng": 1.0, "yor": 2.0}
    for name, text in (("t.json", "{"), ("t.toml", "=1"), ("t.json", "[1]"),
                       ("t.json", '{"eng": "x"}')):  # fmt: skip
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigError):
            read_target(tmp_path / name)
    with pytest.raises(ConfigError, match="readable file"):
        read_target(tmp_path / "none.csv")


def test_simulated_and_recomputed_mixes_agree_exactly(three):
    epochs = [2, 0, 3]
    cases = {"language": "words", "domain": "documents", "culture": "characters",
             "region": "documents"}  # fmt: skip
    for facet, unit in cases.items():
        table = "mix" if facet in ("language", "domain") else "culture_mix"
        frames = [
            p.frame(table) for p, n in zip(three, epochs, strict=True) for _ in range(n)
        ]
        whole = pl.concat(frames)
        if facet == "region":
            regions = dict(
                pl.concat(p.frame("culture") for p in three)
                .select("culture", "region").unique().iter_rows()
            )  # fmt: skip
            whole = whole.with_columns(region=pl.col("culture").replace(regions))
        counted = dict(whole.group_by(facet).agg(pl.col(unit).sum()).iter_rows())
        keys, counts = recipe_counts(three, facet, unit)
        mixed = dict(zip(keys, (np.array(epochs) @ counts).tolist(), strict=True))
        assert {key: n for key, n in mixed.items() if n} == counted


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 12), st.integers(2, 30), st.integers(0, 10_000), st.booleans())
def test_the_solver_proves_its_answer(corpora, keys, seed, to_target):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(keys, 0.2), corpora)
    high = np.maximum(rng.uniform(0, 1, corpora), 1.2 / corpora)
    low = rng.uniform(0, 0.5 / corpora, corpora)
    target = rng.dirichlet(np.full(keys, 0.3)) if to_target else None
    problem = MixProblem(shares, np.ones(keys, bool), target, low, high)
    weights, gap = solve_mix(problem)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= low - 1e-12).all()
    assert (weights <= high + 1e-12).all()
    assert gap <= 1e-4
    for i in range(corpora):
        step = np.eye(corpora)[i] * 1e-7
        inner = np.maximum(weights, 1e-3)
        rise = (problem.value(inner + step) - problem.value(inner - step)) / 2e-7
        assert problem.gradient(inner)[i] == pytest.approx(rise, rel=1e-3, abs=1e-5)
    for _ in range(20):
        other = cheapest(rng.normal(size=corpora), low, high)
        blend = 0.5 * other + 0.5 * weights
        assert problem.value(weights) <= problem.value(blend) + gap + 1e-12
    assert optimality_gap(problem, weights) == pytest.approx(gap, abs=1e-12)
    assert math.isfinite(problem.value(weights))
