"""Sets of hashes in fewer bits, for their way between workers; nothing is lost.

In: ascending 32-bit hashes of many sets. Out: one stream of bits, and back. A set is
written as the gaps between its hashes, each by Rice's code (R. F. Rice 1979): so many
low bits as they are, the rest in unary. Where an earlier set of the same stream is much
like it, a bit for each hash of that one says whether it is shared, and only the other
hashes are written: near-duplicates that travel together cost a bit a hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint32, uint64

from audit.kernels.jaccard import common
from audit.kernels.jit import inlined, kernel, step
from audit.kernels.lanes import trailing_zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["decode_sets", "encode_sets"]

_SPAN = int64(2**32)
_LOW = int64(2**32 - 1)
_MOST = int64(31)  # ones of a quotient that are written at once
_WORD = int64(32)  # bits of a word, and the most that are written or read at once
_NONE = int64(-1)


def encode_sets(
    hashes: NDArray[np.uint32], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Return (words, references): the bits of all sets, and whom each leans on.

    Args:
        hashes: uint32[n], ascending within each set; a set may have one twice.
        offsets: int64[n_sets + 1] into ``hashes``.

    Returns:
        uint32[n_words], and int32[n_sets]: the number of an earlier set, or -1.
    """
    firsts = _earlier(hashes, offsets, offsets[:-1])
    lasts = _earlier(hashes, offsets, offsets[1:] - 1)
    references = np.empty(len(offsets) - 1, np.int32)
    words = np.zeros(_room(offsets), np.uint32)
    n_bits = _encode(hashes, offsets, firsts, lasts, words, references)
    # One word more than there are bits for, so that two are read at once anywhere.
    return words[: (n_bits >> 5) + 2].copy(), references


def decode_sets(
    words: NDArray[np.uint32],
    references: NDArray[np.int32],
    offsets: NDArray[np.int64],
) -> NDArray[np.uint32]:
    """Return the hashes that `encode_sets` was given.

    Args:
        words: uint32[n_words].
        references: int32[n_sets].
        offsets: int64[n_sets + 1], where the sets stand among the hashes.
    """
    hashes = np.empty(int(offsets[-1]), np.uint32)
    _decode(words, references, offsets, hashes)
    return hashes


