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
from audit.kernels.lanes import bytes_between, popcount

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["count_characters", "decode", "is_utf8", "load32"]

_ONES = uint64(0x0101010101010101)
_HIGH_BITS = uint64(0x8080808080808080)
_REPLACEMENT = 0xFFFD


def count_characters(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return int64[n_docs], the code points of each document of valid UTF-8."""
    return _count_characters(data, offsets)


def is_utf8(data: NDArray[np.uint8], begin: int, end: int) -> bool:
    """Return whether ``data[begin:end]`` is UTF-8 (RFC 3629).

    Args:
        data: uint8[n_bytes].
        begin: first byte.
        end: the byte after the last one.
    """
    return bool(_is_utf8(data, begin, end))


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
        while at + 64 <= end:
            count -= int64(popcount(bytes_between(data, at, 0x80, 0xBF)))
            at += 64
        while at + 8 <= end:
            word = load64(data, at)
            inner = (word & ~(word << uint64(1)) & _HIGH_BITS) >> uint64(7)
            count -= int64((inner * _ONES) >> uint64(56))
            at += 8
        for i in range(at, end):
            count -= int64((data[i] & uint8(0xC0)) == uint8(0x80))
        counts[doc] = count
    return counts


@step
def _wrong_second(data: NDArray[np.uint8], at: Any) -> Any:
    """Return which of 64 bytes begin an overlong form, a surrogate or too high a point.

    A first byte in the last place shows its second byte: one byte behind is read too.
    """
    second = at + 1
    found = bytes_between(data, at, 0xE0, 0xE0) & bytes_between(
        data, second, 0x80, 0x9F
    )
    found |= bytes_between(data, at, 0xED, 0xED) & bytes_between(
        data, second, 0xA0, 0xBF
    )
    if bytes_between(data, at, 0xF0, 0xF4):
        found |= bytes_between(data, at, 0xF0, 0xF0) & bytes_between(
            data, second, 0x80, 0x8F
        )
        found |= bytes_between(data, at, 0xF4, 0xF4) & bytes_between(
            data, second, 0x90, 0xBF
        )
    return found


@step
def _check_block(data: NDArray[np.uint8], at: Any, due: Any) -> Any:
    """Check 64 bytes; one byte behind them is read too.

    Args:
        data: uint8.
        at: where the block begins.
        due: which of the first bytes must go on what the block before began.

    Returns:
        Whether all is right so far, and ``due`` of the next block.
    """
    high = bytes_between(data, at, 0x80, 0xFF)
    if high | due == 0:
        return True, due
    inner = bytes_between(data, at, 0x80, 0xBF)
    two = bytes_between(data, at, 0xC2, 0xDF)
    three = bytes_between(data, at, 0xE0, 0xEF)
    four = bytes_between(data, at, 0xF0, 0xF4)
    long, first = three | four, two | three | four
    expected = due | first << uint64(1) | long << uint64(2) | four << uint64(3)
    good = inner == expected and high == inner | first
    if long and _wrong_second(data, at):
        good = False
    due = first >> uint64(63) | long >> uint64(62) | four >> uint64(61)
    return good, due


@kernel
def _is_utf8(data: NDArray[np.uint8], begin: Any, end: Any) -> Any:
    due, at = uint64(0), int64(begin)
    while at + 65 <= end:
        good, due = _check_block(data, at, due)
        if not good:
            return False
        at += 64
    # The rest with zeros behind it, which begin and go on nothing.
    tail = np.zeros(160, np.uint8)
    tail[: end - at] = data[at:end]
    for place in range(0, 128, 64):
        good, due = _check_block(tail, place, due)
        if not good:
            return False
    return due == 0
