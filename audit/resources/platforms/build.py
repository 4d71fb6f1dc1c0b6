"""Check the registry files and compile them into platforms.csv.

In: registry/*.csv, written by hand. Out: platforms.csv, one host a row, sorted, so that
a change shows as a short difference; or every problem on stderr and exit code 1.

    python -m audit.resources.platforms.build          check and write
    python -m audit.resources.platforms.build --check  check, write nothing
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from audit.resources.platforms.schema import COMPILED_COLUMNS, Entry, parse

__all__ = ["compile_entries", "main", "read_sources"]

_HERE = Path(__file__).parent


def read_sources(folder: Path = _HERE / "registry") -> dict[str, str]:
    """Return the registry files by name."""
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.csv"))}


def compile_entries(entries: Iterable[Entry]) -> str:
    """Return the compiled registry as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COMPILED_COLUMNS)
    for host, sites, platform in entries:
        writer.writerow(
            (host, "1" if sites else "", *("" if v is None else v for v in platform))
        )
    return out.getvalue()


def main(arguments: Sequence[str]) -> int:
    """Check the registry; write it unless asked only to check."""
    entries, problems = parse(read_sources())
    compiled = compile_entries(entries)
    target = _HERE / "platforms.csv"
    if "--check" in arguments and not problems:
        stored = target.read_text("utf-8") if target.exists() else ""
        if stored != compiled:
            problems.append("platforms.csv is stale: run the build without --check")
    for problem in problems:
        sys.stderr.write(problem + "\n")
    if not problems and "--check" not in arguments:
        target.write_text(compiled, "utf-8")
        n_platforms = len({entry.platform.platform for entry in entries})
        sys.stdout.write(f"{n_platforms} platforms, {len(entries)} hosts\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
