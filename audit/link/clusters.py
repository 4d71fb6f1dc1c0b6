"""Clusters: connected components of verified pairs, and no worker that holds them all.

In: edges between unit keys, in partitions. Out: for each unit of an edge the smallest
key of its component, the representative. Partitions first join what they hold
(`spanning_forest`), then a few rounds of large-star and small-star steps link every
unit to the smallest of its component, then `settle` tells which units hang on one
smaller unit alone and which edges the rounds have left open. These, none in most jobs,
are joined at once (`components`), and the result is exact whatever their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from audit.kernels.unionfind import smallest_members
from audit.link.blocks import split_by
from audit.link.pairs import merge_pairs, spread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = [
    "STAR_STEPS",
    "Clusters",
    "Settled",
    "components",
    "representatives_of",
    "route_star",
    "settle",
    "spanning_forest",
    "star_step",
]

# The graph of a job is the same for all inputs, so the steps are counted here and not
# by the data; four leave nothing open where components are no long chains over many
# partitions.
STAR_STEPS: tuple[Literal["large", "small"], ...] = ("large", "small", "large", "small")


class Clusters(NamedTuple):
    """The clustered units.

    Attributes:
        nodes: uint64[n], unit keys of all edges, ascending.
        representatives: uint64[n], smallest key of each node's component.
    """

    nodes: NDArray[np.uint64]
    representatives: NDArray[np.uint64]


class Settled(NamedTuple):
    """What a partition of units knows after the star steps.

    Attributes:
        nodes: uint64[n], its units, ascending.
        anchors: uint64[n], the smaller unit that each hangs on alone, or itself.
        open_edges: uint64[m, 2], edges between units that have edges of their own.
    """

    nodes: NDArray[np.uint64]
    anchors: NDArray[np.uint64]
    open_edges: NDArray[np.uint64]


def components(edges: NDArray[np.uint64]) -> Clusters:
    """Return the components of all edges; their order and direction do not matter.

    Args:
        edges: uint64[n, 2], unit keys.
    """
    nodes, numbers = np.unique(edges, return_inverse=True)
    smallest = smallest_members(len(nodes), numbers.reshape(-1, 2).astype(np.int64))
    return Clusters(nodes, nodes[smallest])


def spanning_forest(parts: Iterable[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return uint64[n, 2], the edges (representative, node) of all components.

    A forest of forests is the forest of all their edges, so that partial ones can be
    merged in any order and any split, and the result is always the same array. It
    holds one edge for each clustered unit that is no representative.
    """
    stacked = [part.reshape(-1, 2) for part in parts]
    if not stacked:
        return np.zeros((0, 2), np.uint64)
    nodes, representatives = components(np.concatenate(stacked))
    moved = nodes != representatives
    return np.stack([representatives[moved], nodes[moved]], axis=1)


def route_star(
    edges: NDArray[np.uint64], partitions: int, kind: Literal["large", "small"]
) -> dict[int, NDArray[np.uint64]]:
    """Return directed edges (node, neighbour) by partition of the node.

    For a large star each edge goes to both of its ends, for a small one to the larger.
    """
    low, high = edges.min(axis=1), edges.max(axis=1)
    directed = np.stack([high, low], axis=1)
    if kind == "large":
        directed = np.concatenate([directed, directed[:, ::-1]])
    return {
        p: directed[mine]
        for p, mine in split_by(spread(directed[:, 0]), partitions).items()
    }


def star_step(
    parts: Iterable[NDArray[np.uint64]], kind: Literal["large", "small"]
) -> NDArray[np.uint64]:
    """Return the edges after one step over one partition, ascending, each once.

    The alternating algorithm of Kiveris et al., Connected Components in MapReduce and
    Beyond (SoCC 2014): a large star links each larger neighbour of a node to the
    smallest of the node and its neighbours; a small star links a node and its smaller
    neighbours to the smallest of them. Both keep the components. Repeated, they end in
    a star around the smallest node of every component, after O(log^2 n) rounds at most.

    Args:
        parts: Arrays uint64[n, 2] of `route_star` for this partition.
        kind: Which step, as it was routed.
    """
    edges = merge_pairs(parts)
    if not len(edges):
        return edges
    node, neighbour = edges[:, 0], edges[:, 1]
    begins = np.flatnonzero(np.r_[True, node[1:] != node[:-1]])
    smallest = np.minimum(np.minimum.reduceat(neighbour, begins), node[begins])
    centre = np.repeat(smallest, np.diff(np.r_[begins, len(node)]))
    if kind == "large":
        larger = neighbour > node
        out = np.stack([centre[larger], neighbour[larger]], axis=1)
    else:
        own = np.stack([smallest, node[begins]], axis=1)
        out = np.concatenate([own, np.stack([centre, neighbour], axis=1)])
    return merge_pairs([out[out[:, 0] != out[:, 1]]])


def settle(parts: Iterable[NDArray[np.uint64]]) -> Settled:
    """Return where each unit of one partition stands after the star steps.

    A unit with a single neighbour, a smaller one, hangs on that and belongs where it
    belongs. Every other unit is its own anchor; an edge between two such units is open.
    A component that is a star has none, so that open edges are what the steps have not
    finished, and the components of open edges are those of all.

    Args:
        parts: Arrays uint64[n, 2] that `route_star` gave, as for a large star.
    """
    edges = merge_pairs(parts)
    if not len(edges):
        none = np.zeros(0, np.uint64)
        return Settled(none, none, edges)
    node, neighbour = edges[:, 0], edges[:, 1]
    begins = np.flatnonzero(np.r_[True, node[1:] != node[:-1]])
    sizes = np.diff(np.r_[begins, len(node)])
    hangs = (sizes == 1) & (neighbour[begins] < node[begins])
    anchors = np.where(hangs, neighbour[begins], node[begins])
    # The smaller end of an edge has a larger neighbour: it never hangs.
    is_open = np.repeat(~hangs, sizes) & (neighbour < node)
    return Settled(node[begins], anchors, edges[is_open][:, ::-1])


def representatives_of(
    keys: NDArray[np.uint64], settled: Settled, joined: Clusters
) -> NDArray[np.uint64]:
    """Return uint64[n], the representative of each unit, itself where it has no edge.

    Args:
        keys: uint64[n], units of the partition that ``settled`` is of.
        settled: what `settle` gave; its open edges are not looked at.
        joined: components of the open edges of all partitions.
    """
    return _looked_up(_looked_up(keys, settled.nodes, settled.anchors), *joined)


def _looked_up(
    keys: NDArray[np.uint64], names: NDArray[np.uint64], values: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return the value under each key, the key itself where it is no name."""
    if not len(names):
        return keys
    at = np.minimum(np.searchsorted(names, keys), len(names) - 1)
    return np.where(names[at] == keys, values[at], keys)
