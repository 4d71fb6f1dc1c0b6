"""Check the tokens of JSON: strings, numbers, words (RFC 8259, and UTF-8).

In: a byte buffer and the place where a token begins. Out: the place after it, or -1
where it is wrong or better left to a full parser. For other kernels to call.
"""

from __future__ import annotations

import numpy as np
from numpy import int64

from audit.kernels.jit import step
from audit.kernels.lanes import bytes_between, trailing_zeros

__all__ = [
    "BACKSLASH", "CLOSE", "CLOSE_ARRAY", "COLON", "COMMA", "MINUS", "NINE", "OPEN",
    "OPEN_ARRAY", "QUOTE", "SIMPLE", "ZERO", "at", "code_unit", "literal_end",
    "number_end", "skip_space", "string_end",
]  # fmt: skip

QUOTE, BACKSLASH, COLON, COMMA = 0x22, 0x5C, 0x3A, 0x2C
OPEN, CLOSE, OPEN_ARRAY, CLOSE_ARRAY = 0x7B, 0x7D, 0x5B, 0x5D
MINUS, _PLUS, _DOT, ZERO, NINE = 0x2D, 0x2B, 0x2E, 0x30, 0x39

# What the letter after a backslash stands for; 0 where it is no escape.
SIMPLE = np.zeros(256, np.uint8)
for _letter, _byte in zip(b'"\\/bfnrt', b'"\\/\x08\x0c\n\r\t', strict=True):
    SIMPLE[_letter] = _byte

_HEX = np.full(256, 255, np.uint8)
for _value, _digit in enumerate(b"0123456789abcdef"):
    _HEX[_digit] = _value
for _value, _digit in enumerate(b"ABCDEF", 10):
    _HEX[_digit] = _value


@step
def at(data, i):  # type: ignore[no-untyped-def]
    """Return ``data[i]`` without the test for a negative index."""
    # That test takes a third of the time of a scan.
    return data[np.uint64(i)]


@step
def skip_space(data, i, end):  # type: ignore[no-untyped-def]
    """Return the first byte from i that is no white space, or ``end``."""
    while i < end:
        byte = at(data, i)
        if byte != 0x20 and byte != 0x09 and byte != 0x0D and byte != 0x0A:
            break
        i += 1
    return i


@step
def code_unit(data, i, end):  # type: ignore[no-untyped-def]
    """Return the value of the four hexadecimal digits at i, or -1."""
    if i + 4 > end:
        return -1
    unit = 0
    for k in range(i, i + 4):
        digit = _HEX[data[k]]
        if digit == 255:
            return -1
        unit = unit * 16 + digit
    return unit


@step
def _after_escape(data, i, end):  # type: ignore[no-untyped-def]
    # The byte after the escape whose backslash is at i, or -1; a surrogate must have
    # its partner.
    if i + 1 >= end:
        return -1
    if SIMPLE[data[i + 1]] != 0:
        return i + 2
    if data[i + 1] != 0x75:
        return -1
    unit = code_unit(data, i + 2, end)
    if unit < 0 or 0xDC00 <= unit <= 0xDFFF:
        return -1
    if unit < 0xD800 or unit > 0xDFFF:
        return i + 6
    if i + 12 > end or data[i + 6] != BACKSLASH or data[i + 7] != 0x75:
        return -1
    low = code_unit(data, i + 8, end)
    if low < 0xDC00 or low > 0xDFFF:
        return -1
    return i + 12


@step
def _after_character(data, i, end):  # type: ignore[no-untyped-def]
    # The byte after the UTF-8 character of two to four bytes at i, or -1. The bounds of
    # the second byte rule out overlong forms, surrogates and what is beyond U+10FFFF.
    lead = data[i]
    low, high = 0x80, 0xBF
    if lead < 0xC2 or lead > 0xF4:
        return -1
    if lead < 0xE0:
        size = 2
    elif lead < 0xF0:
        size = 3
        if lead == 0xE0:
            low = 0xA0
        elif lead == 0xED:
            high = 0x9F
    else:
        size = 4
        if lead == 0xF0:
            low = 0x90
        elif lead == 0xF4:
            high = 0x8F
    if i + size > end or data[i + 1] < low or data[i + 1] > high:
        return -1
    for k in range(i + 2, i + size):
        if data[k] & 0xC0 != 0x80:
            return -1
    return i + size


