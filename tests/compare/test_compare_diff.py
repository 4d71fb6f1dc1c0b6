import hashlib
import json
import zlib

import numpy as np
import polars as pl
import pytest
from profiles_factory import (
    LANGUAGES,
    culture_tables,
    make_profile,
    with_culture_tables,
    write_overlap,
)

from audit.compare.diff import ALPHA, compare
from audit.compare.equal import equal_coverage
from audit.compare.load import Profile, load_profile, load_profiles
from audit.errors import ProfileError
from audit.measures.facets import FACETS


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def base(out):
    folder = make_profile(out, "base", 3, domains=400, documents=30_000, replicates=4)
    return load_profile(with_culture_tables(folder))


def _part(profile, label, keep):
    """Return a profile of the rows whose unit is kept, in memory."""
    tables = {}
    for name in ("mix", "culture_mix"):
        table = profile.table(name)
        units = table["unit"].to_pylist()
        tables[name] = table.filter([keep(unit) for unit in units])
    for name in ("summary", "culture"):
        tables[name] = profile.table(name)
    tables |= culture_tables(tables["culture_mix"], tables["mix"])
    return Profile(
        profile.folder, profile.corpus, label, profile.metadata, _tables=tables
    )


def test_identical_profiles_give_no_finding(base):
    twin = Profile(base.folder, base.corpus, "twin", base.metadata)
    found = compare([base, twin])
    assert found.findings == []
    assert found.tested == 0
    assert {row["table"] for row in found.figures} >= {"outward", "coverage", "summary"}
    for row in found.figures:
        gap = row["differences"]["twin"]
        assert gap["difference"] in (0, None)
        if gap["difference"] == 0 and gap["low"] is not None:
            assert gap["low"] <= 0 <= gap["high"]
    assert all(row["jsd"] == 0 for row in found.divergence)
    assert all(row["beta"] == pytest.approx(1) for row in found.distinct)


def test_halves_of_one_corpus_give_findings_at_the_stated_rate_only(base):
    alarms = 0
    for split in range(200):
        # Not a CRC: of two salts it gives the same halves, or the same ones swapped.
        salt = f"{split}:".encode()

        def first(unit, salt=salt):
            return hashlib.blake2b(salt + unit.encode()).digest()[0] & 1 == 0

        halves = [
            _part(base, "a", first),
            _part(base, "b", lambda unit, first=first: not first(unit)),
        ]
        found = compare(halves)
        assert found.tested > 50
        alarms += bool(found.findings)
    # 200 draws at 5 %: 99.9 % of the time at most 20 alarms.
    assert alarms <= 20, alarms


def test_a_planted_shift_of_five_points_is_found(tmp_path, out):
    shifted = LANGUAGES | {"eng": LANGUAGES["eng"] - 0.05, "yor": 0.08}
    make_profile(tmp_path, "a", 1, domains=3_000, documents=60_000, replicates=4)
    make_profile(
        tmp_path, "b", 2, domains=3_000, documents=60_000, languages=shifted,
        replicates=4,
    )  # fmt: skip
    found = compare(load_profiles([tmp_path]))
    planted = [f for f in found.findings if f["key"] == "yor"]
    assert {f["measure"] for f in planted} == {"share.documents", "share.characters"}
    assert all(f["low"] <= 0.05 <= f["high"] for f in planted)
    assert all(f["low"] > 0 for f in planted)
    first = found.findings[0]
    assert set(first) >= {
        "facet", "key", "measure", "a", "b", "difference", "low", "high"
    }  # fmt: skip
    order = [f["importance"] for f in found.findings]
    assert order == sorted(order, reverse=True)
    assert found.alpha == ALPHA


def test_a_source_that_both_hold_is_judged_by_its_documents(tmp_path):
    folder = make_profile(tmp_path, "a", 1, domains=300, documents=40_000, replicates=4)
    profile = load_profile(folder)
    mix = profile.frame("mix")
    largest = mix.filter(pl.col("domain") != "").group_by("domain").agg(
        pl.col("documents").sum()
    ).sort("documents")["domain"][-1]  # fmt: skip
    doubled = mix.with_columns(
        documents=pl.when(pl.col("domain") == largest)
        .then(pl.col("documents") * 2)
        .otherwise("documents")
    )
    other = Profile(
        folder,
        "a",
        "b",
        profile.metadata,
        _tables={"mix": doubled.to_arrow().cast(profile.table("mix").schema)},
    )
    found = compare([profile, other]).findings
    assert next(f["key"] for f in found if f["facet"] == "domain") == largest
    # One site is no evidence that the corpus as a whole changed its languages.
    assert [f for f in found if f["facet"] == "language"] == []


