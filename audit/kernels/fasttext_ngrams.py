"""The buckets of the n-grams of a word.

In: the bytes of a word. Out: for each of its n-grams the bucket that fastText gives it.

An n-gram begins at each character of ``<word>``, so sixteen hashes grow a byte at a
time side by side, and bits of a uint64 say which of them have grown by how many
characters. A word of more than `_WINDOW` bytes is read piece by piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.fasttext_words import grow32, valid_bits
from audit.kernels.jit import inlined
from audit.kernels.lanes import bytes_between, copy_block, prefetch, trailing_zeros
from audit.kernels.vectors import LANES, grow_hashes, remainders

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "PIECE_ROWS", "Reading", "Window", "buckets_of_piece", "longest_cached", "reading",
    "window",
]  # fmt: skip

# Bytes of a word that are hashed at a time, and of the room for them: a vector may be
# read that begins at the last byte but those an n-gram has at most.
_WINDOW = 63
_WINDOW_BYTES = 128
# Longer n-grams are hashed one by one: those of a window would be too few.
LONGEST_LANE_NGRAM = 8
# Rows of a piece of a word at most: those of a window, or of n-grams of 64 characters
# from so many beginnings that they are over half of it.
PIECE_ROWS = 512
# Bytes of the longest word that is in a cache; with its borders, less than a window.
_LONGEST_CACHED = 48
_BASIS = np.uint32(2166136261)


class Reading(NamedTuple):
    """How the n-grams of words are looked for.

    Attributes:
        minn: shortest n-gram in characters, 1 at least.
        maxn: longest, 0 where there are none.
        n_buckets: uint32, their buckets.
        inverse: uint32, what `remainders` multiplies by.
        shift: uint64, and what it shifts by.
    """

    minn: int
    maxn: int
    n_buckets: np.uint32
    inverse: np.uint32
    shift: np.uint64


def reading(minn: int, maxn: int, n_buckets: int) -> Reading:
    """Return how n-grams of ``minn`` to ``maxn`` characters are looked for."""
    divisor = max(n_buckets, 1)
    shift = 31 + divisor.bit_length()
    inverse = min((1 << shift) // divisor, (1 << 32) - 1)
    return Reading(minn, maxn, np.uint32(divisor), np.uint32(inverse), np.uint64(shift))


def longest_cached(maxn: int) -> int:
    """Return the bytes of the longest word whose n-grams are all in its first piece.

    Longer ones than that are rarely met again (clauses of scripts without spaces).
    """
    if maxn <= LONGEST_LANE_NGRAM:
        return _LONGEST_CACHED
    return max(PIECE_ROWS // 2 // maxn - 2, 0)


class Window(NamedTuple):
    """Room for a piece of a word and what is known of its n-grams.

    Attributes:
        data: uint8[128], the piece.
        hashes: uint32[64], of the n-grams that begin at each of its bytes.
        buckets: uint32[64], of the same.
        alive: uint64[LONGEST_LANE_NGRAM + 1], which n-grams have so many characters.
    """

    data: NDArray[np.uint8]
    hashes: NDArray[np.uint32]
    buckets: NDArray[np.uint32]
    alive: NDArray[np.uint64]


def window() -> Window:
    """Return room for a piece of a word."""
    return Window(
        np.zeros(_WINDOW_BYTES, np.uint8),
        np.zeros(64, np.uint32),
        np.zeros(64, np.uint32),
        np.zeros(LONGEST_LANE_NGRAM + 1, np.uint64),
    )


@inlined
def _fetch_bucket(kept, bucket):  # type: ignore[no-untyped-def]
    """Have what tells whether a bucket has a row on its way from memory."""
    if len(kept):
        prefetch(kept, np.int64(bucket) >> 6 << 1)


@inlined
def _fill(data, start, end, p, n, window):  # type: ignore[no-untyped-def]
    """Write bytes ``p`` to ``p + n - 1`` of ``<word>``."""
    first = start + p - 1
    if p == 0:
        window[0] = 0x3C
        if start + 64 <= len(data):
            copy_block(window, 1, data, start)
        else:
            for k in range(min(n - 1, end - start)):
                window[k + 1] = data[start + k]
    elif first + 64 <= len(data):
        copy_block(window, 0, data, first)
    else:
        for k in range(min(n, end - first)):
            window[k] = data[first + k]
    if p + n == end - start + 2:
        window[n - 1] = 0x3E


@inlined
def _lanes(plan, room, n, first, last, found, n_found):  # type: ignore[no-untyped-def]
    """Append the buckets of the n-grams that begin in a window; return their number.

    Bit i of ``alive[c]`` says that the n-gram from byte i on has c characters by now.
    Those of a window that is not the last may begin where all fit in.
    """
    data, hashes, buckets, alive = room.data, room.hashes, room.buckets, room.alive
    minn, maxn = plan.minn, plan.maxn
    one, valid = np.uint64(1), valid_bits(n)
    leads = ~bytes_between(data, 0, 0x80, 0xBF) & valid
    stops = leads | np.uint64(last) << np.uint64(n)
    for k in range(0, n, LANES):
        for lane in range(k, k + LANES):
            hashes[lane] = _BASIS
    for c in range(maxn + 1):
        alive[c] = np.uint64(0)
    growing = leads if last else leads & valid_bits(_WINDOW - 4 * maxn)
    alive[1], size = growing, np.int64(1)
    while growing:
        # The next byte of each joins its hash.
        for k in range(0, n, LANES):
            grow_hashes(hashes, k, data, k + size - 1)
        ends = stops >> np.uint64(size)
        complete = np.uint64(0)
        for c in range(max(minn, 2), maxn + 1):
            complete |= alive[c]
        if minn <= 1:
            # A border of the word alone is no n-gram.
            single = alive[1]
            if first:
                single &= ~one
            if last:
                single &= ~(one << np.uint64(n - size))
            complete |= single
        complete &= ends
        if complete:
            for k in range(0, n, LANES):
                remainders(hashes, k, plan.n_buckets, plan.inverse, plan.shift, buckets)
            while complete:
                i = trailing_zeros(complete)
                complete &= complete - one
                found[n_found] = buckets[i]
                n_found += 1
        joining = leads >> np.uint64(size)
        size += 1
        reach = valid_bits(max(n - size + 1, 0))
        growing = np.uint64(0)
        for c in range(maxn, 0, -1):
            more = alive[c - 1] & joining if c > 1 else np.uint64(0)
            alive[c] = (alive[c] & ~joining | more) & reach
            growing |= alive[c]
    return n_found


@inlined
def _one_by_one(plan, data, start, end, p, found, n_found):  # type: ignore[no-untyped-def]
    """Append the buckets of the n-grams that begin at byte p of ``<word>``."""
    n_buckets = plan.n_buckets
    minn, maxn = plan.minn, plan.maxn
    size = end - start + 2
    h, j, c = _BASIS, p, 0
    while j < size and c <= maxn:
        byte = np.uint8(0x3C)
        if j > 0:
            byte = data[start + j - 1] if j < size - 1 else np.uint8(0x3E)
        if (byte & 0xC0) != 0x80:
            # A character begins: what was before it is whole.
            if c >= minn and not (c == 1 and p == 0):
                found[n_found] = h % n_buckets
                n_found += 1
            c += 1
        elif j == p:
            return n_found
        h = grow32(h, byte)
        j += 1
    if j == size and minn <= c <= maxn and c != 1:
        found[n_found] = h % n_buckets
        n_found += 1
    return n_found


@inlined
def buckets_of_piece(kept, plan, room, data, start, end, p, found, n_found):  # type: ignore[no-untyped-def]
    """Append the buckets of the n-grams of ``<word>`` that begin in a piece of it.

    Args:
        kept: of the network.
        plan: its `Reading`.
        room: a `Window`.
        data: uint8[n_bytes], valid UTF-8.
        start: first byte of the word.
        end: the byte after it.
        p: byte of ``<word>`` that the piece begins at.
        found: int64, room for `PIECE_ROWS` more.
        n_found: buckets in ``found`` already.

    Returns:
        How many buckets there are, and where the next piece begins. What tells whether
        they have rows is on its way from memory.
    """
    size, begin = end - start + 2, n_found
    if plan.maxn == 0:
        p = size
    elif plan.maxn > LONGEST_LANE_NGRAM:
        while p < size and n_found < begin + PIECE_ROWS // 2:
            n_found = _one_by_one(plan, data, start, end, p, found, n_found)
            p += 1
    else:
        n = min(size - p, _WINDOW)
        last = p + n == size
        _fill(data, start, end, p, n, room.data)
        n_found = _lanes(plan, room, n, p == 0, last, found, n_found)
        p = size if last else p + _WINDOW - 4 * plan.maxn
    for k in range(begin, n_found):
        _fetch_bucket(kept, found[k])
    return n_found, p
