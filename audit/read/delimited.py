"""Read CSV and TSV.

In: a `Stream`. Out: `ReadBatch` values. Cells may be quoted and hold line feeds. A row
with too many or too few cells is a reject; positions are row numbers, from 1, without
the header.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

from audit.read.batches import BatchSize, Refusal, Row, Rows
from audit.read.compress import Stream
from audit.read.json_records import too_long
from audit.read.layouts import Layout
from audit.read.lines import line_blocks
from audit.read.options import ReadBatch, ReadOptions
from audit.read.records import extract

__all__ = ["Dialect", "read_table", "sniff_table", "table_head"]

_HEAD_ROWS = 100
_DELIMITERS = ",;\t|"
_NAME = re.compile(r"[^\W\d][\w .:/()#-]{0,63}", re.UNICODE)


class Dialect(NamedTuple):
    """How a table is written.

    Attributes:
        delimiter: what parts the cells.
        names: names of the columns.
        has_header: whether the first row holds them.
    """

    delimiter: str
    names: tuple[str, ...]
    has_header: bool


def sniff_table(head: bytes, kind: str, options: ReadOptions) -> Dialect:
    """Return how a table is written.

    The first row is a header if all its cells look like names and differ, or if it has
    the field that the user named as the text.

    Args:
        head: first bytes of the file, as UTF-8.
        kind: ``csv`` or ``tsv``.
        options: for the fields that the user named.
    """
    text = head.decode("utf-8", "replace")
    delimiter = "\t" if kind == "tsv" else _delimiter(text)
    first = next(iter(_rows(text, delimiter)), [])
    cells = [cell.strip() for cell in first]
    has_header = options.text_field in cells or (
        len(set(cells)) == len(cells) and all(_NAME.fullmatch(c) for c in cells)
    )
    if has_header:
        return Dialect(delimiter, tuple(cells), True)
    names = tuple(f"column_{i}" for i in range(1, len(cells) + 1))
    return Dialect(delimiter, names, False)


def table_head(head: bytes, dialect: Dialect) -> list[dict[str, str]]:
    """Return the first rows as records, for the detection of the layout."""
    text = head.decode("utf-8", "replace")
    rows = _rows(text, dialect.delimiter)[dialect.has_header :]
    records = [dict(zip(dialect.names, row, strict=False)) for row in rows if row]
    return records or [dict.fromkeys(dialect.names, "")]


def _delimiter(text: str) -> str:
    # The one that gives the first rows the same number of cells, and most of them.
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        counts = {len(row) for row in _rows(text, delimiter)[:20] if row}
        if len(counts) == 1 and (n_cells := counts.pop()) > most:
            best, most = delimiter, n_cells
    return best


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    lines = text.splitlines(keepends=True)
    try:
        for row in csv.reader(lines[:2000], delimiter=delimiter):
            rows.append(row)
            if len(rows) > _HEAD_ROWS:
                break
    except csv.Error:
        pass
    return rows


def read_table(
    stream: Stream,
    file: str,
    dialect: Dialect,
    layout: Layout,
    options: ReadOptions,
    size: BatchSize,
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of a table."""
    # The limit is a setting of the module, not of a reader.
    limit = max(csv.field_size_limit(), options.max_record_bytes)
    csv.field_size_limit(min(limit, 2**31 - 1))
    rows = Rows(file, size)
    lines = _Lines(stream, options)
    reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
    used = number = 0
    header_due = dialect.has_header
    while True:
        outcome = _next_row(reader, lines, dialect, layout, options)
        if outcome is None:
            break
        if header_due:
            header_due = False
            continue
        number += 1
        rows.add(number, number, outcome)
        if rows.full:
            yield rows.take(stream.consumed - used)
            used = stream.consumed
    if stream.problem is not None and not lines.told:
        rows.add(number + 1, number + 1, stream.problem)
    if len(rows) or stream.consumed > used:
        yield rows.take(stream.consumed - used)


def _next_row(
    reader: Iterator[list[str]],
    lines: _Lines,
    dialect: Dialect,
    layout: Layout,
    options: ReadOptions,
) -> Row | Refusal | None:
    # What the next row that is not blank says; None at the end.
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return None
        except _LongLineError as error:
            return too_long(error.n_bytes, options)
        except csv.Error as error:
            if "unexpected end" in str(error):
                cut = Refusal("truncated", "the file ends inside a quoted cell")
                lines.told = True
                return lines.problem or cut
            return Refusal("malformed_record", str(error))
        if cells and cells != [""]:
            break
    if len(cells) != len(dialect.names):
        if lines.problem is not None and not lines.told:
            lines.told = True
            return lines.problem
        detail = f"{len(cells)} cells, {len(dialect.names)} are expected"
        return Refusal("malformed_record", detail)
    try:
        "".join(cells).encode("utf-8")
    except UnicodeEncodeError:
        return Refusal("invalid_unicode", "the row is not valid UTF-8")
    return extract(dict(zip(dialect.names, cells, strict=True)), layout)


class _LongLineError(Exception):
    def __init__(self, n_bytes: int) -> None:
        super().__init__(n_bytes)
        self.n_bytes = n_bytes


class _Lines:
    # The lines of a stream as strings; bytes that are no UTF-8 become surrogates.

    def __init__(self, stream: Stream, options: ReadOptions) -> None:
        self._limit = options.max_record_bytes
        self._blocks = line_blocks(stream, start=0, stop=None, max_line=self._limit)
        self._lines: Iterator[bytes] = iter(())
        self.problem: Refusal | None = None  # set while the file's last block is read
        self.told = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        while line is None:
            block = next(self._blocks)
            self.problem = block.problem
            if block.too_long:
                raise _LongLineError(block.too_long)
            self._lines = iter(bytes(block.data).split(b"\n"))
            line = next(self._lines, None)
        if len(line) > self._limit:
            raise _LongLineError(len(line))
        return line.decode("utf-8", "surrogateescape") + "\n"
