"""Dates become ISO days, in whatever form the input has them."""

import datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.read.normalise import iso_day, iso_days

FORMS = [
    ("2024-02-29", "2024-02-29"),
    ("2024-02-29T23:59:59Z", "2024-02-29"),
    ("2024-02-29 23:59:59.123+08:00", "2024-02-29"),
    ("2023-02-29", None),
    ("2024-13-01", None),
    ("20240229", "2024-02-29"),
    ("20140216050221", "2014-02-16"),
    ("2024/2/9", "2024-02-09"),
    ("2024年2月9日", "2024-02-09"),
    ("1709251199", "2024-02-29"),
    ("1709251199.25", "2024-02-29"),
    ("1709251199000", "2024-02-29"),
    ("1709251199000000", "2024-02-29"),
    ("Thu, 29 Feb 2024 10:00:00 GMT", "2024-02-29"),
    ("29 Feb 2024 10:00:00 +0000", "2024-02-29"),
    ("February 29, 2024", "2024-02-29"),
    ("29 February 2024", "2024-02-29"),
    ("2024", None),
    ("12", None),
    ("2024-02", None),
    ("yesterday", None),
    ("", None),
    ("9" * 400, None),
    ("-5", None),
]


@pytest.mark.parametrize(("written", "day"), FORMS)
def test_each_form_is_read(written, day):
    assert iso_days(pa.array([written])).to_pylist() == [day]
    assert iso_days(pa.array([written, "2024-02-29", None])).to_pylist() == [
        day, "2024-02-29", None,
    ]  # fmt: skip


def test_a_column_without_dates_is_null():
    assert iso_days(pa.nulls(3, pa.string())).to_pylist() == [None] * 3
    assert iso_days(pa.array([], pa.string())).to_pylist() == []


@settings(deadline=None)
@given(st.lists(st.dates(datetime.date(1800, 1, 1)), max_size=9), st.booleans())
def test_iso_dates_need_no_parsing_one_by_one(days, with_time):
    tail = "T12:00:00+09:00" if with_time else ""
    column = pa.array([day.isoformat() + tail for day in days], pa.string())
    assert iso_days(column).to_pylist() == [day.isoformat() for day in days]


@settings(deadline=None)
@given(st.text(max_size=30))
def test_no_text_makes_it_fail(text):
    day = iso_day(text)
    assert day is None or datetime.date.fromisoformat(day)
