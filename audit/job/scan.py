"""The first look: one task in, everything that can be told of its documents out.

In: a `Task`. Out: a `Scan`: the task's accumulator and, packed by partition, what the
search for near-duplicates needs. Both are values that can be stored and read again; no
text leaves a scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from audit.annotate.signature import signature_matrix
from audit.batch import Batch
from audit.fold.accumulator import PART_REJECT, Accumulator
from audit.job.evaluation import found_in
from audit.job.examples import excerpts_of, pack_excerpts
from audit.job.places import Gatherer
from audit.job.progress import PROGRESS
from audit.job.toolbox import toolbox
from audit.link.layout import choose_layout
from audit.link.units import UnitGatherer, Units
from audit.measures.interval import unit_hashes
from audit.read import read_split
from audit.read.batches import BatchSize
from audit.read.sniff import suffix_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from audit.config import AuditConfig
    from audit.job.evaluation import Evaluation
    from audit.job.keep import Keeper
    from audit.job.places import Places
    from audit.job.plan import Task
    from audit.link.layout import BandLayout
    from audit.read import FileSystem, ReadBatch, Split

__all__ = ["Scan", "Sketches", "documents_again", "documents_of", "scan"]

_HASH_SPAN = float(2**64)
_NO_START = -1


class Sketches:
    """Gathers the units of a task's documents, batch by batch.

    Args:
        task: ordinal of the task.
        layout: how signatures are cut into bands.
        keep: whether later stages want signatures and excerpts, not a second look.
    """

    def __init__(self, task: int, layout: BandLayout, *, keep: bool) -> None:
        self._task, self._keep = task, keep
        self._units = UnitGatherer(layout, keep_signatures=keep)
        self._excerpts: list[pa.Table] = []

    def add(self, rows: NDArray[np.uint32], batch: Batch) -> None:
        """Add what a batch's annotators found."""
        columns = batch.columns
        hashes, n_docs = columns["content_hash"], len(rows)
        raw = np.frombuffer(hashes.buffers()[1], np.uint8)
        width = hashes.type.byte_width
        start = hashes.offset * width
        self._units.add(
            rows,
            signature_matrix(columns["signature"]),
            raw[start : start + n_docs * width].reshape(n_docs, width),
            np.asarray(columns["characters"]),
        )
        if self._keep:
            self._excerpts.append(excerpts_of(self._task, rows, batch))

    def units(self) -> Units:
        """Return the distinct contents."""
        return self._units.whole()

    def excerpts(self) -> bytes:
        """Return ids and beginnings of all texts; b"" where they are not kept."""
        return pack_excerpts(self._excerpts) if self._excerpts else b""


@dataclass
class Scan:
    """What one task gave: its counts, and the units that linking needs."""

    accumulator: Accumulator
    sketches: Sketches
    places: Places


def scan(
    task: Task,
    config: AuditConfig,
    filesystem: FileSystem,
    keeper: Keeper | None = None,
    evaluation: Evaluation | None = None,
) -> Scan:
    """Read, annotate and count one task; the keeper sees every batch."""
    tools = toolbox(config)
    accumulator = tools.fold.zero()
    sketches = Sketches(
        task.ordinal,
        choose_layout(config.link.threshold),
        keep=config.link.verify == "estimate",
    )
    places = Gatherer()
    for rows, batch in documents_of(task, config, filesystem, accumulator, places):
        tools.annotate(batch)
        tools.fold.add(accumulator, batch)
        sketches.add(rows, batch)
        if evaluation is not None:
            accumulator.add_found(found_in(batch, evaluation))
        if keeper is not None:
            keeper.add(rows, batch)
    return Scan(accumulator, sketches, places.whole())


def documents_of(
    task: Task,
    config: AuditConfig,
    filesystem: FileSystem,
    accumulator: Accumulator,
    places: Gatherer | None = None,
) -> Iterator[tuple[NDArray[np.uint32], Batch]]:
    """Return the sampled documents of a task with their rows, in the order they lie.

    Args:
        task: what to read.
        config: how, and which share of it.
        filesystem: where it is.
        accumulator: counts records, rejects and lines.
        places: learns where the documents stand.
    """
    return _joined(_documents_of(task, config, filesystem, accumulator, places))


_Part = tuple["NDArray[np.uint32]", pa.RecordBatch, str]


