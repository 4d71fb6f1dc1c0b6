"""language@1: the language and script of each document, and how sure that is.

In: a `Batch`. Out: dictionary columns ``language`` (ISO 639-3) and ``script`` (ISO
15924), and ``confidence_micros``. ``zxx`` is text without language, ``und`` text whose
language is in doubt. Codes are made from arrays; no Python object a document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

import numpy as np
import pyarrow as pa

from audit.annotate.language_model import Guess, LanguageModel, load_model
from audit.annotate.language_rules import (
    cantonese,
    classical,
    code_like,
    no_language,
)
from audit.batch import Segments, TextBlock
from audit.errors import ConfigError
from audit.kernels.paragraphs import count_characters, paragraph_offsets
from audit.kernels.prose import prose
from audit.kernels.script import SCRIPT_EXTRA, Writing, read_scripts
from audit.resources.han import han_checksum, script_table
from audit.resources.language_codes import languages_checksum
from audit.kernels.codepoints import unicode_checksum

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from audit.batch import Batch

__all__ = ["ENGINES", "LanguageAnnotator", "Named", "Segments"]

ENGINES = ("fasttext", "langdetect")

# Below this calibrated confidence a document is `und`. Set so low because the reader of
# a profile sees the confidence too, and a wrong guess between two close languages says
# more than no guess.
THRESHOLD = 0.3
# Bytes of running text (spaces too) that one letter in lines of code outweighs.
_CODE_WEIGHT = 1.5
# Bytes of input rows from which on a model is read again, not copied, by a worker.
_LARGE_MODEL = 256 << 20
# A paragraph that is in doubt counts as its document's language.
SEGMENT_THRESHOLD = 0.7


class Named(NamedTuple):
    """Languages and scripts of texts, as numbers into the annotator's lists.

    Attributes:
        language: int32[n], into ``LanguageAnnotator.languages``.
        script: int32[n], into ``LanguageAnnotator.scripts``.
        confidence: float32[n] in [0, 1].
        writing: character counts of the same texts.
    """

    language: NDArray[np.int32]
    script: NDArray[np.int32]
    confidence: NDArray[np.float32]
    writing: Writing


class LanguageAnnotator:
    """Identifies the language and script of each document of a batch.

    Args:
        model: None for the packaged model, ``"lid.176"``, or the path of a fastText
            model.
        threshold: confidence in [0, 1] below which a document is ``und``; the measured
            default if None.
        engine: ``"fasttext"``, or ``"langdetect"`` to see what that would say.

    Raises:
        ConfigError: there is no such engine, no such model, or the threshold is no
            share.
    """

    name = "language@1"

    def __init__(
        self,
        model: str | Path | None = None,
        threshold: float | None = None,
        engine: str = "fasttext",
    ) -> None:
        if engine not in ENGINES:
            raise ConfigError(
                "the language engine must be one of " + ", ".join(ENGINES),
                value=engine,
                where="--language-engine",
            )
        if threshold is not None and not 0 <= threshold <= 1:
            raise ConfigError(
                "the language threshold must be between 0 and 1", value=threshold
            )
        self.engine, self._source = engine, model
        self.threshold = THRESHOLD if threshold is None else threshold
        self._table, self._codes = script_table()
        self.model: LanguageModel = load_model(model)
        self.scripts = (*self._codes, *SCRIPT_EXTRA)
        extra = {"und", "zxx", "cmn", "yue", "lzh"}
        self.languages = tuple(sorted({*self.model.languages, *extra}))
        self._number = {code: i for i, code in enumerate(self.languages)}
        numbers = [self._number[code] for code in self.model.languages]
        # The last entry answers for "no label", -1.
        self._of_label = np.array([*numbers, self._number["und"]], np.int32)
        numbers = [self._script_number(code) for code in self.model.scripts]
        self._script_of_label = np.array([*numbers, -1], np.int32)

    def _script_number(self, code: str) -> int:
        return self.scripts.index(code) if code in self.scripts else -1

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """Send a large model to workers by path: they map the one file and share it."""
        if self.model.model.network.rows.nbytes > _LARGE_MODEL:
            return LanguageAnnotator, (self._source, self.threshold, self.engine)
        return super().__reduce_ex__(protocol)

    def fingerprint(self) -> Mapping[str, str]:
        """Return checksums of the model and tables that decide the output."""
        return {
            "language.engine": self.engine,
            "language.threshold": repr(self.threshold),
            "language.codes_sha256": languages_checksum(),
            "language.han_sha256": han_checksum(),
            "language.unicode_sha256": unicode_checksum(),
            **self.model.fingerprint(),
        }

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array]:
        """Return language, script and confidence_micros of each document."""
        return self.columns(self._read(batch.text)[0])

    def annotate_with_segments(
        self, batch: Batch
    ) -> tuple[Mapping[str, pa.Array], Segments]:
        """Return what `annotate` does, and the languages by paragraph."""
        named, running = self._read(batch.text)
        return self.columns(named), self.segments(batch.raw_text, running, named)

    def _read(self, block: TextBlock) -> tuple[Named, TextBlock]:
        """Return what whole documents are in, and their running text."""
        data, offsets, code_letters = prose(*block)
        running = TextBlock(data, offsets)
        # Models of others read the text as they were made to: all of it.
        named = self.name_texts(running if self.model.plain else block)
        # A document is code where that is most of it and nobody marked it as such.
        nothing = _CODE_WEIGHT * code_letters > np.diff(offsets)
        named.language[nothing] = self._number["zxx"]
        named.confidence[nothing] = 1
        return named, running

    def columns(self, named: Named) -> Mapping[str, pa.Array]:
        """Return the Arrow columns for named texts."""
        micros = np.rint(named.confidence.astype(np.float64) * 1e6).astype(np.int64)
        return {
            "language": _dictionary(named.language, self.languages),
            "script": _dictionary(named.script, self.scripts),
            "confidence_micros": pa.array(micros),
        }

    def name_texts(
        self, block: TextBlock, offsets: NDArray[np.int64] | None = None
    ) -> Named:
        """Return language, script and confidence of each text of a block.

        Args:
            block: texts in NFC.
            offsets: other borders over the same buffer, as those of paragraphs.
        """
        starts = block.offsets if offsets is None else offsets
        writing = read_scripts(block.data, starts, self._table, self._codes)
        if self.engine == "langdetect":
            from audit.annotate.language_opinion import langdetect_codes

            language, confidence = langdetect_codes(block, starts, self._number)
            return self._settle(language, writing.script, confidence, writing)
        hidden, counts = self.model.vectors(block, starts)
        guess = self.model.guess(hidden, counts, writing, self._codes)
        return self._name(guess, writing)

    def _name(self, guess: Guess, writing: Writing) -> Named:
        label = guess.label.copy()
        zxx = self._number["zxx"]
        # The model's word for "no language" is taken only from text that has the marks
        # of code; elsewhere its next best label stands.
        prose = (self._of_label[label] == zxx) & ~code_like(writing)
        label[prose] = guess.runner_up[prose]
        language = self._of_label[label]
        named = self._script_of_label[label]
        hani = {self._script_number(code) for code in ("Hans", "Hant")}
        second = (named == writing.second) & (named >= 0)
        # Whether it is Hans or Hant is for the characters to say, not for the label.
        second |= np.isin(named, list(hani)) & np.isin(writing.second, list(hani))
        second &= writing.second_letters > 0
        script = np.where(
            second & (named != writing.script), writing.second, writing.script
        )
        return self._settle(language, script, guess.confidence, writing)

    def _settle(
        self,
        language: NDArray[np.int32],
        script: NDArray[np.int32],
        confidence: NDArray[np.float32],
        writing: Writing,
    ) -> Named:
        """Apply what characters settle, then the threshold."""
        number = self._number
        language, confidence = language.copy(), confidence.copy()
        language[confidence < self.threshold] = number["und"]
        chinese = np.isin(language, [number[c] for c in ("cmn", "yue", "lzh")])
        spoken, old = cantonese(writing), classical(writing)
        language[chinese & spoken] = number["yue"]
        language[chinese & old & ~spoken] = number["lzh"]
        language[chinese & ~old & ~spoken] = number["cmn"]
        nothing = no_language(writing)
        language[nothing] = number["zxx"]
        confidence[nothing] = 1
        return Named(language, script.astype(np.int32), confidence, writing)

    def segments(self, block: TextBlock, running: TextBlock, whole: Named) -> Segments:
        """Return how much of each document is in which language and script.

        Paragraphs are lines of running text, joined until they hold enough letters to
        tell. One in doubt counts as its document. What is not running text (code,
        addresses) counts as ``zxx`` without being a paragraph.

        Args:
            block: the texts as the input has them: their characters are shared out.
            running: their running text, from `audit.kernels.prose`.
            whole: what `name_texts` said of the texts.
        """
        offsets, doc = paragraph_offsets(*running)
        part = self.name_texts(running, offsets)
        doubtful = (part.confidence < SEGMENT_THRESHOLD) | (
            part.language == self._number["und"]
        )
        language = np.where(doubtful, whole.language[doc], part.language)
        script = np.where(doubtful, whole.script[doc], part.script)
        n_docs = len(block.offsets) - 1
        total = count_characters(*block)
        counted = _at_most(part.writing.characters.astype(np.int64), doc, total)
        rest = total - np.bincount(doc, counted, n_docs).astype(np.int64)
        key = np.concatenate(
            [
                (doc << 32) | language.astype(np.int64) << 16 | script,
                (np.arange(n_docs) << 32)
                | self._number["zxx"] << 16
                | self._script_number("Zyyy"),
            ]
        )
        size = np.concatenate([counted, rest])
        keys, place = np.unique(key, return_inverse=True)
        characters = np.bincount(place, size, len(keys)).astype(np.int64)
        paragraphs = np.bincount(place[: len(doc)], minlength=len(keys))
        some = characters > 0
        keys = keys[some]
        return Segments(
            keys >> 32,
            _dictionary((keys >> 16 & 0xFFFF).astype(np.int32), self.languages),
            _dictionary((keys & 0xFFFF).astype(np.int32), self.scripts),
            characters[some],
            paragraphs[some].astype(np.int64),
        )


def _at_most(
    counted: NDArray[np.int64], doc: NDArray[np.int64], total: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return counts of paragraphs that sum to their document's characters at most.

    Running text may end in a line break that its document has not, and NFC may be
    longer than what it was made from: what is too much is cut off at the end.

    Args:
        counted: int64[n], characters of paragraphs, in document order.
        doc: int64[n], the document of each.
        total: int64[n_docs].
    """
    sums = np.bincount(doc, counted, len(total)).astype(np.int64)
    end = np.cumsum(counted) - (np.cumsum(sums) - sums)[doc]
    limit = total[doc]
    return np.minimum(end, limit) - np.minimum(end - counted, limit)


def _dictionary(
    codes: NDArray[np.int32], values: tuple[str, ...]
) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.array(values, pa.string())
    )
