"""Copy strings out of JSON, their escapes decoded.

In: a buffer and the places of values that have been checked. Out: one buffer with
offsets, as Arrow lays out strings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.kernels.jit import kernel, step
from audit.kernels.json_tokens import BACKSLASH, SIMPLE, at, code_unit
from audit.kernels.lanes import bytes_between, copy_block, trailing_zeros

__all__ = ["copy_values"]


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
        uint8[n_out] and int64[n + 1].
    """
    # An escape is never shorter than what it stands for; blocks are copied whole.
    out = np.empty(int(sizes.sum()) + 64, np.uint8)
    offsets = np.zeros(len(begins) + 1, np.int64)
    _copy(data, begins, sizes, escaped, out, offsets)
    return out[: offsets[-1]], offsets


@step
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


@step
def _copy_plain(data, i, end, out, o):  # type: ignore[no-untyped-def]
    # Copies bytes i to end; up to 63 more may be written behind them.
    while i < end and i + 64 <= len(data):
        copy_block(out, o, data, i)
        step_ = min(end - i, 64)
        o += step_
        i += step_
    while i < end:
        out[np.uint64(o)] = at(data, i)
        o += 1
        i += 1
    return o


@step
def _backslash(data, i, end):  # type: ignore[no-untyped-def]
    # The first backslash from i on, or ``end``.
    while i < end and i + 64 <= len(data):
        found = bytes_between(data, i, BACKSLASH, BACKSLASH)
        if found:
            return min(i + np.int64(trailing_zeros(found)), end)
        i += 64
    while i < end and at(data, i) != BACKSLASH:
        i += 1
    return min(i, end)


@step
def _copy_decoded(data, i, end, out, o):  # type: ignore[no-untyped-def]
    while i < end:
        stop = _backslash(data, i, end)
        o = _copy_plain(data, i, stop, out, o)
        i = stop
        if i == end:
            break
        simple = SIMPLE[data[i + 1]]
        if simple != 0:
            out[o] = simple
            o += 1
            i += 2
            continue
        unit = code_unit(data, i + 2, end)
        i += 6
        if 0xD800 <= unit <= 0xDBFF:
            low = code_unit(data, i + 2, end)
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
            i += 6
        o = _write_character(unit, out, o)
    return o


@kernel
def _copy(data, begins, sizes, escaped, out, offsets):  # type: ignore[no-untyped-def]
    o = 0
    for row in range(len(begins)):
        i = begins[row]
        end = i + sizes[row]
        if escaped[row]:
            o = _copy_decoded(data, i, end, out, o)
        else:
            o = _copy_plain(data, i, end, out, o)
        offsets[row + 1] = o
