"""Paths of wanted fields, in the form that kernels compare keys with.

In: the keys that lead to each field. Out: arrays, and kernels that tell which fields a
key of an object belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.kernels.jit import step

__all__ = ["Paths", "compile_paths", "leaves", "matching"]

# Sets of fields are the bits of an int64.
_MAX_FIELDS = 60


class Paths(NamedTuple):
    """Field paths as arrays: the keys of field f are rows first[f]:first[f + 1].

    Attributes:
        text: uint8[n_bytes], all keys one after the other.
        offsets: int64[n_keys + 1], where each key starts in ``text``.
        first: int64[n_fields + 1], the first key of each field.
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    first: NDArray[np.int64]


def compile_paths(paths: Sequence[Sequence[str]]) -> Paths:
    """Return field paths in the form the kernel reads.

    Args:
        paths: for each field the keys from the outermost object inwards.
    """
    if len(paths) > _MAX_FIELDS:
        raise ValueError(f"at most {_MAX_FIELDS} fields can be scanned: {len(paths)}")
    keys = [key.encode("utf-8", "surrogatepass") for path in paths for key in path]
    return Paths(
        np.frombuffer(b"".join(keys), np.uint8),
        np.cumsum([0, *map(len, keys)], dtype=np.int64),
        np.cumsum([0, *map(len, paths)], dtype=np.int64),
    )


@step
def matching(  # type: ignore[no-untyped-def]
    data, begin, end, level, active, text, offsets, first
):
    """Return which of the active fields have this key at this level, as bits."""
    found = 0
    for field in range(len(first) - 1):
        if active >> field & 1 == 0 or first[field] + level >= first[field + 1]:
            continue
        key = offsets[first[field] + level]
        size = offsets[first[field] + level + 1] - key
        if size != end - begin:
            continue
        same = True
        for k in range(size):
            if data[begin + k] != text[key + k]:
                same = False
                break
        if same:
            found |= 1 << field
    return found


@step
def leaves(fields, level, first):  # type: ignore[no-untyped-def]
    """Return those of the fields whose path ends at this level, as bits."""
    found = 0
    for field in range(len(first) - 1):
        if fields >> field & 1 and first[field + 1] - first[field] == level + 1:
            found |= 1 << field
    return found
