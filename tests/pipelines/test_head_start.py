"""First looks before the engine: each task is looked at once, by one or the other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from audit.config import AuditConfig
from audit.errors import InputError
from audit.job.plan import Task
from audit.job.request import RunRequest
from audit.job.stages import Scanned
from audit.run import run
from pipelines import head_start
from pipelines.head_start import HeadStart

SAMPLE = Path(__file__).parents[2] / "sample_corpora" / "global_mix"
TASKS = [Task(n, "c", (), 1) for n in range(40)]


def found(task: Task) -> Scanned:
    return Scanned(task.ordinal, [])


def test_each_task_is_looked_at_once_by_one_of_both():
    begun, seen = threading.Event(), []

    def look(task: Task) -> Scanned:
        seen.append(task.ordinal)
        begun.set()
        return found(task)

    with HeadStart(TASKS, look, 3) as early:
        begun.wait()
        given = [early.found(task) for task in TASKS]
    told = [one.documents for one in given if one is not None]
    # Threads may come to the list in another order than they took the tasks.
    assert told == sorted(seen) == list(range(len(told)))
    assert told


def test_a_look_under_way_is_waited_for_and_none_is_begun_after_it():
    under_way, go_on = threading.Event(), threading.Event()
    seen = []

    def look(task: Task) -> Scanned:
        seen.append(task.ordinal)
        under_way.set()
        go_on.wait()
        return found(task)

    with HeadStart(TASKS, look, 1) as early:
        under_way.wait()
        assert early.found(TASKS[7]) is None
        go_on.set()
        assert early.found(TASKS[0]) == found(TASKS[0])
    assert seen == [0]


def test_what_a_look_raised_is_told_to_who_asks():
    def look(task: Task) -> Scanned:
        raise InputError("A rule", value=task.ordinal, next_step="Do so.")

    with HeadStart(TASKS, look, 1) as early:
        early._threads[0].join()
        with pytest.raises(InputError, match="A rule"):
            early.found(TASKS[0])
        assert early.found(TASKS[1]) is None


def test_leaving_waits_for_what_is_under_way():
    ended = []
    with HeadStart(TASKS, lambda task: ended.append(task) or found(task), 2) as early:
        threads = list(early._threads)
    assert not any(thread.is_alive() for thread in threads)
    assert len(ended) <= len(TASKS)


def tables(out: Path) -> dict[str, bytes]:
    paths = sorted(out.rglob("*.parquet"))
    return {str(p.relative_to(out)): p.read_bytes() for p in paths}


@pytest.mark.parametrize("early", ["all", "none"])
def test_who_looks_first_does_not_matter(tmp_path, monkeypatch, early):
    asked = []

    class Forced(HeadStart):
        # All tasks before the engine asks for one, or none at all.
        def __enter__(self) -> HeadStart:
            if early == "none":
                self._stop()
            super().__enter__()
            for thread in self._threads:
                thread.join()
            return self

        def found(self, task: Task) -> Scanned | None:
            given = super().found(task)
            asked.append(given is not None)
            return given

    def audited(name: str, runner: str, workers: int) -> dict[str, bytes]:
        corpora = {"mix": (str(SAMPLE),)}
        out = str(tmp_path / name)
        config = AuditConfig(keep=frozenset({"documents"}))
        run(RunRequest(corpora, out, config, runner, workers, task_bytes=20_000))
        return tables(tmp_path / name)

    monkeypatch.setattr(head_start, "HeadStart", Forced)
    assert audited("beam", "local", 2) == audited("loop", "in-process", 1)
    assert len(asked) > 2
    assert set(asked) == {early == "all"}
