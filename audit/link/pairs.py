"""Candidate pairs: from the bands of one partition to the documents to be read again.

In: band blocks of one partition, whatever task they come from. Out: candidate pairs of
unit keys, ascending and distinct; then, when each unit knows whom it meets, the
partition in which each pair is verified, chosen so that a small group of units meets in
one place and a crowd is spread over all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.distinct import distinct
from audit.kernels.lsh import NEIGHBOURS, bucket_pairs
from audit.link.blocks import split_by
from audit.link.layout import doc_keys, task_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audit.link.blocks import BandBlock

__all__ = [
    "ALL_PAIRS_LIMIT",
    "BucketStats",
    "Candidates",
    "candidates",
    "corpus_of",
    "meetings",
    "merge_pairs",
    "pair_partitions",
    "requests",
    "spread",
]

# Up to here all documents of a bucket meet each other (63.5 pairs a document at most);
# in a larger bucket each meets the first one and its two neighbours. Clusters come out
# whole with a limit of 32 too, but single pairs within them went unlisted: 3.3 % of
# those at 0.8 and above in the bulk data, 0.4 % with 128.
ALL_PAIRS_LIMIT = 128

# Spreads unit keys, which are nearly consecutive, over the partitions.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
# Rows of a task that stay together where a crowd is spread: a chain of neighbours then
# crosses from one partition to another once in so many rows.
_TOGETHER = np.uint64(10)


class BucketStats(NamedTuple):
    """What the buckets of one corpus held; sums, but for the largest.

    Attributes:
        buckets: buckets of two units and more.
        largest_bucket: units of the largest.
        cut_buckets: buckets too large for all pairs.
        pairs_left_out: pairs that the cut did not make.
    """

    buckets: int = 0
    largest_bucket: int = 0
    cut_buckets: int = 0
    pairs_left_out: int = 0

    def merge(self, other: BucketStats) -> BucketStats:
        """Return the statistics of both partitions."""
        sums = [a + b for a, b in zip(self, other, strict=True)]
        sums[1] = max(self.largest_bucket, other.largest_bucket)
        return BucketStats(*sums)


class Candidates(NamedTuple):
    """Candidate pairs of one partition.

    Attributes:
        pairs: uint64[n, 2] unit keys, smaller first, ascending, each pair once.
        crowded: bool[n], whether both stand in buckets too large for all pairs.
        stats: what the buckets held, by number of the corpus.
    """

    pairs: NDArray[np.uint64]
    crowded: NDArray[np.bool_]
    stats: dict[int, BucketStats]


def candidates(
    blocks: Iterable[BandBlock],
    corpus_starts: Sequence[int] = (0,),
    limit: int = ALL_PAIRS_LIMIT,
) -> Candidates:
    """Return all pairs of units that share a band of this partition.

    A bucket of more than ``limit`` units of one corpus gives a star around its first
    unit and a chain of neighbours: one connected component at linear cost. Between two
    corpora that are too large for all pairs each unit meets two of the other side. What
    a corpus gives does not depend on the other corpora of the job.

    Args:
        blocks: In any order; a task's rows ascending.
        corpus_starts: First task of each corpus, ascending; tasks are numbered by
            corpus.
        limit: Largest number of units that all meet each other.
    """
    parts = sorted(blocks, key=lambda block: block.task)
    if not parts:
        none = np.zeros((0, 2), np.uint64)
        return Candidates(none, np.zeros(0, np.bool_), {})
    keys = np.concatenate([block.keys for block in parts])
    docs = np.concatenate([doc_keys(block.task, block.rows) for block in parts])
    # Tasks ascend and rows within them: no sorting to number the units.
    begins = _runs(docs)
    names = docs[begins[:-1]]
    numbers = np.repeat(np.arange(len(names), dtype=np.uint32), np.diff(begins))
    order = np.argsort(keys)
    groups = corpus_of(names, corpus_starts).astype(np.int32)
    keys, numbered = keys[order], numbers[order]
    # Sorts the numbers within each bucket too: by corpus, therefore.
    made, _ = bucket_pairs(keys, numbered, groups, limit)
    # A pair of document numbers as one value: quick to sort and to make distinct.
    n = np.uint64(len(names))
    codes = distinct(made[:, 0].astype(np.uint64) * n + made[:, 1])
    ends = np.stack([codes // n, codes % n], axis=1).astype(np.int64)
    crowd = _crowd(keys, numbered, len(names), limit)
    stats = _statistics(keys, groups[numbered], limit)
    crowded = crowd[ends[:, 0]] & crowd[ends[:, 1]]
    return Candidates(names[ends], crowded, stats)


def _runs(*columns: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return where a run of equal rows begins, and the end of the last."""
    fresh = np.ones(len(columns[0]), np.bool_)
    fresh[1:] = False
    for column in columns:
        fresh[1:] |= column[1:] != column[:-1]
    return np.r_[np.flatnonzero(fresh), len(fresh)].astype(np.int64)


