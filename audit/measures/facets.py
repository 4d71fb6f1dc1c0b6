"""What a profile is looked at by: language, script, domain, platform, country, culture.

In: the joint counts of a profile (``mix``, ``culture_mix``). Out: counts by sampling
unit and key for one facet. The same table decides what the diversity measures, the
comparison, the gate and the report mean by a facet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

__all__ = ["FACETS", "NO_KEY", "WEIGHTS", "Facet", "facet_frame"]

WEIGHTS = ("documents", "characters")

# The key of documents that have none: no URL, no platform, no country.
NO_KEY = ""


class Facet(NamedTuple):
    """One way to look at a corpus.

    Attributes:
        name: As in the ``facet`` column of ``diversity``.
        table: The profile table that holds the counts by unit.
        column: The column of the keys; regions are looked up from cultures.
        outside: Keys that have a share but are no kind of their own (undetermined
            language, no domain): left out of diversity measures.
        plural: Its keys in a sentence: "languages".
    """

    name: str
    table: str
    column: str
    outside: frozenset[str]
    plural: str


_NONE = frozenset({NO_KEY})

FACETS: dict[str, Facet] = {
    facet.name: facet
    for facet in (
        Facet(
            "language", "mix", "language", _NONE | {"und", "zxx", "mis"}, "languages"
        ),
        Facet("script", "mix", "script", _NONE | {"Zyyy", "Zinh", "Zzzz"}, "scripts"),
        Facet("domain", "mix", "domain", _NONE, "domains"),
        Facet("platform", "mix", "platform", _NONE, "platforms"),
        Facet("operator", "mix", "operator", _NONE, "operators"),
        Facet("category", "mix", "category", _NONE, "categories of source"),
        Facet("source_country", "mix", "country", _NONE, "source countries"),
        Facet("culture", "culture_mix", "culture", _NONE, "cultures"),
        Facet("region", "culture_mix", "culture", _NONE, "regions of culture"),
    )
}


def facet_frame(
    frame: pl.DataFrame, facet: Facet, regions: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Return the counts of a facet by unit and key.

    Args:
        frame: The facet's table, with ``unit`` or any other columns to group by.
        facet: Which keys.
        regions: Region of each culture; needed for the facet ``region`` alone. A
            culture that is not in it is a region of its own name.

    Returns:
        Columns ``unit``, ``key`` (string, no nulls), ``documents``, ``characters``;
        one row a unit and key, in no order.
    """
    key = pl.col(facet.column).cast(pl.String).fill_null(NO_KEY)
    if facet.name == "region":
        known = dict(regions or {})
        key = key.replace(known) if known else key
    return frame.group_by("unit", key.alias("key")).agg(pl.col(WEIGHTS).sum())
