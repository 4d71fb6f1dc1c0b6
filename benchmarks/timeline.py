"""Where the wall time of a job goes: by stage, with how many workers were busy in it.

In: a folder of documents, a runner and a number of workers. Out: one line of JSON: for
each phase of the job its wall seconds, and the seconds that threads of the process were
on a processor meanwhile. A phase ends when the last of its stages does.

    python -m benchmarks.timeline DOCUMENTS WORK_FOLDER RUNNER WORKERS
"""

import functools
import inspect
import json
import sys
import time

# Stages by phase, in the order of the job; what begins before the first is start-up.
PHASES = {
    "first look": ("scan",),
    "exact copies, bands, candidate pairs": ("exact", "bands", "candidate", "route"),
    "second look": ("look_again",),
    "similarity of candidates": ("verify",),
    "clusters": ("star", "settle", "node", "cluster"),
    "where duplicates lie": ("describe", "detail"),
    "intervals and tables": ("finish",),
    "the page": ("page",),
}
START, REST = "start-up, models, plan", "books and moving of files"
_SUFFIX = "_stage"


def _told(function, name, marks):
    """Return a function that tells when it began and ended, by wall and CPU time."""
    generator = inspect.isgeneratorfunction(inspect.unwrap(function))

    @functools.wraps(function)
    def run(*words, **named):
        before = time.perf_counter(), time.process_time()
        result = function(*words, **named)
        result = list(result) if generator else result
        marks.append((name, before, (time.perf_counter(), time.process_time())))
        return result

    return run


def watch(marks):
    """Let every stage of either engine, and the page, tell when it was at work."""
    from audit import local
    from audit import run as whole
    from audit.job import clustering, linking, stages
    from pipelines import head_start, transforms

    for module in (stages, linking, clustering, local, transforms, head_start):
        for name, function in list(vars(module).items()):
            if name.endswith(_SUFFIX) and callable(function):
                setattr(module, name, _told(function, name[: -len(_SUFFIX)], marks))
    whole.build_page = _told(whole.build_page, "page", marks)


def phases(marks, begin, end):
    """Return (phase, wall seconds, CPU seconds) from the marks of a job.

    Args:
        marks: name, (wall, CPU) at its begin and at its end, of each call of a stage.
        begin: (wall, CPU) when the process began.
        end: (wall, CPU) when the job was over.
    """
    phase_of = {stage: phase for phase, names in PHASES.items() for stage in names}
    ends = {}
    for name, _, after in marks:
        phase = phase_of[name]
        ends[phase] = max(ends.get(phase, after), after)
    first = min(before for name, before, _ in marks if name == "scan")
    points = [(START, first), *sorted(ends.items(), key=lambda e: e[1]), (REST, end)]
    rows, since = [], begin
    for phase, until in points:
        rows.append((phase, until[0] - since[0], until[1] - since[1]))
        since = until
    return rows


def main(documents, folder, runner, workers):
    """Run one job as the command does, and print its phases."""
    begin = time.perf_counter() - time.process_time(), 0.0
    from audit.startup import own_process

    own_process()
    from audit import profile
    from audit.commands.memory import share_one_heap

    share_one_heap()
    marks = []
    watch(marks)
    profile(
        {"all": documents}, folder, runner=runner, workers=int(workers), overwrite=True
    )
    end = time.perf_counter(), time.process_time()
    print(json.dumps(phases(marks, begin, end)))


if __name__ == "__main__":
    main(*sys.argv[1:])
