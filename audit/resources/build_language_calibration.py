"""Measure the packaged language model on text it has not seen; write what it is worth.

In: the model, and the rows that `build_language_data` held out of training (one in
twenty of every family, and treebank sentences of families it never saw). Out, beside
the model: ``calibration.npz`` (factors of labels, accuracy by raw confidence and
length), ``confusion.npz`` (which languages documents are taken for), and a dict of
figures for the card. The half of the held-out rows whose hash is even goes into the
tables; the odd half is for tests.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from audit.annotate.language import LanguageAnnotator
from audit.batch import TextBlock, text_block
from audit.kernels.normalise import to_nfc
from audit.resources.build_language_lines import cut

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from audit.annotate.language import Named

__all__ = [
    "LENGTHS",
    "calibrate",
    "composed",
    "confuse",
    "figures",
    "fit_prior",
    "held_out_rows",
    "label_scores",
    "write_prior",
    "write_tables",
]

# Borders of the classes of length, in letters, that confidence is calibrated by.
_EDGES = (8, 16, 32, 64, 128)
_GRID = np.linspace(0, 1, 41)
# Classes of length that results are given by, in characters.
LENGTHS = ((0, 20), (21, 50), (51, 100), (101, 1 << 30))
_MOST_ROWS = 400
_DOCUMENT_CHARACTERS = 400
_SEED = 7
# Steps of Newton's method by label, and texts whose weight holds a factor at one.
_STEPS, _HOLD = 40, 60.0
# Languages whose factors stay one, because held-out text of other kinds has some of
# their close relatives and lacks others: it would teach which of them are in it.
_UNTOUCHED = {"bos", "hrv", "srp", "ind", "zsm", "cmn", "yue", "lzh"}
_UNTOUCHED |= {"zul", "xho", "nbl", "nde", "ssw", "zxx"}


def composed(texts: list[str]) -> TextBlock:
    """Return texts as one block in NFC."""
    return TextBlock(*to_nfc(*text_block(pa.array(texts, pa.large_string()))))


def held_out_rows(table: pl.DataFrame, even: bool) -> pl.DataFrame:
    """Return one half of the held-out rows, at most so many a language and part."""
    half = table.filter((pl.col("hash") // 20 % 2 == 0) == even)
    half = half.with_columns(language=pl.col("label").str.split("_").list.first()).sort(
        "hash"
    )
    rank = pl.int_range(pl.len()).over("label", "part")
    return half.filter(rank < _MOST_ROWS)


def _named(
    annotator: LanguageAnnotator, texts: list[str]
) -> tuple[NDArray[np.str_], Named]:
    named = annotator.name_texts(composed(texts))
    return np.array(annotator.languages)[named.language], named


def calibrate(
    annotator: LanguageAnnotator, rows: pl.DataFrame
) -> dict[str, NDArray[np.float64]]:
    """Return observed accuracy by class of length and raw confidence, never falling.

    The annotator's model must be without calibration, its threshold 0.
    """
    rng = random.Random(_SEED)
    known = rows.filter(pl.col("language").is_in(annotator.model.languages))
    texts = [
        cut(text, script in ("Hans", "Hant", "Jpan", "Thai", "Khmr", "Laoo"), rng)
        for text, script in known.select("text", "script").rows()
    ]
    language, named = _named(annotator, texts)
    right = language == known["language"].to_numpy()
    length = np.searchsorted(_EDGES, named.writing.letters, side="right")
    values = []
    for i in range(len(_EDGES) + 1):
        inside = (length == i) & (named.writing.letters > 0)
        values.append(_isotonic(named.confidence[inside], right[inside]))
    return {
        "edges": np.array(_EDGES, np.float64),
        "grid": _GRID,
        "values": np.array(values),
    }


def _isotonic(
    confidence: NDArray[np.float32], right: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the accuracy at each point of the grid, pooled until it never falls."""
    cell = np.clip(
        np.rint(confidence * (len(_GRID) - 1)).astype(int), 0, len(_GRID) - 1
    )
    # One imagined text a cell, right as often as its confidence says, fills the gaps.
    n = np.bincount(cell, minlength=len(_GRID)) + 1.0
    k = np.bincount(cell, right, minlength=len(_GRID)) + _GRID
    blocks: list[list[float]] = []
    for total, hits in zip(n.tolist(), k.tolist(), strict=True):
        blocks.append([total, hits, 1])
        while len(blocks) > 1 and (
            blocks[-2][1] / blocks[-2][0] >= blocks[-1][1] / blocks[-1][0]
        ):
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    return np.concatenate([np.full(int(w), k / n) for n, k, w in blocks])


def label_scores(annotator: LanguageAnnotator, block: TextBlock) -> NDArray[np.float32]:
    """Return float32[n, n_labels], the scores of labels that the scripts allow.

    Neither factors of labels nor the second look among relatives are in them.
    """
    model = annotator.model
    writing = annotator.name_texts(block).writing
    allowed, group = model.gates(writing, annotator.scripts)
    hidden = model.vectors(block).hidden
    return np.where(
        allowed[group], hidden @ model.model.output.columns, np.float32(-1e9)
    )


