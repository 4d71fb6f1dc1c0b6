"""Duplicate figures of a job: clusters by size, what was removed by whom, corrections.

In: clusters, verified pairs, exact groups, characters. Out: rows of the ``duplicates``
table by corpus, and the duplicate columns of ``summary``; estimates of what banding has
missed; evidence for people to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.errors import AccountingError
from audit.kernels.distinct import distinct
from audit.kernels.hashing import mix64
from audit.link.clusters import Clusters, components
from audit.link.exact import Members, SizeCounts, count_sizes
from audit.link.layout import match_probability
from audit.link.pairs import corpus_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audit.link.layout import BandLayout
    from audit.link.verify import Verified

__all__ = [
    "Corrected",
    "NearFigures",
    "characters_of",
    "corrected_documents",
    "corrected_pairs",
    "evidence",
    "near_figures",
    "overlap_members",
    "within",
]

# Half the width of a 95 % interval in standard errors.
_Z = 1.959963984540054


class NearFigures(NamedTuple):
    """Near-duplicates of one corpus; exact copies belong to their cluster too.

    Attributes:
        sizes: clusters by size (rows of the ``duplicates`` table, kind ``near``).
        clusters: number of clusters.
        documents: documents that are not the representative of their cluster.
        direct_documents: of these, documents with an edge to the representative, or
            exact copies of such a document.
        largest_cluster: documents of the largest cluster, 0 where there is none.
        verified_pairs: pairs found similar, exact copies left out.
    """

    sizes: SizeCounts
    clusters: int
    documents: int
    direct_documents: int
    largest_cluster: int
    verified_pairs: int


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


def within(
    pairs: NDArray[np.uint64], corpus: int, corpus_starts: Sequence[int] = (0,)
) -> NDArray[np.bool_]:
    """Return bool[n]: which pairs lie within one corpus."""
    both = corpus_of(pairs.reshape(-1), corpus_starts).reshape(-1, 2)
    return np.asarray((both == corpus).all(axis=1))


def characters_of(
    nodes: NDArray[np.uint64],
    known: Iterable[tuple[NDArray[np.uint64], NDArray[np.int64]]],
) -> NDArray[np.int64]:
    """Return int64[n], the characters of each node, from (keys, characters) arrays.

    The keys may be pairs of any shape and repeat: edges carry the lengths of both ends.
    """
    parts = list(known)
    keys = np.concatenate([np.zeros(0, np.uint64), *(k.reshape(-1) for k, _ in parts)])
    lengths = np.concatenate(
        [np.zeros(0, np.int64), *(c.reshape(-1) for _, c in parts)]
    )
    names, first = np.unique(keys, return_index=True)
    places = np.searchsorted(names, nodes)
    found = places < len(names)
    found[found] = names[places[found]] == nodes[found]
    if not found.all():
        raise AccountingError(
            "the length of every clustered document must be known",
            value=f"{int((~found).sum())} missing",
            where="duplicate figures",
        )
    return np.asarray(lengths[first[places]], np.int64)


def near_figures(
    verified: Verified,
    exact_edges: NDArray[np.uint64],
    exact_characters: NDArray[np.int64],
    corpus: int = 0,
) -> tuple[Clusters, NearFigures]:
    """Return the clusters of one corpus and their figures.

    Args:
        verified: Pairs of this corpus at or above the threshold.
        exact_edges: uint64[n, 2], its exact copies (first copy, other copy).
        exact_characters: int64[n, 2].
        corpus: Its number, for the rows.
    """
    clusters = components(np.concatenate([verified.pairs, exact_edges]))
    nodes, representatives = clusters
    lengths = characters_of(
        nodes,
        [(verified.pairs, verified.characters), (exact_edges, exact_characters)],
    )
    names, cluster = np.unique(representatives, return_inverse=True)
    corpora = np.full(len(names), corpus, np.int64)
    sizes = count_sizes(corpora, cluster.reshape(-1), lengths)
    largest = int(sizes.cluster_size[-1]) if len(names) else 0
    figures = NearFigures(
        sizes,
        len(names),
        len(nodes) - len(names),
        _direct(clusters, verified.pairs, exact_edges),
        largest,
        int((verified.jaccard < 1).sum()),
    )
    return clusters, figures


def _direct(
    clusters: Clusters, pairs: NDArray[np.uint64], exact_edges: NDArray[np.uint64]
) -> int:
    """Count documents with an edge to their representative, copies taken as one."""
    nodes, representatives = clusters
    same = _classes(nodes, exact_edges)
    centre = same[np.searchsorted(nodes, representatives)]
    direct = same == centre
    ends = same[np.searchsorted(nodes, pairs)]
    middle = centre[np.searchsorted(nodes, pairs)]
    for here, there in ((0, 1), (1, 0)):
        touched = ends[ends[:, there] == middle[:, there], here]
        direct |= np.isin(same, touched)
    return int(direct.sum()) - len(distinct(representatives))


def _classes(
    nodes: NDArray[np.uint64], exact_edges: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return the first copy of each node, itself where it has no copy."""
    classes = nodes.copy()
    copies = components(exact_edges)
    places = np.searchsorted(nodes, copies.nodes)
    known = places < len(nodes)
    known[known] = nodes[places[known]] == copies.nodes[known]
    classes[places[known]] = copies.representatives[known]
    return classes


