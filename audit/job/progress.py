"""How far a run is: small counts from workers in, one running total out.

In: documents and bytes as each batch is done, from any thread of this process. Out: the
totals, for whoever shows them. Workers in other processes report through their engine's
counters instead.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PROGRESS", "Progress", "Totals"]


class Totals(NamedTuple):
    """What a run has done so far.

    Attributes:
        stage: what it is at, in a word or two; empty before it has begun.
        documents: documents read.
        bytes_read: bytes on disk of them.
        preparing: kernels and models are being made ready; nothing is read yet.
    """

    stage: str
    documents: int
    bytes_read: int
    preparing: bool


class Progress:
    """Documents and bytes done so far; safe to add to from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals = Totals("", 0, 0, False)

    def reset(self) -> None:
        """Begin again at nothing."""
        with self._lock:
            self._totals = Totals("", 0, 0, False)

    def enter(self, stage: str) -> None:
        """Go on to a stage; unheard while a run is being prepared."""
        with self._lock:
            if not self._totals.preparing:
                self._totals = self._totals._replace(stage=stage)

    def add(self, documents: int, n_bytes: int) -> None:
        """Add what one batch held; unheard while a run is being prepared."""
        with self._lock:
            was = self._totals
            if not was.preparing:
                self._totals = was._replace(
                    documents=was.documents + documents,
                    bytes_read=was.bytes_read + n_bytes,
                )

    @contextmanager
    def preparing(self, stage: str) -> Iterator[None]:
        """Hold the totals still while a trial run of the stages makes them ready."""
        with self._lock:
            self._totals = self._totals._replace(stage=stage, preparing=True)
        try:
            yield
        finally:
            with self._lock:
                self._totals = self._totals._replace(preparing=False)

    def snapshot(self) -> Totals:
        """Return what has been done so far."""
        with self._lock:
            return self._totals


# The workers of one process share its progress: the engine gives them no handle to the
# launcher.
PROGRESS = Progress()
