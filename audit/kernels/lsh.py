"""Bands of signatures, and the pairs of documents that share one.

In: signatures, or band keys with document keys. Out: band keys spread over partitions;
candidate pairs, as many as the bucket is long times a constant at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint32, uint64

from audit.kernels.hashing import mix64
from audit.kernels.jit import kernel, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NEIGHBOURS", "band_keys", "bucket_pairs", "partition_of", "scatter"]

# In a bucket too large for all its pairs each document meets the first one and as many
# of those that follow it.
NEIGHBOURS = 2

_SEED = uint64(0xA0761D6478BD642F)
_MULTIPLIER = uint64(0x9E3779B97F4A7C15)


@kernel
def band_keys(
    signatures: NDArray[np.uint32], num_bands: int, rows_per_band: int
) -> NDArray[np.uint64]:
    """Return uint64[n, num_bands], the hash of each band and its number.

    Args:
        signatures: uint32[n, num_perm], num_bands * rows_per_band <= num_perm.
        num_bands: Bands a signature is cut into.
        rows_per_band: Values of a band.
    """
    keys = np.empty((len(signatures), num_bands), uint64)
    for doc in range(len(signatures)):
        for band in range(num_bands):
            state = _SEED + uint64(band)
            for row in range(rows_per_band):
                value = uint64(signatures[doc, band * rows_per_band + row])
                state = (state ^ value) * _MULTIPLIER
                state ^= state >> uint64(29)
            keys[doc, band] = mix64(state)
    return keys


@step
def partition_of(key: Any, partitions: int) -> Any:
    """Return the partition of a key, from its upper 32 bits."""
    return int64(((key >> uint64(32)) * uint64(partitions)) >> uint64(32))


@kernel
def scatter(keys: NDArray[np.uint64], partitions: int) -> Any:
    """Return (order, starts): entry numbers by partition, in their order within each.

    Args:
        keys: uint64[n].
        partitions: Partition p owns ``order[starts[p]:starts[p + 1]]``.
    """
    starts = np.zeros(partitions + 1, int64)
    for i in range(len(keys)):
        starts[partition_of(keys[i], partitions) + 1] += 1
    for p in range(partitions):
        starts[p + 1] += starts[p]
    free = starts[:-1].copy()
    order = np.empty(len(keys), int64)
    for i in range(len(keys)):
        p = partition_of(keys[i], partitions)
        order[free[p]] = i
        free[p] += 1
    return order, starts


@kernel
def bucket_pairs(
    keys: NDArray[np.uint64],
    docs: NDArray[np.uint32],
    groups: NDArray[np.int32],
    limit: int,
) -> Any:
    """Return (pairs, stats) of all buckets.

    Args:
        keys: uint64[n] ascending, equal keys are a bucket.
        docs: uint32[n], document numbers, ascending within each bucket after this call
            (it sorts them in place).
        groups: int32[n_docs] by document number, ascending: the corpus of each.
        limit: Largest number of documents that all meet each other.

    Returns:
        uint32[n_pairs, 2], smaller first, repeats included; int64[5]: buckets of two
        and more, largest bucket, buckets cut, pairs made, pairs left out by the cut.
    """
    stats = np.zeros(5, int64)
    total = _walk_buckets(keys, docs, groups, limit, np.empty((0, 2), uint32), stats)
    pairs = np.empty((total, 2), uint32)
    stats[:] = 0
    _walk_buckets(keys, docs, groups, limit, pairs, stats)
    return pairs, stats


@kernel
def _walk_buckets(
    keys: NDArray[np.uint64],
    docs: NDArray[np.uint32],
    groups: NDArray[np.int32],
    limit: int,
    pairs: NDArray[np.uint32],
    stats: NDArray[np.int64],
) -> Any:
    """Count the pairs, and write them where ``pairs`` has room."""
    n = int64(0)
    start = int64(0)
    while start < len(keys):
        end = start + 1
        while end < len(keys) and keys[end] == keys[start]:
            end += 1
        size = end - start
        if size > 1:
            bucket = docs[start:end]
            bucket.sort()
            made = _bucket(bucket, groups, limit, pairs, n)
            n += made
            stats[0] += 1
            stats[1] = max(stats[1], size)
            stats[3] += made
            left_out = size * (size - 1) // 2 - made
            if left_out > 0:
                stats[2] += 1
                stats[4] += left_out
        start = end
    return n


@step
def _bucket(
    bucket: NDArray[np.uint32],
    groups: NDArray[np.int32],
    limit: int,
    pairs: NDArray[np.uint32],
    n: Any,
) -> Any:
    """Make the pairs of one bucket: within each corpus, then between each two."""
    begin = n
    size = len(bucket)
    first = 0
    while first < size:
        last = _run_end(bucket, groups, first)
        for i in range(first, last):
            stop = last
            if last - first > limit and i > first:
                stop = min(last, i + 1 + NEIGHBOURS)
            for j in range(i + 1, stop):
                n = _emit(pairs, n, bucket[i], bucket[j])
        other = last
        while other < size:
            other_last = _run_end(bucket, groups, other)
            n = _between(bucket, first, last, other, other_last, limit, pairs, n)
            other = other_last
        first = last
    return n - begin


@step
def _between(
    bucket: NDArray[np.uint32],
    first: int,
    last: int,
    other: int,
    other_last: int,
    limit: int,
    pairs: NDArray[np.uint32],
    n: Any,
) -> Any:
    """Pair documents of two corpora: all, or each with two of the other side."""
    size = last - first
    other_size = other_last - other
    if size + other_size <= limit:
        for i in range(first, last):
            for j in range(other, other_last):
                n = _emit(pairs, n, bucket[i], bucket[j])
        return n
    for i in range(max(size, other_size)):
        a = first + i % size
        b = other + i % other_size
        n = _emit(pairs, n, bucket[a], bucket[b])
        if a != first and i < size and b != other:
            n = _emit(pairs, n, bucket[a], bucket[other])
        if b != other and i < other_size and a != first:
            n = _emit(pairs, n, bucket[first], bucket[b])
    return n


@step
def _run_end(bucket: NDArray[np.uint32], groups: NDArray[np.int32], first: int) -> Any:
    """Return where the documents of one corpus end."""
    last = first + 1
    while last < len(bucket) and groups[bucket[last]] == groups[bucket[first]]:
        last += 1
    return last


@step
def _emit(pairs: NDArray[np.uint32], n: Any, a: Any, b: Any) -> Any:
    if n < len(pairs):
        pairs[n, 0] = a
        pairs[n, 1] = b
    return n + 1
