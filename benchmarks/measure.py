"""A command in, what its whole process tree cost out.

CPU seconds are user plus system of the child and of every descendant it has waited for,
as the kernel counts them; memory is the largest resident set of any process among them.
Contenders take turns (A B C A B C), so that a busy machine slows all alike.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_CHILD = Path(__file__).with_name("child.py")


class Cost(NamedTuple):
    """What one run cost: CPU and wall seconds, peak resident megabytes, exit code."""

    cpu: float
    wall: float
    peak: float
    code: int
    told: str


class Spread(NamedTuple):
    """Smallest, middle and largest of several figures."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values):
        """Return the spread of some figures."""
        return cls(min(values), statistics.median(values), max(values))

    def text(self, digits=1):
        """Return ``middle (low-high)``."""
        low, middle, high = (f"{value:,.{digits}f}" for value in self)
        return middle if low == high else f"{middle} ({low}–{high})"


def run(command, log, cwd=None, env=None):
    """Run a command in a process of its own and return its `Cost`."""
    log, told = Path(log), Path(f"{log}.cost")
    words = [sys.executable, "-I", "-S", _CHILD, told, log, *command]
    child = [str(word) for word in words]
    subprocess.run(child, cwd=cwd, env={**os.environ, **(env or {})}, check=True)
    cpu, wall, peak, code = told.read_text("ascii").split()
    return Cost(float(cpu), float(wall), int(peak) / 1024, int(code), _last_line(log))


def _last_line(log):
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def alternate(contenders, runs, say=print):
    """Return the costs of each contender over so many turns.

    Args:
        contenders: by name, functions that run once and return a `Cost`.
        runs: turns; one that fails is not asked again.
    """
    costs = {name: [] for name in contenders}
    for turn in range(runs):
        for name, once in contenders.items():
            if costs[name] and costs[name][-1].code:
                continue
            cost = once()
            costs[name].append(cost)
            state = "" if cost.code == 0 else f" FAILED: {cost.told}"
            say(f"  {turn + 1}/{runs} {name}: {cost.cpu:.2f} CPU s{state}", flush=True)
    return costs
