"""The stages that make clusters of verified pairs, on bytes.

In: links between units, and what is known of each unit, by partition of the unit. Out:
counts by corpus, the documents that corpora share, and for each task the clusters of
its units. No stage holds more than a partition, but for the links that the star steps
have left open, of which there are none in most jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.job.books import Book, booked
from audit.job.linking import packed_by
from audit.job.packing import pack, unpack
from audit.link.clusters import (
    STAR_STEPS,
    Settled,
    components,
    representatives_of,
    route_star,
    settle,
    star_step,
)
from audit.link.exact import EXACT, Shared
from audit.link.figures import Members, Tally, sized, tally
from audit.link.layout import task_of
from audit.link.nodes import (
    Arcs,
    Nodes,
    as_near,
    merge_nodes,
    merge_shared,
    reach,
)
from audit.link.pairs import corpus_of, merge_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from audit.job.spec import JobSpec
    from audit.job.stages import Block

__all__ = ["NODES", "cluster_stage", "node_stage", "settle_stage", "star_stage"]

# What a partition of units is told of from.
NODES = ("nodes", "aliases", "shared", "arcs", "homes")


def star_stage(step: int, blocks: Iterable[bytes], spec: JobSpec) -> Iterator[Block]:
    """Carry out one star step over one partition of units.

    Returns:
        Blocks ``linksN`` by partition of the unit, N one more than those that came in.
    """
    book = Book()
    parts = [unpack(block)[0] for block in book.received(f"links{step}", blocks)]
    edges = star_step(parts, STAR_STEPS[step])
    after = STAR_STEPS[step + 1] if step + 1 < len(STAR_STEPS) else "large"
    yield from book.sent(
        (f"links{step + 1}", partition, pack([links]))
        for partition, links in route_star(edges, spec.partitions, after).items()
    )
    yield book.block()


@booked(**{f"links{len(STAR_STEPS)}": 0})
def settle_stage(blocks: Iterable[bytes], spec: JobSpec) -> Iterator[Block]:
    """Tell where the units of one partition hang, and what is still open.

    Returns:
        Blocks ``homes`` by partition; ``open_links`` under key 0; ``tallies`` by corpus
        where there are open links.
    """
    settled = settle(unpack(block)[0] for block in blocks)
    yield from packed_by("homes", settled.nodes, settled[:2], spec)
    if len(settled.open_edges):
        yield "open_links", 0, pack([settled.open_edges])
        corpora = corpus_of(settled.open_edges[:, 0], spec.corpus_starts)
        for corpus, links in zip(*np.unique(corpora, return_counts=True), strict=True):
            count = Tally(open_links=int(links))
            yield "tallies", int(corpus), pack([np.array(count, np.int64)])


def node_stage(
    blocks: Mapping[str, Iterable[bytes]], open_links: Iterable[bytes], spec: JobSpec
) -> Iterator[Block]:
    """Give the units of one partition their representatives.

    Args:
        blocks: by tag, those of `NODES`.
        open_links: of all partitions.
        spec: the job.

    Returns:
        Blocks ``members`` and ``root_arcs`` by partition of the representative;
        ``shares`` (units that other corpora hold) by task; ``overlaps`` (documents and
        characters by corpus, other corpus and kind; documents by corpus, number of
        other corpora and kind) under key 0.
    """
    book = Book()
    found = {
        tag: [unpack(block) for block in book.received(tag, blocks[tag])]
        for tag in NODES
    }
    nodes = merge_nodes(Nodes(*part) for part in found["nodes"])
    aliases = merge_pairs(part[0] for part in found["aliases"])
    joined = components(merge_pairs(unpack(block)[0] for block in open_links))
    settled = Settled(*_homes(found["homes"]), merge_pairs([]))
    roots = representatives_of(nodes.keys, settled, joined)
    yield from book.sent(_members(nodes, roots, aliases, spec))
    yield from book.sent(_arcs(found["arcs"], nodes, roots, spec))
    shared = merge_shared(Shared(*part) for part in found["shared"])
    yield from book.sent(_shared(shared, nodes, aliases, spec))
    yield book.block()


def _homes(
    parts: Sequence[Sequence[NDArray[np.uint64]]],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return units, ascending, and their anchors."""
    none = np.zeros(0, np.uint64)
    units = np.concatenate([none, *(part[0] for part in parts)])
    anchors = np.concatenate([none, *(part[1] for part in parts)])
    order = np.argsort(units)
    return units[order], anchors[order]


def _members(
    nodes: Nodes,
    roots: NDArray[np.uint64],
    aliases: NDArray[np.uint64],
    spec: JobSpec,
) -> Iterator[Block]:
    """Send every unit, and the other units of its content, to its representative."""
    nothing = np.zeros(len(aliases), np.int64)
    at = np.searchsorted(nodes.keys, aliases[:, 0])
    others = Members(roots[at], aliases[:, 1], nothing, nothing, nothing)
    both = (Members.of(nodes, roots), others)
    members = Members(*(np.concatenate(c) for c in zip(*both, strict=True)))
    yield from packed_by("members", members.representatives, members, spec)


