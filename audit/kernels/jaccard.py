"""Exact Jaccard similarity of sets of hashes.

In: sets as one array of ascending, distinct hashes with offsets, and pairs of set
numbers. Out: the size of each intersection and union.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy import int64

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["intersections"]


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
        total = (i_end - i) + (j_end - j)
        common = int64(0)
        while i < i_end and j < j_end:
            # No branch on the data: which side is smaller follows no pattern.
            left = hashes[i]
            right = hashes[j]
            common += int64(left == right)
            i += int64(left <= right)
            j += int64(right <= left)
        sizes[pair, 0] = common
        sizes[pair, 1] = total - common
    return sizes
