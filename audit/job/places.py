"""Where a task's documents stand, so that a second look reads only what it needs.

In: the positions of documents (`schemas.document`), batch by batch, as the first look
meets them. Out: in staging, one row for each run of neighbouring records: a few for a
file without rejects, whatever its length; then, for some documents of the task, the
positions in each of its splits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Gatherer", "Places"]


class Places(NamedTuple):
    """Runs of documents whose records follow each other in one split.

    Attributes:
        rows: uint32[n_runs], the first document of each run within the task, ascending.
        splits: uint32[n_runs], which split of the task it stands in.
        positions: int64[n_runs], its position there.
    """

    rows: NDArray[np.uint32]
    splits: NDArray[np.uint32]
    positions: NDArray[np.int64]

    def of(
        self, rows: NDArray[np.uint32]
    ) -> Iterator[tuple[int, NDArray[np.uint32], NDArray[np.int64]]]:
        """Yield the number of each split that holds some documents, and which.

        Args:
            rows: uint32[n], documents of the task, ascending.

        Yields:
            The split, the rows of its documents and their positions, both ascending.
        """
        if not len(rows):
            return
        run = np.searchsorted(self.rows, rows, side="right") - 1
        positions = self.positions[run] + (rows - self.rows[run]).astype(np.int64)
        splits = self.splits[run]
        starts = np.flatnonzero(np.diff(splits, prepend=splits[:1] + 1))
        for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
            yield int(splits[start]), rows[start:stop], positions[start:stop]


class Gatherer:
    """Gathers the places of a task's documents, batch by batch."""

    def __init__(self) -> None:
        self._runs: list[Places] = []
        self._next = (-1, -1)  # split and position that would go on with the last run

    def add(self, row: int, split: int, positions: NDArray[np.int64]) -> None:
        """Add documents of a split; the first of them has this row in the task."""
        if not len(positions):
            return
        fresh = np.ones(len(positions), np.bool_)
        fresh[1:] = np.diff(positions) != 1
        fresh[0] = self._next != (split, int(positions[0]))
        first = np.flatnonzero(fresh)
        rows = (row + first).astype(np.uint32)
        splits = np.full(len(first), split, np.uint32)
        self._runs.append(Places(rows, splits, positions[first]))
        self._next = split, int(positions[-1]) + 1

    def whole(self) -> Places:
        """Return the places of all documents."""
        none = np.zeros(0, np.uint32)
        runs = [Places(none, none, none.astype(np.int64)), *self._runs]
        return Places(*(np.concatenate(c) for c in zip(*runs, strict=True)))
