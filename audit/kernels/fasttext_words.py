"""Words of a text as fastText parts them, and what names each: its hash.

In: bytes of a text. Out: where words begin and end, found 64 bytes at a time, and the
64-bit hash that is the key of the table of words and of the cache of their rows.
"""

from __future__ import annotations

import numpy as np

from audit.kernels.hashing import load64, mix64
from audit.kernels.jit import inlined
from audit.kernels.lanes import bytes_between, trailing_zeros
from audit.kernels.words import hash_step

__all__ = [
    "KEY_BITS", "find_words", "grow32", "hash32", "is_label", "valid_bits", "word_key",
]  # fmt: skip

# What a word hash begins with.
_SEED = np.uint64(0x9E3779B97F4A7C15)
_ALL = ~np.uint64(0)
# Low bits of a hash that the cache needs for itself. The others are never all zero:
# that is what an empty slot looks like.
KEY_BITS = 16


@inlined
def valid_bits(n):  # type: ignore[no-untyped-def]
    """Return a uint64 with the n lowest bits set, n from 0 to 64."""
    half = np.uint64(n) >> np.uint64(1)
    return ~(_ALL << half << (np.uint64(n) - half))


@inlined
def _inside(data, at):  # type: ignore[no-untyped-def]
    """Return which of 64 bytes are in words: not 0, 9 to 13 or 32."""
    return ~(
        bytes_between(data, at, 32, 32)
        | bytes_between(data, at, 9, 13)
        | bytes_between(data, at, 0, 0)
    )


@inlined
def find_words(data, i, end, tail, starts, ends, n, enough):  # type: ignore[no-untyped-def]
    """Find the words of ``data[i:end]`` until there are enough of them.

    Args:
        data: uint8[n_bytes].
        i: where a word may begin.
        end: where the last word ends at the latest.
        tail: uint8[64], for bytes that end sooner than a block.
        starts: int64[enough + 64], gets the first byte of each word.
        ends: the same, gets the byte after each.
        n: words in ``starts`` and ``ends`` already, less than enough.
        enough: words to stop at.

    Returns:
        The number of words, and the byte to go on from.
    """
    one = np.uint64(1)
    begun, ended, before = n, n, np.uint64(0)
    while i < end and ended < enough:
        left = min(end - i, 64)
        if i + 64 <= len(data):
            word = _inside(data, i)
        else:
            for k in range(left):
                tail[k] = data[i + k]
            word = _inside(tail, 0)
        word &= _ALL >> np.uint64(64 - left)
        follows = word << one | before
        before = word >> np.uint64(63)
        begin, stop = word & ~follows, follows & ~word
        while begin:
            starts[begun] = i + np.int64(trailing_zeros(begin))
            begun += 1
            begin &= begin - one
        while stop:
            ends[ended] = i + np.int64(trailing_zeros(stop))
            ended += 1
            stop &= stop - one
        i += left
    if begun > ended and i == end:
        ends[ended] = end
        return begun, end
    return ended, starts[ended] if begun > ended else i


@inlined
def _chunk(data, at, end):  # type: ignore[no-untyped-def]
    """Return up to eight bytes, those from ``end`` on as zeros."""
    if at + 8 <= len(data):
        return load64(data, at) & valid_bits(min(end - at, 8) << 3)
    chunk = np.uint64(0)
    for k in range(min(end, len(data)) - at):
        chunk |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return chunk


@inlined
def word_key(data, start, end):  # type: ignore[no-untyped-def]
    """Return the 64-bit hash of a word, whose bits from `KEY_BITS` on are not all zero.

    Bytes enter eight at a time, sixteen at least: most words are shorter, and all of
    these take the same way. A word has no byte that is 0, so zeros say where it ends.
    """
    state = hash_step(_SEED, _chunk(data, start, end))
    at = start + 8
    state = hash_step(state, _chunk(data, at, max(at, end)))
    while at + 8 < end:
        at += 8
        state = hash_step(state, _chunk(data, at, end))
    key = mix64(state)
    return key | np.uint64((key >> np.uint64(KEY_BITS)) == 0) << np.uint64(63)


@inlined
def grow32(h, byte):  # type: ignore[no-untyped-def]
    """Return FNV-1a over one more byte, as fastText does it (bytes are signed)."""
    signed = np.uint32(np.int32(np.int8(byte)))
    return np.uint32(np.uint32(h ^ signed) * np.uint32(16777619))


@inlined
def hash32(data, start, end):  # type: ignore[no-untyped-def]
    """Return fastText's own hash of a word, as the signed number it keeps."""
    h = np.uint32(2166136261)
    for i in range(start, end):
        h = grow32(h, data[i])
    return np.int32(h)


@inlined
def is_label(data, start, end):  # type: ignore[no-untyped-def]
    """Whether a token begins with ``__label__`` (fastText leaves such tokens out)."""
    if end - start < 9 or data[start] != 0x5F or data[start + 1] != 0x5F:
        return False
    return (
        data[start + 2] == 0x6C
        and data[start + 3] == 0x61
        and data[start + 4] == 0x62
        and data[start + 5] == 0x65
        and data[start + 6] == 0x6C
        and data[start + 7] == 0x5F
        and data[start + 8] == 0x5F
    )
