"""Names of inhabitants and adjectives of countries; used by the gazetteer's build only.

In: `culture/demonyms.toml`. A table is a language, a key one or several countries, a
value its forms between bars; ``stem/set`` stands for the stem in every pattern of a set
of the table ``sets``; ``?`` at the end says that the form needs support. Out: `Row`
values, or a `RunError` that names the entry at fault.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from audit.errors import RunError
from audit.resources.culture_sources import COUNTRY_WEIGHT, SHARED, WORD, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["demonym_rows"]

# Equivalent population: below a country's name, above any city.
_RANK = 10**8


def _refuse(rule: str, value: str, where: str) -> NoReturn:
    raise RunError(rule, value=value, where=where, next_step="Correct the entry.")


def _expanded(
    text: str, sets: Mapping[str, str], where: str
) -> Iterator[tuple[str, int, str]]:
    """Yield form, flags and source of every form that an entry stands for."""
    for part in text.split("|"):
        flags = WORD if part.endswith("?") else 0
        stem, _, name = part.rstrip("?").partition("/")
        if not stem.strip() or (name and name not in sets):
            _refuse("a demonym is a form, or a stem and a known set", part, where)
        if not name:
            yield stem, flags, "demonym"
            continue
        for pattern in sets[name].split():
            # A set holds all endings of its forms, so the build adds no more.
            yield pattern.replace("*", stem), flags, "demonym+forms"


def demonym_rows(
    path: Path, known: set[str], names: Mapping[str, str]
) -> Iterator[Row]:
    """Yield the forms of a file as forms of their countries.

    Args:
        path: TOML file.
        known: culture codes that may be named.
        names: the name of each country's own reference, by code.
    """
    tables = tomllib.loads(path.read_text("utf-8"))
    sets = tables.pop("sets", {})
    for language, table in tables.items():
        for header, text in table.items():
            where = f"{path.name}, [{language}] {header}"
            cultures = [code.strip() for code in header.split(",")]
            if set(cultures) - known:
                _refuse("a demonym belongs to known countries", header, where)
            shared = SHARED if len(cultures) > 1 else 0
            for form, flags, source in _expanded(text, sets, where):
                for code in cultures:
                    yield Row(
                        code, "place", names[code], form, language,
                        COUNTRY_WEIGHT // len(cultures), flags | shared, source, _RANK,
                    )  # fmt: skip
