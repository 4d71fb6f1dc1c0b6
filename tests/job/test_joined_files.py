"""Small files that share a batch give what each gives alone."""

import json

import pyarrow as pa
import pytest

from audit import profile
from audit.annotate.source import SourceAnnotator
from audit.batch import Batch
from audit.fold.fold import sampling_units
from audit.job import scan
from audit.read.batches import BatchSize
from schemas.document import DOCUMENT

NAMES = ("a/reddit-1.jsonl", "a/plain.jsonl", "b/wikipedia.jsonl", "b/plain.jsonl")


def _documents(number, count=3):
    rows = [
        {
            "doc_id": f"{number}-{i}",
            "text": f"text {number} {i}",
            "url": f"https://site{i}.org/" if i % 2 else None,
            "source_declared": "stackexchange" if (number + i) % 3 == 0 else None,
            "position": i + 1,
        }
        for i in range(count)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


def _joined(batches):
    table = pa.Table.from_batches([b.documents for b in batches]).combine_chunks()
    parts = tuple((batch.file, batch.documents.num_rows) for batch in batches)
    return Batch(table.to_batches()[0], batches[0].file, parts=parts)


@pytest.fixture
def batches():
    return [Batch(_documents(n), name) for n, name in enumerate(NAMES)]


def test_sources_and_sampling_units_know_their_file(batches):
    annotator, hashes = SourceAnnotator(), pa.array([b"0123456789abcdef"] * 12)
    hashes = hashes.cast(pa.binary(16))
    apart = [annotator.annotate(batch) for batch in batches]
    whole = _joined(batches)
    together = annotator.annotate(whole)
    for name, column in together.items():
        expected = [value for found in apart for value in found[name].to_pylist()]
        assert column.to_pylist() == expected
    assert len(set(together["platform"].to_pylist())) > 2
    units = sampling_units(together["domain"], hashes, whole.origins()).to_pylist()
    expected = [
        unit
        for batch, found in zip(batches, apart, strict=True)
        for unit in sampling_units(found["domain"], hashes[:3], batch.file).to_pylist()
    ]
    assert units == expected
    assert len(set(units)) > 3


def test_a_profile_does_not_depend_on_what_shares_a_batch(tmp_path, monkeypatch):
    files = tmp_path / "in"
    files.mkdir()
    for n in range(30):
        lines = [
            json.dumps({"text": f"The harbour of Lisbon has {n % 7} boats, {i} nets."})
            for i in range(n % 4)
        ]
        name = "wikipedia" if n % 2 else "part"
        (files / f"{name}-{n}.jsonl").write_text("\n".join(lines), "utf-8")
    found = []
    for most in (BatchSize(), BatchSize(documents=4), BatchSize(text_bytes=1)):
        monkeypatch.setattr(scan, "BatchSize", lambda most=most: most)
        out = tmp_path / f"out-{len(found)}"
        profile({"c": str(files)}, str(out))
        tables = sorted((out / "c").rglob("*.parquet"))
        found.append({path.name: path.read_bytes() for path in tables})
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 10
