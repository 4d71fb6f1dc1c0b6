"""How far a run is: small counts from workers in, one running total out.

In: documents and bytes as each batch is done, from any thread of this process. Out: the
totals, for whoever shows them. Workers in other processes report through their engine's
counters instead.
"""

from __future__ import annotations

import threading

__all__ = ["PROGRESS", "Progress"]


class Progress:
    """Documents and bytes done so far; safe to add to from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents = self._bytes = 0
        self.stage = ""

    def reset(self) -> None:
        """Begin again at nothing."""
        with self._lock:
            self._documents = self._bytes = 0
            self.stage = ""

    def add(self, documents: int, n_bytes: int) -> None:
        """Add what one batch held."""
        with self._lock:
            self._documents += documents
            self._bytes += n_bytes

    def snapshot(self) -> tuple[int, int]:
        """Return documents and bytes on disk done so far."""
        with self._lock:
            return self._documents, self._bytes


# The workers of one process share its progress: the engine gives them no handle to the
# launcher.
PROGRESS = Progress()
