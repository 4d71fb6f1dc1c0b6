"""The algebra of accumulators: any order, any split, nothing changed on the right."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_fold import ref_count_by, ref_cultures, ref_sources, rows_of

from audit.batch import Batch
from audit.errors import RunError
from audit.fold.accumulator import Accumulator
from audit.fold.counts import count_by
from audit.fold.fold import ProfileFold, sampling_units
from schemas.annotation import ANNOTATION, REFERENCE
from schemas.document import DOCUMENT

CULTURES = ["CN", "IN", "NG", "CN"]
CATEGORIES = ["food", "food", "place", "holiday"]
FOLD = ProfileFold(
    pa.array(CULTURES).dictionary_encode(), pa.array(CATEGORIES).dictionary_encode()
)

documents = st.lists(
    st.fixed_dictionaries(
        {
            "language": st.sampled_from(["eng", "cmn", "und"]),
            "script": st.sampled_from(["Latn", "Hans"]),
            "confidence_micros": st.integers(0, 10**6),
            "domain": st.sampled_from(["", "a.org", "b.com", "c.co.uk"]),
            "suffix": st.sampled_from([None, "org", "com"]),
            "platform": st.sampled_from([None, "Weibo"]),
            "operator": st.sampled_from([None, "Sina"]),
            "category": st.sampled_from([None, "social", "news"]),
            "country": st.sampled_from([None, "CN", "GB"]),
            "attributed_by": st.sampled_from(["url", "none"]),
            "characters": st.integers(0, 10**6),
            "bytes": st.integers(0, 10**6),
            "words": st.integers(0, 10**5),
            "content_hash": st.binary(min_size=16, max_size=16),
            "mojibake": st.booleans(),
            "references": st.dictionaries(
                st.integers(0, 3), st.integers(1, 9), max_size=4
            ).map(
                lambda d: [
                    {"reference": k, "mentions": v} for k, v in sorted(d.items())
                ]
            ),
            "date": st.sampled_from([None, "2019-01-31", "2024-12-01"]),
        }
    ),
    max_size=12,
)


def batch_of(rows, file="part-0.jsonl") -> Batch:
    n_docs = len(rows)
    base = {
        "doc_id": [str(i) for i in range(n_docs)],
        "text": [""] * n_docs,
        "url": [None] * n_docs,
        "language_declared": [None] * n_docs,
        "source_declared": [None] * n_docs,
        "date": [row["date"] for row in rows],
        "position": list(range(n_docs)),
    }
    record = pa.RecordBatch.from_pydict(base, schema=DOCUMENT)
    batch = Batch(record, file)
    for field in ANNOTATION:
        if field.name == "signature":
            continue
        values = [row[field.name] for row in rows]
        if pa.types.is_dictionary(field.type):
            column = pa.array(values, pa.string()).dictionary_encode()
            column = column.cast(field.type)
        elif field.name == "references":
            column = pa.array(values, pa.list_(REFERENCE))
        else:
            column = pa.array(values, field.type)
        batch.columns[field.name] = column
    return batch


def fold_of(batches) -> Accumulator:
    accumulator = FOLD.zero()
    for batch in batches:
        FOLD.add(accumulator, batch)
    return accumulator


@settings(deadline=None, max_examples=60)
@given(documents, st.integers(0, 12), st.booleans())
def test_any_split_in_any_order_gives_the_same_bytes(rows, cut, swap):
    whole = fold_of([batch_of(rows)])
    parts = [fold_of([batch_of(rows[:cut])]), fold_of([batch_of(rows[cut:])])]
    if swap:
        parts.reverse()
    assert FOLD.merge(parts).to_bytes() == whole.to_bytes()


@settings(deadline=None, max_examples=40)
@given(documents, documents, documents)
def test_merge_is_associative_with_zero_and_leaves_the_right_alone(a, b, c):
    x, y, z = (fold_of([batch_of(rows)]) for rows in (a, b, c))
    before = y.to_bytes()
    left = FOLD.merge([FOLD.merge([x, y]), z]).to_bytes()
    right = FOLD.merge([x, FOLD.merge([y, z])]).to_bytes()
    assert left == right
    assert y.to_bytes() == before
    assert FOLD.merge([FOLD.zero(), y]).to_bytes() == before


@settings(deadline=None, max_examples=40)
@given(documents)
def test_bytes_round_trip(rows):
    data = fold_of([batch_of(rows)]).to_bytes()
    assert Accumulator.from_bytes(data).to_bytes() == data


def test_strange_bytes_are_refused():
    with pytest.raises(RunError, match="format mark"):
        Accumulator.from_bytes(b"not an accumulator")


@settings(deadline=None, max_examples=60)
@given(documents)
def test_counts_equal_their_slow_twins(rows):
    batch = batch_of(rows)
    accumulator = fold_of([batch])
    cultures = rows_of(accumulator.table("culture"), 3)
    assert cultures == ref_cultures(batch, CULTURES, CATEGORIES)
    sources = accumulator.compact().sources
    spread = Counter(row["reference"] for t in sources for row in t.to_pylist())
    assert spread == {k: min(n, 3) for k, n in ref_sources(batch).items()}
    keys = {n: batch.columns[n] for n in ("domain", "country", "language")}
    values = {"characters": np.asarray(batch.columns["characters"])}
    assert rows_of(count_by(keys, values), 3) == ref_count_by(keys, values)
    mix = accumulator.table("mix")
    assert sum(mix.column("documents").to_pylist()) == len(rows)
    assert accumulator.totals["documents"] == len(rows)
    located = sum(1 for row in rows if row["references"])
    assert accumulator.totals["located_documents"] == located
    garbled = sum(row["mojibake"] for row in rows)
    assert accumulator.totals["mojibake"] == garbled


def test_many_columns_of_many_labels_do_not_overflow():
    n_rows = 3000
    labels = pa.array([f"label-{i}" for i in range(n_rows)])
    column = labels.dictionary_encode()
    keys = {f"k{i}": column for i in range(8)}
    table = count_by(keys, {"documents": np.ones(n_rows, np.int64)})
    assert table.num_rows == n_rows
    assert table.column("k7").to_pylist() == table.column("k0").to_pylist()


def test_documents_without_domain_are_grouped_by_file_name_and_content():
    domain = pa.array(["a.org", "", ""]).dictionary_encode()
    hashes = pa.array([b"\x00" * 16, b"\x01" * 16, b"\x12" * 16], pa.binary(16))
    units = sampling_units(domain, hashes, "x/part-0.jsonl").to_pylist()
    assert units[0] == "a.org"
    assert units[1][:4] == units[2][:4]
    assert units[1][4:] == ".1"
    assert units[2][4:] == ".2"
    elsewhere = sampling_units(domain, hashes, "y/z/part-0.jsonl").to_pylist()
    assert elsewhere == units


@pytest.mark.parametrize("n_domains", [200, 250, 300, 70_000])
def test_groups_do_not_run_into_many_domains(n_domains):
    names = [f"d{i}.org" for i in range(n_domains)]
    domain = pa.array([*names, ""]).dictionary_encode()
    hashes = pa.array([b"\x0f" * 16] * (n_domains + 1), pa.binary(16))
    units = sampling_units(domain, hashes, "part-0.jsonl").to_pylist()
    assert units[:-1] == names
    assert units[-1].startswith("~")
    assert units[-1].endswith(".f")


@pytest.mark.parametrize("seed", range(8))
def test_many_batches_count_as_one(seed: int) -> None:
    # Parts are added up now and then, large ones seldom: nothing is lost, few wait.
    dice = np.random.default_rng(seed)
    layout = "language_opinions"
    schema = Accumulator().table(layout).schema
    whole = Accumulator()
    expected: dict[str, int] = {}
    for count in range(60 + 40 * seed):
        drawn = dice.integers(0, 10 ** dice.integers(1, 5), dice.integers(0, 60))
        names = sorted({f"{key:05}" for key in drawn})
        counts = [count] * len(names)
        columns = {"language": names} | dict.fromkeys(schema.names[1:], counts)
        whole.add_table(layout, pa.Table.from_pydict(columns, schema=schema))
        assert len(whole.tables[layout]) < 64
        for name in names:
            expected[name] = expected.get(name, 0) + count
    found = whole.table(layout).to_pydict()
    assert dict(zip(found["language"], found["documents"], strict=True)) == expected
    assert found["agreeing"] == found["documents"]
