"""On a real Flink the profile is the local one; a killed worker cannot spoil it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flink_server import job_server, missing_tool, worker_pool

SAMPLES = Path(__file__).parents[2] / "sample_corpora"
NAMES = ("vendor_a", "vendor_b", "global_mix", "walled_garden")
RUN_SECONDS = 400
# On a busy machine this Flink may lose a worker that has connected, and says so after
# three minutes; such a run fails clearly, and is resumed.
ATTEMPTS = 3

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def flink(tmp_path_factory):
    if tool := missing_tool():
        pytest.skip(f"a real Flink needs {tool}, which is not installed")
    with job_server(tmp_path_factory.mktemp("flink")) as address:
        yield address


@pytest.fixture
def pool(tmp_path):
    with worker_pool(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> list[str]:
    """Return four corpora, each large enough that a job has a middle."""
    root = tmp_path_factory.mktemp("corpora")
    for name in NAMES:
        (root / name).mkdir()
        for path in sorted((SAMPLES / name).glob("*.jsonl")):
            lines = path.read_bytes()
            for copy in range(6):
                # Each copy differs in every text, some by less than the threshold.
                lines = lines.replace(b'"text":"', b'"text":"%d. ' % copy)
                (root / name / f"{path.stem}-{copy}.jsonl").write_bytes(lines)
    return [str(root / name) for name in NAMES]


def start(out: Path, corpora: list[str], *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "audit.cli", "profile", *corpora]
    command += ["--out", str(out), "--no-progress", "--keep", "documents,signatures"]
    return subprocess.Popen(
        [*command, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def flink_words(address: str, *words: str) -> tuple[str, ...]:
    job = (f"--job_endpoint={address}", "--parallelism=2", "--sdk_worker_parallelism=2")
    # Workers stay from one stage to the next instead of being started for each.
    stay = "--environment_cache_millis=20000"
    return ("--runner", "PortableRunner", "--", *job, stay, *words)


def pool_words(address: str, pool) -> tuple[str, ...]:
    place = f"--environment_config={pool.address}"
    return flink_words(address, "--environment_type=EXTERNAL", place)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        text, _ = process.communicate(timeout=RUN_SECONDS)
    finally:
        process.kill()
    return process.returncode, text


def tables(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*.parquet"))
    }


@pytest.fixture(scope="module")
def local(corpora, tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("local") / "out"
    code, text = finish(start(out, corpora, "--runner", "in-process"))
    assert code == 0, text
    return tables(out)


def differing(out: Path, local: dict[str, bytes]) -> list[str]:
    found = tables(out)
    assert found.keys() == local.keys()
    return [name for name in found if found[name] != local[name]]


def resume_until_done(ended, out: Path, corpora, flink, pool) -> None:
    """Resume a run that failed; check that it did so clearly and published nothing."""
    code, text = ended
    for _ in range(ATTEMPTS):
        if code == 0:
            break
        # The message is one, and what was done is not lost.
        assert code == 4, text
        assert not out.exists()
        assert "Traceback" not in text
        assert "--resume" in text
        words = ("--resume", *pool_words(flink, pool))
        code, text = finish(start(out, corpora, *words))
    assert code == 0, text


def test_threads_of_the_launcher(flink, corpora, local, tmp_path):
    words = flink_words(flink, "--environment_type=LOOPBACK")
    code, text = finish(start(tmp_path / "out", corpora, *words))
    assert code == 0, text
    assert differing(tmp_path / "out", local) == []


def test_workers_in_processes_of_their_own(flink, pool, corpora, local, tmp_path):
    process = start(tmp_path / "out", corpora, *pool_words(flink, pool))
    seen: set[int] = set()
    while process.poll() is None and len(seen) < 2:
        seen.update(pool.workers())
        time.sleep(0.2)
    resume_until_done(finish(process), tmp_path / "out", corpora, flink, pool)
    assert len(seen) >= 2
    assert differing(tmp_path / "out", local) == []
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["runner"] == "PortableRunner"


def wait_for_the_middle(process, pool, out: Path) -> list[int]:
    """Return the workers once one task has been scanned and others have not."""
    tasks = out.parent / f".{out.name}.partial" / "tasks"
    end = time.monotonic() + RUN_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if any(tasks.glob("*.blocks")) and (workers := pool.workers()):
            return workers
        time.sleep(0.01)
    raise AssertionError(f"the job had no middle: {finish(process)}")


@pytest.mark.parametrize("victims", ["one", "all"])
def test_killed_workers(flink, pool, corpora, local, tmp_path, victims):
    out = tmp_path / "out"
    process = start(out, corpora, *pool_words(flink, pool))
    workers = wait_for_the_middle(process, pool, out)
    # The youngest: older ones may be leaving, because each stage of Flink has its own.
    for pid in workers[-1 if victims == "one" else 0 :]:
        os.kill(pid, signal.SIGKILL)
    resume_until_done(finish(process), out, corpora, flink, pool)
    assert differing(out, local) == []
