"""Read JSON Lines.

In: a `Stream` and the layout of its records. Out: `ReadBatch` values, about one a block
of lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audit.read.batches import BatchSize, Refusal, Rows
from audit.read.compress import Stream
from audit.read.json_records import RecordReader, too_long
from audit.read.layouts import Layout
from audit.read.lines import LineBlock, line_blocks
from audit.read.options import ReadBatch, ReadOptions, Split
from audit.read.records import decode

__all__ = ["head_records", "read_jsonl"]

_HEAD_RECORDS = 100


def head_records(head: bytes, *, whole: bool) -> list[dict[str, Any]]:
    """Return the first records of a file that are objects.

    Args:
        head: first bytes of the file, as UTF-8.
        whole: whether this is the whole file, so that the last line is complete.
    """
    lines = head.split(b"\n")
    if not whole:
        lines.pop()
    records: list[dict[str, Any]] = []
    for line in lines:
        if line.strip() and isinstance(record := decode(line), dict):
            records.append(record)
            if len(records) == _HEAD_RECORDS:
                break
    return records


def read_jsonl(
    stream: Stream,
    split: Split,
    layout: Layout,
    options: ReadOptions,
    size: BatchSize,
    only: NDArray[np.int64] | None = None,
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of a split of a JSON Lines file.

    Where ``only`` is given, no other lines are parsed than those of these numbers.
    """
    reader = _LinesReader(split.file.name, layout, options, size, only)
    used = 0
    blocks = line_blocks(
        stream,
        start=split.start,
        stop=split.stop,
        max_line=options.max_record_bytes,
        block_bytes=size.text_bytes,
    )
    for block in blocks:
        for documents, rejects in reader.read(block):
            stored, used = stream.consumed - used, stream.consumed
            records = documents.num_rows + rejects.num_rows
            yield ReadBatch(documents, rejects, records, stored, reader.lines)
    rows = Rows(split.file.name, size)
    rows.lines = reader.lines
    if stream.problem is not None and not reader.told:
        rows.add(rows.lines + 1, 0, stream.problem)
    if len(rows) or stream.consumed > used:
        yield rows.take(stream.consumed - used)


class _LinesReader:
    # Blocks of lines to batches; knows how far it has come.

    def __init__(
        self,
        file: str,
        layout: Layout,
        options: ReadOptions,
        size: BatchSize,
        only: NDArray[np.int64] | None,
    ) -> None:
        self.lines = 0
        self.told = False  # whether the end of a damaged file has been reported
        self._file, self._options, self._size = file, options, size
        self._only = only
        self._reader = RecordReader(file, layout, options, self._review)
        self._problem: Refusal | None = None
        self._last = -1  # number of the line that has no line feed

    def read(self, block: LineBlock) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        self.lines = block.first_line + len(block.ends)
        if block.too_long:
            yield self._too_long(block)
            return
        self._problem = block.problem
        data = np.frombuffer(block.data, np.uint8)
        starts = np.concatenate([np.zeros(1, np.int64), block.ends[:-1] + 1])
        lines = self._wanted(block, np.flatnonzero(block.ends > starts))
        n_parts = -(-len(lines) // self._size.documents)
        for part in np.array_split(lines, n_parts) if n_parts else ():
            begins, ends = starts[part], block.ends[part]
            self._last = len(ends) - 1 if ends[-1] == len(data) else -1
            self.lines = block.first_line + int(part[-1]) + 1
            positions, places = part + block.first_line + 1, begins + block.offset
            content = data
            if self._only is not None:
                content, begins, ends = _gathered(block.data, begins, ends)
            yield self._reader.read(content, begins, ends, positions, places)
        self.lines = block.first_line + len(block.ends)

    def _wanted(self, block: LineBlock, lines: NDArray[np.intp]) -> NDArray[np.intp]:
        if self._only is None:
            return lines
        first = block.first_line + 1
        low, high = np.searchsorted(self._only, [first, first + len(block.ends)])
        return np.intersect1d(lines, self._only[low:high] - first)

    def _too_long(self, block: LineBlock) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        rows = Rows(self._file, self._size)
        rows.add(self.lines, block.offset, too_long(block.too_long, self._options))
        batch = rows.take(0)
        return batch.documents, batch.rejects

    def _review(self, line: bytes, number: int, refusal: Refusal) -> Refusal:
        # The last line has no line feed: a bad record, or the file's end that is gone?
        if number != self._last:
            return refusal
        if refusal.reason not in ("malformed_record", "invalid_unicode"):
            return refusal
        if self._problem is not None:
            self.told = True
            return self._problem
        if line.startswith(b"{") and not line.endswith(b"}"):
            return Refusal("truncated", "the last line ends inside a record")
        return refusal


def _gathered(
    data: memoryview, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    # Some lines of a block side by side, so that what lies between is not looked at.
    pieces = zip(starts.tolist(), ends.tolist(), strict=True)
    content = b"".join([data[start:end] for start, end in pieces])
    stops = np.cumsum(ends - starts)
    return np.frombuffer(content, np.uint8), stops - (ends - starts), stops
