"""Candidate pairs: from the bands of one partition to the documents to be read again.

In: band blocks of one partition, whatever task they come from. Out: candidate pairs of
document keys, ascending and distinct; then, spread over the partitions of the pairs,
which rows of which task their verification needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.distinct import distinct
from audit.kernels.lsh import bucket_pairs, scatter
from audit.link.layout import doc_keys, task_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audit.link.blocks import BandBlock

__all__ = [
    "ALL_PAIRS_LIMIT",
    "Candidates",
    "PairStats",
    "candidates",
    "corpus_of",
    "merge_pairs",
    "requests",
    "route_pairs",
]

# Up to here all documents of a bucket meet each other (63.5 pairs a document at most);
# in a larger bucket each meets the first one and its two neighbours. Clusters come out
# whole with a limit of 32 too, but single pairs within them went unlisted: 3.3 % of
# those at 0.8 and above in the bulk data, 0.4 % with 128.
ALL_PAIRS_LIMIT = 128

# Spreads document keys, which are nearly consecutive, over the partitions.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


class PairStats(NamedTuple):
    """What a partition's buckets held; sums over partitions, but for the largest.

    Attributes:
        entries: band entries.
        buckets: buckets of two documents and more.
        largest_bucket: documents of the largest.
        cut_buckets: buckets too large for all pairs.
        pairs_made: pairs, before repeats from other bands are dropped.
        pairs_left_out: pairs that the cut did not make.
    """

    entries: int = 0
    buckets: int = 0
    largest_bucket: int = 0
    cut_buckets: int = 0
    pairs_made: int = 0
    pairs_left_out: int = 0

    def merge(self, other: PairStats) -> PairStats:
        """Return the statistics of both partitions."""
        sums = [a + b for a, b in zip(self, other, strict=True)]
        sums[2] = max(self.largest_bucket, other.largest_bucket)
        return PairStats(*sums)


class Candidates(NamedTuple):
    """Candidate pairs of one partition.

    Attributes:
        pairs: uint64[n, 2] document keys, smaller first, ascending, each pair once.
        stats: what the buckets held.
    """

    pairs: NDArray[np.uint64]
    stats: PairStats


def candidates(
    blocks: Iterable[BandBlock],
    corpus_starts: Sequence[int] = (0,),
    limit: int = ALL_PAIRS_LIMIT,
) -> Candidates:
    """Return all pairs of documents that share a band of this partition.

    A bucket of more than ``limit`` documents of one corpus gives a star around its
    first document and a chain of neighbours: one connected component at linear cost.
    Between two corpora that are too large for all pairs each document meets two of the
    other side. What a corpus gives does not depend on the other corpora of the job.

    Args:
        blocks: In any order; a task's rows ascending.
        corpus_starts: First task of each corpus, ascending; tasks are numbered by
            corpus.
        limit: Largest number of documents that all meet each other.
    """
    parts = sorted(blocks, key=lambda block: block.task)
    if not parts:
        return Candidates(np.zeros((0, 2), np.uint64), PairStats())
    keys = np.concatenate([block.keys for block in parts])
    docs = np.concatenate([doc_keys(block.task, block.rows) for block in parts])
    names, numbers = np.unique(docs, return_inverse=True)
    order = np.argsort(keys)
    groups = corpus_of(names, corpus_starts).astype(np.int32)
    numbered = numbers.reshape(-1).astype(np.uint32)[order]
    made, stats = bucket_pairs(keys[order], numbered, groups, limit)
    # A pair of document numbers as one value: quick to sort and to make distinct.
    n = np.uint64(len(names))
    codes = distinct(made[:, 0].astype(np.uint64) * n + made[:, 1])
    pairs = np.stack([names[(codes // n)], names[(codes % n)]], axis=1)
    return Candidates(pairs, PairStats(len(keys), *stats.tolist()))


def corpus_of(
    keys: NDArray[np.uint64], corpus_starts: Sequence[int]
) -> NDArray[np.int64]:
    """Return the number of the corpus that each document key belongs to."""
    starts = np.asarray(corpus_starts, np.int64)
    return np.searchsorted(starts, task_of(keys), side="right") - 1


def route_pairs(
    pairs: NDArray[np.uint64], partitions: int
) -> dict[int, NDArray[np.uint64]]:
    """Return the pairs by partition of their first document.

    The same pair found in several bands comes together in one partition, and so do all
    pairs of one star.
    """
    order, starts = scatter(pairs[:, 0] * _SPREAD, partitions)
    return {
        p: pairs[order[starts[p] : starts[p + 1]]]
        for p in np.flatnonzero(np.diff(starts)).tolist()
    }


def merge_pairs(parts: Iterable[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return uint64[n, 2], the pairs of all parts, ascending, each once."""
    stacked = [part.reshape(-1, 2) for part in parts]
    if not stacked:
        return np.zeros((0, 2), np.uint64)
    pairs = np.concatenate(stacked)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    fresh = np.ones(len(pairs), np.bool_)
    fresh[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[fresh]


def requests(pairs: NDArray[np.uint64]) -> dict[int, NDArray[np.uint32]]:
    """Return the rows, ascending, that each task must read again for these pairs."""
    keys = distinct(pairs)
    tasks = task_of(keys)
    cuts = np.flatnonzero(np.diff(tasks)) + 1
    rows = np.split((keys & np.uint64(0xFFFFFFFF)).astype(np.uint32), cuts)
    if not len(keys):
        return {}
    return dict(zip(tasks[np.r_[0, cuts]].tolist(), rows, strict=True))
