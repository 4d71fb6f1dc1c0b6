"""What is known of each unit that is linked with another, wherever it was found.

In: units with their documents and characters, from exact copies and from verified
pairs, and the pairs themselves. Out: one node a unit; of the pairs, the few that decide
whether a component would fall apart without them; the units that corpora share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.link.clusters import spanning_forest
from audit.link.exact import NEAR, Shared, Weights
from audit.link.layout import match_probability
from audit.link.pairs import corpus_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audit.link.layout import BandLayout
    from audit.link.verify import Verified

__all__ = [
    "Arcs",
    "Nodes",
    "arcs_of",
    "as_near",
    "corpora_of",
    "merge_nodes",
    "merge_shared",
    "nodes_of",
    "nodes_of_pairs",
    "reach",
    "shared_of_pairs",
]

_NOBODY = np.uint64(0xFFFFFFFFFFFFFFFF)
# A pair that bands miss less often than this is as good as sure to be found.
_SURE = 1e-7


class Nodes(NamedTuple):
    """Units, ascending by key.

    Attributes:
        keys: uint64[n].
        documents: int64[n], documents of its content in its corpus.
        characters: int64[n], code points of all of them.
        nearest: uint64[n], smallest unit of its corpus that it is similar to; the
            largest value there is where it is similar to none.
    """

    keys: NDArray[np.uint64]
    documents: NDArray[np.int64]
    characters: NDArray[np.int64]
    nearest: NDArray[np.uint64]


class Arcs(NamedTuple):
    """Pairs that may be all that holds a component together.

    Attributes:
        pairs: uint64[n, 2], smaller unit first.
        jaccard: float64[n].
    """

    pairs: NDArray[np.uint64]
    jaccard: NDArray[np.float64]


def nodes_of(weights: Weights) -> Nodes:
    """Return the units of exact copies as nodes."""
    return Nodes(*weights, np.full(len(weights.keys), _NOBODY, np.uint64))


def nodes_of_pairs(near: Verified, corpora: NDArray[np.int64]) -> Nodes:
    """Return the units of verified pairs as nodes of one document each.

    Args:
        near: pairs at or above the threshold.
        corpora: int64[n, 2], corpus of both ends; across corpora no end is the other's
            nearest.
    """
    inside = corpora[:, 0] == corpora[:, 1]
    sides = []
    for own, other in ((0, 1), (1, 0)):
        nearest = np.where(inside, near.pairs[:, other], _NOBODY)
        ones = np.ones(len(nearest), np.int64)
        sides.append(Nodes(near.pairs[:, own], ones, near.characters[:, own], nearest))
    return merge_nodes(sides)


def merge_nodes(parts: Iterable[Nodes]) -> Nodes:
    """Return each unit once, ascending.

    A unit that verification met counts for itself alone; where it has copies, what is
    known of these says more, so that the larger numbers are right.
    """
    stacked = list(parts)
    none, zero = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    stacked.append(Nodes(none, zero, zero, none))
    columns = [np.concatenate(c) for c in zip(*stacked, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    keys, documents, characters, nearest = (column[order] for column in columns)
    if not len(keys):
        return stacked[-1]
    begins = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    return Nodes(
        keys[begins],
        np.maximum.reduceat(documents, begins),
        np.maximum.reduceat(characters, begins),
        np.minimum.reduceat(nearest, begins),
    )


def arcs_of(near: Verified, layout: BandLayout) -> Arcs:
    """Return the pairs that bands can miss, and of the others a forest.

    Whether a pair is a bridge of its component is decided by these as well as by all:
    sure pairs of one part of a component only matter as that they connect it.

    Args:
        near: pairs of one partition at or above the threshold, each within a corpus.
        layout: the bands that found them.
    """
    doubtful = 1 - match_probability(near.jaccard, layout) > _SURE
    forest = spanning_forest([near.pairs[~doubtful]])
    return Arcs(
        np.concatenate([near.pairs[doubtful], forest]),
        np.concatenate([near.jaccard[doubtful], np.ones(len(forest))]),
    )


def shared_of_pairs(near: Verified, corpora: NDArray[np.int64]) -> Shared:
    """Return the units of pairs of two corpora, each with the other's corpus."""
    across = corpora[:, 0] != corpora[:, 1]
    keys = near.pairs[across].reshape(-1)
    other = corpora[across][:, ::-1].reshape(-1)
    return merge_shared([Shared(keys, other, np.full(len(keys), NEAR, np.int64))])


def merge_shared(parts: Iterable[Shared]) -> Shared:
    """Return each (unit, other corpus, kind) once, ascending."""
    stacked = list(parts)
    if not stacked:
        zero = np.zeros(0, np.int64)
        return Shared(zero.astype(np.uint64), zero, zero)
    keys, other, kind = (np.concatenate(c) for c in zip(*stacked, strict=True))
    order = np.lexsort((kind, other, keys))
    keys, other, kind = keys[order], other[order], kind[order]
    fresh = np.ones(len(keys), np.bool_)
    for column in (keys, other, kind):
        fresh[1:] &= column[1:] == column[:-1]
    fresh[1:] = ~fresh[1:]
    return Shared(keys[fresh], other[fresh], kind[fresh])


def as_near(exact: Shared) -> Shared:
    """Return exact copies as near ones, which they are too."""
    return Shared(exact.keys, exact.other, np.full(len(exact.keys), NEAR, np.int64))


def reach(shared: Shared, aliases: NDArray[np.uint64]) -> Shared:
    """Return shared units and, beside each, those that have the same content.

    Args:
        shared: units that other corpora hold.
        aliases: uint64[n, 2], (unit, other unit or document), ascending.
    """
    first = np.searchsorted(aliases[:, 0], shared.keys, side="left")
    sizes = np.searchsorted(aliases[:, 0], shared.keys, side="right") - first
    shift = np.repeat(first - np.r_[0, np.cumsum(sizes)[:-1]], sizes)
    more = aliases[np.arange(sizes.sum()) + shift, 1]
    others = Shared(more, np.repeat(shared.other, sizes), np.repeat(shared.kind, sizes))
    return merge_shared([shared, others])


def corpora_of(
    pairs: NDArray[np.uint64], corpus_starts: Sequence[int]
) -> NDArray[np.int64]:
    """Return int64[n, 2], the corpus of both ends of each pair."""
    return corpus_of(pairs.reshape(-1), corpus_starts).reshape(-1, 2)
