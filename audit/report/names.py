"""Names of languages, scripts and countries, in English and in their own words.

In: codes (ISO 639-3, ISO 15924, ISO 3166-1 alpha-2). Out: names of the Unicode CLDR as
Babel carries them; what languages are called in themselves `build_endonyms` has written
down. A code without a name stands for itself.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from babel import Locale
from babel.core import get_global

from audit.resources import language_codes

__all__ = [
    "SPECIAL",
    "category_name",
    "country_name",
    "endonym",
    "language_name",
    "language_tag",
    "script_name",
]

# Codes that are not languages: no own name to show.
SPECIAL = {
    "und": "Undetermined",
    "zxx": "No linguistic content",
    "mul": "Several languages",
    "mis": "Uncoded language",
}
# CLDR says how a script is used in a language name; alone these need their noun.
_SCRIPTS = {"Hans": "Simplified Han", "Hant": "Traditional Han", "Zyyy": "Common"}


@cache
def _english() -> Locale:
    return Locale("en")


@cache
def language_tag(code: str) -> str:
    """Return the shortest BCP 47 tag of an ISO 639-3 code: ``eng`` gives ``en``."""
    aliases = get_global("language_aliases")
    return str(aliases.get(code, code)).replace("_", "-")


@cache
def language_name(code: str) -> str:
    """Return the English name of a language, or its code."""
    if code in SPECIAL:
        return SPECIAL[code]
    names = _english().languages
    found = names.get(code) or names.get(language_tag(code))
    return str(found or language_codes.language_name(code) or code)


@cache
def _endonyms() -> dict[str, str]:
    path = Path(__file__).parent / "static" / "endonyms.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["language"]: row["name"] for row in csv.DictReader(file)}


@cache
def endonym(code: str) -> str:
    """Return the name of a language in itself, or an empty string."""
    name = "" if code in SPECIAL else _endonyms().get(code, "")
    return "" if name == language_name(code) else name


def category_name(code: str) -> str:
    """Return a category of sources or references in words."""
    return {"qa": "Q&A"}.get(code, code.replace("_", " "))


@cache
def script_name(code: str) -> str:
    """Return the English name of a script, or its code."""
    return _SCRIPTS.get(code) or str(_english().scripts.get(code) or code)


@cache
def country_name(code: str) -> str:
    """Return the English name of a country, or its code."""
    return str(_english().territories.get(code) or code)
