"""Duplicate figures: clusters by size, who is like whom, and what banding has missed.

In: the members and arcs of whole components, in partitions of their representatives.
Out: counts that add up over partitions, and from their sums an estimate of the
duplicates there really are, with an interval; evidence for people to look at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.bridges import bridges
from audit.link.exact import SizeCounts, count_sizes
from audit.link.layout import match_probability
from audit.link.pairs import corpus_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audit.link.layout import BandLayout
    from audit.link.nodes import Arcs, Nodes
    from audit.link.verify import Verified

__all__ = [
    "Corrected",
    "Members",
    "Sized",
    "Tally",
    "corrected",
    "evidence",
    "missed_links",
    "poisson_interval",
    "sized",
    "tally",
]

# Missed links are summed in units of 2^-32, so that no order of adding shows.
_FIXED = 2**32
_TAIL = 0.025
# Above this mean the Poisson distribution is taken as normal.
_LARGE = 400.0
_Z = 1.959963984540054


class Members(NamedTuple):
    """Units with the representative of their cluster.

    Attributes:
        representatives: uint64[n].
        keys: uint64[n], the units.
        documents: int64[n], documents a unit stands for; 0 for a unit whose documents
            are counted by the first unit of its content.
        characters: int64[n], code points of them.
        direct: int64[n], of its documents those that are similar to the representative
            or a copy of it, the representative left out.
    """

    representatives: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    documents: NDArray[np.int64]
    characters: NDArray[np.int64]
    direct: NDArray[np.int64]

    @classmethod
    def of(cls, nodes: Nodes, roots: NDArray[np.uint64]) -> Members:
        """Return units as members, by their representatives."""
        own = nodes.keys == roots
        # The representative's copies are like it; so is what it is nearest to, with all
        # its copies.
        direct = np.where(own, nodes.documents - 1, nodes.documents)
        direct = np.where(own | (nodes.nearest == roots), direct, 0)
        return cls(roots, nodes.keys, nodes.documents, nodes.characters, direct)


class Sized(NamedTuple):
    """Clusters of two documents and more.

    Attributes:
        representatives: uint64[n], ascending.
        documents: int64[n].
        characters: int64[n].
        direct: int64[n], documents directly similar to the representative.
    """

    representatives: NDArray[np.uint64]
    documents: NDArray[np.int64]
    characters: NDArray[np.int64]
    direct: NDArray[np.int64]


class Tally(NamedTuple):
    """Figures of one corpus from one partition; sums.

    Attributes:
        verified_pairs: pairs found similar, exact copies left out.
        direct_documents: documents directly similar to their representative.
        missed_fixed: links that banding is expected to have missed, times 2^32.
        open_links: links that the star steps left open.
    """

    verified_pairs: int = 0
    direct_documents: int = 0
    missed_fixed: int = 0
    open_links: int = 0

    def merge(self, other: Tally) -> Tally:
        """Return the figures of both."""
        return Tally(*(a + b for a, b in zip(self, other, strict=True)))


class Corrected(NamedTuple):
    """A count corrected for what banding misses, with a 95 % interval.

    Attributes:
        found: what was counted.
        value: the estimate.
        low: lower end of its interval, never below ``found``.
        high: upper end.
    """

    found: int
    value: float
    low: float
    high: float


def sized(members: Members) -> Sized:
    """Return the clusters of one partition that have two documents and more.

    Args:
        members: all members of the clusters of the partition, in any order.
    """
    order = np.argsort(members.representatives, kind="stable")
    names = members.representatives[order]
    if not len(names):
        return Sized(names, *(members.documents[:0] for _ in range(3)))
    begins = np.flatnonzero(np.r_[True, names[1:] != names[:-1]])
    documents, characters, direct = (
        np.add.reduceat(column[order], begins)
        for column in (members.documents, members.characters, members.direct)
    )
    many = documents >= 2
    return Sized(names[begins][many], documents[many], characters[many], direct[many])


def tally(
    clusters: Sized, arcs: Arcs, layout: BandLayout, corpus_starts: Sequence[int]
) -> tuple[SizeCounts, dict[int, Tally]]:
    """Return clusters by corpus and size, and the figures of each corpus.

    Args:
        clusters: those of one partition.
        arcs: their pairs, as `audit.link.nodes.arcs_of` chose them.
        layout: the bands that found the pairs.
        corpus_starts: first task of each corpus, ascending.
    """
    corpora = corpus_of(clusters.representatives, corpus_starts)
    sizes = count_sizes(corpora, clusters.documents, clusters.characters)
    missed = missed_links(arcs, layout)
    of_arc = corpus_of(arcs.pairs[:, 0], corpus_starts)
    tallies = {
        corpus: Tally(
            direct_documents=int(clusters.direct[corpora == corpus].sum()),
            missed_fixed=int(missed[of_arc == corpus].sum()),
        )
        for corpus in np.unique(np.concatenate([corpora, of_arc])).tolist()
    }
    return sizes, tallies


def missed_links(arcs: Arcs, layout: BandLayout) -> NDArray[np.int64]:
    """Return for each arc how many links like it are expected to be missing.

    A document is lost to its cluster where a bridge is missed: a pair without which the
    component falls apart. A bridge of similarity J is found with probability P(J), so
    that each one found stands for 1 / P(J), and for (1 - P) / P that are missing
    (Horvitz and Thompson 1952). What is no bridge can be missed without any loss.

    Args:
        arcs: of whole components.
        layout: the bands that found them.

    Returns:
        int64[n], in units of 2^-32; 0 for what is no bridge.
    """
    names, numbers = np.unique(arcs.pairs, return_inverse=True)
    is_bridge = bridges(len(names), numbers.reshape(-1, 2).astype(np.int64))
    found = match_probability(arcs.jaccard, layout)
    missed = np.where(is_bridge, (1 - found) / found, 0.0)
    return np.rint(missed * _FIXED).astype(np.int64)


def corrected(found: int, total: Tally) -> Corrected:
    """Estimate how many documents repeat another, beside those that were found.

    Misses are rare and all but independent, so that their number is about Poisson
    around what is expected. Its 95 % range is the interval.

    Args:
        found: documents that are not the representative of their cluster.
        total: the figures of the whole corpus.
    """
    missed = total.missed_fixed / _FIXED
    low, high = poisson_interval(missed)
    return Corrected(found, found + missed, float(found + low), float(found + high))


def poisson_interval(mean: float) -> tuple[int, int]:
    """Return the range outside of which, on each side, 2.5 % lie at most."""
    if mean > _LARGE:
        spread = _Z * math.sqrt(mean)
        return math.floor(mean - spread), math.ceil(mean + spread)
    # Below `low` and above `high` lies no more than a tail.
    term = below = math.exp(-mean)
    number, low = 0, 0
    while below <= _TAIL:
        low = number + 1
        number += 1
        term *= mean / number
        below += term
    while below < 1 - _TAIL:
        number += 1
        term *= mean / number
        below += term
    return low, number


def evidence(
    verified: Verified, bands: Sequence[float], per_band: int
) -> NDArray[np.int64]:
    """Return the numbers of the pairs to show: a sample of each similarity band.

    The pairs of lowest hash, so that the sample of a whole is among the samples of its
    parts: parts may be cut first and merged later.

    Args:
        verified: The pairs.
        bands: Ascending lower ends of the similarity bands.
        per_band: Largest number of pairs of one band.
    """
    lottery = _mixed(_mixed(verified.pairs[:, 0]) ^ verified.pairs[:, 1])
    band = np.searchsorted(np.asarray(bands), verified.jaccard, side="right") - 1
    order = np.lexsort((verified.pairs[:, 1], verified.pairs[:, 0], lottery, band))
    starts = np.searchsorted(band[order], band[order])
    rank = np.arange(len(order)) - starts
    return np.asarray(order[(rank < per_band) & (band[order] >= 0)], np.int64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return MurmurHash3's finaliser of each value, modulo 2^64."""
    mixed = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return np.asarray(mixed ^ (mixed >> np.uint64(33)))
