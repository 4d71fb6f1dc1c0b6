"""The lexicon written for this project, from its files to rows; used by the build only.

In: `culture/lexicon/*.toml`. A table is named by a country code, or by several that
share its entries; a key is a category; its value lists entries between semicolons, and
an entry is the forms of one reference between bars, best known first. ``?`` after a
form: also an ordinary word or name, so it needs support. ``*`` before a form: a label
for readers that matches nothing. Out: `Row` values, or a `RunError` that names the
entry at fault.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from audit.errors import RunError
from audit.resources.culture_merge import clean
from audit.resources.culture_sources import SHARED, WORD, Row, script_of
from audit.resources.gazetteer import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["lexicon_rows"]

# Equivalent population of a curated reference: it wins a form from small towns.
_RANK = 5 * 10**7
_WEIGHT = 100

_SCRIPT_LANGUAGE = {
    "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "THAI": "th", "LAO": "lo",
    "KHMER": "km", "MYANMAR": "my", "TIBETAN": "bo", "GEORGIAN": "ka",
    "ARMENIAN": "hy", "ETHIOPIC": "am", "GREEK": "el", "HEBREW": "he", "TAMIL": "ta",
    "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu",
    "GURMUKHI": "pa", "ORIYA": "or", "SINHALA": "si", "CJK": "zh", "ARABIC": "ar",
}  # fmt: skip
# The language of a script that several languages write, by culture.
_CULTURE_LANGUAGE = {
    ("CJK", "JP"): "ja", ("ARABIC", "IR"): "fa", ("ARABIC", "AF"): "fa",
    ("ARABIC", "PK"): "ur", ("DEVANAGARI", "IN"): "hi", ("DEVANAGARI", "NP"): "ne",
    ("BENGALI", "BD"): "bn", ("BENGALI", "IN"): "as", ("CYRILLIC", "RU"): "ru",
    ("CYRILLIC", "UA"): "uk", ("CYRILLIC", "BY"): "be", ("CYRILLIC", "RS"): "sr",
    ("CYRILLIC", "KZ"): "kk", ("CYRILLIC", "KG"): "ky", ("CYRILLIC", "MN"): "mn",
    ("CYRILLIC", "BG"): "bg", ("CYRILLIC", "MK"): "mk", ("CYRILLIC", "TJ"): "tg",
    ("LATIN", "AZ"): "az", ("LATIN", "UZ"): "uz", ("LATIN", "PL"): "pl",
    ("LATIN", "CZ"): "cs", ("LATIN", "SK"): "sk", ("LATIN", "LT"): "lt",
    ("LATIN", "LV"): "lv", ("LATIN", "EE"): "et", ("LATIN", "FI"): "fi",
    ("LATIN", "HU"): "hu", ("LATIN", "HR"): "hr", ("LATIN", "SI"): "sl",
}  # fmt: skip


def _language_of(form: str, culture: str) -> str:
    """Return the likeliest language of a form, ``*`` where its script tells none."""
    script = script_of(form)
    found = _CULTURE_LANGUAGE.get((script, culture))
    return found or _SCRIPT_LANGUAGE.get(script, "*")


def _fault(rule: str, value: str, where: str) -> RunError:
    return RunError(rule, value=value, where=where, next_step="Correct the entry.")


def _entry_forms(entry: str, where: str) -> tuple[str, dict[str, int]]:
    """Return an entry's name, and its forms with their flags."""
    parts = [clean(part) for part in entry.split("|")]
    name = parts[0].strip("*?")
    forms: dict[str, int] = {}
    for part in parts:
        form = part.rstrip("?")
        if not form or set(form) & set("?؟？") or ":" in form[:4]:
            raise _fault(
                "a lexicon form is a name, `?` at its end at most", part, where
            )
        if not form.startswith("*"):
            forms[form] = WORD if part.endswith("?") else 0
    return name, forms


def _table_rows(header: str, table: dict[str, Any], where: str) -> Iterator[Row]:
    cultures = [code.strip() for code in header.split(",")]
    shared = SHARED if len(cultures) > 1 else 0
    for category, text in table.items():
        place = f"{where}, [{header}] {category}"
        if category not in CATEGORIES or not isinstance(text, str):
            raise _fault(
                "a lexicon key is one of the known categories", category, place
            )
        for entry in filter(None, (part.strip() for part in text.split(";"))):
            name, forms = _entry_forms(entry, place)
            for culture in cultures:
                for form, flags in forms.items():
                    yield Row(
                        culture, category, name, form, _language_of(form, culture),
                        _WEIGHT // len(cultures), flags | shared, "curated", _RANK,
                    )  # fmt: skip


def lexicon_rows(folder: Path, known: set[str]) -> Iterator[Row]:
    """Yield the rows of all lexicon files, in the order of their names.

    Args:
        folder: folder of the TOML files.
        known: culture codes that may be named.
    """
    for path in sorted(folder.glob("*.toml")):
        for header, table in tomllib.loads(path.read_text("utf-8")).items():
            unknown = {code.strip() for code in header.split(",")} - known
            if unknown or not isinstance(table, dict) or not table:
                raise _fault(
                    "a lexicon table is named by known countries and is not empty",
                    header,
                    path.name,
                )
            yield from _table_rows(header, table, path.name)
