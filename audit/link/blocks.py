"""What leaves a task for the duplicate shuffle: packed blocks, one a partition.

In: the units of a task. Out: `ExactBlock` and `BandBlock`, arrays of 32 bytes a unit
and twelve a band. With 18 bands that is 248 bytes a document at most: copies within a
task are one unit, and a unit whose content an earlier task of its corpus holds sends no
bands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.lsh import scatter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.link.units import Units

__all__ = ["BandBlock", "ExactBlock", "pack_bands", "pack_exact", "split_by"]


class BandBlock(NamedTuple):
    """Band keys of one task that fall into one partition.

    Attributes:
        task: ordinal of the task.
        keys: uint64[n], hash of a band and its number.
        rows: uint32[n], unit within the task.
    """

    task: int
    keys: NDArray[np.uint64]
    rows: NDArray[np.uint32]


class ExactBlock(NamedTuple):
    """Content hashes of one task that fall into one partition.

    Attributes:
        task: ordinal of the task.
        hashes: uint64[n, 2], the 128-bit content hash.
        rows: uint32[n], unit within the task.
        copies: uint32[n], documents of the unit.
        characters: int64[n], code points of all of them.
    """

    task: int
    hashes: NDArray[np.uint64]
    rows: NDArray[np.uint32]
    copies: NDArray[np.uint32]
    characters: NDArray[np.int64]


def split_by(keys: NDArray[np.uint64], partitions: int) -> dict[int, NDArray[np.int64]]:
    """Return the numbers of the keys of each partition that has some, in their order.

    Args:
        keys: uint64[n]; the upper 32 bits decide.
        partitions: Number of partitions.
    """
    order, starts = scatter(keys, partitions)
    return {
        p: order[starts[p] : starts[p + 1]]
        for p in np.flatnonzero(np.diff(starts)).tolist()
    }


def pack_bands(
    rows: NDArray[np.uint32], keys: NDArray[np.uint64], task: int, partitions: int
) -> dict[int, BandBlock]:
    """Return a task's bands by partition.

    Args:
        rows: uint32[n], units within the task, ascending.
        keys: uint64[n, num_bands], their band keys.
        task: Ordinal of the task within the job.
        partitions: Number of partitions of the shuffle.
    """
    flat, num_bands = keys.reshape(-1), keys.shape[1]
    return {
        p: BandBlock(task, flat[mine], rows[mine // num_bands].astype(np.uint32))
        for p, mine in split_by(flat, partitions).items()
    }


def pack_exact(units: Units, task: int, partitions: int) -> dict[int, ExactBlock]:
    """Return a task's content hashes by partition; arguments as for `pack_bands`."""
    _, hashes, copies, characters = units[:4]
    documents = copies.astype(np.uint32)
    first = np.ascontiguousarray(hashes[:, 0])
    return {
        p: ExactBlock(
            task, hashes[mine], units.rows[mine], documents[mine], characters[mine]
        )
        for p, mine in split_by(first, partitions).items()
    }
