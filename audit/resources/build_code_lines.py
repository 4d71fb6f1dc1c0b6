"""Learn how much a line reads as program code: ``language/code_lines.npz``.

    python -m audit.resources.build_code_lines DATA --code FOLDER... [--without KIND...]

In: DATA, a folder with lid/train.parquet (sentences in hundreds of languages) and
bulk/*.jsonl.zst (documents); folders with the sources of programs under permissive
licences. Out: the tables of `audit.kernels.code_lines` and a card beside them that says
what they were made from and how many lines of each kind they get wrong, by logistic
regression over the features that the kernel reads. The same input gives the same file.
``--without`` leaves kinds of files out of training, to see how others do that are new.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from audit.kernels import code_lines
from audit.kernels.spans import without_spans
from audit.resources.build_code_made import assembly, logs, packed, traces
from audit.resources.build_code_text import (
    bare_code,
    comments,
    examples,
    source_files,
)
from audit.resources.build_line_prose import document_lines, sentences
from audit.resources.code_packages import read_package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Learnt", "Lines", "block", "build", "gather", "learn"]

# Lines of one kind of file, and of one file, that are read at most.
_OF_KIND, _OF_FILE, _OF_COMMENTS = 4000, 60, 8000
_OF_EXAMPLES, _OF_LOGS = 12_000, 8000
# Words that are known, half of them from code; a word of code is in so many kinds of
# files, so many times.
_WORDS, _KINDS, _TIMES = 2000, 1, 15
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
# How often a line of code loses its indentation and a line loses its known words, so
# that neither decides alone.
_DEDENTED, _UNKNOWN = 0.3, 0.1
_RIDGE, _STEPS = 1.0, 100
# Lines that the first fit is so sure of are not what their source says: unmarked code
# in prose, sentences in code.
_STRAY_CODE, _STRAY_PROSE = 2.5, -4.0
# What is left of lines of these without tags is text for people, or nothing.
_MARKUP = ("xml", "svg", "xsl", "plist", "lock", "map")
_PROSE_KINDS = ("comment", "documents", "sentences")
_UNITS = 16  # of a natural logarithm of odds


class Lines(NamedTuple):
    """Lines to learn from.

    Attributes:
        text: the lines without spans of markup.
        kind: what each is from: the ending of a source file, or a kind of prose.
        code: whether it is program code.
    """

    text: list[str]
    kind: list[str]
    code: NDArray[np.bool_]


def _some(lines: Sequence[str], most: int, rng: random.Random) -> list[str]:
    return list(lines) if len(lines) <= most else rng.sample(lines, most)


def _read(folders: list[Path], rng: random.Random) -> dict[str, list[str]]:
    """Return lines of code by ending of file, and lines of comment."""
    out: dict[str, list[str]] = defaultdict(list)
    for ending, _, text in source_files(folders, most=300):
        if ending in _MARKUP:
            continue
        lines = bare_code(ending, text)
        start = rng.randrange(max(1, len(lines) - _OF_FILE))
        out[ending] += lines[start : start + _OF_FILE]
        out["comment"] += comments(ending, text)[:5]
    for lines in examples(folders):
        start = rng.randrange(max(1, len(lines) - _OF_FILE))
        out["examples"] += lines[start : start + _OF_FILE]
    return out


def block(lines: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return lines as one buffer and its offsets."""
    raw = [line.encode() for line in lines]
    offsets = np.zeros(len(raw) + 1, np.int64)
    np.cumsum([len(line) for line in raw], out=offsets[1:])
    return np.frombuffer(b"".join(raw), np.uint8), offsets


def _unmarked(lines: list[str]) -> list[str]:
    data, offsets = without_spans(*block(lines))
    raw = data.tobytes()
    return [
        raw[a:b].decode("utf-8", "replace")
        for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]


