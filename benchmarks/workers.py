"""Two workers against one, beside what the machine itself gives to two of anything.

In: documents, a bench. Out: a table of one job with one worker, with two, and of two
jobs at once; and one of the bare kernels in one process and in two at once, which have
nothing in common but the machine: no two workers can gain more than these. A third
tells phase by phase where the wall time goes, and how many processors were busy in it.
"""

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from benchmarks import corpus, measure, tables
from benchmarks.growth import HEAD, Point, spread_over

_FILES = 8
_ONE, _TWO, _APART = "1", "2", "1 and 1, half the documents each"
_ALONE, _BOTH = "one process", "two at once, half the documents each"


class _Kernels(NamedTuple):
    """CPU and wall seconds of bare kernels; ``code`` as `measure.alternate` wants."""

    cpu: float
    wall: float
    code: int = 0


def compared(table, bench):
    """Return Markdown; all contenders take turns."""
    spread_over(table, _FILES, bench.data)
    size, n_docs, words = corpus.megabytes_of(table), len(table), [f"all={bench.data}"]
    files = sorted(bench.data.iterdir())
    halves = files[: _FILES // 2], files[_FILES // 2 :]
    costs = measure.alternate(
        {
            _ONE: lambda: bench.job(words),
            _TWO: lambda: bench.job(words, workers=2),
            _APART: lambda: _two_jobs(bench),
            _ALONE: lambda: _kernels(bench, [files]),
            _BOTH: lambda: _kernels(bench, halves),
        },
        bench.runs,
    )
    phases = [_phases(bench, workers) for workers in (1, 2)]
    shutil.rmtree(bench.data, ignore_errors=True)
    rows = [
        [*Point(name, n_docs, size, costs[name], bench.idle()).row(),
         _faster(costs[_ONE], costs[name])]
        for name in (_ONE, _TWO, _APART)
    ]  # fmt: skip
    jobs = tables.markdown(["workers", *HEAD, "times as fast, by wall time"], rows)
    head = ["bare kernels, all loaded", "CPU s", "wall s", "times as fast"]
    bare = [
        [name, _spread(costs[name], "cpu"), _spread(costs[name], "wall"),
         _faster(costs[_ALONE], costs[name])]
        for name in (_ALONE, _BOTH)
    ]  # fmt: skip
    return f"{jobs}\n\n{tables.markdown(head, bare)}\n\n{_by_phase(*phases)}"


def _phases(bench, workers):
    """Return wall and CPU seconds by phase of one job in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.timeline", bench.data,
             bench.folder / "phases", "local", workers]  # fmt: skip
    cost = measure.run(words, bench.folder / "phases.txt", tables.ROOT)
    if cost.code:
        raise SystemExit(cost.told)
    return {phase: (wall, cpu) for phase, wall, cpu in json.loads(cost.told)}


def _by_phase(alone, both):
    """Return the table of phases with one worker and with two."""
    rows = []
    for phase, (wall, cpu) in alone.items():
        others, spent = both.get(phase, (0.0, 0.0))
        rows.append(
            [phase, f"{wall:.2f}", f"{others:.2f}", f"{wall / max(others, 1e-3):.2f}",
             f"{cpu / max(wall, 1e-3):.2f}", f"{spent / max(others, 1e-3):.2f}"]
        )  # fmt: skip
    head = [
        "phase of one run", "1 worker, wall s", "2 workers, wall s", "times as fast",
        "processors busy with 1", "with 2",
    ]  # fmt: skip
    return tables.markdown(head, rows)


def _spread(costs, name):
    return measure.Spread.of([getattr(cost, name) for cost in costs]).text(2)


def _faster(costs, others):
    """Return how many times as fast others are, turn by turn."""
    pairs = zip(costs, others, strict=False)
    return measure.Spread.of([a.wall / b.wall for a, b in pairs]).text(2)


def _two_jobs(bench):
    """Run two jobs at once, each with one worker and half of the documents."""
    patterns = [f"all={bench.data}/part-0000{digits}.jsonl"
                for digits in ("[0-3]", "[4-7]")]  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        costs = list(pool.map(bench.beside, [[p] for p in patterns], range(2)))
    cpu, wall, peak, code, told = zip(*costs, strict=True)
    return measure.Cost(sum(cpu), max(wall), sum(peak), max(code), told[0])


def _kernels(bench, shares):
    """Run the bare kernels over shares of the files, a process for each, at once."""
    meet = bench.folder / "meet"
    shutil.rmtree(meet, ignore_errors=True)
    meet.mkdir()

    def one(number):
        words = [sys.executable, "-m", "benchmarks.bare", meet, len(shares),
                 *shares[number]]  # fmt: skip
        return measure.run(words, bench.folder / f"bare-{number}.txt", tables.ROOT)

    with ThreadPoolExecutor(len(shares)) as pool:
        costs = list(pool.map(one, range(len(shares))))
    if any(cost.code for cost in costs):
        raise SystemExit(next(cost.told for cost in costs if cost.code))
    found = [json.loads(cost.told) for cost in costs]
    return _Kernels(sum(f["cpu"] for f in found), max(f["wall"] for f in found))
