"""Hostile inputs at a small part of their size: nothing is lost in any of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from audit.config import AuditConfig
from audit.job.request import RunRequest
from audit.run import run

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import hostile


@pytest.mark.parametrize("name", hostile.CASES)
def test_nothing_is_lost(name, tmp_path):
    case = hostile.CASES[name]
    (tmp_path / "in").mkdir()
    records = case.make(tmp_path / "in", 0.001)
    keep = frozenset({"documents"} if "--keep" in case.words else ())
    config = AuditConfig(keep=keep, max_reject_rate=1.0)
    request = RunRequest(
        {"c": (str(tmp_path / "in"),)}, str(tmp_path / "out"), config, "in-process", 1
    )
    run(request)
    assert case.check(tmp_path / "out" / "c", records)


def test_a_lost_record_fails_the_row(tmp_path):
    (tmp_path / "in").mkdir()
    records = hostile.CASES["files"].make(tmp_path / "in", 0.0002)
    named = {"c": (str(tmp_path / "in"),)}
    run(RunRequest(named, str(tmp_path / "out"), AuditConfig(), "in-process", 1))
    with pytest.raises(SystemExit, match="lost"):
        hostile.all_there(tmp_path / "out" / "c", records + 1)


@pytest.mark.parametrize("runner", ["in-process", "local"])
def test_tasks_without_documents_take_part(runner, tmp_path):
    """A line that is longer than a task leaves tasks in which no line starts."""
    texts = [f"{hostile.TEXT} {n}" for n in (1, 2)] + ["long " * 20_000]
    rows = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (tmp_path / "in.jsonl").write_text(rows)
    named, out = {"c": (str(tmp_path / "in.jsonl"),)}, tmp_path / "out"
    run(RunRequest(named, str(out), AuditConfig(), runner, 1, task_bytes=5_000))
    (found,) = pq.read_table(out / "c" / "summary.parquet").to_pylist()
    assert found["documents"] == 3
    assert json.loads((out / "run.json").read_text())["tasks"] > 3
