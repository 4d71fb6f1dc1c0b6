"""Which forms are words or people rather than what the gazetteer knows them for.

In: a `Row` of any source. Out: what the form loses: it is left out (``drop``), it needs
support (``support``, ``minor``), or nothing. Used by the gazetteer's build only.
Thresholds are Zipf frequencies (decimal logarithm of uses in a billion words) and
inhabitants (`Row.rank`): a village is not written of as often as words are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.resources.culture_names import personal_names
from audit.resources.culture_sources import country_languages, script_of
from audit.resources.culture_words import CASED, by_accident, elsewhere, zipf

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
# From here an entry of the lexicon is a word of a language that its country does not
# speak: written in lower case, and with a capital.
_WORD_ELSEWHERE, _CAPITAL_WORD_ELSEWHERE = 3.5, 4.2
# Capitals of so few letters abbreviate something else somewhere.
_ABBREVIATION = 4
# Arabic is written without capitals and short vowels, and its names are words: a single
# one needs support unless a review has found that it means nothing else ("keep").
_OWN_MEANING = ("place", "language")
# A place whose form in Arabic is this frequent, or has so few letters, is a word too.
_ARABIC_WORD, _ARABIC_LETTERS = 2.5, 4
# How a city outside the Arabic script is spelt there, up to so many letters, is a word
# of some language written in it; unless the city is as large as this.
_FOREIGN_LETTERS, _FOREIGN_CITY = 5, 2_000_000
# A country's name in these is no word elsewhere that would be met more often.
_LARGE = {"en", "es", "fr", "de", "pt", "ru", "it"}
# The large ones among the languages of the Arabic script.
_LARGE_ARABIC = {"ar", "fa", "ur"}
_ARABIC_LANGUAGES = {"ar", "fa", "ur", "ps", "ckb", "ug", "sd", "ks", "pnb"}


def doubt(row: Row, form: str, letters: int) -> str:
    """Return ``drop``, ``support``, ``minor`` or nothing for a form.

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
    if library:
        cased = script_of(form) in CASED
        return _cased(row, form) if cased else _uncased(row, form, letters)
    if row.source == "curated":
        return _curated(row, form, letters)
    country = row.category == "place" and row.source == "cldr"
    return _country(row, form, letters) if country else ""


def _curated(row: Row, form: str, letters: int) -> str:
    """Judge a single word that the lexicon gives."""
    script = script_of(form)
    if " " in form or row.category == "place":
        return ""
    if script == "ARABIC":
        return "" if row.category in _OWN_MEANING else "support"
    if script != "LATIN":
        return ""
    if form.isupper():
        return "minor" if letters <= _ABBREVIATION else ""
    least = _WORD_ELSEWHERE if form[0].islower() else _CAPITAL_WORD_ELSEWHERE
    found = elsewhere(form, country_languages(row.culture))
    return "support" if found >= least else ""


def _country(row: Row, form: str, letters: int) -> str:
    """Judge a country's name in some language, where it is a word of another."""
    language = row.language.split("-")[0]
    if form == row.name or " " in form:
        return ""
    if script_of(form) == "ARABIC":
        small = language not in _LARGE_ARABIC
        short = small and letters <= _ARABIC_LETTERS
        return "support" if short else ""
    if script_of(form) not in CASED or language in _LARGE:
        return ""
    person = form.casefold() in personal_names()
    word = elsewhere(form, frozenset({language})) >= _CAPITAL_WORD_ELSEWHERE
    return "support" if person or word else ""


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
    foreign = not country_languages(row.culture) & _ARABIC_LANGUAGES
    if script == "ARABIC" and foreign and letters <= _FOREIGN_LETTERS:
        return "drop" if row.rank < _FOREIGN_CITY // 3 else ""
    if (
        (script == "HIRAGANA" and letters <= _HIRAGANA_LETTERS)
        or (people and row.rank < _CITY)
        or (hidden and row.rank < _TOWN)
    ):
        return "drop"
    if common >= _UNCASED_WORD and row.rank < _CITY:
        sure = row.rank < _CITY // 3 or common >= _WORD + 0.5
        return "drop" if sure else "support"
    if script == "ARABIC" and " " not in form and row.rank < _CITY:
        short = letters <= _ARABIC_LETTERS + form.startswith("ال") * 2
        return "support" if short or common >= _ARABIC_WORD else ""
    if row.rank >= _LARGE_CITY or common < _UNCASED_WORD:
        return ""
    return "drop" if common >= _ORDINARY else "support"
