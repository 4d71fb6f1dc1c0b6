"""Read ARC, the form of web archives before WARC.

In: a `Stream` of decompressed bytes that begins with a ``filedesc:`` record. Out: the
captures in it. A record is one line (URL, IP, date, type, length, parted by spaces) and
as many bytes as it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from audit.read.answer import read_answer
from audit.read.batches import Refusal
from audit.read.compress import Stream
from audit.read.options import ReadOptions

if TYPE_CHECKING:
    from audit.read.warc import Capture

__all__ = ["arc_captures"]

_LONGEST_LINE = 2**16
# The URL may hold spaces, the others may not.
_HEADER = re.compile(rb"^(\S.*) (\S+) (\d{8,18}) (\S+) (?:.* )?(-?\w+)$")


def arc_captures(
    stream: Stream, options: ReadOptions
) -> Iterator[Capture | Refusal | None]:
    """Yield a capture or a refusal a record; None for the file's description."""
    number = 0
    while (line := _line(stream)) is not None:
        number += 1
        match = _HEADER.match(line)
        if match is None or not match.group(5).isdigit():
            shown = line[:80].decode("utf-8", "replace")
            detail = f"no ARC record from record {number} on: {shown}"
            yield stream.problem or Refusal("malformed_record", detail)
            return
        url, _, date, kind, length = match.groups()
        size = int(length)
        if size > options.max_record_bytes:
            n_read = _skip(stream, size)
            limit = options.max_record_bytes
            found: Capture | Refusal = Refusal(
                "too_long", f"{size} bytes, {limit} are allowed"
            )
        else:
            content = _take(stream, size)
            n_read = len(content)
            found = _capture(content, url, date, kind, options)
        if n_read < size:
            cut = Refusal("truncated", "the file ends inside a record")
            yield stream.problem or cut
            return
        yield None if url.startswith(b"filedesc:") else found
    if stream.problem is not None:
        yield stream.problem


def _capture(
    content: bytes, url: bytes, date: bytes, kind: bytes, options: ReadOptions
) -> Capture | Refusal:
    from audit.read.warc import Capture

    media: str = kind.decode("latin-1")
    charset = language = None
    if content.startswith(b"HTTP/"):
        answer = read_answer(content, options.max_record_bytes)
        if isinstance(answer, Refusal):
            return answer
        content, charset = answer.content, answer.charset
        media, language = answer.media_type or media, answer.language
    return Capture(
        content,
        media.lower().partition(";")[0].strip(),
        charset,
        None,
        url.decode("utf-8", "replace"),
        date.decode("ascii")[:14],
        language,
    )


def _line(stream: Stream) -> bytes | None:
    # The next line that is not empty; None at the end.
    while True:
        parts = b""
        while not parts.endswith(b"\n") and len(parts) < _LONGEST_LINE:
            byte = stream.read(1)
            if not byte:
                break
            parts += byte
        if not parts:
            return None
        if line := parts.strip():
            return line


def _take(stream: Stream, size: int) -> bytes:
    parts = []
    while size and (block := stream.read(size)):
        parts.append(block)
        size -= len(block)
    return b"".join(parts)


def _skip(stream: Stream, size: int) -> int:
    done = 0
    while done < size and (block := stream.read(min(size - done, 2**20))):
        done += len(block)
    return done
