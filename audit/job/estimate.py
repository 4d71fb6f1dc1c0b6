"""What a run would take: a plan and a small sample in, an estimate out.

In: a `Plan`. Out: an `Estimate` of documents, time, memory and shuffle. Some batches
from places spread over the plan are read and annotated for real, and their cost by byte
on disk is carried over to the whole.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audit.job.scan import Sketches, documents_of
from audit.job.toolbox import toolbox
from audit.link.layout import choose_layout

if TYPE_CHECKING:
    from audit.config import AuditConfig
    from audit.job.plan import Plan, Task
    from audit.read import FileSystem

__all__ = ["Estimate", "estimate"]

_PLACES = 4
_SECONDS_A_PLACE = 2.0
# Bytes of the duplicate shuffle: a band is a key of 8 and a row of 4; a document sends
# its hash, row and length once.
_BAND_BYTES, _EXACT_BYTES = 12, 32
# Pairs, shingle sets, excerpts and links, shared out over all documents: 300 to 500
# where one in ten is a near-duplicate (docs/scale.md), next to none where none is.
_SECOND_LOOK_BYTES = 250
# Candidates, second look and verification, over reading and annotating once. Measured
# on corpora with one document in ten a near-duplicate; more copies cost more.
_LINK_COST = 1.25
# The engine's import, the kernels of linking, tables and page, over what this process
# used until it could read. `python -m benchmarks start` shows a whole small run.
_START_COST = 1.7
# What a run holds beside its shuffle: tables of models and names, batches in flight.
_WORKER_BYTES = 150 << 20
_SHUFFLE_COPIES = 2


@dataclass(frozen=True)
class Estimate:
    """What a run would take on this machine.

    Attributes:
        files: files of all corpora.
        tasks: tasks of the plan.
        size: bytes on disk.
        documents: documents expected.
        text_bytes: bytes of text expected.
        cpu_seconds: user and system time above start-up.
        wall_seconds: the same, divided among the workers.
        start_seconds: imports, models, compiled kernels, the engine, tables and page.
        shuffle_bytes: bytes of the duplicate shuffle.
        memory_bytes: largest resident memory expected.
        sampled_documents: documents the estimate was made from.
    """

    files: int
    tasks: int
    size: int
    documents: int
    text_bytes: int
    cpu_seconds: float
    wall_seconds: float
    start_seconds: float
    shuffle_bytes: int
    memory_bytes: int
    sampled_documents: int


@dataclass
class _Sample:
    disk: float = 0.0
    documents: int = 0
    text: int = 0
    seconds: float = 0.0


def estimate(
    plan: Plan, config: AuditConfig, filesystem: FileSystem, workers: int
) -> Estimate:
    """Estimate a run from a few seconds of its work."""
    toolbox(config)
    chosen = _spread(plan)
    if chosen:
        # Loads or compiles the kernels, so that it is start-up and not reading.
        _run_sample(chosen[0], config, filesystem, seconds=0.0)
    start = time.process_time() * _START_COST
    total = _Sample()
    for task in chosen:
        part = _run_sample(task, config, filesystem, _SECONDS_A_PLACE)
        total.disk += part.disk
        total.documents += part.documents
        total.text += part.text
        total.seconds += part.seconds
    scale = plan.size / total.disk if total.disk else 0.0
    documents = round(total.documents * scale)
    cpu = total.seconds * scale * _LINK_COST
    layout = choose_layout(config.link.threshold)
    held = documents * (_BAND_BYTES * layout.num_bands + _EXACT_BYTES)
    return Estimate(
        files=sum(len(files) for files in plan.files.values()),
        tasks=len(plan.tasks),
        size=plan.size,
        documents=documents,
        text_bytes=round(total.text * scale),
        cpu_seconds=cpu,
        wall_seconds=cpu / max(1, min(workers, len(plan.tasks))),
        start_seconds=start,
        shuffle_bytes=held + documents * _SECOND_LOOK_BYTES,
        memory_bytes=_resident() + workers * _WORKER_BYTES + _SHUFFLE_COPIES * held,
        sampled_documents=total.documents,
    )


def _spread(plan: Plan) -> list[Task]:
    """Return tasks from places spread evenly over the bytes of the plan."""
    if not plan.tasks:
        return []
    edges = np.cumsum([max(1, task.size) for task in plan.tasks])
    places = (np.arange(_PLACES) + 0.5) / _PLACES * edges[-1]
    numbers = np.unique(np.searchsorted(edges, places))
    return [plan.tasks[min(n, len(plan.tasks) - 1)] for n in numbers.tolist()]


def _run_sample(
    task: Task, config: AuditConfig, filesystem: FileSystem, seconds: float
) -> _Sample:
    """Read and annotate the beginning of a task, one batch at least."""
    tools = toolbox(config)
    accumulator = tools.fold.zero()
    layout = choose_layout(config.link.threshold)
    sketches = Sketches(task.ordinal, layout, keep=config.link.verify == "estimate")
    found = _Sample()
    begin = time.process_time()
    used = 0
    for rows, batch in documents_of(task, config, filesystem, accumulator):
        tools.annotate(batch)
        tools.fold.add(accumulator, batch)
        sketches.add(rows, batch)
        found.documents += len(rows)
        found.text += int(np.diff(batch.raw_text.offsets).sum())
        used = accumulator.totals["bytes_read"]
        if time.process_time() - begin > seconds:
            break
    found.seconds = time.process_time() - begin
    found.disk = float(used)
    return found


def _resident() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
