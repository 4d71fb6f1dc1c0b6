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
from numpy import int64, uint32

from audit.kernels.jit import kernel, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["decode_sets", "encode_sets"]

_SPAN = int64(2**32)
_LOW = int64(2**32 - 1)
_MOST = int64(31)  # bits that are written at once
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


@step
def _put(words: Any, place: Any, value: Any, bits: Any) -> Any:
    """Write up to 32 bits and return the place after them."""
    shifted = value << (place & 31)
    words[place >> 5] |= uint32(shifted & _LOW)
    words[(place >> 5) + 1] |= uint32(shifted >> 32)
    return place + bits


@step
def _get(words: Any, place: Any) -> Any:
    """Return the 32 bits at a place."""
    both = int64(words[place >> 5]) | int64(words[(place >> 5) + 1]) << 32
    return (both >> (place & 31)) & _LOW


@step
def _put_gap(words: Any, place: Any, gap: Any, low_bits: Any) -> Any:
    """Write a gap: its quotient as ones, a zero, its low bits."""
    quotient = gap >> low_bits
    while quotient >= _MOST:
        place = _put(words, place, (int64(1) << _MOST) - 1, _MOST)
        quotient -= _MOST
    place = _put(words, place, (int64(1) << quotient) - 1, quotient + 1)
    return _put(words, place, gap & ((int64(1) << low_bits) - 1), low_bits)


@step
def _get_gap(words: Any, place: Any, low_bits: Any) -> Any:
    """Return (gap, the place after it)."""
    quotient = int64(0)
    bits = _get(words, place)
    while bits & 1:
        quotient += 1
        place += 1
        bits >>= 1
        if bits == 0:
            bits = _get(words, place)
    place += 1
    low = _get(words, place) & ((int64(1) << low_bits) - 1)
    return (quotient << low_bits) + low, place + low_bits


@step
def _common(hashes: Any, i: Any, i_end: Any, j: Any, j_end: Any) -> Any:
    """Return how many hashes two sets have in common."""
    common = int64(0)
    while i < i_end and j < j_end:
        left = hashes[i]
        right = hashes[j]
        common += int64(left == right)
        i += int64(left <= right)
        j += int64(right <= left)
    return common


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
            common = _common(hashes, offsets[i], offsets[i + 1], begin, end)
            cost = (end - begin) + _cost(n - common)
            if cost < best:
                best = cost
                chosen = number
    return chosen


@kernel
def _encode(
    hashes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    words: NDArray[np.uint32],
    references: NDArray[np.int32],
) -> Any:
    place = int64(0)
    for i in range(len(references)):
        begin = offsets[i]
        end = offsets[i + 1]
        other = _leans_on(hashes, offsets, i, firsts[i], lasts[i])
        references[i] = other
        j = int64(0)
        j_end = int64(0)
        own = end - begin
        if other >= 0:
            j = offsets[other]
            j_end = offsets[other + 1]
            own -= _common(hashes, begin, end, j, j_end)
            at = begin
            for k in range(j, j_end):
                while at < end and hashes[at] < hashes[k]:
                    at += 1
                shared = int64(at < end and hashes[at] == hashes[k])
                at += shared
                place = _put(words, place, shared, int64(1))
        low_bits = _low_bits(own)
        before = int64(0)
        for at in range(begin, end):
            value = int64(hashes[at])
            while j < j_end and int64(hashes[j]) < value:
                j += 1
            if j < j_end and int64(hashes[j]) == value:
                j += 1
                continue
            place = _put_gap(words, place, value - before, low_bits)
            before = value
    return place


@kernel
def _decode(
    words: NDArray[np.uint32],
    references: NDArray[np.int32],
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint32],
) -> None:
    place = int64(0)
    for i in range(len(references)):
        at = offsets[i]
        end = offsets[i + 1]
        j = int64(0)
        j_end = int64(0)
        shared_at = place
        shared = int64(0)
        if references[i] >= 0:
            j = offsets[references[i]]
            j_end = offsets[references[i] + 1]
            for k in range(j_end - j):
                shared += _get(words, place + k) & 1
            place += j_end - j
        own = end - at - shared
        low_bits = _low_bits(own)
        value = int64(0)
        for _ in range(own):
            gap, place = _get_gap(words, place, low_bits)
            value += gap
            while j < j_end and int64(hashes[j]) <= value:
                if _get(words, shared_at) & 1:
                    hashes[at] = hashes[j]
                    at += 1
                shared_at += 1
                j += 1
            hashes[at] = value
            at += 1
        while j < j_end:
            if _get(words, shared_at) & 1:
                hashes[at] = hashes[j]
                at += 1
            shared_at += 1
            j += 1
