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

__all__ = ["shown_progress"]

_BAR_SECONDS = 0.2
_LINE_SECONDS = 5.0


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
        task = bar.add_task("planning", total=total_bytes or None, documents=0)
        while not done.wait(_BAR_SECONDS):
            documents, n_bytes = PROGRESS.snapshot()
            bar.update(
                task,
                completed=min(n_bytes, total_bytes),
                documents=documents,
                description=PROGRESS.stage or "reading",
            )


def _lines(total_bytes: int, done: threading.Event) -> None:
    begin = time.monotonic()
    while not done.wait(_LINE_SECONDS):
        documents, n_bytes = PROGRESS.snapshot()
        seconds = time.monotonic() - begin
        share = n_bytes / total_bytes if total_bytes else 0.0
        left = seconds / share * (1 - share) if share > 0 else 0.0
        sys.stderr.write(
            f"{PROGRESS.stage or 'reading'}: {documents:,} documents, "
            f"{n_bytes / 1e6:,.1f} of {total_bytes / 1e6:,.1f} MB read ({share:.0%}), "
            f"{documents / seconds:,.0f} documents/s, about {left:,.0f} s left\n"
        )
        sys.stderr.flush()
