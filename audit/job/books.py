"""The books of a run: what one stage sends, the next must receive, each block once.

In: blocks as stages send and receive them. Out: counts and digests that are summed over
all workers and compared at the end, so that a block that was lost, doubled or changed
on its way stops the run instead of changing a profile. Books travel as blocks
themselves; a few hundred bytes a stage, whatever the size of the corpus.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from audit.errors import AccountingError
from audit.job.output import write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from audit.job.output import Output
    from audit.job.spec import JobSpec
    from audit.job.stages import Block

__all__ = ["BOOKS", "Book", "booked", "check_tasks", "close_books", "merge_books"]

BOOKS = "books"
_MASK = (1 << 64) - 1
_NEXT = "Do not use this output; run again with --resume, and report it if it stays."
# Sent, but not received as they were sent: counts are merged on the way and carry the
# tasks that are in them; open links go to every partition.
_UNREAD = frozenset({"counts", "open_links"})
_Stage = TypeVar("_Stage", bound="Callable[..., Iterator[Block]]")


class Book:
    """What one call of a stage received and sent."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()

    def _enter(self, name: str, data: bytes) -> None:
        digest = int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
        self._sums[name] += 1
        self._sums[f"{name} digest"] += digest

    def received(self, tag: str, blocks: Iterable[bytes]) -> list[bytes]:
        """Enter blocks that came in under a tag, and return them."""
        found = list(blocks)
        for block in found:
            self._enter(f"received {tag}", block)
        return found

    def sent(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Enter blocks on their way out."""
        for block in blocks:
            self._enter(f"sent {block[0]}", block[2])
            yield block

    def task(self, stage: str, ordinal: int) -> None:
        """Enter that a stage has dealt with a task."""
        self._enter(f"tasks {stage}", ordinal.to_bytes(8, "little"))

    def totals(self) -> dict[str, int]:
        """Return the sums."""
        return dict(self._sums)

    def block(self) -> Block:
        """Return the book as a block."""
        return BOOKS, 0, json.dumps(self._sums, sort_keys=True).encode()


def booked(**places: int) -> Callable[[_Stage], _Stage]:
    """Let a stage keep books: its last block is what it received and sent.

    Args:
        places: by tag, which of the stage's arguments holds the blocks of that tag.
    """

    def decorate(stage: _Stage) -> _Stage:
        @functools.wraps(stage)
        def run(*words: Any) -> Iterator[Block]:
            book, arguments = Book(), list(words)
            for tag, place in places.items():
                arguments[place] = book.received(tag, arguments[place])
            yield from book.sent(stage(*arguments))
            yield book.block()

        return run  # type: ignore[return-value]

    return decorate


def merge_books(blocks: Iterable[bytes]) -> bytes:
    """Add up books, in any order and any grouping; an empty block is an empty book."""
    sums: Counter[str] = Counter()
    for block in blocks:
        if block:
            sums.update(json.loads(block))
    return json.dumps(sums, sort_keys=True).encode()


def check_tasks(
    totals: Mapping[str, int], stage: str, tasks: range, where: str
) -> None:
    """Check that a stage has dealt with each task once.

    Args:
        totals: sums of books, or of accumulators that hold ``tasks STAGE``.
        stage: the stage's name in the books.
        tasks: ordinals that it was to deal with.
        where: for the message.

    Raises:
        AccountingError: a task is missing, or there twice.
    """
    book = Book()
    for ordinal in tasks:
        book.task(stage, ordinal)
    wanted, name = book.totals(), f"tasks {stage}"
    if any(totals.get(key, 0) != value for key, value in wanted.items()):
        raise AccountingError(
            f"Stage {stage!r} deals with each task once",
            value=f"{len(tasks)} tasks planned, {totals.get(name, 0)} counted",
            where=where,
            next_step=_NEXT,
        )


def close_books(blocks: Iterable[bytes], spec: JobSpec, output: Output) -> None:
    """Compare all that was sent with all that was received, and leave the counts.

    Raises:
        AccountingError: a block was lost, doubled or changed between two stages.
    """
    totals: dict[str, int] = json.loads(merge_books(blocks))
    for stage in ("scan", "bands", "describe"):
        check_tasks(totals, stage, range(spec.tasks), "all corpora")
    sent = {name[5:]: n for name, n in totals.items() if name.startswith("sent ")}
    received = {
        name[9:]: n for name, n in totals.items() if name.startswith("received ")
    }
    tags = {name.removesuffix(" digest") for name in (*sent, *received)} - _UNREAD
    for tag in sorted(tags):
        _compare(tag, sent, received)
    blocks_by_tag = {tag: sent.get(tag, 0) for tag in sorted(tags)}
    write_bytes(
        output,
        output.join(spec.staging, f"{BOOKS}.json"),
        json.dumps({"tasks": spec.tasks, "blocks": blocks_by_tag}).encode(),
    )


def _compare(tag: str, sent: Mapping[str, int], received: Mapping[str, int]) -> None:
    before, after = sent.get(tag, 0), received.get(tag, 0)
    if before == after and _same_digest(tag, sent, received):
        return
    raise AccountingError(
        "Every block that one stage sends reaches the next one, once and unchanged",
        value=f"{before} blocks sent, {after} received"
        + (", with other content" if before == after else ""),
        where=f"blocks {tag!r}",
        next_step=_NEXT,
    )


def _same_digest(
    tag: str, sent: Mapping[str, int], received: Mapping[str, int]
) -> bool:
    # Summed as Python's integers, which do not overflow; compared modulo 2^64.
    name = f"{tag} digest"
    return (sent.get(name, 0) - received.get(name, 0)) & _MASK == 0
