"""Whose world a text speaks of: the cultural references of each document.

In: a batch, its tokens, and its `language` column where an earlier annotator has
written one. Out: the column `references` (schemas.annotation), and from it the cultures
of each document and a bounded sample of evidence.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from audit.batch import Mentions
from audit.kernels.claims import resolve_matches
from audit.kernels.gazetteer import find_matches
from audit.resources.gazetteer import Gazetteer, gazetteer, gazetteer_checksum
from schemas.annotation import ANNOTATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audit.batch import Batch

__all__ = ["CultureAnnotator", "culture_scores", "document_cultures"]

_REFERENCES = ANNOTATION.field("references").type


class CultureAnnotator:
    """Adds the references of each document that count after disambiguation."""

    name = "culture@1"

    def fingerprint(self) -> Mapping[str, str]:
        """Return the checksum of the gazetteer."""
        return {"gazetteer": gazetteer_checksum()}

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array]:
        """Return the column ``references``: list of (reference, mentions), ascending.

        Args:
            batch: documents; the column ``language`` is used where it is there.
        """
        known = gazetteer()
        matches, counted, origin = counted_matches(batch, known)
        docs = matches.docs[origin]
        n_docs = batch.documents.num_rows
        return {"references": reference_lists(docs, counted, n_docs)}


def counted_matches(batch: Batch, known: Gazetteer) -> Mentions:
    """Return what a batch mentions; found once, for all who ask."""
    if batch.mentions is None:
        matches = find_matches(batch.text.data, batch.tokens, known.index)
        languages = document_languages(batch, known)
        counted, origin = resolve_matches(
            matches, batch.tokens, known.claims, languages, known.homes
        )
        batch.mentions = Mentions(matches, counted, origin)
    return batch.mentions


def document_languages(batch: Batch, known: Gazetteer) -> NDArray[np.int32]:
    """Return int32[n_docs], the row of each document's language in `known.homes`."""
    n_docs, unknown = batch.documents.num_rows, len(known.languages)
    labels = batch.columns.get("language")
    if labels is None:
        return np.full(n_docs, unknown, np.int32)
    names = labels.dictionary.to_pylist()
    rows = [known.languages.get(n or "", unknown) for n in names]
    codes = labels.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
    return np.array([*rows, unknown], np.int32)[codes]


def reference_lists(
    docs: NDArray[np.int32], counted: NDArray[np.int32], n_docs: int
) -> pa.Array:
    """Return the column ``references`` from (document, reference) pairs.

    Args:
        docs: int32[n_mentions].
        counted: int32[n_mentions], the reference mentioned.
        n_docs: documents in the batch.
    """
    keys = docs.astype(np.int64) << 32 | counted
    unique, mentions = np.unique(keys, return_counts=True)
    offsets = np.zeros(n_docs + 1, np.int32)
    np.cumsum(np.bincount(unique >> 32, minlength=n_docs), out=offsets[1:])
    values = pa.StructArray.from_arrays(
        [
            pa.array((unique & 0xFFFFFFFF).astype(np.int32)),
            pa.array(mentions.astype(np.int32)),
        ],
        fields=list(_REFERENCES.value_type),
    )
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=_REFERENCES)


@cache
def _reference_facts() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return int64[n_references], twice: culture number, and weight."""
    known = gazetteer()
    labels = known.references["culture"].combine_chunks()
    numbers = {code: n for n, code in enumerate(known.cultures)}
    codes = np.array([numbers[c] for c in labels.dictionary.to_pylist()], np.int64)
    weights = known.references["weight"].to_numpy().astype(np.int64)
    return codes[labels.indices.to_numpy()], weights


def culture_scores(
    references: pa.Array,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return how strongly each document refers to each culture.

    A culture's score in a document is the sum over its references of weight times
    (1 + floor(log2(mentions))): distinct references say more than repeated ones.

    Args:
        references: the column ``references``.

    Returns:
        int64 documents, culture numbers (of `Gazetteer.cultures`) and scores, ordered
        by document, then score descending, then culture.
    """
    cultures, weights = _reference_facts()
    lengths = np.diff(references.offsets.to_numpy())
    docs = np.repeat(np.arange(len(references), dtype=np.int64), lengths)
    values = references.flatten()
    number = values.field("reference").to_numpy()
    mentions = values.field("mentions").to_numpy().astype(np.int64)
    levels = 1 + np.floor(np.log2(mentions)).astype(np.int64)
    keys, at = np.unique(docs << 16 | cultures[number], return_inverse=True)
    scores = np.zeros(len(keys), np.int64)
    np.add.at(scores, at, weights[number] * levels)
    docs, codes = keys >> 16, keys & 0xFFFF
    order = np.lexsort((codes, -scores, docs))
    return docs[order], codes[order], scores[order]


def document_cultures(references: pa.Array) -> pa.Array:
    """Return the cultures of each document, most supported first.

    Args:
        references: the column ``references``.

    Returns:
        list<string> array, ISO 3166-1 alpha-2; empty where nothing was located.
    """
    docs, codes, _ = culture_scores(references)
    offsets = np.zeros(len(references) + 1, np.int32)
    np.cumsum(np.bincount(docs, minlength=len(references)), out=offsets[1:])
    names = pa.array(gazetteer().cultures, pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(codes)))
