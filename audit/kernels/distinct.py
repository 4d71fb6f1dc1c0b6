"""The distinct values of an array of integers, ascending.

In: numbers in any order. Out: the same, each once. `numpy.unique` has hashed integers
since NumPy 2.3, which takes a hundred times as long as sorting where most of a million
values are distinct.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["distinct"]


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values of an integer array of any shape, ascending, each once."""
    ordered = np.sort(values, axis=None)
    fresh = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return ordered[fresh]
