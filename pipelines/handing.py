"""Blocks between stages whose workers are threads of one process: named, not copied.

In: a block as bytes. Out: eight bytes that name it, which travel through the engine's
shuffle in its stead, and the block again for the stage that receives them. A runner
that keeps its workers in one process would else encode, send, group and decode each
block, each time by a copy, on one thread, and hold most of these copies at once.

A block is given out once: what has been received is held by nobody but its receiver.
That a block was named, lost or received twice is told by the books, or by `take`.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audit.errors import AccountingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.head_start import HeadStart

__all__ = ["HANDED", "Shelf", "open_shelf", "shelf_of"]

# Blocks that exactly one stage receives; others are merged on the way or go to many.
HANDED = frozenset(
    {
        "aliases", "arcs", "bands", "clusters", "drops", "exact", "excerpts",
        "meetings", "members", "needs", "nodes", "pairs", "root_arcs", "sets",
        "shared", "shares",
    }
)  # fmt: skip
_NAME_BYTES = 8
_NEXT = "Do not use this output; run again with --resume, and report it if it stays."


class Shelf:
    """Where threads of one process leave blocks for each other.

    Attributes:
        early: first looks that began before the engine; None: there are none.
    """

    early: HeadStart | None = None

    def __init__(self) -> None:
        # Both are safe to use from many threads: one step of the interpreter each.
        self._numbers = itertools.count()
        self._blocks: dict[int, bytes] = {}

    def leave(self, block: bytes) -> bytes:
        """Keep a block; return its name."""
        number = next(self._numbers)
        self._blocks[number] = block
        return number.to_bytes(_NAME_BYTES, "little")

    def take(self, name: bytes) -> bytes:
        """Return the block of a name and let go of it.

        Raises:
            AccountingError: there is none, or no longer.
        """
        block = self._blocks.pop(int.from_bytes(name, "little"), None)
        if block is None:
            raise AccountingError(
                "Every block that one stage leaves is taken by one other, once",
                value=f"block {int.from_bytes(name, 'little')} is not there",
                next_step=_NEXT,
            )
        return block

    def __len__(self) -> int:
        return len(self._blocks)


_SHELVES: dict[str, Shelf] = {}
_JOBS = itertools.count()


@contextmanager
def open_shelf() -> Iterator[str]:
    """Yield the name of a shelf of this process, under which there is none afterwards.

    Its blocks are left to whoever still works with them: where one worker has failed
    others go on for a moment, and are not to fail for lack of a block.
    """
    name = f"shelf-{next(_JOBS)}"
    _SHELVES[name] = Shelf()
    try:
        yield name
    finally:
        del _SHELVES[name]


def shelf_of(name: str) -> Shelf:
    """Return the shelf of a name.

    Raises:
        AccountingError: it is not one of this process.
    """
    if name not in _SHELVES:
        raise AccountingError(
            "Workers that hand each other blocks are threads of one process",
            value=f"no {name} in this one",
            next_step="Choose --direct_running_mode=multi_threading.",
        )
    return _SHELVES[name]
