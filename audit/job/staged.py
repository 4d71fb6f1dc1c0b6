"""What a task gave, kept until the run is complete: the ground of ``--resume``.

In: a task and the blocks of its first look. Out: a file in staging, named by the
fingerprint of the task's input, and the blocks again. The name does not depend on the
engine's partitions or on when a run was started.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from audit.job.output import write_bytes
from audit.job.packing import pack, unpack

if TYPE_CHECKING:
    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.stages import Scanned
    from audit.read import FileSystem

__all__ = ["input_fingerprint", "load_blocks", "store_blocks", "task_key"]

_EDGE_BYTES = 64 << 10
_DIGEST = 16


def input_fingerprint(path: str, size: int, filesystem: FileSystem) -> str:
    """Return 16 hex digits over a file's size, first and last 64 KiB.

    A file that is changed only in its middle, at the same length, is not noticed: a
    whole reading would cost what resuming saves.
    """
    digest = hashlib.blake2b(str(size).encode(), digest_size=8)
    try:
        with filesystem.open(path) as file:
            digest.update(file.read(_EDGE_BYTES))
            if size > 2 * _EDGE_BYTES and file.seekable():
                file.seek(size - _EDGE_BYTES)
                digest.update(file.read(_EDGE_BYTES))
    except (OSError, ValueError) as error:
        digest.update(type(error).__name__.encode())
    return digest.hexdigest()


def task_key(task: Task, filesystem: FileSystem) -> str:
    """Return the name of a task's result: its number and its input's fingerprint."""
    digest = hashlib.blake2b(digest_size=8)
    for split in task.splits:
        file = split.file
        seen = input_fingerprint(file.path, file.size, filesystem)
        digest.update(json.dumps([seen, split.to_json()], sort_keys=True).encode())
    return f"{task.ordinal:08d}-{digest.hexdigest()}"


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def store_blocks(key: str, found: Scanned, staging: str, output: Output) -> None:
    """Keep what a task gave."""
    header = json.dumps(
        [found.documents, [[tag, number] for tag, number, _ in found.blocks]]
    )
    arrays = [np.frombuffer(header.encode(), np.uint8)]
    arrays += [np.frombuffer(block, np.uint8) for _, _, block in found.blocks]
    whole = pack(arrays)
    path = output.join(staging, "tasks", f"{key}.blocks")
    write_bytes(output, path, _digest(whole) + whole)


def load_blocks(key: str, staging: str, output: Output) -> Scanned | None:
    """Return what a task gave, None where it has not been kept, or not whole.

    A file that a fault has changed is not used: its task is looked at again.
    """
    from audit.job.stages import Scanned

    data = output.read(output.join(staging, "tasks", f"{key}.blocks"))
    if data is None or data[:_DIGEST] != _digest(data[_DIGEST:]):
        return None
    header, *arrays = unpack(data[_DIGEST:])
    documents, names = json.loads(header.tobytes())
    return Scanned(
        documents,
        [
            (tag, number, array.tobytes())
            for (tag, number), array in zip(names, arrays, strict=True)
        ],
    )
