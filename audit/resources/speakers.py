"""How many people use each language: the mix a corpus can be held against.

In: ``language/speakers.csv`` (`build_languages` remakes it from CLDR). Out: an Arrow
table, most spoken first. Second languages count, so the column sums to more than the
population of the world; shares are over the column's own sum.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

__all__ = ["large_languages", "speakers"]

_FILE = Path(__file__).parent / "language" / "speakers.csv"


@lru_cache(maxsize=1)
def speakers() -> pa.Table:
    """Return language (ISO 639-3), speakers, countries and official_in.

    ``countries`` and ``official_in`` list ISO 3166-1 alpha-2 codes, ascending.
    """
    with _FILE.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))[1:]
    codes = pa.list_(pa.string())
    return pa.table(
        {
            "language": [row[0] for row in rows],
            "speakers": pa.array([int(row[1]) for row in rows], pa.int64()),
            "countries": pa.array([row[2].split() for row in rows], codes),
            "official_in": pa.array([row[3].split() for row in rows], codes),
        }
    )


@lru_cache(maxsize=1)
def large_languages() -> frozenset[str]:
    """Return the languages that are official somewhere or have a million speakers."""
    return frozenset(
        row["language"]
        for row in speakers().to_pylist()
        if row["speakers"] >= 1_000_000 or row["official_in"]
    )
