"""A language model ready for batches: any fastText file, its labels in our codes.

In: a model file (the packaged one, lid.176 of an installed package, or a path). Out:
`LanguageModel`, which turns texts into label numbers and confidences under the script
gate: a label whose language is not written in a script that the text has is ruled out.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.annotate.fasttext_file import Model, read_model
from audit.annotate.language_files import find_model, packaged_model
from audit.kernels.fasttext import document_vectors, word_cache
from audit.kernels.fasttext_output import top_labels
from audit.kernels.plain import fold_table, plain_words
from audit.kernels.script import SCRIPT_EXTRA
from audit.resources.language_codes import parse_label, scripts_of
from audit.resources.speakers import large_languages
from audit.kernels.codepoints import unicode_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audit.batch import TextBlock
    from audit.kernels.fasttext import Cache
    from audit.kernels.script import Writing

__all__ = ["Guess", "LanguageModel", "find_model", "load_model", "packaged_model"]

# A second script joins the gate from one letter in five on: code, names and formulae
# in Latin letters stand in text of every language.
_SECOND_SCRIPT_ONE_IN = 5


_SMALL_PRIOR = 0.5
_CHINESE = ("cmn", "yue", "lzh")


class Guess(NamedTuple):
    """What a model says of each document.

    Attributes:
        label: int32[n_docs], number of the likeliest label allowed, -1 if none is.
        runner_up: int32[n_docs], the next one, -1 if there is none.
        confidence: float32[n_docs] in [0, 1], calibrated where the model has a table.
    """

    label: NDArray[np.int32]
    runner_up: NDArray[np.int32]
    confidence: NDArray[np.float32]


@dataclass
class LanguageModel:
    """A model, its labels in our codes, and how its confidence is to be read.

    Attributes:
        name: the file's name.
        model: the arrays that run.
        languages: ISO 639-3 of each label.
        scripts: ISO 15924 of each label, "" where the label leaves it open.
        plain: whether it reads folded words (`audit.kernels.plain`) or raw text.
        calibration: ``edges`` of length, ``grid`` of raw confidence and ``values`` of
            observed accuracy; empty where nothing was measured.
        prior: float32[n_labels], factor of each label's probability.
    """

    name: str
    model: Model
    languages: tuple[str, ...]
    scripts: tuple[str, ...]
    plain: bool
    calibration: Mapping[str, NDArray[np.float64]]
    prior: NDArray[np.float32]
    _gate: dict[tuple[int, int], NDArray[np.bool_]] = field(default_factory=dict)
    _thread: threading.local = field(default_factory=threading.local)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the word caches: they belong to threads of one process."""
        return {**self.__dict__, "_thread": None, "_gate": {}}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start with empty caches."""
        self.__dict__.update(state)
        self._thread = threading.local()

    def vectors(
        self, block: TextBlock, offsets: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the mean input row and number of rows of each text of a block.

        Args:
            block: texts, composed (NFC) if the model reads folded words.
            offsets: other borders over the same buffer, as those of paragraphs.
        """
        data, starts = block.data, block.offsets if offsets is None else offsets
        if self.plain:
            data, starts = plain_words(data, starts, _table())
        return document_vectors(self.model.network, self._cache(), data, starts)

    def guess(
        self,
        hidden: NDArray[np.float32],
        counts: NDArray[np.int64],
        writing: Writing,
        script_codes: tuple[str, ...],
    ) -> Guess:
        """Return the likeliest labels that the scripts of each text allow."""
        allowed, group = self._gates(writing, script_codes + SCRIPT_EXTRA)
        best, share, mass = top_labels(
            self.model.output, hidden, counts, 2, allowed, group, self.prior
        )
        raw = np.divide(
            share[:, 0] + self._same_language(best, share),
            mass,
            out=np.zeros(len(mass), np.float32),
            where=mass > 0,
        )
        confidence = self._calibrated(raw, writing.letters)
        confidence[best[:, 0] < 0] = 0
        return Guess(best[:, 0], best[:, 1], confidence)

    def _same_language(
        self, best: NDArray[np.int32], share: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the runner-up's share where it names the same language.

        Kinds of Chinese count as one here: their characters tell them apart later.
        """
        names = ["cmn" if c in _CHINESE else c for c in self.languages]
        number = {name: i for i, name in enumerate(dict.fromkeys(names))}
        numbers = np.array([*(number[name] for name in names), -1])
        same = (numbers[best[:, 0]] == numbers[best[:, 1]]) & (best[:, 1] >= 0)
        return np.where(same, share[:, 1], np.float32(0))

    def fingerprint(self) -> dict[str, str]:
        """Return checksums of the file and of the calibration."""
        digest = hashlib.sha256()
        for name in sorted(self.calibration):
            digest.update(np.ascontiguousarray(self.calibration[name]).tobytes())
        digest.update(self.prior.tobytes())
        return {
            "language.model": self.name,
            "language.model_sha256": self.model.checksum,
            "language.calibration_sha256": digest.hexdigest(),
        }

    def _cache(self) -> Cache:
        cache: Cache | None = getattr(self._thread, "cache", None)
        if cache is None:
            cache = self._thread.cache = word_cache(self.model.network.dim)
        return cache

    def _gates(
        self, writing: Writing, codes: tuple[str, ...]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return bool[n_groups, n_labels] and the group of each document."""
        enough = writing.second_letters * _SECOND_SCRIPT_ONE_IN >= (
            writing.script_letters + writing.second_letters
        )
        second = np.where(
            enough & (writing.second >= 0), writing.second, writing.script
        )
        pairs = writing.script.astype(np.int64) << 16 | second
        keys, group = np.unique(pairs, return_inverse=True)
        rows = [self._allowed(key >> 16, key & 0xFFFF, codes) for key in keys.tolist()]
        shape = len(keys), len(self.languages)
        return np.array(rows, np.bool_).reshape(shape), group.astype(np.int64)

    def _allowed(
        self, first: int, second: int, codes: tuple[str, ...]
    ) -> NDArray[np.bool_]:
        key = first, second
        if key not in self._gate:
            scripts = {_family(codes[first]), _family(codes[second])}
            self._gate[key] = np.array(
                [
                    not known or bool(scripts & {_family(s) for s in known})
                    for known in map(_written_in, self.languages, self.scripts)
                ]
            )
        return self._gate[key]

    def _calibrated(
        self, raw: NDArray[np.float32], letters: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        if not self.calibration:
            return np.minimum(raw, np.float32(1))
        edges, values = self.calibration["edges"], self.calibration["values"]
        out = np.zeros(len(raw), np.float32)
        length = np.searchsorted(edges, letters, side="right")
        for i in range(len(values)):
            inside = length == i
            out[inside] = np.interp(raw[inside], self.calibration["grid"], values[i])
        return out


def _written_in(language: str, script: str) -> tuple[str, ...]:
    return (script,) if script else scripts_of(language)


def _family(script: str) -> str:
    """Return one name for scripts that one text may be counted as either of."""
    return "Hani" if script in ("Hans", "Hant") else script


_TABLE: list[NDArray[np.uint32]] = []


def _table() -> NDArray[np.uint32]:
    if not _TABLE:
        tables = unicode_tables()
        _TABLE.append(
            fold_table(tables.word_pages.tobytes(), tables.word_blocks.tobytes())
        )
    return _TABLE[0]


def load_model(name: str | Path | None = None) -> LanguageModel:
    """Return a model by name or path (see `find_model`), ready to run.

    Raises:
        ConfigError: there is no such file, or it is no supervised fastText model.
    """
    path = find_model(name)
    model = read_model(path)
    # A model that `build_language_model` made has its card beside it.
    card = path.with_suffix(".json")
    facts = json.loads(card.read_bytes()) if card.is_file() else {}
    ours = facts.get("reads") == "plain"
    pairs = [parse_label(label) for label in model.labels]
    calibration: dict[str, NDArray[np.float64]] = {}
    stored = path.with_name("calibration.npz")
    if ours and stored.is_file():
        with np.load(stored, allow_pickle=False) as arrays:
            calibration = {key: arrays[key] for key in arrays.files}
    return LanguageModel(
        path.name,
        model,
        tuple(language for language, _ in pairs),
        tuple(script for _, script in pairs),
        ours,
        calibration,
        _prior(tuple(language for language, _ in pairs), ours),
    )


def _prior(languages: tuple[str, ...], ours: bool) -> NDArray[np.float32]:
    """Return how likely each label is before a letter is read, the largest 1.

    Only two or three words bring it to bear: among 360 languages many share those. A
    language that is official nowhere and has under a million speakers must fit better.
    """
    prior = np.ones(len(languages), np.float32)
    if ours:
        known = large_languages() | {"zxx"}
        prior[[code not in known for code in languages]] = _SMALL_PRIOR
    return prior
