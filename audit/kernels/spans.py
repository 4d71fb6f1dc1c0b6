"""Spans of markup and code inside a line: what of a line is not running text.

In: a line of a document as bytes. Out: the line without spans of code, tags, addresses,
targets of links and template calls, each of which leaves a space, and counts of what
was kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.jit import kernel, step
from audit.kernels.lanes import (
    bytes_between,
    copy_block,
    popcount,
    trailing_zeros,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BEYOND",
    "CLASSES",
    "LOWER",
    "MARK",
    "SIGN",
    "UPPER",
    "read_line",
    "without_spans",
]

# Tags, inline code and addresses longer than this are text that looks like them.
_LONGEST_SPAN = 400

_SPACE, LOWER, UPPER, BEYOND, _DIGIT, MARK, SIGN = range(7)
# Signs that stand in sentences; a line of prose has few others.
_MARKS = "!',.:?"


def _classes() -> NDArray[np.uint8]:
    out = np.full(256, BEYOND, np.uint8)
    for c in range(128):
        char = chr(c)
        if char.isspace() or c <= 32:
            out[c] = _SPACE
        elif char.isdigit():
            out[c] = _DIGIT
        elif char.isalpha():
            out[c] = LOWER if char.islower() else UPPER
        else:
            out[c] = MARK if char in _MARKS else SIGN
    return out


CLASSES = _classes()


@step
def _find(data, i, end, byte, stop, line_break):  # type: ignore[no-untyped-def]
    """Return the place of a byte before a stop and a line break, or -1."""
    last = min(end, i + _LONGEST_SPAN)
    while i < last:
        if data[i] == byte:
            return i
        if data[i] == line_break or data[i] == stop:
            return -1
        i += 1
    return -1


@step
def _span_end(data, i, end, begins):  # type: ignore[no-untyped-def]
    """Return the byte after the span of code that starts at i, or i if none does.

    ``begins`` says that nothing but space stands before it in its line.
    """
    byte = data[i]
    if byte == 0x60:
        close = _find(data, i + 1, end, 0x60, 0, 10)
        return close + 1 if close > 0 else i
    if byte == 0x3C and i + 1 < end:
        following = data[i + 1]
        if following == 0x2F or following == 0x21 or 0x61 <= following | 0x20 <= 0x7A:
            # A tag that begins a line may go on in the next.
            close = _find(data, i + 1, end, 0x3E, 0x3C, 0 if begins else 10)
            return close + 1 if close > 0 else i
    if byte == 0x5D and i + 1 < end and data[i + 1] == 0x28:
        close = _find(data, i + 2, end, 0x29, 0, 10)
        return close + 1 if close > 0 else i
    if byte == 0x7B and i + 1 < end and data[i + 1] == 0x7B:
        close = _find(data, i + 2, end, 0x7D, 0, 10)
        if close < 0:
            return i
        return close + 2 if close + 1 < end and data[close + 1] == 0x7D else close + 1
    if byte == 0x3A and i + 2 < end and data[i + 1] == 0x2F and data[i + 2] == 0x2F:
        while i < end and data[i] > 0x20 and data[i] < 0x80 and data[i] != 0x29:
            i += 1
        return i
    return i


@step
def _before_address(out, start, o, counts):  # type: ignore[no-untyped-def]
    """Return where the word that names the scheme of an address begins: uncount it."""
    while o > start and 0x61 <= out[o - 1] | 0x20 <= 0x7A:
        o -= 1
        counts[LOWER if out[o] >= 0x61 else UPPER] -= 1
    return o


@step
def _beginnings(data, i):  # type: ignore[no-untyped-def]
    """Return which of 64 bytes end the line or may begin a span of code.

    Two bytes behind the 64 are read too. Signs that stand for themselves are no
    beginnings: a colon needs two slashes after it, a brace another one.
    """
    letter = bytes_between(data, i + 1, 0x41, 0x5A) | bytes_between(
        data, i + 1, 0x61, 0x7A
    )
    slash = bytes_between(data, i + 1, 0x2F, 0x2F)
    tag = letter | slash | bytes_between(data, i + 1, 0x21, 0x21)
    return (
        bytes_between(data, i, 10, 10)
        | bytes_between(data, i, 0x60, 0x60)
        | bytes_between(data, i, 0x3C, 0x3C) & tag
        | bytes_between(data, i, 0x5D, 0x5D) & bytes_between(data, i + 1, 0x28, 0x28)
        | bytes_between(data, i, 0x7B, 0x7B) & bytes_between(data, i + 1, 0x7B, 0x7B)
        | bytes_between(data, i, 0x3A, 0x3A)
        & slash
        & bytes_between(data, i + 2, 0x2F, 0x2F)
    )


@step
def _copy_run(data, i, left, out, o, counts):  # type: ignore[no-untyped-def]
    """Copy the bytes up to the next beginning, 64 at most, and count their classes.

    ``data`` has 66 bytes from ``i`` on, ``left`` of which belong to the text; ``out``
    has room for 64. Returns how many there are, and whether all are space.
    """
    run = min(np.int64(trailing_zeros(_beginnings(data, i))), left)
    if run == 0:
        return run, True
    copy_block(out, o, data, i)
    valid = ~np.uint64(0) >> np.uint64(64 - run)
    lower, upper = (
        bytes_between(data, i, 0x61, 0x7A),
        bytes_between(data, i, 0x41, 0x5A),
    )
    beyond, space = bytes_between(data, i, 0x80, 0xFF), bytes_between(data, i, 0, 0x20)
    mark = (
        bytes_between(data, i, 0x21, 0x21)
        | bytes_between(data, i, 0x27, 0x27)
        | bytes_between(data, i, 0x2C, 0x2C)
        | bytes_between(data, i, 0x2E, 0x2E)
        | bytes_between(data, i, 0x3A, 0x3A)
        | bytes_between(data, i, 0x3F, 0x3F)
    )
    digit = bytes_between(data, i, 0x30, 0x39)
    counts[LOWER] += np.int64(popcount(lower & valid))
    counts[UPPER] += np.int64(popcount(upper & valid))
    counts[BEYOND] += np.int64(popcount(beyond & valid))
    counts[MARK] += np.int64(popcount(mark & valid))
    sign = ~(lower | upper | beyond | space | mark | digit)
    counts[SIGN] += np.int64(popcount(sign & valid))
    return run, ~space & valid == np.uint64(0)


@step
def read_line(data, i, end, classes, out, o, counts, tags):  # type: ignore[no-untyped-def]
    """Copy a line without spans of code; return the byte after it and after its copy.

    ``counts`` gets the kept bytes of the classes `LOWER`, `UPPER`, `BEYOND`, `MARK` and
    `SIGN`; ``tags`` is raised by the number of tags left out, and by their bytes.
    """
    start, begins = o, True
    counts[:] = 0
    while i < end:
        if i + 66 <= len(data):
            run, space = _copy_run(data, i, end - i, out, o, counts)
            i += run
            o += run
            begins &= space
            if run == 64:
                continue
            if i == end:
                break
        byte = data[i]
        if byte == 10:
            break
        kind = classes[byte]
        after = _span_end(data, i, end, begins) if kind >= MARK else i
        if after > i:
            if byte == 0x3A:
                o = _before_address(out, start, o, counts)
            tags[0] += byte == 0x3C
            tags[1] += (byte == 0x3C) * (after - i)
            i = after
            out[o] = 0x20
            o += 1
            continue
        begins &= kind == _SPACE
        counts[kind] += 1
        out[o] = byte
        o += 1
        i += 1
    return i + 1, o


@kernel
def _without_spans(data, offsets, classes, out, out_offsets):  # type: ignore[no-untyped-def]
    counts, tags = np.zeros(7, np.int64), np.zeros(2, np.int64)
    o = 0
    for line in range(len(offsets) - 1):
        _, o = read_line(
            data, offsets[line], offsets[line + 1], classes, out, o, counts, tags
        )
        out_offsets[line + 1] = o
    return o


def without_spans(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return lines without spans of markup and code.

    Args:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_lines + 1]; what follows a line break in one is left out.

    Returns:
        uint8[n_kept_bytes] and int64[n_lines + 1].
    """
    # Blocks are copied whole, whatever of them counts.
    out = np.empty(int(offsets[-1] - offsets[0]) + len(offsets) + 66, np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    used = _without_spans(data, offsets, CLASSES, out, out_offsets)
    return out[:used], out_offsets
