"""Exact counts by key: dictionary columns in, small tables of sums out.

In: columns of one batch, keys as dictionary arrays and values as int64 arrays. Out:
tables with one row a distinct key and int64 sums, which `merge_counts` adds up in any
order and any split to the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["count_by", "empty_counts", "group_codes", "merge_counts"]

# A joint code stays below this before its columns are renumbered, so that one more
# column of up to 2^31 labels never overflows int64.
_CODE_LIMIT = 1 << 31


def _codes(column: pa.DictionaryArray) -> tuple[NDArray[np.int64], int]:
    """Return the label number of each row (null is one more) and how many there are."""
    n_labels = len(column.dictionary)
    codes = column.indices.fill_null(n_labels) if column.null_count else column.indices
    return np.asarray(codes).astype(np.int64), n_labels + 1


def group_codes(
    columns: Sequence[NDArray[np.int64]], sizes: Sequence[int]
) -> NDArray[np.int64]:
    """Number the distinct rows of several code columns.

    Args:
        columns: int64[n] each, with values in ``[0, size)``.
        sizes: how many values each column may have.

    Returns:
        int64[n]: rows are equal in all columns if and only if their numbers are equal.
    """
    joint, limit = columns[0], sizes[0]
    for column, size in zip(columns[1:], sizes[1:], strict=True):
        if limit * size > _CODE_LIMIT:
            found, joint = np.unique(joint, return_inverse=True)
            limit = len(found)
        joint, limit = joint * size + column, limit * size
    return joint


def count_by(
    keys: Mapping[str, pa.DictionaryArray], values: Mapping[str, NDArray[np.int64]]
) -> pa.Table:
    """Sum the values over rows with equal keys.

    Args:
        keys: one dictionary array a key column, n rows each.
        values: int64[n] by name of the column to sum.

    Returns:
        A table of the key columns as strings and the sums, one row a distinct key.
    """
    coded = [_codes(column) for column in keys.values()]
    joint = group_codes([c for c, _ in coded], [size for _, size in coded])
    order = np.argsort(joint, kind="stable")
    ranked = joint[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=ranked[:1] - 1))
    # With no rows there is no group: reduceat would read out of range.
    first = pa.array(order[starts])
    data: dict[str, Any] = {
        name: column.take(first).cast(pa.string()) for name, column in keys.items()
    }
    for name, column in values.items():
        sums = np.add.reduceat(column[order], starts) if len(starts) else column[:0]
        data[name] = pa.array(sums, pa.int64())
    return pa.table(data)


def empty_counts(keys: Sequence[str], values: Sequence[str]) -> pa.Table:
    """Return a table of counts without rows."""
    fields = [pa.field(k, pa.string()) for k in keys]
    fields += [pa.field(v, pa.int64()) for v in values]
    return pa.schema(fields).empty_table()


def merge_counts(
    tables: Sequence[pa.Table], keys: Sequence[str], values: Sequence[str]
) -> pa.Table:
    """Add up tables of counts; rows come back sorted by key, nulls last.

    Args:
        tables: tables of `count_by` with these keys and values.
        keys: names of the key columns.
        values: names of the columns to sum.
    """
    columns = [*keys, *values]
    whole = pa.concat_tables([t.select(columns) for t in tables])
    if whole.num_rows == 0:
        return empty_counts(keys, values)
    sums = whole.group_by(list(keys), use_threads=False).aggregate(
        [(name, "sum") for name in values]
    )
    named = sums.rename_columns(
        [
            name.removesuffix("_sum") if name not in keys else name
            for name in sums.column_names
        ]
    )
    # Nulls come last, as Arrow does by default.
    order = pc.sort_indices(named, sort_keys=[(k, "ascending") for k in keys])
    return named.take(order).select(columns).combine_chunks()
