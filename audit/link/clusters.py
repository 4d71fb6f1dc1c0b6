"""Clusters: connected components of verified pairs.

In: edges between document keys. Out: for each document of an edge the smallest key of
its component, the representative. Three ways to the same answer, for three sizes of
job: `components` at once; `spanning_forest`, which folds edges of any split in any
order; and the large-star and small-star steps, which need no worker to hold all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from audit.kernels.hashing import mix64
from audit.kernels.lsh import scatter
from audit.kernels.unionfind import smallest_members
from audit.link.pairs import merge_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = [
    "Clusters",
    "Digest",
    "components",
    "edge_digest",
    "route_star",
    "spanning_forest",
    "star_step",
]

_SPREAD = np.uint64(0x9E3779B97F4A7C15)


class Clusters(NamedTuple):
    """The clustered documents.

    Attributes:
        nodes: uint64[n], document keys of all edges, ascending.
        representatives: uint64[n], smallest key of each node's component.
    """

    nodes: NDArray[np.uint64]
    representatives: NDArray[np.uint64]


class Digest(NamedTuple):
    """An order-free sum over edges, to see whether a step has changed any.

    Attributes:
        edges: their number.
        total: sum of their hashes modulo 2^64.
    """

    edges: int = 0
    total: int = 0

    def merge(self, other: Digest) -> Digest:
        """Return the digest of both parts."""
        total = (self.total + other.total) & 0xFFFFFFFFFFFFFFFF
        return Digest(self.edges + other.edges, total)


def components(edges: NDArray[np.uint64]) -> Clusters:
    """Return the components of all edges; their order and direction do not matter.

    Args:
        edges: uint64[n, 2], document keys.
    """
    nodes, numbers = np.unique(edges, return_inverse=True)
    smallest = smallest_members(len(nodes), numbers.reshape(-1, 2).astype(np.int64))
    return Clusters(nodes, nodes[smallest])


def spanning_forest(parts: Iterable[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return uint64[n, 2], the edges (representative, node) of all components.

    A forest of forests is the forest of all their edges, so that partial ones can be
    merged in any order and any split, and the result is always the same array. It
    holds one edge for each clustered document that is no representative.
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
    order, starts = scatter(np.ascontiguousarray(directed[:, 0]) * _SPREAD, partitions)
    return {
        p: directed[order[starts[p] : starts[p + 1]]]
        for p in np.flatnonzero(np.diff(starts)).tolist()
    }


def star_step(
    parts: Iterable[NDArray[np.uint64]], kind: Literal["large", "small"]
) -> NDArray[np.uint64]:
    """Return the edges after one step over one partition, ascending, each once.

    The alternating algorithm of Kiveris et al., Connected Components in MapReduce and
    Beyond (SoCC 2014): a large star links each larger neighbour of a node to the
    smallest of the node and its neighbours; a small star links a node and its smaller
    neighbours to the smallest of them. Both keep the components. When a large and a
    small step leave `edge_digest` as it was, every component is a star around its
    smallest node. That takes O(log^2 n) rounds at most, 3 to 6 in practice.

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


def edge_digest(edges: NDArray[np.uint64]) -> Digest:
    """Return the digest of some edges; digests of disjoint parts add up."""
    if not len(edges):
        return Digest()
    low, high = edges.min(axis=1), edges.max(axis=1)
    hashes = _mix(_mix(low) ^ high)
    return Digest(len(edges), int(hashes.sum(dtype=np.uint64)))


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """MurmurHash3's finaliser on an array."""
    return mix64(values.copy())