def test_shares_are_what_a_query_of_the_tables_gives(base, tmp_path):
    other = load_profile(
        make_profile(tmp_path, "other", 9, domains=50, documents=3_000, replicates=4)
    )
    found = compare([base, other])
    for row in found.facets["language"]:
        for profile in (base, other):
            frame = profile.frame("language")
            for weight in ("documents", "characters"):
                mine = frame.filter(language=row["key"])[weight].sum()
                assert row["shares"][weight][profile.label] == pytest.approx(
                    mine / frame[weight].sum()
                )
    assert set(found.facets) == {*FACETS, "culture_category"}
    for name in ("script", "region", "culture", "culture_category", "platform"):
        total = sum(row["shares"]["documents"]["base"] for row in found.facets[name])
        assert total == pytest.approx(1)


def test_keys_that_appear_or_vanish_are_marked(tmp_path):
    make_profile(tmp_path, "a", 1, languages={"eng": 0.7, "hau": 0.3}, replicates=4)
    make_profile(tmp_path, "b", 2, languages={"eng": 0.7, "amh": 0.3}, replicates=4)
    found = compare(load_profiles([tmp_path]))
    status = {row["key"]: row["status"]["b"] for row in found.facets["language"]}
    assert status == {"eng": "in both", "hau": "vanishes", "amh": "appears"}
    assert {"amh", "hau"} <= {f["key"] for f in found.findings[:6]}


def test_three_profiles_are_held_against_the_first(tmp_path, out):
    for number, name in enumerate("abc"):
        make_profile(tmp_path, name, number, domains=40, documents=900, replicates=4)
    write_overlap(tmp_path, [{"corpus_a": "a", "corpus_b": "c"}])
    found = compare(load_profiles([tmp_path]))
    pairs = {(row["profile_a"], row["profile_b"]) for row in found.divergence}
    assert pairs == {("a", "b"), ("a", "c"), ("b", "c")}
    assert found.overlap[0]["corpus_b"] == "c"
    assert len(found.profiles) == 3
    as_json = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert list(as_json)[:4] == ["profiles", "facets", "findings", "divergence"]
    assert all(1 <= row["beta"] <= 3 + 1e-9 for row in found.distinct if row["gamma"])


def test_noise_of_the_divergence_is_about_what_halves_show(base):
    halves = [
        _part(base, "a", lambda u: zlib.crc32(u.encode()) & 1 == 0),
        _part(base, "b", lambda u: zlib.crc32(u.encode()) & 1 == 1),
    ]
    rows = compare(halves).divergence
    for row in rows:
        if row["facet"] in ("language", "script", "source_country", "domain"):
            assert 0.2 <= row["jsd"] / row["jsd_noise"] <= 4, row
            assert row["jsd_above_noise"] >= 0


def test_diversity_is_compared_at_equal_coverage(base):
    small = _part(base, "small", lambda u: zlib.crc32(u.encode()) % 5 == 0)
    rows = compare([base, small]).diversity
    domain = next(
        r for r in rows
        if (r["facet"], r["weight"], r["measure"]) == ("domain", "documents", "hill_0")
    )  # fmt: skip
    assert domain["counted"]["base"] > 3 * domain["counted"]["small"]
    assert 0 < domain["coverage"] <= 1
    by_characters = next(r for r in rows if r["weight"] == "characters")
    assert by_characters["at_equal_coverage"] is None


def test_one_profile_is_no_comparison(base):
    with pytest.raises(ProfileError, match="at least two"):
        compare([base])


def test_profiles_without_cultures_compare(tmp_path):
    for number, name in enumerate("ab"):
        make_profile(
            tmp_path, name, number, located=0.0, domains=9, documents=90, replicates=4
        )
    found = compare(load_profiles([tmp_path]))
    assert found.facets["culture"] == []
    json.dumps(found.as_dict(), allow_nan=False)
    assert np.isfinite([f["importance"] for f in found.findings]).all()


def test_equal_coverage_takes_the_larger_corpus_down_to_the_smaller():
    rng = np.random.default_rng(3)
    shares = 1 / np.arange(1, 3_001)
    shares /= shares.sum()
    small, large = (rng.multinomial(n, shares) for n in (2_000, 40_000))
    base, (one, two) = equal_coverage([small, large])
    assert 0.5 < base < 0.95
    assert one[0] == np.count_nonzero(small)
    assert np.count_nonzero(large) > 1.5 * one[0]
    assert two[0] == pytest.approx(one[0], rel=0.15)
    empty = equal_coverage([small * 0, large])[1][0]
    assert empty == {0: 0.0, 1: 0.0, 2: 0.0}
