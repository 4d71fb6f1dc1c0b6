"""Read plain text and HTML files: a file or a paragraph a document.

In: a `Stream`. Out: `ReadBatch` values. Paragraphs are parted by lines that hold
nothing but white space; a paragraph's position is its number in the file, from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.read.batches import BatchSize, Refusal, Row, Rows
from audit.read.compress import Stream
from audit.read.html import html_text
from audit.read.options import ReadBatch, ReadOptions

__all__ = ["read_html", "read_text"]

_BLOCK = 2**22
_GAP = re.compile(rb"\r?\n(?:[ \t\r\f\v]*\n)+")


def read_text(
    stream: Stream, file: str, options: ReadOptions, size: BatchSize
) -> Iterator[ReadBatch]:
    """Yield the one document of a text file, or its paragraphs."""
    if options.text_unit == "file":
        yield _whole(stream, file, options, is_html=False)
        return
    rows = Rows(file, size)
    used = number = 0
    for paragraph, n_bytes in _paragraphs(stream, options.max_record_bytes):
        number += 1
        rows.add(number, number, _outcome(paragraph, n_bytes, options))
        if rows.full:
            yield rows.take(stream.consumed - used)
            used = stream.consumed
    if stream.problem is not None:
        rows.add(number + 1, number + 1, stream.problem)
    if len(rows) or stream.consumed > used:
        yield rows.take(stream.consumed - used)


def read_html(
    stream: Stream, file: str, options: ReadOptions, _size: BatchSize
) -> Iterator[ReadBatch]:
    """Yield the one document of an HTML file."""
    yield _whole(stream, file, options, is_html=True)


def _whole(
    stream: Stream, file: str, options: ReadOptions, *, is_html: bool
) -> ReadBatch:
    rows = Rows(file, BatchSize())
    parts, n_bytes = [], 0
    while block := stream.read(_BLOCK):
        n_bytes += len(block)
        if n_bytes <= options.max_record_bytes:
            parts.append(block)
    outcome: Row | Refusal
    content = b"".join(parts)
    if is_html and n_bytes <= options.max_record_bytes:
        text = html_text(content, None)
        outcome = text if isinstance(text, Refusal) else Row(text)
    else:
        outcome = _outcome(content, n_bytes, options)
    if stream.problem is not None and isinstance(outcome, Refusal):
        outcome = stream.problem  # a character that is cut in two, say
    rows.add(1, 1, outcome)
    if stream.problem is not None and isinstance(outcome, Row):
        rows.add(2, 2, stream.problem)
    return rows.take(stream.consumed)


def _outcome(content: bytes, n_bytes: int, options: ReadOptions) -> Row | Refusal:
    if n_bytes > options.max_record_bytes:
        limit = options.max_record_bytes
        return Refusal("too_long", f"{n_bytes} bytes, {limit} are allowed")
    try:
        return Row(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Refusal("invalid_unicode", f"not UTF-8 at byte {error.start}")


def _paragraphs(stream: Stream, max_bytes: int) -> Iterator[tuple[bytes, int]]:
    # Paragraphs and their sizes; one beyond the limit is counted and left empty.
    rest, dropped = b"", 0
    while block := stream.read(_BLOCK):
        *whole, rest = _GAP.split(rest + block)
        for paragraph in whole:
            size = dropped + len(paragraph)
            content = b"" if dropped else paragraph.strip(b"\r\n")
            dropped = 0
            if content.strip() or size > max_bytes:
                yield content, size
        if len(rest) > max_bytes or (dropped and len(rest) > _BLOCK):
            # Enough is kept to see a gap that goes on in the next block.
            dropped += len(rest) - 2
            rest = rest[-2:]
    size = dropped + len(rest)
    content = b"" if dropped else rest.strip(b"\r\n")
    if content.strip() or size > max_bytes:
        yield content, size
