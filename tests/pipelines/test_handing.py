"""Blocks that threads leave for each other: each is there once, and none stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audit.config import AuditConfig
from audit.errors import AccountingError, RunError
from audit.job.output import LocalOutput
from audit.job.request import EngineRun, RunRequest
from audit.read import LocalFileSystem
from audit.run import plan_of, run
from pipelines import handing, profile_corpora
from pipelines.options import pipeline_options, threads_of

SAMPLE = Path(__file__).parents[2] / "sample_corpora" / "vendor_a"


def request(out: Path | str, *words: str, workers: int = 2) -> RunRequest:
    patterns = {name: (str(SAMPLE),) for name in ("a", "b")}
    return RunRequest(
        patterns, str(out), AuditConfig(), "local", workers, runner_words=words
    )


def tables(out: Path) -> dict[str, bytes]:
    found = sorted(out.rglob("*.parquet"))
    return {str(p.relative_to(out)): p.read_bytes() for p in found}


def test_what_was_left_is_taken_once():
    with handing.open_shelf() as name:
        shelf = handing.shelf_of(name)
        names = [shelf.leave(block) for block in (b"one", b"", b"one")]
        assert len(set(names)) == 3
        assert [shelf.take(name) for name in reversed(names)] == [b"one", b"", b"one"]
        with pytest.raises(AccountingError, match="is not there"):
            shelf.take(names[0])


def test_many_threads_never_get_the_block_of_another():
    with handing.open_shelf() as name, ThreadPoolExecutor(8) as pool:
        shelf = handing.shelf_of(name)
        blocks = [str(i).encode() for i in range(2000)]
        names = list(pool.map(shelf.leave, blocks))
        assert list(pool.map(shelf.take, names)) == blocks
        assert not len(shelf)


def test_a_shelf_ends_with_its_job():
    with handing.open_shelf() as name:
        shelf = handing.shelf_of(name)
        left = shelf.leave(b"one")
    # A worker that still goes on finds its block; nobody finds the shelf.
    assert shelf.take(left) == b"one"
    with pytest.raises(AccountingError, match="threads of one process"):
        handing.shelf_of(name)


@pytest.mark.parametrize(
    ("words", "threads"),
    [
        ((), 2),
        (("--direct_running_mode=multi_processing",), 0),
        (("--direct_runner_bundle_repeat=2",), 0),
    ],
)
def test_blocks_are_named_only_where_all_workers_are_threads(words, threads):
    asked = request("out", *words)
    assert threads_of(asked, pipeline_options(asked)) == threads


@pytest.mark.parametrize(
    ("words", "warmed"),
    [((), 0), (("--direct_running_mode=multi_processing",), 1)],
)
def test_worker_processes_never_compile_kernels(tmp_path, monkeypatch, words, warmed):
    asked, calls = request(tmp_path / "out", *words), []

    def reached(*_):
        raise RunError("The pipeline is not run here", next_step="None.")

    monkeypatch.setattr(profile_corpora, "compiled_before", lambda: True)
    monkeypatch.setattr(profile_corpora, "warm_up", lambda *_: calls.append(1))
    monkeypatch.setattr(profile_corpora, "shelf_for", reached)
    files = LocalFileSystem()
    job = EngineRun(
        plan_of(asked, files), asked.config, str(tmp_path / "staging"), {}, asked
    )
    with pytest.raises(RunError, match="not run here"):
        profile_corpora.run_tasks(job, files, LocalOutput())
    assert len(calls) == warmed


def test_every_block_of_a_job_is_taken(tmp_path, monkeypatch):
    shelves = []

    class Watched(handing.Shelf):
        def __init__(self) -> None:
            super().__init__()
            self.left = 0
            shelves.append(self)

        def leave(self, block: bytes) -> bytes:
            self.left += 1
            return super().leave(block)

    monkeypatch.setattr(handing, "Shelf", Watched)
    run(request(tmp_path / "out"))
    assert [len(shelf) for shelf in shelves] == [0]
    assert shelves[0].left > 100


def test_blocks_by_value_give_the_same_bytes(tmp_path, monkeypatch):
    run(request(tmp_path / "named"))
    monkeypatch.setattr(profile_corpora, "threads_of", lambda *_: 0)
    run(request(tmp_path / "sent"))
    assert tables(tmp_path / "named") == tables(tmp_path / "sent")


def test_a_lost_block_stops_the_run(tmp_path, monkeypatch):
    class Losing(handing.Shelf):
        def leave(self, block: bytes) -> bytes:
            name = super().leave(block)
            if name == bytes([9, *[0] * 7]):
                self.take(name)
            return name

    monkeypatch.setattr(handing, "Shelf", Losing)
    with pytest.raises(AccountingError, match="block 9 is not there"):
        run(request(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
