"""Plan what each worker reads, and read it.

In: the files of a corpus. Out: `Split` values, planned from names, sizes and Parquet
footers alone; and for each split its `ReadBatch` values, whatever the file turns out to
be. A byte range of a file that is not plain JSON Lines after all is read by the split
that starts at 0, and its other splits are empty: nothing is lost or read twice.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audit.errors import InputError
from audit.read.batches import BatchSize, Refusal, Rows
from audit.read.compress import Stream
from audit.read.files import FileInfo, FileSystem
from audit.read.formats import Opened, open_file, read_opened
from audit.read.options import ReadBatch, ReadOptions, Split
from audit.read.parquet import DAMAGED, open_parquet, row_group_splits
from audit.read.sniff import is_compressed_name, suffix_format

__all__ = ["plan_splits", "read_split"]

_TARGET = 64 * 2**20


def plan_splits(
    files: Sequence[FileInfo],
    options: ReadOptions,  # noqa: ARG001 - planners of other formats may need it
    filesystem: FileSystem,
    target_bytes: int = _TARGET,
) -> list[Split]:
    """Return the splits of some files, in the order of the files.

    Only Parquet footers are read. The same files give the same splits anywhere.

    Args:
        files: what `find_files` returned.
        options: how the files will be read.
        filesystem: where they are.
        target_bytes: about as many stored bytes as one split should have.
    """
    if target_bytes < 1:
        raise InputError("target_bytes must be positive", value=target_bytes)
    splits: list[Split] = []
    for file in files:
        kind = suffix_format(file.name)
        if is_compressed_name(file.name) or file.size <= target_bytes:
            splits.append(Split(file))
        elif kind == "jsonl":
            splits += _byte_ranges(file, target_bytes)
        elif _in_row_groups(file):
            splits += _row_groups(file, filesystem, target_bytes)
        else:
            splits.append(Split(file))
    return splits


def _byte_ranges(file: FileInfo, target_bytes: int) -> list[Split]:
    n_splits = -(-file.size // target_bytes)
    edges = [file.size * i // n_splits for i in range(n_splits + 1)]
    # The last one is open-ended: a file that has grown is still read to its end.
    stops = [*edges[1:-1], None]
    return [Split(file, a, b) for a, b in zip(edges, stops, strict=False)]


def _row_groups(
    file: FileInfo, filesystem: FileSystem, target_bytes: int
) -> list[Split]:
    try:
        with closing(filesystem.open(file.path)) as raw:
            metadata = open_parquet(raw).metadata
    except DAMAGED:  # told by whoever reads the split
        return [Split(file)]
    ranges = row_group_splits(metadata, target_bytes)
    return [Split(file, r.start, r.stop) for r in ranges]


def read_split(
    split: Split,
    options: ReadOptions,
    filesystem: FileSystem,
    batch_bytes: int = BatchSize().text_bytes,
    batch_documents: int = BatchSize().documents,
    only: NDArray[np.int64] | None = None,
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of a split, with bounded memory.

    Nothing in the file makes this raise: what cannot be read is a reject. ``position``
    is the line in the split for JSON Lines (the caller adds the ``lines`` of the
    file's earlier splits), the row of the file for Parquet and tables, and the record
    number elsewhere, all from 1.

    Args:
        split: what to read.
        options: how to read it; the same for every split of a file.
        filesystem: where it is.
        batch_bytes: about as many bytes of text as a batch has.
        batch_documents: most documents a batch has.
        only: int64[n], ascending, the positions of the documents to yield; None for
            all, rejects and counts with them. What else is there is passed over.
    """
    size = BatchSize(batch_bytes, batch_documents)
    if only is None:
        yield from _read(split, options, filesystem, size)
    elif len(only):
        with closing(_read(split, options, filesystem, size, only)) as batches:
            yield from _chosen(batches, only)


def _chosen(
    batches: Iterator[ReadBatch], only: NDArray[np.int64]
) -> Iterator[ReadBatch]:
    # Readers may pass over what is not wanted; none has to.
    for batch in batches:
        positions = np.asarray(batch.documents["position"])
        wanted = np.isin(positions, only, assume_unique=True)
        if not wanted.all():
            batch = replace(batch, documents=batch.documents.filter(pa.array(wanted)))
        if batch.documents.num_rows:
            yield batch
        if len(positions) and positions[-1] >= only[-1]:
            return


def _read(
    split: Split,
    options: ReadOptions,
    filesystem: FileSystem,
    size: BatchSize,
    only: NDArray[np.int64] | None = None,
) -> Generator[ReadBatch]:
    try:
        raw = filesystem.open(split.file.path)
    except (OSError, ValueError) as error:
        yield from _refused(split, Refusal("unreadable_file", f"cannot open: {error}"))
        return
    with closing(raw):
        opened = open_file(raw, split.file, options)
        if isinstance(opened, Refusal):
            yield from _refused(split, opened)
        elif opened.format == "parquet" and _in_row_groups(split.file):
            yield from read_opened(opened, split, options, size, only)
        elif opened.divisible:
            batches = _read_range(opened, split, options, size, raw, only)
            yield from _within(batches, split)
        elif not split.start:
            # Planned as plain JSON Lines, perhaps, but it is something else.
            whole = replace(split, stop=None)
            yield from read_opened(opened, whole, options, size, only)


def _in_row_groups(file: FileInfo) -> bool:
    # Whether `plan_splits` counts this file in row groups.
    return suffix_format(file.name) == "parquet" and not is_compressed_name(file.name)


def _within(batches: Iterator[ReadBatch], split: Split) -> Iterator[ReadBatch]:
    # Bytes read beyond the split (the end of its last line) are its neighbour's.
    end = split.file.size if split.stop is None else split.stop
    room = max(0, end - split.start)
    for batch in batches:
        counted = min(batch.bytes_read, room)
        room -= counted
        yield replace(batch, bytes_read=counted)


def _read_range(
    opened: Opened,
    split: Split,
    options: ReadOptions,
    size: BatchSize,
    raw: BinaryIO,
    only: NDArray[np.int64] | None,
) -> Iterator[ReadBatch]:
    # The layout came from the file's head; the lines come from the middle, one byte
    # early so that a line which starts at the edge is told from a line's middle.
    if not split.start:
        yield from read_opened(opened, split, options, size, only)
        return
    try:
        raw.seek(split.start - 1)
    except (OSError, ValueError) as error:
        refusal = Refusal("unreadable_file", f"cannot seek to {split.start}: {error}")
        yield from _refused(split, refusal, everywhere=True)
        return
    stream = Stream(raw, options.max_expansion, sniff=False)
    yield from read_opened(opened.at(stream), split, options, size, only)


def _refused(
    split: Split, refusal: Refusal, *, everywhere: bool = False
) -> Iterator[ReadBatch]:
    # What holds for the whole file is told once, by its first split.
    if split.start and not everywhere:
        return
    rows = Rows(split.file.name, BatchSize())
    rows.add(1, 0, refusal)
    end = split.file.size if split.stop is None else split.stop
    yield rows.take(max(0, min(end, split.file.size) - split.start))
