"""Sources of references: the lowest of each, in any order, against a slow twin."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.fold.accumulator import Accumulator
from audit.fold.breadth import breadth_tables
from audit.fold.references import (
    REFERENCE_SOURCES,
    SOURCES_KEPT,
    merge_sources,
    sources_of,
)
from audit.measures.coverage import MIN_UNITS, lowest_sources

mentions = st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9)), max_size=40)


def table_of(rows) -> pa.Table:
    names = REFERENCE_SOURCES.names
    columns = list(zip(*rows, strict=True)) or [(), ()]
    return pa.table(dict(zip(names, columns, strict=True)), schema=REFERENCE_SOURCES)


def lowest(rows) -> list[tuple[int, int]]:
    """The slow twin: every reference's sources, sorted, the first of them."""
    found = []
    for reference in sorted({reference for reference, _ in rows}):
        sources = sorted({source for r, source in rows if r == reference})
        found += [(reference, source) for source in sources[:SOURCES_KEPT]]
    return found


def pairs(table: pa.Table) -> list[tuple[int, int]]:
    return list(zip(*table.to_pydict().values(), strict=True))


def test_as_many_sources_are_kept_as_breadth_asks_for():
    assert SOURCES_KEPT == MIN_UNITS


@settings(deadline=None)
@given(st.lists(mentions, min_size=1, max_size=5), st.randoms())
def test_any_split_in_any_order_keeps_the_lowest(parts, dice):
    rows = [row for part in parts for row in part]
    merged = [merge_sources([table_of(part)]) for part in parts]
    dice.shuffle(merged)
    while len(merged) > 1:
        merged.append(merge_sources([merged.pop(0), merged.pop(0)]))
    assert pairs(merged[0]) == lowest(rows)


@settings(deadline=None)
@given(mentions)
def test_finished_profiles_keep_what_accumulators_keep(rows):
    frame = pl.DataFrame(rows, schema=["reference", "source"], orient="row")
    labels = {"culture": pl.lit("FR"), "category": pl.lit("food")}
    kept = lowest_sources(frame.with_columns(**labels))
    assert kept.select("reference", "source").rows() == lowest(rows)


def test_many_parts_are_added_up_now_and_then():
    dice = np.random.default_rng(0)
    rows = [(int(r), int(s)) for r, s in dice.integers(0, 200, (9000, 2))]
    accumulator = Accumulator()
    for first in range(0, len(rows), 20):
        accumulator.add_sources(merge_sources([table_of(rows[first : first + 20])]))
        assert len(accumulator.sources) < 64
    assert pairs(accumulator.compact().sources[0]) == lowest(rows)


def test_a_source_is_a_domain_or_a_file_without_one():
    unit = pa.array(["a.org", "~3fa.1", "~3fa.c"]).dictionary_encode()
    found = sources_of(np.zeros(3, np.int64), np.arange(3), unit)
    # Both documents of file 3fa are one source: its content groups are no publishers.
    assert found.num_rows == 2
    again = pa.array(["x.net", "a.org"]).dictionary_encode()
    other = sources_of(np.zeros(1, np.int64), np.array([1]), again)
    assert set(pairs(other)) < set(pairs(found))


def test_places_of_one_name_are_one_reference():
    references = pa.table(
        {
            "reference": ["Springfield", "Springfield", "Salem", "Salem"],
            "culture": ["US", "US", "US", "IN"],
            "region": ["Northern America"] * 3 + ["Southern Asia"],
            "category": ["place"] * 4,
        }
    )
    rows = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 1), (2, 2), (3, 3)]
    tables = breadth_tables(table_of(rows), references)
    assert pairs(tables["breadth"]) == [
        ("IN", "Southern Asia", "place", 1, 0, 1),
        ("US", "Northern America", "place", 2, 1, 2),
    ]
