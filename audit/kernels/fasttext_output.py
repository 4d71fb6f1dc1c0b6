"""The output side of a fastText model: from a document's vector to its best labels.

In: the mean input rows of documents (`audit.kernels.fasttext`) and an `Output`. Out:
the likeliest labels among those allowed, with the probabilities fastText reports.
Scores are computed for all labels at a time, over the transposed matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HIERARCHICAL", "ONE_VS_ALL", "SOFTMAX", "Output", "top_labels"]

HIERARCHICAL, ONE_VS_ALL, SOFTMAX = 1, 2, 3


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


@kernel
def _scores(hidden, columns, out):  # type: ignore[no-untyped-def]
    out[:] = 0
    for d in range(len(hidden)):
        h = hidden[d]
        column = columns[d]
        for label in range(len(out)):
            out[label] += h * column[label]


@kernel
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
        out[:] = nodes[:n]


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
