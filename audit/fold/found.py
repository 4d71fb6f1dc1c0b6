"""Which windows of evaluation items were found, in how many documents, and in which.

In: tables of single batches. Out: one row a window, with the number of documents that
hold it and the one of them whose lottery is lowest, which merge in any order and any
split to the same rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FOUND", "merge_found"]

FOUND = pa.schema(
    [
        # Number of the window among all windows of the run.
        pa.field("window", pa.int64(), nullable=False),
        # Documents that hold it.
        pa.field("documents", pa.int64(), nullable=False),
        # Hash of the id of the document that is shown, the lowest of all.
        pa.field("lottery", pa.uint64(), nullable=False),
        pa.field("doc_id", pa.string(), nullable=False),
    ]
)


def merge_found(tables: Sequence[pa.Table]) -> pa.Table:
    """Return one row a window: documents added up, the lowest example kept."""
    whole = pa.concat_tables([FOUND.empty_table(), *tables]).sort_by(
        [(name, "ascending") for name in ("window", "lottery", "doc_id")]
    )
    windows = np.asarray(whole.column("window"))
    starts = np.flatnonzero(np.diff(windows, prepend=-1))
    first = whole.take(pa.array(starts)).combine_chunks()
    counts = np.asarray(whole.column("documents"))
    # With no rows there is no group: reduceat would read out of range.
    sums = np.add.reduceat(counts, starts) if len(starts) else counts
    at = FOUND.get_field_index("documents")
    return first.set_column(at, FOUND.field(at), pa.array(sums, pa.int64()))
