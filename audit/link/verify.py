"""Verification: the Jaccard similarity of candidate pairs, exact or estimated.

In: of the documents that candidate pairs name, the shingle sets, packed by the tasks
that have read them again, or the signatures of the first look. Out: one similarity a
pair.

Shingles travel as the upper 32 bits of their hashes. Two sets of n shingles then seem
to have n^2 / 2^32 shingles in common that they have not: one in ten million at 20, one
in 4,300 at 1,000, out of a thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from audit.errors import AccountingError
from audit.kernels.jaccard import intersections
from audit.kernels.minhash import jaccard_estimate
from audit.kernels.set_codes import decode_sets, encode_sets
from audit.link.layout import doc_keys, task_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audit.kernels.shingle import Shingles

__all__ = [
    "ShingleBlock",
    "Verified",
    "coded",
    "decoded",
    "estimate",
    "merge_shingles",
    "pack_shingles",
    "pack_signatures",
    "shingle_block",
    "verify",
]

_UPPER = np.uint64(32)
_ROWS = np.uint64(2**32 - 1)


class ShingleBlock(NamedTuple):
    """Shingle sets of some documents, or their signatures.

    Attributes:
        keys: uint64[n_docs], document keys, ascending.
        characters: int64[n_docs], their code points.
        offsets: int64[n_docs + 1] into ``hashes``.
        hashes: uint32[n], ascending within each document; of signatures, their values
            in order.
    """

    keys: NDArray[np.uint64]
    characters: NDArray[np.int64]
    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint32]

    def of(self, keys: NDArray[np.uint64]) -> ShingleBlock:
        """Return the sets of some of the documents; ``keys`` ascends."""
        chosen = np.flatnonzero(np.isin(self.keys, keys, assume_unique=True))
        sizes = np.diff(self.offsets)[chosen]
        offsets = np.zeros(len(chosen) + 1, np.int64)
        np.cumsum(sizes, out=offsets[1:])
        begins = self.offsets[:-1][chosen]
        pieces = zip(begins.tolist(), (begins + sizes).tolist(), strict=True)
        hashes = [self.hashes[:0], *(self.hashes[a:b] for a, b in pieces)]
        return ShingleBlock(
            self.keys[chosen],
            self.characters[chosen],
            offsets,
            np.concatenate(hashes),
        )


class Verified(NamedTuple):
    """Pairs with what their verification found.

    Attributes:
        pairs: uint64[n, 2] document keys, smaller first.
        jaccard: float64[n].
        characters: int64[n, 2], code points of both documents.
    """

    pairs: NDArray[np.uint64]
    jaccard: NDArray[np.float64]
    characters: NDArray[np.int64]

    def at_least(self, threshold: float) -> Verified:
        """Return the pairs that reach a similarity."""
        return self.where(self.jaccard >= threshold)

    def where(self, chosen: NDArray[np.bool_]) -> Verified:
        """Return some of the pairs, by a mask."""
        return Verified(
            self.pairs[chosen], self.jaccard[chosen], self.characters[chosen]
        )


def shingle_block(
    task: int,
    rows: NDArray[np.uint32],
    sets: Shingles,
    characters: NDArray[np.int64],
) -> ShingleBlock:
    """Return the shingle sets of documents of a task.

    Args:
        task: Ordinal of the task.
        rows: uint32[n], numbers within the task of the documents, ascending.
        sets: What `audit.kernels.shingle.shingle_sets` made of them.
        characters: int64[n].
    """
    hashes = (sets.hashes >> _UPPER).astype(np.uint32)
    return ShingleBlock(doc_keys(task, rows), characters, sets.doc_offsets, hashes)


def pack_shingles(
    task: int,
    rows: NDArray[np.uint32],
    sets: Shingles,
    characters: NDArray[np.int64],
    wanted: NDArray[np.uint32],
) -> ShingleBlock:
    """Return `shingle_block` of the wanted rows, ascending, that are among these."""
    block = shingle_block(task, rows, sets, characters)
    return block.of(doc_keys(task, wanted))


def pack_signatures(
    task: int,
    rows: NDArray[np.uint32],
    signatures: NDArray[np.uint32],
    characters: NDArray[np.int64],
) -> ShingleBlock:
    """Return the signatures of documents as a block.

    Args:
        task: Ordinal of the task.
        rows: uint32[n], ascending.
        signatures: uint32[n, num_perm].
        characters: int64[n].
    """
    n_docs, width = signatures.shape
    offsets = np.arange(n_docs + 1, dtype=np.int64) * width
    return ShingleBlock(
        doc_keys(task, rows), characters, offsets, signatures.reshape(-1)
    )


def coded(block: ShingleBlock) -> list[NDArray[Any]]:
    """Return shingle sets as arrays to send: less than half as many bytes.

    All documents are of one task: what they are named by is its number and their rows.
    """
    words, references = encode_sets(block.hashes, block.offsets)
    rows = (block.keys & _ROWS).astype(np.uint32)
    sizes = _narrow(np.diff(block.offsets))
    return [task_of(block.keys[:1]), rows, _narrow(block.characters), sizes,
            references, words]  # fmt: skip


def decoded(arrays: Sequence[NDArray[Any]]) -> ShingleBlock:
    """Return the shingle sets that `coded` was given."""
    tasks, rows, characters, sizes, references, words = arrays
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return ShingleBlock(
        doc_keys(int(tasks[0]), rows) if len(rows) else np.zeros(0, np.uint64),
        characters.astype(np.int64),
        offsets,
        decode_sets(words, references, offsets),
    )


def _narrow(numbers: NDArray[np.int64]) -> NDArray[Any]:
    """Return numbers that are not negative in four bytes, where they fit."""
    fits = numbers.max(initial=0) <= _ROWS
    return numbers.astype(np.uint32) if fits else numbers


def merge_shingles(blocks: Iterable[ShingleBlock]) -> ShingleBlock:
    """Return one block of all, by ascending key; no document may come twice."""
    parts = sorted((b for b in blocks if len(b.keys)), key=lambda b: int(b.keys[0]))
    if not parts:
        zero = np.zeros(0, np.int64)
        return ShingleBlock(
            zero.astype(np.uint64), zero, np.zeros(1, np.int64), zero.astype(np.uint32)
        )
    keys = np.concatenate([b.keys for b in parts])
    if (keys[1:] <= keys[:-1]).any():
        raise AccountingError(
            "each document must come once to the verification of a partition",
            value=int(keys[1:][keys[1:] <= keys[:-1]][0]),
            where="shingle blocks",
        )
    offsets = np.zeros(len(keys) + 1, np.int64)
    np.cumsum(np.concatenate([np.diff(b.offsets) for b in parts]), out=offsets[1:])
    return ShingleBlock(
        keys,
        np.concatenate([b.characters for b in parts]),
        offsets,
        np.concatenate([b.hashes for b in parts]),
    )


def verify(pairs: NDArray[np.uint64], sets: ShingleBlock) -> Verified:
    """Return the exact Jaccard similarity of each pair.

    Args:
        pairs: uint64[n, 2] document keys.
        sets: The sets of all documents that the pairs name.
    """
    places = _places(pairs, sets)
    sizes = intersections(sets.hashes, sets.offsets, places)
    # Both sets empty: no evidence of likeness.
    jaccard = sizes[:, 0] / np.maximum(sizes[:, 1], 1)
    return Verified(pairs, jaccard, sets.characters[places])


def estimate(pairs: NDArray[np.uint64], sets: ShingleBlock) -> Verified:
    """Return the similarity of each pair as their signatures tell it.

    The share of equal values: unbiased, with standard error sqrt(J (1 - J) / num_perm)
    (Broder 1997).

    Args:
        pairs: uint64[n, 2] document keys.
        sets: Signatures of all documents that the pairs name, of one width.
    """
    places = _places(pairs, sets)
    width = int(sets.offsets[1]) if len(sets.keys) else 1
    values = sets.hashes.reshape(-1, width)
    jaccard = jaccard_estimate(values, places)
    return Verified(pairs, jaccard, sets.characters[places])


def _places(pairs: NDArray[np.uint64], sets: ShingleBlock) -> NDArray[np.int64]:
    """Return int64[n, 2], where the documents of the pairs stand among the sets.

    Raises:
        AccountingError: one of them is not there.
    """
    places = np.searchsorted(sets.keys, pairs)
    found = places < len(sets.keys)
    if len(sets.keys):
        found &= sets.keys[np.minimum(places, len(sets.keys) - 1)] == pairs
    if not found.all():
        raise AccountingError(
            "every document of a candidate pair must be read again",
            value=f"{int((~found).sum())} missing, first {int(pairs[~found][0])}",
            where="verification",
            next_step="Did the input change while it was audited?",
        )
    return places.astype(np.int64)
