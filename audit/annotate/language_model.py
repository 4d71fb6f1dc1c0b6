"""A language model ready for batches: any fastText file, its labels in our codes.

In: what `audit.annotate.language_load` reads from a file. Out: `LanguageModel`,
which turns texts into label numbers and confidences under the script
gate: a label whose language is not written in a script that the text has is ruled out.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.annotate.language_files import find_model, packaged_model
from audit.annotate.language_relatives import Scored
from audit.kernels.codepoints import unicode_tables
from audit.kernels.fasttext import (
    document_vectors,
    joint_vectors,
    runs_of_words,
    word_cache,
)
from audit.kernels.fasttext_output import leaders, top_labels
from audit.kernels.plain import fold_table, plain_words
from audit.kernels.relatives import Texts
from audit.kernels.script import SCRIPT_EXTRA
from audit.resources.language_codes import scripts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audit.annotate.fasttext_file import Model
    from audit.annotate.language_relatives import Relatives
    from audit.batch import TextBlock
    from audit.kernels.fasttext import Cache
    from audit.kernels.script import Writing

__all__ = ["Guess", "LanguageModel", "Vectors", "find_model", "packaged_model"]

# A second script joins the gate from one letter in five on: code, names and formulae
# in Latin letters stand in text of every language.
_SECOND_SCRIPT_ONE_IN = 5
# Bytes of input rows from which on a model is read again, not copied, by a worker.
_LARGE_MODEL = 256 << 20
_CHINESE = ("cmn", "yue", "lzh")


class Vectors(NamedTuple):
    """The input rows of texts, averaged.

    Attributes:
        hidden: float32[n, dim].
        counts: int64[n], rows that each is the mean of.
        texts: what was read.
    """

    hidden: NDArray[np.float32]
    counts: NDArray[np.int64]
    texts: Texts

    def take(self, rows: NDArray[np.int64]) -> Vectors:
        """Return those of some of the texts."""
        return Vectors(self.hidden[rows], self.counts[rows], self.texts.take(rows))


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
        relatives: what tells close relatives apart, None where that was not learnt.
    """

    name: str
    model: Model
    languages: tuple[str, ...]
    scripts: tuple[str, ...]
    plain: bool
    calibration: Mapping[str, NDArray[np.float64]]
    prior: NDArray[np.float32]
    relatives: Relatives | None = None
    _gate: dict[tuple[int, int], NDArray[np.bool_]] = field(default_factory=dict)
    _thread: threading.local = field(default_factory=threading.local)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the word caches: they belong to threads of one process."""
        return {**self.__dict__, "_thread": None, "_gate": {}}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start with empty caches."""
        self.__dict__.update(state)
        self._thread = threading.local()

    @property
    def joint(self) -> bool:
        """Whether `joint_vectors` reads documents and their paragraphs in one pass.

        Models of others read other text of documents than of their paragraphs.
        """
        return self.plain and not runs_of_words(self.model.network)

    @property
    def large(self) -> bool:
        """Whether a worker should read the file again rather than get a copy."""
        net = self.model.network
        return net.rows.nbytes + net.codes.nbytes > _LARGE_MODEL

    def reads(self, block: TextBlock) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return texts as the model was trained to read them."""
        return (
            plain_words(*block, _table()) if self.plain else (block.data, block.offsets)
        )

    def vectors(self, block: TextBlock) -> Vectors:
        """Return the mean input row and number of rows of each text of a block.

        Args:
            block: texts, composed (NFC) if the model reads folded words.
        """
        data, offsets = self.reads(block)
        found = document_vectors(self.model.network, self._cache(), data, offsets)
        place = np.arange(len(offsets))
        return Vectors(*found, Texts(data, offsets, place[:-1], place[1:]))

    def joint_vectors(
        self, block: TextBlock, doc: NDArray[np.int64], n_docs: int
    ) -> tuple[Vectors, Vectors]:
        """Return what `vectors` does of paragraphs and of their documents.

        Args:
            block: paragraphs; they begin and end where words do.
            doc: int64[n_paragraphs], the document that each is in.
            n_docs: documents.
        """
        data, starts = self.reads(block)
        found = joint_vectors(
            self.model.network, self._cache(), data, starts, doc, n_docs
        )
        place = np.arange(len(starts))
        parts = Texts(data, starts, place[:-1], place[1:])
        borders = np.searchsorted(doc, np.arange(n_docs + 1))
        wholes = Texts(data, starts, borders[:-1], borders[1:])
        return Vectors(*found[:2], parts), Vectors(*found[2:], wholes)

    def guess_texts(
        self, block: TextBlock, writing: Writing, script_codes: tuple[str, ...]
    ) -> Guess:
        """Return the likeliest labels of each text of a block."""
        return self.guess(self.vectors(block), writing, script_codes)

    def guess(
        self,
        vectors: Vectors,
        writing: Writing,
        script_codes: tuple[str, ...],
        least: float = 0.0,
    ) -> Guess:
        """Return the likeliest labels that the scripts of each text allow.

        Args:
            vectors: of the texts.
            writing: of the same.
            script_codes: the codes that ``writing`` counts in.
            least: confidence below which nobody cares which label it is.
        """
        allowed, group = self.gates(writing, script_codes + SCRIPT_EXTRA)
        output, hidden = self.model.output, vectors.hidden
        found = top_labels(
            output, hidden, vectors.counts, 2, allowed, group, self.prior
        )
        if self.relatives:
            scored = Scored(hidden, output.columns, self.prior)
            share = self._least_share(least, writing.letters)
            self.relatives.settle(*found, scored, vectors.texts, share)
        return self.judged(*found, writing)

    def leaders(
        self, vectors: Vectors, writing: Writing, script_codes: tuple[str, ...]
    ) -> NDArray[np.int32]:
        """Return int32[n], the label of each text where the language is clear, or -1.

        Clear is what `guess` would find likeliest; how likely, it would have to count.
        """
        allowed, group = self.gates(writing, script_codes + SCRIPT_EXTRA)
        hidden, counts = vectors.hidden, vectors.counts
        return leaders(self.model.output, hidden, counts, allowed, group, self.prior)

    def judged(
        self,
        best: NDArray[np.int32],
        share: NDArray[np.float32],
        mass: NDArray[np.float32],
        writing: Writing,
    ) -> Guess:
        """Return the guess that the two best labels and all shares make."""
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
        numbers = self._language_numbers
        same = (numbers[best[:, 0]] == numbers[best[:, 1]]) & (best[:, 1] >= 0)
        return np.where(same, share[:, 1], np.float32(0))

    @cached_property
    def _language_numbers(self) -> NDArray[np.int64]:
        """The language of each label as a number; the last entry is nobody's, -1."""
        names = ["cmn" if c in _CHINESE else c for c in self.languages]
        number = {name: i for i, name in enumerate(dict.fromkeys(names))}
        return np.array([*(number[name] for name in names), -1])

    def fingerprint(self) -> dict[str, str]:
        """Return checksums of the file, the calibration and the second look."""
        digest = hashlib.sha256()
        for name in sorted(self.calibration):
            digest.update(np.ascontiguousarray(self.calibration[name]).tobytes())
        digest.update(self.prior.tobytes())
        return {
            "language.model": self.name,
            "language.model_sha256": self.model.checksum,
            "language.calibration_sha256": digest.hexdigest(),
            "language.relatives_sha256": (
                self.relatives.checksum if self.relatives else ""
            ),
        }

    def _cache(self) -> Cache:
        cache: Cache | None = getattr(self._thread, "cache", None)
        if cache is None:
            cache = self._thread.cache = word_cache(self.model.network.dim)
        return cache

    def gates(
        self, writing: Writing, codes: tuple[str, ...]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return bool[n_groups, n_labels] and the group of each document."""
        enough = writing.second_letters * _SECOND_SCRIPT_ONE_IN >= (
            writing.script_letters + writing.second_letters
        )
        second = np.where(
            enough & (writing.second >= 0), writing.second, writing.script
        )
        # There are few pairs of scripts: no need to sort to find those that occur.
        pairs = writing.script.astype(np.int64) * len(codes) + second
        occurs = np.zeros(len(codes) ** 2, np.bool_)
        occurs[pairs] = True
        number = np.cumsum(occurs) - 1
        keys = np.flatnonzero(occurs).tolist()
        rows = [self._allowed(*divmod(key, len(codes)), codes) for key in keys]
        shape = len(keys), len(self.languages)
        return np.array(rows, np.bool_).reshape(shape), number[pairs]

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

    def _least_share(
        self, least: float, letters: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return float32[n], below which share of all no text is so confident."""
        if not self.calibration:
            return np.full(len(letters), least, np.float32)
        edges, values = self.calibration["edges"], self.calibration["values"]
        # Between two points of the grid the first may be as low as that.
        first = np.maximum((values >= least).argmax(axis=1) - 1, 0)
        first[(values < least).all(axis=1)] = len(self.calibration["grid"]) - 1
        share = self.calibration["grid"][first] - 1e-6
        out: NDArray[np.float32] = share.astype(np.float32)[
            np.searchsorted(edges, letters, side="right")
        ]
        return out

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
