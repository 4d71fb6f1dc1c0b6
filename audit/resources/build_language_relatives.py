"""Learn to tell close relatives apart: the classifiers of the model's second look.

In: training text by label, words that each relative is known by
(``language/relatives.csv``, written for this project), and held-out text with what the
model says of it. Out: ``relatives.npz`` beside the model, read by
`audit.annotate.language_relatives`. Which labels are relatives is found from what the
model confuses; each group gets a multinomial logistic regression over hashed marks,
balanced by label and kind of text, and a few numbers fitted on held-out text: how far
to trust it, how far the model, and how much likelier to take each label than both say.
Groups that better nothing there are left out.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from scipy import optimize, sparse
from scipy.sparse import csgraph

from audit.annotate.language import LanguageAnnotator
from audit.annotate.language_relatives import SURE, Group, write_relatives
from audit.batch import text_block
from audit.kernels.relatives import MARK_BITS, Texts, marks
from audit.resources.build_language_calibration import (
    composed,
    held_out_rows,
    label_scores,
)
from audit.resources.build_language_data import COPYLEFT, ENOUGH_PROSE, NO_PROSE
from audit.resources.build_language_lines import plain_texts, span_of_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = [
    "Seen",
    "add_relatives",
    "build_relatives",
    "find_groups",
    "learn",
    "weigh",
    "without",
]

_WORDS = Path(__file__).parent / "language" / "relatives.csv"
_SEED = 20261130
# A pair of labels is close where so many texts of one are taken for the other, among
# those of the rarer one and ten more, and three at least.
_CLOSE, _MORE, _LEAST = 0.04, 10, 3
_FEWEST_TEXTS = 15
# Kinds of Chinese are told apart by their characters.
_BY_CHARACTERS = {"cmn_Hans", "cmn_Hant", "yue_Hant"}
# Lines that a label is learnt from, and those of its known words beside them.
_LINES, _WORD_LINES = 3000, 3000
_LINE_CHARACTERS = 15
# Kinds of text that no relative has tell of their subjects: one line in four.
_ALONE = 0.25
# Marks in fewer lines are not learnt; so many of the best are kept, and so many where
# words are known, which are the groups that are hardest to tell apart.
_RARE, _KEPT, _KEPT_WITH_WORDS = 3, 5_000, 12_000
_RIDGE, _STEPS = 3e-6, 30
# Texts whose weight holds the two factors at one, and what is added to labels at zero.
_HOLD = 10.0
# Labels learnt from interface strings alone, while their large relatives have prose
# beside messages: what tells them apart would be the kind of text, not the language
# (half of the Persian, Hindi and Finnish sentences of programs would be renamed).
_KIND_OF_TEXT = frozenset({"lki_Arab", "awa_Deva", "fit_Latn"})
# What a group must add to the share of held-out texts named rightly, to be kept.
_GAIN = 0.01


class Seen(NamedTuple):
    """Held-out texts, and what the model says of them.

    Attributes:
        label: int64[n], the true label, -1 where the model has none.
        scores: float64[n, n_labels], logarithms of shares before any second look.
        texts: folded.
    """

    label: NDArray[np.int64]
    scores: NDArray[np.float64]
    texts: list[str]


def find_groups(seen: Seen, names: list[str]) -> list[list[str]]:
    """Return groups of labels that the model takes for each other, in one script."""
    n = len(names)
    known = seen.label >= 0
    counts = np.zeros((n, n), np.int64)
    np.add.at(counts, (seen.label[known], seen.scores[known].argmax(axis=1)), 1)
    size = counts.sum(axis=1)
    wrong = np.triu(counts + counts.T, 1)
    close = wrong >= np.maximum(_LEAST, _CLOSE * (np.minimum.outer(size, size) + _MORE))
    script = np.array([name.split("_")[1] for name in names])
    fit = (size >= _FEWEST_TEXTS) & ~np.isin(names, list(_BY_CHARACTERS))
    close &= (script[:, None] == script) & np.logical_and.outer(fit, fit)
    _, part = csgraph.connected_components(sparse.csr_matrix(close))
    groups = [np.flatnonzero(part == p).tolist() for p in np.unique(part)]
    return [[names[i] for i in group] for group in groups if len(group) > 1]


def known_words(path: Path) -> dict[str, list[list[str]]]:
    """Return lists of words by label; words that two labels share are in both."""
    out: dict[str, list[list[str]]] = {}
    for labels, words in pl.read_csv(path).rows():
        for label in labels.split():
            out.setdefault(label, []).append(words.split())
    return out


def _own_lines(label: str, table: pl.DataFrame, families: dict[str, int]) -> list[str]:
    """Return spans of a label's own text, by kind of text.

    Args:
        label: whose lines.
        table: training text of its group.
        families: how many labels of the group have text of each kind.
    """
    rows = table.filter(pl.col("label") == label).sort("hash")
    sizes = dict(rows.group_by("family").agg(pl.col("characters").sum()).iter_rows())
    prose = sum(n for f, n in sizes.items() if f not in NO_PROSE)
    if prose >= ENOUGH_PROSE:
        sizes.pop(COPYLEFT, None)
    weight = {
        f: min(n, 150_000) * (1 if families[f] > 1 else _ALONE)
        for f, n in sorted(sizes.items())
    }
    rng, out = random.Random(f"{_SEED} {label}"), []
    for family, part in weight.items():
        texts = plain_texts(rows.filter(pl.col("family") == family)["text"].to_list())
        source = _endless([text for text in texts if text], rng)
        number = int(_LINES * part / sum(weight.values()))
        number = min(number, sizes[family] // _LINE_CHARACTERS)
        out += [span_of_words(source, rng) for _ in range(number)]
    return out


def _endless(texts: list[str], rng: random.Random) -> Iterator[str]:
    while texts:
        rng.shuffle(texts)
        yield from texts


def _word_lines(label: str, lists: list[list[str]]) -> list[str]:
    """Return lines of one to five words that a label is known by, as they stand."""
    rng, out = random.Random(f"{_SEED} words {label}"), []
    for _ in range(_WORD_LINES if lists else 0):
        words = rng.choices(lists, [len(words) for words in lists])[0]
        length = rng.randint(1, 5)
        start = rng.randint(0, max(0, len(words) - length))
        out.append(" ".join(words[start : start + length]))
    return plain_texts(out)


def matrix(texts: list[str]) -> sparse.csr_matrix:
    """Return float64[n, 2 ** MARK_BITS]: marks of folded texts, by the root of all."""
    data, offsets = text_block(pa.array(texts, pa.large_string()))
    place = np.arange(len(offsets))
    found, starts = marks(Texts(data, offsets, place[:-1], place[1:]))
    counts = np.diff(starts)
    values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
    out = sparse.csr_matrix((values, found, starts), (len(texts), 1 << MARK_BITS))
    out.sum_duplicates()
    return out


def fit(
    x: sparse.csr_matrix, y: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights float64[n_marks, k] and bias float64[k] of a logistic regression.

    Labels weigh the same in all; squares of weights are held down by `_RIDGE`.
    """
    n, size = x.shape
    weight = (1 / np.bincount(y, minlength=k))[y] / k
    truth = np.zeros((n, k))
    truth[np.arange(n), y] = 1
    across = x.T.tocsr()

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        values = flat.reshape(size + 1, k)
        score = x @ values[:size] + values[size]
        score -= score.max(axis=1, keepdims=True)
        log = score - np.log(np.exp(score).sum(axis=1, keepdims=True))
        slope = (np.exp(log) - truth) * weight[:, None]
        down = np.concatenate([across @ slope, slope.sum(axis=0, keepdims=True)])
        down[:size] += _RIDGE * values[:size]
        total = -weight @ log[np.arange(n), y] + _RIDGE / 2 * (values[:size] ** 2).sum()
        return float(total), down.reshape(-1)

    found = optimize.minimize(
        loss, np.zeros((size + 1) * k), jac=True, method="L-BFGS-B",
        options={"maxiter": _STEPS, "maxcor": 6},
    )  # fmt: skip
    values = found.x.reshape(size + 1, k)
    return values[:size], values[size]


