"""The platform registry: from a host name to who publishes there.

In: platforms.csv, compiled by ``python -m audit.resources.platforms.build`` from the
files in registry/ and from derived.csv. Out: platform, operator, home country and
category of a host, and tables that the fold can join.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pyarrow as pa

from audit.errors import UsageError
from audit.resources.platforms.schema import CATEGORIES, Platform
from audit.resources.suffixes import Place, suffix_rules

__all__ = [
    "CATEGORIES",
    "Platform",
    "Registry",
    "operator",
    "platform_table",
    "registry",
    "registry_checksum",
]


@dataclass(frozen=True)
class Registry:
    """The compiled registry.

    Attributes:
        by_host: platform by host; a host stands for all names below it. A platform
            without name tells only country and category.
        by_name: platform by its name.
        hosting: hosts below which each name is a site of its own.
    """

    by_host: dict[str, Platform]
    by_name: dict[str, Platform]
    hosting: frozenset[str]

    def find(self, host: str) -> Platform | None:
        """Return the platform of a host: of itself or of its nearest parent."""
        while host:
            found = self.by_host.get(host)
            if found is not None:
                return found
            host = host.partition(".")[2]
        return None

    def at(self, host: str, place: Place) -> Platform | None:
        """Return the platform of a host by the registry, else by what it calls itself.

        A forum or a wiki that no row knows is named by its registered domain.
        """
        found = self.find(host)
        if found is not None:
            return found
        category = suffix_rules().member_category(host, place)
        if category is None:
            return None
        return Platform(place.domain, place.domain, None, category)


def _compiled() -> str:
    return files(__name__).joinpath("platforms.csv").read_text("utf-8")


@cache
def registry() -> Registry:
    """Read the registry, once per process."""
    by_host: dict[str, Platform] = {}
    by_name: dict[str, Platform] = {}
    hosting = set()
    same: dict[tuple[str, ...], Platform] = {}
    rows = csv.reader(_compiled().splitlines())
    next(rows)
    for host, sites, *facts in rows:
        key = tuple(facts)
        platform = same.get(key)
        if platform is None:
            name, who, country, category = key
            platform = same[key] = Platform(
                name or None, who or None, country or None, category
            )
            if name:
                by_name[name] = platform
        by_host[host] = platform
        if sites:
            hosting.add(host)
    return Registry(by_host, by_name, frozenset(hosting))


def operator(platform: str) -> str:
    """Return who runs a platform.

    Raises:
        UsageError: The registry knows no such platform.
    """
    found = registry().by_name.get(platform)
    if found is None:
        raise UsageError(
            "a platform must be one of the registry",
            value=platform,
            where="audit.resources.platforms.operator",
            next_step="See platform_table() for the names.",
        )
    return found.operator or ""


def platform_table() -> pa.Table:
    """Return all platforms, sorted by name.

    Returns:
        Table of strings: platform, operator, country (null where the operator has no
        one home), category.
    """
    by_name = registry().by_name
    rows = [by_name[name] for name in sorted(by_name)]
    columns = zip(*rows, strict=True)
    return pa.table(
        [pa.array(column, pa.string()) for column in columns], list(Platform._fields)
    )


def registry_checksum() -> str:
    """Return the SHA-256 of the compiled registry, in hexadecimal."""
    return hashlib.sha256(_compiled().encode()).hexdigest()