def _earlier(
    hashes: NDArray[np.uint32], offsets: NDArray[np.int64], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    # The last set before each that has the same hash at its place (smallest, largest):
    # near-duplicates have, with the probability of their similarity. -1: there is none.
    found = np.full(len(places), _NONE)
    filled = np.flatnonzero(np.diff(offsets))
    values = hashes[places[filled]]
    order = np.argsort(values, kind="stable")
    same = values[order[1:]] == values[order[:-1]]
    found[filled[order[1:][same]]] = filled[order[:-1][same]]
    return found


@kernel
def _room(offsets: NDArray[np.int64]) -> Any:
    # Words that are enough for all sets, none leaning on another.
    bits = int64(0)
    for i in range(len(offsets) - 1):
        bits += _cost(offsets[i + 1] - offsets[i])
    return (bits >> 5) + 3


@step
def _low_bits(n: Any) -> Any:
    """Return how many low bits of a gap are written as they are, for n hashes."""
    bits = _MOST
    while bits > 0 and (n + 1) << bits > _SPAN:
        bits -= 1
    return bits


@step
def _cost(n: Any) -> Any:
    """Return the most bits that n hashes take: quotients add up to 2 (n + 1)."""
    return n * (_low_bits(n) + 3) + 2


@inlined
def _put(words: Any, place: Any, value: Any, bits: Any) -> Any:
    """Write up to 32 bits and return the place after them.

    Args:
        words: written to.
        place: the word that is written to next, the bits that wait for it (less than
            32 of them), and how many these are.
        value: the bits.
        bits: how many.
    """
    at, waiting, count = place
    waiting |= uint64(value) << uint64(count)
    count += bits
    # Written whether it is full or not: how full follows no pattern.
    words[uint64(at)] = uint32(waiting & uint64(_LOW))
    full = count >> 5
    return at + full, waiting >> uint64(full << 5), count & 31


@step
def _get(words: Any, place: Any) -> Any:
    """Return the 32 bits at a place."""
    word = uint64(place >> 5)
    both = uint64(words[word]) | uint64(words[word + uint64(1)]) << uint64(32)
    return int64((both >> uint64(place & 31)) & uint64(_LOW))


@inlined
def _put_gap(words: Any, place: Any, gap: Any, low_bits: Any) -> Any:
    """Write a gap: its quotient as ones, a zero, its low bits."""
    quotient = gap >> low_bits
    low = gap & ((int64(1) << low_bits) - 1)
    while quotient >= _MOST:
        place = _put(words, place, (int64(1) << _MOST) - 1, _MOST)
        quotient -= _MOST
    ones = (int64(1) << quotient) - 1
    if quotient + 1 + low_bits <= _WORD:
        whole = ones | low << (quotient + 1)
        return _put(words, place, whole, quotient + 1 + low_bits)
    place = _put(words, place, ones, quotient + 1)
    return _put(words, place, low, low_bits)


@inlined
def _get_gap(words: Any, place: Any, low_bits: Any) -> Any:
    """Return (gap, the place after it)."""
    quotient = int64(0)
    bits = _get(words, place)
    while bits == _LOW:
        quotient += _WORD
        place += _WORD
        bits = _get(words, place)
    ones = int64(trailing_zeros(uint64(~bits)))
    quotient += ones
    place += ones + 1
    near = ones + 1 + low_bits <= _WORD
    low = bits >> (ones + 1) if near else _get(words, place)
    low &= (int64(1) << low_bits) - 1
    return (quotient << low_bits) + low, place + low_bits


@step
def _leans_on(hashes: Any, offsets: Any, i: Any, first: Any, last: Any) -> Any:
    """Return which of two earlier sets saves the most bits of a set, or -1."""
    n = offsets[i + 1] - offsets[i]
    best = _cost(n)
    chosen = _NONE
    for number in (first, last):
        if number >= 0:
            begin = offsets[number]
            end = offsets[number + 1]
            shared = common(hashes, offsets[i], offsets[i + 1], begin, end)
            cost = (end - begin) + _cost(n - shared)
            if cost < best:
                best = cost
                chosen = number
    return chosen


@inlined
def _split(
    hashes: Any, at: Any, end: Any, j: Any, j_end: Any, own: Any, flags: Any
) -> Any:
    """Tell what of a set its reference has too.

    Args:
        hashes: of all sets.
        at: where the set begins.
        end: where it ends.
        j: where the reference begins.
        j_end: where it ends.
        own: gets the hashes that the reference does not have.
        flags: gets for each hash of the reference whether it is shared.

    Returns:
        How many ``own`` has.
    """
    n, k = int64(0), int64(0)
    k_end = j_end - j
    # No branch on the data: which side is smaller follows no pattern.
    while at < end and k < k_end:
        left, right = hashes[uint64(at)], hashes[uint64(j + k)]
        own[uint64(n)] = left
        flags[uint64(k)] = left == right
        n += int64(left < right)
        at += int64(left <= right)
        k += int64(right <= left)
    for i in range(at, end):
        own[uint64(n)] = hashes[uint64(i)]
        n += 1
    for i in range(k, k_end):
        flags[uint64(i)] = False
    return n


@kernel
def _encode(
    hashes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    words: NDArray[np.uint32],
    references: NDArray[np.int32],
) -> Any:
    longest = _longest(offsets)
    own, flags = np.empty(longest, np.uint32), np.empty(longest, np.bool_)
    place = (int64(0), uint64(0), int64(0))
    for i in range(len(references)):
        begin, end = offsets[i], offsets[i + 1]
        other = _leans_on(hashes, offsets, i, firsts[i], lasts[i])
        references[i] = other
        n_flags = int64(0)
        if other >= 0:
            n_flags = offsets[other + 1] - offsets[other]
        j = offsets[max(other, 0)]
        n = _split(hashes, begin, end, j, j + n_flags, own, flags)
        for k in range(n_flags):
            place = _put(words, place, int64(flags[uint64(k)]), int64(1))
        low_bits = _low_bits(n)
        before = int64(0)
        for k in range(n):
            value = int64(own[uint64(k)])
            place = _put_gap(words, place, value - before, low_bits)
            before = value
    words[place[0]] = uint32(place[1])
    return (place[0] << 5) + place[2]


@step
def _longest(offsets: NDArray[np.int64]) -> Any:
    longest = int64(0)
    for i in range(len(offsets) - 1):
        longest = max(longest, offsets[i + 1] - offsets[i])
    return longest


@kernel
def _decode(
    words: NDArray[np.uint32],
    references: NDArray[np.int32],
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint32],
) -> None:
    place = int64(0)
    longest = _longest(offsets)
    own, kept = np.empty(longest + 1, np.int64), np.empty(longest + 1, np.int64)
    for i in range(len(references)):
        n_kept = int64(0)
        if references[i] >= 0:
            for j in range(offsets[references[i]], offsets[references[i] + 1]):
                kept[uint64(n_kept)] = int64(hashes[uint64(j)])
                n_kept += _get(words, place) & 1
                place += 1
        n = offsets[i + 1] - offsets[i] - n_kept
        low_bits, value = _low_bits(n), int64(0)
        for k in range(n):
            gap, place = _get_gap(words, place, low_bits)
            value += gap
            own[uint64(k)] = value
        # Neither side is taken from once it has ended.
        own[n] = kept[n_kept] = _SPAN
        a, b = int64(0), int64(0)
        for at in range(offsets[i], offsets[i + 1]):
            left, right = own[uint64(a)], kept[uint64(b)]
            hashes[uint64(at)] = uint32(min(left, right))
            a += int64(left <= right)
            b += int64(right < left)
