"""Hashes that kernels share: unaligned loads, finalisers, the 128-bit content hash.

In: byte buffers with offsets. Out: 64-bit words, and 16-byte content hashes. All
arithmetic is modulo 2^64 and little-endian, so the same bytes have the same hash on
every machine and in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.charsets import copy_tail
from audit.kernels.jit import inlined, kernel, step
from audit.kernels.lanes import bytes_between, copy_block, trailing_zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["content_hash", "load64", "mix64", "murmur128_end", "murmur128_step"]

# MurmurHash3_x64_128.
_C1 = uint64(0x87C37B91114253D5)
_C2 = uint64(0x4CF5AD432745937F)


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
    # A block is copied whole, whatever of it counts.
    folded = np.empty(int(np.diff(offsets).max(initial=0)) + 80, np.uint8)
    _content_hash(data, offsets, folded, out)
    return out.astype("<u8", copy=False).view(np.uint8).reshape(-1, 16)


@step
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


@step
def mix64(state: Any) -> Any:
    """Return MurmurHash3's finaliser: each input bit reaches each output bit."""
    state ^= state >> uint64(33)
    state *= uint64(0xFF51AFD7ED558CCD)
    state ^= state >> uint64(33)
    state *= uint64(0xC4CEB9FE1A85EC53)
    return state ^ (state >> uint64(33))


@step
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


@step
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


@step
def _wide_spaces(data: NDArray[np.uint8], at: Any) -> Any:
    """Return which of 64 bytes begin white space that is not ASCII.

    Two bytes behind the 64 are read too.
    """
    found = uint64(0)
    # All begin with C2, E1, E2 or E3.
    if bytes_between(data, at, 0xE1, 0xE3) | bytes_between(data, at, 0xC2, 0xC2):
        second, third = at + 1, at + 2
        found = bytes_between(data, at, 0xC2, 0xC2) & (
            bytes_between(data, second, 0x85, 0x85)
            | bytes_between(data, second, 0xA0, 0xA0)
        )
        found |= (
            bytes_between(data, at, 0xE1, 0xE1)
            & bytes_between(data, second, 0x9A, 0x9A)
            & bytes_between(data, third, 0x80, 0x80)
        )
        general = bytes_between(data, second, 0x80, 0x80) & (
            bytes_between(data, third, 0x80, 0x8A)
            | bytes_between(data, third, 0xA8, 0xA9)
            | bytes_between(data, third, 0xAF, 0xAF)
        )
        general |= bytes_between(data, second, 0x81, 0x81) & bytes_between(
            data, third, 0x9F, 0x9F
        )
        found |= bytes_between(data, at, 0xE2, 0xE2) & general
        found |= (
            bytes_between(data, at, 0xE3, 0xE3)
            & bytes_between(data, second, 0x80, 0x80)
            & bytes_between(data, third, 0x80, 0x80)
        )
    return found


@inlined
def _fold_block(data: Any, at: Any, left: Any, out: Any, size: Any, due: Any) -> Any:
    """Write the next 64 bytes of a text, white space folded.

    Args:
        data: uint8, of which 130 bytes from ``at`` on are read.
        at: where the block begins.
        left: bytes of the text from there on.
        out: what the text is written to; 65 bytes past ``size`` may be.
        size: bytes written so far.
        due: whether white space stands right before the block, and text before that.

    Returns:
        The bytes read, and ``size`` and ``due`` behind them.
    """
    space = bytes_between(data, at, 0x20, 0x20)
    ascii_space = space | bytes_between(data, at, 0x09, 0x0D)
    wide = _wide_spaces(data, at)
    # A single space between other bytes is text. What follows the last is unknown.
    end, place = min(left, 64), int64(0)
    following = (ascii_space | wide) >> uint64(1) | uint64(1) << uint64(end - 1)
    stops = (ascii_space & ~space) | wide | space & following
    while place < end:
        shift = uint64(place)
        here = uint64(1) << shift
        if ascii_space & here and (stops & here or due or size == 0):
            place += int64(trailing_zeros(~(ascii_space >> shift)))
            due = size > 0
            continue
        step = 0
        if wide & here:
            step = 2 if data[at + place] == 0xC2 else 3
        if 0 < step <= left - place:
            place += step
            due = size > 0
            continue
        # What reaches beyond the end of the text is no white space.
        after = uint64(1) + shift if step or stops & here else shift
        run = int64(trailing_zeros(stops >> after) + after) if after < 64 else 64
        run = min(run, end) - place
        out[uint64(size)] = 0x20
        size += int64(due)
        due = False
        copy_block(out, size, data, at + place)
        size += run
        place += run
    return min(place, left), size, due


@inlined
def _mixed(folded: NDArray[np.uint8], begin: Any, end: Any, h1: Any, h2: Any) -> Any:
    """Mix the blocks of sixteen bytes that end in ``folded[begin:end]``."""
    while begin + 16 <= end:
        k1, k2 = load64(folded, begin), load64(folded, begin + 8)
        h1, h2 = murmur128_step(h1, h2, k1, k2)
        begin += 16
    return begin, h1, h2


@kernel
def _content_hash(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    folded: NDArray[np.uint8],
    out: NDArray[np.uint64],
) -> None:
    tail = np.zeros(130, np.uint8)
    for doc in range(len(offsets) - 1):
        at, end = offsets[doc], offsets[doc + 1]
        size, done, due = int64(0), int64(0), False
        h1, h2 = uint64(0), uint64(0)
        while at < end:
            if at + 130 <= len(data):
                step_, size, due = _fold_block(data, at, end - at, folded, size, due)
            else:
                copy_tail(data, at, tail)
                step_, size, due = _fold_block(tail, 0, end - at, folded, size, due)
            at += step_
            # Mixing waits for itself alone, so it is done between blocks, one behind.
            done, h1, h2 = _mixed(folded, done, size - 64, h1, h2)
        done, h1, h2 = _mixed(folded, done, size, h1, h2)
        folded[size : size + 16] = 0
        k1, k2 = load64(folded, done), load64(folded, done + 8)
        out[doc, 0], out[doc, 1] = murmur128_end(h1, h2, k1, k2, size)
