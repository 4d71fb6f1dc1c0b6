"""Local runners side by side: which mode of Beam's in-process runner is the default.

    python -m benchmarks.modes FILE... [--runs N] [--docs FILE.md ...]

Each run is a process of its own with a fresh output folder. CPU is user and system time
of the whole process tree, peak memory that of the largest process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODES = {
    "in-process loop, 1 worker": ["--runner", "in-process", "--workers", "1"],
    "in-process loop, 2 workers": ["--runner", "in-process", "--workers", "2"],
    "Beam in_memory, 1 worker": ["--workers", "1"],
    "Beam multi_threading, 2 workers": ["--workers", "2"],
    "Beam multi_processing, 2 workers": [
        "--", "--direct_num_workers=2", "--direct_running_mode=multi_processing",
    ],
}  # fmt: skip
_CHILD = """
import resource, subprocess, sys, time
begin = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def measure(files: list[str], options: list[str]) -> tuple[int, float, float, float]:
    """Return exit code, wall seconds, CPU seconds and peak MB of one run."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            str(Path(sys.executable).parent / "corpus-audit"), "profile",
            *(f"bulk={name}" for name in files),
            "--out", f"{folder}/out", "--no-progress", *options,
        ]  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, *words],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    code, wall, cpu, peak = done.stdout.split()
    return int(code), float(wall), float(cpu), float(peak) / 1024


def main() -> None:
    """Measure all modes in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--warm", type=int, default=1, help="runs not counted, first")
    parser.add_argument("--docs", type=Path, nargs="*", default=[])
    words = parser.parse_args()
    found: dict[str, list[tuple[int, float, float, float]]] = {m: [] for m in MODES}
    for run in range(words.warm + words.runs):
        for mode, options in MODES.items():
            result = measure(words.files, options)
            # The first rounds fill caches and are not counted.
            if run >= words.warm:
                found[mode].append(result)
    table = [
        "| mode | CPU s | wall s | peak MB (largest process) |",
        "| --- | --- | --- | --- |",
    ]
    for mode, results in found.items():
        if any(code for code, *_ in results):
            table.append(f"| {mode} | failed, exit code {results[0][0]} | | |")
            continue
        _, walls, cpus, peaks = zip(*results, strict=True)
        wall, cpu, peak = map(statistics.median, (walls, cpus, peaks))
        table.append(f"| {mode} | {cpu:.1f} | {wall:.1f} | {peak:.0f} |")
    size = sum(os.path.getsize(name) for name in words.files) / 1e6
    table.append(
        f"\nMedian of {words.runs} run(s), {os.cpu_count()} cores, {size:.1f} MB on "
        f"disk, start-up included, {time.strftime('%B %Y')}."
    )
    text = "\n".join(table)
    sys.stdout.write(text + "\n")
    for path in words.docs:
        head, _, rest = path.read_text("utf-8").partition("<!-- bench:modes -->")
        _, _, tail = rest.partition("<!-- /bench -->")
        path.write_text(
            f"{head}<!-- bench:modes -->\n{text}\n<!-- /bench -->{tail}", "utf-8"
        )


if __name__ == "__main__":
    main()
