"""What leaves a task for the duplicate shuffle: packed blocks, one a partition.

In: signatures, content hashes and lengths of a task's documents. Out: `BandBlock` and
`ExactBlock`, arrays of twelve bytes a band and twenty-eight a document. With 18 bands
that is 244 bytes a document at most; exact copies within a task send their bands once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.lsh import band_keys, scatter
from audit.link.layout import DEFAULT_LAYOUT, BandLayout

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BandBlock",
    "ExactBlock",
    "equal_runs",
    "pack_bands",
    "pack_exact",
    "sketched",
]

_EMPTY = np.uint32(0xFFFFFFFF)


class BandBlock(NamedTuple):
    """Band keys of one task that fall into one partition.

    Attributes:
        task: ordinal of the task.
        keys: uint64[n], hash of a band and its number.
        rows: uint32[n], document within the task.
    """

    task: int
    keys: NDArray[np.uint64]
    rows: NDArray[np.uint32]


class ExactBlock(NamedTuple):
    """Content hashes of one task that fall into one partition.

    Attributes:
        task: ordinal of the task.
        hashes: uint64[n, 2], the 128-bit content hash.
        rows: uint32[n], document within the task.
        characters: int64[n], its code points.
    """

    task: int
    hashes: NDArray[np.uint64]
    rows: NDArray[np.uint32]
    characters: NDArray[np.int64]


def sketched(signatures: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return bool[n]: which documents have a shingle; the others take no part."""
    # A sketch with one value left at its start has them all there, but for a hash
    # that happens to be the largest: only then are the rest looked at.
    result = np.asarray(signatures[:, 0] != _EMPTY)
    doubt = np.flatnonzero(~result)
    result[doubt] = (signatures[doubt] != _EMPTY).any(axis=1)
    return result


def pack_bands(
    rows: NDArray[np.uint32],
    signatures: NDArray[np.uint32],
    content_hash: NDArray[np.uint8],
    task: int,
    partitions: int,
    layout: BandLayout = DEFAULT_LAYOUT,
) -> dict[int, BandBlock]:
    """Return a task's bands by partition.

    Args:
        rows: uint32[n], the documents' numbers within the task, ascending.
        signatures: uint32[n, num_perm].
        content_hash: uint8[n, 16]; of equal ones only the first row sends bands.
        task: Ordinal of the task within the job.
        partitions: Number of partitions of the shuffle.
        layout: Bands and rows.
    """
    part = np.flatnonzero(sketched(signatures))
    by_hash, fresh = equal_runs(_words(content_hash)[part])
    part = part[np.sort(by_hash[fresh])]
    keys = band_keys(signatures[part], layout.num_bands, layout.rows_per_band)
    flat = keys.reshape(-1)
    order, starts = scatter(flat, partitions)
    entry_rows = rows[part][order // layout.num_bands].astype(np.uint32)
    sorted_keys = flat[order]
    return {
        p: BandBlock(
            task,
            sorted_keys[starts[p] : starts[p + 1]].copy(),
            entry_rows[starts[p] : starts[p + 1]].copy(),
        )
        for p in np.flatnonzero(np.diff(starts)).tolist()
    }


def pack_exact(
    rows: NDArray[np.uint32],
    signatures: NDArray[np.uint32],
    content_hash: NDArray[np.uint8],
    characters: NDArray[np.int64],
    task: int,
    partitions: int,
) -> dict[int, ExactBlock]:
    """Return a task's content hashes by partition; arguments as for `pack_bands`.

    ``characters`` is int64[n]. Documents without a word are left out: nothing says
    that two rows of dots are copies of each other.
    """
    part = np.flatnonzero(sketched(signatures))
    hashes = _words(content_hash)[part]
    order, starts = scatter(np.ascontiguousarray(hashes[:, 0]), partitions)
    return {
        p: ExactBlock(
            task,
            hashes[order[starts[p] : starts[p + 1]]],
            rows[part][order[starts[p] : starts[p + 1]]].astype(np.uint32),
            characters[part][order[starts[p] : starts[p + 1]]],
        )
        for p in np.flatnonzero(np.diff(starts)).tolist()
    }


def equal_runs(
    hashes: NDArray[np.uint64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return (order, fresh): rows by ascending hash, and where a new hash begins.

    Equal hashes keep the order of their rows. ``hashes`` is uint64[n, 2].
    """
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (hashes[order[1:]] != hashes[order[:-1]]).any(axis=1)
    return order, fresh


def _words(content_hash: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """View 16-byte hashes as uint64[n, 2]."""
    return np.ascontiguousarray(content_hash).reshape(-1, 16).view(np.uint64)
