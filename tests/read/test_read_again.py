"""Reading some documents again gives what reading all of them gave."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.job.places import Gatherer
from audit.read import (
    LocalFileSystem,
    ReadOptions,
    find_files,
    plan_splits,
    read_split,
)

FILES = LocalFileSystem()
GOOD = [json.dumps({"text": f"text {i} \u00e9\n", "id": f"d{i}"}) for i in range(60)]
ODD = ["", "  ", "{", "null", '{"text": 5}', '{"text": "\\ud800"}', '{"id": "only"}']


def _parquet(lines, path):
    texts = [json.loads(line)["text"] if line in GOOD else None for line in lines]
    table = pa.table({"text": pa.array(texts, pa.string())})
    pq.write_table(table, path, row_group_size=7)


def _bytes(change):
    return lambda lines, path: path.write_bytes(change("\n".join(lines).encode()))


KINDS = {
    "a.jsonl": _bytes(bytes),
    "a.jsonl.gz": _bytes(gzip.compress),
    "a.jsonl.zst": _bytes(zstd.compress),
    "a.parquet": _parquet,
    "a.json": lambda lines, path: path.write_text(
        "[" + ",".join(line for line in lines if line in GOOD) + "]", "utf-8"
    ),
    "a.csv": lambda lines, path: path.write_text(
        "id,text\n" + "".join(f"{n},{n} good\n" for n in range(len(lines))), "utf-8"
    ),
    "a.txt": lambda lines, path: path.write_text(
        "\n\n".join(f"paragraph {n}" for n in range(len(lines))), "utf-8"
    ),
}


def _documents(split, options, small, **named):
    sizes = {"batch_bytes": 300, "batch_documents": 5} if small else {}
    batches = read_split(split, options, FILES, **sizes, **named)
    return [row for batch in batches for row in batch.documents.to_pylist()]


@pytest.mark.parametrize("name", KINDS)
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_chosen_documents_come_back_as_they_were(tmp_path, name, data):
    lines = data.draw(st.lists(st.sampled_from(GOOD + ODD), min_size=1, max_size=40))
    small, target = data.draw(st.booleans()), data.draw(st.sampled_from([150, 10**9]))
    KINDS[name](lines, tmp_path / name)
    options = ReadOptions(text_unit="paragraph")
    files = find_files([str(tmp_path / name)], FILES)
    for split in plan_splits(files, options, FILES, target_bytes=target):
        every = _documents(split, options, small)
        chosen = [row for row in every if data.draw(st.booleans())]
        only = np.array([row["position"] for row in chosen], np.int64)
        assert _documents(split, options, small, only=only) == chosen


def test_lines_that_are_not_wanted_are_not_parsed(tmp_path, monkeypatch):
    from audit.kernels import json_lines
    from audit.read import json_block

    seen = []

    def counted(data, starts, *rest, **named):
        seen.append(len(starts))
        return json_lines.scan_lines(data, starts, *rest, **named)

    monkeypatch.setattr(json_block, "scan_lines", counted)
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(GOOD), "utf-8")
    (split,) = plan_splits(find_files([str(path)], FILES), ReadOptions(), FILES)
    only = np.array([3, 50], np.int64)
    assert len(_documents(split, ReadOptions(), small=False, only=only)) == 2
    assert seen == [2]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sets(st.integers(1, 30), max_size=12)),
        max_size=6,
    ),
    st.data(),
)
def test_places_tell_where_each_document_stands(batches, data):
    gatherer, known, row = Gatherer(), [], 0
    places_of = sorted({split: sorted(found) for split, found in batches}.items())
    for split, positions in places_of:
        cut = data.draw(st.integers(0, len(positions)))
        for part in (positions[:cut], positions[cut:]):
            gatherer.add(row, split, np.array(part, np.int64))
            known += [(split, position) for position in part]
            row += len(part)
    places = gatherer.whole()
    rows = np.array([i for i in range(row) if data.draw(st.booleans())], np.uint32)
    found = {}
    for split, mine, positions in places.of(rows):
        found |= zip(
            mine.tolist(), [(split, p) for p in positions.tolist()], strict=True
        )
    assert found == {int(i): known[i] for i in rows}


def test_neighbours_are_one_run():
    gatherer = Gatherer()
    for first in range(0, 10_000, 1000):
        gatherer.add(first, 0, np.arange(first, first + 1000) + 1)
    gatherer.add(10_000, 1, np.arange(1, 5))
    assert [column.tolist() for column in gatherer.whole()] == [
        [0, 10_000], [0, 1], [1, 1],
    ]  # fmt: skip
