"""A cache of the summed rows of words: text repeats its words.

In: keys of words (`audit.kernels.fasttext_words.word_key`). Out: slots of sums. Eight
slots share a cache line of keys and are compared at once; a word that was met twice is
kept before one that was not. What is in the cache never changes a result.

A slot's key is the word's hash, whose low bits give way to the number of its rows and
to whether it was met again: the place of the slot tells those bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.fasttext_words import KEY_BITS
from audit.kernels.jit import inlined
from audit.kernels.lanes import prefetch, trailing_zeros
from audit.kernels.vectors import LANES, find_eight

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "PENDING", "TURN", "WORDS", "Cache", "choose_slot", "fetch_keys", "find_slot",
    "padded", "rows_in", "settle_slot", "word_cache",
]  # fmt: skip

# Memory of the sums. With half as much, half as many words more have to be summed anew;
# twice as much spares few.
_BYTES = 32 << 20
# Words that are looked up before any is summed, and most that there may be: words are
# read 64 bytes at a time.
TURN = 96
WORDS = TURN + 64
# Rows of a word that is being summed.
PENDING = (1 << (KEY_BITS - 1)) - 1
_AGAIN = np.uint64(1)
_NAME = ~np.uint64((1 << KEY_BITS) - 1)


class Cache(NamedTuple):
    """Summed rows of the words seen lately.

    Attributes:
        keys: uint64[2^k], 0 where empty.
        sums: int32[(2^k + WORDS + 1) * width], the sum of each slot; then those of
            words that are being summed, and one of zeros.
    """

    keys: NDArray[np.uint64]
    sums: NDArray[np.int32]


def padded(dim: int) -> int:
    """Return how many values a sum of ``dim`` is stored as: whole vectors."""
    return -(-dim // LANES) * LANES


def word_cache(dim: int) -> Cache:
    """Return an empty cache for rows of ``dim`` values, to be used by one thread."""
    width, slots = padded(dim), 1 << 10
    while slots * 2 * width * 4 <= _BYTES and slots < 1 << KEY_BITS + 3:
        slots *= 2
    sums = _aligned((slots + WORDS + 1) * width * 4).view(np.int32)
    return Cache(_aligned(slots * 8).view(np.uint64), sums)


def _aligned(n_bytes: int) -> NDArray[np.uint8]:
    """Return zeros that begin with a cache line."""
    whole = np.zeros(n_bytes + 64, np.uint8)
    start = -whole.ctypes.data % 64
    return whole[start : start + n_bytes]


@inlined
def _bucket(keys, key):  # type: ignore[no-untyped-def]
    """Return the first of the eight slots that a word may be in."""
    return np.int64(key & np.uint64((len(keys) >> 3) - 1)) << 3


@inlined
def fetch_keys(keys, key):  # type: ignore[no-untyped-def]
    """Have the keys of the slots of a word on their way from memory."""
    prefetch(keys, _bucket(keys, key))


@inlined
def find_slot(keys, key):  # type: ignore[no-untyped-def]
    """Return the slot of a word, or -1 less the first slot that it may be in."""
    first = _bucket(keys, key)
    found = find_eight(keys, first, key, _NAME)
    if not found:
        return -1 - first
    slot = np.uint64(first) + trailing_zeros(found)
    if not keys[slot] & _AGAIN:
        keys[slot] |= _AGAIN
    return np.int64(slot)


@inlined
def rows_in(keys, slot):  # type: ignore[no-untyped-def]
    """Return the rows that the sum in a slot is made of, or `PENDING`."""
    return np.int64(keys[slot] >> np.uint64(1)) & PENDING


@inlined
def choose_slot(keys, first, key):  # type: ignore[no-untyped-def]
    """Give a new word one of eight slots, as one that is `PENDING`; return it."""
    free = find_eight(keys, first, np.uint64(0), ~np.uint64(0))
    if not free:
        free = find_eight(keys, first, np.uint64(0), _AGAIN)
    if free:
        slot = first + np.int64(trailing_zeros(free))
    else:
        for k in range(first, first + 8):
            keys[k] &= ~_AGAIN
        slot = first + np.int64(key >> np.uint64(61))
    keys[slot] = key & _NAME | np.uint64(PENDING << 1)
    return slot


@inlined
def settle_slot(keys, slot, key, count):  # type: ignore[no-untyped-def]
    """Write how many rows a word has, unless another has taken its slot since."""
    if (keys[slot] ^ key) & _NAME == 0:
        again = keys[slot] & _AGAIN
        keys[slot] = key & _NAME | np.uint64(count << 1) | again
