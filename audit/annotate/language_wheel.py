"""Models that the kernel does not run, run by fasttext-wheel where it is installed.

In: the path of a whole, supervised model file that `read_model` refused. Out: a
`LanguageModel` of the same interface, slower and one text at a time. The package is
optional: it has wheels for Python up to 3.11.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audit.annotate.fasttext_file import Model, UnsupportedModelError
from audit.annotate.fasttext_reader import Reader, checksum
from audit.annotate.language_model import LanguageModel
from audit.errors import ConfigError
from audit.kernels.fasttext import Network
from audit.kernels.fasttext_output import SOFTMAX, Output
from audit.kernels.script import SCRIPT_EXTRA

if TYPE_CHECKING:
    from audit.annotate.language_model import Guess
    from audit.batch import TextBlock
    from audit.kernels.script import Writing

__all__ = ["WheelModel", "wheel_file"]

_LABELS_KEPT = 2


@lru_cache(maxsize=2)
def _open(path: str) -> Any:
    """Return fasttext-wheel's model, read once a process; prediction changes nothing.

    Without ``load_model``, which prints a warning, and its ``predict``, which fails
    with NumPy 2: the compiled object behind them has neither trouble.
    """
    package = importlib.import_module("fasttext.FastText")
    return package._FastText(path).f


def wheel_file(path: Path, refusal: UnsupportedModelError) -> Model:
    """Return the labels and checksum of a model that fasttext-wheel can read.

    Args:
        path: the file.
        refusal: why the kernel does not run it.

    Raises:
        UnsupportedModelError: ``refusal``, where fasttext-wheel is not installed.
        ConfigError: it is, and does not read the file either.
    """
    try:
        labels, _ = _open(str(path)).getLabels("replace")
    except ImportError:
        raise refusal from None
    except (ValueError, RuntimeError, MemoryError) as error:
        raise ConfigError(
            "a language model must be one that the kernel or fasttext-wheel runs",
            value=str(error),
            where=str(path),
            next_step="Name another file.",
        ) from error
    return Model(tuple(labels), _nothing(), _no_output(), checksum(Reader(path).data))


@dataclass
class WheelModel(LanguageModel):
    """A language model whose ``model`` has labels and a checksum, but no arrays.

    Attributes:
        path: the file that fasttext-wheel reads.
    """

    path: Path = field(default_factory=Path)

    @property
    def joint(self) -> bool:
        """Never: fasttext-wheel reads one text at a time."""
        return False

    @property
    def large(self) -> bool:
        """Always: a compiled object cannot be copied to a worker."""
        return True

    def guess_texts(
        self, block: TextBlock, writing: Writing, script_codes: tuple[str, ...]
    ) -> Guess:
        """Return the likeliest labels of each text of a block."""
        allowed, group = self.gates(writing, script_codes + SCRIPT_EXTRA)
        predict = _open(str(self.path)).predict
        number = {label: i for i, label in enumerate(self.model.labels)}
        data, offsets = self.reads(block)
        n = len(offsets) - 1
        best = np.full((n, _LABELS_KEPT), -1, np.int32)
        share = np.zeros((n, _LABELS_KEPT), np.float32)
        mass = np.zeros(n, np.float32)
        for i in range(n):
            raw = data[offsets[i] : offsets[i + 1]].tobytes()
            # A line break would end the text.
            text = raw.decode("utf-8", "replace").replace("\n", " ") + "\n"
            found = predict(text, len(number), 0.0, "replace")
            labels = np.array([number[label] for _, label in found], np.int32)
            p = np.array([p for p, _ in found], np.float32)
            p = p * self.prior[labels] * allowed[group[i], labels]
            mass[i] = p.sum()
            order = np.argsort(-p, kind="stable")[:_LABELS_KEPT]
            order = order[p[order] > 0]
            best[i, : len(order)], share[i, : len(order)] = labels[order], p[order]
        return self.judged(best, share, mass, writing)


def _nothing() -> Network:
    rows, ids = np.zeros(0, np.float32), np.zeros(0, np.int32)
    codes, keys = np.zeros(0, np.uint8), np.zeros(0, np.uint64)
    return Network(
        rows, codes, rows, codes, rows, keys, ids, keys, 0, 0, 0, 1, 0, 1, -1, 0, True,
        1.0,
    )  # fmt: skip


def _no_output() -> Output:
    ids = np.zeros(0, np.int32)
    return Output(np.zeros((0, 0), np.float32), ids, ids, SOFTMAX, 0)
