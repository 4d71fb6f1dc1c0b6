"""The input rows of one word: its own, those of its n-grams, those of runs of words.

In: the bytes of a word and the arrays of an `audit.kernels.fasttext.Network`, one by
one: an array taken from a tuple inside a loop costs two atomic counts of its references
each time. Out: sums added in place, and how many rows there were.
"""

from __future__ import annotations

import numpy as np

from audit.kernels.jit import kernel

__all__ = ["add_row", "add_word_runs", "hash32", "is_label", "sum_word"]


@kernel
def _grow32(h, byte):  # type: ignore[no-untyped-def]
    """Return FNV-1a over one more byte, as fastText does it (bytes are signed)."""
    signed = np.uint32(np.int32(np.int8(byte)))
    return np.uint32(np.uint32(h ^ signed) * np.uint32(16777619))


@kernel
def hash32(data, start, end):  # type: ignore[no-untyped-def]
    """Return fastText's own hash of a word, as the signed number it keeps."""
    h = np.uint32(2166136261)
    for i in range(start, end):
        h = _grow32(h, data[i])
    return np.int32(h)


@kernel
def add_row(rows, row, dim, out, base):  # type: ignore[no-untyped-def]
    """Add one row of a flat matrix to the values of ``out`` from ``base`` on."""
    start = row * dim
    for d in range(dim):
        out[base + d] += rows[start + d]


@kernel
def _ngrams(word, size, minn, maxn, n_buckets, kept, found):  # type: ignore[no-untyped-def]
    """Write the buckets of ``word[:size]`` that have a row; return how many.

    A bucket is written before it is known to be kept, and overwritten if it is not: a
    branch here would be guessed wrong half of the time.
    """
    n_found = np.int64(0)
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
                bucket = np.uint32(h % n_buckets)
                found[n_found] = bucket
                if every:
                    n_found += 1
                else:
                    bits = kept[bucket >> np.uint32(6)] >> np.uint64(
                        bucket & np.uint32(63)
                    )
                    n_found += np.int64(bits & np.uint64(1))
            n += 1
    return n_found


@kernel
def _count_bits(x):  # type: ignore[no-untyped-def]
    x = x - (x >> np.uint64(1) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + (
        x >> np.uint64(2) & np.uint64(0x3333333333333333)
    )
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64(np.uint64(x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def _sum_ngrams(rows, kept, rank, n_words, dim, found, n_found, out, base):  # type: ignore[no-untyped-def]
    """Add the rows of the buckets found, sixteen values, one cache line, at a time."""
    if len(kept):
        for k in range(n_found):
            bucket = np.uint64(found[k])
            below = kept[bucket >> np.uint64(6)] & (
                (np.uint64(1) << np.uint64(bucket & np.uint64(63))) - np.uint64(1)
            )
            found[k] = np.int64(rank[bucket >> np.uint64(6)]) + _count_bits(below)
    for k in range(n_found):
        found[k] = (found[k] + n_words) * dim
    whole = dim - dim % 16
    for d in range(0, whole, 16):
        at = base + d
        a0, a1, a2, a3 = out[at], out[at + 1], out[at + 2], out[at + 3]
        a4, a5, a6, a7 = out[at + 4], out[at + 5], out[at + 6], out[at + 7]
        a8, a9, a10, a11 = out[at + 8], out[at + 9], out[at + 10], out[at + 11]
        a12, a13, a14, a15 = out[at + 12], out[at + 13], out[at + 14], out[at + 15]
        for k in range(n_found):
            row = np.uint64(found[k] + d)
            a0 += rows[row]
            a1 += rows[row + np.uint64(1)]
            a2 += rows[row + np.uint64(2)]
            a3 += rows[row + np.uint64(3)]
            a4 += rows[row + np.uint64(4)]
            a5 += rows[row + np.uint64(5)]
            a6 += rows[row + np.uint64(6)]
            a7 += rows[row + np.uint64(7)]
            a8 += rows[row + np.uint64(8)]
            a9 += rows[row + np.uint64(9)]
            a10 += rows[row + np.uint64(10)]
            a11 += rows[row + np.uint64(11)]
            a12 += rows[row + np.uint64(12)]
            a13 += rows[row + np.uint64(13)]
            a14 += rows[row + np.uint64(14)]
            a15 += rows[row + np.uint64(15)]
        out[at], out[at + 1] = a0, a1
        out[at + 2], out[at + 3] = a2, a3
        out[at + 4], out[at + 5] = a4, a5
        out[at + 6], out[at + 7] = a6, a7
        out[at + 8], out[at + 9] = a8, a9
        out[at + 10], out[at + 11] = a10, a11
        out[at + 12], out[at + 13] = a12, a13
        out[at + 14], out[at + 15] = a14, a15
    for d in range(whole, dim):
        for k in range(n_found):
            out[base + d] += rows[found[k] + d]


@kernel
def _find_word(keys, ids, key):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(keys) - 1)
    slot = np.uint64(key & mask)
    while keys[slot] != 0:
        if keys[slot] == key:
            return np.int64(ids[slot])
        slot = np.uint64(np.uint64(slot + np.uint64(1)) & mask)
    return np.int64(-1)


@kernel
def sum_word(  # type: ignore[no-untyped-def]
    rows, word_keys, word_ids, kept, rank, n_words, dim, n_buckets, minn, maxn, end_row,
    data, start, end, key, word, found, out, base,
):  # fmt: skip
    """Add the rows of one word and of its n-grams; return how many there were."""
    count = np.int64(0)
    row = _find_word(word_keys, word_ids, key)
    if row >= 0:
        add_row(rows, row, dim, out, base)
        count = np.int64(1)
    if maxn > 0 and (row < 0 or row != end_row):
        size = end - start + 2
        word[0] = 0x3C
        for i in range(end - start):
            word[i + 1] = data[start + i]
        word[size - 1] = 0x3E
        n_found = _ngrams(word, size, minn, maxn, n_buckets, kept, found)
        _sum_ngrams(rows, kept, rank, n_words, dim, found, n_found, out, base)
        count += n_found
    return count


@kernel
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


@kernel
def add_word_runs(  # type: ignore[no-untyped-def]
    rows, kept, rank, n_words, dim, n_buckets, longest, hashes, n_hashes, out, base
):
    """Add the rows of runs of 2 to ``longest`` words; return how many."""
    count = 0
    for i in range(n_hashes):
        h = np.uint64(np.int64(hashes[i]))
        for j in range(i + 1, min(n_hashes, i + longest)):
            h = np.uint64(
                np.uint64(h * np.uint64(116049371)) + np.uint64(np.int64(hashes[j]))
            )
            bucket = np.int64(h % np.uint64(n_buckets))
            row = bucket
            if len(kept):
                word, bit = kept[bucket >> 6], np.uint64(bucket & 63)
                if word >> bit & np.uint64(1) == 0:
                    continue
                below = word & ((np.uint64(1) << bit) - np.uint64(1))
                row = np.int64(rank[bucket >> 6]) + _count_bits(below)
            add_row(rows, row + n_words, dim, out, base)
            count += 1
    return count
