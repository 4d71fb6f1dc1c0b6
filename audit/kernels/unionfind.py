"""Connected components of numbered nodes.

In: edges between node numbers. Out: the smallest node of each node's component.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64

from audit.kernels.jit import kernel, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["smallest_members"]


@kernel
def smallest_members(n_nodes: int, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64[n_nodes], the smallest node that each node is connected with.

    Union by smaller number with path halving: O(log n) amortised a step, and the root
    of a tree is always its smallest node, whatever the order of the edges.

    Args:
        n_nodes: Nodes are 0 to n_nodes - 1.
        edges: int64[n_edges, 2].
    """
    parent = np.arange(n_nodes)
    for edge in range(len(edges)):
        a = _root(parent, edges[edge, 0])
        b = _root(parent, edges[edge, 1])
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b
    # A parent is never larger than its child, so one pass upwards settles all.
    for node in range(n_nodes):
        parent[node] = parent[parent[node]]
    return parent


@step
def _root(parent: NDArray[np.int64], node: Any) -> Any:
    at = int64(node)
    while parent[at] != at:
        parent[at] = parent[parent[at]]
        at = parent[at]
    return at
