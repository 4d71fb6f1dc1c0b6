"""Compiled kernels and loaded models, before several workers want them.

In: a config. Out: nothing; all kernels of a run have been called once in this process,
so that they are compiled, or loaded from where an earlier process left them.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from audit.job.output import LocalOutput
from audit.job.plan import CorpusInput, make_plan
from audit.job.progress import PROGRESS
from audit.job.request import EngineRun, RunRequest
from audit.kernels.jit import compiled_before
from audit.read import LocalFileSystem, ReadOptions

if TYPE_CHECKING:
    from audit.config import AuditConfig
    from audit.job.request import Engine

__all__ = ["warm_up"]

# Two texts that resemble each other, so that every stage has something to do.
_LINE = (
    '{{"text": "The ferry to the island leaves at {} from the old harbour, where '
    'the nets hang to dry and the gulls wait for the boats to come in.", '
    '"url": "https://example.org/{}"}}\n'
)


def warm_up(config: AuditConfig, engine: Engine) -> None:
    """Run an engine of this process over a few lines of text."""
    small = replace(
        config, read=ReadOptions(), sample=1.0, keep=frozenset(), max_reject_rate=1.0
    )
    stage = "loading" if compiled_before() else "compiling, on the first run only"
    with PROGRESS.preparing(stage), tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "warm.jsonl"
        lines = [_LINE.format(hour, hour) for hour in ("nine", "ten", "nine")]
        source.write_text("".join(lines), "utf-8")
        filesystem = LocalFileSystem()
        plan = make_plan(
            [CorpusInput("warm", (str(source),))], small.read, filesystem, 1 << 20
        )
        request = RunRequest({"warm": (str(source),)}, folder, small, "in-process")
        staging = str(Path(folder) / "staging")
        engine(EngineRun(plan, small, staging, {}, request), filesystem, LocalOutput())
