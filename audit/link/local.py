"""The duplicate stage in one process: what a runner does with shuffles, as plain loops.

In: the signatures of every task, and a way to read documents again. Out: verified pairs
and exact groups of the whole job. The stages are those that the pipeline distributes;
results are equal to the bit.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from audit.link.blocks import BandBlock, ExactBlock, pack_bands, pack_exact
from audit.link.exact import ExactGroups, Members, SizeCounts, exact_groups
from audit.link.layout import DEFAULT_LAYOUT, BandLayout
from audit.link.pairs import PairStats, candidates, merge_pairs, requests, route_pairs
from audit.link.verify import ShingleBlock, Verified, merge_shingles, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Links",
    "TaskSketches",
    "link_tasks",
    "merge_groups",
    "merge_sizes",
    "merge_verified",
]

_T = TypeVar("_T")


class TaskSketches(NamedTuple):
    """What annotation left of one task.

    Attributes:
        task: ordinal, ascending by corpus.
        rows: uint32[n], ascending.
        signatures: uint32[n, num_perm].
        content_hash: uint8[n, 16].
        characters: int64[n].
    """

    task: int
    rows: NDArray[np.uint32]
    signatures: NDArray[np.uint32]
    content_hash: NDArray[np.uint8]
    characters: NDArray[np.int64]


class Links(NamedTuple):
    """All links of a job.

    Attributes:
        verified: every candidate pair with its similarity, also below the threshold.
        exact: exact copies.
        stats: what the buckets held.
    """

    verified: Verified
    exact: ExactGroups
    stats: PairStats


def link_tasks(
    tasks: Iterable[TaskSketches],
    reread: Callable[[int, NDArray[np.uint32]], ShingleBlock],
    corpus_starts: Sequence[int] = (0,),
    partitions: int = 16,
    layout: BandLayout = DEFAULT_LAYOUT,
) -> Links:
    """Return the links of a whole job.

    Args:
        tasks: Sketches of every task, in any order.
        reread: Gives the shingle sets of some rows of a task.
        corpus_starts: First task of each corpus, ascending.
        partitions: How many parts a shuffle would have; the result is the same.
        layout: Bands and threshold.
    """
    bands: dict[int, list[BandBlock]] = defaultdict(list)
    hashes: dict[int, list[ExactBlock]] = defaultdict(list)
    for task, rows, signatures, content, lengths in tasks:
        _add(bands, pack_bands(rows, signatures, content, task, partitions, layout))
        _add(hashes, pack_exact(rows, signatures, content, lengths, task, partitions))
    routed: dict[int, list[NDArray[np.uint64]]] = defaultdict(list)
    stats = PairStats()
    for part in sorted(bands):
        found = candidates(bands.pop(part), corpus_starts)
        stats = stats.merge(found.stats)
        _add(routed, route_pairs(found.pairs, partitions))
    verified = []
    for part in sorted(routed):
        pairs = merge_pairs(routed.pop(part))
        sets = merge_shingles(reread(t, rows) for t, rows in requests(pairs).items())
        verified.append(verify(pairs, sets))
    groups = [exact_groups(hashes[part], corpus_starts) for part in sorted(hashes)]
    return Links(merge_verified(verified), merge_groups(groups), stats)


def merge_verified(parts: Iterable[Verified]) -> Verified:
    """Return all pairs, ascending, whatever partitions they were verified in."""
    stacked = list(parts)
    none = np.zeros((0, 2), np.uint64)
    pairs = np.concatenate([none, *(p.pairs for p in stacked)])
    jaccard = np.concatenate([np.zeros(0), *(p.jaccard for p in stacked)])
    lengths = np.concatenate(
        [np.zeros((0, 2), np.int64), *(p.characters for p in stacked)]
    )
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Verified(pairs[order], jaccard[order], lengths[order])


def merge_groups(parts: Iterable[ExactGroups]) -> ExactGroups:
    """Return the exact copies of all partitions, edges and members ascending."""
    stacked = list(parts)
    edges = np.concatenate([np.zeros((0, 2), np.uint64), *(p.edges for p in stacked)])
    lengths = np.concatenate(
        [np.zeros((0, 2), np.int64), *(p.characters for p in stacked)]
    )
    by_edge = np.lexsort((edges[:, 1], edges[:, 0]))
    members: Members = _stack(Members, [p.members for p in stacked])
    order = np.lexsort((members.other, members.keys))
    return ExactGroups(
        edges[by_edge],
        lengths[by_edge],
        merge_sizes(p.sizes for p in stacked),
        Members(members.keys[order], members.other[order], members.characters[order]),
    )


def merge_sizes(parts: Iterable[SizeCounts]) -> SizeCounts:
    """Return the clusters of all parts by corpus and size."""
    corpus, size, *counts = _stack(SizeCounts, list(parts))
    rows, row = np.unique(np.stack([corpus, size], axis=1), axis=0, return_inverse=True)
    sums = np.zeros((3, len(rows)), np.int64)
    for total, column in zip(sums, counts, strict=True):
        np.add.at(total, row.reshape(-1), column)
    return SizeCounts(rows[:, 0], rows[:, 1], *sums)


def _stack(kind: Any, parts: Sequence[Any]) -> Any:
    """Concatenate the columns of equal named tuples of arrays."""
    if not parts:
        return kind(*(np.zeros(0, np.int64) for _ in kind._fields))
    return kind(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _add(into: dict[int, list[_T]], blocks: Mapping[int, _T]) -> None:
    for part, block in blocks.items():
        into[part].append(block)
