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
from audit.kernels.scores import TILE, exponentials, highest, leader, score_tile, total
from audit.kernels.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "HIERARCHICAL", "ONE_VS_ALL", "SOFTMAX", "Output", "leaders", "top_labels",
]  # fmt: skip

HIERARCHICAL, ONE_VS_ALL, SOFTMAX = 1, 2, 3

# The least lead in score (a factor of 1.05) that is beyond the rounding of floats.
_LEAD = 0.05


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
def _softmax(scores, n, width, out):  # type: ignore[no-untyped-def]
    """Write the probability of each label, as fastText reports it: 1e-5 above it."""
    top = highest(scores, 0, n)
    for label in range(width):
        out[label] = scores[label] - top
    for label in range(0, width, LANES):
        exponentials(out, label)
    for label in range(n, width):
        out[label] = 0
    whole = total(out, 0, width)
    for label in range(n):
        out[label] = out[label] / whole + np.float32(1e-5)


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
def _probabilities(output, scores, width, nodes, out):  # type: ignore[no-untyped-def]
    """Write the probability of each label, as fastText reports it."""
    n = output.n_labels
    if output.loss == SOFTMAX:
        _softmax(scores, n, width, out)
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
    flat, nodes = scores.reshape(-1), np.zeros(2 * n, np.float32)
    found = np.zeros(width, np.float32)
    found_bits = found.view(np.int32)
    for doc in range(len(hidden)):
        at = doc % TILE
        if at == 0:
            _scores(hidden, doc, columns, n_out, tile, flat)
        if counts[doc] == 0:
            continue
        _probabilities(output, scores[at], width, nodes, found)
        row = weights[group[doc]]
        for label in range(width):
            p = found[label] * row[label]
            # What is no number counts as nothing.
            found[label] = p if p > 0 else np.float32(0)
        mass[doc] = total(found, 0, width)
        for j in range(k):
            label = _first_highest(found_bits, width)
            if label < 0:
                break
            best[doc, j], share[doc, j] = label, found[label]
            found[label] = 0


@kernel
def _leaders(columns, n, hidden, counts, bias, group, margin, out):  # type: ignore[no-untyped-def]
    width, flat_bias = bias.shape[1], bias.reshape(-1)
    scores, tile = (
        np.zeros(TILE * width, np.float32),
        np.zeros(TILE * hidden.shape[1], np.float32),
    )
    for doc in range(len(hidden)):
        at = doc % TILE
        if at == 0:
            _scores(hidden, doc, columns, n, tile, scores)
        if counts[doc] == 0:
            continue
        # Far below a label that is ruled out, what fastText adds decides.
        out[doc] = leader(
            scores, at * width, flat_bias, group[doc] * width, n, margin, np.float32(1)
        )


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
        columns = _whole_tiles(output.columns)
        width = len(columns) // len(output.columns)
        bias = np.full((len(allowed), width), -np.inf, np.float32)
        bias[:, : output.n_labels] = np.where(allowed, np.log(prior), -np.inf)
        # fastText adds 1e-5 to each probability. That changes no order within the
        # margin, as the leader's own share is at least prior / (e n).
        margin = max(_LEAD, 6e-5 * output.n_labels / float(prior.min()))
        _leaders(
            columns, output.n_labels, hidden, counts, bias, group, np.float32(margin),
            found,
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
