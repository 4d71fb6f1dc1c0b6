"""Read JSON records whose places in a block are known.

In: a block of bytes, the place of each record in it, and the layout. Out: a DOCUMENT
and a REJECT batch. Layouts whose text is one field go through the kernel; conversations
and whatever the kernel leaves go through the full parser.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audit.read.batches import BatchSize, Refusal, Row, Rows
from audit.read.json_block import BlockReader
from audit.read.layouts import Layout
from audit.read.options import ReadOptions
from audit.read.records import decode, extract

__all__ = ["RecordReader", "too_long"]

_SPACE = b" \t\r\n"

# Looks again at a record that was refused: its content, its number in the block, and
# the refusal.
Review = Callable[[bytes, int, Refusal], Refusal]


def too_long(n_bytes: int, options: ReadOptions) -> Refusal:
    """Return the refusal of a record beyond the limit."""
    limit = options.max_record_bytes
    return Refusal("too_long", f"{n_bytes} bytes, {limit} are allowed")


class RecordReader:
    """Records of one file to batches.

    Args:
        file: name of the file.
        layout: where its records keep what we need.
        options: for the longest record allowed.
        review: what a refusal becomes; for the last line of a file.
    """

    def __init__(
        self,
        file: str,
        layout: Layout,
        options: ReadOptions,
        review: Review | None = None,
    ) -> None:
        self._file, self._layout, self._options = file, layout, options
        self._review = review
        self._block: BlockReader | None = None
        if layout.shape == "field" and layout.keys is not None:
            self._block = BlockReader(file, layout, layout.keys)

    def read(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        positions: NDArray[np.int64],
        places: NDArray[np.int64],
        first_is_too_long: int = 0,
    ) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """Return the documents and rejects of some records, in their order.

        Blank records (of white space alone) are neither.

        Args:
            data: uint8[n_bytes], the block.
            starts: int64[n], first byte of each record.
            ends: int64[n], the byte after its last one.
            positions: int64[n], numbers of the records for rejects and documents.
            places: int64[n], what stands in the id of a document that has none.
            first_is_too_long: bytes of the first record if it is beyond the limit and
                not wholly in the block.
        """
        odd = np.ones(len(starts), bool)
        documents = None
        if self._block is not None:
            fits = ends - starts <= self._options.max_record_bytes
            fits[0] &= not first_is_too_long
            documents, odd = self._block.read(
                data, starts, ends, fits, positions, places
            )
        rows = Rows(self._file, BatchSize())
        for i in np.flatnonzero(odd).tolist():
            outcome: Row | Refusal | None
            if i == 0 and first_is_too_long:
                outcome = too_long(first_is_too_long, self._options)
            else:
                outcome = self._judge(data, int(starts[i]), int(ends[i]), i)
            if outcome is not None:
                rows.add(int(positions[i]), int(places[i]), outcome)
        judged = rows.take(0)
        return _in_order(documents, judged.documents), judged.rejects

    def _judge(
        self, data: NDArray[np.uint8], start: int, end: int, number: int
    ) -> Row | Refusal | None:
        line = data[start:end].tobytes().strip(_SPACE)
        if not line:
            return None
        if len(line) > self._options.max_record_bytes:
            return too_long(len(line), self._options)
        outcome = extract(decode(line, self._layout), self._layout)
        if self._review is not None and isinstance(outcome, Refusal):
            return self._review(line, number, outcome)
        return outcome


def _in_order(first: pa.RecordBatch | None, second: pa.RecordBatch) -> pa.RecordBatch:
    # Two batches as one, by position, in contiguous buffers.
    if first is None or not first.num_rows:
        return second
    if not second.num_rows:
        return first
    table = pa.Table.from_batches([first, second]).sort_by("position")
    return table.combine_chunks().to_batches()[0]
