"""A run that is killed, for real, can be resumed and gives the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.cli import main
from audit.config import AuditConfig
from audit.errors import ConfigError, CorpusAuditError
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
    ("audit.local", "describe_stage", 3, "in-process"),
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


def kept_request(out: Path, **more) -> RunRequest:
    corpora = {name: (str(SAMPLES / name),) for name in ("vendor_a", "global_mix")}
    config = AuditConfig(keep=frozenset({"documents", "signatures"}))
    return RunRequest(
        corpora, str(out), config, "in-process", 1, task_bytes=60_000, **more
    )


@pytest.mark.slow
def test_a_kill_at_any_file_leaves_what_can_be_resumed(tmp_path, monkeypatch):
    """What lies on the disk before and after each file gets its name is kept aside.

    That is what a kill at this moment would leave; from each a run is resumed.
    """
    real, folders = os.replace, []

    def replace(*words):
        for moment in ("before", "after"):
            folder = tmp_path / f"{len(folders):04d}-{moment}"
            folder.mkdir()
            for name in (".out.partial", "out"):
                if (tmp_path / "run" / name).exists():
                    shutil.copytree(tmp_path / "run" / name, folder / name)
            folders.append(folder)
            if moment == "before":
                real(*words)

    monkeypatch.setattr(os, "replace", replace)
    run(kept_request(tmp_path / "run" / "out"))
    monkeypatch.undo()
    expected = tables(tmp_path / "run" / "out")
    assert len(folders) > 60
    # Of seven moments in a row one, so that befores and afters take turns.
    for folder in folders[::7]:
        if (folder / "out").exists():
            assert tables(folder / "out") == expected, folder
            continue
        run(kept_request(folder / "out", resume=True))
        assert tables(folder / "out") == expected, folder
        assert [p.name for p in folder.iterdir()] == ["out"], folder


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
    with pytest.raises(ConfigError, match=r"config.*sample: 1\.0 before, 0\.5 now"):
        run(changed)


LINE = '{"text": "The ferry leaves at nine from the old harbour wall, number @."}\n'


def killed_at(module: str, name: str, out: Path, *paths: Path) -> None:
    words = [module, name, "1", "in-process", str(out), *map(str, paths)]
    done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False)
    assert done.returncode == -signal.SIGKILL


def resumed(out: Path, *paths: Path) -> None:
    config = AuditConfig(keep=frozenset({"documents"}))
    named = {"c": tuple(map(str, paths))}
    more = {"resume": True, "task_bytes": 20_000}
    run(RunRequest(named, str(out), config, "in-process", 1, **more))


def grown(path: Path) -> None:
    path.write_text(path.read_text() + LINE)


def edited_in_the_middle(path: Path) -> None:
    # The same length, and far from both ends.
    data = path.read_bytes()
    at = len(data) // 2
    at = data.index(b"nine", at)
    path.write_bytes(data[:at] + b"five" + data[at + 4 :])


def rows_changed(path: Path) -> None:
    table = pq.read_table(path)
    texts = [t.replace("nine", "five") for t in table.column("text").to_pylist()]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=2_000)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("jsonl", grown),
        ("jsonl", edited_in_the_middle),
        ("parquet", rows_changed),
        ("jsonl", lambda path: path.rename(path.with_name("z.jsonl"))),
        ("jsonl", Path.unlink),
    ],
    ids=["grown", "edited in the middle", "other rows", "renamed", "gone"],
)
def test_a_changed_input_is_refused_by_name(kind, change, tmp_path):
    source = tmp_path / "corpus"
    source.mkdir()
    for name in ("a", "b"):
        texts = [LINE.replace("@", f"{name} {i}") for i in range(8_000)]
        path = source / f"{name}.{kind}"
        if kind == "parquet":
            plain = [text[10:-3] for text in texts]
            pq.write_table(pa.table({"text": plain}), path, row_group_size=2_000)
        else:
            path.write_text("".join(texts))
    out = tmp_path / "out"
    killed_at("audit.run", "_write_page", out, source)
    change(source / f"b.{kind}")
    with pytest.raises(ConfigError, match=rf"b\.{kind}") as caught:
        resumed(out, source)
    assert caught.value.exit_code == 2
    assert not out.exists()


def test_an_input_written_anew_with_the_same_content_is_the_same(tmp_path):
    source = tmp_path / "a.jsonl"
    text = "".join(LINE.replace("@", str(i)) for i in range(400))
    source.write_text(text)
    killed_at("audit.run", "_write_page", tmp_path / "out", source)
    source.unlink()
    source.write_text(text)
    resumed(tmp_path / "out", source)
    assert pq.read_table(tmp_path / "out/c/summary.parquet").to_pylist()


@pytest.mark.parametrize("runner", ["in-process", "local"])
def test_an_input_that_changes_during_a_run_is_named(runner, tmp_path, monkeypatch):
    """Between the first and the second look: the pairs would be those of other text."""
    source = tmp_path / "a.jsonl"
    text = " ".join(f"word{i}" for i in range(80))
    twin = text.replace("word40", "ten")
    source.write_text(json.dumps({"text": text}) + "\n" + json.dumps({"text": twin}))

    from audit.job import linking

    real = linking.candidate_stage

    def changing(blocks, spec):
        if source.exists() and not spec.staging.endswith("/staging"):
            source.write_text(source.read_text().replace("ten", "two"))
        return real(blocks, spec)

    monkeypatch.setattr(linking, "candidate_stage", changing)
    monkeypatch.setattr("audit.local.candidate_stage", changing)
    words = {"c": (str(source),)}, str(tmp_path / "out"), AuditConfig(), runner, 1
    with pytest.raises(CorpusAuditError, match=r"a\.jsonl") as caught:
        run(RunRequest(*words))
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_resume_without_an_earlier_run_just_runs(tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text('{"text": "A short note about the weather in the hills."}\n')
    words = ["profile", str(path), "--out", str(tmp_path / "out"), "--resume"]
    assert main([*words, "--runner", "in-process", "--no-progress"]) == 0
