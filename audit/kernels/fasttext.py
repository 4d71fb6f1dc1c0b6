"""fastText inference straight over a text buffer: no Python string is made.

In: documents as one UTF-8 buffer with offsets, and a `Network` (the input side of a
model file, read by `audit.annotate.fasttext_file`). Out: the mean input row of each
document, for `audit.kernels.fasttext_output`.

What makes it fast: the summed rows of a word are kept in a table (text repeats its
words), quantised rows are decoded once, n-gram hashes grow byte by byte, and pruned
n-grams are told by a bit map that stays in the processor's cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.fasttext_tables import PRIME64, finish64
from audit.kernels.fasttext_words import (
    add_row,
    add_word_runs,
    hash32,
    is_label,
    sum_word,
)
from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Cache", "Network", "document_vectors", "joint_vectors", "runs_of_words",
    "word_cache",
]  # fmt: skip

# Longer words are rarely met again (clauses of scripts without spaces): no caching.
_CACHED_BYTES = 48
# Memory of the word cache, which outlives the batch: half of all words in a corpus are
# met once, the others again and again.
_CACHE_BYTES = 64 << 20


class Network(NamedTuple):
    """The input side of a model.

    Attributes:
        rows: float32[n_rows * dim], words first, then n-gram buckets in ascending
            order, without those that were pruned.
        word_keys: uint64[2^k] open-addressing table of word hashes, 0 where empty.
        word_ids: int32[2^k], row of the word in the same slot.
        kept: uint64[bucket / 64], one bit a bucket that has a row; length 0 where
            every bucket has one. A map of 250 kB stays in the processor's cache where
            a table of rows would not.
        rank: int32[bucket / 64], bits set before each word of ``kept``.
        dim: values in a row.
        n_words: rows of words.
        bucket: n-gram buckets; 0 where the model has no n-grams.
        minn: shortest character n-gram.
        maxn: longest character n-gram; 0 where there are none.
        word_ngrams: longest run of words that has a row of its own.
        end: row of the end-of-sentence token, -1 where there is none.
        end_hash: its 32-bit hash.
        all_pruned: true where no n-gram has a row at all.
    """

    rows: NDArray[np.float32]
    word_keys: NDArray[np.uint64]
    word_ids: NDArray[np.int32]
    kept: NDArray[np.uint64]
    rank: NDArray[np.int32]
    dim: int
    n_words: int
    bucket: int
    minn: int
    maxn: int
    word_ngrams: int
    end: int
    end_hash: int
    all_pruned: bool


class Cache(NamedTuple):
    """Summed rows of the words seen lately; content never changes a result."""

    keys: NDArray[np.uint64]
    sums: NDArray[np.float32]
    counts: NDArray[np.int32]
    used: NDArray[np.int64]


def word_cache(dim: int) -> Cache:
    """Return an empty cache for rows of ``dim`` values, to be used by one thread."""
    slots = 1 << 10
    while slots * 2 * dim * 4 <= _CACHE_BYTES and slots < 1 << 19:
        slots *= 2
    return Cache(
        np.zeros(slots, np.uint64),
        np.zeros(slots * dim, np.float32),
        np.zeros(slots, np.int32),
        np.zeros(1, np.int64),
    )


@kernel
def _document_vectors(  # type: ignore[no-untyped-def]
    rows, word_keys, word_ids, kept, rank, n_words, dim, n_buckets, minn, maxn, end_row,
    end_hash, longest, keys, sums, sizes, used, data, offsets, word, found, hashes,
    alone, out, counts, whole, totals, total_counts,
):  # fmt: skip
    # Arrays come one by one: taken from a tuple inside the loop, each would cost two
    # atomic counts of its references every time.
    mask, full = np.uint64(len(keys) - 1), len(keys) * 5 // 8
    zero, one = np.uint64(0), np.uint64(1)
    shared = len(whole) > 0
    for doc in range(len(offsets) - 1):
        i, end = np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])
        base, count, n_hashes = doc * dim, np.int64(0), 0
        total = whole[doc] * dim if shared else 0
        while i < end:
            byte = data[i]
            if byte <= 0x20 and (byte == 0x20 or byte == 0 or 9 <= byte <= 13):
                i += one
                continue
            start = i
            h = np.uint64(14695981039346656037)
            while i < end:
                byte = data[i]
                if byte <= 0x20 and (byte == 0x20 or byte == 0 or 9 <= byte <= 13):
                    break
                h = np.uint64(np.uint64(h ^ np.uint64(byte)) * PRIME64)
                i += one
            key = finish64(h)
            if data[start] == 0x5F and is_label(data, start, i):
                continue
            if i - start > np.uint64(_CACHED_BYTES):
                alone[:] = 0
                count += sum_word(
                    rows, word_keys, word_ids, kept, rank, n_words, dim, n_buckets,
                    minn, maxn, end_row, data, np.int64(start), np.int64(i), key,
                    word, found, alone, 0,
                )  # fmt: skip
                add_row(alone, 0, dim, out, base)
                if shared:
                    add_row(alone, 0, dim, totals, total)
            else:
                slot = np.uint64(key & mask)
                while keys[slot] != zero and keys[slot] != key:
                    slot = np.uint64(np.uint64(slot + one) & mask)
                if keys[slot] == zero:
                    if used[0] > full:
                        keys[:] = 0
                        used[0] = 0
                        slot = np.uint64(key & mask)
                    keys[slot] = key
                    used[0] += 1
                    at = np.int64(slot) * dim
                    for d in range(at, at + dim):
                        sums[d] = 0
                    sizes[slot] = sum_word(
                        rows, word_keys, word_ids, kept, rank, n_words, dim, n_buckets,
                        minn, maxn, end_row, data, np.int64(start), np.int64(i), key,
                        word, found, sums, at,
                    )  # fmt: skip
                add_row(sums, np.int64(slot), dim, out, base)
                if shared:
                    add_row(sums, np.int64(slot), dim, totals, total)
                count += np.int64(sizes[slot])
            if longest > 1:
                hashes[n_hashes] = hash32(data, start, i)
                n_hashes += 1
        if shared:
            total_counts[whole[doc]] += count
        if end_row >= 0:
            add_row(rows, end_row, dim, out, base)
            count += 1
        if longest > 1:
            hashes[n_hashes] = np.int32(end_hash)
            count += add_word_runs(
                rows, kept, rank, n_words, dim, n_buckets, longest, hashes,
                n_hashes + 1, out, base,
            )  # fmt: skip
        counts[doc] = count
        if count > 0:
            scale = np.float32(1.0) / np.float32(count)
            for d in range(base, base + dim):
                out[d] *= scale


def document_vectors(
    net: Network, cache: Cache, data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the mean input row of each document and the number of rows in it.

    As ``fasttext.predict`` reads a line: words parted by white space (newlines too),
    then one end-of-sentence token.

    Args:
        net: the input side of the model.
        cache: from `word_cache`; not shared between threads.
        data: uint8[n_bytes].
        offsets: int64[n_docs + 1].

    Returns:
        float32[n_docs, dim] and int64[n_docs]; zeros where a document has no row.
    """
    nobody = np.zeros(0, np.int64)
    out, counts, _, _ = _vectors(net, cache, data, offsets, nobody, 0)
    return out, counts


