"""Find some fields in JSON Lines, without decoding the rest.

In: a block of bytes and where its lines are; the paths of the wanted fields. Out: for
each line and field the kind and place of the value. Every line is checked whole against
the grammar of JSON and UTF-8. A line that is wrong, or unusual, is only marked: a full
parser judges it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.kernels.jit import kernel, step
from audit.kernels.json_paths import Paths, leaves, matching
from audit.kernels.json_tokens import (
    CLOSE,
    CLOSE_ARRAY,
    COLON,
    COMMA,
    MINUS,
    NINE,
    OPEN,
    OPEN_ARRAY,
    QUOTE,
    ZERO,
    literal_end,
    number_end,
    skip_space,
    string_end,
)

__all__ = [
    "ARRAY", "BLANK", "BOOLEAN", "ESCAPED", "ESCAPED_ELEMENT", "GOOD", "MISSING",
    "NULL", "NUMBER", "OBJECT", "ODD", "PLAIN", "PLAIN_ELEMENT", "Scan", "scan_lines",
]  # fmt: skip

# Kinds of value. A string may hold escapes; an array of which the first element is a
# string has that element's place.
MISSING, NULL, PLAIN, ESCAPED, NUMBER, BOOLEAN, OBJECT, ARRAY = range(8)
PLAIN_ELEMENT, ESCAPED_ELEMENT = 8, 9

# What a line is: nothing but white space, an object, or for a full parser to judge.
BLANK, GOOD, ODD = range(3)

# Nesting beyond this is left to the full parser.
_MAX_DEPTH = 60

_KEY_OR_END, _KEY, _VALUE_OR_END, _VALUE, _NEXT = range(5)


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
    _scan(data, starts, ends, *paths, check_utf8, *scan)
    return scan


@step
def _mark(line, fields, kind, begin, size, kinds, begins, sizes):  # type: ignore[no-untyped-def]
    field = 0
    while fields >> field != 0:
        if fields >> field & 1:
            kinds[field, line] = kind
            begins[field, line] = begin
            sizes[field, line] = size
        field += 1


@step
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
    check_utf8,
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
        i = skip_space(data, i, end)
        if i >= end:
            return ODD
        byte = data[i]
        leaf, deeper = 0, 0
        if state == _NEXT:
            if byte == COMMA:
                state = _KEY if in_object[depth] else _VALUE
                i += 1
            elif byte == (CLOSE if in_object[depth] else CLOSE_ARRAY):
                depth -= 1
                i += 1
            else:
                return ODD
            continue
        if state in (_KEY, _KEY_OR_END):
            if byte == CLOSE and state == _KEY_OR_END:
                depth -= 1
                i += 1
                state = _NEXT
                continue
            if byte != QUOTE:
                return ODD
            close, escaped = string_end(data, i + 1, end, check_utf8)
            if close < 0 or escaped:
                return ODD
            if active[depth] != 0:
                wanted = matching(
                    data, i + 1, close, depth - 1, active[depth], text, offsets, first
                )
                if wanted != 0:
                    # A key that comes again takes back what it said before.
                    _mark(line, wanted, MISSING, 0, 0, kinds, begins, sizes)
                    leaf = leaves(wanted, depth - 1, first)
                    deeper = wanted & ~leaf
            i = skip_space(data, close + 1, end)
            if i >= end or data[i] != COLON:
                return ODD
            i = skip_space(data, i + 1, end)
            if i >= end:
                return ODD
            byte = data[i]
        elif byte == CLOSE_ARRAY and state == _VALUE_OR_END:
            depth -= 1
            i += 1
            state = _NEXT
            element = 0
            continue
        begin = i
        state = _NEXT
        if byte == QUOTE:
            close, escaped = string_end(data, i + 1, end, check_utf8)
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
        if byte in (OPEN, OPEN_ARRAY):
            if depth == _MAX_DEPTH:
                return ODD
            depth += 1
            i += 1
            in_object[depth] = byte == OPEN
            active[depth] = deeper if byte == OPEN else 0
            state = _KEY_OR_END if byte == OPEN else _VALUE_OR_END
            if leaf != 0:
                kind = OBJECT if byte == OPEN else ARRAY
                _mark(line, leaf, kind, begin, 0, kinds, begins, sizes)
                if byte == OPEN_ARRAY:
                    element = leaf
            continue
        if byte == MINUS or ZERO <= byte <= NINE:
            kind = NUMBER
            i = number_end(data, i, end)
        else:
            kind = NULL if byte == 0x6E else BOOLEAN
            i = literal_end(data, i, end)
        if i < 0:
            return ODD
        if leaf != 0:
            _mark(line, leaf, kind, begin, i - begin, kinds, begins, sizes)
    return GOOD if skip_space(data, i, end) == end else ODD


@kernel
def _scan(  # type: ignore[no-untyped-def]
    data, starts, ends, text, offsets, first, check_utf8, status, kinds, begins, sizes
):
    active = np.zeros(_MAX_DEPTH + 1, np.int64)
    in_object = np.zeros(_MAX_DEPTH + 1, np.bool_)
    for line in range(len(starts)):
        end = ends[line]
        i = skip_space(data, starts[line], end)
        if i == end:
            status[line] = BLANK
        elif data[i] == OPEN:
            status[line] = _scan_line(
                data, i, end, line, text, offsets, first, kinds, begins, sizes,
                check_utf8, active, in_object,
            )  # fmt: skip
        else:
            status[line] = ODD
