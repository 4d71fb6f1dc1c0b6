"""The first stage of an audit on bytes: what engines distribute, without an engine.

In and out: blocks, that is (name of the next stage's input, key, bytes). Beam's DoFns
and the in-process loop call the functions of this module, of `audit.job.linking` and of
`audit.job.clustering` and nothing else, so that both give the same profile. Keys are a
task, a partition, or a corpus by its number in the job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.fold.accumulator import Accumulator
from audit.job.books import Book
from audit.job.evaluation import evaluation_of
from audit.job.keep import Keeper
from audit.job.packing import pack
from audit.job.progress import PROGRESS
from audit.job.scan import scan
from audit.job.sketched import store_places, store_units
from audit.job.staged import inputs_of, load_blocks, store_blocks
from audit.link.blocks import pack_exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from audit.job.evaluation import Evaluation
    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec
    from audit.link.units import Units
    from audit.read import FileSystem

__all__ = ["Block", "Scanned", "merge_count_blocks", "scan_stage"]

Block = tuple[str, int, bytes]


class Scanned(NamedTuple):
    """What the first look at a task sends on."""

    documents: int
    blocks: list[Block]


def scan_stage(
    task: Task, spec: JobSpec, filesystem: FileSystem, output: Output
) -> Scanned:
    """Look at the documents of a task for the first time.

    What is found is stored in staging with the fingerprint of the task's input, so that
    a run that is resumed does not look again, and not at other input either.

    Returns:
        Blocks ``counts`` by corpus, ``exact`` by partition.
    """
    seen = inputs_of(task, filesystem)
    found = load_blocks(task, seen, spec.staging, output)
    if found is None:
        keeper = Keeper(spec.config.keep, task)
        found = _scan(
            task, spec, filesystem, output, keeper, evaluation_of(spec, output)
        )
        # Before the blocks: where those are, all of the task is there.
        keeper.write(spec, output)
        store_blocks(task, seen, found, spec.staging, output)
    else:
        PROGRESS.add(found.documents, task.size)
    book = Book()
    book.task("scan", task.ordinal)
    return Scanned(found.documents, [*book.sent(found.blocks), book.block()])


def _scan(
    task: Task,
    spec: JobSpec,
    filesystem: FileSystem,
    output: Output,
    keeper: Keeper,
    evaluation: Evaluation | None,
) -> Scanned:
    result = scan(task, spec.config, filesystem, keeper, evaluation)
    # Which tasks are in a sum of counts, so that none is lost or added twice.
    book = Book()
    book.task("scan", task.ordinal)
    result.accumulator.totals.update(book.totals())
    corpus = spec.corpora.index(task.corpus)
    blocks: list[Block] = [("counts", corpus, result.accumulator.to_bytes())]
    units = result.sketches.units()
    store_units(task, units, result.sketches.excerpts(), spec, output)
    store_places(task, result.places, spec, output)
    blocks += _exact_blocks(task.ordinal, units, spec)
    return Scanned(result.accumulator.totals["documents"], blocks)


def _exact_blocks(task: int, units: Units, spec: JobSpec) -> Iterator[Block]:
    for partition, copies in pack_exact(units, task, spec.partitions).items():
        yield "exact", partition, pack([np.array([task], np.int64), *copies[1:]])


def merge_count_blocks(blocks: Iterable[bytes]) -> bytes:
    """Add up packed accumulators; an empty block is nothing counted."""
    result = Accumulator()
    for block in blocks:
        if block:
            result.merge(Accumulator.from_bytes(block))
    return result.to_bytes()
