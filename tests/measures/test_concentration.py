"""Concentration against its definition, one key at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.measures.concentration import (
    CONCENTRATED,
    LORENZ_PLACES,
    concentration_of,
    concentration_table,
)
from schemas.profile import TABLES

sizes = st.lists(st.integers(0, 50) | st.integers(0, 10**9), max_size=40)


@settings(deadline=None)
@given(sizes, st.integers(0, 1000))
def test_measures_are_their_definitions(values, without):
    held = sum(values)
    row = concentration_of(np.array(values, np.int64), held + without)
    keys = sorted((v for v in values if v), reverse=True)
    n = len(keys)
    assert (row["keys"], row["unattributed"]) == (n, without)
    whole = max(held + without, 1)
    for name, k in {"top_1_share": 1, "top_10_share": 10, "top_100_share": 100,
                    "top_tenth_share": math.ceil(n / 10)}.items():  # fmt: skip
        assert row[name] == pytest.approx(sum(keys[:k]) / whole, rel=1e-9)
    if not keys:
        assert "hhi" not in row
        return
    shares = [key / held for key in keys]
    entropy = -sum(p * math.log(p) for p in shares)
    assert row["hill_1"] == pytest.approx(math.exp(entropy), rel=1e-8)
    assert row["hhi"] == pytest.approx(sum(p * p for p in shares), rel=1e-8)
    assert row["hill_2"] == pytest.approx(1 / row["hhi"], rel=1e-8)
    assert row["hill_inf"] == pytest.approx(1 / shares[0], rel=1e-8)
    # Gini as the mean absolute difference over twice the mean.
    gap = sum(abs(a - b) for a in shares for b in shares) / (2 * n)
    assert row["gini"] == pytest.approx(gap, abs=1e-8)


@settings(deadline=None)
@given(sizes.filter(any))
def test_the_lorenz_curve_rises_ever_steeper_and_bounds_gini(values):
    row = concentration_of(np.array(values, np.int64), sum(values))
    curve = np.array(row["lorenz"])
    assert (curve[0], curve[-1]) == (0, 1)
    slopes = np.diff(curve) / np.diff(LORENZ_PLACES)
    assert (np.diff(slopes) > -1e-4).all()
    # The points lie on the curve, so the area under their chords is no smaller.
    area = float(np.diff(LORENZ_PLACES) @ (curve[1:] + curve[:-1])) / 2
    assert 1 - 2 * area <= row["gini"] + 1e-9
    # A whole number of keys: the curve is there what the smallest keys hold.
    n = row["keys"]
    ordered = np.sort([v for v in values if v])
    for place, share in zip(LORENZ_PLACES, curve, strict=True):
        if abs(place * n - round(place * n)) < 1e-9:
            part = ordered[: round(place * n)].sum() / ordered.sum()
            assert share == pytest.approx(part, abs=1e-9)


def _mix(rows):
    import pyarrow as pa

    keys = TABLES["mix"].keys
    full = [dict.fromkeys(keys, None) | {"domain": ""} | row for row in rows]
    fields = [pa.field(key, pa.string()) for key in keys]
    fields += [pa.field(name, pa.int64()) for name in TABLES["mix"].additive]
    counts = dict.fromkeys(TABLES["mix"].additive, 1)
    return pa.Table.from_pylist([counts | row for row in full], pa.schema(fields))


def test_each_language_is_a_scope_of_its_own():
    table = concentration_table(
        _mix(
            [
                {"domain": "a.com", "platform": "A", "operator": "Z", "language": "eng",
                 "documents": 30, "characters": 10},
                {"domain": "b.com", "platform": "B", "operator": "Z", "language": "eng",
                 "documents": 10, "characters": 10},
                {"domain": "b.com", "platform": "B", "operator": "Z", "language": "swh",
                 "documents": 20, "characters": 80},
                {"language": "swh", "documents": 20, "characters": 20},
                {"domain": "c.com", "language": "tur", "documents": 19},
            ]
        )
    )  # fmt: skip
    rows = {(r["facet"], r["language"], r["weight"]): r for r in table.to_pylist()}
    assert {key[1] for key in rows} == {"", "eng", "swh"}
    assert {key[0] for key in rows} == set(CONCENTRATED)
    whole = rows["domain", "", "documents"]
    assert (whole["total"], whole["unattributed"], whole["keys"]) == (99, 20, 3)
    assert whole["top_1_share"] == pytest.approx(30 / 99)
    inside = rows["domain", "swh", "documents"]
    assert (inside["total"], inside["unattributed"], inside["keys"]) == (40, 20, 1)
    assert (inside["top_1_share"], inside["hhi"]) == (0.5, 1)
    assert rows["domain", "swh", "characters"]["top_1_share"] == 0.8
    assert rows["platform", "eng", "characters"]["hill_1"] == pytest.approx(2)
    # Two platforms of one operator are one hand.
    assert rows["operator", "eng", "documents"]["hill_1"] == pytest.approx(1)
    assert rows["category", "", "documents"]["hhi"] is None


def test_no_documents_no_figures():
    table = concentration_table(_mix([]))
    assert table.column("total").to_pylist() == [0] * 2 * len(CONCENTRATED)
    assert table.column("gini").null_count == table.num_rows
