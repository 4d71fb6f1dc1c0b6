"""Languages beside the model's errors and the world's speakers."""

from __future__ import annotations

import pyarrow as pa
import pytest

from audit.fold.estimates import language_estimates
from audit.resources.speakers import speakers

NO_LANGUAGE = ("und", "zxx", "mul", "mis")
ESTIMATED = ("estimated_share", "estimated_low", "estimated_high")
COUNTS = {"eng": 600, "swh": 150, "zul": 3, "cmn": 200, "und": 400, "zxx": 300}


def language_table(counts: dict[str, int]) -> pa.Table:
    """Return what estimates read of a ``language`` table, scripts apart."""
    n = len(counts)
    key = {"corpus": ["c"] * n, "language": list(counts), "script": ["Latn"] * n}
    return pa.table(key | {"documents": pa.array(counts.values(), pa.int64())})


def rows_of(counts: dict[str, int], *, packaged: bool = True) -> dict[str, dict]:
    table = language_estimates(language_table(counts), packaged_model=packaged)
    return {row["language"]: row for row in table.to_pylist()}


def test_shares_and_estimated_shares_sum_to_one():
    rows = rows_of(COUNTS)
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    estimated = [row["estimated_share"] for row in rows.values()]
    assert sum(e for e in estimated if e is not None) == pytest.approx(1)
    for row in rows.values():
        if row["estimated_share"] is not None:
            low, high = row["estimated_low"], row["estimated_high"]
            assert 0 <= low <= row["estimated_share"] <= high <= 1


def test_no_language_is_no_part_of_the_estimate():
    rows = rows_of(COUNTS)
    for code in ("und", "zxx"):
        assert rows[code]["documents"] == COUNTS[code]
        assert rows[code]["share"] == pytest.approx(COUNTS[code] / 1653)
        for name in (*ESTIMATED, "explained_by_confusion", "expected_share", "ratio"):
            assert rows[code][name] is None
    without = rows_of({k: v for k, v in COUNTS.items() if k not in NO_LANGUAGE})
    for code in ("eng", "swh", "cmn"):
        for name in ESTIMATED:
            assert rows[code][name] == without[code][name]


def test_a_corpus_without_language_is_estimated_as_nothing():
    rows = rows_of({"zxx": 12, "und": 1})
    assert rows["zxx"]["estimated_share"] is None
    assert {r["estimated_share"] for k, r in rows.items() if k not in NO_LANGUAGE} == {
        0.0
    }


def test_absent_large_languages_have_rows():
    rows = rows_of({"eng": 5})
    world = speakers().to_pylist()[:100]
    assert len(rows) == 100
    for language in world:
        row = rows[language["language"]]
        assert row["documents"] == (5 if language["language"] == "eng" else 0)
        assert row["speakers"] == language["speakers"]
        assert row["expected_share"] > 0
        assert row["ratio"] == pytest.approx(row["share"] / row["expected_share"])


def test_only_real_languages_may_be_explained_by_confusion():
    # Bosnian beside a great deal of Croatian is what the model's errors would give.
    rows = rows_of({"hrv": 4000, "bos": 12, "swh": 3000, "und": 10_000})
    assert rows["bos"]["explained_by_confusion"] is True
    assert rows["swh"]["explained_by_confusion"] is False
    assert rows["hrv"]["explained_by_confusion"] is False
    assert rows["und"]["explained_by_confusion"] is None


def test_other_models_have_no_estimate():
    rows = rows_of(COUNTS, packaged=False)
    assert rows["eng"]["share"] > 0
    for row in rows.values():
        for name in (*ESTIMATED, "explained_by_confusion"):
            assert row[name] is None
