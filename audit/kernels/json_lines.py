"""Find some fields in JSON Lines and copy their strings out, without decoding the rest.

In: a block of bytes and where its lines are; the paths of the wanted fields. Out: for
each line and field the kind and place of the value, and string buffers as Arrow lays
them out. Every line is checked whole against the grammar of JSON (RFC 8259) and UTF-8.
A line that is wrong, or unusual, is only marked: a full parser judges it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.kernels.jit import kernel

__all__ = [
    "ARRAY", "BLANK", "BOOLEAN", "ESCAPED", "ESCAPED_ELEMENT", "GOOD", "MISSING",
    "NULL", "NUMBER", "OBJECT", "ODD", "PLAIN", "PLAIN_ELEMENT", "Paths", "Scan",
    "compile_paths", "copy_values", "scan_lines",
]  # fmt: skip

# Kinds of value. A string may hold escapes; an array of which the first element is a
# string has that element's place.
MISSING, NULL, PLAIN, ESCAPED, NUMBER, BOOLEAN, OBJECT, ARRAY = range(8)
PLAIN_ELEMENT, ESCAPED_ELEMENT = 8, 9

# What a line is: nothing but white space, an object, or for a full parser to judge.
BLANK, GOOD, ODD = range(3)

# Nesting beyond this is left to the full parser, and so are that many fields.
_MAX_DEPTH = 60
_MAX_FIELDS = 60

_QUOTE, _BACKSLASH, _COLON, _COMMA = 0x22, 0x5C, 0x3A, 0x2C
_OPEN, _CLOSE, _OPEN_ARRAY, _CLOSE_ARRAY = 0x7B, 0x7D, 0x5B, 0x5D
_MINUS, _PLUS, _DOT, _ZERO, _NINE = 0x2D, 0x2B, 0x2E, 0x30, 0x39
_KEY_OR_END, _KEY, _VALUE_OR_END, _VALUE, _NEXT = range(5)

# 1 for bytes that end the plain run of a string: where the block is known to be UTF-8,
# and where it is not.
_UTF8_STOPS = np.zeros(256, np.uint8)
_UTF8_STOPS[:0x20] = 1
_UTF8_STOPS[[_QUOTE, _BACKSLASH]] = 1
_STOPS = _UTF8_STOPS.copy()
_STOPS[0x80:] = 1

# What the letter after a backslash stands for; 0 where it is no escape.
_SIMPLE = np.zeros(256, np.uint8)
for _letter, _byte in zip(b'"\\/bfnrt', b'"\\/\x08\x0c\n\r\t', strict=True):
    _SIMPLE[_letter] = _byte

_HEX = np.full(256, 255, np.uint8)
for _value, _digit in enumerate(b"0123456789abcdef"):
    _HEX[_digit] = _value
for _value, _digit in enumerate(b"ABCDEF", 10):
    _HEX[_digit] = _value


class Paths(NamedTuple):
    """Field paths as arrays: the keys of field f are rows first[f]:first[f + 1].

    Attributes:
        text: uint8[n_bytes], all keys one after the other.
        offsets: int64[n_keys + 1], where each key starts in ``text``.
        first: int64[n_fields + 1], the first key of each field.
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    first: NDArray[np.int64]


class Scan(NamedTuple):
    """Where the values are.

    Attributes:
        status: uint8[n_lines], `BLANK`, `GOOD` or `ODD`.
        kinds: uint8[n_fields, n_lines], `MISSING` to `ESCAPED_ELEMENT`.
        begins: int64[n_fields, n_lines], byte where the value starts; strings without
            their quotes.
        sizes: int64[n_fields, n_lines], bytes as written.
    """

    status: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    begins: NDArray[np.int64]
    sizes: NDArray[np.int64]


def compile_paths(paths: Sequence[Sequence[str]]) -> Paths:
    """Return field paths in the form the kernel reads.

    Args:
        paths: for each field the keys from the outermost object inwards.
    """
    if len(paths) > _MAX_FIELDS:
        raise ValueError(f"at most {_MAX_FIELDS} fields can be scanned: {len(paths)}")
    keys = [key.encode("utf-8", "surrogatepass") for path in paths for key in path]
    return Paths(
        np.frombuffer(b"".join(keys), np.uint8),
        np.cumsum([0, *map(len, keys)], dtype=np.int64),
        np.cumsum([0, *map(len, paths)], dtype=np.int64),
    )


