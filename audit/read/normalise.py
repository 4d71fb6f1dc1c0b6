"""Turn the dates that corpora write into ISO days.

In: a string column with dates in any of the usual forms. Out: a string column of ISO
8601 days, null where no day can be told.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["iso_day", "iso_days"]

_ISO = r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:$|[T ])"
_NUMBER = re.compile(r"^-?\d+(?:\.\d*)?(?:[eE]\+?\d+)?$")
_COMPACT = re.compile(r"^(\d{4})(\d\d)(\d\d)(?:T?(?:\d{4}|\d{6})Z?)?$")
_PARTED = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?:日|$|\D)")
_RFC_1123 = re.compile(r"^(?:[A-Za-z]{3,9},? )?\d{1,2}[ -][A-Za-z]{3}[ -]\d{2,4} ")
_WORDS = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%a %b %d %H:%M:%S %Y")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# Numbers below are no time stamps: 1973 in seconds is the first with nine digits.
_FIRST_STAMP, _LAST_STAMP = 1e8, 4102444800.0  # 1973-03-03, 2100-01-01


def iso_days(column: pa.Array) -> pa.Array:
    """Return the day of each date as ``"2026-11-23"``, null where there is none.

    Args:
        column: string[n] of dates; ISO dates are cut without a Python loop, other
            forms are parsed once a distinct value.
    """
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.string())
    days = pc.utf8_slice_codeunits(column, 0, 10)
    usual = pc.match_substring_regex(column, _ISO)
    if pc.all(usual, min_count=0).as_py() and _all_exist(days):
        return days
    coded = column.dictionary_encode()
    parsed = pa.array(
        [None if v is None else iso_day(v) for v in coded.dictionary.to_pylist()],
        pa.string(),
    )
    return parsed.take(coded.indices)


def _all_exist(days: pa.Array) -> bool:
    try:
        days.cast(pa.date32())
    except pa.ArrowInvalid:  # 30 February
        return False
    return True


@lru_cache(maxsize=65536)
def iso_day(value: str) -> str | None:
    """Return the day of one date, or None where no day can be told."""
    value = value.strip()
    if match := _COMPACT.match(value):
        return _day(*match.groups())
    if _NUMBER.match(value):
        return _epoch_day(float(value))
    if match := _PARTED.match(value):
        return _day(*match.groups())
    if _RFC_1123.match(value):
        try:
            return parsedate_to_datetime(value).date().isoformat()
        except (TypeError, ValueError):
            return None
    return next((day for form in _WORDS if (day := _in_words(value, form))), None)


def _in_words(value: str, form: str) -> str | None:
    try:
        return datetime.strptime(value, form).date().isoformat()
    except ValueError:
        return None


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _epoch_day(stamp: float) -> str | None:
    # Seconds, milliseconds, microseconds or nanoseconds since 1970: only one of the
    # four lies between 1973 and 2100.
    for scale in (1.0, 1e3, 1e6, 1e9):
        seconds = stamp / scale
        if _FIRST_STAMP <= seconds < _LAST_STAMP:
            return (_EPOCH + timedelta(seconds=seconds)).date().isoformat()
    return None
