"""Hashes that kernels share: unaligned loads, finalisers, the 128-bit content hash.

In: byte buffers with offsets. Out: 64-bit words, and 16-byte content hashes. All
arithmetic is modulo 2^64 and little-endian, so the same bytes have the same hash on
every machine and in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["content_hash", "load64", "mix64", "murmur128_end", "murmur128_step"]

# MurmurHash3_x64_128.
_C1 = uint64(0x87C37B91114253D5)
_C2 = uint64(0x4CF5AD432745937F)

# Eight bytes at once: adding 0x80 - c to 7-bit bytes sets bit 7 from c on.
_ONES = 0x0101010101010101
_LOW_BITS = uint64(0x7F * _ONES)
_HIGH_BITS = uint64(0x80 * _ONES)
_FROM_TAB, _BEYOND_CR = uint64(0x77 * _ONES), uint64(0x72 * _ONES)
_FROM_SPACE, _BEYOND_SPACE = uint64(0x60 * _ONES), uint64(0x5F * _ONES)
_FROM_C2, _BEYOND_C2 = uint64(0x3E * _ONES), uint64(0x3D * _ONES)
_FROM_E1, _BEYOND_E3 = uint64(0x1F * _ONES), uint64(0x1C * _ONES)
_SPACE_CHUNK = uint64(0x20)


def content_hash(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Return uint8[n_docs, 16], the hash that equal documents share.

    It is MurmurHash3_x64_128 (seed 0) of the text with every run of white space (as
    Unicode defines it) made one space and none at either end. Case and punctuation
    count. Not a cryptographic hash: whoever wants a collision can make one.

    Args:
        data: uint8[n_bytes], UTF-8 in NFC.
        offsets: int64[n_docs + 1], document i is ``data[offsets[i]:offsets[i + 1]]``.
    """
    out = np.zeros((max(len(offsets) - 1, 0), 2), np.uint64)
    _content_hash(data, offsets, out)
    return out.astype("<u8", copy=False).view(np.uint8).reshape(-1, 16)


@kernel
def load64(data: NDArray[np.uint8], at: Any) -> Any:
    """Return the eight bytes from ``at`` on as a little-endian uint64.

    The caller makes sure that they are there. The index is unsigned, which spares
    numba's test for negative ones and lets LLVM join the eight loads into one.
    """
    i = uint64(at)
    return (
        uint64(data[i])
        | uint64(data[i + uint64(1)]) << uint64(8)
        | uint64(data[i + uint64(2)]) << uint64(16)
        | uint64(data[i + uint64(3)]) << uint64(24)
        | uint64(data[i + uint64(4)]) << uint64(32)
        | uint64(data[i + uint64(5)]) << uint64(40)
        | uint64(data[i + uint64(6)]) << uint64(48)
        | uint64(data[i + uint64(7)]) << uint64(56)
    )


@kernel
def mix64(state: Any) -> Any:
    """Return MurmurHash3's finaliser: each input bit reaches each output bit."""
    state ^= state >> uint64(33)
    state *= uint64(0xFF51AFD7ED558CCD)
    state ^= state >> uint64(33)
    state *= uint64(0xC4CEB9FE1A85EC53)
    return state ^ (state >> uint64(33))


@kernel
def murmur128_step(h1: Any, h2: Any, k1: Any, k2: Any) -> Any:
    """Mix a block of sixteen bytes (k1, k2) into the state (h1, h2)."""
    k1 *= _C1
    k1 = (k1 << uint64(31) | k1 >> uint64(33)) * _C2
    h1 ^= k1
    h1 = (h1 << uint64(27) | h1 >> uint64(37)) + h2
    h1 = h1 * uint64(5) + uint64(0x52DCE729)
    k2 *= _C2
    k2 = (k2 << uint64(33) | k2 >> uint64(31)) * _C1
    h2 ^= k2
    h2 = (h2 << uint64(31) | h2 >> uint64(33)) + h1
    return h1, h2 * uint64(5) + uint64(0x38495AB5)


@kernel
def murmur128_end(h1: Any, h2: Any, k1: Any, k2: Any, length: Any) -> Any:
    """Finish with the last bytes (zeros behind them) and the length in bytes."""
    k1 *= _C1
    h1 ^= (k1 << uint64(31) | k1 >> uint64(33)) * _C2
    k2 *= _C2
    h2 ^= (k2 << uint64(33) | k2 >> uint64(31)) * _C1
    h1 ^= uint64(length)
    h2 ^= uint64(length)
    h1 += h2
    h2 += h1
    h1 = mix64(h1)
    h2 = mix64(h2)
    h1 += h2
    return h1, h2 + h1


