"""Sampling units of the bootstrap: counts by fine unit in, counts by right unit out.

Pages of one site are not independent, so intervals resample sites. Documents without a
domain carry ``~<file group>.<content group>`` instead: a whole file counts as one unit
where a corpus has many files; where it has few, its documents are cut into groups by
content, which is the best that can be done and makes intervals too narrow if documents
of one file resemble each other.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["MIN_UNITS", "merge_units", "whole_files"]

# Fewer units than this say little about their spread.
MIN_UNITS = 20


def merge_units(unit: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return each row's unit, file groups whole where there are enough of them.

    Args:
        unit: string, one a row: a domain or ``~<file group>.<content group>``.

    Returns:
        string: the same domains; the content group is dropped where domains and file
        groups together are at least `MIN_UNITS`.
    """
    whole = whole_files(unit)
    return whole if len(pc.unique(whole)) >= MIN_UNITS else unit


def whole_files(unit: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return each row's unit without its content group: the domain or the file group.

    Args:
        unit: string, one a row: a domain or ``~<file group>.<content group>``.
    """
    return pc.if_else(
        pc.starts_with(unit, "~"), pc.utf8_slice_codeunits(unit, 0, 4), unit
    )
