"""Find where the values of a JSON array, or of a sequence of values, begin and end.

In: a block of bytes and the state in which the last one ended. Out: begin and end of
each value that is complete. Only brackets, strings and commas are looked at; whether a
value is right is judged when it is read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.kernels.jit import kernel
from audit.kernels.json_tokens import (
    BACKSLASH,
    CLOSE,
    CLOSE_ARRAY,
    COMMA,
    OPEN,
    OPEN_ARRAY,
    QUOTE,
)  # fmt: skip

__all__ = ["BEGIN", "IN_ARRAY", "new_state", "split_values"]

# Places in the state: open brackets of the value, whether a string is open, whether its
# next byte is escaped, whether the outer array is open, where the value that is not
# complete begins (-1 if there is none).
_DEPTH, _STRING, _ESCAPE, IN_ARRAY, BEGIN = range(5)


def new_state() -> NDArray[np.int64]:
    """Return the state before the first byte: int64[5]."""
    return np.array([0, 0, 0, 0, -1], np.int64)


def split_values(
    data: NDArray[np.uint8], first: int, state: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return begin and end of the values that are completed in ``data[first:]``.

    Args:
        data: uint8[n_bytes]; if a value is not complete yet, it begins at
            ``state[BEGIN]`` in it.
        first: the first byte that has not been looked at.
        state: int64[5] from `new_state` or from the block before; is brought forward.

    Returns:
        int64[n_values] twice.
    """
    # A value and what parts it from the next take at least two bytes.
    most = (len(data) - first) // 2 + 2
    begins, ends = np.empty(most, np.int64), np.empty(most, np.int64)
    n_values = _split(data, first, state, begins, ends)
    return begins[:n_values].copy(), ends[:n_values].copy()


@kernel
def _split(data, first, state, begins, ends):  # type: ignore[no-untyped-def]
    depth, in_string, escape = state[_DEPTH], state[_STRING], state[_ESCAPE]
    in_array, begin = state[IN_ARRAY], state[BEGIN]
    n_values = 0
    i, n_bytes = first, len(data)
    while i < n_bytes:
        byte = data[np.uint64(i)]
        if in_string:
            if escape:
                escape = 0
            elif byte == BACKSLASH:
                escape = 1
            elif byte == QUOTE:
                in_string = 0
            i += 1
            continue
        space = byte == 0x20 or byte == 0x0A or byte == 0x0D or byte == 0x09
        if depth == 0 and begin >= 0:
            # A string, number or word ends where something else comes.
            closes = byte == CLOSE_ARRAY and in_array
            if byte == COMMA or closes or (space and not in_array):
                begins[n_values], ends[n_values] = begin, i
                n_values += 1
                begin = -1
        if depth == 0 and begin < 0:
            if byte == OPEN_ARRAY and not in_array:
                in_array = 1
            elif byte == CLOSE_ARRAY and in_array:
                in_array = 0
            elif not space and byte != COMMA:
                begin = i
        if begin >= 0:
            if byte == QUOTE:
                in_string = 1
            elif byte in (OPEN, OPEN_ARRAY):
                depth += 1
            elif byte in (CLOSE, CLOSE_ARRAY) and depth > 0:
                depth -= 1
                if depth == 0:
                    begins[n_values], ends[n_values] = begin, i + 1
                    n_values += 1
                    begin = -1
        i += 1
    state[_DEPTH], state[_STRING], state[_ESCAPE] = depth, in_string, escape
    state[IN_ARRAY], state[BEGIN] = in_array, begin
    return n_values
