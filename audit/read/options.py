"""How to read a corpus, which part of a file to read, and what a reader yields.

In: plain values from the command line or a config file. Out: frozen, picklable values
(`ReadOptions`, `Split`) that travel to workers, and `ReadBatch`, which comes back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from audit.errors import ConfigError
from audit.read.files import FileInfo

__all__ = ["ROLES", "ReadBatch", "ReadOptions", "Split"]

# What a field of the input can be to us; `text` alone is required.
ROLES = ("text", "url", "id", "language", "date", "source")

_TEXT_UNITS = ("file", "paragraph")


@dataclass(frozen=True)
class ReadOptions:
    """What the user says about the input; what is left out is detected.

    Attributes:
        layout: name of a field layout (see `audit.read.layouts.layout_names`), or None
            to detect it.
        text_field: field that holds the text, as ``text`` or ``meta.body``; wins over
            the layout, as do the five fields below.
        url_field: field that holds the URL.
        id_field: field that holds the document's id.
        language_field: field that holds the declared language.
        date_field: field that holds the date.
        source_field: field that holds the declared source.
        text_unit: what one document of a plain-text file is: ``file`` or
            ``paragraph`` (paragraphs are parted by blank lines).
        max_record_bytes: longest record that is read; a longer one is a reject.
        max_expansion: most bytes that one byte of a compressed file may become.
    """

    layout: str | None = None
    text_field: str | None = None
    url_field: str | None = None
    id_field: str | None = None
    language_field: str | None = None
    date_field: str | None = None
    source_field: str | None = None
    text_unit: str = "file"
    max_record_bytes: int = 64 * 2**20
    max_expansion: int = 1000

    def __post_init__(self) -> None:
        from audit.read.layouts import layout_names

        if self.layout is not None and self.layout not in layout_names():
            raise ConfigError(
                "layout must be the name of a field preset",
                value=self.layout,
                next_step=f"Known layouts: {', '.join(layout_names())}.",
            )
        if self.text_unit not in _TEXT_UNITS:
            raise ConfigError(
                "text_unit must be 'file' or 'paragraph'", value=self.text_unit
            )
        for name in ("max_record_bytes", "max_expansion"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be positive", value=getattr(self, name))

    def field(self, role: str) -> str | None:
        """Return the field the user named for a role, or None."""
        value: str | None = getattr(self, f"{role}_field")
        return value


@dataclass(frozen=True)
class Split:
    """What one worker reads at once: a file, or a range of one.

    Attributes:
        file: the file.
        start: first byte of an uncompressed JSON Lines file, or first row group of a
            Parquet file. A line belongs to the split in which it starts.
        stop: the byte or row group after the last one; None for the whole file.
    """

    file: FileInfo
    start: int = 0
    stop: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the split as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Split:
        """Return the split that `to_json` wrote."""
        return cls(FileInfo(**value["file"]), value["start"], value["stop"])


@dataclass(frozen=True)
class ReadBatch:
    """Documents and rejects of some consecutive records of a split.

    Attributes:
        documents: DOCUMENT record batch; its buffers are contiguous.
        rejects: REJECT record batch.
        records: records consumed since the last batch; always the documents plus the
            rejects of this batch.
        bytes_read: bytes of the file, as stored, consumed since the last batch.
        lines: lines, rows or records consumed so far in this split; blank lines
            count, although they are no records.
    """

    documents: pa.RecordBatch
    rejects: pa.RecordBatch
    records: int
    bytes_read: int
    lines: int
