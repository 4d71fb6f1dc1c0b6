"""Read a block of JSON Lines whose text is one field, without a Python object a line.

In: records as bytes and the layout. Out: a DOCUMENT batch, and which records are left.
The kernel finds and checks the wanted values; the few records that it marks as odd are
for a full parser, which decides between a document and a reject.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    scan_lines,
)
from audit.kernels.json_paths import compile_paths
from audit.kernels.json_strings import copy_values
from audit.kernels.utf8 import is_utf8
from audit.read.batches import document_batch
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
# By kind of value, whether it is a label.
_LABEL = np.ones(256, np.bool_)
_LABEL[[MISSING, NULL, OBJECT, ARRAY_VALUE]] = False


class BlockReader:
    """Records to documents, for one file.

    Args:
        file: name of the file.
        layout: of shape ``field``.
        keys: the keys that lead to its fields.
    """

    def __init__(
        self, file: str, layout: Layout, keys: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._file = file
        self._roles = [role for role in _COLUMNS if role in layout.fields]
        names = [layout.text[0], *(layout.fields[role] for role in self._roles)]
        self._paths = compile_paths([keys[name] for name in names])

    def read(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        fits: NDArray[np.bool_],
        positions: NDArray[np.int64],
        places: NDArray[np.int64],
    ) -> tuple[pa.RecordBatch, NDArray[np.bool_]]:
        """Return the documents of some records, and which of the others are not blank.

        Args:
            data: uint8[n_bytes], the block.
            starts: int64[n], first byte of each record in the block.
            ends: int64[n], the byte after its last one.
            fits: bool[n], whether the record is within the limit of its length.
            positions: int64[n], number of each record.
            places: int64[n], what stands in the id of a document that has none.
        """
        checked = is_utf8(data, int(starts[0]), int(ends[-1]))
        scan = scan_lines(data, starts, ends, self._paths, check_utf8=not checked)
        text = scan.kinds[0]
        good = (scan.status == GOOD) & fits & ((text == PLAIN) | (text == ESCAPED))
        rows = np.flatnonzero(good)
        documents = self._documents(data, scan, rows, positions[rows], places[rows])
        return documents, ~good & (scan.status != BLANK)

    def _documents(
        self,
        data: NDArray[np.uint8],
        scan: Scan,
        rows: NDArray[np.intp],
        positions: NDArray[np.int64],
        places: NDArray[np.int64],
    ) -> pa.RecordBatch:
        n_rows = len(rows)
        columns = {name: pa.nulls(n_rows, pa.string()) for name in _COLUMNS.values()}
        columns["text"] = _strings(data, scan, 0, rows, pa.large_string())
        for field, role in enumerate(self._roles, 1):
            columns[_COLUMNS[role]] = _strings(data, scan, field, rows, pa.string())
        if columns["doc_id"].null_count:
            ids = [columns["doc_id"], place_ids(self._file, places)]
            columns["doc_id"] = pc.coalesce(*ids)
        columns["position"] = pa.array(positions, pa.int64())
        return document_batch(columns)


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
    wanted = _LABEL[kinds]
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
