"""Slow twins of the fold: plain Python, one document at a time."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa


def ref_count_by(keys, values):
    sums = defaultdict(lambda: [0] * len(values))
    columns = [column.to_pylist() for column in keys.values()]
    numbers = [list(map(int, column)) for column in values.values()]
    for row in range(len(next(iter(values.values())))):
        key = tuple(column[row] for column in columns)
        for i, column in enumerate(numbers):
            sums[key][i] += column[row]
    return dict(sums)


def ref_cultures(batch, culture_of, category_of):
    """Counts of cultures by (culture, category, language), document by document."""
    counts = defaultdict(lambda: [0, 0])
    languages = batch.columns["language"].to_pylist()
    for language, references in zip(
        languages, batch.columns["references"].to_pylist(), strict=True
    ):
        seen = defaultdict(int)
        for reference in references:
            number = reference["reference"]
            seen[culture_of[number], category_of[number]] += reference["mentions"]
        for (culture, category), mentions in seen.items():
            counts[culture, category, language][0] += 1
            counts[culture, category, language][1] += mentions
    return dict(counts)


def ref_sources(batch):
    """How many domains have each reference; documents without one are one source."""
    found = defaultdict(set)
    for domain, references in zip(
        batch.columns["domain"].to_pylist(),
        batch.columns["references"].to_pylist(),
        strict=True,
    ):
        for reference in references:
            found[reference["reference"]].add(domain)
    return {reference: len(domains) for reference, domains in found.items()}


def rows_of(table: pa.Table, n_keys: int) -> dict:
    names = table.column_names
    return {
        tuple(row[name] for name in names[:n_keys]): [row[n] for n in names[n_keys:]]
        for row in table.to_pylist()
    }
