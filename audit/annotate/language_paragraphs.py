"""The characters of documents, shared out among the languages of their paragraphs.

In: the language and size of each paragraph. Out: one entry for each document and
language that occurs in it, whose characters sum to those of the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Shares", "share_out"]


class Shares(NamedTuple):
    """One entry for each document and key that occurs in it, ascending.

    Attributes:
        doc: int64[n], row of the document.
        key: int64[n], what the paragraphs were given as key.
        characters: int64[n], above zero.
        paragraphs: int64[n].
    """

    doc: NDArray[np.int64]
    key: NDArray[np.int64]
    characters: NDArray[np.int64]
    paragraphs: NDArray[np.int64]


def share_out(
    doc: NDArray[np.int64],
    key: NDArray[np.int64],
    characters: NDArray[np.int32],
    total: NDArray[np.int64],
    rest_key: int,
) -> Shares:
    """Return how much of each document goes to which key.

    Args:
        doc: int64[n], the document of each paragraph, ascending.
        key: int64[n], below 2^32.
        characters: int32[n], of each paragraph.
        total: int64[n_docs], characters of the documents.
        rest_key: the key of what is in no paragraph.
    """
    n_docs = len(total)
    counted = _at_most(characters.astype(np.int64), doc, total)
    rest = total - np.bincount(doc, counted, n_docs).astype(np.int64)
    every = np.concatenate([doc << 32 | key, np.arange(n_docs) << 32 | rest_key])
    keys, place = np.unique(every, return_inverse=True)
    sums = np.bincount(place, np.concatenate([counted, rest]), len(keys))
    paragraphs = np.bincount(place[: len(doc)], minlength=len(keys))
    some = sums > 0
    keys = keys[some]
    return Shares(
        keys >> 32,
        keys & 0xFFFFFFFF,
        sums[some].astype(np.int64),
        paragraphs[some].astype(np.int64),
    )


def _at_most(
    counted: NDArray[np.int64], doc: NDArray[np.int64], total: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return counts of paragraphs that sum to their document's characters at most.

    Running text may end in a line break that its document has not, and NFC may be
    longer than what it was made from: what is too much is cut off at the end.

    Args:
        counted: int64[n], characters of paragraphs, in document order.
        doc: int64[n], the document of each.
        total: int64[n_docs].
    """
    sums = np.bincount(doc, counted, len(total)).astype(np.int64)
    end = np.cumsum(counted) - (np.cumsum(sums) - sums)[doc]
    limit = total[doc]
    return np.minimum(end, limit) - np.minimum(end - counted, limit)
