"""Which sources each cultural reference was seen in: the lowest few of each.

In: references and sampling units of single batches. Out: a table of at most
`SOURCES_KEPT` sources a reference. The lowest of a union are among the lowest of its
parts, so tables merge in any order and any split to the same rows, and never hold more
than the gazetteer's references times that number, however large the corpus.

A source is a registered domain, or the file of a document that has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from audit.measures.interval import unit_hashes
from audit.measures.units import whole_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["REFERENCE_SOURCES", "SOURCES_KEPT", "merge_sources", "sources_of"]

# As many sources as `audit.measures.coverage.MIN_UNITS` asks for: nobody counts on.
SOURCES_KEPT = 3

REFERENCE_SOURCES = pa.schema(
    [
        # Number of the reference in the gazetteer.
        pa.field("reference", pa.int64(), nullable=False),
        # Hash of the source's name.
        pa.field("source", pa.int64(), nullable=False),
    ]
)


def sources_of(
    reference: NDArray[np.int64], doc: NDArray[np.int64], unit: pa.DictionaryArray
) -> pa.Table:
    """Return the sources of the references of one batch.

    Args:
        reference: int64[n], number of each reference that a document has.
        doc: int64[n], row of that document.
        unit: sampling unit of each document.

    Returns:
        A table of `REFERENCE_SOURCES`.
    """
    named = whole_files(unit.dictionary)
    hashes = unit_hashes(named).view(np.int64)
    codes = np.asarray(unit.indices).astype(np.int64)
    return _lowest(reference, hashes[codes[doc]])


def merge_sources(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the lowest sources of each reference in any of the tables."""
    whole = pa.concat_tables([REFERENCE_SOURCES.empty_table(), *tables])
    return _lowest(*(np.asarray(whole.column(n)) for n in REFERENCE_SOURCES.names))


def _lowest(reference: NDArray[np.int64], source: NDArray[np.int64]) -> pa.Table:
    order = np.lexsort((source, reference))
    reference, source = reference[order], source[order]
    new = np.ones(len(order), bool)
    new[1:] = (reference[1:] != reference[:-1]) | (source[1:] != source[:-1])
    reference, source = reference[new], source[new]
    kept = np.ones(len(reference), bool)
    kept[SOURCES_KEPT:] = reference[SOURCES_KEPT:] != reference[:-SOURCES_KEPT]
    return pa.table(
        [pa.array(reference[kept]), pa.array(source[kept])], schema=REFERENCE_SOURCES
    )
