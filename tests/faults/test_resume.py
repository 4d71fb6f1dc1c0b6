"""A run that is killed, for real, can be resumed and gives the same bytes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cli import main
from audit.config import AuditConfig
from audit.errors import ConfigError
from audit.job.request import RunRequest
from audit.run import run

SAMPLES = Path(__file__).parents[2] / "sample_corpora"

# Kills its own process with SIGKILL at the n-th call of a function of the run.
KILLED = """
import os, signal, sys
from importlib import import_module
from audit.config import AuditConfig
from audit.job.request import RunRequest
from audit import run as runs
module, name, count, runner, out, *paths = sys.argv[1:]
owner = import_module(module)
real, left = getattr(owner, name), [int(count)]
def counted(*words, **named):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*words, **named)
setattr(owner, name, counted)
keep = frozenset({"documents"})
runs.run(RunRequest({"c": tuple(paths)}, out, AuditConfig(keep=keep), runner, 1,
                    task_bytes=20_000))
"""

# Where the axe falls: reading, storing a task's result, comparing, verifying, writing.
POINTS = [
    ("audit.job.stages", "scan", 2, "in-process"),
    ("audit.job.stages", "store_blocks", 1, "in-process"),
    ("audit.job.stages", "store_blocks", 4, "in-process"),
    ("audit.local", "candidate_stage", 3, "in-process"),
    ("audit.local", "look_again_stage", 1, "in-process"),
    ("audit.job.finish", "write_profile_table", 3, "in-process"),
    ("audit.run", "_write_page", 1, "in-process"),
    ("audit.job.stages", "store_blocks", 3, "local"),
]


def request(out: Path, **more) -> RunRequest:
    config = AuditConfig(keep=frozenset({"documents"}))
    corpora = {"c": (str(SAMPLES / "global_mix"), str(SAMPLES / "vendor_a"))}
    return RunRequest(
        corpora, str(out), config, "in-process", 1, task_bytes=20_000, **more
    )


def tables(out: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*.parquet"))
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    run(request(out))
    return tables(out)


@pytest.mark.parametrize("point", POINTS, ids=[f"{p[3]}-{p[1]}-{p[2]}" for p in POINTS])
def test_resume_after_sigkill(point, undisturbed, tmp_path, monkeypatch):
    module, name, count, runner = point
    out = tmp_path / "out"
    paths = request(out).corpora["c"]
    words = [module, name, str(count), runner, str(out), *paths]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *words], capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not out.exists()
    staged = sorted(p.name for p in (tmp_path / ".out.partial").glob("tasks/*.blocks"))

    from audit.job import stages

    real, scanned = stages.scan, []

    def counted(task, *words):
        scanned.append(task.ordinal)
        return real(task, *words)

    monkeypatch.setattr(stages, "scan", counted)
    run(request(out, resume=True))
    assert tables(out) == undisturbed
    done_before = {int(name[:8]) for name in staged}
    assert done_before.isdisjoint(scanned)
    assert not (tmp_path / ".out.partial").exists()


def test_without_resume_a_run_starts_anew(undisturbed, tmp_path):
    staging = tmp_path / ".out.partial" / "tasks"
    staging.mkdir(parents=True)
    (staging / "00000000-0000000000000000.blocks").write_bytes(b"stale")
    run(request(tmp_path / "out"))
    assert tables(tmp_path / "out") == undisturbed


def test_another_config_is_refused_by_name(tmp_path):
    import dataclasses

    out = tmp_path / "out"
    words = ["audit.job.stages", "store_blocks", "2", "in-process", str(out)]
    subprocess.run(
        [sys.executable, "-c", KILLED, *words, *request(out).corpora["c"]],
        capture_output=True,
        check=False,
    )
    changed = dataclasses.replace(
        request(out, resume=True), config=AuditConfig(sample=0.5)
    )
    with pytest.raises(ConfigError, match="config"):
        run(changed)


def test_changed_input_is_read_again(tmp_path):
    source = tmp_path / "corpus"
    source.mkdir()
    line = '{"text": "The ferry leaves at nine from the old harbour wall."}\n'
    for name in ("a.jsonl", "b.jsonl"):
        (source / name).write_text(line * 40)
    out = tmp_path / "out"
    words = ["audit.run", "_write_page", "1", "in-process", str(out), str(source)]
    subprocess.run([sys.executable, "-c", KILLED, *words], check=False)
    # The same length, other content: only a look into the file can tell.
    (source / "b.jsonl").write_text(line.replace("nine", "five") * 40)
    keep = frozenset({"documents"})
    run(
        RunRequest(
            {"c": (str(source),)}, str(out), AuditConfig(keep=keep), "in-process", 1,
            resume=True, task_bytes=20_000,
        )
    )  # fmt: skip
    import pyarrow.parquet as pq

    rows = pq.read_table(out / "c" / "duplicates.parquet").to_pylist()
    sizes = {r["cluster_size"]: r["clusters"] for r in rows if r["kind"] == "exact"}
    assert sizes == {40: 2}


def test_resume_without_an_earlier_run_just_runs(tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text('{"text": "A short note about the weather in the hills."}\n')
    words = ["profile", str(path), "--out", str(tmp_path / "out"), "--resume"]
    assert main([*words, "--runner", "in-process", "--no-progress"]) == 0
