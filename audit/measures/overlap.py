"""The ``overlap`` table: shared documents of each pair of corpora, as shares.

In: how many documents of A are in B too. Out: one row an ordered pair and kind, with
95 % Wilson intervals (Wilson 1927), which take documents as independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from audit.measures.interval import wilson_interval
from schemas.profile import TABLES

__all__ = ["overlap_table"]


def overlap_table(
    shared: Mapping[str, Mapping[tuple[str, str], int]], documents: Mapping[str, int]
) -> pa.Table:
    """Return the overlap of every ordered pair of corpora.

    Args:
        shared: by kind, the documents of a that b holds too, by (a, b).
        documents: documents of each corpus.
    """
    rows = []
    for kind in sorted(shared):
        for a in sorted(documents):
            for b in sorted(documents):
                if a == b:
                    continue
                row: dict[str, Any] = {"corpus_a": a, "corpus_b": b, "kind": kind}
                for side, one, two in (("a", a, b), ("b", b, a)):
                    held = shared[kind].get((one, two), 0)
                    share, low, high = wilson_interval(held, documents[one])
                    row |= {
                        f"documents_{side}": held,
                        f"share_{side}": float(share),
                        f"low_{side}": float(low),
                        f"high_{side}": float(high),
                    }
                rows.append(row)
    return pa.Table.from_pylist(rows, schema=TABLES["overlap"].schema)
