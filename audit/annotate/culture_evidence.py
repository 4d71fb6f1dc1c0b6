"""Evidence: excerpts that show what was counted as a reference to a culture.

In: a batch and its tokens. Out: a table of at most a few excerpts a culture, those with
the lowest hashes of document id and reference. The choice depends on nothing else, so
samples of parts merge into the sample of the whole (see `merge_examples`). Only the
rows that are chosen become Python objects, and of a second batch only those that could
still be among the lowest.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit.annotate.culture import counted_matches
from audit.measures.interval import unit_hashes
from audit.resources.gazetteer import gazetteer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.batch import Batch

__all__ = ["EXAMPLES", "PER_CULTURE", "ExampleGatherer", "merge_examples"]

PER_CULTURE = 5
# Bytes of context on each side of a form; about 160 characters in all.
_CONTEXT = 70

EXAMPLES = pa.schema(
    [
        pa.field("culture", pa.string(), nullable=False),
        pa.field("rank", pa.uint64(), nullable=False),
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("category", pa.string(), nullable=False),
        pa.field("reference", pa.string(), nullable=False),
        # As written in the document.
        pa.field("form", pa.string(), nullable=False),
        pa.field("excerpt", pa.string(), nullable=False),
    ]
)


class ExampleGatherer:
    """Gathers a bounded sample of excerpts of each culture from many batches.

    Args:
        limit: excerpts of one culture at most, each of another document.
    """

    def __init__(self, limit: int = PER_CULTURE) -> None:
        self._limit = limit
        self._tables: list[pa.Table] = []
        n_cultures = int(_culture_codes().max()) + 1
        # The lowest ranks of each culture so far, ascending.
        self._ranks = np.full((n_cultures, limit), ~np.uint64(0))

    def add(self, batch: Batch, first: int | None = None) -> None:
        """Take the documents of a batch.

        Args:
            batch: documents; the column ``language`` is used where it is there.
            first: only so many documents of the batch are looked at; None: all.
        """
        mentions = counted_matches(batch, gazetteer())
        counted, docs = mentions.counted, mentions.matches.docs[mentions.origin]
        if first is not None:
            # Mentions stand in text order.
            n = int(np.searchsorted(docs, first))
            counted, docs = counted[:n], docs[:n]
        cultures = _culture_codes()[counted]
        ranks = _ranks(unit_hashes(batch.documents.column("doc_id")), docs, cultures)
        near = np.flatnonzero(ranks <= self._ranks[cultures, -1])
        chosen = near[_lowest(cultures[near], ranks[near], self._limit)]
        if len(chosen):
            self._tables.append(
                _rows(batch, counted[chosen], mentions.origin[chosen], ranks[chosen])
            )
            self._lower(cultures[chosen], ranks[chosen])

    def _lower(self, cultures: NDArray[np.int64], ranks: NDArray[np.uint64]) -> None:
        """Note ranks that were found; one that is equal to another counts once."""
        n_cultures, limit = self._ranks.shape
        cultures = np.concatenate([np.repeat(np.arange(n_cultures), limit), cultures])
        ranks = np.concatenate([self._ranks.reshape(-1), ranks])
        kept = _lowest(cultures, ranks, limit)
        cultures, ranks = cultures[kept], ranks[kept]
        self._ranks[:] = ~np.uint64(0)
        self._ranks[cultures, _place(cultures)] = ranks

    def table(self) -> pa.Table:
        """Return `EXAMPLES` of all batches, ascending by culture and rank.

        ``rank`` is the hash that decides.
        """
        return merge_examples(self._tables, self._limit)


@cache
def _culture_codes() -> NDArray[np.int64]:
    """Return int64[n_references], the number of each reference's culture."""
    labels = gazetteer().references["culture"].combine_chunks()
    return labels.indices.to_numpy().astype(np.int64)


def _ranks(
    ids: NDArray[np.uint64], docs: NDArray[np.int32], cultures: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Return uint64[n_mentions], hashes of a document's id and a culture."""
    with np.errstate(over="ignore"):
        mixed = ids[docs] ^ (
            (cultures.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        )
        return (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)


def _lowest(
    cultures: NDArray[np.int64], ranks: NDArray[np.uint64], limit: int
) -> NDArray[np.int64]:
    """Return the first mention of the documents of lowest rank of each culture.

    Args:
        cultures: int64[n_mentions], in text order.
        ranks: uint64[n_mentions], the same for all mentions of a document and culture.
        limit: rows a culture at most.
    """
    order = np.lexsort((np.arange(len(ranks)), ranks, cultures))
    c, r = cultures[order], ranks[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (c[1:] != c[:-1]) | (r[1:] != r[:-1])
    order, c = order[fresh], c[fresh]
    return order[_place(c) < limit]


def _place(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each row within its group; groups ascend, from 0."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.arange(len(groups)) - np.repeat(starts, np.diff([*starts, len(groups)]))


def _rows(
    batch: Batch,
    references: NDArray[np.int32],
    origin: NDArray[np.int64],
    ranks: NDArray[np.uint64],
) -> pa.Table:
    """Return the table of the chosen mentions."""
    known = gazetteer()
    matches = counted_matches(batch, known).matches
    tokens, text = batch.tokens, batch.text
    first = matches.tokens[origin]
    last = first + matches.lengths[origin] - 1
    begin, end = tokens.starts[first], tokens.starts[last] + tokens.lengths[last]
    docs = matches.docs[origin]
    low = np.maximum(text.offsets[docs], begin - _CONTEXT)
    high = np.minimum(text.offsets[docs + 1], end + _CONTEXT)
    data = text.data.data
    spans = list(zip(*(x.tolist() for x in (low, begin, end, high)), strict=True))
    forms = [str(data[b:c], "utf-8", "replace") for _, b, c, _ in spans]
    # A cut through a character leaves bytes that decode to nothing.
    excerpts = [
        " ".join(str(data[a:d], "utf-8", "ignore").split()) for a, _, _, d in spans
    ]
    facts = known.references.select(["culture", "category", "name"]).take(
        pa.array(references)
    )
    table = pa.table(
        [
            facts["culture"].cast(pa.string()),
            pa.array(ranks, pa.uint64()),
            batch.documents.column("doc_id").take(pa.array(docs)).cast(pa.string()),
            facts["category"].cast(pa.string()),
            facts["name"].cast(pa.string()),
            pa.array(forms, pa.string()),
            pa.array(excerpts, pa.string()),
        ],
        schema=EXAMPLES,
    )
    return _sorted(table)


def _sorted(table: pa.Table) -> pa.Table:
    keys = [(n, "ascending") for n in ("culture", "rank", "doc_id", "excerpt")]
    return table.take(pc.sort_indices(table, sort_keys=keys)).combine_chunks()


def merge_examples(tables: list[pa.Table], limit: int = PER_CULTURE) -> pa.Table:
    """Return the sample of all documents from the samples of their parts.

    Args:
        tables: `EXAMPLES` tables of parts, in any order.
        limit: excerpts of one culture at most, as for the parts.
    """
    table = _sorted(pa.concat_tables([EXAMPLES.empty_table(), *tables]))
    if not table.num_rows:
        return table
    codes = table["culture"].combine_chunks().dictionary_encode().indices
    cultures = codes.to_numpy().astype(np.int64)
    kept = _lowest(cultures, table["rank"].to_numpy(), limit)
    return _sorted(table.take(pa.array(kept)))
