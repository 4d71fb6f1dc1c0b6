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

from audit.read.batches import BatchSize, Refusal, Row, Rows
from audit.read.compress import Stream
from audit.read.json_block import BlockReader
from audit.read.layouts import Layout
from audit.read.lines import LineBlock, line_blocks
from audit.read.options import ReadBatch, ReadOptions, Split
from audit.read.records import decode, extract

__all__ = ["head_records", "read_jsonl"]

_HEAD_RECORDS = 100
_LINE_FEED = 0x0A
_SPACE = b" \t\r\n"


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
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of a split of a JSON Lines file."""
    reader = _LinesReader(split.file.name, layout, options, size)
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
        self, file: str, layout: Layout, options: ReadOptions, size: BatchSize
    ) -> None:
        self.lines = 0
        self.told = False  # whether the end of a damaged file has been reported
        self._file, self._layout = file, layout
        self._options, self._size = options, size
        self._reader: BlockReader | None = None
        if layout.shape == "field" and layout.keys is not None:
            limit = options.max_record_bytes
            self._reader = BlockReader(file, layout, layout.keys, limit)

    def read(self, block: LineBlock) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        if block.too_long:
            rows = Rows(self._file, self._size)
            self.lines = block.first_line + 1
            rows.add(self.lines, block.offset, self._too_long(block.too_long))
            batch = rows.take(0)
            yield batch.documents, batch.rejects
            return
        data = np.frombuffer(block.data, np.uint8)
        ends = np.flatnonzero(data == _LINE_FEED)
        if not block.data.endswith(b"\n"):
            ends = np.append(ends, len(data))
        starts = np.concatenate([np.zeros(1, ends.dtype), ends[:-1] + 1])
        n_parts = -(-len(ends) // self._size.documents)
        for part in np.array_split(np.arange(len(ends)), n_parts):
            first, last = int(part[0]), int(part[-1]) + 1
            self.lines = block.first_line + last
            yield self._part(block, data, starts[first:last], ends[first:last], first)

    def _part(
        self,
        block: LineBlock,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        first: int,
    ) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        def judge(line: bytes, number: int) -> Row | Refusal:
            outcome = self._judge(line)
            if ends[number] == len(data) and isinstance(outcome, Refusal):
                outcome = self._cut_off(line, outcome, block)
            return outcome

        first_line = block.first_line + first
        if self._reader is not None:
            return self._reader.read(
                data, starts, ends, block.offset, first_line, judge
            )
        rows = Rows(self._file, self._size)
        for number, (a, b) in enumerate(
            zip(starts.tolist(), ends.tolist(), strict=True)
        ):
            if line := block.data[a:b].strip(_SPACE):
                outcome = judge(line, number)
                rows.add(first_line + number + 1, block.offset + a, outcome)
        batch = rows.take(0)
        return batch.documents, batch.rejects

    def _judge(self, line: bytes) -> Row | Refusal:
        if len(line) > self._options.max_record_bytes:
            return self._too_long(len(line))
        return extract(decode(line, self._layout), self._layout)

    def _too_long(self, n_bytes: int) -> Refusal:
        limit = self._options.max_record_bytes
        return Refusal("too_long", f"{n_bytes} bytes, {limit} are allowed")

    def _cut_off(self, line: bytes, refusal: Refusal, block: LineBlock) -> Refusal:
        # The last line has no line feed: a bad record, or the file's end that is gone?
        if refusal.reason not in ("malformed_record", "invalid_unicode"):
            return refusal
        if block.problem is not None:
            self.told = True
            return block.problem
        if line.startswith(b"{") and not line.endswith(b"}"):
            return Refusal("truncated", "the last line ends inside a record")
        return refusal
