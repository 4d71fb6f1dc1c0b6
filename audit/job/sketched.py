"""What a scan leaves in staging for the search for near-duplicates.

In: the units of a task. Out: its band keys, for the stage that sends them once it is
known which contents an earlier task holds; where its documents stand, for the second
look; which documents repeat which unit, for the stage that tells where duplicates lie;
and, where similarity is estimated, signatures
and the beginnings of texts, so that the input is read once. Each file ends the run with
a clear error where it is missing or damaged.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from audit.errors import RunError
from audit.job.output import write_bytes
from audit.job.packing import pack, unpack
from audit.job.places import Places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec
    from audit.link.units import Units

__all__ = [
    "load_bands",
    "load_places",
    "load_sketches",
    "store_places",
    "store_units",
    "units_of_rows",
]

_DIGEST = 16


def store_units(
    task: Task, units: Units, excerpts: bytes, spec: JobSpec, output: Output
) -> None:
    """Leave the units of a task in staging.

    Args:
        task: the task.
        units: its distinct contents.
        excerpts: an Arrow stream of ids and beginnings of texts; b"" where the second
            look makes them.
        spec: the job.
        output: where staging is.
    """
    _store("bands", task, [units.rows, units.keys], spec, output)
    _store("copies", task, [units.copy_rows, units.copy_units], spec, output)
    if units.signatures.shape[1]:
        shown = np.frombuffer(excerpts, np.uint8)
        arrays = [units.rows, units.signatures, units.characters, shown]
        _store("sketches", task, arrays, spec, output)


def store_places(task: Task, places: Places, spec: JobSpec, output: Output) -> None:
    """Leave in staging where the documents of a task stand, for a second look."""
    _store("places", task, list(places), spec, output)


def load_places(task: Task, spec: JobSpec, output: Output) -> Places:
    """Return where the documents of a task stand."""
    return Places(*_load("places", task, spec, output))


def load_bands(
    task: Task, spec: JobSpec, output: Output
) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    """Return rows and band keys of a task's units."""
    rows, keys = _load("bands", task, spec, output)
    return rows, _by_row(keys, rows)


def load_sketches(
    task: Task, spec: JobSpec, output: Output
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int64], pa.Table]:
    """Return rows, signatures, characters and excerpts of a task's units."""
    rows, signatures, characters, shown = _load("sketches", task, spec, output)
    table = pa.ipc.open_stream(shown.tobytes()).read_all()
    return rows, _by_row(signatures, rows), characters, table


def _by_row(values: NDArray[Any], rows: NDArray[np.uint32]) -> NDArray[Any]:
    """Return values in as many rows, of which there may be none."""
    return values.reshape(len(rows), values.size // max(len(rows), 1))


def units_of_rows(
    rows: NDArray[np.uint32], task: Task, spec: JobSpec, output: Output
) -> NDArray[np.uint32]:
    """Return the row of the unit that each document belongs to, often its own.

    Args:
        rows: uint32[n], documents of the task.
        task: the task.
        spec: the job.
        output: where staging is.
    """
    copies, units = _load("copies", task, spec, output)
    if not len(copies):
        return rows
    at = np.minimum(np.searchsorted(copies, rows), len(copies) - 1)
    return np.where(copies[at] == rows, units[at], rows)


def _path(kind: str, task: Task, spec: JobSpec, output: Output) -> str:
    return output.join(spec.staging, "tasks", f"{task.ordinal:08d}.{kind}")


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def _store(
    kind: str, task: Task, arrays: list[Any], spec: JobSpec, output: Output
) -> None:
    whole = pack(arrays)
    write_bytes(output, _path(kind, task, spec, output), _digest(whole) + whole)


def _load(kind: str, task: Task, spec: JobSpec, output: Output) -> list[Any]:
    path = _path(kind, task, spec, output)
    data = output.read(path)
    if data is None or data[:_DIGEST] != _digest(data[_DIGEST:]):
        raise RunError(
            "What a scan leaves for later stages stays whole until the run is complete",
            value="missing" if data is None else "changed",
            where=path,
            next_step="Run again without --resume.",
        )
    return unpack(data[_DIGEST:])
