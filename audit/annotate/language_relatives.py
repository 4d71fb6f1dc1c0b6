"""A second look at labels whose close relatives the model mixes up.

In: the two best labels of texts, and the texts as the model read them. Out: the same,
with the label and its share settled among the relatives of the first. Each group of
relatives (Croatian, Bosnian, Serbian, Slovene; Indonesian and Malay) has a linear
classifier of its own over words, pairs of words and runs of letters, which
`audit.resources.build_language_relatives` learns; the file lies beside the model.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.relatives import kept_map, mark_sums, own_scores, whole_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audit.kernels.relatives import Texts

__all__ = ["Group", "Relatives", "Scored", "read_relatives", "write_relatives"]

# From this share on the first model is taken at its word: on held-out text a second
# look beyond it renames one text in a thousand, rightly as often as not.
SURE = 0.75


class Scored(NamedTuple):
    """What scores of labels are made of.

    Attributes:
        hidden: float32[n, dim], texts.
        columns: float32[dim, n_labels], labels.
        prior: float32[n_labels], factors of the labels' probabilities.
    """

    hidden: NDArray[np.float32]
    columns: NDArray[np.float32]
    prior: NDArray[np.float32]

    def of(
        self, rows: NDArray[np.int64], labels: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return float64[n_rows, k], scores of some labels of some texts.

        Summed in one order, which a matrix product does not promise: how sure a text
        is must not depend on what stands beside it.
        """
        start = np.log(self.prior[labels].astype(np.float64))
        return own_scores(self.hidden, rows, self.columns, labels, start)


@dataclass
class Group:
    """Labels that are close relatives, and what tells them apart.

    Attributes:
        labels: int64[k], ascending: numbers of the labels in the model.
        marks: int64[n_marks], ascending: the marks that have weights.
        weights: int8[n_marks, k].
        bias: float64[k], added to each label's score.
        step: what one unit of a weight is worth.
        trust: factor of the model's own logarithms of shares.
    """

    labels: NDArray[np.int64]
    marks: NDArray[np.int64]
    weights: NDArray[np.int8]
    bias: NDArray[np.float64]
    step: float
    trust: float
    _kept: NDArray[np.uint64] = field(init=False)
    _rows: NDArray[np.int8] = field(init=False)

    def __post_init__(self) -> None:
        """Make the map of the marks."""
        self._kept = kept_map(self.marks)
        self._rows = whole_rows(self.weights)

    def scores(self, texts: Texts) -> NDArray[np.float64]:
        """Return float64[n, k]: the mean of a text's weights, by the root of its marks.

        So that the score of a text twice as long is larger by a root of two, as far as
        its words are independent.
        """
        sums, counts = mark_sums(texts, self._kept, self._rows)
        scores: NDArray[np.float64] = sums[:, : len(self.labels)] * (
            self.step / np.sqrt(np.maximum(counts, 1))[:, None]
        )
        return scores

    def shares(self, texts: Texts, own: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64[n, k], shares among the relatives.

        Args:
            texts: folded texts.
            own: float64[n, k], what the model itself scores the labels.
        """
        score = self.trust * own + self.scores(texts) + self.bias
        score -= score.max(axis=1, keepdims=True)
        np.exp(score, out=score)
        shares: NDArray[np.float64] = score / score.sum(axis=1, keepdims=True)
        return shares


@dataclass
class Relatives:
    """All groups of a model.

    Attributes:
        groups: in no particular order; no label is in two.
        checksum: SHA-256 of the file, for fingerprints.
    """

    groups: Sequence[Group]
    checksum: str
    _group_of: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Note which group each label is in, -1 for none; the last entry is nobody's."""
        most = max((int(group.labels.max()) for group in self.groups), default=0)
        self._group_of = np.full(most + 2, -1, np.int64)
        for number, group in enumerate(self.groups):
            self._group_of[group.labels] = number

    def settle(
        self,
        best: NDArray[np.int32],
        share: NDArray[np.float32],
        mass: NDArray[np.float32],
        scored: Scored,
        texts: Texts,
        least: NDArray[np.float32] | None = None,
    ) -> None:
        """Settle the first label of texts, in place, where it has relatives.

        Args:
            best: int32[n, 2], the best labels of each text, -1 for none.
            share: float32[n, 2], their shares.
            mass: float32[n], the shares of all labels together.
            scored: what the model makes of the texts.
            texts: what the model read.
            least: float32[n], the share of ``mass`` that the two best labels have to
                have together for anybody to care; all texts are settled if None.
        """
        doubtful = np.flatnonzero(share[:, 0] < np.float32(SURE) * mass)
        nobody = len(self._group_of) - 1
        number = self._group_of[np.minimum(best[doubtful, 0], nobody)]
        if least is None:
            least = np.zeros(len(best), np.float32)
        for group in np.unique(number[number >= 0]).tolist():
            rows = doubtful[number == group]
            _settle(self.groups[group], rows, best, share, scored, texts, least * mass)


def _settle(
    group: Group,
    rows: NDArray[np.int64],
    best: NDArray[np.int32],
    share: NDArray[np.float32],
    scored: Scored,
    texts: Texts,
    least: NDArray[np.float32],
) -> None:
    own = scored.of(rows, group.labels)
    # What the relatives have together, from the share of the one that came first.
    first = own[np.arange(len(rows)), np.searchsorted(group.labels, best[rows, 0])]
    together = share[rows, 0] * np.exp(own - first[:, None]).sum(axis=1)
    # Whatever is settled among them, they have no more.
    some = together + share[rows, 1] >= least[rows]
    rows, own, together = rows[some], own[some], together[some]
    within = together[:, None] * group.shares(texts.take(rows), own)
    order = np.argsort(-within, axis=1, kind="stable")[:, :2]
    numbers = group.labels[order].astype(np.int32)
    within = np.take_along_axis(within, order, axis=1)
    # The runner-up is the next relative, or the stranger that had that place.
    stranger = ~np.isin(best[rows, 1], group.labels) & (share[rows, 1] > within[:, 1])
    numbers[stranger, 1] = best[rows[stranger], 1]
    within[stranger, 1] = share[rows[stranger], 1]
    best[rows], share[rows] = numbers, within


def write_relatives(path: Path, groups: Sequence[Group], names: Sequence[str]) -> None:
    """Write groups to a file; labels by name, marks by their distances."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for i, group in enumerate(groups):
        arrays[f"{i}.labels"] = np.array([names[k] for k in group.labels], "S16")
        arrays[f"{i}.marks"] = np.diff(group.marks, prepend=0).astype(np.uint32)
        # By label: weights of one label are alike, and so smaller when packed.
        arrays[f"{i}.weights"] = np.ascontiguousarray(group.weights.T)
        numbers = [group.step, group.trust, *group.bias.tolist()]
        arrays[f"{i}.numbers"] = np.array(numbers, np.float32)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def read_relatives(path: Path, names: Sequence[str]) -> Relatives:
    """Return the groups of a file, for a model with labels of these names."""
    groups = []
    with np.load(path, allow_pickle=False) as stored:
        for i in range(len(stored.files) // 4):
            labels = [name.decode() for name in stored[f"{i}.labels"].tolist()]
            step, trust, *bias = stored[f"{i}.numbers"].tolist()
            groups.append(
                Group(
                    np.array([names.index(label) for label in labels], np.int64),
                    np.cumsum(stored[f"{i}.marks"], dtype=np.int64),
                    np.ascontiguousarray(stored[f"{i}.weights"].T),
                    np.array(bias, np.float64),
                    step,
                    trust,
                )
            )
    return Relatives(groups, hashlib.sha256(path.read_bytes()).hexdigest())
