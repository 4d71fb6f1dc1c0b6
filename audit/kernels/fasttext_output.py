"""The output side of a fastText model: from a document's vector to its best labels.

In: the mean input rows of documents (`audit.kernels.fasttext`) and an `Output`. Out:
the likeliest labels among those allowed, with the probabilities fastText reports.
Scores are computed for all labels at a time, over the transposed matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.jit import kernel, step

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


@step
def _scores(hidden, columns, out):  # type: ignore[no-untyped-def]
    """Write the score of each label; each sum is made in the order of the rows."""
    dim = len(hidden)
    whole = dim - dim % 4
    out[:] = 0
    for d in range(0, whole, 4):
        # Four rows a turn: the scores are loaded and stored a quarter as often.
        h0, h1, h2, h3 = hidden[d], hidden[d + 1], hidden[d + 2], hidden[d + 3]
        c0, c1, c2, c3 = columns[d], columns[d + 1], columns[d + 2], columns[d + 3]
        for label in range(len(out)):
            score = out[label] + h0 * c0[label] + h1 * c1[label]
            out[label] = score + h2 * c2[label] + h3 * c3[label]
    for d in range(whole, dim):
        h, column = hidden[d], columns[d]
        for label in range(len(out)):
            out[label] += h * column[label]


@step
def _probabilities(output, scores, out, nodes):  # type: ignore[no-untyped-def]
    """Turn scores into the probability of each label, as fastText reports it."""
    n = output.n_labels
    if output.loss == SOFTMAX:
        top, total = scores[0], np.float32(0)
        for label in range(n):
            top = max(top, scores[label])
        for label in range(n):
            out[label] = np.exp(scores[label] - top)
            total += out[label]
        for label in range(n):
            out[label] = out[label] / total + np.float32(1e-5)
    elif output.loss == ONE_VS_ALL:
        for label in range(n):
            out[label] = np.float32(1) / (np.float32(1) + np.exp(-scores[label]))
            out[label] += np.float32(1e-5)
    else:
        nodes[2 * n - 2] = 1
        for node in range(2 * n - 2, n - 1, -1):
            p = np.float32(1) / (np.float32(1) + np.exp(-scores[node - n]))
            up = nodes[node]
            nodes[output.left[node]] = up * (np.float32(1 + 1e-5) - p)
            nodes[output.right[node]] = up * (p + np.float32(1e-5))
        for label in range(n):
            out[label] = nodes[label]


@kernel
def _top_labels(output, hidden, counts, prior, allowed, group, best, share, mass):  # type: ignore[no-untyped-def]
    n, k = output.n_labels, best.shape[1]
    scores = np.zeros(output.columns.shape[1], np.float32)
    probability = np.zeros(n, np.float32)
    nodes = np.zeros(2 * n, np.float32)
    for doc in range(len(hidden)):
        for j in range(k):
            best[doc, j] = -1
        if counts[doc] == 0:
            continue
        _scores(hidden[doc], output.columns, scores)
        _probabilities(output, scores, probability, nodes)
        row = allowed[group[doc]]
        for label in range(n):
            if not row[label]:
                continue
            p = probability[label] * prior[label]
            mass[doc] += p
            if p <= share[doc, k - 1]:
                continue
            j = k - 1
            while j > 0 and p > share[doc, j - 1]:
                share[doc, j] = share[doc, j - 1]
                best[doc, j] = best[doc, j - 1]
                j -= 1
            share[doc, j] = p
            best[doc, j] = label


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


@kernel
def _leaders(columns, hidden, counts, bias, group, margin, out):  # type: ignore[no-untyped-def]
    n = columns.shape[1]
    scores = np.zeros(n, np.float32)
    bits = scores.view(np.int32)
    for doc in range(len(hidden)):
        out[doc] = -1
        if counts[doc] == 0:
            continue
        _scores(hidden[doc], columns, scores)
        highest = scores[_highest(bits)]
        row = bias[group[doc]]
        for label in range(n):
            scores[label] += row[label]
        best = _highest(bits)
        if scores[best] < _RULED_OUT / 2:
            continue
        limit, near = scores[best] - margin, 0
        for label in range(n):
            near += scores[label] >= limit
        # Far below a label that is ruled out, what fastText adds decides.
        if near == 1 and scores[best] - row[best] >= highest - np.float32(1):
            out[doc] = best


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
            output.columns, hidden, counts, bias.astype(np.float32), group,
            np.float32(margin), found,
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
    _top_labels(output, hidden, counts, prior, allowed, group, best, share, mass)
    return best, share, mass
