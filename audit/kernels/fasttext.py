"""fastText inference straight over a text buffer: no Python string is made.

In: documents as one UTF-8 buffer with offsets, and a `Network` (the arrays of a model
file, read by `audit.annotate.fasttext_file`). Out: for each document the mean of its
input rows, then the best labels with their probabilities.

What makes it fast: the summed rows of a word are kept in a table while the batch lasts
(text repeats its words), quantised rows are decoded once, n-gram hashes grow byte by
byte, and output scores are computed for all labels at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "HIERARCHICAL",
    "ONE_VS_ALL",
    "SOFTMAX",
    "Network",
    "Output",
    "decode_rows",
    "document_vectors",
    "scan_dictionary",
    "top_labels",
    "word_cache",
    "word_table",
]

HIERARCHICAL, ONE_VS_ALL, SOFTMAX = 1, 2, 3

# Longer words are rarely met again (clauses of scripts without spaces): no caching.
_CACHED_BYTES = 48
# Memory of the word cache, which outlives the batch: half of all words in a corpus are
# met once, the others again and again.
_CACHE_BYTES = 64 << 20
_PRIME64 = np.uint64(1099511628211)


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


class Output(NamedTuple):
    """The output side of a model.

    Attributes:
        columns: float32[dim, n_out], the output matrix transposed: one column a label
            (an inner node of the tree for `HIERARCHICAL`).
        left: int32[2 * n_labels - 1], left child of a tree node, -1 for a leaf.
        right: the same for the right child; both length 0 for other losses.
        loss: `HIERARCHICAL`, `ONE_VS_ALL` or `SOFTMAX`.
        n_labels: labels.
    """

    columns: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    loss: int
    n_labels: int


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
def _grow32(h, byte):  # type: ignore[no-untyped-def]
    """Return FNV-1a over one more byte, as fastText does it (bytes are signed)."""
    signed = np.uint32(np.int32(np.int8(byte)))
    return np.uint32(np.uint32(h ^ signed) * np.uint32(16777619))


@kernel
def _hash32(data, start, end):  # type: ignore[no-untyped-def]
    """Return fastText's own hash of a word, as the signed number it keeps."""
    h = np.uint32(2166136261)
    for i in range(start, end):
        h = _grow32(h, data[i])
    return np.int32(h)


@kernel
def _finish64(h):  # type: ignore[no-untyped-def]
    """Spread a 64-bit hash over its low bits; never 0, which marks an empty slot."""
    h = np.uint64(np.uint64(h ^ (h >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15))
    h = np.uint64(h ^ (h >> np.uint64(29)))
    return h if h != 0 else np.uint64(1)


@kernel
def _hash64(data, start, end):  # type: ignore[no-untyped-def]
    """Return the 64-bit hash of a word that is the key of both word tables."""
    h = np.uint64(14695981039346656037)
    for i in range(start, end):
        h = np.uint64(np.uint64(h ^ np.uint64(data[i])) * _PRIME64)
    return _finish64(h)


@kernel
def _scan_dictionary(data, start, size, starts, ends, counts, kinds):  # type: ignore[no-untyped-def]
    i, n = start, len(data)
    for entry in range(size):
        starts[entry] = i
        while i < n and data[i] != 0:
            i += 1
        if i + 10 > n:
            return -1
        ends[entry] = i
        i += 1
        count = np.int64(0)
        for b in range(8):
            count |= np.int64(data[i + b]) << np.int64(8 * b)
        counts[entry] = count
        kinds[entry] = data[i + 8]
        i += 9
    return i


def scan_dictionary(
    data: NDArray[np.uint8], start: int, size: int
) -> tuple[
    NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], int
]:
    """Return starts, ends, counts and kinds of the entries, and the byte after them.

    Args:
        data: uint8[n_bytes], a model file.
        start: byte at which the entries begin.
        size: number of entries, at most ``n_bytes / 10``.

    Returns:
        int64[size] three times, uint8[size] (0 word, 1 label) and an offset, which is
        -1 where the file ends first.
    """
    starts, ends, counts = (np.zeros(size, np.int64) for _ in range(3))
    kinds = np.zeros(size, np.uint8)
    stop = _scan_dictionary(data, start, size, starts, ends, counts, kinds)
    return starts, ends, counts, kinds, int(stop)


@kernel
def _word_table(data, starts, ends, n_words, keys, ids):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(keys) - 1)
    for word in range(n_words):
        key = _hash64(data, starts[word], ends[word])
        slot = np.uint64(key & mask)
        while keys[slot] != 0 and keys[slot] != key:
            slot = np.uint64(np.uint64(slot + np.uint64(1)) & mask)
        if keys[slot] == 0:
            keys[slot] = key
            ids[slot] = word


