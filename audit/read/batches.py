"""Collect documents and rejects of consecutive records into Arrow batches.

In: one record at a time, as plain values (the formats that are not read in blocks), or
whole columns. Out: `ReadBatch` values whose DOCUMENT buffers are contiguous.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from audit.read.normalise import iso_days
from audit.read.options import ReadBatch
from schemas.document import DOCUMENT, REJECT

__all__ = ["BatchSize", "Refusal", "Row", "Rows", "document_batch", "reject_batch"]

_DETAIL_CHARACTERS = 200


class BatchSize(NamedTuple):
    """When a batch is full: bytes of text, or documents, whichever comes first."""

    text_bytes: int = 4 * 2**20
    documents: int = 8192


class Row(NamedTuple):
    """What a record says, before the date is normalised."""

    text: str
    doc_id: str | None = None
    url: str | None = None
    language: str | None = None
    source: str | None = None
    date: str | None = None


class Refusal(NamedTuple):
    """Why a record is no document; ``reason`` is one of REJECT_REASONS."""

    reason: str
    detail: str


def document_batch(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    """Return a DOCUMENT batch; ``date`` may hold any form, the rest fits already."""
    columns = {**columns, "date": iso_days(columns["date"])}
    return pa.RecordBatch.from_arrays(
        [columns[field.name] for field in DOCUMENT], schema=DOCUMENT
    )


def reject_batch(file: str, rejects: Sequence[tuple[int, Refusal]]) -> pa.RecordBatch:
    """Return a REJECT batch of (position, refusal) pairs; details become printable."""
    return pa.RecordBatch.from_arrays(
        [
            pa.array([file] * len(rejects), pa.string()),
            pa.array([position for position, _ in rejects], pa.int64()),
            pa.array([refusal.reason for _, refusal in rejects], pa.string()),
            pa.array([_printable(r.detail) for _, r in rejects], pa.string()),
        ],
        schema=REJECT,
    )


def _printable(text: str) -> str:
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    if len(shown) > _DETAIL_CHARACTERS:
        shown = shown[: _DETAIL_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return shown


class Rows:
    """Records on their way into a batch.

    Args:
        file: name of the file, for rejects and for ids.
        size: when the batch is full.
    """

    def __init__(self, file: str, size: BatchSize) -> None:
        self.file = file
        self.size = size
        self.lines = 0
        self._clear()

    def _clear(self) -> None:
        self._rows: list[Row] = []
        self._ids: list[str] = []
        self._positions: list[int] = []
        self._rejects: list[tuple[int, Refusal]] = []
        self._text_bytes = 0

    def add(self, position: int, place: int, outcome: Row | Refusal) -> None:
        """Take one record: a document or the reason why it is none.

        Args:
            position: line, row or record number, from 1.
            place: what stands in the id of a document that has none of its own.
            outcome: the document's values, or the refusal.
        """
        self.lines = max(self.lines, position)
        if isinstance(outcome, Refusal):
            self._rejects.append((position, outcome))
            return
        self._rows.append(outcome)
        self._ids.append(outcome.doc_id or f"{self.file}@{place}")
        self._positions.append(position)
        self._text_bytes += len(outcome.text)

    @property
    def full(self) -> bool:
        """Whether it is time to `take` a batch."""
        return (
            self._text_bytes >= self.size.text_bytes
            or len(self._rows) + len(self._rejects) >= self.size.documents
        )

    def __len__(self) -> int:
        return len(self._rows) + len(self._rejects)

    def take(self, bytes_read: int) -> ReadBatch:
        """Return what was collected as a batch and start a new one."""
        rows = self._rows
        documents = document_batch(
            {
                "doc_id": pa.array(self._ids, pa.string()),
                "text": pa.array([row.text for row in rows], pa.large_string()),
                "url": pa.array([row.url for row in rows], pa.string()),
                "language_declared": pa.array([r.language for r in rows], pa.string()),
                "source_declared": pa.array([row.source for row in rows], pa.string()),
                "date": pa.array([row.date for row in rows], pa.string()),
                "position": pa.array(self._positions, pa.int64()),
            }
        )
        rejects = reject_batch(self.file, self._rejects)
        batch = ReadBatch(documents, rejects, len(self), bytes_read, self.lines)
        self._clear()
        return batch
