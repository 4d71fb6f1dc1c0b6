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

        Args:
            rows: int64[n_rows], the texts.
            labels: int64[n_rows, k], -1 for none, which scores 0.
        """
        start = np.log(self.prior.astype(np.float64))
        return own_scores(self.hidden[rows], self.columns, labels, start)


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

    def scores(self, texts: Texts) -> NDArray[np.float64]:
        """Return float64[n, k]: the mean of a text's weights, by the root of its marks.

        So that the score of a text twice as long is larger by a root of two, as far as
        its words are independent.
        """
        which = np.zeros(len(texts.first), np.int64)
        sums, counts = mark_sums(
            texts, which, kept_map(self.marks), whole_rows(self.weights)
        )
        step = self.step * np.ones(len(counts))
        return _scores(sums, counts, step)[:, : len(self.labels)]


def _scores(
    sums: NDArray[np.int64], counts: NDArray[np.int64], step: NDArray[np.float64]
) -> NDArray[np.float64]:
    factor = step / np.sqrt(np.maximum(counts, 1))
    return sums * factor[:, None]


class _Joined(NamedTuple):
    """All groups side by side, k labels each: the most that a group has, and more.

    Attributes:
        labels: int64[n_groups, k], -1 for none.
        bias: float64[n_groups, k].
        step: float64[n_groups].
        trust: float64[n_groups].
        kept: the maps of their marks.
        weights: int8[n_marks, k].
        group_of: int64[n_labels + 1], -1 for none; the last entry answers for labels
            beyond those of all groups, and for "no label", -1.
    """

    labels: NDArray[np.int64]
    bias: NDArray[np.float64]
    step: NDArray[np.float64]
    trust: NDArray[np.float64]
    kept: NDArray[np.uint64]
    weights: NDArray[np.int8]
    group_of: NDArray[np.int64]


def _joined(groups: Sequence[Group]) -> _Joined:
    most = max(len(group.labels) for group in groups)
    weights = [whole_rows(group.weights, most) for group in groups]
    shape = len(groups), weights[0].shape[1]
    labels, bias = np.full(shape, -1, np.int64), np.zeros(shape)
    maps, row = [], 0
    for i, group in enumerate(groups):
        labels[i, : len(group.labels)] = group.labels
        bias[i, : len(group.labels)] = group.bias
        maps.append(kept_map(group.marks, row))
        row += len(group.marks)
    group_of = np.full(labels.max() + 2, -1, np.int64)
    for i, group in enumerate(groups):
        group_of[group.labels] = i
    return _Joined(
        labels,
        bias,
        np.array([group.step for group in groups]),
        np.array([group.trust for group in groups]),
        np.concatenate(maps),
        np.concatenate(weights),
        group_of,
    )


@dataclass
class Relatives:
    """All groups of a model.

    Attributes:
        groups: in no particular order; no label is in two.
        checksum: SHA-256 of the file, for fingerprints.
    """

    groups: Sequence[Group]
    checksum: str
    _all: _Joined = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Lay the groups side by side."""
        if self.groups:
            self._all = _joined(self.groups)

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
        # Of a model that confuses few labels a file may hold no group at all.
        if not self.groups:
            return
        every = self._all
        rows = np.flatnonzero(share[:, 0] < np.float32(SURE) * mass)
        group = self._group(best[rows, 0])
        rows, group = rows[group >= 0], group[group >= 0]
        labels = every.labels[group]
        real = labels >= 0
        own = scored.of(rows, labels)
        # What the relatives have together, from the share of the one that came first.
        first = np.where(labels == best[rows, :1], own, 0.0).sum(axis=1)
        together = np.where(real, np.exp(own - first[:, None]), 0.0).sum(axis=1)
        together *= share[rows, 0]
        if least is not None:
            # Whatever is settled among them, they have no more.
            some = together + share[rows, 1] >= least[rows] * mass[rows]
            rows, group, labels, real = (
                rows[some],
                group[some],
                labels[some],
                real[some],
            )
            own, together = own[some], together[some]
        sums, counts = mark_sums(texts.take(rows), group, every.kept, every.weights)
        score = every.trust[group][:, None] * own + _scores(
            sums, counts, every.step[group]
        )
        within = together[:, None] * _softmax(score + every.bias[group], real)
        order = np.argsort(-within, axis=1, kind="stable")[:, :2]
        numbers = np.take_along_axis(labels, order, axis=1).astype(np.int32)
        within = np.take_along_axis(within, order, axis=1)
        # The runner-up is the next relative, or the stranger that had that place.
        stranger = self._group(best[rows, 1]) != group
        stranger &= share[rows, 1] > within[:, 1]
        numbers[stranger, 1] = best[rows[stranger], 1]
        within[stranger, 1] = share[rows[stranger], 1]
        best[rows], share[rows] = numbers, within

    def _group(self, label: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the group that each label is in, -1 for none."""
        group_of = self._all.group_of
        return group_of[np.minimum(label, len(group_of) - 1)]


def _softmax(
    score: NDArray[np.float64], real: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the share of each score in its row, zero for those that are not real."""
    score = np.where(real, score, -np.inf)
    score = np.exp(score - score.max(axis=1, initial=-np.inf, keepdims=True))
    shares: NDArray[np.float64] = score / score.sum(axis=1, keepdims=True)
    return shares


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
