"""Exact copies: documents of one content hash.

In: exact blocks of one partition, whatever task they come from. Out: for each content
of a corpus that is there more than once, its first unit (the class that near-duplicates
are looked for among) with all its documents and characters, the other units, and which
other corpora hold it too; how many contents there are of each number of copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.link.layout import doc_keys
from audit.link.pairs import corpus_of
from audit.link.units import equal_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audit.link.blocks import ExactBlock

__all__ = [
    "ExactGroups",
    "Shared",
    "SizeCounts",
    "Weights",
    "count_sizes",
    "exact_groups",
]

EXACT, NEAR = 0, 1


class SizeCounts(NamedTuple):
    """Clusters by corpus and size: int64 arrays of one length, ascending by key.

    Attributes:
        corpus: number of the corpus.
        cluster_size: documents of a cluster, 2 at least.
        clusters: clusters of that size.
        documents: ``clusters * cluster_size``.
        characters: code points of those documents.
    """

    corpus: NDArray[np.int64]
    cluster_size: NDArray[np.int64]
    clusters: NDArray[np.int64]
    documents: NDArray[np.int64]
    characters: NDArray[np.int64]


class Weights(NamedTuple):
    """What a unit stands for.

    Attributes:
        keys: uint64[n], unit keys.
        documents: int64[n], documents of its content in its corpus.
        characters: int64[n], code points of all of them.
    """

    keys: NDArray[np.uint64]
    documents: NDArray[np.int64]
    characters: NDArray[np.int64]


class Shared(NamedTuple):
    """Units that another corpus holds too.

    Attributes:
        keys: uint64[n], unit keys.
        other: int64[n], the other corpus.
        kind: int64[n], `EXACT` or `NEAR`.
    """

    keys: NDArray[np.uint64]
    other: NDArray[np.int64]
    kind: NDArray[np.int64]


class ExactGroups(NamedTuple):
    """What the content hashes of one partition say.

    Attributes:
        weights: first units of contents with copies, in their corpus or in another.
        aliases: uint64[n, 2], (first unit, other unit of its content) within a corpus.
        sizes: contents of each corpus by number of copies.
        shared: first units whose content another corpus holds, as `EXACT`.
    """

    weights: Weights
    aliases: NDArray[np.uint64]
    sizes: SizeCounts
    shared: Shared


def exact_groups(
    blocks: Iterable[ExactBlock], corpus_starts: Sequence[int] = (0,)
) -> ExactGroups:
    """Return the exact copies of one partition; time and memory linear in its units.

    Args:
        blocks: In any order.
        corpus_starts: First task of each corpus, ascending.
    """
    parts = sorted(blocks, key=lambda block: block.task)
    none, zero = np.zeros((0, 2), np.uint64), np.zeros(0, np.int64)
    keys = np.concatenate(
        [none[:, 0], *(doc_keys(block.task, block.rows) for block in parts)]
    )
    documents = np.concatenate([zero, *(b.copies.astype(np.int64) for b in parts)])
    characters = np.concatenate([zero, *(block.characters for block in parts)])
    # Keys ascend, so that equal hashes stand by corpus and unit.
    by_hash, fresh = equal_runs(np.concatenate([none, *(b.hashes for b in parts)]))
    keys = keys[by_hash]
    corpora = corpus_of(keys, corpus_starts)
    begins = fresh.copy()
    begins[1:] |= corpora[1:] != corpora[:-1]
    starts = np.flatnonzero(begins)
    if len(starts):
        documents = np.add.reduceat(documents[by_hash], starts)
        characters = np.add.reduceat(characters[by_hash], starts)
    first = keys[starts][np.cumsum(begins) - 1] if len(keys) else keys
    content = np.cumsum(fresh)[starts] - 1
    shared = _shared(keys[starts], corpora[starts], content)
    known = (documents > 1) | np.isin(keys[starts], shared.keys)
    return ExactGroups(
        Weights(keys[starts][known], documents[known], characters[known]),
        np.stack([first[~begins], keys[~begins]], axis=1),
        count_sizes(corpora[starts], documents, characters),
        shared,
    )


def count_sizes(
    corpora: NDArray[np.int64],
    documents: NDArray[np.int64],
    characters: NDArray[np.int64],
) -> SizeCounts:
    """Count clusters of two and more by corpus and size.

    Args:
        corpora: int64[n], corpus of each cluster.
        documents: int64[n], its documents.
        characters: int64[n], their code points.
    """
    many = documents >= 2
    rows, row = np.unique(
        np.stack([corpora[many], documents[many]], axis=1), axis=0, return_inverse=True
    )
    clusters = np.bincount(row.reshape(-1), minlength=len(rows)).astype(np.int64)
    # Sums in integers: bincount with weights would add in floating point.
    total = np.zeros(len(rows), np.int64)
    np.add.at(total, row.reshape(-1), characters[many])
    return SizeCounts(rows[:, 0], rows[:, 1], clusters, clusters * rows[:, 1], total)


def _shared(
    keys: NDArray[np.uint64], corpora: NDArray[np.int64], content: NDArray[np.int64]
) -> Shared:
    """List each class once for each other corpus that has its content.

    Args:
        keys: uint64[n], first units, by ascending content.
        corpora: int64[n].
        content: int64[n], number of the content.
    """
    found, others = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    held = np.zeros(int(content[-1]) + 1 if len(content) else 0, np.bool_)
    several = np.unique(corpora).tolist()
    for other in several if len(several) > 1 else []:
        held[:] = False
        held[content[corpora == other]] = True
        mine = np.flatnonzero(held[content] & (corpora != other))
        found.append(mine)
        others.append(np.full(len(mine), other, np.int64))
    place, other_corpus = np.concatenate(found), np.concatenate(others)
    order = np.lexsort((other_corpus, keys[place]))
    place = place[order]
    kind = np.full(len(place), EXACT, np.int64)
    return Shared(keys[place], other_corpus[order], kind)
