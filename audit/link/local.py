"""The duplicate stage in one process: what a runner does with shuffles, as plain loops.

In: the signatures of every task, and a way to read documents again. Out: verified
pairs, copies and figures of the whole job, for measurements and tests. The steps are
those that the pipeline distributes; results are equal to the bit.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from audit.link.blocks import BandBlock, ExactBlock, pack_bands, pack_exact
from audit.link.clusters import Clusters, components
from audit.link.exact import ExactGroups, SizeCounts, exact_groups
from audit.link.figures import Members, Tally, sized, tally
from audit.link.layout import DEFAULT_LAYOUT, BandLayout, doc_keys
from audit.link.nodes import (
    arcs_of,
    corpora_of,
    merge_nodes,
    merge_shared,
    nodes_of,
    nodes_of_pairs,
    reach,
    shared_of_pairs,
)
from audit.link.pairs import (
    BucketStats,
    candidates,
    meetings,
    merge_pairs,
    pair_partitions,
    requests,
)
from audit.link.units import UnitGatherer
from audit.link.verify import ShingleBlock, Verified, merge_shingles, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from audit.link.exact import Shared

__all__ = ["Figures", "Links", "TaskSketches", "figures_of", "link_tasks"]

_T = TypeVar("_T")


class TaskSketches(NamedTuple):
    """What banding needs of one task.

    Attributes:
        task: ordinal of the task.
        rows: uint32[n], numbers of its documents, ascending.
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
        verified: every candidate pair with its similarity, also below the threshold;
            its ends are the first documents of their contents in their corpora.
        copies: uint64[n, 2], (first document, other document) of equal content within
            a corpus, ascending by the other.
        groups: what is known of copies, by partition of the content hash.
        stats: what the buckets held, by corpus.
        corpus_starts: first task of each corpus.
    """

    verified: Verified
    copies: NDArray[np.uint64]
    groups: list[ExactGroups]
    stats: dict[int, BucketStats]
    corpus_starts: Sequence[int] = (0,)

    def shared(self, threshold: float) -> Shared:
        """Return the documents that other corpora hold too, exactly or nearly."""
        near = self.verified.at_least(threshold)
        across = shared_of_pairs(near, corpora_of(near.pairs, self.corpus_starts))
        units = merge_shared([across, *(group.shared for group in self.groups)])
        return reach(units, merge_pairs([self.copies]))


class Figures(NamedTuple):
    """Clusters of a job and what is counted of them.

    Attributes:
        clusters: units and their representatives.
        sizes: clusters by corpus and size.
        tallies: figures of each corpus.
    """

    clusters: Clusters
    sizes: SizeCounts
    tallies: dict[int, Tally]


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
    units, hashes = {}, _parted(ExactBlock)
    for task, rows, signatures, content, lengths in tasks:
        gatherer = UnitGatherer(layout)
        gatherer.add(rows, signatures, content, lengths)
        units[task] = gatherer.whole()
        _add(hashes, pack_exact(units[task], task, partitions))
    groups = [exact_groups(hashes[part], corpus_starts) for part in sorted(hashes)]
    aliases = merge_pairs([group.aliases for group in groups])
    dropped, bands = requests(aliases[:, 1]), _parted(BandBlock)
    local = [np.zeros((0, 2), np.uint64)]
    for task, own in units.items():
        kept = ~np.isin(own.rows, dropped.get(task, own.rows[:0]))
        _add(bands, pack_bands(own.rows[kept], own.keys[kept], task, partitions))
        ends = (doc_keys(task, own.copy_units), doc_keys(task, own.copy_rows))
        local.append(np.stack(ends, axis=1))
    copies = _first_of(merge_pairs(local), aliases)
    verified, stats = _verified(bands, reread, corpus_starts, partitions)
    return Links(verified, copies, groups, stats, corpus_starts)


def _parted(_: type[_T]) -> dict[int, list[_T]]:
    return defaultdict(list)


def _verified(
    bands: dict[int, list[BandBlock]],
    reread: Callable[[int, NDArray[np.uint32]], ShingleBlock],
    corpus_starts: Sequence[int],
    partitions: int,
) -> tuple[Verified, dict[int, BucketStats]]:
    """Return all candidates with their similarity, and what the buckets held."""
    met: dict[int, list[tuple[NDArray[np.uint64], NDArray[np.uint8]]]]
    met = defaultdict(list)
    stats: dict[int, BucketStats] = defaultdict(BucketStats)
    for part in sorted(bands):
        found = candidates(bands.pop(part), corpus_starts)
        for corpus, held in found.stats.items():
            stats[corpus] = stats[corpus].merge(held)
        _add(met, meetings(found, partitions))
    routed: dict[int, list[NDArray[np.uint64]]] = defaultdict(list)
    for part in sorted(met):
        _add(routed, pair_partitions(met.pop(part), partitions))
    verified = []
    for part in sorted(routed):
        pairs = merge_pairs(routed.pop(part))
        sets = merge_shingles(reread(t, rows) for t, rows in requests(pairs).items())
        verified.append(verify(pairs, sets))
    return _merged(verified), dict(stats)


def _merged(parts: Sequence[Verified]) -> Verified:
    """Return all pairs, ascending, whatever partitions they were verified in."""
    none = Verified(
        np.zeros((0, 2), np.uint64), np.zeros(0), np.zeros((0, 2), np.int64)
    )
    pairs, jaccard, lengths = zip(none, *parts, strict=True)
    every = Verified(
        np.concatenate(pairs), np.concatenate(jaccard), np.concatenate(lengths)
    )
    order = np.lexsort((every.pairs[:, 1], every.pairs[:, 0]))
    return Verified(every.pairs[order], every.jaccard[order], every.characters[order])


def _first_of(
    local: NDArray[np.uint64], aliases: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return copies within tasks and across them, each with the first of all."""
    first = local[:, 0].copy()
    by_unit = aliases[np.argsort(aliases[:, 1])]
    if len(by_unit):
        at = np.minimum(np.searchsorted(by_unit[:, 1], first), len(by_unit) - 1)
        known = by_unit[at, 1] == first
        first[known] = by_unit[at[known], 0]
    every = np.concatenate([np.stack([first, local[:, 1]], axis=1), aliases])
    return every[np.argsort(every[:, 1])]


