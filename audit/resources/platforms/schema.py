"""The shape of the platform registry and the rules that every row keeps.

In: rows of the files in registry/, one platform a row, written and reviewed by hand.
Out: expanded entries, one host a row, or the list of everything that is wrong.

A row names a platform, its operator, the operator's home country, a category of the
closed list, and its hosts separated by spaces. A host stands for itself and all names
below it. ``amazon.{com|de}`` expands to both; a leading ``*.`` says that each name
below is a site of its own (blog hosts), with its own registered domain.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from audit.resources.suffixes import normalise_host, place_of

__all__ = [
    "CATEGORIES", "COLUMNS", "COMPILED_COLUMNS", "DERIVED_COLUMNS", "Entry", "Platform",
    "expand", "parse", "parse_derived",
]  # fmt: skip

CATEGORIES = (
    "social", "forum", "qa", "encyclopedia", "news", "video", "e-commerce", "code",
    "government", "academic", "books", "blog", "reference", "documentation",
    "religious", "adult", "other",
)  # fmt: skip

COLUMNS = ("platform", "operator", "country", "category", "hosts")
DERIVED_COLUMNS = (*COLUMNS, "list")
COMPILED_COLUMNS = ("host", "sites", "platform", "operator", "country", "category")

_BRACES = re.compile(r"\{([^{}]*)\}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class Platform(NamedTuple):
    """One service: who runs it, from where, and what kind of place it is.

    A row without platform says country and category of hosts that are nobody's
    platform (the universities of a country), so that they are not taken for one.
    """

    platform: str | None
    operator: str | None
    country: str | None
    category: str


class Entry(NamedTuple):
    """One host of a platform; ``sites``: each name below is a site of its own."""

    host: str
    sites: bool
    platform: Platform


def expand(pattern: str) -> Iterator[str]:
    """Yield every host that a pattern with braces stands for."""
    found = _BRACES.search(pattern)
    if found is None:
        yield pattern
        return
    for part in found.group(1).split("|"):
        yield from expand(pattern[: found.start()] + part + pattern[found.end() :])


def parse_derived(text: str) -> tuple[list[Entry], list[str]]:
    """Expand derived.csv as `parse` does a registry file, without its last column."""
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != DERIVED_COLUMNS:
        return [], [f"derived.csv: columns are not {DERIVED_COLUMNS}"]
    lines = [",".join(COLUMNS)]
    rows = [[row[column] for column in COLUMNS] for row in reader]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return parse({"derived.csv": "\n".join(lines) + "\n" + out.getvalue()})


def parse(texts: Mapping[str, str]) -> tuple[list[Entry], list[str]]:
    """Expand the registry files into entries and collect all problems.

    Args:
        texts: Content of each registry file by file name.

    Returns:
        Entries sorted by host, and one message a problem (empty when all is well).
    """
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    platforms: set[str] = set()
    for file, text in sorted(texts.items()):
        reader = csv.DictReader(text.splitlines())
        if tuple(reader.fieldnames or ()) != COLUMNS:
            problems.append(f"{file}: columns are {reader.fieldnames}, not {COLUMNS}")
            continue
        for row in reader:
            where = f"{file}:{reader.line_num}"
            if None in row or None in row.values():
                problems.append(f"{where}: not {len(COLUMNS)} fields")
                continue
            name = row["platform"] or None
            if name in platforms:
                problems.append(f"{where}: platform {name!r} stands twice")
            platforms.update({name} if name else ())
            problems += [f"{where}: {text}" for text in _row_problems(row)]
            platform = Platform(
                name, row["operator"] or None, row["country"] or None, row["category"]
            )
            problems += [
                f"{where}: {text}"
                for text in _add_hosts(entries, platform, row["hosts"].split())
            ]
    return [entries[host] for host in sorted(entries)], problems


def _row_problems(row: Mapping[str, str]) -> Iterator[str]:
    for column in ("platform", "operator", "hosts"):
        if row[column] != row[column].strip():
            yield f"{column} has blanks at its ends: {row[column]!r}"
    if not row["hosts"]:
        yield "hosts is empty"
    if bool(row["platform"]) != bool(row["operator"]):
        yield "platform and operator must both be given, or neither"
    if row["country"] and not _COUNTRY.fullmatch(row["country"]):
        yield f"country is not ISO 3166-1 alpha-2: {row['country']!r}"
    if row["category"] not in CATEGORIES:
        yield f"category {row['category']!r} is not of the closed list"


def _add_hosts(
    entries: dict[str, Entry], platform: Platform, patterns: Iterable[str]
) -> Iterator[str]:
    for pattern in patterns:
        sites = pattern.startswith("*.")
        for raw in expand(pattern.removeprefix("*.")):
            host = normalise_host(raw)
            place = place_of(host) if host else None
            if place is None:
                yield f"host {raw!r} is no host name under a public suffix"
                continue
            if host in entries:
                yield f"host {host!r} is in the registry already"
            if host.startswith("www.") and place.domain != host:
                yield f"host {host!r} stands for its parent: write it without www"
            if place.suffix == host and not sites:
                yield f"host {host!r} is a public suffix: write '*.{host}'"
            entries[host] = Entry(host, sites, platform)