def _crowd(
    keys: NDArray[np.uint64], numbers: NDArray[np.uint32], n_names: int, limit: int
) -> NDArray[np.bool_]:
    """Return bool[n_names]: which units stand in a bucket of more than the limit."""
    crowd = np.zeros(n_names, np.bool_)
    sizes = np.diff(_runs(keys))
    if (sizes > limit).any():
        crowd[numbers[np.repeat(sizes > limit, sizes)]] = True
    return crowd


def _statistics(
    keys: NDArray[np.uint64], corpora: NDArray[np.int32], limit: int
) -> dict[int, BucketStats]:
    """Return what the buckets of each corpus held; both columns by bucket."""
    starts = _runs(keys, corpora)
    sizes, owners = np.diff(starts), corpora[starts[:-1]]
    stats = {}
    for corpus in np.unique(owners).tolist():
        mine = sizes[(owners == corpus) & (sizes > 1)]
        cut = mine[mine > limit]
        # A star of m - 1 pairs, and the chain of the m - 1 units that are its rays.
        made = (cut - 1) * (1 + NEIGHBOURS) - NEIGHBOURS * (NEIGHBOURS + 1) // 2
        left_out = int((cut * (cut - 1) // 2 - made).sum())
        largest = int(mine.max(initial=0))
        stats[corpus] = BucketStats(len(mine), largest, len(cut), left_out)
    return stats


def corpus_of(
    keys: NDArray[np.uint64], corpus_starts: Sequence[int]
) -> NDArray[np.int64]:
    """Return the number of the corpus that each unit key belongs to."""
    starts = np.asarray(corpus_starts, np.int64)
    return np.searchsorted(starts, task_of(keys), side="right") - 1


def spread(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return keys whose upper bits tell neighbours apart, for `split_by`."""
    return np.ascontiguousarray(keys) * _SPREAD


def meetings(
    found: Candidates, partitions: int
) -> dict[int, tuple[NDArray[np.uint64], NDArray[np.uint8]]]:
    """Return pairs in both directions by partition of the first unit of each.

    Returns:
        By partition uint64[n, 2] (unit, whom it meets) and uint8[n], 1 where crowded.
    """
    both = np.concatenate([found.pairs, found.pairs[:, ::-1]])
    crowded = np.concatenate([found.crowded, found.crowded]).astype(np.uint8)
    return {
        p: (both[mine], crowded[mine])
        for p, mine in split_by(spread(both[:, 0]), partitions).items()
    }


def pair_partitions(
    parts: Iterable[tuple[NDArray[np.uint64], NDArray[np.uint8]]], partitions: int
) -> dict[int, NDArray[np.uint64]]:
    """Return the pairs of one partition of units by where they are to be verified.

    All pairs of a unit go where the smallest unit that it meets goes, so that a group
    whose units all meet each other comes together and each of its sets travels once.
    Pairs of a unit in a crowd go by their second unit instead: no worker holds a crowd.

    Args:
        parts: What `meetings` gave for this partition, in any order.
        partitions: Number of partitions.

    Returns:
        uint64[n, 2], smaller unit first, ascending, each pair once.
    """
    stacked = list(parts)
    if not stacked:
        return {}
    directed = np.concatenate([p for p, _ in stacked])
    crowded = np.concatenate([c for _, c in stacked])
    order = np.lexsort((directed[:, 1], directed[:, 0]))
    directed, crowded = directed[order], crowded[order]
    units = _runs(directed[:, 0])
    label = np.minimum(directed[units[:-1], 1], directed[units[:-1], 0])
    crowd = np.maximum.reduceat(crowded, units[:-1]) > 0
    sizes = np.diff(units)
    label, crowd = np.repeat(label, sizes), np.repeat(crowd, sizes)
    once = np.zeros(len(directed), np.bool_)
    once[_runs(directed[:, 0], directed[:, 1])[:-1]] = True
    once &= directed[:, 0] < directed[:, 1]
    pairs = directed[once]
    target = np.where(crowd[once], pairs[:, 1] >> _TOGETHER, label[once])
    return {p: pairs[mine] for p, mine in split_by(spread(target), partitions).items()}


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