@kernel
def _range(low: Any, first: Any, beyond: Any) -> Any:
    """Return bit 7 of every 7-bit byte within a range."""
    return (low + first) & ~(low + beyond) & _HIGH_BITS


@kernel
def _stops(word: Any) -> Any:
    """Return bit 7 of each byte that may be white space worth a closer look.

    That is all but a single space between two other bytes, which is left as it is.
    """
    low = word & _LOW_BITS
    beyond = word & _HIGH_BITS
    plain = ~word & _HIGH_BITS
    space = _range(low, _FROM_SPACE, _BEYOND_SPACE) & plain
    other = _range(low, _FROM_TAB, _BEYOND_CR) & plain
    # Unicode's other spaces begin with C2, E1, E2 or E3.
    other |= _range(low, _FROM_C2, _BEYOND_C2) & beyond
    other |= _range(low, _FROM_E1, _BEYOND_E3) & beyond
    # The byte after the last one is unknown, so a space there is looked at.
    following = (space | other) >> uint64(8) | uint64(1) << uint64(63)
    return other | space & following


@kernel
def _space_length(data: NDArray[np.uint8], at: Any, end: Any) -> Any:
    """Return the bytes of the white space at ``at``, 0 where there is none."""
    first = data[at]
    if first == 0x20 or 0x09 <= first <= 0x0D:
        return 1
    if first == 0xC2 and at + 1 < end:
        return 2 if data[at + 1] == 0x85 or data[at + 1] == 0xA0 else 0
    if 0xE1 <= first <= 0xE3 and at + 2 < end:
        point = (int64(data[at + 1]) & 0x3F) << 6 | int64(data[at + 2]) & 0x3F
        point |= (int64(first) & 0x0F) << 12
        if (
            0x2000 <= point <= 0x200A
            or point == 0x1680
            or 0x2028 <= point <= 0x2029
            or point == 0x202F
            or point == 0x205F
            or point == 0x3000
        ):
            return 3
    return 0


@kernel
def _content_hash(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], out: NDArray[np.uint64]
) -> None:
    for doc in range(len(offsets) - 1):
        at = offsets[doc]
        end = offsets[doc + 1]
        # Bytes gather in `chunk`; every second full one closes a block of sixteen.
        h1, h2, k1 = uint64(0), uint64(0), uint64(0)
        chunk, shift, length = uint64(0), uint64(0), int64(0)
        odd = 0
        # White space is due, but counts only where text follows it.
        due = False
        while at < end:
            size = uint64(0)
            word = uint64(0)
            if at + 8 <= end and not due:
                word = load64(data, at)
                stops = _stops(word)
                if length == 0 or (stops & uint64(0x80)) != 0:
                    # The first byte of the text is looked at alone.
                    stops |= uint64(0x80)
                mask = ((stops & (~stops + uint64(1))) >> uint64(7)) - uint64(1)
                word &= mask
                size = ((mask & uint64(_ONES)) * uint64(_ONES)) >> uint64(56)
            if size == uint64(0):
                step = _space_length(data, at, end)
                if step:
                    due = bool(length > 0)
                    at += step
                    continue
                if due:
                    word = _SPACE_CHUNK | uint64(data[at]) << uint64(8)
                    size = uint64(2)
                    due = False
                else:
                    word = uint64(data[at])
                    size = uint64(1)
                at += 1
            else:
                at += int64(size)
            length += int64(size)
            chunk |= word << shift
            shift += size << uint64(3)
            if shift >= uint64(64):
                if odd:
                    h1, h2 = murmur128_step(h1, h2, k1, chunk)
                k1 = chunk
                odd = 1 - odd
                shift -= uint64(64)
                # What of `word` did not fit; a shift by 64 bits is not defined.
                taken = (size << uint64(3)) - shift
                chunk = uint64(0) if shift == uint64(0) else word >> taken
        k2 = uint64(0)
        if odd:
            k2 = chunk
        else:
            k1 = chunk
        out[doc, 0], out[doc, 1] = murmur128_end(h1, h2, k1, k2, length)