def joint_vectors(
    net: Network,
    cache: Cache,
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    whole: NDArray[np.int64],
    n_wholes: int,
) -> tuple[
    NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]
]:
    """Return what `document_vectors` does of parts, and of what they are parts of.

    The words of a document are those of its paragraphs, so one pass sums both, in the
    order in which `document_vectors` would: the values are equal to the last bit.

    Args:
        net: the input side of a model for which `runs_of_words` is false.
        cache: from `word_cache`.
        data: uint8[n_bytes].
        offsets: int64[n_parts + 1], borders of the parts; none lies inside a word.
        whole: int64[n_parts], the row of the document that each is in.
        n_wholes: documents.

    Returns:
        float32[n_parts, dim], int64[n_parts], float32[n_wholes, dim], int64[n_wholes].
    """
    out, counts, totals, sizes = _vectors(net, cache, data, offsets, whole, n_wholes)
    if net.end >= 0:
        totals += net.rows[net.end * net.dim : (net.end + 1) * net.dim]
        sizes += 1
    some = sizes > 0
    totals[some] *= (np.float32(1) / sizes[some].astype(np.float32))[:, None]
    return out, counts, totals, sizes


def runs_of_words(net: Network) -> bool:
    """Return whether rows stand for runs of words, which cross from part to part."""
    return net.word_ngrams > 1 and net.bucket > 0 and not net.all_pruned


def _vectors(
    net: Network,
    cache: Cache,
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    whole: NDArray[np.int64],
    n_wholes: int,
) -> tuple[
    NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]
]:
    """Return means and counts of the texts, sums and counts of their wholes."""
    n_docs = len(offsets) - 1
    longest = int(np.diff(offsets).max(initial=0))
    out, counts = np.zeros(n_docs * net.dim, np.float32), np.zeros(n_docs, np.int64)
    totals = np.zeros(n_wholes * net.dim, np.float32)
    sizes = np.zeros(n_wholes, np.int64)
    word, alone = np.zeros(longest + 2, np.uint8), np.zeros(net.dim, np.float32)
    runs = net.word_ngrams if runs_of_words(net) else 1
    maxn = net.maxn if net.bucket > 0 and not net.all_pruned else 0
    hashes = np.zeros(longest // 2 + 2 if runs > 1 else 1, np.int32)
    found = np.zeros((longest + 2) * max(maxn, 1), np.int64)
    _document_vectors(
        net.rows, net.word_keys, net.word_ids, net.kept, net.rank, net.n_words, net.dim,
        np.uint32(net.bucket), net.minn, maxn, net.end, net.end_hash, runs, cache.keys,
        cache.sums, cache.counts, cache.used, data, offsets, word, found, hashes, alone,
        out, counts, whole, totals, sizes,
    )  # fmt: skip
    shape = n_docs, net.dim
    return out.reshape(shape), counts, totals.reshape(n_wholes, net.dim), sizes
