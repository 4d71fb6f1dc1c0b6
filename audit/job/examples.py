"""Evidence: a bounded sample of duplicate pairs with both texts, for a person to judge.

In: candidate pairs, before it is known how alike they are. Out: the rows whose text the
second look should excerpt, chosen by a hash of the pair; and, once pairs are verified,
``duplicate_examples.parquet``: up to ten pairs of each band of similarity. The same job
always shows the same pairs, whatever the engine or the order of work.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit.link.figures import evidence
from audit.link.layout import doc_keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from audit.batch import Batch
    from audit.link.verify import Verified

__all__ = [
    "choose_pairs",
    "example_pairs",
    "excerpts_of",
    "merge_examples",
    "pack_excerpts",
]

# Lower ends of the bands of similarity; below the threshold no pair is reported.
BANDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99)
PER_BAND = 10
# Pairs of one partition whose texts are excerpted before it is known which of them are
# near-duplicates: enough that every band has some.
_CHOSEN = 64
_EXCERPT = 240


def choose_pairs(pairs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the documents, ascending, of the pairs with the lowest hashes."""
    if not len(pairs):
        return np.zeros(0, np.uint64)
    order = np.argsort(_lottery(pairs), kind="stable")[:_CHOSEN]
    return np.unique(pairs[order])


def _lottery(pairs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        mixed = (pairs[:, 0] * np.uint64(0x9E3779B97F4A7C15)) ^ (
            pairs[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F)
        )
        mixed ^= mixed >> np.uint64(29)
        return mixed * np.uint64(0xBF58476D1CE4E5B9)


def excerpts_of(task: int, rows: NDArray[np.uint32], batch: Batch) -> pa.Table:
    """Return key, id and the beginning of the text of some documents."""
    texts = batch.documents.column("text")
    return pa.table(
        {
            "key": pa.array(doc_keys(task, rows), pa.uint64()),
            "doc_id": batch.documents.column("doc_id"),
            "excerpt": pc.utf8_slice_codeunits(texts, 0, _EXCERPT).cast(pa.string()),
        }
    )


def pack_excerpts(tables: Iterable[pa.Table]) -> bytes:
    """Return tables as one Arrow stream."""
    whole = pa.concat_tables(tables)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, whole.schema) as writer:
        writer.write_table(whole)
    return sink.getvalue()


def example_pairs(verified: Verified, excerpts: Iterable[bytes]) -> list[bytes]:
    """Return the pairs to show among those whose texts have been excerpted.

    Args:
        verified: near-duplicates of one partition.
        excerpts: what `pack_excerpts` gave for this partition.

    Returns:
        At most one block: pairs as an Arrow stream with their similarity.
    """
    tables = [pa.ipc.open_stream(block).read_all() for block in excerpts]
    if not tables or not len(verified.pairs):
        return []
    known = pa.concat_tables(tables).sort_by("key").combine_chunks()
    keys = np.asarray(known.column("key"))
    both = np.asarray(np.isin(verified.pairs, keys).all(axis=1))
    shown = evidence(verified, BANDS, PER_BAND)
    shown = shown[both[shown]]
    if not len(shown):
        return []
    pairs, likeness = verified.pairs[shown], verified.jaccard[shown]
    sides = [known.take(pa.array(np.searchsorted(keys, pairs[:, i]))) for i in (0, 1)]
    table = pa.table(
        {
            "band": _band(likeness),
            "lottery": _lottery(pairs),
            "jaccard": likeness,
            **{
                f"{name}_{side}": table.column(name)
                for side, table in zip("ab", sides, strict=True)
                for name in ("doc_id", "excerpt")
            },
        }
    )
    return [pack_excerpts([table])]


def _band(likeness: NDArray[np.float64]) -> NDArray[np.float64]:
    edges = np.asarray(BANDS)
    return np.asarray(edges[np.searchsorted(edges, likeness, side="right") - 1])


def merge_examples(blocks: Iterable[bytes]) -> pa.Table:
    """Return the examples of all partitions, at most `PER_BAND` a band."""
    names = ("doc_id_a", "excerpt_a", "doc_id_b", "excerpt_b")
    none = pa.table(
        {"band": pa.array([], pa.float64()), "lottery": pa.array([], pa.uint64()),
         "jaccard": pa.array([], pa.float64())}
        | {name: pa.array([], pa.string()) for name in names}
    )  # fmt: skip
    tables = [
        pa.ipc.open_stream(block).read_all().select(none.column_names)
        for block in blocks
    ]
    whole = pa.concat_tables([none, *tables]).sort_by(
        [(n, "ascending") for n in ("band", "lottery", "doc_id_a", "doc_id_b")]
    )
    bands = np.asarray(whole.column("band"))
    rank = np.arange(len(bands)) - np.searchsorted(bands, bands)
    return whole.filter(pa.array(rank < PER_BAND)).drop_columns(["lottery"])
