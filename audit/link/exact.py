"""Exact copies: documents of one content hash.

In: exact blocks of one partition, whatever task they come from. Out: edges from the
first copy to the others within each corpus, how many clusters there are of each size,
and which documents have a copy in which other corpus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.link.blocks import equal_runs
from audit.link.layout import doc_keys
from audit.link.pairs import corpus_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audit.link.blocks import ExactBlock

__all__ = ["ExactGroups", "Members", "SizeCounts", "count_sizes", "exact_groups"]


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


class Members(NamedTuple):
    """Documents that another corpus holds too.

    Attributes:
        keys: uint64[n], document keys.
        other: int64[n], the other corpus. Ascending by (key, other), each once.
        characters: int64[n], code points of the document.
    """

    keys: NDArray[np.uint64]
    other: NDArray[np.int64]
    characters: NDArray[np.int64]


class ExactGroups(NamedTuple):
    """What the content hashes of one partition say.

    Attributes:
        edges: uint64[n, 2], (first copy, other copy) within a corpus.
        characters: int64[n, 2], code points of both.
        sizes: clusters of each corpus by size.
        members: documents with a copy in another corpus.
    """

    edges: NDArray[np.uint64]
    characters: NDArray[np.int64]
    sizes: SizeCounts
    members: Members


def exact_groups(
    blocks: Iterable[ExactBlock], corpus_starts: Sequence[int] = (0,)
) -> ExactGroups:
    """Return the exact copies of one partition; time and memory linear in its rows.

    Args:
        blocks: In any order.
        corpus_starts: First task of each corpus, ascending.
    """
    parts = sorted(blocks, key=lambda block: block.task)
    none = np.zeros((0, 2), np.uint64)
    keys = np.concatenate(
        [none[:, 0], *(doc_keys(block.task, block.rows) for block in parts)]
    )
    characters = np.concatenate(
        [np.zeros(0, np.int64), *(block.characters for block in parts)]
    )
    # Keys ascend, so that equal hashes stand by corpus and document.
    by_hash, fresh = equal_runs(np.concatenate([none, *(b.hashes for b in parts)]))
    keys, characters = keys[by_hash], characters[by_hash]
    corpora = corpus_of(keys, corpus_starts)
    begins = fresh.copy()
    begins[1:] |= corpora[1:] != corpora[:-1]
    starts = np.flatnonzero(begins)
    group = np.cumsum(begins) - 1
    first = starts[group] if len(keys) else group
    copy = np.flatnonzero(~begins)
    pair = np.stack([first[copy], copy], axis=1)
    return ExactGroups(
        keys[pair],
        characters[pair],
        count_sizes(corpora[starts], group, characters),
        _members(keys, characters, corpora, np.cumsum(fresh) - 1),
    )


def count_sizes(
    corpora: NDArray[np.int64],
    cluster: NDArray[np.int64],
    characters: NDArray[np.int64],
) -> SizeCounts:
    """Count clusters of two and more by corpus and size.

    Args:
        corpora: int64[n_clusters], corpus of each cluster.
        cluster: int64[n], cluster of each document.
        characters: int64[n], code points of each document.
    """
    sizes = np.bincount(cluster, minlength=len(corpora)).astype(np.int64)
    # Sums in integers: bincount with weights would add in floating point.
    lengths = np.zeros(len(corpora), np.int64)
    np.add.at(lengths, cluster, characters)
    many = sizes >= 2
    rows, row = np.unique(
        np.stack([corpora[many], sizes[many]], axis=1), axis=0, return_inverse=True
    )
    clusters = np.bincount(row.reshape(-1), minlength=len(rows)).astype(np.int64)
    total = np.zeros(len(rows), np.int64)
    np.add.at(total, row.reshape(-1), lengths[many])
    return SizeCounts(rows[:, 0], rows[:, 1], clusters, clusters * rows[:, 1], total)


def _members(
    keys: NDArray[np.uint64],
    characters: NDArray[np.int64],
    corpora: NDArray[np.int64],
    run: NDArray[np.int64],
) -> Members:
    """Find the documents whose hash stands in another corpus too."""
    shared: list[NDArray[np.int64]] = []
    others: list[NDArray[np.int64]] = []
    for other in np.unique(corpora).tolist():
        holds = np.zeros(int(run[-1]) + 1, np.bool_)
        holds[run[corpora == other]] = True
        found = np.flatnonzero(holds[run] & (corpora != other))
        shared.append(found)
        others.append(np.full(len(found), other, np.int64))
    found = np.concatenate([np.zeros(0, np.int64), *shared])
    other_corpus = np.concatenate([np.zeros(0, np.int64), *others])
    order = np.lexsort((other_corpus, keys[found]))
    found = found[order]
    return Members(keys[found], other_corpus[order], characters[found])
