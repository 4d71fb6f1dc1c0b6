"""The ``diversity`` table as profiles carry it: measures joined with kinship tables.

In: the joint counts of one corpus. Out: its `diversity` table, with likeness of
languages (families) and of cultures (regions).
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from audit.measures.profile_diversity import Grouping, diversity_table
from audit.resources.families import likeness_levels

__all__ = ["profile_diversity"]


def profile_diversity(
    mix: pa.Table, culture_mix: pa.Table, corpus: str, regions: Mapping[str, str]
) -> pa.Table:
    """Return the ``diversity`` table of a profile.

    Args:
        mix: In the ``mix`` schema.
        culture_mix: In the ``culture_mix`` schema.
        corpus: Written to every row.
        regions: UN subregion of each culture.
    """
    families = [Grouping(groups, within) for groups, within in likeness_levels()]
    return diversity_table(mix, culture_mix, corpus, regions, families=families)
