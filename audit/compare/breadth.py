"""Breadth of references of several profiles, at as many sources as all of them have.

In: profiles. Out: the share of known references that three sources have, by profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from audit.compare.load import Profile
from audit.measures.coverage import MIN_UNITS, first_sources
from audit.measures.interval import unit_hashes
from audit.measures.units import whole_files

__all__ = ["equal_breadth"]


def equal_breadth(profiles: Sequence[Profile]) -> dict[str, Any]:
    """Return ``breadth.share`` of each profile at the sources that all of them have.

    Breadth grows with a corpus, so that of the larger ones is counted in as many of
    their sources as the smallest has.

    Returns:
        ``sources`` and ``share`` by label; nothing where a profile lacks the tables.
    """
    if not all(one.has("reference_sources") and one.has("breadth") for one in profiles):
        return {}
    hashes = [_source_hashes(one) for one in profiles]
    number = min(len(each) for each in hashes)
    if not number:
        return {}
    shares = {}
    for one, each in zip(profiles, hashes, strict=True):
        part = first_sources(one.frame("reference_sources"), each, number)
        counts = part.group_by("reference", "culture", "category").len()
        known = int(one.frame("breadth")["references_known"].sum())
        broad = int((counts["len"] >= MIN_UNITS).sum())
        shares[one.label] = broad / known if known else None
    return {"sources": number, "share": shares}


def _source_hashes(profile: Profile) -> NDArray[np.int64]:
    """Return the hash of every source: a domain, or the file of documents without."""
    units = pc.unique(profile.table("mix")["unit"])
    return unit_hashes(pc.unique(whole_files(units))).view(np.int64)
