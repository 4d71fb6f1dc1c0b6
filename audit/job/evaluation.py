"""Evaluation sets that a run looks for in its corpora: ``--against NAME=PATH``.

In: files of benchmark items, read once where the run starts. Out: an `Evaluation`, the
windows of all items, packed in staging so that each worker process loads it once; and
for each batch the windows that its documents hold. No text of an item leaves this
module.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from audit.batch import Batch
from audit.errors import InputError, RunError
from audit.fold.found import FOUND, merge_found
from audit.job.packing import pack, unpack
from audit.kernels.tokens import tokenize
from audit.kernels.windows import (
    WINDOW_LAYOUT,
    ItemWindows,
    WindowIndex,
    find_windows,
    index_windows,
    item_windows,
)
from audit.measures.interval import unit_hashes
from audit.read import ReadOptions, Split, find_files, inspect_files, read_split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from audit.job.output import Output
    from audit.job.request import Against
    from audit.job.spec import JobSpec
    from audit.read import FileInfo, FileSystem

__all__ = [
    "Evaluation",
    "evaluation_of",
    "fingerprint_of",
    "found_in",
    "pack_path",
    "read_evaluation",
]

# Where neither the user nor a layout says which field is the text of an item.
_QUESTION_FIELDS = (
    "question", "problem", "prompt", "query", "instruction", "input", "ctx", "goal",
    "premise", "sentence1",
)  # fmt: skip
# How an inspection names a text that several fields make.
_JOINED = " + "
# These reasons stop a whole file; others refuse single items, which are counted.
_WHOLE_FILE = frozenset(
    {"no_text_field", "unsupported_format", "unreadable_file", "truncated",
     "decompression_limit"}
)  # fmt: skip


@dataclass(frozen=True)
class Evaluation:
    """The items of all evaluation sets of a run.

    Attributes:
        names: of the sets, sorted.
        rejected: records of each set that were no items.
        threshold: coverage from which an item is contaminated.
        windows: of all items, set by set.
        set_of: int64[n_items], number of the item's set.
        tokens: int64[n_items].
        ids: string[n_items].
    """

    names: tuple[str, ...]
    rejected: tuple[int, ...]
    threshold: float
    windows: ItemWindows
    set_of: NDArray[np.int64]
    tokens: NDArray[np.int64]
    ids: pa.Array

    @cached_property
    def index(self) -> WindowIndex:
        """What is looked for; window i is the i-th lowest hash."""
        return index_windows(self.windows)

    def to_bytes(self) -> bytes:
        """Return the evaluation packed; equal items give equal bytes."""
        about = {
            "names": self.names,
            "rejected": self.rejected,
            "threshold": self.threshold,
            "layout": WINDOW_LAYOUT,
        }
        ids = json.dumps(self.ids.to_pylist()).encode()
        header = json.dumps(about).encode()
        texts = [np.frombuffer(part, np.uint8) for part in (header, ids)]
        return pack([*texts, *self.windows, self.set_of, self.tokens])

    @classmethod
    def from_bytes(cls, data: bytes) -> Evaluation:
        """Read what `to_bytes` wrote."""
        header, ids, *arrays = unpack(data)
        about = json.loads(header.tobytes())
        return cls(
            tuple(about["names"]),
            tuple(about["rejected"]),
            about["threshold"],
            ItemWindows(*arrays[:4]),
            arrays[4],
            arrays[5],
            pa.array(json.loads(ids.tobytes()), pa.string()),
        )


def fingerprint_of(data: bytes) -> str:
    """Return 16 hex digits over a packed evaluation."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def pack_path(staging: str, output: Output) -> str:
    """Return where the packed evaluation lies during a run."""
    return output.join(staging, "evaluation.pack")


def read_evaluation(against: Against, filesystem: FileSystem) -> Evaluation:
    """Read the items of all sets.

    Args:
        against: sets and how they are read.
        filesystem: where they are.

    Raises:
        InputError: a file is not there, cannot be read or has no text field, or a set
            holds no item.
    """
    names = tuple(sorted(against.sets))
    parts: list[_Items] = []
    rejected = []
    set_of: list[NDArray[np.int64]] = []
    for number, name in enumerate(names):
        refused = 0
        before = len(parts)
        for file in find_files(list(against.sets[name]), filesystem):
            options = _options(name, file, against.field_of(name), filesystem)
            for items, n_rejects in _items(name, file, options, filesystem):
                refused += n_rejects
                if len(items.tokens):
                    parts.append(items)
                    set_of.append(np.full(len(items.tokens), number, np.int64))
        if len(parts) == before:
            raise InputError(
                "An evaluation set holds at least one item",
                value=f"none, and {refused} records that cannot be read",
                where=f"--against {name}",
                next_step=f"Name the text field: --against-field {name}=FIELD.",
            )
        rejected.append(refused)
    evaluation = Evaluation(
        names,
        tuple(rejected),
        against.threshold,
        _joined([part.windows for part in parts]),
        np.concatenate(set_of),
        np.concatenate([part.tokens for part in parts]),
        pa.concat_arrays([part.ids for part in parts]),
    )
    # Compiled here, before several workers want it.
    find_windows(
        tokenize(np.zeros(0, np.uint8), np.zeros(2, np.int64)), evaluation.index
    )
    return evaluation


