"""First looks that begin before the engine does.

In: the tasks of a job whose workers are threads of this process. Out: what their first
look gave, for the stage that asks. Building a pipeline and making it ready keeps one
thread busy for about a second; the workers read documents meanwhile. As soon as the
engine asks for a first task nothing new is begun: from then on it hands out the tasks.

What an early look finds lies in staging too, where a run that is cut off and resumed
looks for it, as it does for any other.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from audit.job.stages import Scanned, scan_stage
from pipelines.corpus_io import storage_of
from pipelines.handing import open_shelf, shelf_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from audit.job.plan import Task
    from audit.job.spec import JobSpec

__all__ = ["HeadStart", "shelf_for"]


class HeadStart:
    """Threads that look at tasks until the engine asks for one.

    Args:
        tasks: in the order they are to be looked at.
        look: gives what is found in a task; called on these threads.
        workers: how many.
    """

    def __init__(
        self, tasks: Sequence[Task], look: Callable[[Task], Scanned], workers: int
    ) -> None:
        self._look, self._lock = look, threading.Lock()
        self._waiting: Iterator[Task] = iter(tasks)
        self._begun: dict[int, Future[Scanned]] = {}
        self._threads = [
            threading.Thread(target=self._run, daemon=True) for _ in range(workers)
        ]

    def __enter__(self) -> HeadStart:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Begin nothing new, and wait for what is under way."""
        self._stop()
        for thread in self._threads:
            thread.join()

    def found(self, task: Task) -> Scanned | None:
        """Return what was found in a task; None if nobody has begun with it.

        Waits for a look that is under way, and raises what it raised. From the first
        call on no task is begun here.
        """
        self._stop()
        with self._lock:
            begun = self._begun.pop(task.ordinal, None)
        return begun.result() if begun is not None else None

    def _stop(self) -> None:
        with self._lock:
            self._waiting = iter(())

    def _claim(self) -> tuple[Task, Future[Scanned]] | None:
        with self._lock:
            task = next(self._waiting, None)
            if task is None:
                return None
            future = self._begun[task.ordinal] = Future[Scanned]()
            return task, future

    def _run(self) -> None:
        while claimed := self._claim():
            task, future = claimed
            try:
                future.set_result(self._look(task))
            except BaseException as error:  # whoever asks for the task is told
                future.set_exception(error)
                self._stop()


@contextmanager
def shelf_for(threads: int, tasks: Sequence[Task], spec: JobSpec) -> Iterator[str]:
    """Yield the name of a shelf for so many threads; where there are several, begin.

    Args:
        threads: workers that are threads of this process; 0: they are not, and there is
            no shelf, so that its name is "".
        tasks: in the order they are to be looked at.
        spec: the job.
    """
    if not threads:
        yield ""
        return
    with open_shelf() as name:
        if threads == 1:
            yield name
            return
        filesystem, output = storage_of(spec.remote)
        look = partial(scan_stage, spec=spec, filesystem=filesystem, output=output)
        with HeadStart(tasks, look, threads) as shelf_of(name).early:
            yield name
