"""The batch that every annotator reads: documents, their text buffer, their tokens.

In: an Arrow record batch of DOCUMENT schema. Out: a `Batch` whose text is one byte
buffer with offsets (the Arrow buffers themselves, no copy) and whose tokens are
computed once, on first use, and shared by every annotator that needs them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audit.kernels.gazetteer import Matches
    from audit.kernels.tokens import Tokens

__all__ = ["Annotator", "Batch", "Mentions", "Segments", "TextBlock", "text_block"]


class TextBlock(NamedTuple):
    """Texts as one buffer: document i is ``data[offsets[i]:offsets[i + 1]]``.

    Attributes:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_docs + 1], ascending byte offsets into ``data``.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]


class Segments(NamedTuple):
    """How much of each document is in which language: one entry a pair that occurs.

    Attributes:
        doc: int64[n], ascending row of the document in its batch.
        language: dictionary array of ISO 639-3 codes.
        script: dictionary array of ISO 15924 codes.
        characters: int64[n], code points; they sum to those of the document.
        segments: int64[n], paragraphs.
    """

    doc: NDArray[np.int64]
    language: pa.DictionaryArray
    script: pa.DictionaryArray
    characters: NDArray[np.int64]
    segments: NDArray[np.int64]


class Mentions(NamedTuple):
    """Forms found in a batch, and those of them that count as references.

    Attributes:
        matches: all forms found.
        counted: int32[n_counted], reference numbers in text order.
        origin: int64[n_counted], the match that each comes from.
    """

    matches: Matches
    counted: NDArray[np.int32]
    origin: NDArray[np.int64]


def text_block(column: pa.Array) -> TextBlock:
    """Return the buffers of a large_string array without nulls, without a copy."""
    _, offsets, data = column.buffers()
    n_docs, first = len(column), column.offset
    if n_docs == 0 or data is None:
        return TextBlock(np.zeros(0, np.uint8), np.zeros(n_docs + 1, np.int64))
    return TextBlock(
        np.frombuffer(data, np.uint8),
        np.frombuffer(offsets, np.int64)[first : first + n_docs + 1],
    )


@dataclass
class Batch:
    """Documents on their way through the annotators.

    Attributes:
        documents: DOCUMENT record batch.
        file: name of the file they were read from, relative to its corpus; the first
            of several.
        parts: each file and how many documents in a row are from it, where there are
            several.
        columns: what annotators have added so far, by column name (see
            `schemas.annotation`); later annotators may read what earlier ones wrote.
        segments: languages by paragraph, where the language annotator has told them.
        opinions: language, documents, agreeing, unknown_to_engine: what a second
            engine said, where one was asked.
        mentions: references found in the text, for all who show or count them; filled
            by `audit.annotate.culture.counted_matches`.
    """

    documents: pa.RecordBatch
    file: str = ""
    columns: dict[str, pa.Array] = field(default_factory=dict)
    segments: Segments | None = None
    opinions: pa.Table | None = None
    mentions: Mentions | None = None
    parts: tuple[tuple[str, int], ...] = ()

    def origins(self) -> tuple[list[str], NDArray[np.int64]]:
        """Return the files, and int64[n_docs], which of them each document is from."""
        parts = self.parts or ((self.file, self.documents.num_rows),)
        counts = [count for _, count in parts]
        return [name for name, _ in parts], np.repeat(np.arange(len(parts)), counts)

    @cached_property
    def raw_text(self) -> TextBlock:
        """The text as the input has it."""
        return text_block(self.documents.column("text"))

    @cached_property
    def text(self) -> TextBlock:
        """The text in NFC: the same buffers where it already is (nearly always)."""
        from audit.kernels.normalise import to_nfc

        return TextBlock(*to_nfc(*self.raw_text))

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens of ``text``, computed once for all annotators."""
        from audit.kernels.tokens import tokenize

        return tokenize(*self.text)


class Annotator(Protocol):
    """A pure function from a batch to new columns, named and versioned.

    Attributes:
        name: ``"language@1"``; the version changes when its output may change.
    """

    name: str

    def fingerprint(self) -> Mapping[str, str]:
        """Return checksums of the model and tables that decide the output."""

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array]:
        """Return the new columns, one row a document; never changes the batch."""