def scan_lines(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    paths: Paths,
    *,
    check_utf8: bool = True,
) -> Scan:
    """Find the wanted values in every line.

    Of a key that occurs twice in one object the last one counts.

    Args:
        data: uint8[n_bytes], the block.
        starts: int64[n_lines], first byte of each line.
        ends: int64[n_lines], the byte after its last one.
        paths: the wanted fields.
        check_utf8: whether strings are checked; False if all of the block is known to
            be UTF-8.
    """
    n_fields, n_lines = len(paths.first) - 1, len(starts)
    scan = Scan(
        np.empty(n_lines, np.uint8),
        np.zeros((n_fields, n_lines), np.uint8),
        np.zeros((n_fields, n_lines), np.int64),
        np.zeros((n_fields, n_lines), np.int64),
    )
    _scan(data, starts, ends, *paths, _STOPS if check_utf8 else _UTF8_STOPS, *scan)
    return scan


def copy_values(
    data: NDArray[np.uint8],
    begins: NDArray[np.int64],
    sizes: NDArray[np.int64],
    escaped: NDArray[np.bool_],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return values as one buffer with offsets, their escapes decoded.

    Args:
        data: uint8[n_bytes], the block that was scanned.
        begins: int64[n], where each value starts.
        sizes: int64[n], its bytes as written; 0 for a value that is not wanted.
        escaped: bool[n], whether it is a string with escapes.

    Returns:
        uint8[at least n_out] and int64[n + 1].
    """
    # An escape is never shorter than what it stands for.
    out = np.empty(int(sizes.sum()), np.uint8)
    offsets = np.zeros(len(begins) + 1, np.int64)
    _copy(data, begins, sizes, escaped, out, offsets)
    return out, offsets


@kernel
def _at(data, i):  # type: ignore[no-untyped-def]
    # data[i] without the test for a negative index: a third of the time of a scan.
    return data[np.uint64(i)]


@kernel
def _skip_space(data, i, end):  # type: ignore[no-untyped-def]
    while i < end:
        byte = _at(data, i)
        if byte != 0x20 and byte != 0x09 and byte != 0x0D and byte != 0x0A:
            break
        i += 1
    return i


@kernel
def _code_unit(data, i, end):  # type: ignore[no-untyped-def]
    # Four hexadecimal digits from i, or -1.
    if i + 4 > end:
        return -1
    unit = 0
    for k in range(i, i + 4):
        digit = _HEX[data[k]]
        if digit == 255:
            return -1
        unit = unit * 16 + digit
    return unit


@kernel
def _after_escape(data, i, end):  # type: ignore[no-untyped-def]
    # The byte after the escape whose backslash is at i, or -1; a surrogate must have
    # its partner.
    if i + 1 >= end:
        return -1
    if _SIMPLE[data[i + 1]] != 0:
        return i + 2
    if data[i + 1] != 0x75:
        return -1
    unit = _code_unit(data, i + 2, end)
    if unit < 0 or 0xDC00 <= unit <= 0xDFFF:
        return -1
    if unit < 0xD800 or unit > 0xDFFF:
        return i + 6
    if i + 12 > end or data[i + 6] != _BACKSLASH or data[i + 7] != 0x75:
        return -1
    low = _code_unit(data, i + 8, end)
    if low < 0xDC00 or low > 0xDFFF:
        return -1
    return i + 12


@kernel
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


@kernel
def _string_end(data, i, end, stops):  # type: ignore[no-untyped-def]
    # The closing quote of the string whose text starts at i, or -1; has it escapes?
    escaped = False
    while True:
        while i < end and stops[_at(data, i)] == 0:
            i += 1
        if i >= end:
            return -1, escaped
        byte = _at(data, i)
        if byte == _QUOTE:
            return i, escaped
        if byte == _BACKSLASH:
            escaped = True
            i = _after_escape(data, i, end)
        elif byte >= 0x80:
            i = _after_character(data, i, end)
        else:
            return -1, escaped
        if i < 0:
            return -1, escaped


@kernel
def _digits_end(data, i, end):  # type: ignore[no-untyped-def]
    while i < end and _ZERO <= data[i] <= _NINE:
        i += 1
    return i


@kernel
def _number_end(data, i, end):  # type: ignore[no-untyped-def]
    # The byte after the number at i, or -1. "-0" is left to the full parser.
    if data[i] == _MINUS:
        i += 1
        if i < end and data[i] == _ZERO:
            return -1
    first = i
    i = _digits_end(data, i, end)
    if i == first or (data[first] == _ZERO and i > first + 1):
        return -1
    if i < end and data[i] == _DOT:
        first = i + 1
        i = _digits_end(data, first, end)
        if i == first:
            return -1
    if i < end and (data[i] == 0x65 or data[i] == 0x45):
        i += 1
        if i < end and (data[i] == _PLUS or data[i] == _MINUS):
            i += 1
        first = i
        i = _digits_end(data, first, end)
        if i == first:
            return -1
    return i


@kernel
def _literal_end(data, i, end):  # type: ignore[no-untyped-def]
    # The byte after true, false or null at i, or -1.
    if i + 4 <= end and data[i + 1] == 0x72 and data[i + 2] == 0x75:
        return i + 4 if data[i] == 0x74 and data[i + 3] == 0x65 else -1
    if i + 4 <= end and data[i + 1] == 0x75 and data[i + 2] == 0x6C:
        return i + 4 if data[i] == 0x6E and data[i + 3] == 0x6C else -1
    if i + 5 <= end and data[i] == 0x66 and data[i + 1] == 0x61:
        good = data[i + 2] == 0x6C and data[i + 3] == 0x73 and data[i + 4] == 0x65
        return i + 5 if good else -1
    return -1


@kernel
def _matching(data, begin, end, level, active, text, offsets, first):  # type: ignore[no-untyped-def]
    # Which of the active fields have this key at this level of their path.
    found = 0
    for field in range(len(first) - 1):
        if active >> field & 1 == 0 or first[field] + level >= first[field + 1]:
            continue
        key = offsets[first[field] + level]
        size = offsets[first[field] + level + 1] - key
        if size != end - begin:
            continue
        same = True
        for k in range(size):
            if data[begin + k] != text[key + k]:
                same = False
                break
        if same:
            found |= 1 << field
    return found


@kernel
def _mark(line, fields, kind, begin, size, kinds, begins, sizes):  # type: ignore[no-untyped-def]
    field = 0
    while fields >> field != 0:
        if fields >> field & 1:
            kinds[field, line] = kind
            begins[field, line] = begin
            sizes[field, line] = size
        field += 1


@kernel
def _leaves(fields, level, first):  # type: ignore[no-untyped-def]
    # Those of the fields whose path ends at this level.
    found = 0
    for field in range(len(first) - 1):
        if fields >> field & 1 and first[field + 1] - first[field] == level + 1:
            found |= 1 << field
    return found


@kernel
def _scan_line(  # type: ignore[no-untyped-def]
    data,
    i,
    end,
    line,
    text,
    offsets,
    first,
    kinds,
    begins,
    sizes,
    stops,
    active,
    in_object,
):
    # One object and nothing after it: GOOD, else ODD.
    depth = 1  # of open containers; level of keys is depth - 1
    active[1] = (1 << (len(first) - 1)) - 1
    in_object[1] = True
    state = _KEY_OR_END
    i += 1
    element = 0  # fields whose array has just been opened
    while depth > 0:
        i = _skip_space(data, i, end)
        if i >= end:
            return ODD
        byte = data[i]
        leaf, deeper = 0, 0
        if state == _NEXT:
            if byte == _COMMA:
                state = _KEY if in_object[depth] else _VALUE
                i += 1
            elif byte == (_CLOSE if in_object[depth] else _CLOSE_ARRAY):
                depth -= 1
                i += 1
            else:
                return ODD
            continue
        if state in (_KEY, _KEY_OR_END):
            if byte == _CLOSE and state == _KEY_OR_END:
                depth -= 1
                i += 1
                state = _NEXT
                continue
            if byte != _QUOTE:
                return ODD
            close, escaped = _string_end(data, i + 1, end, stops)
            if close < 0 or escaped:
                return ODD
            if active[depth] != 0:
                wanted = _matching(
                    data, i + 1, close, depth - 1, active[depth], text, offsets, first
                )
                if wanted != 0:
                    # A key that comes again takes back what it said before.
                    _mark(line, wanted, MISSING, 0, 0, kinds, begins, sizes)
                    leaf = _leaves(wanted, depth - 1, first)
                    deeper = wanted & ~leaf
            i = _skip_space(data, close + 1, end)
            if i >= end or data[i] != _COLON:
                return ODD
            i = _skip_space(data, i + 1, end)
            if i >= end:
                return ODD
            byte = data[i]
        elif byte == _CLOSE_ARRAY and state == _VALUE_OR_END:
            depth -= 1
            i += 1
            state = _NEXT
            element = 0
            continue
        begin = i
        state = _NEXT
        if byte == _QUOTE:
            close, escaped = _string_end(data, i + 1, end, stops)
            if close < 0:
                return ODD
            if leaf != 0:
                kind = ESCAPED if escaped else PLAIN
                _mark(line, leaf, kind, i + 1, close - i - 1, kinds, begins, sizes)
            elif element != 0:
                kind = ESCAPED_ELEMENT if escaped else PLAIN_ELEMENT
                _mark(line, element, kind, i + 1, close - i - 1, kinds, begins, sizes)
            element = 0
            i = close + 1
            continue
        element = 0
        if byte in (_OPEN, _OPEN_ARRAY):
            if depth == _MAX_DEPTH:
                return ODD
            depth += 1
            i += 1
            in_object[depth] = byte == _OPEN
            active[depth] = deeper if byte == _OPEN else 0
            state = _KEY_OR_END if byte == _OPEN else _VALUE_OR_END
            if leaf != 0:
                kind = OBJECT if byte == _OPEN else ARRAY
                _mark(line, leaf, kind, begin, 0, kinds, begins, sizes)
                if byte == _OPEN_ARRAY:
                    element = leaf
            continue
        if byte == _MINUS or _ZERO <= byte <= _NINE:
            kind = NUMBER
            i = _number_end(data, i, end)
        else:
            kind = NULL if byte == 0x6E else BOOLEAN
            i = _literal_end(data, i, end)
        if i < 0:
            return ODD
        if leaf != 0:
            _mark(line, leaf, kind, begin, i - begin, kinds, begins, sizes)
    return GOOD if _skip_space(data, i, end) == end else ODD


@kernel
def _scan(  # type: ignore[no-untyped-def]
    data, starts, ends, text, offsets, first, stops, status, kinds, begins, sizes
):
    active = np.zeros(_MAX_DEPTH + 1, np.int64)
    in_object = np.zeros(_MAX_DEPTH + 1, np.bool_)
    for line in range(len(starts)):
        end = ends[line]
        i = _skip_space(data, starts[line], end)
        if i == end:
            status[line] = BLANK
        elif data[i] == _OPEN:
            status[line] = _scan_line(
                data, i, end, line, text, offsets, first, kinds, begins, sizes,
                stops, active, in_object,
            )  # fmt: skip
        else:
            status[line] = ODD


@kernel
def _write_character(unit, out, o):  # type: ignore[no-untyped-def]
    # UTF-8 of a code point; returns the byte after it.
    if unit < 0x80:
        out[o] = unit
        return o + 1
    if unit < 0x800:
        out[o] = 0xC0 | unit >> 6
        out[o + 1] = 0x80 | unit & 0x3F
        return o + 2
    if unit < 0x10000:
        out[o] = 0xE0 | unit >> 12
        out[o + 1] = 0x80 | unit >> 6 & 0x3F
        out[o + 2] = 0x80 | unit & 0x3F
        return o + 3
    out[o] = 0xF0 | unit >> 18
    out[o + 1] = 0x80 | unit >> 12 & 0x3F
    out[o + 2] = 0x80 | unit >> 6 & 0x3F
    out[o + 3] = 0x80 | unit & 0x3F
    return o + 4


@kernel
def _copy(data, begins, sizes, escaped, out, offsets):  # type: ignore[no-untyped-def]
    o = 0
    for row in range(len(begins)):
        i = begins[row]
        end = i + sizes[row]
        if not escaped[row]:
            out[o : o + end - i] = data[i:end]
            o += end - i
        else:
            o = _copy_decoded(data, i, end, out, o)
        offsets[row + 1] = o


@kernel
def _copy_decoded(data, i, end, out, o):  # type: ignore[no-untyped-def]
    while i < end:
        byte = _at(data, i)
        while byte != _BACKSLASH:
            out[np.uint64(o)] = byte
            o += 1
            i += 1
            if i == end:
                return o
            byte = _at(data, i)
        simple = _SIMPLE[data[i + 1]]
        if simple != 0:
            out[o] = simple
            o += 1
            i += 2
            continue
        unit = _code_unit(data, i + 2, end)
        i += 6
        if 0xD800 <= unit <= 0xDBFF:
            low = _code_unit(data, i + 2, end)
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
            i += 6
        o = _write_character(unit, out, o)
    return o
