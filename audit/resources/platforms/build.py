"""Check the registry files and compile them into platforms.csv.

In: registry/*.csv, written by hand, and derived.csv, written by ``derive`` from
maintained lists; rows written by hand win. Out: platforms.csv, one host a row, sorted,
so that a change shows as a short difference; or every problem on stderr and exit code
1.

    python -m audit.resources.platforms.build          check and write
    python -m audit.resources.platforms.build --check  check, write nothing
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from audit.resources.platforms.schema import (
    COMPILED_COLUMNS,
    Entry,
    parse,
    parse_derived,
)

__all__ = ["compile_entries", "join", "main", "read_sources"]

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


def _spelling(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def join(by_hand: Sequence[Entry], derived: Iterable[Entry]) -> list[Entry]:
    """Add derived entries where nothing written by hand covers a host or its parents.

    A derived name that a row by hand has too gives way to the registered domain: two
    services may share a name.
    """
    hosts = {entry.host for entry in by_hand}
    names = {_spelling(entry.platform.platform or "") for entry in by_hand}
    joined = list(by_hand)
    for entry in derived:
        parents = [entry.host]
        while "." in parents[-1]:
            parents.append(parents[-1].partition(".")[2])
        if hosts.isdisjoint(parents):
            name = entry.platform.platform
            if name and _spelling(name) in names:
                platform = entry.platform._replace(platform=entry.host)
                entry = entry._replace(platform=platform)
            joined.append(entry)
    return sorted(joined)


def main(arguments: Sequence[str]) -> int:
    """Check the registry; write it unless asked only to check."""
    entries, problems = parse(read_sources())
    derived, more = parse_derived((_HERE / "derived.csv").read_text("utf-8"))
    problems += more
    entries = join(entries, derived)
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
