"""Borders of paragraphs inside documents.

In: documents as one UTF-8 buffer with offsets. Out: finer offsets over the same buffer,
so that every kernel that reads documents reads paragraphs too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.jit import kernel, step
from audit.kernels.lanes import bytes_between, popcount, trailing_zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ENOUGH_BYTES", "paragraph_offsets"]

# A paragraph ends at a line break once it has so many bytes of letters: about twenty
# words in an alphabet, thirty Han characters.
ENOUGH_BYTES = 100


@step
def _kinds(data, at, left, tail):  # type: ignore[no-untyped-def]
    """Return which of up to 64 bytes are letters, and which are line breaks."""
    valid = ~np.uint64(0) >> np.uint64(64 - left)
    if at + 64 <= len(data):
        heavy, breaks = (
            bytes_between(data, at, 0x61, 0xFF),
            bytes_between(data, at, 10, 10),
        )
    else:
        for k in range(left):
            tail[k] = data[at + k]
        heavy, breaks = (
            bytes_between(tail, 0, 0x61, 0xFF),
            bytes_between(tail, 0, 10, 10),
        )
    return heavy & valid, breaks & valid


@kernel
def _paragraphs(data, offsets, enough, borders, doc_of):  # type: ignore[no-untyped-def]
    n, one, tail = 0, np.uint64(1), np.zeros(64, np.uint8)
    for doc in range(len(offsets) - 1):
        start, end = offsets[doc], offsets[doc + 1]
        if start == end:
            continue
        borders[n] = start
        first, weight = n, np.int64(0)
        for at in range(start, end, 64):
            left = min(end - at, 64)
            heavy, breaks = _kinds(data, at, left, tail)
            while breaks:
                place = np.int64(trailing_zeros(breaks))
                breaks &= breaks - one
                before = heavy & ((one << np.uint64(place)) - one)
                if (
                    weight + np.int64(popcount(before)) < enough
                    or at + place + 1 >= end
                ):
                    continue
                doc_of[n] = doc
                n += 1
                borders[n] = at + place + 1
                weight = np.int64(0)
                heavy &= ~before
            weight += np.int64(popcount(heavy))
        doc_of[n] = doc
        n += 1
        # What is left at the end is too little to stand alone.
        if weight < enough and n - first > 1:
            n -= 1
        borders[n] = end
    return n


def paragraph_offsets(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    enough: int = ENOUGH_BYTES,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the borders of paragraphs and the document that each is in.

    Args:
        data: uint8[n_bytes].
        offsets: int64[n_docs + 1].
        enough: bytes of letters that a paragraph has at least, if its document has.

    Returns:
        int64[n + 1], ascending, ``offsets`` among them but for empty documents; and
        int64[n], the document's row.
    """
    most = int((offsets[-1] - offsets[0]) // max(enough, 1)) + 2 * len(offsets) + 2
    borders, doc_of = np.zeros(most, np.int64), np.zeros(most, np.int64)
    borders[0] = offsets[0]
    n = _paragraphs(data, offsets, enough, borders, doc_of)
    return borders[: n + 1], doc_of[:n]
