"""The plan: corpora named by patterns in, tasks for workers out.

A task is what one worker scans at once: parts of files of one corpus, of bounded size.
The plan depends on the names and sizes of the files and on nothing else (not on the
order they were named in, nor on the number of workers), because a document's key within
a job is its task's number and its row there.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit.errors import InputError
from audit.read import Split, find_files, plan_splits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audit.read import FileInfo, FileSystem, ReadOptions

__all__ = ["CorpusInput", "Plan", "Task", "make_plan"]

MAX_TASK_FILES = 500


@dataclass(frozen=True, slots=True)
class CorpusInput:
    """A corpus as the user names it: its name and the patterns of its files."""

    name: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """What one worker scans at once.

    Attributes:
        ordinal: its number in the plan, from 0.
        corpus: name of the corpus all its splits belong to.
        splits: parts of files, in the order they are read.
        size: bytes on disk, as far as known.
    """

    ordinal: int
    corpus: str
    splits: tuple[Split, ...]
    size: int

    def to_json(self) -> bytes:
        """Return the task as one line of JSON."""
        splits = [split.to_json() for split in self.splits]
        return json.dumps([self.ordinal, self.corpus, splits, self.size]).encode()

    @classmethod
    def from_json(cls, line: bytes) -> Task:
        """Return the task that `to_json` wrote."""
        ordinal, corpus, splits, size = json.loads(line)
        return cls(ordinal, corpus, tuple(map(Split.from_json, splits)), size)


@dataclass(frozen=True, slots=True)
class Plan:
    """All tasks of a job.

    Attributes:
        corpora: names, sorted.
        files: the files of each corpus, sorted by name.
        tasks: by ordinal.
    """

    corpora: tuple[str, ...]
    files: dict[str, tuple[FileInfo, ...]]
    tasks: tuple[Task, ...]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(f.size for files in self.files.values() for f in files)

    @property
    def corpus_starts(self) -> tuple[int, ...]:
        """First task of each corpus; a corpus has one task at least."""
        firsts: dict[str, int] = {}
        for task in self.tasks:
            firsts.setdefault(task.corpus, task.ordinal)
        return tuple(firsts[corpus] for corpus in self.corpora)


def make_plan(
    corpora: Sequence[CorpusInput],
    options: ReadOptions,
    filesystem: FileSystem,
    task_bytes: int,
) -> Plan:
    """Find the files of all corpora and cut them into tasks.

    Args:
        corpora: by name and patterns.
        options: how the files are read.
        filesystem: where they are.
        task_bytes: about as many bytes on disk as a task has: enough to bury the cost
            of a Beam element, few enough that two workers end together.

    Raises:
        InputError: two corpora of one name, or a corpus without files.
    """
    names = sorted(c.name for c in corpora)
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                "Two corpora of one job cannot have the same name",
                value=name,
                next_step="Name them: corpus-audit profile NAME=PATH OTHER=PATH.",
            )
    files: dict[str, tuple[FileInfo, ...]] = {}
    tasks: list[Task] = []
    for corpus in sorted(corpora, key=lambda c: c.name):
        files[corpus.name] = tuple(find_files(list(corpus.patterns), filesystem))
        splits = plan_splits(
            list(files[corpus.name]), options, filesystem, target_bytes=task_bytes
        )
        tasks += _pack(corpus.name, splits, task_bytes, len(tasks))
    return Plan(tuple(names), files, tuple(tasks))


def _pack(
    corpus: str, splits: Sequence[Split], task_bytes: int, first: int
) -> list[Task]:
    """Put neighbouring splits together until a task is full."""
    parts = Counter(split.file.path for split in splits)
    tasks: list[Task] = []
    pending: list[Split] = []
    size = 0
    for split in splits:
        # Row groups have no known size on disk: the parts of a file share it evenly.
        split_size = split.file.size // parts[split.file.path]
        full = size + split_size > task_bytes or len(pending) >= MAX_TASK_FILES
        if pending and full:
            tasks.append(Task(first + len(tasks), corpus, tuple(pending), size))
            pending, size = [], 0
        pending.append(split)
        size += split_size
    if pending:
        tasks.append(Task(first + len(tasks), corpus, tuple(pending), size))
    return tasks
