"""Memory that is used again: what held the tokens of one batch holds those of the next.

In: a number of bytes. Out: an array of them. Once nothing refers to it, nor
to a part of it, its memory is kept for the next who asks. Fresh memory costs a third of
a fast kernel's time: the system clears each page before it hands it out.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["scratch"]

# Blocks are powers of two in size; of each size so many are kept. A text of unusual
# length must not hold memory for good.
_KEPT, _LEAST_LOG, _LARGEST_LOG = 4, 12, 26
_free: list[list[NDArray[np.uint8]]] = [[] for _ in range(_LARGEST_LOG + 1)]


def scratch(n_bytes: int) -> NDArray[np.uint8]:
    """Return uint8[n_bytes] of any content.

    All that is made from it by slicing or ``view`` shares the memory and keeps it.
    """
    log = max((n_bytes - 1).bit_length(), _LEAST_LOG)
    if log > _LARGEST_LOG:
        return np.empty(n_bytes, np.uint8)
    try:
        # Threads take and give at once: a list does each as a whole.
        block = _free[log].pop()
    except IndexError:
        block = np.empty(1 << log, np.uint8)
    # Parts of an array refer to what owns the memory; with a memoryview between, to
    # this array, whose end tells that all of them are gone.
    lent: NDArray[np.uint8] = np.frombuffer(block.data, np.uint8)
    weakref.finalize(lent, _give_back, block, log).atexit = False
    return lent[:n_bytes]


def _give_back(block: NDArray[np.uint8], log: int) -> None:
    if len(_free[log]) < _KEPT:
        _free[log].append(block)
