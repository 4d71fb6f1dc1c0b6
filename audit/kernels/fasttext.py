"""fastText inference straight over a text buffer: no Python string is made.

In: documents as one UTF-8 buffer with offsets, and a `Network` (the input side of a
model file, read by `audit.annotate.fasttext_file`). Out: the mean input row of each
document, for `audit.kernels.fasttext_output`.

What makes it fast: the summed rows of a word are kept in a table (text repeats its
words), quantised rows stay codes that fit the processor's cache, those of a word are on
their way while the next is read, and pruned n-grams are told by a bit map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.fasttext_words import (
    add_floats,
    add_rows,
    hash32,
    is_label,
    read_word,
    rows_of_runs,
    rows_of_word,
)
from audit.kernels.jit import kernel
from audit.kernels.lanes import prefetch

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
# Words of a document that are read before they are summed, unless their rows are many.
_TURN = 32
_MANY_ROWS = 4096


class Network(NamedTuple):
    """The input side of a model.

    Attributes:
        rows: float32[n_rows * dim], words first, then n-gram buckets in ascending
            order, without those that were pruned; length 0 where ``codes`` stand for
            them.
        codes: uint8[n_rows * dim / 2], the rows of a quantised model two values a code:
            an eighth of the memory, most of which stays in the processor's cache.
        values: float32[dim / 2 * 256 * 2], what codes stand for, by place and code.
        norms: float32[n_rows], factor of each row; one factor for all if alone.
        word_keys: uint64[2^k] open-addressing table of word hashes, 0 where empty.
        word_ids: int32[2^k], row of the word in the same slot.
        kept: uint64[2 * bucket / 64]: one bit a bucket that has a row, 64 of them, and
            how many bits are set before those; length 0 where every bucket has a row.
            A map of 500 kB stays in the processor's cache where a table would not.
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
    codes: NDArray[np.uint8]
    values: NDArray[np.float32]
    norms: NDArray[np.float32]
    word_keys: NDArray[np.uint64]
    word_ids: NDArray[np.int32]
    kept: NDArray[np.uint64]
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
    """Summed rows of the words seen lately; content never changes a result.

    Behind the slots stand as many sums as a turn has words: those of long words.
    """

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
        np.zeros((slots + _TURN) * dim, np.float32),
        np.zeros(slots + _TURN, np.int32),
        np.zeros(1, np.int64),
    )


