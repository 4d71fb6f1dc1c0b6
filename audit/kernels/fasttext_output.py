"""The output side of a fastText model: from a document's vector to its best labels.

In: the mean input rows of documents (`audit.kernels.fasttext`) and an `Output`. Out:
the likeliest labels among those allowed, with the probabilities fastText reports.
Scores are computed for some texts and labels at a time, over the transposed matrix;
exponentials are our own, because those of a system's library depend on the system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.jit import kernel, step
from audit.kernels.vectors import LANES, TILE, exponentials, score_tile

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "HIERARCHICAL", "ONE_VS_ALL", "SOFTMAX", "Output", "leaders", "top_labels",
]  # fmt: skip

HIERARCHICAL, ONE_VS_ALL, SOFTMAX = 1, 2, 3

# The least lead in score (a factor of 1.05) that is beyond the rounding of floats.
_LEAD = 0.05
# Score of a label that a document may not have.
_RULED_OUT = -1e30


class Output(NamedTuple):
    """The output side of a model.

    Attributes:
        columns: float32[dim, n_out], the output matrix transposed: one column a label
            (an inner node of the tree for `HIERARCHICAL`).
        left: int32[2 * n_labels - 1], left child of a tree node, -1 for a leaf.
        right: the same for the right child; both length 0 for other losses.
        loss: `HIERARCHICAL`, `ONE_VS_ALL` or `SOFTMAX`.
        n_labels: labels.
    """

    columns: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    loss: int
    n_labels: int


# Labels that scores are computed for at a time: those of `score_tile`.
_LABELS = 2 * LANES


@step
def _scores(hidden, first, columns, n_out, tile, out):  # type: ignore[no-untyped-def]
    """Write the scores of `TILE` texts from the first on for each label.

    Each sum is made in the order of the rows, whatever the processor.
    """
    n, dim = hidden.shape
    for text in range(TILE):
        for d in range(dim):
            tile[text * dim + d] = hidden[min(first + text, n - 1), d]
    width = len(out) // TILE
    for label in range(0, n_out, _LABELS):
        score_tile(tile, dim, columns, width, label, out)


@step
def _highest(bits):  # type: ignore[no-untyped-def]
    """Return the place of the highest of some floats, given as their bits.

    Bits in the order of floats are whole numbers, whose maximum a compiler may look
    for in any order, so several at a time. NaN never counts as a leader: it may stand
    for the highest, but no score is within a margin of it.
    """
    top = np.int32(-(2**31))
    for i in range(len(bits)):
        top = max(top, bits[i] ^ (bits[i] >> np.int32(31) & np.int32(0x7FFFFFFF)))
    place = np.int32(-1)
    for i in range(len(bits)):
        here = bits[i] ^ (bits[i] >> np.int32(31) & np.int32(0x7FFFFFFF))
        place = max(place, np.int32(i) if here == top else np.int32(-1))
    return place


@step
def _softmax(scores, bits, n, width, sums, out):  # type: ignore[no-untyped-def]
    """Write the probability of each label, as fastText reports it: 1e-5 above it.

    Sixteen sums run side by side, then are added up in order.
    """
    top = scores[_highest(bits[:n])]
    for label in range(width):
        out[label] = scores[label] - top
    for label in range(0, width, LANES):
        exponentials(out, label)
    for label in range(n, width):
        out[label] = 0
    total = _sum(out, width, sums)
    for label in range(n):
        out[label] = out[label] / total + np.float32(1e-5)


@step
def _sum(values, width, sums):  # type: ignore[no-untyped-def]
    """Return the sum of values whose number is a multiple of sixteen."""
    for lane in range(LANES):
        sums[lane] = 0
    for k in range(0, width, LANES):
        for lane in range(LANES):
            sums[lane] += values[k + lane]
    total = sums[0]
    for lane in range(1, LANES):
        total += sums[lane]
    return total


@step
def _sigmoids(scores, width, out):  # type: ignore[no-untyped-def]
    """Write 1 / (1 + e^-x) of each score."""
    for k in range(width):
        out[k] = -scores[k]
    for k in range(0, width, LANES):
        exponentials(out, k)
    for k in range(width):
        out[k] = np.float32(1) / (np.float32(1) + out[k])


@step
def _probabilities(output, scores, bits, width, sums, nodes, out):  # type: ignore[no-untyped-def]
    """Write the probability of each label, as fastText reports it."""
    n = output.n_labels
    if output.loss == SOFTMAX:
        _softmax(scores, bits, n, width, sums, out)
        return
    _sigmoids(scores, width, out)
    if output.loss == ONE_VS_ALL:
        for label in range(n):
            out[label] += np.float32(1e-5)
        return
    nodes[2 * n - 2] = 1
    for node in range(2 * n - 2, n - 1, -1):
        p, up = out[node - n], nodes[node]
        nodes[output.left[node]] = up * (np.float32(1 + 1e-5) - p)
        nodes[output.right[node]] = up * (p + np.float32(1e-5))
    for label in range(n):
        out[label] = nodes[label]


@step
def _first_highest(bits, width):  # type: ignore[no-untyped-def]
    """Return the first place of the highest value above zero, -1 if there is none.

    Bits of floats that are not negative are in the order of the floats, and a compiler
    may look for the highest whole number in any order, so several at a time.
    """
    top = np.int32(0)
    for k in range(width):
        top = max(top, bits[k])
    if top == 0:
        return np.int32(-1)
    place = np.int32(width)
    for k in range(width):
        place = min(place, np.int32(k) if bits[k] == top else np.int32(width))
    return place


@kernel
def _top_labels(  # type: ignore[no-untyped-def]
    output, columns, n_out, hidden, counts, weights, group, best, share, mass
):
    n, k, width = output.n_labels, best.shape[1], weights.shape[1]
    tile = np.zeros(TILE * hidden.shape[1], np.float32)
    scores = np.zeros((TILE, width), np.float32)
    bits, flat = scores.view(np.int32), scores.reshape(-1)
    found, nodes = np.zeros(width, np.float32), np.zeros(2 * n, np.float32)
    sums, found_bits = np.zeros(LANES, np.float32), found.view(np.int32)
    for doc in range(len(hidden)):
        at = doc % TILE
        if at == 0:
            _scores(hidden, doc, columns, n_out, tile, flat)
        if counts[doc] == 0:
            continue
        _probabilities(output, scores[at], bits[at], width, sums, nodes, found)
        row = weights[group[doc]]
        for label in range(width):
            p = found[label] * row[label]
            # What is no number counts as nothing.
            found[label] = p if p > 0 else np.float32(0)
        mass[doc] = _sum(found, width, sums)
        for j in range(k):
            label = _first_highest(found_bits, width)
            if label < 0:
                break
            best[doc, j], share[doc, j] = label, found[label]
            found[label] = 0


@step
def _leader(scores, bits, row, margin):  # type: ignore[no-untyped-def]
    """Return the label of one text that leads, or -1; the scores are changed."""
    highest = scores[_highest(bits)]
    for label in range(len(scores)):
        scores[label] += row[label]
    best = _highest(bits)
    if scores[best] < _RULED_OUT / 2:
        return np.int32(-1)
    limit, near = scores[best] - margin, 0
    for label in range(len(scores)):
        near += scores[label] >= limit
    # Far below a label that is ruled out, what fastText adds decides.
    sure = near == 1 and scores[best] - row[best] >= highest - np.float32(1)
    return best if sure else np.int32(-1)


@kernel
def _leaders(columns, n, hidden, counts, bias, group, margin, out):  # type: ignore[no-untyped-def]
    width = len(columns) // hidden.shape[1]
    scores = np.zeros((TILE, width), np.float32)
    bits, flat = scores.view(np.int32), scores.reshape(-1)
    tile = np.zeros(TILE * hidden.shape[1], np.float32)
    for doc in range(len(hidden)):
        at = doc % TILE
        if at == 0:
            _scores(hidden, doc, columns, n, tile, flat)
        if counts[doc] == 0:
            out[doc] = -1
            continue
        out[doc] = _leader(scores[at, :n], bits[at, :n], bias[group[doc]], margin)


def _whole_tiles(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the columns, flat, with as many of zeros as make whole tiles."""
    more = -columns.shape[1] % _LABELS
    return np.pad(columns, ((0, 0), (0, more))).reshape(-1)


