"""The ``overlap`` table: shared documents of each pair of corpora, as shares.

In: how many documents and characters of A are in B too. Out: one row an ordered pair
and kind, with 95 % Wilson intervals (Wilson 1927), which take documents as independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audit.measures.interval import wilson_interval
from schemas.profile import TABLES

__all__ = ["Held", "distinct_corpora", "overlap_table"]


class Held(NamedTuple):
    """Some documents of a corpus, or all of them."""

    documents: int = 0
    characters: int = 0


def overlap_table(
    shared: Mapping[str, Mapping[tuple[str, str], Held]], wholes: Mapping[str, Held]
) -> pa.Table:
    """Return the overlap of every ordered pair of corpora.

    Args:
        shared: by kind, what of a is held by b too, by (a, b).
        wholes: all of each corpus.
    """
    rows = []
    for kind in sorted(shared):
        for a in sorted(wholes):
            for b in sorted(wholes):
                if a == b:
                    continue
                row: dict[str, Any] = {"corpus_a": a, "corpus_b": b, "kind": kind}
                for side, one, two in (("a", a, b), ("b", b, a)):
                    held, whole = shared[kind].get((one, two), Held()), wholes[one]
                    share, low, high = wilson_interval(held.documents, whole.documents)
                    row |= {
                        f"documents_{side}": held.documents,
                        f"share_{side}": float(share),
                        f"low_{side}": float(low),
                        f"high_{side}": float(high),
                        f"characters_{side}": held.characters,
                        f"character_share_{side}": held.characters
                        / max(whole.characters, 1),
                    }
                rows.append(row)
    return pa.Table.from_pylist(rows, schema=TABLES["overlap"].schema)


def distinct_corpora(held: NDArray[np.int64]) -> float:
    """Return how many effectively distinct corpora a set holds, 1 to their number.

    Beta diversity of order 1, gamma over alpha in Hill numbers, with documents as types
    and corpora weighted alike (Jost 2007): exp of the mean, over corpora and their
    documents, of the logarithm of the number of corpora over those that hold the
    document. Corpora without documents are left out.

    Args:
        held: int64[n_corpora, n_corpora], documents of each corpus by how many others
            hold them too.
    """
    documents = held.sum(axis=1)
    held, documents = held[documents > 0], documents[documents > 0]
    if not len(documents):
        return 0.0
    surprise = np.log(len(documents) / np.arange(1, held.shape[1] + 1))
    return float(np.exp(np.mean(held @ surprise / documents)))
