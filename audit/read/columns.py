"""Turn a batch of decoded columns into documents and rejects without a row loop.

In: an Arrow record batch with the input's own columns, and a layout. Out: a DOCUMENT
and a REJECT batch. Rows that need judging one by one (conversations, invalid UTF-8) go
through `audit.read.records`, so that they mean the same as in JSON.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit.read.batches import BatchSize, Refusal, Rows, document_batch, reject_batch
from audit.read.layouts import Layout
from audit.read.options import ReadOptions
from audit.read.records import extract

__all__ = ["place_ids", "table_batch"]

_ROLE_COLUMNS = {
    "url": "url",
    "language": "language_declared",
    "source": "source_declared",
    "date": "date",
}


def table_batch(
    table: pa.RecordBatch,
    file: str,
    first_row: int,
    layout: Layout,
    options: ReadOptions,
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return the documents and rejects of some rows.

    Args:
        table: the rows, at least the columns that the layout names.
        file: name of the file.
        first_row: rows of the file before these.
        layout: which column is what.
        options: for the longest text allowed.
    """
    text = _column(table, layout.text[0]) if layout.shape == "field" else None
    if text is None or not (_is_string(text.type) or _is_binary(text.type)):
        return _row_by_row(table, file, first_row, layout)
    text, bad = _valid_text(text, options)
    columns = {"text": text, "doc_id": _ids(table, file, first_row, layout)}
    for role, name in _ROLE_COLUMNS.items():
        columns[name] = _label(table, layout.fields.get(role))
    columns["position"] = pa.array(
        np.arange(first_row + 1, first_row + 1 + len(text), dtype=np.int64)
    )
    if bad:
        keep = np.ones(len(text), bool)
        keep[list(bad)] = False
        mask = pa.array(keep)
        columns = {name: column.filter(mask) for name, column in columns.items()}
    rejects = [(first_row + 1 + row, bad[row]) for row in sorted(bad)]
    return document_batch(columns), reject_batch(file, rejects)


def place_ids(file: str, places: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Array:
    """Return the ids of documents that have none: the file and the place in it."""
    return pc.binary_join_element_wise(
        f"{file}@", pa.array(places, pa.int64()).cast(pa.string()), ""
    )


def _column(table: pa.RecordBatch, path: str) -> pa.Array | None:
    # The column at `a.b`, nested or with dots in its own name; None if not there.
    names = table.schema.names
    if path in names:
        return table.column(names.index(path))
    head, _, rest = path.partition(".")
    while rest:
        if head in names:
            return _nested(table.column(names.index(head)), rest)
        more, _, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None


def _nested(column: pa.Array, path: str) -> pa.Array | None:
    if not pa.types.is_struct(column.type):
        return None
    fields = [column.type.field(i).name for i in range(column.type.num_fields)]
    if path in fields:
        return pc.struct_field(column, fields.index(path))
    head, _, rest = path.partition(".")
    while rest:
        if head in fields:
            return _nested(pc.struct_field(column, fields.index(head)), rest)
        more, _, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None


def _is_string(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _valid_text(
    column: pa.Array, options: ReadOptions
) -> tuple[pa.Array, dict[int, Refusal]]:
    # large_string[n], and why some rows are no text (these are empty in the array).
    bad: dict[int, Refusal] = {}
    reason, what = "invalid_unicode", "the text is not valid UTF-8"
    if _is_binary(column.type):
        reason, what = "not_text", "binary content"
    raw = column.cast(
        pa.large_string() if _is_string(column.type) else pa.large_binary()
    )
    raw = raw.cast(pa.large_binary())
    lengths = pc.binary_length(raw).fill_null(0).to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(lengths > options.max_record_bytes).tolist():
        detail = f"{lengths[row]} bytes, {options.max_record_bytes} are allowed"
        bad[row] = Refusal("too_long", detail)
    nulls = raw.is_null().to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(nulls).tolist():
        bad[row] = Refusal("null_text", "the text is null")
    try:
        text = raw.cast(pa.large_string())
    except pa.ArrowInvalid:
        values = raw.to_pylist()
        for row, value in enumerate(values):
            if value is not None and row not in bad and not _decodes(value):
                bad[row] = Refusal(reason, what)
        clean = [None if row in bad else v for row, v in enumerate(values)]
        text = pa.array(clean, pa.large_binary()).cast(pa.large_string())
    return (text.fill_null("") if text.null_count else text), bad


def _decodes(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _ids(table: pa.RecordBatch, file: str, first_row: int, layout: Layout) -> pa.Array:
    n_rows = table.num_rows
    places = np.arange(first_row + 1, first_row + 1 + n_rows, dtype=np.int64)
    own = _label(table, layout.fields.get("id"))
    if own.null_count == n_rows:
        return place_ids(file, places)
    missing = pc.or_kleene(own.is_null(), pc.equal(own, ""))
    if pc.any(missing).as_py():
        return pc.if_else(missing.fill_null(True), place_ids(file, places), own)
    return own


def _label(table: pa.RecordBatch, path: str | None) -> pa.Array:
    # A column as strings: numbers and dates as they are written, the rest null.
    column = None if path is None else _column(table, path)
    if column is None:
        return pa.nulls(table.num_rows, pa.string())
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        column = pc.list_element(
            pc.list_slice(column, 0, 1, return_fixed_size_list=True), 0
        )
    if pa.types.is_timestamp(column.type):
        # The day is all that is asked of it; strftime needs the zone database.
        column = column.cast(pa.timestamp(column.type.unit)).cast(
            pa.date32(), safe=False
        )
    try:
        strings = column.cast(pa.string())
        if _is_binary(kind) or _is_string(kind):
            strings.validate(full=True)
    except pa.ArrowInvalid:
        return _lenient(column)
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return pa.nulls(table.num_rows, pa.string())
    if isinstance(strings, pa.ChunkedArray):  # too long for 32-bit offsets
        return strings.combine_chunks()
    return strings


def _lenient(column: pa.Array) -> pa.Array:
    # Some label is not UTF-8: that one is null.
    values = column.cast(pa.large_binary()).to_pylist()
    return pa.array(
        [v.decode() if v is not None and _decodes(v) else None for v in values],
        pa.string(),
    )


def _row_by_row(
    table: pa.RecordBatch, file: str, first_row: int, layout: Layout
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    rows = Rows(file, BatchSize())
    for number, record in enumerate(table.to_pylist(), first_row + 1):
        rows.add(number, number, extract(record, layout))
    batch = rows.take(0)
    return batch.documents, batch.rejects