def gather(data: Path, folders: list[Path], without: Sequence[str]) -> Lines:
    """Return the lines to learn from: code of all kinds but some, and prose."""
    rng = random.Random(3)
    text: list[str] = []
    kind: list[str] = []
    read = _read(folders, rng)
    limits = {"comment": _OF_COMMENTS, "examples": _OF_EXAMPLES, "patch": 700}
    for name, lines in sorted(read.items()):
        if name in without:
            continue
        some = _some(lines, limits.get(name, _OF_KIND), rng)
        if name != "comment":
            some = [s.lstrip() if rng.random() < _DEDENTED else s for s in some]
        text += some
        kind += [name] * len(some)
    names = sorted({word.lower() for line in text for word in _WORD.findall(line)})
    said = [line.lstrip("/#-;%!* ") for line in read["comment"]]
    packs = [line for name in ("js", "css", "ts", "json") for line in read[name]]
    more = [
        ("traces", traces(names, _OF_KIND, rng)),
        ("logs", logs(names, said, _OF_LOGS, rng)),
        ("packed", packed(packs, _OF_KIND // 2, rng)),
        ("assembly", assembly(names, _OF_KIND // 2, rng)),
        ("sentences", sentences(data, rng)),
        *document_lines(data, rng),
    ]
    for name, lines in more:
        text += lines
        kind += [name] * len(lines)
    code = np.array([name not in _PROSE_KINDS for name in kind])
    return Lines(_unmarked(text), kind, code)


def vocabulary(lines: Lines) -> list[str]:
    """Return words that code or prose has often."""
    kinds: dict[str, set[str]] = defaultdict(set)
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    prose: Counter[str] = Counter()
    for text, kind, code in zip(*lines, strict=True):
        found = set(_WORD.findall(text))
        (by_kind[kind] if code else prose).update(found)
    often: Counter[str] = Counter()
    for kind, counts in by_kind.items():
        for word, times in counts.items():
            if times >= _TIMES and 1 < len(word) < 16:
                kinds[word].add(kind)
                often[word] += min(times, 400)
    ranked = sorted(often, key=lambda word: (-often[word], word))
    out = [word for word in ranked if len(kinds[word]) >= _KINDS][: _WORDS // 2]
    known = set(out)
    ranked = sorted(prose, key=lambda word: (-prose[word], word))
    rest = [word for word in ranked if len(word) > 1 and word not in known]
    return out + rest[: _WORDS - len(out)]


def _matrix(text: list[str], slots: NDArray[np.uint32]) -> csr_matrix:
    features, offsets = code_lines.read_features(*block(text), slots)
    ones = np.ones(len(features), np.float32)
    shape = len(text), code_lines.N_FEATURES
    return csr_matrix((ones, features, offsets), shape=shape)


def _with_unknown_words(features: csr_matrix) -> csr_matrix:
    """Take the words from some lines, as if none of them were known."""
    rows = np.random.default_rng(3).random(features.shape[0]) < _UNKNOWN
    table = features.tocoo()
    taken = rows[table.row]
    known = code_lines.SHAPES + code_lines.KNOWN_AT
    words = (table.col >= code_lines.WORDS_AT) & (table.col < code_lines.SHAPES)
    column = np.where(taken & (table.col >= known), known, table.col)
    kept = ~(taken & words)
    pairs = table.row[kept], column[kept]
    return csr_matrix((table.data[kept], pairs), shape=features.shape)


def _fit(features: csr_matrix, code: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights and, last, what all lines begin with; both kinds weigh alike."""
    signs = np.where(code, 1.0, -1.0)
    weight = np.where(code, (~code).sum() / max(code.sum(), 1), 1.0)

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = signs * (features @ w[:-1].astype(np.float32) + w[-1])
        total = (weight * np.logaddexp(0, -odds)).sum()
        total += _RIDGE / 2 * (w[:-1] ** 2).sum()
        pull = -weight * signs / (1 + np.exp(np.clip(odds, -30, 30)))
        slope = features.T @ pull.astype(np.float32) + _RIDGE * w[:-1]
        return float(total), np.append(slope, pull.sum())

    start = np.zeros(features.shape[1] + 1)
    options = {"maxiter": _STEPS}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    out: NDArray[np.float64] = found.x
    return out


class Learnt(NamedTuple):
    """What was learnt from lines.

    Attributes:
        words: that are known.
        slots: the table of them.
        weights: int8[N_FEATURES].
        stray: how many lines were left out of the second fit.
    """

    words: list[str]
    slots: NDArray[np.uint32]
    weights: NDArray[np.int8]
    stray: int

    def score(self, text: list[str]) -> NDArray[np.float32]:
        """Return float32[n_lines], above zero for code."""
        out: NDArray[np.float32] = _matrix(text, self.slots) @ self.weights.astype(
            np.float32
        )
        return out


def learn(lines: Lines) -> Learnt:
    """Return the words and weights that tell code from prose in lines."""
    words = vocabulary(lines)
    slots = code_lines.word_slots(words)
    features = _with_unknown_words(_matrix(lines.text, slots))
    found = _fit(features, lines.code)
    odds = features @ found[:-1] + found[-1]
    documents = np.array(lines.kind) == "documents"
    stray = (documents & (odds > _STRAY_CODE)) | (lines.code & (odds < _STRAY_PROSE))
    found = _fit(features[~stray], lines.code[~stray])
    # Each line has one class of indentation, so what all begin with goes there.
    found[code_lines.SHAPES : code_lines.SHAPES + 8] += found[-1]
    weights = np.clip(np.rint(_UNITS * found[:-1]), -127, 127).astype(np.int8)
    return Learnt(words, slots, weights, int(stray.sum()))


def build(
    data: Path, folders: list[Path], without: Sequence[str] = ()
) -> tuple[NDArray[np.uint32], NDArray[np.int8], dict[str, object]]:
    """Return the table of words, the weights, and the card.

    Args:
        data: the folder with prose.
        folders: with source files.
        without: endings of files that are left out.
    """
    lines = gather(data, folders, without)
    learnt = learn(lines)
    wrong = (learnt.score(lines.text) > 0) != lines.code
    counts = Counter(lines.kind)
    missed = Counter(kind for kind, bad in zip(lines.kind, wrong, strict=True) if bad)
    card = {
        "packages": [list(read_package(folder)) for folder in sorted(folders)],
        "lines": dict(sorted(counts.items())),
        "wrong_share": {k: round(missed[k] / counts[k], 4) for k in sorted(counts)},
        "left_out_as_stray": learnt.stray,
        "left_out_kinds": sorted(without),
        "words": sorted(learnt.words),
    }
    return learnt.slots, learnt.weights, card


def main() -> int:
    """Write the tables and their card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--code", type=Path, nargs="+", required=True)
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "language/code_lines.npz"
    )
    args = parser.parse_args()
    slots, weights, card = build(args.data, args.code, args.without)
    np.savez_compressed(args.out, slots=slots, weights=weights)
    args.out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
