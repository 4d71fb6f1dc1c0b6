"""The buckets of the n-grams of a word.

In: the bytes of a word. Out: for each of its n-grams the bucket that fastText gives it.

An n-gram begins at each character of ``<word>``, so sixteen hashes grow by a character
side by side, and those of one length stand in a row. A word of more than `_WINDOW`
bytes is read piece by piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.fasttext_words import grow32, valid_bits
from audit.kernels.hashing import load64
from audit.kernels.jit import inlined
from audit.kernels.lanes import bytes_between, copy_block, prefetch, trailing_zeros
from audit.kernels.vectors import LANES, grow_hashes, remainders, widen

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "PIECE_ROWS", "Reading", "Window", "buckets_of_piece", "longest_cached", "reading",
    "window",
]  # fmt: skip

# Bytes of a word that are hashed at a time: with its borders, no more characters than
# `_LANES`, and a whole word of the longest that is cached.
_WINDOW, _LANES = 62, 64
# Longer n-grams are hashed one by one: those of a window would be too few.
LONGEST_LANE_NGRAM = 8
# Room for the rows of a piece of a word: those of a window, one before them and a
# vector that is written whole, or of n-grams of 64 characters from so many beginnings
# that they are over half of it.
PIECE_ROWS = _LANES * LONGEST_LANE_NGRAM + 2 * LANES
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
    """Room for a piece of a word and its n-grams.

    Attributes:
        data: uint8[128], bytes of the word.
        characters: uint32, the bytes of each character, the first one lowest, and
            zeros; room for those that the n-grams of the last vector reach.
        places: int64[_LANES + 1], where in ``<word>`` each character begins.
        hashes: uint32[_LANES], of the n-grams that begin at each character.
    """

    data: NDArray[np.uint8]
    characters: NDArray[np.uint32]
    places: NDArray[np.int64]
    hashes: NDArray[np.uint32]


def window() -> Window:
    """Return room for a piece of a word."""
    return Window(
        np.zeros(128, np.uint8),
        np.zeros(_LANES + LONGEST_LANE_NGRAM + LANES, np.uint32),
        np.zeros(_LANES + 1, np.int64),
        np.zeros(_LANES, np.uint32),
    )


@inlined
def _fetch_bucket(kept, bucket):  # type: ignore[no-untyped-def]
    """Have what tells whether a bucket has a row on its way from memory."""
    if len(kept):
        prefetch(kept, np.int64(bucket) >> 6 << 1)


@inlined
def _characters(room, p, n, last):  # type: ignore[no-untyped-def]
    """Part the first n bytes of ``room.data`` into characters.

    Args:
        room: a `Window`.
        p: byte of ``<word>`` that the piece begins at: 0 brings the border.
        n: bytes of the word in the piece.
        last: whether it ends with them; else its last character is left out, of which
            bytes may be missing.

    Returns:
        How many characters there are, borders too, and the most bytes of one.
    """
    data, characters, places = room.data, room.characters, room.places
    count, width, one = np.int64(p == 0), np.int64(1), np.uint64(1)
    begin = max(p, 1)
    if p == 0:
        characters[0] = 0x3C
        places[0] = 0
    valid = valid_bits(n)
    leads = ~bytes_between(data, 0, 0x80, 0xBF) & valid
    if leads == valid and last:
        for k in range(0, n, LANES):
            widen(characters, count + k, data, k)
        count += n
        leads = np.uint64(0)
    while leads:
        i = np.int64(trailing_zeros(leads))
        leads &= leads - one
        places[count] = begin + i
        if not leads and not last:
            break
        size = min(np.int64(trailing_zeros(leads)), n) - i
        size = min(size, 4)
        characters[count] = load64(data, i) & valid_bits(size << 3)
        width = max(width, size)
        count += 1
    if last:
        characters[count] = 0x3E
        count += 1
    return count, width


@inlined
def _lanes(plan, room, count, width, first, last, found, n_found):  # type: ignore[no-untyped-def]
    """Append the buckets of the n-grams that begin in a piece.

    Those of a piece that is not the last begin where all fit in.

    Args:
        plan: a `Reading`.
        room: the `Window` with the characters.
        count: how many there are.
        width: the most bytes of one.
        first: whether the piece is the first of the word.
        last: whether it is the last.
        found: int64, one before ``n_found`` is written over.
        n_found: buckets in it.

    Returns:
        How many buckets there are, and the character that the next piece begins at.
    """
    hashes = room.hashes
    starts = count if last else max(count - plan.maxn + 1, 0)
    for k in range(0, starts, LANES):
        for lane in range(k, k + LANES):
            hashes[lane] = _BASIS
    for c in range(1, plan.maxn + 1):
        low, high = np.int64(0), min(starts, count - c + 1)
        if high <= 0:
            break
        for k in range(0, high, LANES):
            grow_hashes(hashes, k, room.characters, k + c - 1, width)
        if c < plan.minn:
            continue
        if c == 1:
            # A border of the word alone is no n-gram.
            low, high = np.int64(first), high - np.int64(last)
        for k in range(0, high, LANES):
            remainders(
                hashes, k, plan.n_buckets, plan.inverse, plan.shift, found,
                n_found + k - low,
            )  # fmt: skip
        n_found += max(high - low, 0)
    return n_found, starts


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
        found: int64, room for `PIECE_ROWS` from one before ``n_found`` on; that one is
            written over.
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
        at = start + max(p - 1, 0)
        n = min(end - at, _WINDOW)
        last = at + n == end
        if at + 64 <= len(data):
            copy_block(room.data, 0, data, at)
        else:
            for k in range(n):
                room.data[k] = data[at + k]
        count, width = _characters(room, p, n, last)
        n_found, starts = _lanes(plan, room, count, width, p == 0, last, found, n_found)
        # Bytes without a character are no text: they are passed over.
        if last:
            p = size
        elif starts > 0:
            p = room.places[starts]
        else:
            p = max(p, 1) + n
    for k in range(begin, n_found):
        _fetch_bucket(kept, found[k])
    return n_found, p
