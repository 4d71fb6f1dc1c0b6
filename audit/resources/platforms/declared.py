"""From what a corpus says of its own parts to a platform.

In: values of source fields ("Wikipedia (en)", "StackExchange", "zhihu_qa_0012") and
file names. Out: platform, home country and category, or None where the name is unknown
or names no publisher (a crawl, a mixture). declared.csv holds the names that published
corpora use for their subsets.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from audit.resources.platforms import registry
from audit.resources.suffixes import place_of

__all__ = ["Declared", "declared_names", "platform_of_file", "platform_of_name"]

_SEPARATORS = re.compile(r"[\W_]+")
# The host of a URL, or a host name with or without a path.
_URL = re.compile(
    r"(?:(?:https?:)?//(?:[^/@]*@)?([^/:?#\s]+)|([^\s/:?#@]+\.[a-z]{2,}))(?:[/:?#].*)?"
)


class Declared(NamedTuple):
    """What a declared source stands for."""

    platform: str | None
    country: str | None
    category: str | None


class Known(NamedTuple):
    """One row of declared.csv; ``within``: also inside longer names."""

    meaning: Declared | None
    within: bool


def tokens_of(name: str) -> list[str]:
    """Split a name at everything that is no letter or digit."""
    return _SEPARATORS.sub(" ", name.casefold()).split()


def _meaning(platform: str, category: str) -> Declared | None:
    if platform:
        known = registry().by_name[platform]
        return Declared(platform, known.country, known.category)
    return Declared(None, None, category) if category else None


@cache
def declared_names() -> Mapping[str, Known]:
    """Return all names known, in normal form: the table's, then the platforms' own."""
    names = {
        " ".join(tokens_of(name)): Known(_meaning(name, ""), within=False)
        for name in registry().by_name
    }
    text = files(__package__ or "").joinpath("declared.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        names[row["name"]] = Known(
            _meaning(row["platform"], row["category"]), bool(row["within"])
        )
    return names


def _inside(tokens: list[str]) -> Declared | None:
    """Return the meaning of the longest known name in a run of tokens.

    Two different meanings of one length cancel out: the name says too much.
    """
    names = declared_names()
    for size in range(min(len(tokens), 4), 0, -1):
        found = {
            names[run].meaning
            for run in (
                " ".join(tokens[i : i + size]) for i in range(len(tokens) - size + 1)
            )
            if run in names and names[run].within
        }
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def platform_of_name(name: str) -> Declared | None:
    """Return what a source field stands for.

    A known name first, then a host or URL, then a known name inside a longer one.
    """
    tokens = tokens_of(name)
    known = declared_names().get(" ".join(tokens))
    if known is not None:
        return known.meaning
    found = _URL.fullmatch(name.strip().lower())
    host = (found.group(1) or found.group(2)) if found else ""
    place = place_of("?" + host) if host else None
    if place is not None:
        platform = registry().at(host, place)
        if platform is not None:
            return Declared(platform.platform, platform.country, platform.category)
        if place.category or place.country:
            return Declared(None, place.country, place.category)
    return _inside(tokens)


def platform_of_file(name: str) -> Declared | None:
    """Return what a file name stands for: only known names inside it count."""
    return _inside(tokens_of(name))
