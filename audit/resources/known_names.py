"""Public suffixes and registry hosts as one table, and what each of them says.

In: the suffix list, suffixes.csv and the registry. Out: the table that
`audit.kernels.names` walks, with the country and category of every suffix and the
platform of every host as arrays, so that a batch of hosts is looked up without a
Python object a host. `audit.resources.suffixes` and `Registry.at` say the same of one
host; what needs a pattern is left to them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from audit.kernels import names as kernel
from audit.resources.platforms import registry
from audit.resources.suffixes import suffix_list, suffix_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["KnownNames", "known_names"]


# What an exception is made to may be a suffix without a rule of its own.
_RULE = kernel.PUBLIC | kernel.SUFFIX | kernel.PUBLIC_PARENT | kernel.SUFFIX_PARENT


class KnownNames(NamedTuple):
    """What is known of every name of the table.

    Attributes:
        table: suffixes and registry hosts.
        names: string[n_names], the name of each key.
        labels: string[n_labels], countries and categories; code -1 stands for none.
        country: int64[n_names], label of the country that a suffix names.
        category: int64[n_names], label of the category that a suffix implies.
        platform: int64[n_names], row of a registry host's platform, -1 of other names.
        platforms: string[n_platforms], null where a row has no platform.
        operators: string[n_platforms].
        platform_country: int64[n_platforms], label.
        platform_category: int64[n_platforms], label.
    """

    table: kernel.NameTable
    names: pa.StringArray
    labels: pa.StringArray
    country: NDArray[np.int64]
    category: NDArray[np.int64]
    platform: NDArray[np.int64]
    platforms: pa.StringArray
    operators: pa.StringArray
    platform_country: NDArray[np.int64]
    platform_category: NDArray[np.int64]


def _bits() -> dict[str, int]:
    """Return every name with what it is."""
    known, rules = registry(), suffix_rules()
    names: dict[str, int] = dict.fromkeys(known.by_host, kernel.HOST)

    def mark(some: Iterable[str], bit: int) -> None:
        for name in sorted(some):
            names[name] = names.get(name, 0) | bit

    public = suffix_list(frozenset(), private=False)
    mark(public.rules, kernel.PUBLIC)
    mark(public.wild, kernel.PUBLIC_PARENT)
    mark(public.exceptions, kernel.PUBLIC_EXCEPTION)
    every = suffix_list(known.hosting, private=True)
    mark(every.rules, kernel.SUFFIX)
    mark(every.wild, kernel.SUFFIX_PARENT)
    mark(every.exceptions, kernel.EXCEPTION)
    mark(rules.file_endings, kernel.FILE)
    mark(rules.looked_at, kernel.LOOK)
    return names


class _Labels:
    """Texts by the order they came in."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def code(self, text: str | None) -> int:
        return self.codes.setdefault(text, len(self.codes)) if text else -1


@cache
def known_names() -> KnownNames:
    """Build the table, once per process."""
    names, known, rules = _bits(), registry(), suffix_rules()
    public = suffix_list(frozenset(), private=False)
    labels = _Labels()
    country = np.full(len(names), -1, np.int64)
    category = np.full(len(names), -1, np.int64)
    platform = np.full(len(names), -1, np.int64)
    distinct = list({id(p): p for p in known.by_host.values()}.values())
    rows = {id(p): row for row, p in enumerate(distinct)}
    of_platform = [(labels.code(p.country), labels.code(p.category)) for p in distinct]
    for key, (name, bits) in enumerate(names.items()):
        if bits & _RULE:
            icann = public.of(name) or name
            country[key] = labels.code(rules.country_of(icann))
            # Forms of a domain are patterns: such names are marked to be looked at.
            category[key] = labels.code(rules.category_of("", icann))
        if bits & kernel.HOST:
            platform[key] = rows[id(known.by_host[name])]
    return KnownNames(
        kernel.name_table(
            names,
            [*rules.member],
            rules.looked_at_starts,
            [*rules.member_ending],
        ),
        pa.array([*names], pa.string()),
        pa.array([*labels.codes], pa.string()),
        country,
        category,
        platform,
        pa.array([p.platform for p in distinct], pa.string()),
        pa.array([p.operator for p in distinct], pa.string()),
        np.array([code for code, _ in of_platform], np.int64),
        np.array([code for _, code in of_platform], np.int64),
    )
