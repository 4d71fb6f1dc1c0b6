"""What a task gave, kept until the run is complete: the ground of ``--resume``.

In: a task and the blocks of its first look. Out: a file in staging, named by the task's
number, that also holds the fingerprint of every input the task was made from, and the
blocks again. Neither depends on the engine's partitions or on when a run was started.
An input that is not what it was when the task was looked at stops the run by name.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from isal import isal_zlib

from audit.errors import ConfigError
from audit.job.output import write_bytes
from audit.job.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.stages import Scanned
    from audit.read import FileSystem, Split

__all__ = ["blocks_path", "check_inputs", "inputs_of", "load_blocks", "store_blocks"]

_EDGE_BYTES = 64 << 10
_CHUNK_BYTES = 1 << 20
_DIGEST = 16
_PARQUET = b"PAR1"

# One input of a task: the file's name, its range, and what its content was.
Seen = list[Any]


def inputs_of(task: Task, filesystem: FileSystem) -> list[Seen]:
    """Return what a task is made from: name, range, size and fingerprint of each split.

    The fingerprint of a local file is over the size, the first and last 64 KiB, and
    every byte of the range. Remote files would have to be fetched whole: there, and
    only there, a change in the middle that keeps the length is not seen.
    """
    return [
        [s.file.name, s.start, s.stop, s.file.size, _fingerprint(s, filesystem)]
        for s in task.splits
    ]


def _fingerprint(split: Split, filesystem: FileSystem) -> str:
    """Return 16 hex digits over what a split reads."""
    path, size = split.file.path, split.file.size
    digest = hashlib.blake2b(str(size).encode(), digest_size=8)
    try:
        with filesystem.open(path) as file:
            head = file.read(_EDGE_BYTES)
            digest.update(head)
            if size > 2 * _EDGE_BYTES and file.seekable():
                file.seek(size - _EDGE_BYTES)
                digest.update(file.read(_EDGE_BYTES))
            if "://" not in path and file.seekable():
                checksum = 0
                for start, stop in _ranges(split, head, file):
                    checksum = _checksum(file, start, stop, checksum)
                digest.update(checksum.to_bytes(4, "little"))
    except (OSError, ValueError) as error:
        digest.update(type(error).__name__.encode())
    return digest.hexdigest()


def _ranges(split: Split, head: bytes, file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield the ranges of bytes that a split reads: of a file, lines or row groups."""
    if split.stop is None or not head.startswith(_PARQUET):
        stop = split.file.size if split.stop is None else split.stop
        yield split.start, stop
        return
    file.seek(0)
    try:
        metadata = pq.read_metadata(pa.PythonFile(file, mode="r"))
    except pa.ArrowException:
        return  # the reader refuses the file by name
    for number in range(split.start, min(split.stop, metadata.num_row_groups)):
        group = metadata.row_group(number)
        for column in map(group.column, range(group.num_columns)):
            start = column.dictionary_page_offset or column.data_page_offset
            yield start, start + column.total_compressed_size


def _checksum(file: BinaryIO, start: int, stop: int, checksum: int) -> int:
    file.seek(start)
    while start < stop and (chunk := file.read(min(_CHUNK_BYTES, stop - start))):
        checksum = isal_zlib.crc32(chunk, checksum)
        start += len(chunk)
    return checksum


def blocks_path(task: Task, staging: str, output: Output) -> str:
    """Return where a task's result is kept."""
    return output.join(staging, "tasks", f"{task.ordinal:08d}.blocks")


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def store_blocks(
    task: Task, seen: list[Seen], found: Scanned, staging: str, output: Output
) -> None:
    """Keep what a task gave, and what it was made from."""
    names = [[tag, number] for tag, number, _ in found.blocks]
    header = json.dumps([seen, found.documents, names])
    arrays = [np.frombuffer(header.encode(), np.uint8)]
    arrays += [np.frombuffer(block, np.uint8) for _, _, block in found.blocks]
    whole = pack(arrays)
    write_bytes(output, blocks_path(task, staging, output), _digest(whole) + whole)


def load_blocks(
    task: Task, seen: list[Seen], staging: str, output: Output
) -> Scanned | None:
    """Return what a task gave, None where it has not been kept, or not whole.

    A file that a fault has changed is not used: its task is looked at again.

    Raises:
        ConfigError: the task was made from other input than there is now.
    """
    from audit.job.stages import Scanned

    data = output.read(blocks_path(task, staging, output))
    if data is None or data[:_DIGEST] != _digest(data[_DIGEST:]):
        return None
    header, *arrays = unpack(data[_DIGEST:])
    before, documents, names = json.loads(header.tobytes())
    _compare(before, seen, task.corpus)
    blocks = zip(names, arrays, strict=True)
    return Scanned(
        documents, [(tag, number, array.tobytes()) for (tag, number), array in blocks]
    )


def check_inputs(
    task: Task, filesystem: FileSystem, staging: str, output: Output
) -> None:
    """Check that a task's input is still what its first look has seen.

    Raises:
        ConfigError: it is not.
    """
    load_blocks(task, inputs_of(task, filesystem), staging, output)


def _compare(before: list[Seen], now: list[Seen], corpus: str) -> None:
    for then, seen in zip(before, now, strict=False):
        if then != seen:
            raise ConfigError(
                "The input of a run stays as it is until the run is complete",
                value="changed since it was read",
                where=f"{then[0]} of corpus {corpus}",
                next_step="Run without --resume to start anew.",
            )