@dataclass(frozen=True)
class _Items:
    windows: ItemWindows
    tokens: NDArray[np.int64]
    ids: pa.Array


def _options(
    name: str, file: FileInfo, field: str | None, filesystem: FileSystem
) -> ReadOptions:
    """Return how a file of items is read: as told, as detected, or by usual names."""
    if field is not None:
        return ReadOptions(text_field=field)
    detected = inspect_files([file], ReadOptions(), filesystem, 1)[0]
    text = dict(detected.fields).get("text", "")
    if _JOINED in text:
        # A question and its answer: a corpus may part them by what it likes.
        return ReadOptions(text_field=text.split(_JOINED)[0])
    if detected.readable or detected.rejects[0]["reason"] != "no_text_field":
        return ReadOptions()
    for usual in _QUESTION_FIELDS:
        options = ReadOptions(text_field=usual)
        found = inspect_files([file], options, filesystem, 1)[0]
        if found.readable and found.documents:
            return options
    raise InputError(
        "The text of evaluation items can be found in the file",
        value=detected.rejects[0]["detail"],
        where=f"{file.path}, --against {name}",
        next_step=f"Name the field: --against-field {name}=FIELD.",
    )


def _items(
    name: str, file: FileInfo, options: ReadOptions, filesystem: FileSystem
) -> Iterator[tuple[_Items, int]]:
    """Yield the items of a file, batch by batch, and how many were refused."""
    for read in read_split(Split(file), options, filesystem):
        for row in read.rejects.to_pylist():
            if row["reason"] in _WHOLE_FILE:
                raise InputError(
                    "A file of evaluation items can be read to its end",
                    value=f"{row['reason']}: {row['detail']}",
                    where=f"{file.path}, --against {name}",
                    next_step="Mend the file, or name its text field with "
                    f"--against-field {name}=FIELD.",
                )
        tokens = Batch(read.documents, file.name).tokens
        yield (
            _Items(
                item_windows(tokens),
                np.diff(tokens.doc_offsets),
                read.documents.column("doc_id"),
            ),
            read.rejects.num_rows,
        )


def _joined(parts: Sequence[ItemWindows]) -> ItemWindows:
    sizes = np.concatenate([np.diff(part.offsets) for part in parts])
    return ItemWindows(
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]),
        np.concatenate([part.anchors for part in parts]),
    )


# Several worker threads ask at once; only one loads. One evaluation a process is
# enough: a process works for one run at a time.
_lock = threading.Lock()
_loaded: dict[str, Evaluation] = {}


def evaluation_of(spec: JobSpec, output: Output) -> Evaluation | None:
    """Return the evaluation of a job, loaded once a process; None where it has none.

    Raises:
        RunError: what lies in staging is not what the run was started with.
    """
    if not spec.evaluation:
        return None
    with _lock:
        if spec.evaluation not in _loaded:
            data = output.read(pack_path(spec.staging, output)) or b""
            if fingerprint_of(data) != spec.evaluation:
                raise RunError(
                    "The evaluation items in staging are those of the run",
                    value=f"{spec.evaluation} wanted, {fingerprint_of(data)} found",
                    where=spec.staging,
                    next_step="Run again without --resume.",
                )
            _loaded.clear()
            _loaded[spec.evaluation] = Evaluation.from_bytes(data)
            # Made here, under the lock, and not by every thread.
            _ = _loaded[spec.evaluation].index
        return _loaded[spec.evaluation]


def found_in(batch: Batch, evaluation: Evaluation) -> pa.Table:
    """Return the windows that a batch's documents hold, as `FOUND` rows."""
    docs, windows = find_windows(batch.tokens, evaluation.index)
    if not len(docs):
        return FOUND.empty_table()
    ids = batch.documents.column("doc_id")
    held, place = np.unique(docs, return_inverse=True)
    lottery = unit_hashes(ids.take(pa.array(held)))[place.reshape(-1)]
    columns: list[Any] = [
        windows,
        np.ones(len(docs), np.int64),
        lottery,
        ids.take(pa.array(docs)),
    ]
    return merge_found([pa.table(columns, schema=FOUND)])