def _arcs(
    parts: Sequence[Sequence[NDArray[np.float64]]],
    nodes: Nodes,
    roots: NDArray[np.uint64],
    spec: JobSpec,
) -> Iterator[Block]:
    for part in parts:
        pairs = part[0].astype(np.uint64, copy=False).reshape(-1, 2)
        root = roots[np.searchsorted(nodes.keys, pairs[:, 0])]
        yield from packed_by("root_arcs", root, [pairs, part[1]], spec)


def _shared(
    shared: Shared, nodes: Nodes, aliases: NDArray[np.uint64], spec: JobSpec
) -> Iterator[Block]:
    """Count what corpora share, and tell the tasks of it; exact copies are near too."""
    exact = Shared(*(column[shared.kind == EXACT] for column in shared))
    shared = merge_shared([shared, as_near(exact)])
    if not len(shared.keys):
        return
    at = np.searchsorted(nodes.keys, shared.keys)
    own = corpus_of(shared.keys, spec.corpus_starts)
    groups, row = np.unique(
        np.stack([own, shared.other, shared.kind], axis=1), axis=0, return_inverse=True
    )
    sums = np.zeros((len(groups), 2), np.int64)
    values = np.stack([nodes.documents[at], nodes.characters[at]], axis=1)
    np.add.at(sums, row.reshape(-1), values)
    yield "overlaps", 0, pack([groups, sums, *_holders(shared, nodes, own)])
    # What is shared of a unit is shared of every other unit of its content.
    every = reach(shared, aliases)
    for task, mine in _by_task(every.keys).items():
        yield "shares", task, pack([column[mine] for column in every])


def _holders(
    shared: Shared, nodes: Nodes, own: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (corpus, other corpora that hold it, kind) and the documents of each."""
    units, counts = np.unique(
        np.stack([shared.keys, shared.kind.astype(np.uint64)], axis=1),
        axis=0,
        return_counts=True,
    )
    at = np.searchsorted(nodes.keys, units[:, 0])
    corpus = own[np.searchsorted(shared.keys, units[:, 0])]
    groups, row = np.unique(
        np.stack([corpus, counts, units[:, 1].astype(np.int64)], axis=1),
        axis=0,
        return_inverse=True,
    )
    documents = np.zeros(len(groups), np.int64)
    np.add.at(documents, row.reshape(-1), nodes.documents[at])
    return groups, documents


@booked(members=0, root_arcs=1)
def cluster_stage(
    members: Iterable[bytes], root_arcs: Iterable[bytes], spec: JobSpec
) -> Iterator[Block]:
    """Count the clusters of one partition of representatives.

    Returns:
        Blocks ``near_sizes`` and ``tallies`` by corpus; ``clusters`` (units, their
        representatives, documents of their cluster) by task.
    """
    parts = [Members(*unpack(block)) for block in members]
    if not parts:
        return
    every = Members(*(np.concatenate(c) for c in zip(*parts, strict=True)))
    clusters = sized(every)
    arcs = [Arcs(*unpack(block)) for block in root_arcs]
    none = np.zeros((0, 2), np.uint64)
    whole = Arcs(
        np.concatenate([none, *(part.pairs.reshape(-1, 2) for part in arcs)]),
        np.concatenate([np.zeros(0), *(part.jaccard for part in arcs)]),
    )
    sizes, tallies = tally(clusters, whole, spec.layout, spec.corpus_starts)
    for corpus in np.unique(sizes.corpus).tolist():
        chosen = sizes.corpus == corpus
        yield "near_sizes", corpus, pack([column[chosen] for column in sizes[1:]])
    for corpus, count in tallies.items():
        yield "tallies", corpus, pack([np.array(count, np.int64)])
    at = np.searchsorted(clusters.representatives, every.representatives)
    at = np.minimum(at, max(len(clusters.representatives) - 1, 0))
    known = np.zeros(len(every.keys), np.bool_)
    if len(clusters.representatives):
        known = clusters.representatives[at] == every.representatives
    keys, roots = every.keys[known], every.representatives[known]
    documents = clusters.documents[at[known]]
    for task, mine in _by_task(keys).items():
        yield "clusters", task, pack([keys[mine], roots[mine], documents[mine]])


def _by_task(keys: NDArray[np.uint64]) -> dict[int, NDArray[np.int64]]:
    """Return the places of the keys of each task, by ascending key."""
    order = np.argsort(keys)
    tasks = task_of(keys[order])
    cuts = np.flatnonzero(np.diff(tasks)) + 1
    groups = np.split(order, cuts) if len(keys) else []
    return {int(task_of(keys[mine[:1]])[0]): mine for mine in groups}
