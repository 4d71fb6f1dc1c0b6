"""``corpus-audit profile --dry-run``: the plan and an estimate, nothing written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from audit.job.estimate import Estimate, estimate
from audit.run import plan_of, storage

if TYPE_CHECKING:
    from audit.job.plan import Plan
    from audit.job.request import RunRequest

__all__ = ["show_plan"]

_MB = 1e6


def show_plan(request: RunRequest) -> None:
    """Print what a run would read, and what it would take on this machine."""
    filesystem, _ = storage(request)
    plan = plan_of(request, filesystem)
    workers = request.workers or os.cpu_count() or 1
    console = Console()
    console.print(_corpora(plan))
    console.print(_figures(estimate(plan, request.config, filesystem, workers)))


def _corpora(plan: Plan) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Corpus")
    for head in ("Files", "MB on disk", "Tasks", "Splits"):
        table.add_column(head, justify="right")
    for corpus in plan.corpora:
        files = plan.files[corpus]
        tasks = [task for task in plan.tasks if task.corpus == corpus]
        table.add_row(
            corpus,
            f"{len(files):,}",
            f"{sum(f.size for f in files) / _MB:,.1f}",
            f"{len(tasks):,}",
            f"{sum(len(task.splits) for task in tasks):,}",
        )
    return table


def _figures(found: Estimate) -> Table:
    table = Table(
        box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0),
        title="\nEstimate for this machine", title_justify="left",
    )  # fmt: skip
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "documents": f"{found.documents:,}",
        "text": f"{found.text_bytes / _MB:,.1f} MB",
        "CPU time": f"{found.cpu_seconds:,.1f} s",
        "wall time": f"{found.wall_seconds + found.start_seconds:,.1f} s",
        "of it start-up": f"{found.start_seconds:,.1f} s",
        "memory": f"{found.memory_bytes / _MB:,.0f} MB",
        "duplicate shuffle": f"{found.shuffle_bytes / _MB:,.1f} MB",
        "made from": f"{found.sampled_documents:,} documents",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
