"""Fuzz for a given time: ``python -m tests.fuzz --minutes N [TARGET...]``.

In: targets, each with a strategy for its inputs (`tests/fuzz_targets.py`). Out: a row a
target, told as it ends; with ``--write`` the table in docs/faults.md; exit code 1 where
an input did harm.

Set ``NUMBA_BOUNDSCHECK=1 CORPUS_AUDIT_JIT_CACHE=0`` to have kernels check every index.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz_targets import TARGETS, Target
from hypothesis import HealthCheck, Phase, given, seed, settings

ROOT = Path(__file__).parents[2]
HEAD = ["target", "what must hold", "minutes", "inputs tried", "did harm"]
PAGE = ROOT / "docs" / "faults.md"


class Result(NamedTuple):
    """What came of a target."""

    name: str
    minutes: float
    tried: int
    harm: int

    def row(self) -> list[str]:
        """Return the cells of the table."""
        law = (TARGETS[self.name].check.__doc__ or "").splitlines()[0].rstrip(".")
        return [
            self.name,
            law,
            f"{self.minutes:.1f}",
            f"{self.tried:,}",
            f"{self.harm}",
        ]


class Rounds:
    """Runs a target in rounds of fresh seeds, and counts the inputs."""

    def __init__(self, target: Target, seconds: float) -> None:
        self.target, self.tried = target, 0
        self.end = time.monotonic() + seconds

    def run(self) -> None:
        """Try inputs until the time is up; one round at least."""
        while self.tried == 0 or time.monotonic() < self.end:
            self._round()

    def _round(self) -> None:
        @seed(time.time_ns())
        @settings(
            deadline=None,
            max_examples=200,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(self.target.inputs)
        def run(value):
            # Late inputs of the last round are let go by: the time is up.
            if self.tried == 0 or time.monotonic() < self.end:
                self.tried += 1
                self.target(value)

        run()


def attempt(name: str, minutes: float) -> Result:
    """Fuzz one target and tell what came of it."""
    rounds, harm = Rounds(TARGETS[name], minutes * 60), 0
    begin = time.monotonic()
    try:
        rounds.run()
    except Exception:
        harm = 1
        sys.stdout.write(f"{name}: failed\n{traceback.format_exc()}\n")
    else:
        sys.stdout.write(f"{name}: {rounds.tried} inputs, none did harm\n")
    sys.stdout.flush()
    return Result(name, (time.monotonic() - begin) / 60, rounds.tried, harm)


def table(results: list[Result]) -> str:
    """Return the results as Markdown."""
    from benchmarks import tables

    checked = os.environ.get("NUMBA_BOUNDSCHECK") == "1"
    how = "with" if checked else "without"
    rows = tables.markdown(HEAD, [result.row() for result in results])
    return f"{rows}\n\nKernels were compiled {how} checks of every index."


def main(words: list[str] | None = None) -> int:
    """Return 0 if no input did harm."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    options = parser.parse_args(words)
    found = [attempt(n, options.minutes) for n in options.targets or sorted(TARGETS)]
    if options.write:
        from benchmarks import tables

        tables.publish("fuzz", table(found), [PAGE])
    return int(any(result.harm for result in found))


if __name__ == "__main__":
    sys.exit(main())