@step
def _plain_end(data, i, end, check_utf8):  # type: ignore[no-untyped-def]
    # The first byte from i on that ends the plain run of a string, or ``end``.
    while i < end:
        if i + 64 <= len(data):
            stops = bytes_between(data, i, QUOTE, QUOTE)
            stops |= bytes_between(data, i, BACKSLASH, BACKSLASH)
            stops |= bytes_between(data, i, 0x00, 0x1F)
            if check_utf8:
                stops |= bytes_between(data, i, 0x80, 0xFF)
            if stops:
                return min(i + int64(trailing_zeros(stops)), end)
            i += 64
        else:
            byte = at(data, i)
            if byte in (QUOTE, BACKSLASH) or byte < 0x20:
                return i
            if check_utf8 and byte >= 0x80:
                return i
            i += 1
    return end


@step
def string_end(data, i, end, check_utf8):  # type: ignore[no-untyped-def]
    """Return the closing quote of the string whose text starts at i, or -1.

    The second value says whether it has escapes; ``check_utf8`` is false where all of
    the data is known to be UTF-8.
    """
    escaped = False
    while True:
        i = _plain_end(data, i, end, check_utf8)
        if i >= end:
            return -1, escaped
        byte = at(data, i)
        if byte == QUOTE:
            return i, escaped
        if byte == BACKSLASH:
            escaped = True
            if i + 1 < end and SIMPLE[at(data, i + 1)] != 0:
                i += 2
            else:
                i = _after_escape(data, i, end)
        elif byte >= 0x80:
            while i >= 0 and i < end and at(data, i) >= 0x80:
                i = _after_character(data, i, end)
        else:
            return -1, escaped
        if i < 0:
            return -1, escaped


@step
def _digits_end(data, i, end):  # type: ignore[no-untyped-def]
    while i < end and ZERO <= data[i] <= NINE:
        i += 1
    return i


@step
def number_end(data, i, end):  # type: ignore[no-untyped-def]
    """Return the byte after the number at i, or -1; -0 is left to the full parser."""
    if data[i] == MINUS:
        i += 1
        if i < end and data[i] == ZERO:
            return -1
    first = i
    i = _digits_end(data, i, end)
    if i == first or (data[first] == ZERO and i > first + 1):
        return -1
    if i < end and data[i] == _DOT:
        first = i + 1
        i = _digits_end(data, first, end)
        if i == first:
            return -1
    if i < end and (data[i] == 0x65 or data[i] == 0x45):
        i += 1
        if i < end and (data[i] == _PLUS or data[i] == MINUS):
            i += 1
        first = i
        i = _digits_end(data, first, end)
        if i == first:
            return -1
    return i


@step
def literal_end(data, i, end):  # type: ignore[no-untyped-def]
    """Return the byte after ``true``, ``false`` or ``null`` at i, or -1."""
    if i + 4 <= end and data[i + 1] == 0x72 and data[i + 2] == 0x75:
        return i + 4 if data[i] == 0x74 and data[i + 3] == 0x65 else -1
    if i + 4 <= end and data[i + 1] == 0x75 and data[i + 2] == 0x6C:
        return i + 4 if data[i] == 0x6E and data[i + 3] == 0x6C else -1
    if i + 5 <= end and data[i] == 0x66 and data[i + 1] == 0x61:
        good = data[i + 2] == 0x6C and data[i + 3] == 0x73 and data[i + 4] == 0x65
        return i + 5 if good else -1
    return -1
