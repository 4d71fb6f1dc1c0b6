"""Units: the distinct contents of a task, whatever the number of their copies.

In: rows, signatures, content hashes and lengths of a task's documents, batch by batch.
Out: one unit for each content, with the bands of its signature and the number of its
copies, and of each further copy which unit it belongs to. Ten million copies of one
text are one unit and eight bytes a copy; their signatures are let go with each batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.lsh import band_keys
from audit.link.layout import DEFAULT_LAYOUT, BandLayout

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UnitGatherer", "Units", "equal_runs", "sketched"]

_EMPTY = np.uint32(0xFFFFFFFF)


class Units(NamedTuple):
    """The distinct contents of a task.

    Attributes:
        rows: uint32[n], the first document of each content, ascending.
        hashes: uint64[n, 2], its 128-bit content hash.
        copies: int64[n], documents of that content in the task, 1 at least.
        characters: int64[n], code points of all of them.
        keys: uint64[n, num_bands], the band keys of its signature.
        signatures: uint32[n, num_perm]; no columns where they are not kept.
        copy_rows: uint32[m], documents that repeat a unit, ascending.
        copy_units: uint32[m], the row of the unit that each repeats.
    """

    rows: NDArray[np.uint32]
    hashes: NDArray[np.uint64]
    copies: NDArray[np.int64]
    characters: NDArray[np.int64]
    keys: NDArray[np.uint64]
    signatures: NDArray[np.uint32]
    copy_rows: NDArray[np.uint32]
    copy_units: NDArray[np.uint32]


class UnitGatherer:
    """Collapses copies while batches come in.

    Documents without a shingle are left out: nothing says that two rows of dots are
    copies of each other.

    Args:
        layout: how signatures are cut into bands.
        keep_signatures: whether signatures are wanted beside their bands.
    """

    def __init__(
        self, layout: BandLayout = DEFAULT_LAYOUT, *, keep_signatures: bool = False
    ) -> None:
        self._layout = layout
        self._keep = keep_signatures
        self._parts: list[Units] = []

    def add(
        self,
        rows: NDArray[np.uint32],
        signatures: NDArray[np.uint32],
        content_hash: NDArray[np.uint8],
        characters: NDArray[np.int64],
    ) -> None:
        """Add documents; their rows are larger than those of batches before.

        Args:
            rows: uint32[n], ascending.
            signatures: uint32[n, num_perm].
            content_hash: uint8[n, 16].
            characters: int64[n].
        """
        part = np.flatnonzero(sketched(signatures))
        if not len(part):
            return
        rows = rows[part].astype(np.uint32, copy=False)
        made = _collapsed(rows, _words(content_hash)[part], characters[part])
        first = part[made.first]
        sketches = signatures[first]
        keys = band_keys(sketches, self._layout.num_bands, self._layout.rows_per_band)
        if not self._keep:
            sketches = np.zeros((len(first), 0), np.uint32)
        self._parts.append(Units(*made.columns, keys, sketches, *made.repeats))

    def whole(self) -> Units:
        """Return the units of all batches."""
        if len(self._parts) == 1:
            return self._parts[0]
        parts = self._parts or [self._none()]
        stacked = Units(*(np.concatenate(c) for c in zip(*parts, strict=True)))
        made = _collapsed(
            stacked.rows, stacked.hashes, stacked.characters, stacked.copies
        )
        first, (again, owners) = made.first, made.repeats
        # A copy of a unit that an earlier batch has is a copy of that one.
        units = stacked.copy_units
        if len(again):
            at = np.minimum(np.searchsorted(again, units), len(again) - 1)
            units = np.where(again[at] == units, owners[at], units)
        copy_rows = np.concatenate([stacked.copy_rows, again])
        order = np.argsort(copy_rows, kind="stable")
        return Units(
            *made.columns,
            stacked.keys[first],
            stacked.signatures[first],
            copy_rows[order],
            np.concatenate([units, owners])[order],
        )

    def _none(self) -> Units:
        none, width = np.zeros(0, np.int64), self._layout.num_bands
        rows = none.astype(np.uint32)
        return Units(
            rows,
            np.zeros((0, 2), np.uint64),
            none,
            none,
            np.zeros((0, width), np.uint64),
            np.zeros((0, 0), np.uint32),
            rows,
            rows,
        )


class _Collapsed(NamedTuple):
    """Rows of one content taken together.

    Attributes:
        first: int64[n], positions of the first row of each content, ascending.
        columns: rows, hashes, copies and characters of `Units`.
        repeats: copy_rows, ascending, and copy_units.
    """

    first: NDArray[np.int64]
    columns: tuple[
        NDArray[np.uint32], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]
    ]
    repeats: tuple[NDArray[np.uint32], NDArray[np.uint32]]


def _collapsed(
    rows: NDArray[np.uint32],
    hashes: NDArray[np.uint64],
    characters: NDArray[np.int64],
    copies: NDArray[np.int64] | None = None,
) -> _Collapsed:
    """Take rows of equal hashes together; rows ascend, each counts for its copies."""
    by_hash, fresh = equal_runs(hashes)
    begins = np.flatnonzero(fresh)
    first = by_hash[begins]
    if copies is None:
        copies = np.ones(len(rows), np.int64)
    if len(begins):
        copies = np.add.reduceat(copies[by_hash], begins)
        characters = np.add.reduceat(characters[by_hash], begins)
    again = by_hash[~fresh]
    owner = first[np.cumsum(fresh) - 1][~fresh]
    order, by_row = np.argsort(first), np.argsort(again)
    columns = (
        rows[first[order]],
        hashes[first[order]],
        copies[order].astype(np.int64, copy=False),
        characters[order].astype(np.int64, copy=False),
    )
    repeats = (rows[again[by_row]], rows[owner[by_row]])
    return _Collapsed(first[order], columns, repeats)


def sketched(signatures: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return bool[n]: which documents have a shingle; the others take no part."""
    # A sketch with one value left at its start has them all there, but for a hash
    # that happens to be the largest: only then are the rest looked at.
    result = np.asarray(signatures[:, 0] != _EMPTY)
    doubt = np.flatnonzero(~result)
    result[doubt] = (signatures[doubt] != _EMPTY).any(axis=1)
    return result


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
