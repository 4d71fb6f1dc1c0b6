"""The input rows of one word: its own, those of its n-grams, those of runs of words.

In: the bytes of a word and the arrays of an `audit.kernels.fasttext.Network`, one by
one: an array taken from a tuple inside a loop costs two atomic counts of its references
each time. Out: numbers of rows, and sums of rows added in place.
"""

from __future__ import annotations

import numpy as np

from audit.kernels.fasttext_tables import WORD_SEED, finish64
from audit.kernels.hashing import load64
from audit.kernels.jit import step
from audit.kernels.lanes import (
    add_coded_eight,
    add_eight,
    popcount,
    prefetch,
    trailing_zeros,
)
from audit.kernels.words import hash_step

__all__ = [
    "add_floats", "add_rows", "hash32", "is_label", "read_word", "rows_of_runs",
    "rows_of_word",
]  # fmt: skip

# Eight bytes at once: adding 0x80 - c to 7-bit bytes sets bit 7 from c on.
_ONES = 0x0101010101010101
_LOW_BITS, _HIGH_BITS = np.uint64(0x7F * _ONES), np.uint64(0x80 * _ONES)
_FROM_1, _FROM_9, _BEYOND_13, _FROM_32, _BEYOND_32 = (
    np.uint64((0x80 - c) * _ONES) for c in (1, 9, 14, 32, 33)
)


@step
def _spaces(word):  # type: ignore[no-untyped-def]
    """Return bit 7 of each byte that parts words in fastText: 0, 9 to 13, 32."""
    low = word & _LOW_BITS
    inside = (low + _FROM_9) & ~(low + _BEYOND_13)
    inside |= (low + _FROM_32) & ~(low + _BEYOND_32)
    return (inside | ~(low + _FROM_1)) & ~word & _HIGH_BITS


@step
def read_word(data, i, end):  # type: ignore[no-untyped-def]
    """Return the key of the word that starts at byte i and the byte after it.

    The key is that of `audit.kernels.fasttext_tables.word_table`.
    """
    eight = np.uint64(8)
    state = WORD_SEED
    while True:
        left = end - i
        if i + eight <= np.uint64(len(data)):
            word = load64(data, i)
        else:
            word = np.uint64(0)
            for k in range(np.uint64(len(data)) - i):
                word |= np.uint64(data[i + np.uint64(k)]) << np.uint64(8 * k)
        stops = _spaces(word)
        if left < eight:
            stops |= np.uint64(0x80) << (left << np.uint64(3))
        size = trailing_zeros(stops) >> np.uint64(3)
        if size < eight:
            if size > np.uint64(0):
                kept = (np.uint64(1) << (size << np.uint64(3))) - np.uint64(1)
                state = hash_step(state, word & kept)
            return finish64(state), i + size
        state = hash_step(state, word)
        i += eight


@step
def _grow32(h, byte):  # type: ignore[no-untyped-def]
    """Return FNV-1a over one more byte, as fastText does it (bytes are signed)."""
    signed = np.uint32(np.int32(np.int8(byte)))
    return np.uint32(np.uint32(h ^ signed) * np.uint32(16777619))


@step
def hash32(data, start, end):  # type: ignore[no-untyped-def]
    """Return fastText's own hash of a word, as the signed number it keeps."""
    h = np.uint32(2166136261)
    for i in range(start, end):
        h = _grow32(h, data[i])
    return np.int32(h)


@step
def add_floats(rows, places, begin, end, dim, out, base):  # type: ignore[no-untyped-def]
    """Add rows ``places[begin:end]`` of a flat matrix to the values from ``base`` on.

    Each value is a sum in the order of the rows, whatever the processor.
    """
    whole = dim - dim % 8
    for d in range(0, whole, 8):
        add_eight(rows, places, begin, end, d, dim, out, base + d)
    for d in range(whole, dim):
        for k in range(begin, end):
            out[base + d] += rows[places[k] * dim + d]


@step
def add_rows(rows, codes, values, norms, places, begin, end, dim, out, base):  # type: ignore[no-untyped-def]
    """Do as `add_floats` with the input rows of a model, coded or not."""
    if len(codes):
        for d in range(0, dim, 8):
            add_coded_eight(
                codes, values, norms, places, begin, end, d >> 1, dim >> 1, out,
                base + d,
            )  # fmt: skip
    else:
        add_floats(rows, places, begin, end, dim, out, base)