def fit_prior(annotator: LanguageAnnotator, rows: pl.DataFrame) -> NDArray[np.float32]:
    """Return the factor of each label's probability that fits held-out text best.

    What a label's training text is like (interface strings, articles) makes it too
    likely or too unlikely elsewhere. Maximum likelihood of the true labels, each
    language weighed by the root of its texts, held towards one; the largest is 1.

    Args:
        annotator: with the model, its factors still ones.
        rows: held-out rows, with ``label``.
    """
    model = annotator.model
    names = [
        f"{language}_{script}"
        for language, script in zip(model.languages, model.scripts, strict=True)
    ]
    number = {name: i for i, name in enumerate(names)}
    known = rows.filter(pl.col("label").is_in(names))
    truth = np.array([number[label] for label in known["label"].to_list()])
    logits = label_scores(annotator, composed(known["text"].to_list()))
    counts = np.bincount(truth, minlength=len(names))
    weight = 1 / np.sqrt(np.maximum(counts, 30))[truth]
    weight /= weight.mean()
    free = np.array([language not in _UNTOUCHED for language in model.languages])
    bias = np.zeros(len(names))
    for _ in range(_STEPS):
        share = logits + bias.astype(np.float32)
        share -= share.max(axis=1, keepdims=True)
        np.exp(share, out=share)
        share /= share.sum(axis=1, keepdims=True)
        slope = np.bincount(truth, weight, len(names)) - weight @ share - _HOLD * bias
        curve = weight @ (share * (1 - share)) + _HOLD
        bias += free * 0.5 * slope / curve
    return np.exp(bias - bias.max()).astype(np.float32)


def documents(rows: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Return languages and texts of document length, joined from rows of one source."""
    languages, texts = [], []
    groups = rows.group_by(["label", "part"], maintain_order=True)
    for _, group in groups:
        held: list[str] = []
        for text in group["text"].to_list():
            held.append(text)
            if sum(map(len, held)) >= _DOCUMENT_CHARACTERS:
                languages.append(group["language"][0])
                texts.append("\n".join(held))
                held = []
        if held:
            languages.append(group["language"][0])
            texts.append("\n".join(held))
    return languages, texts


def confuse(
    annotator: LanguageAnnotator, rows: pl.DataFrame
) -> tuple[list[str], NDArray[np.int32]]:
    """Return languages, and int32[n, n]: texts of the row's taken for the column's."""
    codes = list(annotator.languages)
    languages, texts = documents(
        rows.filter(pl.col("language").is_in(annotator.model.languages))
    )
    _, named = _named(annotator, texts)
    number = {code: i for i, code in enumerate(codes)}
    truth = np.array([number[code] for code in languages])
    matrix = np.zeros((len(codes), len(codes)), np.int32)
    np.add.at(matrix, (truth, named.language), 1)
    return codes, matrix


def figures(annotator: LanguageAnnotator, rows: pl.DataFrame) -> dict[str, Any]:
    """Return accuracy in all, by length, and by language, on rows."""
    known = rows.filter(pl.col("language").is_in(annotator.model.languages))
    language, named = _named(annotator, known["text"].to_list())
    truth = known["language"].to_numpy()
    right = language == truth
    size = named.writing.characters
    by_length = {
        f"{low}-{high}" if high < 1 << 30 else f">{low - 1}": round(
            float(right[(size >= low) & (size <= high)].mean()), 4
        )
        for low, high in LENGTHS
    }
    by_language = {}
    for code in sorted(set(truth.tolist())):
        mine, said = truth == code, language == code
        wrong = language[mine & ~right]
        names, counts = np.unique(wrong, return_counts=True)
        by_language[code] = {
            "texts": int(mine.sum()),
            "recall": round(float(right[mine].mean()), 3),
            "precision": round(float(right[said].mean()) if said.any() else 0.0, 3),
            "taken_for": names[np.argsort(-counts)][:3].tolist(),
        }
    return {
        "texts": len(right),
        "accuracy": round(float(right.mean()), 4),
        "by_length": by_length,
        "by_language": by_language,
    }


def write_prior(model: Path, table: pl.DataFrame) -> None:
    """Write the factors of labels beside ``model``, without any other calibration."""
    stored = model.with_name("calibration.npz")
    stored.unlink(missing_ok=True)
    model.with_name("relatives.npz").unlink(missing_ok=True)
    even = held_out_rows(table, even=True)
    prior = fit_prior(LanguageAnnotator(model, threshold=0), even)
    np.savez_compressed(stored, allow_pickle=False, prior=prior)


def write_tables(model: Path, table: pl.DataFrame) -> dict[str, Any]:
    """Write the tables beside ``model``; return figures on the other half.

    The factors of labels (`write_prior`) and the second look among relatives
    (`audit.resources.build_language_relatives`) are there already.
    """
    even = held_out_rows(table, even=True)
    stored = model.with_name("calibration.npz")
    with np.load(stored, allow_pickle=False) as arrays:
        prior = arrays["prior"]
    np.savez_compressed(stored, allow_pickle=False, prior=prior)
    tables = calibrate(LanguageAnnotator(model, threshold=0), even)
    np.savez_compressed(stored, allow_pickle=False, prior=prior, **tables)
    annotator = LanguageAnnotator(model)
    codes, matrix = confuse(annotator, even)
    np.savez_compressed(
        model.with_name("confusion.npz"),
        allow_pickle=False,
        languages=np.array(codes, "S3"),
        counts=matrix,
    )
    odd = held_out_rows(table, even=False)
    return {
        part: figures(annotator, odd.filter(pl.col("part") == part))
        for part in ("held_out", "ud_heldout")
    }
