"""The countries of the world: names, UN M49 regions, population, languages spoken.

In: the tables in `culture/` (see `build_culture`). Out: Arrow tables, read once.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["countries", "language_countries"]

_FOLDER = Path(__file__).parent / "culture"


@cache
def countries() -> pa.Table:
    """Return all countries and areas of ISO 3166-1, and XK, ascending by code.

    Returns:
        Columns ``country`` (ISO 3166-1 alpha-2), ``alpha3``, ``name`` (English, CLDR),
        ``region`` and ``subregion`` (UN M49; the finest of its levels), ``population``
        (int64, persons; World Bank and national figures as GeoNames carries them).
    """
    return pq.read_table(_FOLDER / "countries.parquet")


@cache
def language_countries() -> pa.Table:
    """Return where each language is spoken and by how many, ascending.

    Returns:
        Columns ``language`` (ISO 639-3), ``country`` (ISO 3166-1 alpha-2),
        ``speakers`` (int64, persons, from CLDR's share of the population), ``share``
        (float64, of the language's speakers), ``population_share`` (float64, of the
        country's population), ``official`` (bool) and ``canonical`` (bool). A
        language known under a macrolanguage too (``zho`` and ``cmn``) has the same
        rows under both codes; ``canonical`` is false for the macrolanguage's.
    """
    return pq.read_table(_FOLDER / "language_countries.parquet")
