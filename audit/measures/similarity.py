"""Diversity that knows that some keys are alike.

In: counts of keys and how similar the keys are. Out: Leinster and Cobbold's effective
numbers (2012, "Measuring diversity: the importance of species similarity"): keys that
are wholly alike count as one, keys that share nothing count in full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["GroupLevel", "group_ordinariness", "similarity_hill"]

Floats = NDArray[np.float64]


class GroupLevel(NamedTuple):
    """One level of a grouping of keys.

    Attributes:
        groups: int64[n_keys], the group of each key; -1 belongs to none.
        within: Similarity of two different keys of one group, in [0, 1].
    """

    groups: NDArray[np.int64]
    within: float


def group_ordinariness(shares: ArrayLike, levels: Sequence[GroupLevel]) -> Floats:
    """Return ``Zp`` where the similarity of two keys is that of their closest group.

    Groups make the product linear in the number of keys; Z itself is never built.

    Args:
        shares: float64[..., n_keys], sum 1 over the last axis.
        levels: From wide to narrow, each nested in the one before and at least as
            similar within (family, then branch).

    Returns:
        float64[..., n_keys]: how ordinary each key is, at least its own share.
    """
    p = np.asarray(shares, np.float64)
    result, inner = p.copy(), p
    for level in reversed(levels):
        codes = np.asarray(level.groups, np.int64)
        member = np.zeros((len(codes), int(codes.max(initial=0)) + 2))
        member[np.arange(len(codes)), codes] = 1.0
        member[:, -1] = 0.0
        inside = np.where(codes >= 0, (p @ member) @ member.T, inner)
        result += level.within * (inside - inner)
        inner = inside
    return result


def similarity_hill(
    counts: ArrayLike,
    order: float,
    *,
    ordinariness: ArrayLike | None = None,
    similarity: ArrayLike | None = None,
) -> Floats:
    """Return the similarity-sensitive Hill number of order q.

    ``(sum p (Zp)^(q-1))^(1/(1-q))``; order 1 is ``exp(-sum p log Zp)``, order infinity
    ``1 / max Zp``. With Z the identity this is `audit.measures.diversity.hill`.

    Args:
        counts: float64 or int64[..., n_keys].
        order: q >= 0; ``math.inf`` is allowed.
        ordinariness: float64[..., n_keys], ``Zp`` of the shares of ``counts``.
        similarity: float64[n_keys, n_keys], Z itself; used where no ordinariness is
            given. Neither given means that no two keys are alike.

    Returns:
        float64[...]; 0 where nothing was counted.
    """
    values = np.asarray(counts, np.float64)
    total = values.sum(axis=-1)
    p = values / np.where(total > 0, total, 1.0)[..., None]
    if ordinariness is not None:
        zp = np.asarray(ordinariness, np.float64)
    elif similarity is not None:
        zp = p @ np.asarray(similarity, np.float64).T
    else:
        zp = p
    seen = p > 0
    if not seen.any():
        return np.zeros(total.shape)
    safe = np.where(seen, zp, 1.0)
    if order == 1:
        result = np.exp(-(p * np.log(safe)).sum(axis=-1))
    elif math.isinf(order):
        result = 1.0 / np.maximum(np.where(seen, zp, 0.0).max(axis=-1), 1e-300)
    else:
        sums = np.where(seen, p * safe ** (order - 1.0), 0.0).sum(axis=-1)
        result = np.where(total > 0, sums, 1.0) ** (1.0 / (1.0 - order))
    return np.where(total > 0, result, 0.0)
