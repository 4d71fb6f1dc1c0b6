"""Borders of paragraphs inside documents.

In: documents as one UTF-8 buffer with offsets. Out: finer offsets over the same buffer,
so that every kernel that reads documents reads paragraphs too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ENOUGH_BYTES", "count_characters", "paragraph_offsets"]

# A paragraph ends at a line break once it has so many bytes of letters: about twenty
# words in an alphabet, thirty Han characters.
ENOUGH_BYTES = 100


@kernel
def _paragraphs(data, offsets, enough, borders, doc_of):  # type: ignore[no-untyped-def]
    n = 0
    for doc in range(len(offsets) - 1):
        start, end = offsets[doc], offsets[doc + 1]
        if start == end:
            continue
        borders[n] = start
        first, weight = n, 0
        for i in range(start, end):
            byte = data[i]
            weight += byte >= 0x61
            if byte == 10 and weight >= enough and i + 1 < end:
                doc_of[n] = doc
                n += 1
                borders[n] = i + 1
                weight = 0
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


@kernel
def _count_characters(data, offsets, out):  # type: ignore[no-untyped-def]
    for doc in range(len(out)):
        n = 0
        for i in range(offsets[doc], offsets[doc + 1]):
            n += (data[i] & 0xC0) != 0x80
        out[doc] = n


def count_characters(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return int64[n_docs], the code points of each document.

    Args:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_docs + 1].
    """
    out = np.zeros(len(offsets) - 1, np.int64)
    _count_characters(data, offsets, out)
    return out