def _joined(parts: Iterable[_Part]) -> Iterator[tuple[NDArray[np.uint32], Batch]]:
    """Yield documents of neighbouring files together, up to the size of a batch.

    What a batch costs whatever is in it would else be most of the cost of a small file.
    """
    most, waiting = BatchSize(), list[_Part]()
    n_bytes = n_docs = 0
    for part in parts:
        size, count = part[1].get_total_buffer_size(), len(part[0])
        if n_bytes + size > most.text_bytes or n_docs + count > most.documents:
            yield from _whole(waiting)
            waiting, n_bytes, n_docs = [], 0, 0
        waiting.append(part)
        n_bytes, n_docs = n_bytes + size, n_docs + count
    yield from _whole(waiting)


def _whole(parts: list[_Part]) -> Iterator[tuple[NDArray[np.uint32], Batch]]:
    if not parts:
        return
    rows, documents, file = parts[0]
    if len(parts) == 1:
        yield rows, Batch(documents, file)
        return
    table = pa.Table.from_batches([part[1] for part in parts]).combine_chunks()
    counts = tuple((name, len(mine)) for mine, _, name in parts)
    rows = np.concatenate([mine for mine, _, _ in parts])
    yield rows, Batch(table.to_batches()[0], file, parts=counts)


def _documents_of(
    task: Task,
    config: AuditConfig,
    filesystem: FileSystem,
    accumulator: Accumulator,
    places: Gatherer | None,
) -> Iterator[_Part]:
    row = 0
    for number, split in enumerate(task.splits):
        lines = 0
        accumulator.totals["files"] += int(split.start == 0)
        for read in read_split(split, config.read, filesystem):
            lines = read.lines
            n_docs = read.documents.num_rows
            rows = np.arange(row, row + n_docs, dtype=np.uint32)
            if places is not None:
                places.add(row, number, np.asarray(read.documents["position"]))
            row += n_docs
            rows, documents = _sampled(rows, read.documents, config.sample)
            _account(accumulator, split, read, documents.num_rows)
            PROGRESS.add(documents.num_rows, read.bytes_read)
            if documents.num_rows:
                yield rows, documents, split.file.name
        if _is_byte_range(split):
            accumulator.add_table("lines", _line_count(split, lines))


def documents_again(
    task: Task,
    config: AuditConfig,
    filesystem: FileSystem,
    rows: NDArray[np.uint32],
    places: Places,
) -> Iterator[tuple[NDArray[np.uint32], Batch]]:
    """Return some documents of a task once more, with their rows.

    Files that hold none of them are not opened, and of the others no more is parsed
    than these documents, as far as their format allows.

    Args:
        task: what was read.
        config: how.
        filesystem: where it is.
        rows: uint32[n], ascending, which documents.
        places: what the first look has told of where they stand.
    """

    def parts() -> Iterator[_Part]:
        for number, mine, positions in places.of(rows):
            split = task.splits[number]
            for read in read_split(split, config.read, filesystem, only=positions):
                at = np.searchsorted(positions, np.asarray(read.documents["position"]))
                yield mine[at], read.documents, split.file.name

    return _joined(parts())


def _sampled(
    rows: NDArray[np.uint32], documents: pa.RecordBatch, rate: float
) -> tuple[NDArray[np.uint32], pa.RecordBatch]:
    """Keep the share of documents whose id hashes low enough."""
    if rate >= 1 or not len(rows):
        return rows, documents
    chosen = unit_hashes(documents.column("doc_id")) < np.uint64(rate * _HASH_SPAN)
    return rows[chosen], documents.filter(pa.array(chosen))


def _account(
    accumulator: Accumulator, split: Split, read: ReadBatch, kept: int
) -> None:
    """Count what was read, and keep every reject."""
    n_docs, n_rejects = read.documents.num_rows, read.rejects.num_rows
    accumulator.totals["records"] += read.records
    accumulator.totals["bytes_read"] += read.bytes_read
    accumulator.totals["unsampled"] += n_docs - kept
    accumulator.totals["rejected"] += n_rejects
    if n_rejects:
        start = split.start if _is_byte_range(split) else _NO_START
        rejects = pa.Table.from_batches([read.rejects])
        starts = pa.array(np.full(n_rejects, start, np.int64))
        accumulator.rejects.append(
            rejects.append_column("start", starts).select(PART_REJECT.names)
        )


def _is_byte_range(split: Split) -> bool:
    """Say whether positions in this split count from its own beginning."""
    whole = split.start == 0 and split.stop is None
    return not whole and suffix_format(split.file.name) == "jsonl"


def _line_count(split: Split, lines: int) -> pa.Table:
    return pa.table(
        {
            "file": [split.file.name],
            # Leading zeros: rows sorted as text are sorted by place.
            "start": [f"{split.start:020d}"],
            "lines": pa.array([lines], pa.int64()),
        }
    )
