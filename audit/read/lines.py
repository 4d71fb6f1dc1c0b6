"""Cut a stream into blocks of whole lines, with bounded memory.

In: a `Stream`. Out: `LineBlock` values: bytes that end where a line ends, their offset
in the decompressed file, and the number of the first line. A line longer than the limit
is skipped piece by piece and reported, never held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.kernels.newlines import line_feeds
from audit.read.batches import Refusal
from audit.read.compress import Stream

__all__ = ["LineBlock", "line_blocks"]

_BLOCK = 2**22
_READ = 2**16
_LINE_FEED = 0x0A


@dataclass(frozen=True)
class LineBlock:
    """Some whole lines.

    Attributes:
        data: the lines, each ended by a line feed except perhaps the file's last one;
            a view, so that a block is not copied once more.
        ends: int64[n_lines], where each line ends in ``data``, line feed not counted.
        offset: where they start, in bytes of the decompressed file.
        first_line: number of the first line in the split, from 0.
        too_long: bytes of the line if this stands for one line beyond the limit, whose
            data is left out; else 0.
        problem: what is wrong with the file, if it ends here because of that.
    """

    data: memoryview
    ends: NDArray[np.int64]
    offset: int
    first_line: int
    too_long: int = 0
    problem: Refusal | None = None


def line_blocks(
    stream: Stream,
    *,
    start: int,
    stop: int | None,
    max_line: int,
    block_bytes: int = _BLOCK,
) -> Iterator[LineBlock]:
    """Yield the lines that start at ``start`` or after it, and before ``stop``.

    Args:
        stream: positioned at ``start``, or one byte before it if that is not 0, so
            that a line which starts exactly there is told from a line's middle.
        start: first byte of the split.
        stop: the byte after the split; its last line may end beyond it.
        max_line: longest line in bytes that is handed out.
        block_bytes: size of a block; more where one line needs it.
    """
    offset, rest = start + stream.bom, b""
    if start:
        skipped, ended, rest = _skip_line(stream, b"")
        offset = start - 1 + skipped + ended
    elif stop is not None:
        stop = max(stop, offset + 1)  # a byte order mark belongs to the first line
    line = 0
    while stop is None or offset < stop:
        room = block_bytes if stop is None else min(block_bytes, stop - offset)
        data, ended = _fill(stream, rest, max(room, 1), max_line)
        if not data:
            return
        end = len(data) if ended else data.rfind(b"\n") + 1
        if stop is not None:
            end = _end_of_split(data, end, stop - offset)
        if end == 0:  # one line, and it is beyond the limit
            size, ended, rest = _skip_line(stream, data)
            yield LineBlock(
                memoryview(b""), np.zeros(1, np.int64), offset, line, too_long=size
            )
            offset, line = offset + size + ended, line + 1
            continue
        block, rest = memoryview(data)[:end], data[end:]
        problem = stream.problem if ended and not rest else None
        ends = _ends(block)
        yield LineBlock(block, ends, offset, line, problem=problem)
        offset, line = offset + end, line + len(ends)


def _ends(block: memoryview) -> NDArray[np.int64]:
    ends = line_feeds(np.frombuffer(block, np.uint8))
    if block[-1] != _LINE_FEED:
        ends = np.append(ends, len(block))
    return ends


def _fill(
    stream: Stream, rest: bytes, block_bytes: int, max_line: int
) -> tuple[bytes, bool]:
    # At least one whole line if it is within the limit, and about a block of bytes.
    parts, size = [rest], len(rest)
    newline = b"\n" in rest
    while size < block_bytes or (not newline and size <= max_line):
        more = stream.read(max(block_bytes, _READ))
        if not more:
            return b"".join(parts), True
        parts.append(more)
        size += len(more)
        newline = newline or b"\n" in more
    return b"".join(parts), False


def _end_of_split(data: bytes, end: int, room: int) -> int:
    # The lines that start before `room`: the last one ends at the first line feed at
    # or after room - 1.
    if end <= room:
        return end
    newline = data.find(b"\n", room - 1, end)
    return end if newline < 0 else newline + 1


def _skip_line(stream: Stream, seen: bytes) -> tuple[int, bool, bytes]:
    # Bytes up to the next line feed, counted and dropped; whether there is one; what
    # follows it.
    size = 0
    while True:
        newline = seen.find(b"\n")
        if newline >= 0:
            return size + newline, True, seen[newline + 1 :]
        size += len(seen)
        seen = stream.read(_BLOCK)
        if not seen:
            return size, False, b""
