"""Which languages are kin: family and branch of each language.

In: ``language/families.csv`` (`build_families` remakes it from CLDR's language groups).
Out: levels of likeness, from wide to narrow, for similarity-sensitive diversity.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from audit.resources.language_codes import macrolanguage

__all__ = [
    "FILE",
    "LIKENESS",
    "language_families",
    "likeness_levels",
]

FILE = Path(__file__).parent / "language" / "families.csv"

# How alike two different languages count: of one family (Indo-European), of one branch
# (South Slavic), of one macrolanguage (Bosnian and Croatian). A convention, stated in
# the docs: kin do not count as strangers. It does not measure intelligibility.
LIKENESS = {"family": 0.1, "branch": 0.3, "macrolanguage": 0.9}


@lru_cache(maxsize=1)
def language_families() -> dict[str, tuple[str, str]]:
    """Return family and branch (ISO 639-5) by language (ISO 639-3)."""
    with FILE.open(encoding="utf-8", newline="") as handle:
        return {row[0]: (row[1], row[2]) for row in list(csv.reader(handle))[1:]}


@lru_cache(maxsize=1)
def likeness_levels() -> tuple[tuple[dict[str, str], float], ...]:
    """Return (group of each language, similarity within), family first.

    Levels are nested: languages of one macrolanguage are of one branch, those of one
    branch of one family. A language whose macrolanguage has one member that is placed
    is in no macrolanguage group of others.
    """
    placed = language_families()
    family = {code: top for code, (top, _) in placed.items()}
    branch = {code: f"{top}/{narrow}" for code, (top, narrow) in placed.items()}
    macro = {
        code: f"{branch[code]}/{macrolanguage(code)}"
        for code in placed
        if macrolanguage(code) != code
    }
    return (
        (family, LIKENESS["family"]),
        (branch, LIKENESS["branch"]),
        (macro, LIKENESS["macrolanguage"]),
    )
