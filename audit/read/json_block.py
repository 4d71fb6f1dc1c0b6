"""Read a block of JSON Lines whose text is one field, without a Python object a line.

In: whole lines as bytes and the layout. Out: a DOCUMENT and a REJECT batch. The kernel
finds and checks the wanted values; the few lines it marks as odd go through a full
parser, which decides between a document and a reject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from audit.kernels.json_lines import ARRAY as ARRAY_VALUE
from audit.kernels.json_lines import (
    BLANK,
    ESCAPED,
    ESCAPED_ELEMENT,
    GOOD,
    MISSING,
    NULL,
    OBJECT,
    PLAIN,
    Scan,
    compile_paths,
    copy_values,
    scan_lines,
)
from audit.read.batches import BatchSize, Refusal, Row, Rows, document_batch
from audit.read.columns import place_ids
from audit.read.layouts import Layout

__all__ = ["BlockReader"]

_COLUMNS = {
    "id": "doc_id",
    "url": "url",
    "language": "language_declared",
    "source": "source_declared",
    "date": "date",
}
_NO_LABEL = (MISSING, NULL, OBJECT, ARRAY_VALUE)

# Judges one line: its content without the white space around it, and its number in the
# lines that were given.
Judge = Callable[[bytes, int], "Row | Refusal"]


class BlockReader:
    """Blocks of lines to batches, for one file.

    Args:
        file: name of the file.
        layout: of shape ``field``.
        keys: the keys that lead to its fields.
        max_line: longest line in bytes that is read without being judged.
    """

    def __init__(
        self,
        file: str,
        layout: Layout,
        keys: Mapping[str, tuple[str, ...]],
        max_line: int,
    ) -> None:
        self._file = file
        self._max_line = max_line
        self._roles = [role for role in _COLUMNS if role in layout.fields]
        names = [layout.text[0], *(layout.fields[role] for role in self._roles)]
        self._paths = compile_paths([keys[name] for name in names])

    def read(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        offset: int,
        first_line: int,
        judge: Judge,
    ) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """Return the documents and rejects of some lines, in their order.

        Args:
            data: uint8[n_bytes], the block.
            starts: int64[n_lines], first byte of each line in the block.
            ends: int64[n_lines], the byte after its last one, without the line feed.
            offset: byte of the decompressed file at which the block starts.
            first_line: lines of the split before the first of these.
            judge: decides about a line that the kernel does not.
        """
        scan = scan_lines(data, starts, ends, self._paths)
        text = scan.kinds[0]
        good = scan.status == GOOD
        good &= (text == PLAIN) | (text == ESCAPED)
        good &= ends - starts <= self._max_line
        odd = np.flatnonzero(~good & (scan.status != BLANK))
        documents = self._documents(
            data, scan, np.flatnonzero(good), starts + offset, first_line
        )
        rows = Rows(self._file, BatchSize())
        for line in odd.tolist():
            content = data[starts[line] : ends[line]].tobytes().strip(b" \t\r")
            rows.add(
                first_line + line + 1, int(starts[line]) + offset, judge(content, line)
            )
        judged = rows.take(0)
        return _in_order(documents, judged.documents), judged.rejects

    def _documents(
        self,
        data: NDArray[np.uint8],
        scan: Scan,
        rows: NDArray[np.intp],
        places: NDArray[np.int64],
        first_line: int,
    ) -> pa.RecordBatch:
        n_rows = len(rows)
        columns = {name: pa.nulls(n_rows, pa.string()) for name in _COLUMNS.values()}
        columns["text"] = _strings(data, scan, 0, rows, pa.large_string())
        for field, role in enumerate(self._roles, 1):
            columns[_COLUMNS[role]] = _strings(data, scan, field, rows, pa.string())
        if columns["doc_id"].null_count:
            ids = [columns["doc_id"], place_ids(self._file, places[rows])]
            columns["doc_id"] = pc.coalesce(*ids)
        columns["position"] = pa.array(rows.astype(np.int64) + first_line + 1)
        return document_batch(columns)


def _in_order(first: pa.RecordBatch, second: pa.RecordBatch) -> pa.RecordBatch:
    # Two batches as one, by position, in contiguous buffers.
    if not second.num_rows or not first.num_rows:
        return first if first.num_rows else second
    table = pa.Table.from_batches([first, second]).sort_by("position")
    return table.combine_chunks().to_batches()[0]


def _strings(
    data: NDArray[np.uint8],
    scan: Scan,
    field: int,
    rows: NDArray[np.intp],
    kind: pa.DataType,
) -> pa.Array:
    # The values of a field as an Arrow array; null where there is nothing to show,
    # except that a text may be empty.
    kinds, sizes = scan.kinds[field, rows], scan.sizes[field, rows]
    wanted = ~np.isin(kinds, _NO_LABEL)
    sizes = np.where(wanted, sizes, 0)
    escaped = (kinds == ESCAPED) | (kinds == ESCAPED_ELEMENT)
    values, offsets = copy_values(data, scan.begins[field, rows], sizes, escaped)
    large = kind == pa.large_string()
    valid = wanted if large else wanted & (sizes > 0)
    bitmap = None if valid.all() else pa.array(valid).buffers()[1]
    if not large:
        offsets = offsets.astype(np.int32)
    buffers = [bitmap, pa.py_buffer(offsets), pa.py_buffer(values)]
    return pa.Array.from_buffers(kind, len(rows), buffers, len(rows) - int(valid.sum()))
