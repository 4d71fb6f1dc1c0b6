"""The fold: annotated batches in, one accumulator out.

In: a `Batch` whose annotators have all run. Out: an `Accumulator`. The fold holds the
parameters (the gazetteer's reference table), the accumulator only data; Beam's
CombineFn and the in-process loop both call these methods and nothing else.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit.fold.accumulator import Accumulator
from audit.fold.counts import count_by, group_codes
from audit.fold.references import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from audit.batch import Batch, Segments

__all__ = ["MIXED_PART", "ProfileFold", "sampling_units"]

_MIX_LABELS = (
    "domain",
    "suffix",
    "platform",
    "operator",
    "category",
    "country",
    "language",
    "script",
)
_COUNTS = ("characters", "bytes", "words")
# Documents without a domain fall into one of 4096 groups by the name of their file,
# and 16 by their content: see `audit.measures.units`.
_FILE_GROUPS, _CONTENT_GROUPS = 4096, 16
# A document mixes languages if more than one part in ten of its characters is in
# paragraphs of another language than its own.
MIXED_PART = 10
NO_LANGUAGE = ("zxx", "und")


def sampling_units(
    domain: pa.DictionaryArray,
    content_hash: pa.Array,
    file: str | tuple[list[str], NDArray[np.int64]],
) -> pa.DictionaryArray:
    """Return the sampling unit of each document, for the bootstrap of intervals.

    Args:
        domain: registered domain, "" where there is none.
        content_hash: fixed-size binary, one a document.
        file: name of the file, or `Batch.origins` of several; only the last part of a
            name counts, so that the unit does not depend on the folder that was named
            on the command line.

    Returns:
        The domain, or ``~<file group>.<content group>`` where there is none.
    """
    names_of, number = ([file], 0) if isinstance(file, str) else file
    groups = [_file_group(name) for name in names_of]
    chosen, file_group = np.unique(groups, return_inverse=True)
    labels = [f"~{g:03x}.{n:x}" for g in chosen for n in range(_CONTENT_GROUPS)]
    names = domain.dictionary
    codes = np.asarray(domain.indices).astype(np.int64)
    width = content_hash.type.byte_width
    hashes = np.frombuffer(content_hash.buffers()[1], np.uint8)
    first = hashes[content_hash.offset * width :][: len(codes) * width : width]
    empty = np.asarray(pc.equal(names, ""), dtype=bool)
    without = empty[codes] if len(codes) else np.zeros(0, bool)
    # In eight bits the number of a group after many domains would not fit.
    group_of = (first & (_CONTENT_GROUPS - 1)).astype(np.int64)
    group_of += file_group[number] * _CONTENT_GROUPS
    codes = np.where(without, len(names) + group_of, codes)
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.concat_arrays([names, pa.array(labels)])
    )


def _file_group(name: str) -> int:
    return zlib.crc32(name.rsplit("/", 1)[-1].encode()) % _FILE_GROUPS


class ProfileFold:
    """Makes, adds to and merges accumulators.

    Args:
        culture_of: dictionary array, the culture of each reference by its number.
        category_of: dictionary array, the category of each reference by its number.
    """

    def __init__(
        self, culture_of: pa.DictionaryArray, category_of: pa.DictionaryArray
    ) -> None:
        self._culture, self._category = culture_of, category_of
        self._culture_codes = np.asarray(culture_of.indices).astype(np.int64)
        self._category_codes = np.asarray(category_of.indices).astype(np.int64)

    def zero(self) -> Accumulator:
        """Return an accumulator of nothing."""
        return Accumulator()

    def merge(self, accumulators: Iterable[Accumulator]) -> Accumulator:
        """Add up accumulators; none of them is changed."""
        result = self.zero()
        for accumulator in accumulators:
            result.merge(accumulator)
        return result

    def add(self, accumulator: Accumulator, batch: Batch) -> Accumulator:
        """Add an annotated batch to the accumulator, which is changed and returned."""
        n_docs = batch.documents.num_rows
        if n_docs == 0:
            return accumulator
        columns = batch.columns
        values = {"documents": np.ones(n_docs, np.int64)}
        values |= {name: np.asarray(columns[name]) for name in _COUNTS}
        offsets = np.asarray(columns["references"].offsets)
        located = (np.diff(offsets) > 0).astype(np.int64)
        unit = sampling_units(
            columns["domain"], columns["content_hash"], batch.origins()
        )
        accumulator.add_table(
            "mix",
            count_by(
                {"unit": unit, **{name: columns[name] for name in _MIX_LABELS}},
                {
                    **values,
                    "confidence_micros": np.asarray(columns["confidence_micros"]),
                    "located_documents": located,
                    "located_characters": located * values["characters"],
                },
            ),
        )
        self._add_totals(accumulator, batch, values)
        if batch.segments is not None:
            _add_segments(accumulator, batch, batch.segments)
        if batch.opinions is not None:
            accumulator.add_table("language_opinions", batch.opinions)
        self._add_references(accumulator, batch, unit)
        return accumulator

    def _add_totals(
        self,
        accumulator: Accumulator,
        batch: Batch,
        values: dict[str, NDArray[np.int64]],
    ) -> None:
        totals = accumulator.totals
        for name, column in values.items():
            totals[name] += int(column.sum())
        columns = batch.columns
        totals["empty_documents"] += int((values["words"] == 0).sum())
        lengths = np.diff(np.asarray(columns["references"].offsets))
        totals["located_documents"] += int((lengths > 0).sum())
        totals["documents_with_url"] += int(
            pc.sum(pc.not_equal(columns["domain"].cast(pa.string()), "")).as_py() or 0
        )
        if "attributed_by" in columns:
            by_field = pc.equal(columns["attributed_by"].cast(pa.string()), "field")
            totals["documents_attributed_by_field"] += pc.sum(by_field).as_py() or 0
        if "mojibake" in columns:
            totals["mojibake"] += columns["mojibake"].true_count
        span = pc.min_max(batch.documents.column("date"))
        accumulator.add_dates(span["min"].as_py() or "", span["max"].as_py() or "")

    def _add_references(
        self, accumulator: Accumulator, batch: Batch, unit: pa.DictionaryArray
    ) -> None:
        """Count references, cultures and their documents."""
        column = batch.columns["references"]
        offsets = np.asarray(column.offsets).astype(np.int64)
        flat = column.values.slice(offsets[0], offsets[-1] - offsets[0])
        if len(flat) == 0:
            return
        doc = np.repeat(np.arange(len(column)), np.diff(offsets))
        reference = np.asarray(flat.field("reference")).astype(np.int64)
        mentions = np.asarray(flat.field("mentions")).astype(np.int64)
        language = batch.columns["language"]
        ones = np.ones(len(doc), np.int64)
        seen, numbers = np.unique(reference, return_inverse=True)
        names = pa.array(seen.astype(str).tolist(), pa.string())
        accumulator.add_table(
            "reference",
            count_by(
                {
                    "reference": pa.DictionaryArray.from_arrays(
                        pa.array(numbers.astype(np.int32)), names
                    ),
                    "language": language.take(pa.array(doc)),
                },
                {"documents": ones, "mentions": mentions},
            ),
        )
        accumulator.add_sources(sources_of(reference, doc, unit))
        culture = self._culture_codes[reference]
        category = self._category_codes[reference]
        n_cultures, n_categories = (
            len(self._culture.dictionary),
            len(self._category.dictionary),
        )
        sizes = [len(column), n_cultures, n_categories]
        at, sums = _first_of_group(
            group_codes([doc, culture, category], sizes), mentions
        )
        accumulator.add_table(
            "culture",
            count_by(
                {
                    "culture": _labels(culture[at], self._culture),
                    "category": _labels(category[at], self._category),
                    "language": language.take(pa.array(doc[at])),
                },
                {"documents": np.ones(len(at), np.int64), "mentions": sums},
            ),
        )
        at, sums = _first_of_group(group_codes([doc, culture], sizes[:2]), mentions)
        characters = np.asarray(batch.columns["characters"])
        accumulator.add_table(
            "culture_mix",
            count_by(
                {
                    "unit": unit.take(pa.array(doc[at])),
                    "culture": _labels(culture[at], self._culture),
                    "language": language.take(pa.array(doc[at])),
                },
                {
                    "documents": np.ones(len(at), np.int64),
                    "characters": characters[doc[at]],
                    "mentions": sums,
                },
            ),
        )


def _add_segments(accumulator: Accumulator, batch: Batch, segments: Segments) -> None:
    """Count languages by paragraph, and what is outside each document's main one."""
    keys = {"language": segments.language, "script": segments.script}
    values = {"characters": segments.characters, "segments": segments.segments}
    accumulator.add_table("language_segments", count_by(keys, values))
    main = batch.columns["language"].cast(pa.string()).take(pa.array(segments.doc))
    language = segments.language.cast(pa.string())
    # Code and tables are no other language, and neither is a doubt.
    none = pc.is_in(language, pa.array(NO_LANGUAGE))
    inside = np.asarray(pc.or_(pc.equal(main, language), none))
    outside = np.where(inside, 0, segments.characters)
    by_doc = np.zeros(batch.documents.num_rows, np.int64)
    np.add.at(by_doc, segments.doc, outside)
    # Integers on both sides: a tenth of the characters, without a division.
    mixed = by_doc * MIXED_PART > np.asarray(batch.columns["characters"])
    accumulator.totals["mixed_documents"] += int(mixed.sum())
    accumulator.totals["characters_outside_main_language"] += int(outside.sum())


def _labels(codes: NDArray[np.int64], like: pa.DictionaryArray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), like.dictionary
    )


def _first_of_group(
    groups: NDArray[np.int64], values: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row where each group is met first, and its sum of values."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    sums = np.zeros(len(first), np.int64)
    np.add.at(sums, inverse, values)
    return first, sums
