"""Open a file as what it is, and hand it to the reader of that format.

In: the raw bytes of a file. Out: an `Opened` file with its format, its layout and the
reasons for both; then its `ReadBatch` values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audit.read.batches import BatchSize, Refusal
from audit.read.compress import Stream
from audit.read.delimited import Dialect, read_table, sniff_table, table_head
from audit.read.files import FileInfo
from audit.read.json_array import array_head_records, read_json_array
from audit.read.jsonl import head_records, read_jsonl
from audit.read.layouts import Layout, NoTextFieldError, detect_layout
from audit.read.options import ReadBatch, ReadOptions, Split
from audit.read.parquet import DAMAGED, open_parquet, parquet_head, read_parquet
from audit.read.plaintext import read_html, read_text
from audit.read.sniff import sniff_format
from audit.read.warc import read_warc

__all__ = ["Opened", "open_file", "read_opened"]

_HEAD = 2**18
_LONGEST_HEAD = 2**23
# Of so many files the head is remembered, with the layout that was found in it: each
# split of a file is opened by itself, and some once more.
_HEADS_KEPT = 8
# What a file is read with when no record of its head can be parsed: its rejects then
# say what is wrong with each line.
_FALLBACK = Layout("fields", "field", ("text",), {}, "no record of the head parses")


@dataclass(frozen=True)
class Opened:
    """A file on its way to its reader.

    Attributes:
        file: the file.
        format: one of `audit.read.sniff.FORMATS`, or ``empty``.
        why: how the format was found.
        stream: its bytes (not used for Parquet).
        layout: where its records keep what we need; None for formats without fields.
        records: the first records, for people.
        parquet: the open Parquet file.
        dialect: how a table is written.
    """

    file: FileInfo
    format: str
    why: str
    stream: Stream
    layout: Layout | None = None
    records: tuple[dict[str, Any], ...] = ()
    parquet: pq.ParquetFile | None = None
    dialect: Dialect | None = None

    @property
    def divisible(self) -> bool:
        """Whether the file can be read from any of its bytes on."""
        stream = self.stream
        plain = stream.compression is None and stream.encoding == "utf-8"
        return self.format == "jsonl" and plain

    def at(self, stream: Stream) -> Opened:
        """Return the same file, read from another place."""
        return replace(self, stream=stream)


def open_file(raw: BinaryIO, file: FileInfo, options: ReadOptions) -> Opened | Refusal:
    """Return a file with its format and layout, or why it cannot be read."""
    stream = Stream(raw, options.max_expansion)
    head = stream.peek(_HEAD)
    if not head:
        return stream.problem or Opened(file, "empty", "has no bytes", stream)
    kind = sniff_format(head, file.name, whole=len(head) < _HEAD)
    if kind.name is None:
        return stream.problem or Refusal("unsupported_format", kind.why)
    opened = Opened(file, kind.name, kind.why, stream)
    if kind.name == "parquet":
        return _open_parquet(raw, opened, options)
    if kind.name in ("jsonl", "json"):
        records, layout = _json_head(stream, kind.name, options)
        return _with_layout(opened, records, layout)
    if kind.name in ("csv", "tsv"):
        dialect = sniff_table(head, kind.name, options)
        opened = replace(opened, dialect=dialect)
        records = table_head(head, dialect)
        return _with_layout(opened, records, _layout_of(records, options))
    return opened


def _open_parquet(
    raw: BinaryIO, opened: Opened, options: ReadOptions
) -> Opened | Refusal:
    if opened.stream.compression is not None:
        return Refusal(
            "unsupported_format",
            f"a Parquet file inside {opened.stream.compression}: decompress it first",
        )
    try:
        raw.seek(-4, 2)
        complete = raw.read(4) == b"PAR1"
        raw.seek(0)
        parquet = open_parquet(raw)
        records = parquet_head(parquet)
    except DAMAGED as error:
        if not complete:
            return Refusal("truncated", "the file has no Parquet footer")
        return Refusal("unreadable_file", f"damaged Parquet: {error}")
    opened = replace(opened, parquet=parquet)
    return _with_layout(opened, records, _layout_of(records, options))


_Records = list[dict[str, Any]]


def _json_head(
    stream: Stream, kind: str, options: ReadOptions
) -> tuple[_Records, Layout | Refusal]:
    size = _HEAD
    while True:
        head = stream.peek(size)
        whole = len(head) < size
        # A head of unusual length is not remembered.
        read = _read_head if size == _HEAD else _read_head.__wrapped__
        records, layout = read(head, kind, whole, options)
        if records or whole or size >= _LONGEST_HEAD:
            return records, layout
        size *= 2


@lru_cache(maxsize=_HEADS_KEPT)
def _read_head(
    head: bytes, kind: str, whole: bool, options: ReadOptions
) -> tuple[_Records, Layout | Refusal]:
    if kind == "json":
        records = array_head_records(head)
    else:
        records = head_records(head, whole=whole)
    return records, _layout_of(records, options)


def _layout_of(records: _Records, options: ReadOptions) -> Layout | Refusal:
    if records:
        try:
            return detect_layout(records, options)
        except NoTextFieldError as error:
            return Refusal("no_text_field", str(error))
    if options.text_field is not None:
        return replace(_FALLBACK, text=(options.text_field,))
    return _FALLBACK


def _with_layout(
    opened: Opened, records: _Records, layout: Layout | Refusal
) -> Opened | Refusal:
    if isinstance(layout, Refusal):
        return layout
    return replace(opened, layout=layout, records=tuple(records[:10]))


def read_opened(
    opened: Opened,
    split: Split,
    options: ReadOptions,
    size: BatchSize,
    only: NDArray[np.int64] | None = None,
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of a split of an opened file.

    Where ``only`` names positions, a reader may pass over everything else.
    """
    stream, file, layout = opened.stream, split.file.name, opened.layout
    if layout is None:
        if reader := _WITHOUT_LAYOUT.get(opened.format):
            yield from reader(stream, file, options, size)
    elif opened.parquet is not None:
        yield from read_parquet(opened.parquet, split, layout, options, size, only)
    elif opened.dialect is not None:
        yield from read_table(stream, file, opened.dialect, layout, options, size)
    elif opened.format == "json":
        yield from read_json_array(stream, file, layout, options, size)
    else:
        yield from read_jsonl(stream, split, layout, options, size, only)


_WITHOUT_LAYOUT = {"text": read_text, "html": read_html, "warc": read_warc}
