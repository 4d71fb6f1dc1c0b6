"""From accumulator to profile: where counts become tables.

In: the merged accumulator of one corpus, the figures of its near-duplicates, and the
reference table of the gazetteer. Out: the tables of `schemas.profile`, sorted by key,
so that equal counts give equal bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit.errors import AccountingError
from audit.fold.breadth import breadth_tables
from audit.fold.counts import merge_counts
from audit.fold.references import merge_sources
from audit.fold.sources import source_tables
from schemas.profile import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.fold.accumulator import Accumulator

__all__ = ["check_accounts", "conform", "finish_tables"]


def conform(name: str, corpus: str, table: pa.Table) -> pa.Table:
    """Return a table in the contract's columns and types, sorted by its keys."""
    contract = TABLES[name]
    n_rows = table.num_rows
    columns = []
    for field in contract.schema:
        if field.name == "corpus":
            columns.append(pa.array([corpus] * n_rows, pa.string()))
        elif field.name in table.column_names:
            columns.append(table.column(field.name).cast(field.type))
        else:
            columns.append(pa.nulls(n_rows, field.type))
    whole = pa.table(columns, schema=contract.schema)
    if not contract.keys:
        return whole.combine_chunks()
    keys = [(key, "ascending") for key in contract.keys]
    order = pc.sort_indices(whole, sort_keys=keys)
    return whole.take(order).combine_chunks()


def check_accounts(corpus: str, accumulator: Accumulator) -> None:
    """Check that every record read is a document, a reject, or left out by sampling.

    Raises:
        AccountingError: something was lost or counted twice.
    """
    totals = accumulator.totals
    accounted = totals["documents"] + totals["rejected"] + totals["unsampled"]
    if totals["records"] != accounted:
        raise AccountingError(
            "Records read are documents plus rejects plus records not sampled",
            value=f"{totals['records']} read, {accounted} accounted for",
            where=f"corpus {corpus}",
            next_step="Do not use this output; run again, and report it if it stays.",
        )
    mixed = pc.sum(accumulator.table("mix").column("documents")).as_py() or 0
    if mixed != totals["documents"]:
        raise AccountingError(
            "Documents by language and source sum to the documents of the corpus",
            value=f"{mixed} by key, {totals['documents']} in all",
            where=f"corpus {corpus}",
            next_step="Do not use this output; run again, and report it if it stays.",
        )
    if accumulator.reject_table().num_rows != totals["rejected"]:
        raise AccountingError(
            "Every rejected record has a row",
            value=f"{accumulator.reject_table().num_rows} rows, "
            f"{totals['rejected']} rejected",
            where=f"corpus {corpus}",
            next_step="Do not use this output; run again, and report it if it stays.",
        )


def finish_tables(
    corpus: str,
    accumulator: Accumulator,
    duplicates: Mapping[str, Any],
    references: pa.Table,
) -> dict[str, pa.Table]:
    """Make the tables of one corpus, all but `diversity`.

    Args:
        corpus: its name.
        accumulator: everything that was counted.
        duplicates: the summary's three duplicate figures by column name, and the rows
            of the `duplicates` table under ``"clusters"``.
        references: the gazetteer's references (reference, name, culture, region,
            category), row i being number i.

    Raises:
        AccountingError: the counts do not reconcile.
    """
    check_accounts(corpus, accumulator)
    mix = accumulator.table("mix")
    language, source = TABLES["language"], TABLES["source"]
    reference = _reference_table(accumulator.table("reference"), references)
    tables = {
        "summary": _summary(accumulator, duplicates),
        "mix": mix,
        "language": merge_counts([mix], language.keys, language.additive),
        "language_opinions": accumulator.table("language_opinions"),
        "language_segments": accumulator.table("language_segments"),
        "source": merge_counts([mix], source.keys, source.additive),
        "culture": _culture(accumulator.table("culture"), reference, references),
        "culture_mix": accumulator.table("culture_mix"),
        "reference": reference,
        "duplicates": duplicates["clusters"],
        "rejects": _rejects(accumulator),
        **source_tables(mix),
        **breadth_tables(merge_sources(accumulator.sources), references),
    }
    return {name: conform(name, corpus, table) for name, table in tables.items()}


def _summary(accumulator: Accumulator, duplicates: Mapping[str, Any]) -> pa.Table:
    row = {
        name: [int(duplicates.get(name, accumulator.totals[name]))]
        for name in TABLES["summary"].additive
    }
    dates = {
        "first_date": [accumulator.first_date or None],
        "last_date": [accumulator.last_date or None],
    }
    return pa.table({**row, **dates})


def _reference_table(counts: pa.Table, references: pa.Table) -> pa.Table:
    numbers = counts.column("reference").cast(pa.int32())
    found = references.select(["culture", "category"]).take(numbers)
    named = pa.table(
        {
            "reference": references.column("reference").take(numbers),
            "culture": found.column("culture"),
            "category": found.column("category"),
            **{n: counts.column(n) for n in ("language", "documents", "mentions")},
        }
    )
    # Places of one name in one country are one reference to whoever reads the table.
    contract = TABLES["reference"]
    return merge_counts([named], contract.keys, contract.additive)


def _culture(counts: pa.Table, reference: pa.Table, references: pa.Table) -> pa.Table:
    """Join how many references were seen and known to the counts of cultures."""
    keys = ["culture", "category", "language"]
    seen = reference.group_by(keys, use_threads=False).aggregate(
        [("reference", "count_distinct")]
    )
    known = references.group_by(
        ["culture", "region", "category"], use_threads=False
    ).aggregate([("reference", "count_distinct")])
    joined = counts.join(
        seen.rename_columns([*keys, "references_seen"]), keys, use_threads=False
    ).join(
        known.rename_columns(["culture", "region", "category", "references_known"]),
        ["culture", "category"],
        use_threads=False,
    )
    for name in ("references_seen", "references_known"):
        at = joined.column_names.index(name)
        joined = joined.set_column(
            at, name, pc.fill_null(joined.column(name), 0).cast(pa.int64())
        )
    return joined


def _rejects(accumulator: Accumulator) -> pa.Table:
    """Turn positions within a part of a file into positions within the file."""
    rejects = accumulator.reject_table()
    before = _lines_before(accumulator.table("lines"))
    positions = np.asarray(rejects.column("position")).copy()
    starts = rejects.column("start").to_pylist()
    files = rejects.column("file").to_pylist()
    for row, (file, start) in enumerate(zip(files, starts, strict=True)):
        if start > 0:
            positions[row] += before[file, start]
    return rejects.drop_columns(["start", "position"]).append_column(
        "position", pa.array(positions, pa.int64())
    )


def _lines_before(lines: pa.Table) -> dict[tuple[str, int], int]:
    """Return the lines of a file before each of its parts."""
    before: dict[tuple[str, int], int] = {}
    last, total = "", 0
    # Starts are written with leading zeros, so the rows are in file order.
    for row in lines.to_pylist():
        if row["file"] != last:
            last, total = row["file"], 0
        before[row["file"], int(row["start"])] = total
        total += row["lines"]
    return before
