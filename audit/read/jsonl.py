"""Read JSON Lines.

In: a `Stream` and the layout of its records. Out: `ReadBatch` values, about one a block
of lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.read.batches import BatchSize, Refusal, Row, Rows
from audit.read.compress import Stream
from audit.read.layouts import Layout
from audit.read.lines import LineBlock, line_blocks
from audit.read.options import ReadBatch, ReadOptions, Split
from audit.read.records import decode, extract

__all__ = ["head_records", "read_jsonl"]

_HEAD_RECORDS = 100


def head_records(head: bytes, *, whole: bool) -> list[dict[str, Any]]:
    """Return the first records of a file that are objects.

    Args:
        head: first bytes of the file, as UTF-8.
        whole: whether this is the whole file, so that the last line is complete.
    """
    lines = head.split(b"\n")
    if not whole:
        lines.pop()
    records: list[dict[str, Any]] = []
    for line in lines:
        if line.strip() and isinstance(record := decode(line), dict):
            records.append(record)
            if len(records) == _HEAD_RECORDS:
                break
    return records


def read_jsonl(
    stream: Stream,
    split: Split,
    layout: Layout,
    options: ReadOptions,
    size: BatchSize,
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of a split of a JSON Lines file."""
    rows = Rows(split.file.name, size)
    used, told = 0, False
    blocks = line_blocks(
        stream,
        start=split.start,
        stop=split.stop,
        max_line=options.max_record_bytes,
        block_bytes=size.text_bytes,
    )
    for block in blocks:
        for position, offset, outcome in _outcomes(block, layout, options):
            rows.add(position, offset, outcome)
            told = isinstance(outcome, Refusal) and outcome.reason == "truncated"
            if rows.full:
                yield rows.take(stream.consumed - used)
                used = stream.consumed
        rows.lines = block.first_line + _n_lines(block)
    if stream.problem is not None and not told:
        rows.add(rows.lines + 1, 0, stream.problem)
    if len(rows) or stream.consumed > used:
        yield rows.take(stream.consumed - used)


def _n_lines(block: LineBlock) -> int:
    if block.too_long:
        return 1
    return block.data.count(b"\n") + (not block.data.endswith(b"\n"))


def _outcomes(
    block: LineBlock, layout: Layout, options: ReadOptions
) -> Iterator[tuple[int, int, Row | Refusal]]:
    # Line number, offset and outcome of every line that is not blank.
    position, offset = block.first_line, block.offset
    if block.too_long:
        yield position + 1, offset, _too_long(block.too_long, options)
        return
    lines = block.data.split(b"\n")
    for number, line in enumerate(lines):
        position += 1
        content = line.strip()
        if content:
            outcome = _outcome(content, layout, options)
            if number == len(lines) - 1 and isinstance(outcome, Refusal):
                outcome = _cut_off(content, outcome, block)
            yield position, offset, outcome
        offset += len(line) + 1


def _outcome(line: bytes, layout: Layout, options: ReadOptions) -> Row | Refusal:
    if len(line) > options.max_record_bytes:
        return _too_long(len(line), options)
    return extract(decode(line, layout), layout)


def _too_long(n_bytes: int, options: ReadOptions) -> Refusal:
    return Refusal(
        "too_long", f"{n_bytes} bytes, {options.max_record_bytes} are allowed"
    )


def _cut_off(line: bytes, refusal: Refusal, block: LineBlock) -> Refusal:
    # The last line has no line feed: a bad record, or the file's end that is gone?
    if refusal.reason not in ("malformed_record", "invalid_unicode"):
        return refusal
    if block.problem is not None:
        return block.problem
    if line.startswith(b"{") and not line.endswith(b"}"):
        return Refusal("truncated", "the last line ends inside a record")
    return refusal
