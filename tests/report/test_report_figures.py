"""Numbers in words: never a false zero, never a false hundred, never too wide."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.report.figures import (
    Estimate,
    compact,
    count,
    effective,
    interval,
    isolated,
    percent,
    points,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (950, "950"), (999.6, "1.00k"), (12_345, "12.3k"), (999_949, "1.00M"),
     (1_049_999, "1.05M"), (2.5e9, "2.50B"), (7e13, "70.0T"), (None, "–")],
)  # fmt: skip
def test_compact_counts(value: float | None, text: str) -> None:
    assert compact(value) == text


@settings(deadline=None)
@given(st.integers(0, 10**14))
def test_compact_counts_are_short_and_near(value: int) -> None:
    text = compact(value)
    assert len(text) <= 5
    units = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    read = float(text.rstrip("kMBT")) * units.get(text[-1], 1)
    assert math.isclose(read, value, rel_tol=0.006)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (1e-7, "<0.001%"), (0.00012, "0.012%"), (0.0034, "0.34%"),
     (0.0123, "1.2%"), (0.64149, "64.1%"), (0.99996, "99.9%"), (1.0, "100%"),
     (math.nan, "–"), (None, "–")],
)  # fmt: skip
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


@settings(deadline=None)
@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_percent_never_says_nothing_or_all_of_a_part(share: float) -> None:
    text = percent(share)
    assert text not in ("0%", "0.0%", "0.00%", "0.000%", "100%", "100.0%")
    if not text.startswith("<"):
        assert math.isclose(float(text[:-1]) / 100, share, rel_tol=0.06, abs_tol=6e-4)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1, "1.00"), (2.714, "2.71"), (9.996, "10.0"), (45.26, "45.3"),
     (99.96, "100"), (1234.4, "1,234"), (math.nan, "–"), (None, "–")],
)  # fmt: skip
def test_effective_numbers(value: float | None, text: str) -> None:
    assert effective(value) == text


def test_intervals_are_left_out_where_there_are_none() -> None:
    assert interval(Estimate(2.0, 1.5, 2.5)) == "1.50–2.50"
    assert interval(Estimate(0.2, 0.1, 0.3), percent) == "10.0%–30.0%"
    assert interval(Estimate(2.0)) == ""
    assert not Estimate().known


def test_counts_and_indices() -> None:
    assert count(1_234_567) == "1,234,567"
    assert count(None) == "–"
    assert points(0.45499) == "0.455"


def test_only_right_to_left_names_are_isolated() -> None:
    assert isolated("新闻 web") == "新闻 web"
    assert isolated("مدونة") == "\u2068مدونة\u2069"
    assert isolated("a שלום") == "\u2068a שלום\u2069"