def word_table(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    n_words: int,
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return the table from word hash to row (see `Network`), at most half full."""
    slots = 16
    while slots < 2 * n_words:
        slots *= 2
    keys, ids = np.zeros(slots, np.uint64), np.full(slots, -1, np.int32)
    _word_table(data, starts, ends, n_words, keys, ids)
    return keys, ids


@kernel
def _decode_rows(codes, norms, centroids, dim, dsub, out):  # type: ignore[no-untyped-def]
    nsub = (dim + dsub - 1) // dsub
    last = dim - (nsub - 1) * dsub
    for row in range(len(norms)):
        norm = norms[row]
        for m in range(nsub):
            code = np.int64(codes[row * nsub + m])
            width = last if m == nsub - 1 else dsub
            base = m * 256 * dsub + code * width
            for d in range(width):
                out[row, m * dsub + d] = norm * centroids[base + d]


def decode_rows(
    codes: NDArray[np.uint8],
    norms: NDArray[np.float32],
    centroids: NDArray[np.float32],
    dim: int,
    dsub: int,
) -> NDArray[np.float32]:
    """Return float32[n_rows, dim], a product-quantised matrix written out.

    Args:
        codes: uint8[n_rows * nsub], nsub = dim / dsub rounded up.
        norms: float32[n_rows], factor of each row.
        centroids: float32[256 * dim], by sub-vector, then code.
        dim: values in a row.
        dsub: values that one code stands for (the last may stand for fewer).
    """
    out = np.zeros((len(norms), dim), np.float32)
    _decode_rows(codes, norms, centroids, dim, dsub, out)
    return out


@kernel
def _add_row(rows, row, dim, out, base):  # type: ignore[no-untyped-def]
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
def _sum_word(  # type: ignore[no-untyped-def]
    rows, word_keys, word_ids, kept, rank, n_words, dim, n_buckets, minn, maxn, end_row,
    data, start, end, key, word, found, out, base,
):  # fmt: skip
    """Add the rows of one word and of its n-grams; return how many there were."""
    count = np.int64(0)
    row = _find_word(word_keys, word_ids, key)
    if row >= 0:
        _add_row(rows, row, dim, out, base)
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
def _is_label(data, start, end):  # type: ignore[no-untyped-def]
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
def _add_word_runs(  # type: ignore[no-untyped-def]
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
            _add_row(rows, row + n_words, dim, out, base)
            count += 1
    return count


@kernel
def _document_vectors(  # type: ignore[no-untyped-def]
    rows, word_keys, word_ids, kept, rank, n_words, dim, n_buckets, minn, maxn, end_row,
    end_hash, longest, keys, sums, sizes, used, data, offsets, word, found, hashes,
    out, counts,
):  # fmt: skip
    # Arrays come one by one: taken from a tuple inside the loop, each would cost two
    # atomic counts of its references every time.
    mask, full = np.uint64(len(keys) - 1), len(keys) * 5 // 8
    zero, one = np.uint64(0), np.uint64(1)
    for doc in range(len(offsets) - 1):
        i, end = np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])
        base, count, n_hashes = doc * dim, np.int64(0), 0
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
                h = np.uint64(np.uint64(h ^ np.uint64(byte)) * _PRIME64)
                i += one
            key = _finish64(h)
            if data[start] == 0x5F and _is_label(data, start, i):
                continue
            if i - start > np.uint64(_CACHED_BYTES):
                count += _sum_word(
                    rows, word_keys, word_ids, kept, rank, n_words, dim, n_buckets,
                    minn, maxn, end_row, data, np.int64(start), np.int64(i), key,
                    word, found, out, base,
                )  # fmt: skip
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
                    sizes[slot] = _sum_word(
                        rows, word_keys, word_ids, kept, rank, n_words, dim, n_buckets,
                        minn, maxn, end_row, data, np.int64(start), np.int64(i), key,
                        word, found, sums, at,
                    )  # fmt: skip
                _add_row(sums, np.int64(slot), dim, out, base)
                count += np.int64(sizes[slot])
            if longest > 1:
                hashes[n_hashes] = _hash32(data, start, i)
                n_hashes += 1
        if end_row >= 0:
            _add_row(rows, end_row, dim, out, base)
            count += 1
        if longest > 1:
            hashes[n_hashes] = np.int32(end_hash)
            count += _add_word_runs(
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
    n_docs = len(offsets) - 1
    longest = int(np.diff(offsets).max(initial=0))
    out = np.zeros(n_docs * net.dim, np.float32)
    counts = np.zeros(n_docs, np.int64)
    word = np.zeros(longest + 2, np.uint8)
    has_ngrams = net.bucket > 0 and not net.all_pruned
    runs = net.word_ngrams if has_ngrams else 1
    maxn = net.maxn if has_ngrams else 0
    hashes = np.zeros(longest // 2 + 2 if runs > 1 else 1, np.int32)
    found = np.zeros((longest + 2) * max(maxn, 1), np.int64)
    _document_vectors(
        net.rows, net.word_keys, net.word_ids, net.kept, net.rank, net.n_words, net.dim,
        np.uint32(net.bucket), net.minn, maxn, net.end, net.end_hash, runs, cache.keys,
        cache.sums, cache.counts, cache.used, data, offsets, word, found, hashes, out,
        counts,
    )  # fmt: skip
    return out.reshape(n_docs, net.dim), counts


@kernel
def _scores(hidden, columns, out):  # type: ignore[no-untyped-def]
    out[:] = 0
    for d in range(len(hidden)):
        h = hidden[d]
        column = columns[d]
        for label in range(len(out)):
            out[label] += h * column[label]


@kernel
def _probabilities(output, scores, out, nodes):  # type: ignore[no-untyped-def]
    """Turn scores into the probability of each label, as fastText reports it."""
    n = output.n_labels
    if output.loss == SOFTMAX:
        top, total = scores[0], np.float32(0)
        for label in range(n):
            top = max(top, scores[label])
        for label in range(n):
            out[label] = np.exp(scores[label] - top)
            total += out[label]
        for label in range(n):
            out[label] = out[label] / total + np.float32(1e-5)
    elif output.loss == ONE_VS_ALL:
        for label in range(n):
            out[label] = np.float32(1) / (np.float32(1) + np.exp(-scores[label]))
            out[label] += np.float32(1e-5)
    else:
        nodes[2 * n - 2] = 1
        for node in range(2 * n - 2, n - 1, -1):
            p = np.float32(1) / (np.float32(1) + np.exp(-scores[node - n]))
            up = nodes[node]
            nodes[output.left[node]] = up * (np.float32(1 + 1e-5) - p)
            nodes[output.right[node]] = up * (p + np.float32(1e-5))
        out[:] = nodes[:n]


@kernel
def _top_labels(output, hidden, counts, prior, allowed, group, best, share, mass):  # type: ignore[no-untyped-def]
    n, k = output.n_labels, best.shape[1]
    scores = np.zeros(output.columns.shape[1], np.float32)
    probability = np.zeros(n, np.float32)
    nodes = np.zeros(2 * n, np.float32)
    for doc in range(len(hidden)):
        for j in range(k):
            best[doc, j] = -1
        if counts[doc] == 0:
            continue
        _scores(hidden[doc], output.columns, scores)
        _probabilities(output, scores, probability, nodes)
        row = allowed[group[doc]]
        for label in range(n):
            if not row[label]:
                continue
            p = probability[label] * prior[label]
            mass[doc] += p
            if p <= share[doc, k - 1]:
                continue
            j = k - 1
            while j > 0 and p > share[doc, j - 1]:
                share[doc, j] = share[doc, j - 1]
                best[doc, j] = best[doc, j - 1]
                j -= 1
            share[doc, j] = p
            best[doc, j] = label


def top_labels(
    output: Output,
    hidden: NDArray[np.float32],
    counts: NDArray[np.int64],
    k: int = 1,
    allowed: NDArray[np.bool_] | None = None,
    group: NDArray[np.int64] | None = None,
    prior: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the k likeliest labels of each document among those that it may have.

    Args:
        output: the output side of the model.
        hidden: float32[n_docs, dim], from `document_vectors`.
        counts: int64[n_docs], from `document_vectors`.
        k: how many labels.
        allowed: bool[n_groups, n_labels]; every label is allowed if None.
        group: int64[n_docs], row of ``allowed`` for each document.
        prior: float32[n_labels] that probabilities are multiplied by; ones if None.

    Returns:
        int32[n_docs, k] labels, best first, -1 where there are no more; float32 of the
        same shape, their probabilities as ``fasttext.predict`` gives them; and
        float32[n_docs], the sum over all allowed labels.
    """
    n_docs = len(hidden)
    if allowed is None:
        allowed = np.ones((1, output.n_labels), np.bool_)
    if group is None:
        group = np.zeros(n_docs, np.int64)
    if prior is None:
        prior = np.ones(output.n_labels, np.float32)
    best = np.full((n_docs, k), -1, np.int32)
    share = np.zeros((n_docs, k), np.float32)
    mass = np.zeros(n_docs, np.float32)
    _top_labels(output, hidden, counts, prior, allowed, group, best, share, mass)
    return best, share, mass
