"""Fuzz for a given time: ``python -m tests.fuzz --minutes N [TARGET...]``.

Set ``NUMBA_BOUNDSCHECK=1 CORPUS_AUDIT_JIT_CACHE=0`` to have kernels check every index.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz_targets import TARGETS, Target
from hypothesis import HealthCheck, Phase, given, seed, settings


def fuzz(target: Target, seconds: float) -> int:
    """Run a target for a time, in rounds of fresh seeds; return inputs tried."""
    tried, end, number = 0, time.monotonic() + seconds, 0
    while tried == 0 or time.monotonic() < end:
        number += 1

        @seed(time.time_ns())
        @settings(
            deadline=None,
            max_examples=200,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(target.inputs)
        def run(value):
            nonlocal tried
            tried += 1
            # Late inputs of the last round are let go by: the time is up.
            if time.monotonic() < end or tried == 1:
                target(value)

        run()
    return tried


def main(words: list[str] | None = None) -> int:
    """Return 0 if no input did harm."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    options = parser.parse_args(words)
    told = [attempt(n, options.minutes) for n in options.targets or sorted(TARGETS)]
    return int(not all(told))


def attempt(name: str, minutes: float) -> bool:
    """Fuzz one target, tell what came of it, and return whether nothing did harm."""
    try:
        tried = fuzz(TARGETS[name], minutes * 60)
    except Exception:
        sys.stdout.write(f"{name}: failed\n{traceback.format_exc()}\n")
        return False
    sys.stdout.write(f"{name}: {tried} inputs, none did harm\n")
    sys.stdout.flush()
    return True


if __name__ == "__main__":
    sys.exit(main())
