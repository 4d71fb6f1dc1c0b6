"""Tables about sources that are made of the joint counts of a corpus.

In: ``mix``. Out: ``attribution`` (what the sources rest on), ``concentration`` (how few
hold how much) and ``source_farms`` (groups of domains that look made by one machine).
They hold nothing that ``mix`` does not, so a merge makes them again from merged counts.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa

from audit.measures.concentration import concentration_table
from audit.measures.domain_shape import domain_farms
from audit.resources.suffixes import suffix_rules
from schemas.profile import TABLES

__all__ = ["SOURCE_TABLES", "source_tables"]

SOURCE_TABLES = ("attribution", "concentration", "source_farms")


def source_tables(mix: pa.Table) -> dict[str, pa.Table]:
    """Return `SOURCE_TABLES` of a corpus, without the column ``corpus``.

    Args:
        mix: Joint counts in the ``mix`` schema, with or without ``corpus``.
    """
    names = [name for name in mix.column_names if name in _COLUMNS]
    frame = pl.DataFrame(pl.from_arrow(mix.select(names)))
    return {
        "attribution": _attribution(frame),
        "concentration": concentration_table(mix),
        "source_farms": _farms(frame),
    }


_COUNTS = TABLES["attribution"].additive
_COLUMNS = {
    "domain", "suffix", "platform", "category", "country", "language", *_COUNTS,
}  # fmt: skip


def _attribution(frame: pl.DataFrame) -> pa.Table:
    """Count documents by what their source rests on.

    A document without usable URL has no domain; if its declared source or file name
    was understood, it has a platform, a category or a country all the same.
    """
    understood = pl.any_horizontal(
        pl.col("platform", "category", "country").is_not_null()
    )
    kind = (
        pl.when(pl.col("domain") != "")
        .then(pl.lit("url"))
        .when(understood)
        .then(pl.lit("field"))
        .otherwise(pl.lit("none"))
    )
    counted = frame.group_by(kind.alias("attributed_by"), "language").agg(
        pl.col(_COUNTS).sum()
    )
    return counted.to_arrow()


def _farms(frame: pl.DataFrame) -> pa.Table:
    by_domain = (
        frame.filter((pl.col("domain") != "") & (pl.col("documents") > 0))
        .group_by("domain")
        .agg(pl.col("suffix").first(), pl.col("documents").sum())
    )
    total = max(int(frame["documents"].sum()), 1)
    farms = domain_farms(
        by_domain["domain"],
        by_domain["suffix"],
        by_domain["documents"],
        cheap=suffix_rules().cheap,
    )
    rows: list[dict[str, Any]] = [
        farm._asdict() | {"share": farm.documents / total} for farm in farms
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["source_farms"].schema.remove(0))
