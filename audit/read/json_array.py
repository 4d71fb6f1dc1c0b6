"""Read JSON arrays, and objects that span lines, with bounded memory.

In: a `Stream`. Out: `ReadBatch` values. The values of the array are found by a kernel
and then read like lines of JSON Lines, so that a record means the same in both. A
record's position is its number in the file, from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.kernels.json_values import BEGIN, IN_ARRAY, new_state, split_values
from audit.read.batches import BatchSize, Refusal, Rows
from audit.read.compress import Stream
from audit.read.json_records import RecordReader
from audit.read.layouts import Layout
from audit.read.options import ReadBatch, ReadOptions
from audit.read.records import decode

__all__ = ["array_head_records", "read_json_array"]

_HEAD_RECORDS = 100
_BLOCK = 2**22


def array_head_records(head: bytes) -> list[dict[str, Any]]:
    """Return the first records of an array that are objects.

    Args:
        head: first bytes of the file, as UTF-8.
    """
    data = np.frombuffer(head, np.uint8)
    begins, ends = split_values(data, 0, new_state())
    records = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        if isinstance(record := decode(head[begin:end]), dict):
            records.append(record)
            if len(records) == _HEAD_RECORDS:
                break
    return records


def read_json_array(
    stream: Stream, file: str, layout: Layout, options: ReadOptions, size: BatchSize
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of a file of JSON values."""
    values = _Values(stream, options.max_record_bytes)
    reader = RecordReader(file, layout, options)
    used = done = 0
    for data, begins, ends, too_long in values:
        n_values = len(begins)
        for first in range(0, n_values, size.documents):
            last = min(first + size.documents, n_values)
            numbers = np.arange(done + first + 1, done + last + 1)
            documents, rejects = reader.read(
                data, begins[first:last], ends[first:last], numbers, numbers,
                too_long if first == 0 else 0,
            )  # fmt: skip
            stored, used = stream.consumed - used, stream.consumed
            yield ReadBatch(documents, rejects, last - first, stored, done + last)
        done += n_values
    rows = Rows(file, size)
    rows.lines = done
    if (refusal := values.rest(stream.problem)) is not None:
        rows.add(done + 1, done + 1, refusal)
    if len(rows) or stream.consumed > used:
        yield rows.take(stream.consumed - used)


class _Values:
    # Blocks of complete values; the one that is not complete is carried on, and once it
    # is beyond the limit, only counted.

    def __init__(self, stream: Stream, max_record: int) -> None:
        self._stream, self._max_record = stream, max_record
        self._state = new_state()
        self._carry = b""
        self._dropped = 0

    def __iter__(
        self,
    ) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], int]]:
        while block := self._block():
            text = self._carry + block
            data = np.frombuffer(text, np.uint8)
            begins, ends = split_values(data, len(self._carry), self._state)
            if len(begins):
                # Bytes of the first value if it is one of which some were dropped.
                size = self._dropped + int(ends[0] - begins[0]) if self._dropped else 0
                yield data, begins, ends, size
                self._dropped = 0
            self._keep(text)
        if self._state[BEGIN] >= 0 and not self._state[IN_ARRAY] and not self._dropped:
            # A value at the end of the file, with nothing after it to end it.
            text = self._carry.rstrip()
            if text and self._complete(text):
                self._state[:] = new_state()
                data = np.frombuffer(text, np.uint8)
                yield data, np.zeros(1, np.int64), np.array([len(text)]), 0

    @staticmethod
    def _complete(text: bytes) -> bool:
        return text[:1] not in (b"{", b"[", b'"') or text[:1] == b'"' == text[-1:]

    def _block(self) -> bytes:
        parts, size = [], 0
        while size < _BLOCK and (more := self._stream.read(_BLOCK)):
            parts.append(more)
            size += len(more)
        return b"".join(parts)

    def _keep(self, text: bytes) -> None:
        begin = int(self._state[BEGIN])
        self._carry = text[begin:] if begin >= 0 else b""
        if begin >= 0:
            self._state[BEGIN] = 0
        if len(self._carry) > self._max_record:
            self._dropped += len(self._carry)
            self._carry = b""

    def rest(self, problem: Refusal | None) -> Refusal | None:
        """Return why the file ends before its last value or bracket does, or None."""
        if problem is not None:
            return problem
        if self._state[BEGIN] >= 0:
            size = self._dropped + len(self._carry)
            if size > self._max_record:
                return Refusal("too_long", f"{size} bytes and no end of the record")
            return Refusal("truncated", "the file ends inside a record")
        if self._state[IN_ARRAY]:
            return Refusal("truncated", "the file ends before its array does")
        return None
