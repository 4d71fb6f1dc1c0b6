"""Where lines end.

In: a block of bytes. Out: the places of its line feeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy import uint64

from audit.kernels.jit import kernel
from audit.kernels.lanes import bytes_between, popcount, trailing_zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["line_feeds"]

_LINE_FEED = 0x0A


def line_feeds(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return int64[n], the places of all line feeds, ascending.

    Args:
        data: uint8[n_bytes].
    """
    return _line_feeds(data)


@kernel
def _line_feeds(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    whole = len(data) - len(data) % 64
    n = 0
    for at in range(0, whole, 64):
        n += popcount(bytes_between(data, at, _LINE_FEED, _LINE_FEED))
    for i in range(whole, len(data)):
        n += data[i] == _LINE_FEED
    places = np.empty(n, np.int64)
    n = 0
    for at in range(0, whole, 64):
        found = bytes_between(data, at, _LINE_FEED, _LINE_FEED)
        while found:
            places[n] = at + trailing_zeros(found)
            n += 1
            found &= found - uint64(1)
    for i in range(whole, len(data)):
        if data[i] == _LINE_FEED:
            places[n] = i
            n += 1
    return places
