"""Exact Jaccard similarity of sets of hashes.

In: sets as one array of ascending, distinct hashes with offsets, and pairs of set
numbers. Out: the size of each intersection and union. A merge of two sets waits for one
comparison after the other, so large sets are cut into four parts of equal range, and
the four merges go side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.jit import inlined, kernel, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["common", "intersections"]

# So few steps are not worth the search for where to cut.
_FEW = 64


@inlined
def _merge_step(hashes: Any, i: Any, j: Any, found: Any) -> Any:
    """Take one step of a merge, without a branch: which is smaller has no pattern."""
    left, right = hashes[uint64(i)], hashes[uint64(j)]
    return i + int64(left <= right), j + int64(right <= left), found + (left == right)


@inlined
def _merged(hashes: Any, i: Any, i_end: Any, j: Any, j_end: Any, found: Any) -> Any:
    """Go on with a merge to its end, and return what is common then."""
    while i < i_end and j < j_end:
        i, j, found = _merge_step(hashes, i, j, found)
    return found


@inlined
def _first_from(hashes: Any, low: Any, high: Any, value: Any) -> Any:
    """Return the place of the first hash that is no smaller than a value."""
    while low < high:
        middle = (low + high) >> 1
        if hashes[uint64(middle)] < value:
            low = middle + 1
        else:
            high = middle
    return low


@step
def common(hashes: Any, i: Any, i_end: Any, j: Any, j_end: Any) -> Any:
    """Return how many hashes two ascending sets have in common.

    Args:
        hashes: of all sets.
        i: where the first set begins.
        i_end: where it ends.
        j: where the second set begins.
        j_end: where it ends.
    """
    found = int64(0)
    if min(i_end - i, j_end - j) < _FEW:
        return _merged(hashes, i, i_end, j, j_end, found)
    quarter = (i_end - i) >> 2
    # Equal hashes stay on one side of each cut.
    v1, v2 = hashes[i + quarter], hashes[i + 2 * quarter]
    v3 = hashes[i + 3 * quarter]
    i1 = a1 = _first_from(hashes, i, i + quarter, v1)
    i2 = a2 = _first_from(hashes, i1, i + 2 * quarter, v2)
    i3 = a3 = _first_from(hashes, i2, i + 3 * quarter, v3)
    j2 = b2 = _first_from(hashes, j, j_end, v2)
    j1 = b1 = _first_from(hashes, j, j2, v1)
    j3 = b3 = _first_from(hashes, j2, j_end, v3)
    steps = int64(1)
    while steps > 0:
        # No part ends before so many steps.
        steps = min(
            min(min(i1 - i, j1 - j), min(i2 - a1, j2 - b1)),
            min(min(i3 - a2, j3 - b2), min(i_end - a3, j_end - b3)),
        )
        for _ in range(steps):
            i, j, found = _merge_step(hashes, i, j, found)
            a1, b1, found = _merge_step(hashes, a1, b1, found)
            a2, b2, found = _merge_step(hashes, a2, b2, found)
            a3, b3, found = _merge_step(hashes, a3, b3, found)
    found = _merged(hashes, i, i1, j, j1, found)
    found = _merged(hashes, a1, i2, b1, j2, found)
    found = _merged(hashes, a2, i3, b2, j3, found)
    return _merged(hashes, a3, i_end, b3, j_end, found)


@kernel
def intersections(
    hashes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return int64[n_pairs, 2]: (common, all) hashes of each pair of sets.

    Args:
        hashes: uint32[n] or uint64[n], ascending within each set. A hash that a set
            has twice is common twice where the other has it twice.
        offsets: int64[n_sets + 1].
        pairs: int64[n_pairs, 2], set numbers.
    """
    sizes = np.zeros((len(pairs), 2), int64)
    for pair in range(len(pairs)):
        i = offsets[pairs[pair, 0]]
        i_end = offsets[pairs[pair, 0] + 1]
        j = offsets[pairs[pair, 1]]
        j_end = offsets[pairs[pair, 1] + 1]
        shared = common(hashes, i, i_end, j, j_end)
        sizes[pair, 0] = shared
        sizes[pair, 1] = (i_end - i) + (j_end - j) - shared
    return sizes
