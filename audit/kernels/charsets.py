"""Where characters of some kind may begin, 64 bytes of text at once.

In: the code points that are looked for, once; then UTF-8. Out: a bit for each of 64
bytes. Characters are told by ranges of their first three bytes, so a few more than were
asked for may be found, but none is missed: who finds some looks at them one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import uint64

from audit.kernels.jit import step
from audit.kernels.lanes import bytes_between

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["BEHIND", "CharacterSet", "begins", "character_set", "copy_tail"]

# Bytes behind the 64 that `begins` reads.
BEHIND = 2


class CharacterSet(NamedTuple):
    """Characters beyond ASCII by the ranges of their bytes.

    Attributes:
        firsts: uint8[n_firsts], ascending, their first bytes.
        offsets: int64[n_firsts + 1], first byte i has
            ``bounds[offsets[i]:offsets[i + 1]]``.
        bounds: uint8[n_ranges, 4], least and greatest second byte, then third.
    """

    firsts: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    bounds: NDArray[np.uint8]


def character_set(points: Iterable[int]) -> CharacterSet:
    """Return the set of some code points, none of them ASCII or a surrogate."""
    thirds: dict[tuple[int, int], set[int]] = {}
    for point in points:
        first, second, *rest = chr(point).encode()
        # A character of two bytes ends before the third: anything may follow.
        found = rest[:1] or (0x00, 0xFF)
        thirds.setdefault((first, second), set()).update(found)
    rows: list[tuple[int, int, int, int, int]] = []
    for first, second in sorted(thirds):
        low, high = min(thirds[first, second]), max(thirds[first, second])
        if rows and rows[-1][0] == first and rows[-1][2] == second - 1:
            _, begin, _, lower, higher = rows.pop()
            rows.append((first, begin, second, min(low, lower), max(high, higher)))
        else:
            rows.append((first, second, second, low, high))
    table = np.array(rows, np.uint8).reshape(-1, 5)
    firsts, offsets = np.unique(table[:, 0], return_index=True)
    return CharacterSet(
        firsts,
        np.append(offsets, len(table)).astype(np.int64),
        np.ascontiguousarray(table[:, 1:]),
    )


@step
def begins(data: NDArray[np.uint8], at: Any, wanted: Any) -> Any:
    """Return which of 64 bytes may begin a character of a `CharacterSet`, as bits.

    `BEHIND` more bytes are read.
    """
    found = uint64(0)
    if bytes_between(data, at, wanted.firsts[0], 0xFF) == uint64(0):
        return found
    for i in range(len(wanted.firsts)):
        first = bytes_between(data, at, wanted.firsts[i], wanted.firsts[i])
        if first != uint64(0):
            for row in range(wanted.offsets[i], wanted.offsets[i + 1]):
                bounds = wanted.bounds[row]
                found |= (
                    first
                    & bytes_between(data, at + 1, bounds[0], bounds[1])
                    & bytes_between(data, at + 2, bounds[2], bounds[3])
                )
    return found


@step
def copy_tail(data: NDArray[np.uint8], at: Any, tail: NDArray[np.uint8]) -> None:
    """Copy what ``data`` has from ``at`` on into ``tail``, zeros behind it."""
    for i in range(len(tail)):
        tail[i] = data[at + i] if at + i < len(data) else 0
