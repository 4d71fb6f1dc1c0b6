"""What is read once from a fastText model: its dictionary and quantised matrices.

In: the bytes of a model file. Out: entries, the table from word hash to row, matrices
written out. `audit.annotate.fasttext_file` knows the layout of the file around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.fasttext_words import word_key
from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["decode_rows", "scan_dictionary", "word_table"]


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
        key = word_key(data, starts[word], ends[word])
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