@kernel
def _document_vectors(  # type: ignore[no-untyped-def]
    rows, codes, values, norms, word_keys, word_ids, kept, n_words, dim, n_buckets,
    minn, maxn, end_row, end_hash, longest, keys, sums, sizes, used, data, offsets,
    word, found, hashes, out, counts, whole, totals, total_counts,
):  # fmt: skip
    # Arrays come one by one: taken from a tuple inside the loop, each would cost two
    # atomic counts of its references every time.
    n_slots = len(keys)
    mask, full = np.uint64(n_slots - 1), n_slots * 5 // 8
    zero, one = np.uint64(0), np.uint64(1)
    chosen, missing = np.zeros(_TURN, np.int64), np.zeros(_TURN, np.int64)
    ends = np.zeros(_TURN, np.int64)
    shared = len(whole) > 0
    for doc in range(len(offsets) - 1):
        i, end = np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])
        base, count, n_hashes = doc * dim, np.int64(0), 0
        while i < end:
            # Some words at a time: the rows of those that are new are called from
            # memory while the next are read, and summed when all have been.
            n, n_missing, n_found = 0, 0, 0
            if used[0] > full:
                keys[:] = 0
                used[0] = 0
            while i < end and n < _TURN:
                byte = data[i]
                if byte <= 0x20 and (byte == 0x20 or byte == 0 or 9 <= byte <= 13):
                    i += one
                    continue
                start = i
                key, i = read_word(data, start, end)
                if data[start] == 0x5F and is_label(data, start, i):
                    continue
                slot, new = np.uint64(n_slots + n), True
                if i - start <= np.uint64(_CACHED_BYTES):
                    slot = np.uint64(key & mask)
                    while keys[slot] != zero and keys[slot] != key:
                        slot = np.uint64(np.uint64(slot + one) & mask)
                    new = keys[slot] == zero
                if new:
                    if slot < np.uint64(n_slots):
                        keys[slot] = key
                        used[0] += 1
                    n_found = rows_of_word(
                        rows, codes, word_keys, word_ids, kept, n_words, dim, n_buckets,
                        minn, maxn, end_row, data, np.int64(start), np.int64(i), key,
                        word, found, n_found,
                    )  # fmt: skip
                    missing[n_missing], ends[n_missing] = np.int64(slot), n_found
                    n_missing += 1
                chosen[n] = np.int64(slot)
                prefetch(sums, np.int64(slot) * dim)
                prefetch(sums, np.int64(slot) * dim + min(16, dim - 1))
                n += 1
                if longest > 1:
                    hashes[n_hashes] = hash32(data, start, i)
                    n_hashes += 1
                if n_found > _MANY_ROWS:
                    break
            n_found = 0
            for k in range(n_missing):
                at = missing[k] * dim
                for d in range(at, at + dim):
                    sums[d] = 0
                add_rows(
                    rows, codes, values, norms, found, n_found, ends[k], dim, sums, at
                )
                sizes[missing[k]] = ends[k] - n_found
                n_found = ends[k]
            add_floats(sums, chosen, 0, n, dim, out, base)
            if shared:
                add_floats(sums, chosen, 0, n, dim, totals, whole[doc] * dim)
            for k in range(n):
                count += np.int64(sizes[chosen[k]])
        if shared:
            total_counts[whole[doc]] += count
        if end_row >= 0:
            found[0] = end_row
            add_rows(rows, codes, values, norms, found, 0, 1, dim, out, base)
            count += 1
        if longest > 1:
            hashes[n_hashes] = np.int32(end_hash)
            for k in range(n_hashes + 1):
                n = rows_of_runs(
                    kept, n_words, n_buckets, longest, hashes, k, n_hashes + 1, found
                )
                add_rows(rows, codes, values, norms, found, 0, n, dim, out, base)
                count += n
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
        totals += _values(net, net.end)
        sizes += 1
    some = sizes > 0
    totals[some] *= (np.float32(1) / sizes[some].astype(np.float32))[:, None]
    return out, counts, totals, sizes


def _values(net: Network, row: int) -> NDArray[np.float32]:
    """Return float32[dim], one input row."""
    if not len(net.codes):
        return net.rows[row * net.dim : (row + 1) * net.dim]
    width = net.dim // 2
    code = net.codes[row * width : (row + 1) * width]
    pairs = net.values.reshape(width, 256, 2)[np.arange(width), code]
    return pairs.reshape(-1) * net.norms[row if len(net.norms) > 1 else 0]


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
    runs = net.word_ngrams if runs_of_words(net) else 1
    maxn = net.maxn if net.bucket > 0 and not net.all_pruned else 0
    hashes = np.zeros(longest // 2 + 2 if runs > 1 else 1, np.int32)
    # A turn ends with the word that brings it over the limit.
    found = np.zeros(_MANY_ROWS + (longest + 2) * max(maxn, 1) + runs + 1, np.int64)
    _document_vectors(
        net.rows, net.codes, net.values, net.norms, net.word_keys, net.word_ids,
        net.kept, net.n_words, net.dim, np.uint32(net.bucket), net.minn, maxn, net.end,
        net.end_hash, runs, cache.keys, cache.sums, cache.counts, cache.used, data,
        offsets, np.zeros(longest + 2, np.uint8), found, hashes, out, counts, whole,
        totals, sizes,
    )  # fmt: skip
    shape = n_docs, net.dim
    return out.reshape(shape), counts, totals.reshape(n_wholes, net.dim), sizes
