"""UTF-8 without strings: code points of a byte buffer, one by one or counted.

In: bytes, valid or not. Out: code points and lengths; what is no UTF-8 reads as U+FFFD,
one byte long, and nothing beyond the given end is ever read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint8, uint64

from audit.kernels.hashing import load64
from audit.kernels.jit import kernel, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["count_characters", "decode", "load32"]

_ONES = uint64(0x0101010101010101)
_HIGH_BITS = uint64(0x8080808080808080)
_REPLACEMENT = 0xFFFD


def count_characters(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return int64[n_docs], the code points of each document of valid UTF-8."""
    return _count_characters(data, offsets)


@step
def decode(four: Any) -> Any:
    """Return ``code point << 3 | bytes`` of the UTF-8 sequence at the low end.

    ``four`` holds the next four bytes, the first lowest, zeros beyond the end of the
    text. What is no UTF-8 (a continuation byte alone, a cut sequence, an overlong form,
    a surrogate, beyond U+10FFFF) gives U+FFFD and one byte.
    """
    first = four & 0xFF
    if first < 0x80:
        return first << 3 | 1
    second, third = four >> 8 & 0x3F, four >> 16 & 0x3F
    if four & 0xC0E0 == 0x80C0:
        point = (first & 0x1F) << 6 | second
        if point >= 0x80:
            return point << 3 | 2
    elif four & 0xC0C0F0 == 0x8080E0:
        point = (first & 0x0F) << 12 | second << 6 | third
        if point >= 0x800 and not 0xD800 <= point < 0xE000:
            return point << 3 | 3
    elif four & 0xC0C0C0F8 == 0x808080F0:
        point = (first & 0x07) << 18 | second << 12 | third << 6 | (four >> 24 & 0x3F)
        if 0x10000 <= point <= 0x10FFFF:
            return point << 3 | 4
    return _REPLACEMENT << 3 | 1


@step
def load32(data: NDArray[np.uint8], at: Any, end: Any) -> Any:
    """Return four bytes from ``at`` on, the first lowest, zeros beyond ``end``."""
    i = uint64(at)
    if at + 4 <= end:
        return (
            int64(data[i])
            | int64(data[i + uint64(1)]) << 8
            | int64(data[i + uint64(2)]) << 16
            | int64(data[i + uint64(3)]) << 24
        )
    four = int64(0)
    for k in range(end - at):
        four |= int64(data[at + k]) << (8 * k)
    return four


@kernel
def _count_characters(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    counts = np.zeros(max(len(offsets) - 1, 0), int64)
    for doc in range(len(offsets) - 1):
        at = offsets[doc]
        end = offsets[doc + 1]
        count = end - at
        # Every byte but a continuation byte (10xxxxxx) begins a code point.
        while at + 8 <= end:
            word = load64(data, at)
            inner = (word & ~(word << uint64(1)) & _HIGH_BITS) >> uint64(7)
            count -= int64((inner * _ONES) >> uint64(56))
            at += 8
        for i in range(at, end):
            count -= int64((data[i] & uint8(0xC0)) == uint8(0x80))
        counts[doc] = count
    return counts
