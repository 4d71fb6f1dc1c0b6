"""Remake the tables of language codes, scripts and speakers.

In: pycountry (ISO 639-3), Babel and language_data (CLDR: aliases, scripts, languages
and population of territories; the IANA registry: macrolanguages), all of them build
requirements only. Out: ``language/languages.csv`` and ``language/speakers.csv``; run
``python -m audit.resources.build_languages``.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pycountry
from babel.core import get_global

__all__ = ["build_languages", "build_speakers"]

# CLDR names the member that stands for a macrolanguage where no member is named. It has
# none for these, or (Hmong, Fulah, Mandingo) one that text under the code is not in.
_REPRESENTATIVES = {
    "aka": "twi",
    "ful": "fuv",
    "hbs": "srp",
    "hmn": "mww",
    "man": "mnk",
    "nor": "nob",
}
_COLUMNS = (
    "language",
    "alpha2",
    "bibliographic",
    "macrolanguage",
    "represented_by",
    "scripts",
    "name",
)
_SCRIPT_ALIASES = {"Hanb": "Hant", "Hrkt": "Jpan", "Hang": "Kore"}


def _registry() -> dict[str, str]:
    """Return the macrolanguage of each language, from the IANA registry."""
    text = _cldr("language-subtag-registry.txt").read_text("utf-8")
    out = {}
    for record in text.split("%%"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", record, re.MULTILINE))
        if fields.get("Type") == "language" and "Macrolanguage" in fields:
            out[_alpha3(fields["Subtag"])] = _alpha3(fields["Macrolanguage"])
    return out


def _cldr(name: str) -> Path:
    return Path(str(files("language_data"))) / "data" / name


def _alpha3(code: str) -> str:
    """Return the ISO 639-3 code of a code with two or three letters."""
    if len(code) == 2:
        entry = pycountry.languages.get(alpha_2=code)
        return entry.alpha_3 if entry else ""
    return code if len(code) == 3 and pycountry.languages.get(alpha_3=code) else ""


def _representatives(macro: dict[str, str]) -> dict[str, str]:
    """Return the member that stands for each macrolanguage."""
    out: dict[str, str] = {}
    aliases = get_global("language_aliases")
    for member, group in sorted(macro.items()):
        entry = pycountry.languages.get(alpha_3=member)
        tags = {member, getattr(entry, "alpha_2", member)}
        for tag in sorted(tags):
            if tag in aliases and _alpha3(aliases[tag]) == group:
                out.setdefault(group, member)
    return out | _REPRESENTATIVES


def _scripts() -> dict[str, list[str]]:
    """Return the scripts each language is written in, the likeliest first."""
    out: dict[str, list[str]] = defaultdict(list)
    for tag, likely in sorted(get_global("likely_subtags").items()):
        language = _alpha3(tag.split("_")[0])
        if language:
            out[language].append(next(p for p in likely.split("_")[1:] if len(p) == 4))
    tree = ET.parse(_cldr("supplementalData.xml"))
    for node in tree.iterfind(".//languageData/language"):
        language = _alpha3(node.get("type", ""))
        out[language].extend(node.get("scripts", "").split())
    return {
        language: list(dict.fromkeys(_SCRIPT_ALIASES.get(s, s) for s in scripts))
        for language, scripts in out.items()
    }


def build_languages(path: Path) -> None:
    """Write one row a language of ISO 639-3: codes, macrolanguage, scripts, name."""
    macro, scripts = _registry(), _scripts()
    representative = _representatives(macro)
    for group, member in representative.items():
        # A group's scripts are its representative's where CLDR lists the group alone.
        scripts.setdefault(member, scripts.get(group, []))
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(_COLUMNS)
        for entry in sorted(pycountry.languages, key=lambda e: e.alpha_3):
            code = entry.alpha_3
            out.writerow(
                [
                    code,
                    getattr(entry, "alpha_2", ""),
                    getattr(entry, "bibliographic", ""),
                    macro.get(code, ""),
                    representative.get(code, ""),
                    " ".join(scripts.get(code, [])),
                    entry.name,
                ]
            )


def build_speakers(path: Path) -> None:
    """Write one row a language: speakers in all territories, and which these are.

    Speakers are population times the share that uses the language (CLDR counts second
    languages too), so people who use two are counted in both.
    """
    tree = ET.parse(_cldr("supplementalData.xml"))
    population = {
        node.get("type", ""): int(node.get("population", "0"))
        for node in tree.iterfind(".//territoryInfo/territory")
    }
    representative = _representatives(_registry())
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    official: dict[str, set[str]] = defaultdict(set)
    for territory, languages in get_global("territory_languages").items():
        for tag, facts in languages.items():
            code = _member(tag, representative)
            people = population.get(territory, 0) * facts["population_percent"] / 100
            if code and people >= 1:
                # One language in two scripts: the larger is the language's own.
                before = shares[code].get(territory, 0.0)
                shares[code][territory] = max(before, people)
                if facts["official_status"] in ("official", "de_facto_official"):
                    official[code].add(territory)
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(["language", "speakers", "countries", "official_in"])
        rows = sorted(shares.items(), key=lambda r: (-sum(r[1].values()), r[0]))
        for code, by_territory in rows:
            out.writerow(
                [
                    code,
                    round(sum(by_territory.values())),
                    " ".join(sorted(by_territory)),
                    " ".join(sorted(official[code])),
                ]
            )


def _member(tag: str, representative: dict[str, str]) -> str:
    """Return the individual language that a CLDR tag counts speakers of."""
    parts = [*tag.split("_"), ""]
    exceptions = {("az", "Arab"): "azb", ("fa", "AF"): "prs", ("mn", "Mong"): "mvf"}
    code = exceptions.get((parts[0], parts[1]), _alpha3(parts[0]))
    return representative.get(code, code)


if __name__ == "__main__":
    folder = Path(__file__).parent / "language"
    build_languages(folder / "languages.csv")
    build_speakers(folder / "speakers.csv")
    sources = ", ".join(
        f"{name} {version(name)}" for name in ("pycountry", "babel", "language_data")
    )
    (folder / "SOURCES.txt").write_text(f"{sources}\n", "utf-8")
    sys.stdout.write(f"languages.csv and speakers.csv from {sources}\n")
