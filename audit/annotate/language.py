"""language@1: the language and script of each document, and how sure that is.

In: a `Batch`. Out: dictionary columns ``language`` (ISO 639-3) and ``script`` (ISO
15924), and ``confidence_micros``. ``zxx`` is text without language, ``und`` text whose
language is in doubt. Codes are made from arrays; no Python object a document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

import numpy as np
import pyarrow as pa

from audit.annotate.language_load import load_model
from audit.annotate.language_model import Guess, LanguageModel
from audit.annotate.language_paragraphs import share_out
from audit.annotate.language_rules import (
    cantonese,
    classical,
    code_like,
    no_language,
)
from audit.batch import Segments, TextBlock, text_block
from audit.errors import ConfigError
from audit.kernels.code_lines import line_checksum
from audit.kernels.codepoints import unicode_checksum
from audit.kernels.lone_words import lone_words
from audit.kernels.paragraphs import paragraph_offsets
from audit.kernels.prose import prose
from audit.kernels.script import (
    SCRIPT_EXTRA,
    Writing,
    read_scripts,
    read_scripts_jointly,
)
from audit.kernels.utf8 import count_characters
from audit.resources.han import han_checksum, script_table
from audit.resources.language_codes import languages_checksum

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from audit.annotate.language_model import Vectors
    from audit.batch import Batch

__all__ = ["ENGINES", "LanguageAnnotator", "Named", "Segments"]

ENGINES = ("fasttext", "langdetect")

# Below this calibrated confidence a document is `und`. Set so low because the reader of
# a profile sees the confidence too, and a wrong guess between two close languages says
# more than no guess.
THRESHOLD = 0.3
# A document of one word needs so much to be named: words are shared by many languages.
WORD_THRESHOLD = 0.9
# A document of one line that may be code needs so much to be in a language.
LINE_THRESHOLD = 0.95
# Bytes of running text (spaces too) that one letter in lines of code outweighs.
_CODE_WEIGHT = 1.5
# Languages and scripts that characters tell apart, not labels.
_CHINESE, _HANI = ("cmn", "yue", "lzh"), ("Hans", "Hant")
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
        extra = {"und", "zxx", *_CHINESE}
        self.languages = tuple(sorted({*self.model.languages, *extra}))
        self._number = {code: i for i, code in enumerate(self.languages)}
        numbers = [self._number[code] for code in self.model.languages]
        # The last entry answers for "no label", -1.
        self._of_label = np.array([*numbers, self._number["und"]], np.int32)
        numbers = [self._script_number(code) for code in self.model.scripts]
        self._script_of_label = np.array([*numbers, -1], np.int32)
        self._chinese = np.isin(self.languages, _CHINESE)
        # As above, the last entry answers for "no script", -1.
        self._hani = np.isin([*self.scripts, ""], _HANI)

    def _script_number(self, code: str) -> int:
        return self.scripts.index(code) if code in self.scripts else -1

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """Send a large model to workers by path: they map the one file and share it."""
        if self.model.large:
            return LanguageAnnotator, (self._source, self.threshold, self.engine)
        return super().__reduce_ex__(protocol)

    def fingerprint(self) -> Mapping[str, str]:
        """Return checksums of the model and tables that decide the output."""
        return {
            "language.engine": self.engine,
            "language.threshold": repr(self.threshold),
            "language.code_lines_sha256": line_checksum(),
            "language.codes_sha256": languages_checksum(),
            "language.han_sha256": han_checksum(),
            "language.unicode_sha256": unicode_checksum(),
            **self.model.fingerprint(),
        }

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array]:
        """Return language, script and confidence_micros of each document."""
        running, code, doubtful = _running(batch.text)
        named = self.name_texts(running if self.model.plain else batch.text)
        named = self._judged(named, running, code, doubtful)
        return self.columns(self._with_scripts_of_code(named, batch.text))

    def annotate_with_segments(
        self, batch: Batch
    ) -> tuple[Mapping[str, pa.Array], Segments]:
        """Return what `annotate` does, and the languages by paragraph."""
        running, code, doubtful = _running(batch.text)
        borders, doc = paragraph_offsets(*running)
        parts = TextBlock(running.data, borders)
        if self.model.joint and self.engine == "fasttext":
            vectors, whole = self.model.joint_vectors(parts, doc, len(code))
            writing, whole_writing = read_scripts_jointly(
                *parts, doc, len(code), self._table, self._codes
            )
            guess = self.model.guess(whole, whole_writing, self._codes)
            named = self._named(guess, whole_writing)
            named = self._judged(named, running, code, doubtful)
            part = self._name_parts(vectors, writing, named, doc)
        else:
            # Models of others read the text as they were made to: all of it.
            named = self.name_texts(running if self.model.plain else batch.text)
            named = self._judged(named, running, code, doubtful)
            part = self.name_texts(parts)
        named = self._with_scripts_of_code(named, batch.text)
        return self.columns(named), self._segments(batch.raw_text, named, part, doc)

    def _judged(
        self,
        named: Named,
        running: TextBlock,
        code: NDArray[np.bool_],
        doubtful: NDArray[np.bool_],
    ) -> Named:
        """Apply what holds for documents only: code, and words that stand alone.

        Args:
            named: the documents.
            running: their running text.
            code: which are code.
            doubtful: which are a line that is code if it is in no language for sure.
        """
        if self.model.plain and self.engine == "fasttext":
            doubtful = doubtful & (named.confidence < LINE_THRESHOLD)
        code = code | doubtful
        if self.model.plain and self.engine == "fasttext" and self.threshold:
            doubtful = named.confidence < max(WORD_THRESHOLD, self.threshold)
            doubtful &= named.writing.letters > 0
            if doubtful.any():
                named.language[doubtful & lone_words(*running)] = self._number["und"]
        named.language[code] = self._number["zxx"]
        named.confidence[code] = 1
        return named

    def _with_scripts_of_code(self, named: Named, block: TextBlock) -> Named:
        """Give texts that are nothing but code or markup the script of their letters.

        Args:
            named: what running text alone said.
            block: the whole texts, in NFC.
        """
        rows = np.flatnonzero(named.writing.letters == 0)
        if not len(rows):
            return named
        writing = read_scripts(*_taken(block, rows), self._table, self._codes)
        script = named.script.copy()
        script[rows] = writing.script
        return named._replace(script=script)

    def columns(self, named: Named) -> Mapping[str, pa.Array]:
        """Return the Arrow columns for named texts."""
        micros = np.rint(named.confidence.astype(np.float64) * 1e6).astype(np.int64)
        return {
            "language": _dictionary(named.language, self.languages),
            "script": _dictionary(named.script, self.scripts),
            "confidence_micros": pa.array(micros),
        }

    def name_texts(self, block: TextBlock) -> Named:
        """Return language, script and confidence of each text of a block, in NFC."""
        writing = read_scripts(*block, self._table, self._codes)
        if self.engine == "langdetect":
            from audit.annotate.language_opinion import langdetect_codes

            language, confidence = langdetect_codes(block, block.offsets, self._number)
            return self._settle(language, writing.script, confidence, writing)
        guess = self.model.guess_texts(block, writing, self._codes)
        return self._named(guess, writing)

    def _name_parts(
        self, vectors: Vectors, writing: Writing, whole: Named, doc: NDArray[np.int64]
    ) -> Named:
        """Return language and script of paragraphs, as `_segments` will need them.

        A paragraph that is clearly in the language and script of its document counts as
        that whatever its confidence, so none is computed: it is given as 1. The others
        get a second look among close relatives.

        Args:
            vectors: of the paragraphs.
            writing: of the same.
            whole: what their documents are in.
            doc: int64[n_paragraphs], the document that each is in.
        """
        label = self.model.leaders(vectors, writing, self._codes)
        sure = np.ones(len(label), np.float32)
        named = self._named(Guess(label, label, sure), writing)
        other = (named.language != whole.language[doc]) | (
            named.script != whole.script[doc]
        )
        # Whether code is what a label says it is, its runner-up may have to tell.
        unsure = self._of_label[label] == self._number["zxx"]
        # A document of one paragraph is in one language: its own.
        alone = np.bincount(doc, minlength=1)[doc] == 1
        rest = np.flatnonzero(((label < 0) | other | unsure) & ~alone)
        rows = Writing(*(counts[rest] for counts in writing))
        guess = self.model.guess(
            vectors.take(rest), rows, self._codes, SEGMENT_THRESHOLD
        )
        again = self._named(guess, rows)
        for values, found in zip(named[:3], again[:3], strict=True):
            values[rest] = found
        return named

    def _named(self, guess: Guess, writing: Writing) -> Named:
        label = guess.label.copy()
        zxx = self._number["zxx"]
        # The model's word for "no language" is taken only from text that has the marks
        # of code; elsewhere its next best label stands.
        prose = (self._of_label[label] == zxx) & ~code_like(writing)
        label[prose] = guess.runner_up[prose]
        language = self._of_label[label]
        named = self._script_of_label[label]
        second = (named == writing.second) & (named >= 0)
        # Whether it is Hans or Hant is for the characters to say, not for the label.
        second |= self._hani[named] & self._hani[writing.second]
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
        chinese = self._chinese[language]
        spoken, old = cantonese(writing), classical(writing)
        language[chinese & spoken] = number["yue"]
        language[chinese & old & ~spoken] = number["lzh"]
        language[chinese & ~old & ~spoken] = number["cmn"]
        nothing = no_language(writing)
        language[nothing] = number["zxx"]
        confidence[nothing] = 1
        return Named(language, script.astype(np.int32), confidence, writing)

    def _segments(
        self, block: TextBlock, whole: Named, part: Named, doc: NDArray[np.int64]
    ) -> Segments:
        """Return how much of each document is in which language and script.

        Paragraphs are lines of running text, joined until they hold enough letters to
        tell. One in doubt counts as its document. What is not running text (code,
        addresses) counts as ``zxx`` without being a paragraph.

        Args:
            block: the texts as the input has them: their characters are shared out.
            whole: what the texts are in.
            part: what their paragraphs are in.
            doc: int64[n_paragraphs], the text that each is in.
        """
        doubtful = (part.confidence < SEGMENT_THRESHOLD) | (
            part.language == self._number["und"]
        )
        # A document of one paragraph is in one language: its own.
        doubtful |= np.bincount(doc, minlength=1)[doc] == 1
        language = np.where(doubtful, whole.language[doc], part.language)
        script = np.where(doubtful, whole.script[doc], part.script)
        total = count_characters(*block)
        found = share_out(
            doc,
            language.astype(np.int64) << 16 | script,
            part.writing.characters,
            total,
            self._number["zxx"] << 16 | self._script_number("Zyyy"),
        )
        return Segments(
            found.doc,
            _dictionary((found.key >> 16).astype(np.int32), self.languages),
            _dictionary((found.key & 0xFFFF).astype(np.int32), self.scripts),
            found.characters,
            found.paragraphs,
        )


def _running(
    block: TextBlock,
) -> tuple[TextBlock, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the running text of documents, and which are code that nobody marked.

    The last array tells which are one line that may be code.
    """
    found = prose(*block)
    code = _CODE_WEIGHT * found.code_letters > found.weights
    return TextBlock(found.data, found.offsets), code, found.doubtful


def _taken(block: TextBlock, rows: NDArray[np.int64]) -> TextBlock:
    """Return some of the texts, copied."""
    buffers = [None, pa.py_buffer(block.offsets), pa.py_buffer(block.data)]
    texts = pa.Array.from_buffers(pa.large_binary(), len(block.offsets) - 1, buffers)
    return text_block(texts.take(pa.array(rows)))


def _dictionary(
    codes: NDArray[np.int32], values: tuple[str, ...]
) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.array(values, pa.string())
    )
