"""Read Parquet, a range of row groups at a time.

In: a file and the row groups of a split. Out: `ReadBatch` values. Only the columns that
the layout needs are decoded, in batches of bounded size, however large a row group is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audit.read.batches import BatchSize, Refusal, reject_batch
from audit.read.columns import table_batch
from audit.read.layouts import Layout
from audit.read.options import ReadBatch, ReadOptions, Split
from schemas.document import DOCUMENT

__all__ = ["DAMAGED", "open_parquet", "parquet_head", "read_parquet"]

_HEAD_ROWS = 100
# Column chunks are read through a buffer of this size, never whole.
_BUFFER = 2**22
_SAMPLE = 64
DAMAGED = (OSError, pa.ArrowException, EOFError, ValueError)


def open_parquet(raw: BinaryIO) -> pq.ParquetFile:
    """Return an open Parquet file; raises one of `DAMAGED` where it has no footer."""
    return pq.ParquetFile(raw, pre_buffer=False, memory_map=False, buffer_size=_BUFFER)


def row_group_splits(metadata: pq.FileMetaData, target_bytes: int) -> list[range]:
    """Return ranges of row groups of about ``target_bytes`` each."""
    ranges, first, size = [], 0, 0
    for group in range(metadata.num_row_groups):
        size += _stored_bytes(metadata.row_group(group))
        if size >= target_bytes:
            ranges.append(range(first, group + 1))
            first, size = group + 1, 0
    if first < metadata.num_row_groups or not ranges:
        ranges.append(range(first, metadata.num_row_groups))
    return ranges


def parquet_head(parquet: pq.ParquetFile) -> list[dict[str, Any]]:
    """Return the first rows as records, for the detection of the layout."""
    groups = range(parquet.metadata.num_row_groups)
    for batch in parquet.iter_batches(_HEAD_ROWS, list(groups), use_threads=False):
        rows: list[dict[str, Any]] = _plain(batch).to_pylist()
        return [{k: _shown(v) for k, v in row.items()} for row in rows]
    return [dict.fromkeys(parquet.schema_arrow.names)]


def _shown(value: Any) -> Any:
    # Text is often stored as bytes.
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    # A column in which some string is not UTF-8 cannot become Python strings.
    columns = []
    for column in batch.columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            if pa.types.is_string(column.type):
                column = column.cast(pa.binary())
            else:
                column = pa.nulls(len(column), column.type)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def read_parquet(
    parquet: pq.ParquetFile,
    split: Split,
    layout: Layout,
    options: ReadOptions,
    size: BatchSize,
    only: NDArray[np.int64] | None = None,
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of some row groups of a Parquet file.

    Positions are row numbers of the file, from 1. Where ``only`` is given, batches
    without any of these are passed over, and row groups are not decoded.
    """
    metadata = parquet.metadata
    stop = metadata.num_row_groups if split.stop is None else split.stop
    first = sum(metadata.row_group(g).num_rows for g in range(split.start))
    row, columns = first, _columns(layout)
    for group in range(split.start, stop):
        info = metadata.row_group(group)
        end = row + info.num_rows
        if not _any(only, row, end):
            row = end
            continue
        try:
            for table in parquet.iter_batches(
                _rows_at_once(parquet, group, columns, size),
                [group],
                columns=columns,
                use_threads=False,
            ):
                stored = _stored_bytes(info) * table.num_rows // info.num_rows
                if not _any(only, row, row + table.num_rows):
                    row += table.num_rows
                    continue
                documents, rejects = table_batch(
                    table, split.file.name, row, layout, options
                )
                row += table.num_rows
                yield ReadBatch(documents, rejects, table.num_rows, stored, row - first)
        except DAMAGED as error:
            yield _damaged(split, group, row, end, first, error)
        row = end


def _any(only: NDArray[np.int64] | None, row: int, end: int) -> bool:
    # Whether any row is wanted of those after `row` up to `end`, counted from 1.
    if only is None:
        return True
    low, high = np.searchsorted(only, [row + 1, end + 1])
    return bool(low < high)


def _damaged(
    split: Split, group: int, row: int, end: int, first: int, error: Exception
) -> ReadBatch:
    refusal = Refusal(
        "malformed_record",
        f"rows {row + 1} to {end} (row group {group}) cannot be read: {error}",
    )
    rejects = reject_batch(split.file.name, [(row + 1, refusal)])
    return ReadBatch(_no_documents(), rejects, 1, 0, end - first)


def _no_documents() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=DOCUMENT)


def _columns(layout: Layout) -> list[str]:
    return list(dict.fromkeys((*layout.text, *layout.fields.values())))


def _stored_bytes(group: pq.RowGroupMetaData) -> int:
    return sum(group.column(i).total_compressed_size for i in range(group.num_columns))


def _rows_at_once(
    parquet: pq.ParquetFile, group: int, columns: list[str], size: BatchSize
) -> int:
    # From the decoded bytes a row that the footer tells, and from the first rows: a
    # long text that comes again and again is stored once, and the footer then tells
    # nothing of its length.
    info = parquet.metadata.row_group(group)
    decoded = sum(
        info.column(i).total_uncompressed_size
        for i in range(info.num_columns)
        if info.column(i).path_in_schema.startswith(tuple(columns))
    )
    per_row = decoded // max(info.num_rows, 1)
    first = parquet.iter_batches(_SAMPLE, [group], columns=columns, use_threads=False)
    for batch in first:
        per_row = max(per_row, sum(map(_decoded_bytes, batch.columns)) // len(batch))
        break
    return int(min(size.documents, max(16, size.text_bytes // max(per_row, 1))))


def _decoded_bytes(column: pa.Array) -> int:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return int(column.nbytes)
