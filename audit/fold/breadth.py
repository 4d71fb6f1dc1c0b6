"""References that several sources share: ``reference_sources`` and ``breadth``.

In: the lowest sources of each reference, by number or, of finished profiles, by name.
Out: the two tables of one corpus. ``breadth`` is made from ``reference_sources`` and
the number of references known, so a merge makes both again.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from audit.measures.coverage import breadth, lowest_sources

__all__ = ["breadth_table", "breadth_tables"]


def breadth_tables(sources: pa.Table, references: pa.Table) -> dict[str, pa.Table]:
    """Return both tables of one corpus, without the column ``corpus``.

    Args:
        sources: in the schema `audit.fold.references.REFERENCE_SOURCES`.
        references: the gazetteer's references (reference, culture, region, category),
            row i being number i.
    """
    names = ["reference", "culture", "category"]
    found = references.select(names).take(sources.column("reference"))
    named = found.append_column("source", sources.column("source"))
    # Places of one name in one country are one reference: their sources are joined.
    kept = lowest_sources(pl.DataFrame(pl.from_arrow(named)))
    cells = references.group_by(
        ["culture", "region", "category"], use_threads=False
    ).aggregate([("reference", "count_distinct")])
    known = cells.rename_columns(["culture", "region", "category", "references_known"])
    return {
        "reference_sources": kept.to_arrow(),
        "breadth": breadth_table(kept, pl.DataFrame(pl.from_arrow(known))),
    }


def breadth_table(sources: pl.DataFrame, known: pl.DataFrame) -> pa.Table:
    """Return the ``breadth`` table; see `audit.measures.coverage.breadth`."""
    return breadth(sources, known).to_arrow()