def _fit_marks(
    x: sparse.csr_matrix,
    y: NDArray[np.int64],
    kept: NDArray[np.int64],
    often: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Do as `fit` with some of the marks, the rare among them held down less."""
    stretch = np.log(len(y) / often[kept]) / 3
    weights, bias = fit(
        (x[:, kept] @ sparse.diags(stretch)).tocsr(), y, int(y.max()) + 1
    )
    weights *= stretch[:, None]
    return weights - weights.mean(axis=1, keepdims=True), bias - bias.mean()


def learn(lines: list[list[str]], numbers: NDArray[np.int64], most: int) -> Group:
    """Return what tells labels apart, from folded lines of each.

    Args:
        lines: by label.
        numbers: int64[k], ascending: the labels' numbers in the model.
        most: marks that are kept.
    """
    y = np.repeat(np.arange(len(lines)), [len(some) for some in lines])
    x = matrix([line for some in lines for line in some])
    often = np.bincount(x.indices, minlength=x.shape[1])
    kept = np.flatnonzero(often >= _RARE)
    weights, _ = _fit_marks(x, y, kept, often)
    worth = np.abs(weights).max(axis=1) * np.sqrt(often[kept])
    kept = kept[np.sort(np.argsort(-worth, kind="stable")[:most])]
    weights, bias = _fit_marks(x, y, kept, often)
    step = float(np.quantile(np.abs(weights), 0.9995)) / 127 or 1.0
    whole = np.clip(np.rint(weights / step), -127, 127).astype(np.int8)
    return Group(numbers, kept, whole, bias, step, 1.0)


def weigh(group: Group, seen: Seen) -> tuple[Group, NDArray[np.float64]]:
    """Return a group with its factors fitted, and how it names held-out texts.

    Maximum likelihood over texts that the model takes for one of the group and that
    are, labels weighing the same; both factors are held towards one, and what is added
    to each label towards zero.

    Returns:
        The group, and float64[2]: mean over labels of the share named rightly, by the
        model alone and with the second look.
    """
    own = seen.scores[:, group.labels]
    mine = np.isin(seen.scores.argmax(axis=1), group.labels)
    rows = np.flatnonzero(mine & np.isin(seen.label, group.labels))
    own, y = own[rows], np.searchsorted(group.labels, seen.label[rows])
    texts = [seen.texts[row] for row in rows]
    data, offsets = text_block(pa.array(texts, pa.large_string()))
    place = np.arange(len(offsets))
    more = group.scores(Texts(data, offsets, place[:-1], place[1:])) + group.bias
    weight = 1 / np.maximum(np.bincount(y, minlength=len(group.labels)), 30)[y]
    weight *= len(y) / weight.sum()

    start = np.concatenate([np.ones(2), np.zeros(len(group.labels))])

    def loss(numbers: NDArray[np.float64]) -> float:
        score = numbers[0] * own + numbers[1] * more + numbers[2:]
        score = score - score.max(axis=1, keepdims=True)
        log = score[np.arange(len(y)), y] - np.log(np.exp(score).sum(axis=1))
        return float(-weight @ log + _HOLD / 2 * ((numbers - start) ** 2).sum())

    bounds = [(0, 3)] * 2 + [(-3, 3)] * len(group.labels)
    found = optimize.minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    trust, factor, shift = found[0], found[1], found[2:]
    fitted = Group(
        group.labels, group.marks, group.weights, group.bias * factor + shift,
        group.step * factor, float(trust),
    )  # fmt: skip
    sure = np.exp(own.max(axis=1)) >= SURE
    both = np.where(sure[:, None], own, trust * own + factor * more + shift)
    right = [scores.argmax(axis=1) == y for scores in (own, both)]
    named = [np.mean([r[y == label].mean() for label in np.unique(y)]) for r in right]
    return fitted, np.array(named)


def without(group: Group, gone: set[int]) -> Group | None:
    """Return a group without some labels, or None where only one is left."""
    kept = np.flatnonzero(~np.isin(group.labels, list(gone)))
    if len(kept) < 2:
        return None
    return Group(
        group.labels[kept], group.marks, group.weights[:, kept], group.bias[kept],
        group.step, group.trust,
    )  # fmt: skip


def build_relatives(
    path: Path, table: pl.DataFrame, names: list[str], seen: Seen
) -> list[str]:
    """Learn all groups, write those that better something, return a line on each.

    Args:
        path: of the file to write.
        table: training text: text, label, family, characters, hash.
        names: labels of the model, by number.
        seen: held-out texts.
    """
    words = known_words(_WORDS)
    groups, account = [], []
    for labels in find_groups(seen, names):
        part = table.filter(pl.col("label").is_in(labels))
        families = dict(
            part.group_by("family").agg(pl.col("label").n_unique()).iter_rows()
        )
        lines = [
            _own_lines(label, part, families) + _word_lines(label, words.get(label, []))
            for label in labels
        ]
        numbers = np.array([names.index(label) for label in labels], np.int64)
        known = any(label in words for label in labels)
        most = _KEPT_WITH_WORDS if known else _KEPT
        group, (before, after) = weigh(learn(lines, numbers, most), seen)
        gone = sorted(_KIND_OF_TEXT.intersection(labels))
        rest = without(group, {names.index(label) for label in gone})
        rest = rest if after >= before + _GAIN else None
        note = f", then without {' '.join(gone)}" if gone else ""
        account.append(
            f"{' '.join(labels)}: {before:.3f} to {after:.3f}"
            f"{note if rest else ', left out'}"
        )
        sys.stdout.write(account[-1] + "\n")
        sys.stdout.flush()
        groups += [rest] if rest else []
    write_relatives(path, groups, names)
    return account


def add_relatives(
    model: Path, table: pl.DataFrame, held_out: pl.DataFrame
) -> list[str]:
    """Write ``relatives.npz`` beside a model; return a line on each group.

    Args:
        model: with its factors of labels beside it.
        table: training text, as `audit.resources.build_language_data.load` has it.
        held_out: text never trained on; the even half of it is looked at.
    """
    annotator = LanguageAnnotator(model, threshold=0)
    names = [
        f"{language}_{script}"
        for language, script in zip(
            annotator.model.languages, annotator.model.scripts, strict=True
        )
    ]
    number = {name: i for i, name in enumerate(names)}
    rows = held_out_rows(held_out, even=True)
    texts = rows["text"].to_list()
    scores = label_scores(annotator, composed(texts)).astype(np.float64)
    scores += np.log(annotator.model.prior)
    scores -= scores.max(axis=1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    labels = [number.get(label, -1) for label in rows["label"].to_list()]
    seen = Seen(np.array(labels), scores, plain_texts(texts))
    return build_relatives(model.with_name("relatives.npz"), table, names, seen)