@step
def _ngrams(word, size, minn, maxn, n_buckets, kept, found, n_found):  # type: ignore[no-untyped-def]
    """Append the buckets of ``word[:size]`` that have a row; return how many there are.

    A bucket is written before it is known to be kept, and overwritten if it is not: a
    branch here would be guessed wrong half of the time.
    """
    every = len(kept) == 0
    for i in range(size):
        if (word[i] & 0xC0) == 0x80:
            continue
        h = np.uint32(2166136261)
        j, n = i, 1
        while j < size and n <= maxn:
            h = _grow32(h, word[j])
            j += 1
            while j < size and (word[j] & 0xC0) == 0x80:
                h = _grow32(h, word[j])
                j += 1
            if n >= minn and not (n == 1 and (i == 0 or j == size)):
                bucket = np.uint64(np.uint32(h % n_buckets))
                found[n_found] = bucket
                if every:
                    n_found += 1
                else:
                    bits = kept[bucket >> np.uint64(6) << np.uint64(1)]
                    n_found += np.int64(bits >> (bucket & np.uint64(63)) & np.uint64(1))
            n += 1
    return n_found


@step
def _row_of_bucket(kept, n_words, bucket):  # type: ignore[no-untyped-def]
    """Return the row of a bucket that has one."""
    if len(kept) == 0:
        return bucket + n_words
    place = np.uint64(bucket)
    group = place >> np.uint64(6) << np.uint64(1)
    below = kept[group] & ((np.uint64(1) << (place & np.uint64(63))) - np.uint64(1))
    return np.int64(kept[group + np.uint64(1)] + popcount(below)) + n_words


@step
def _find_word(keys, ids, key):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(keys) - 1)
    slot = np.uint64(key & mask)
    while keys[slot] != 0:
        if keys[slot] == key:
            return np.int64(ids[slot])
        slot = np.uint64(np.uint64(slot + np.uint64(1)) & mask)
    return np.int64(-1)


@step
def rows_of_word(  # type: ignore[no-untyped-def]
    rows, codes, word_keys, word_ids, kept, n_words, dim, n_buckets, minn, maxn,
    end_row, data, start, end, key, word, found, n_found,
):  # fmt: skip
    """Append the rows of one word and of its n-grams to ``found[:n_found]``.

    They are on their way from memory by the time that this returns how many there are.
    """
    begin = n_found
    row = _find_word(word_keys, word_ids, key)
    if row >= 0:
        found[n_found] = row
        n_found += 1
    if maxn > 0 and (row < 0 or row != end_row):
        first, size = n_found, end - start + 2
        word[0] = 0x3C
        for i in range(end - start):
            word[i + 1] = data[start + i]
        word[size - 1] = 0x3E
        n_found = _ngrams(word, size, minn, maxn, n_buckets, kept, found, n_found)
        for k in range(first, n_found):
            found[k] = _row_of_bucket(kept, n_words, found[k])
    for k in range(begin, n_found):
        if len(codes):
            prefetch(codes, found[k] * (dim >> 1))
        else:
            prefetch(rows, found[k] * dim)
            prefetch(rows, found[k] * dim + min(16, dim - 1))
    return n_found


@step
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


@step
def rows_of_runs(kept, n_words, n_buckets, longest, hashes, i, n_hashes, found):  # type: ignore[no-untyped-def]
    """Write the rows of runs of 2 to ``longest`` words from word i; return how many."""
    n_found = 0
    h = np.uint64(np.int64(hashes[i]))
    for j in range(i + 1, min(n_hashes, i + longest)):
        h = np.uint64(
            np.uint64(h * np.uint64(116049371)) + np.uint64(np.int64(hashes[j]))
        )
        bucket = np.int64(h % np.uint64(n_buckets))
        if len(kept):
            bits = kept[bucket >> 6 << 1] >> np.uint64(bucket & 63)
            if bits & np.uint64(1) == 0:
                continue
        found[n_found] = _row_of_bucket(kept, n_words, bucket)
        n_found += 1
    return n_found