def figures_of(links: Links, layout: BandLayout = DEFAULT_LAYOUT) -> Figures:
    """Return clusters and figures of a job, all of it at once.

    Args:
        links: What `link_tasks` gave.
        layout: The bands that found them.
    """
    near = links.verified.at_least(layout.threshold)
    corpora = corpora_of(near.pairs, links.corpus_starts)
    inside = near.where(corpora[:, 0] == corpora[:, 1])
    nodes = merge_nodes(
        [nodes_of_pairs(near, corpora), *(nodes_of(g.weights) for g in links.groups)]
    )
    clusters = components(inside.pairs)
    roots = nodes.keys.copy()
    roots[np.searchsorted(nodes.keys, clusters.nodes)] = clusters.representatives
    counted = sized(Members.of(nodes, roots))
    arcs = arcs_of(inside, layout)
    sizes, tallies = tally(counted, arcs, layout, links.corpus_starts)
    own = corpora[corpora[:, 0] == corpora[:, 1], 0]
    for corpus in np.unique(own).tolist():
        pairs = int((inside.jaccard[own == corpus] < 1).sum())
        tallies[corpus] = tallies[corpus].merge(Tally(verified_pairs=pairs))
    return Figures(Clusters(nodes.keys, roots), sizes, tallies)


def _add(into: dict[int, list[_T]], blocks: Mapping[int, _T]) -> None:
    for part, block in blocks.items():
        into[part].append(block)
