"""Given and family names, so that a town called like a person needs support.

In: Faker's lists of names by locale, a development dependency; used by the gazetteer's
build only. Out: a set of folded names.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from audit.resources.culture_sources import script_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["personal_names"]

# Scripts in which a name stands as a word of its own. In Chinese and Japanese, cities
# and families share names so widely that the list would silence the cities.
_SCRIPTS = {"LATIN", "CYRILLIC", "ARABIC", "GREEK", "DEVANAGARI"}


@cache
def personal_names() -> frozenset[str]:
    """Return the folded given and family names of all locales."""
    return frozenset(
        name.casefold() for name in _names() if script_of(name) in _SCRIPTS
    )


def _names() -> Iterator[str]:
    import faker.providers.person as package

    for module in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"{package.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            if attribute.startswith(("first_name", "last_name")):
                values = getattr(provider, attribute)
                if isinstance(values, (tuple, list, dict)):
                    yield from (str(value) for value in values)
