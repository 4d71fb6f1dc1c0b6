"""Beam and the in-process loop give the same bytes, whatever the workers and order."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from audit.config import AuditConfig
from audit.job.request import RunRequest
from audit.run import run

SAMPLES = Path(__file__).parents[2] / "sample_corpora"
VENDORS = ("vendor_a", "vendor_b", "global_mix")


def profile(out: Path, runner: str, workers: int = 1, **corpora: Path) -> Path:
    patterns = {name: (str(path),) for name, path in corpora.items()}
    keep = frozenset({"documents", "signatures"})
    run(RunRequest(patterns, str(out), AuditConfig(keep=keep), runner, workers))
    return out


def tables(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*.parquet"))
    }


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("reference") / "out"
    corpora = {name: SAMPLES / name for name in VENDORS}
    return tables(profile(out, "in-process", **corpora))


@pytest.mark.parametrize("workers", [1, 2])
def test_beam_gives_the_bytes_of_the_loop(reference, tmp_path, workers):
    corpora = {name: SAMPLES / name for name in VENDORS}
    found = tables(profile(tmp_path / "out", "local", workers, **corpora))
    assert found.keys() == reference.keys()
    assert [name for name in found if found[name] != reference[name]] == []
    assert "overlap.parquet" in found
    assert "vendor_a/documents/part-000000.parquet" in found


def test_other_corpora_of_the_job_leave_no_trace(reference, tmp_path):
    alone = tables(profile(tmp_path / "o", "in-process", vendor_b=SAMPLES / "vendor_b"))
    assert alone
    assert [name for name in alone if alone[name] != reference[name]] == []


def test_order_of_files_does_not_matter(reference, tmp_path):
    names = sorted(p.name for p in (SAMPLES / "global_mix").iterdir())
    words = [str(SAMPLES / "global_mix" / name) for name in reversed(names)]
    request = RunRequest(
        {"global_mix": tuple(words)}, str(tmp_path / "o"), AuditConfig(), "in-process"
    )
    run(request)
    found = tables(tmp_path / "o")
    assert [name for name in found if found[name] != reference[name]] == []


def test_threads_do_not_matter(reference, tmp_path):
    corpora = {name: SAMPLES / name for name in VENDORS}
    found = tables(profile(tmp_path / "out", "in-process", 3, **corpora))
    assert found == reference


def test_a_parquet_copy_gives_the_same_profile(tmp_path):
    lines = (SAMPLES / "walled_garden" / "part-0.jsonl").read_bytes().splitlines()
    records = []
    for line in lines:
        with contextlib.suppress(ValueError):
            record = json.loads(line)
            if isinstance(record, dict) and isinstance(record.get("text"), str):
                known = {k: record.get(k) for k in ("text", "url")}
                # Excerpts name documents; without ids the name would be the place.
                records.append({"id": f"d{len(records)}", **known})
    for kind in ("jsonl", "parquet"):
        (tmp_path / kind).mkdir()
    # The unit of documents without URL hangs on the file's name: the same in both.
    pl.DataFrame(records).write_ndjson(tmp_path / "jsonl" / "part-0")
    pl.DataFrame(records).write_parquet(tmp_path / "parquet" / "part-0")
    outs = []
    for kind in ("jsonl", "parquet"):
        out = tmp_path / f"out-{kind}"
        source = (str(tmp_path / kind),)
        run(RunRequest({"c": source}, str(out), AuditConfig(), "in-process"))
        outs.append(tables(out))
    assert len(records) > 50
    assert outs[0] == outs[1]


def test_nothing_is_left_beside_the_output(tmp_path):
    out = profile(tmp_path / "out", "in-process", vendor_a=SAMPLES / "vendor_a")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert not (out / "tasks").exists()
    assert (out / "run.json").is_file()
    assert (out / "report.html").is_file()
    shutil.rmtree(out)
