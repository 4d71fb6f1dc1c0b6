"""How a run is shown while it runs: polled totals in, a bar or plain lines out.

In: `audit.job.progress.PROGRESS`. Out, on stderr: a bar with documents, bytes, rate and
time left on a terminal, a plain line every few seconds elsewhere.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from audit.job.progress import PROGRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.job.progress import Totals

__all__ = ["progress_line", "shown_progress"]

_BAR_SECONDS = 0.2
_LINE_SECONDS = 5.0
# Below this share of the input, what was read says too little of what is left.
_TELLING_SHARE = 0.01


@contextmanager
def shown_progress(total_bytes: int, *, show: bool) -> Iterator[None]:
    """Show progress on stderr for as long as the block runs.

    Args:
        total_bytes: bytes on disk of all input.
        show: False shows nothing.
    """
    PROGRESS.reset()
    if not show:
        yield
        return
    done = threading.Event()
    target = _bar if sys.stderr.isatty() else _lines
    thread = threading.Thread(target=target, args=(total_bytes, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _bar(total_bytes: int, done: threading.Event) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[documents]:,} documents"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bar:
        # Time spent on getting ready says nothing of how long reading takes.
        task = bar.add_task("planning", total=None, documents=0, start=False)
        started = False
        while not done.wait(_BAR_SECONDS):
            now = PROGRESS.snapshot()
            if now.documents and not started:
                bar.start_task(task)
                started = True
            bar.update(
                task,
                total=(total_bytes or None) if started else None,
                completed=min(now.bytes_read, total_bytes),
                documents=now.documents,
                description=now.stage or "planning",
            )


def _lines(total_bytes: int, done: threading.Event) -> None:
    begin: float | None = None
    while not done.wait(_LINE_SECONDS):
        now = PROGRESS.snapshot()
        if begin is None and now.documents:
            # The first batches were under way for at most one round.
            begin = time.monotonic() - _LINE_SECONDS
        seconds = time.monotonic() - begin if begin is not None else 0.0
        sys.stderr.write(progress_line(now, total_bytes, seconds) + "\n")
        sys.stderr.flush()


def progress_line(now: Totals, total_bytes: int, seconds: float) -> str:
    """Return one line that says how far a run is.

    Args:
        now: what it has done.
        total_bytes: bytes on disk of all input.
        seconds: for how long it has been reading; 0 before.
    """
    stage = now.stage or "planning"
    if now.preparing or not now.documents or seconds <= 0:
        return f"{stage} ..."
    share = min(now.bytes_read / total_bytes, 1.0) if total_bytes else 1.0
    line = (
        f"{stage}: {now.documents:,} documents, {now.bytes_read / 1e6:,.1f} of "
        f"{total_bytes / 1e6:,.1f} MB read ({share:.0%})"
    )
    if share < 1:
        line += f", {now.documents / seconds:,.0f} documents/s"
    if _TELLING_SHARE <= share < 1:
        line += f", about {seconds / share * (1 - share):,.0f} s of reading left"
    return line
