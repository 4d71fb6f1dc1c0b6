"""Bridges: edges whose loss would cut a component in two.

In: edges between node numbers, parallel ones included. Out: which of them are bridges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy import int64

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bridges"]


@kernel
def bridges(n_nodes: int, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return bool[n_edges]: which edges are bridges.

    Depth-first search with low links (Tarjan, A note on finding the bridges of a graph,
    1974), on a stack of its own: time and memory linear in nodes and edges.

    Args:
        n_nodes: Nodes are 0 to n_nodes - 1.
        edges: int64[n_edges, 2]; two edges between the same nodes are no bridges.
    """
    starts = np.zeros(n_nodes + 1, int64)
    for edge in range(len(edges)):
        starts[edges[edge, 0] + 1] += 1
        starts[edges[edge, 1] + 1] += 1
    for node in range(n_nodes):
        starts[node + 1] += starts[node]
    free = starts[:-1].copy()
    around = np.empty(2 * len(edges), int64)
    for edge in range(len(edges)):
        for end in range(2):
            node = edges[edge, end]
            around[free[node]] = edge
            free[node] += 1
    at = starts[:-1].copy()
    seen = np.zeros(n_nodes, int64)
    low = np.zeros(n_nodes, int64)
    came_by = np.full(n_nodes, int64(-1))
    stack = np.empty(n_nodes, int64)
    result = np.zeros(len(edges), np.bool_)
    time = int64(0)
    for root in range(n_nodes):
        if seen[root]:
            continue
        time += 1
        seen[root] = low[root] = time
        stack[0] = root
        depth = int64(1)
        while depth:
            node = stack[depth - 1]
            if at[node] < starts[node + 1]:
                edge = around[at[node]]
                at[node] += 1
                if edge == came_by[node]:
                    continue
                other = edges[edge, 0] + edges[edge, 1] - node
                if seen[other]:
                    low[node] = min(low[node], seen[other])
                else:
                    time += 1
                    seen[other] = low[other] = time
                    came_by[other] = edge
                    stack[depth] = other
                    depth += 1
            else:
                depth -= 1
                if depth:
                    above = stack[depth - 1]
                    low[above] = min(low[above], low[node])
                    if low[node] > seen[above]:
                        result[came_by[node]] = True
    return result
