"""fastText inference straight over a text buffer: no Python string is made.

In: documents as one UTF-8 buffer with offsets, and a `Network` (the input side of a
model file, read by `audit.annotate.fasttext_file`). Out: the mean input row of each
document, for `audit.kernels.fasttext_output`.

What makes it fast: the summed rows of a word are kept in a cache (text repeats its
words); quantised rows stay codes that fit the processor's cache; what a word needs is
on its way from memory while the next words are looked at; n-grams are hashed sixteen
at a time, and pruned ones are told by a bit map. Sums of words are whole numbers, so a
document's is the sum of its paragraphs' to the last bit, in whatever order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.fasttext_cache import TURN, Cache, padded, word_cache
from audit.kernels.fasttext_ngrams import longest_cached, reading
from audit.kernels.fasttext_rows import add_rounded, rows_of_runs
from audit.kernels.fasttext_turn import (
    TEXTS,
    add_found,
    add_words,
    find_buckets,
    find_rows,
    hash_words,
    keep,
    look_up,
    name_words,
    sum_new,
    turn_room,
)
from audit.kernels.fasttext_words import find_words
from audit.kernels.jit import inlined, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Cache", "Network", "document_vectors", "joint_vectors", "runs_of_words",
    "word_cache",
]  # fmt: skip


class Network(NamedTuple):
    """The input side of a model.

    Attributes:
        rows: float32[n_rows * dim], words first, then n-gram buckets in ascending
            order, without those that were pruned; length 0 where ``codes`` stand for
            them.
        codes: uint8[n_rows * dim / 2], the rows of a quantised model two values a code:
            an eighth of the memory, most of which stays in the processor's cache.
        values: float32[dim / 2 * 256 * 2], what codes stand for, by place and code.
        norm_codes: uint8[n_rows], which factor each of these rows has.
        norms: float32[256], the factors.
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
        scale: a power of two; sums of rows are counted in whole 1 / scale.
    """

    rows: NDArray[np.float32]
    codes: NDArray[np.uint8]
    values: NDArray[np.float32]
    norm_codes: NDArray[np.uint8]
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
    scale: float


@inlined
def _mean(total, base, count, scale, out, at, dim):  # type: ignore[no-untyped-def]
    """Write the mean of ``count`` rows as floats."""
    share = np.float64(1) / (np.float64(scale) * np.float64(count))
    for d in range(dim):
        out[at + d] = np.float32(np.float64(total[base + d]) * share)


@inlined
def _close(net, plan, turn, hashes, n_hashes, count, out, part):  # type: ignore[no-untyped-def]
    """Write the mean row of a text that ends; return how many rows it has."""
    total, dim = turn.total, net.dim
    if net.end >= 0:
        count += 1
        for d in range(len(total)):
            total[d] += turn.end[d]
    if len(hashes):
        hashes[n_hashes] = np.int32(net.end_hash)
        for k in range(n_hashes + 1):
            n = rows_of_runs(
                net, plan, net.word_ngrams, hashes, k, n_hashes + 1, turn.found
            )
            count += n
            if n:
                add_found(net, turn, n)
    if count > 0:
        _mean(total, 0, count, net.scale, out, part * dim, dim)
    for d in range(len(total)):
        total[d] = 0
    return count


@kernel
def _document_vectors(  # type: ignore[no-untyped-def]
    net, plan, cache, turn, longest, data, offsets, hashes, out, counts, whole,
    totals, total_counts,
):  # fmt: skip
    # Parts of this are steps, to which tuples of arrays are lent: to take an array from
    # a tuple in here would cost two atomic counts of its references.
    starts, ends, tail, total = turn.starts, turn.ends, turn.tail, turn.total
    closes, width, n_parts = turn.closes, len(total), len(offsets) - 1
    part, i, count, n_hashes = 0, offsets[0], np.int64(0), 0
    if net.end >= 0:
        turn.found[0] = net.end
        add_rounded(net, turn.floats, turn.found, 0, 1, turn.end, 0)
        for doc in range(len(total_counts)):
            total_counts[doc] = 1
            for d in range(width):
                totals[doc * width + d] = turn.end[d]
    while part < n_parts:
        # Some words at a time, of one text or several: what is needed of the new ones
        # is on its way from memory while the others are looked up.
        n, n_closed, first = 0, 0, part
        while part < n_parts and n < TURN and n_closed < TEXTS:
            stop = offsets[part + 1]
            n, i = find_words(data, i, stop, tail, starts, ends, n, TURN)
            if i >= stop:
                closes[n_closed] = n
                n_closed += 1
                part += 1
        name_words(cache, turn, data, n)
        n_new = look_up(net, cache, turn, n, longest)
        find_buckets(net, plan, turn, data, n_new)
        find_rows(net, cache, turn, n, n_new)
        sum_new(net, cache, turn, n_new)
        begin = 0
        for c in range(n_closed + 1):
            end = closes[c] if c < n_closed else n
            count += add_words(net, plan, cache, turn, data, begin, end)
            if len(hashes):
                n_hashes = hash_words(turn, data, begin, end, hashes, n_hashes)
            begin = end
            if c == n_closed:
                break
            if len(whole):
                at = whole[first + c]
                total_counts[at] += count
                for d in range(width):
                    totals[at * width + d] += total[d]
            counts[first + c] = _close(
                net, plan, turn, hashes, n_hashes, count, out, first + c
            )
            count, n_hashes = np.int64(0), 0
        keep(cache, turn, n_new)


@kernel
def _means(totals, counts, scale, dim, out):  # type: ignore[no-untyped-def]
    width = len(totals) // max(len(counts), 1)
    for doc in range(len(counts)):
        if counts[doc] > 0:
            _mean(totals, doc * width, counts[doc], scale, out, doc * dim, dim)


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

    The words of a document are those of its paragraphs, so its sum is theirs: the
    values are equal to the last bit.

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
    means = np.zeros((n_wholes, net.dim), np.float32)
    _means(totals, sizes, net.scale, net.dim, means.reshape(-1))
    return out, counts, means, sizes


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
    NDArray[np.float32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]
]:
    """Return means and counts of the texts, sums and counts of their wholes."""
    n_docs, width = len(offsets) - 1, padded(net.dim)
    out, counts = np.zeros(n_docs * net.dim, np.float32), np.zeros(n_docs, np.int64)
    totals, sizes = np.zeros(n_wholes * width, np.int64), np.zeros(n_wholes, np.int64)
    maxn = net.maxn if net.bucket > 0 and not net.all_pruned else 0
    longest = int(np.diff(offsets).max(initial=0)) if runs_of_words(net) else -4
    _document_vectors(
        net, reading(net.minn, maxn, net.bucket), cache, turn_room(width),
        longest_cached(maxn), data, offsets, np.zeros(longest // 2 + 2, np.int32), out,
        counts, whole, totals, sizes,
    )  # fmt: skip
    return out.reshape(n_docs, net.dim), counts, totals, sizes
