"""From a request to Beam's pipeline options.

In: the runner's name, the number of workers and the words after ``--``. Out:
`PipelineOptions` that leave nothing to chance: the portable in-process runner is named
explicitly (the default would try to download another one), and the main session is
never pickled, because workers have the package itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from apache_beam.options.pipeline_options import (
    DirectOptions,
    PipelineOptions,
    SetupOptions,
)

if TYPE_CHECKING:
    from audit.job.request import RunRequest

__all__ = ["LOCAL_RUNNERS", "pipeline_options", "runner_of", "threads_of"]

_View = TypeVar("_View", bound=PipelineOptions)

LOCAL_RUNNERS = ("local", "DirectRunner")
# Beam's in-process portable runner, by the name that never resolves to another one.
_PORTABLE = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


class _ParsedOnce(PipelineOptions):
    """Options whose words are parsed once for each kind of view.

    Beam asks for a view some hundred times while it builds a pipeline, and each time
    makes a parser of all options of the kind. Views share their values.
    """

    def view_as(self, cls: type[_View]) -> _View:
        views = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        view: _View = views[cls]
        return view

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in super().__getstate__().items() if k != "_views"}


def runner_of(request: RunRequest) -> str:
    """Return Beam's name of the runner."""
    return _PORTABLE if request.runner in LOCAL_RUNNERS else request.runner


def pipeline_options(request: RunRequest) -> PipelineOptions:
    """Return the options of the request's pipeline.

    Local workers are threads: the kernels release the GIL, threads share models and
    compiled kernels, and no process has to be started (see
    ``docs/decisions/0002-local-workers-are-threads.md``).
    """
    words = list(request.runner_words)
    if request.runner in LOCAL_RUNNERS and "--direct_running_mode" not in " ".join(
        words
    ):
        workers = request.workers or os.cpu_count() or 1
        mode = "multi_threading" if workers > 1 else "in_memory"
        words = [
            f"--direct_num_workers={workers}",
            f"--direct_running_mode={mode}",
            *words,
        ]
    options = _ParsedOnce(words, runner=runner_of(request))
    options.view_as(SetupOptions).save_main_session = False
    return options


def threads_of(request: RunRequest, options: PipelineOptions) -> int:
    """Return how many workers there are, all being threads of this process.

    Returns:
        0 where some are not, or where a bundle may be carried out more than once.
    """
    direct = options.view_as(DirectOptions)
    threads = direct.direct_running_mode in ("in_memory", "multi_threading")
    once = not direct.direct_runner_bundle_repeat and not direct.direct_test_splits
    in_here = not direct.direct_embed_docker_python
    if not (request.runner in LOCAL_RUNNERS and threads and once and in_here):
        return 0
    return direct.direct_num_workers or os.cpu_count() or 1
