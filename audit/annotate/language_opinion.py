"""What langdetect says: a second engine, and a second opinion on a sample.

In: texts of a block. Out: codes as `audit.annotate.language` counts them. langdetect is
slow and random by nature; it is seeded, and asked about a sample chosen by hash of the
document's id, so that the answer hangs on nothing else.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.errors import ConfigError
from audit.resources.language_codes import parse_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from audit.batch import Batch, TextBlock

__all__ = ["Opinions", "langdetect_codes", "second_opinion"]

_SEED = 0
# langdetect reads a random part of long texts anyway.
_MOST_BYTES = 4000


class Opinions(NamedTuple):
    """How often two engines agree, one entry a language of the first.

    Attributes:
        language: ISO 639-3, ascending.
        asked: int64[n], documents of the sample, if the second engine knows the
            language; of others it cannot say anything.
        agreed: int64[n], those that the second engine gives the same language.
        unknown: int64[n], documents of the sample, if it does not know the language.
    """

    language: list[str]
    asked: NDArray[np.int64]
    agreed: NDArray[np.int64]
    unknown: NDArray[np.int64]


def _ask(text: str) -> tuple[str, float]:
    """Return langdetect's language (ISO 639-3) and probability for one text."""
    from langdetect import DetectorFactory, LangDetectException, detect_langs

    DetectorFactory.seed = _SEED
    try:
        best = detect_langs(text)[0]
    except LangDetectException:
        return "und", 0.0
    return parse_label(best.lang)[0], float(best.prob)


@cache
def _known() -> frozenset[str]:
    """Return the languages (ISO 639-3) that langdetect can name."""
    from langdetect import detector_factory

    detector_factory.init_factory()
    codes = detector_factory._factory.get_lang_list()
    return frozenset(parse_label(code)[0] for code in codes)


def langdetect_codes(
    block: TextBlock, offsets: NDArray[np.int64], number: Mapping[str, int]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the number of each text's language, and langdetect's probability.

    Args:
        block: the texts.
        offsets: borders over the buffer of the block.
        number: numbers of the languages that can be counted; others are ``und``.
    """
    n = len(offsets) - 1
    language = np.full(n, number["und"], np.int32)
    confidence = np.zeros(n, np.float32)
    for i in range(n):
        stop = min(offsets[i + 1], offsets[i] + _MOST_BYTES)
        text = block.data[offsets[i] : stop].tobytes().decode("utf-8", "ignore")
        code, confidence[i] = _ask(text)
        language[i] = number.get(code, number["und"])
    return language, confidence


def second_opinion(batch: Batch, language: pa.Array, rate: float) -> Opinions:
    """Return how often langdetect agrees with a language column, on a sample.

    Documents in a language that it does not know are counted apart: that it names
    another is no disagreement.

    Args:
        batch: the documents.
        language: their languages, from `LanguageAnnotator.annotate`.
        rate: share of documents in the sample, chosen by hash of ``doc_id``; those
            without a language are left out.

    Raises:
        ConfigError: the rate is no share.
    """
    if not 0 <= rate <= 1:
        raise ConfigError(
            "the rate of second opinions must be between 0 and 1", value=rate
        )
    counts: dict[str, list[int]] = {}
    border = int(rate * 2**32)
    ids = batch.documents.column("doc_id").to_pylist()
    chosen = [i for i, doc_id in enumerate(ids) if _hash(doc_id) < border]
    for i in chosen:
        first = language[i].as_py()
        if first in ("und", "zxx"):
            continue
        count = counts.setdefault(first, [0, 0, 0])
        if first not in _known():
            count[2] += 1
            continue
        start, stop = batch.text.offsets[i : i + 2].tolist()
        raw = batch.text.data[start : min(stop, start + _MOST_BYTES)]
        second, _ = _ask(raw.tobytes().decode("utf-8", "ignore"))
        count[0] += 1
        count[1] += second == first
    codes = sorted(counts)
    columns = np.array([counts[code] for code in codes], np.int64).reshape(-1, 3).T
    return Opinions(codes, *columns)


def _hash(doc_id: str) -> int:
    digest = hashlib.blake2b(f"second {doc_id}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
