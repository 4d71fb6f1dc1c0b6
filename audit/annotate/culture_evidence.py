"""Evidence: excerpts that show what was counted as a reference to a culture.

In: a batch and its tokens. Out: a table of at most a few excerpts a culture, those with
the lowest hashes of document id and reference. The choice depends on nothing else, so
samples of parts merge into the sample of the whole (see `merge_examples`). Only the
rows that are chosen become Python objects.
"""

from __future__ import annotations

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

__all__ = ["EXAMPLES", "PER_CULTURE", "culture_examples", "merge_examples"]

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


def culture_examples(
    batch: Batch, limit: int = PER_CULTURE, first: int | None = None
) -> pa.Table:
    """Return a bounded sample of excerpts of each culture.

    Args:
        batch: documents; the column ``language`` is used where it is there.
        limit: excerpts of one culture at most, each of another document.
        first: only so many documents of the batch are looked at; None: all.

    Returns:
        `EXAMPLES`, ascending by culture and rank; ``rank`` is the hash that decides.
    """
    known = gazetteer()
    matches, counted, origin = counted_matches(batch, known)
    if first is not None:
        # Mentions stand in text order.
        n = int(np.searchsorted(matches.docs[origin], first))
        counted, origin = counted[:n], origin[:n]
    if not len(counted):
        return EXAMPLES.empty_table()
    docs = matches.docs[origin].astype(np.int64)
    labels = known.references["culture"].combine_chunks()
    cultures = labels.indices.to_numpy()[counted].astype(np.int64)
    ids = unit_hashes(batch.documents.column("doc_id"))
    with np.errstate(over="ignore"):
        mixed = ids[docs] ^ (
            (cultures.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        )
        mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    chosen = _lowest(cultures, mixed, limit)
    return _rows(batch, counted[chosen], origin[chosen], mixed[chosen])


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
    starts = np.flatnonzero(np.diff(c, prepend=-1))
    place = np.arange(len(c)) - np.repeat(starts, np.diff([*starts, len(c)]))
    return order[place < limit]


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
    spans = zip(low, begin, end, high, strict=True)
    forms, excerpts = [], []
    for a, b, c, d in spans:
        forms.append(bytes(text.data[b:c]).decode("utf-8", "replace"))
        # A cut through a character leaves bytes that decode to nothing.
        excerpts.append(
            " ".join(bytes(text.data[a:d]).decode("utf-8", "ignore").split())
        )
    facts = known.references.take(pa.array(references))
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