def leaders(
    output: Output,
    hidden: NDArray[np.float32],
    counts: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    group: NDArray[np.int64],
    prior: NDArray[np.float32],
) -> NDArray[np.int32]:
    """Return the label that leads without doubt, -1 where `top_labels` has to tell.

    A tenth of its cost: scores are compared as they are, before any exponential.

    Args:
        output: the output side of a model; none leads unless its loss is `SOFTMAX`.
        hidden: float32[n_docs, dim].
        counts: int64[n_docs].
        allowed: bool[n_groups, n_labels].
        group: int64[n_docs].
        prior: float32[n_labels], all above zero.

    Returns:
        int32[n_docs], the label that `top_labels` would find best.
    """
    found = np.full(len(hidden), -1, np.int32)
    if output.loss == SOFTMAX and len(hidden):
        bias = np.where(allowed, np.log(prior), np.float32(_RULED_OUT))
        # fastText adds 1e-5 to each probability. That changes no order within the
        # margin, as the leader's own share is at least prior / (e n).
        margin = max(_LEAD, 6e-5 * output.n_labels / float(prior.min()))
        _leaders(
            _whole_tiles(output.columns), output.n_labels, hidden, counts,
            bias.astype(np.float32), group, np.float32(margin), found,
        )  # fmt: skip
    return found


def top_labels(
    output: Output,
    hidden: NDArray[np.float32],
    counts: NDArray[np.int64],
    k: int = 1,
    allowed: NDArray[np.bool_] | None = None,
    group: NDArray[np.int64] | None = None,
    prior: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the k likeliest labels of each document among those that it may have.

    Args:
        output: the output side of the model.
        hidden: float32[n_docs, dim], from `document_vectors`.
        counts: int64[n_docs], from `document_vectors`.
        k: how many labels.
        allowed: bool[n_groups, n_labels]; every label is allowed if None.
        group: int64[n_docs], row of ``allowed`` for each document.
        prior: float32[n_labels] that probabilities are multiplied by; ones if None.

    Returns:
        int32[n_docs, k] labels, best first, -1 where there are no more; float32 of the
        same shape, their probabilities as ``fasttext.predict`` gives them; and
        float32[n_docs], the sum over all allowed labels.
    """
    n_docs = len(hidden)
    if allowed is None:
        allowed = np.ones((1, output.n_labels), np.bool_)
    if group is None:
        group = np.zeros(n_docs, np.int64)
    if prior is None:
        prior = np.ones(output.n_labels, np.float32)
    best = np.full((n_docs, k), -1, np.int32)
    share = np.zeros((n_docs, k), np.float32)
    mass = np.zeros(n_docs, np.float32)
    if not n_docs:
        return best, share, mass
    n_out = output.columns.shape[1]
    columns = _whole_tiles(output.columns)
    weights = np.zeros((len(allowed), len(columns) // len(output.columns)), np.float32)
    weights[:, : output.n_labels] = np.where(allowed, prior, np.float32(0))
    _top_labels(
        output, columns, n_out, hidden, counts, weights, group, best, share, mass
    )
    return best, share, mass