def corrected_pairs(jaccard: NDArray[np.float64], layout: BandLayout) -> Corrected:
    """Estimate how many pairs there are at or above the threshold.

    Horvitz and Thompson (JASA 47, 1952): a pair of similarity J is found with
    probability P(J), so each one found stands for 1 / P(J). The variance estimate takes
    pairs as independent: the sum of (1 - P) / P^2.

    Args:
        jaccard: float64[n], verified pairs at or above the threshold.
        layout: The bands that found them.
    """
    return _horvitz_thompson(match_probability(jaccard, layout))


def corrected_documents(
    clusters: Clusters,
    verified: Verified,
    exact_edges: NDArray[np.uint64],
    layout: BandLayout,
) -> Corrected:
    """Estimate how many documents are no representative of their cluster.

    A document is found unless every one of its pairs is missed: with probability
    1 - prod(1 - P(J)) over its verified pairs; an exact copy is always found. Each
    document found stands for the inverse of that.

    Args:
        clusters: What `near_figures` returned.
        verified: Its pairs.
        exact_edges: uint64[n, 2], exact copies.
        layout: The bands that found the pairs.
    """
    nodes, representatives = clusters
    missed = np.zeros(len(nodes))
    odds = np.log1p(-np.minimum(match_probability(verified.jaccard, layout), 1 - 1e-15))
    for end in (0, 1):
        np.add.at(missed, np.searchsorted(nodes, verified.pairs[:, end]), odds)
    found = -np.expm1(missed)
    found[np.searchsorted(nodes, exact_edges.reshape(-1))] = 1.0
    return _horvitz_thompson(found[nodes != representatives])


def _horvitz_thompson(found: NDArray[np.float64]) -> Corrected:
    """Return the estimate and its interval.

    What was missed is a count too: about Poisson around its estimate, so that its own
    spread is added to that of the estimate, and two for the skew of small counts.
    """
    value = float(np.sum(1 / found))
    missed = value - len(found)
    variance = float(np.sum((1 - found) / found**2)) + missed
    error = _Z * float(np.sqrt(variance)) + (2.0 if missed > 0 else 0.0)
    return Corrected(
        len(found), value, max(float(len(found)), value - error), value + error
    )


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
    low = verified.pairs[:, 0].copy()
    lottery = mix64(mix64(low) ^ verified.pairs[:, 1])
    band = np.searchsorted(np.asarray(bands), verified.jaccard, side="right") - 1
    order = np.lexsort((verified.pairs[:, 1], verified.pairs[:, 0], lottery, band))
    starts = np.searchsorted(band[order], band[order])
    rank = np.arange(len(order)) - starts
    return np.asarray(order[(rank < per_band) & (band[order] >= 0)], np.int64)


def overlap_members(
    verified: Verified,
    exact_edges: NDArray[np.uint64],
    exact_characters: NDArray[np.int64],
    corpus_starts: Sequence[int],
) -> Members:
    """Return the documents that have a near copy in another corpus.

    Args:
        verified: Pairs at or above the threshold; those within a corpus are ignored.
        exact_edges: uint64[n, 2], exact copies within corpora: what holds of a
            document holds of its copies, whose bands were sent only once.
        exact_characters: int64[n, 2].
        corpus_starts: First task of each corpus, ascending.
    """
    corpora = corpus_of(verified.pairs.reshape(-1), corpus_starts).reshape(-1, 2)
    cross = corpora[:, 0] != corpora[:, 1]
    pairs, corpora = verified.pairs[cross], corpora[cross]
    nodes = distinct(np.concatenate([pairs.reshape(-1), exact_edges.reshape(-1)]))
    classes = _classes(nodes, exact_edges)
    class_of = classes[np.searchsorted(nodes, pairs)]
    touched = np.unique(
        np.concatenate(
            [
                np.stack([class_of[:, 0], corpora[:, 1].astype(np.uint64)], axis=1),
                np.stack([class_of[:, 1], corpora[:, 0].astype(np.uint64)], axis=1),
            ]
        ),
        axis=0,
    )
    # Every node of a touched class, once for each corpus that touches it.
    by_class = np.argsort(classes, kind="stable")
    first = np.searchsorted(classes[by_class], touched[:, 0], side="left")
    size = np.searchsorted(classes[by_class], touched[:, 0], side="right") - first
    shift = np.repeat(first - np.r_[0, np.cumsum(size)[:-1]].astype(np.int64), size)
    keys = nodes[by_class[np.arange(size.sum()) + shift]]
    other = np.repeat(touched[:, 1], size).astype(np.int64)
    order = np.lexsort((other, keys))
    lengths = characters_of(
        keys[order],
        [(pairs, verified.characters[cross]), (exact_edges, exact_characters)],
    )
    return Members(keys[order], other[order], lengths)
