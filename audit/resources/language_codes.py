"""One code a language: how any label or declared tag becomes ISO 639-3.

In: ``language/languages.csv`` (`build_languages` remakes it). Out: functions over them.

The convention, stated once: profiles count individual languages (``swh``, ``cmn``,
``arb``). A macrolanguage (``swa``, ``zho``, ``ara``) is never a key of a count, because
its members are; a label that names one counts as the member that CLDR lets stand for
it.
"""

from __future__ import annotations

import csv
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "LanguageEntry",
    "individual",
    "language_name",
    "languages_checksum",
    "macrolanguage",
    "member_languages",
    "parse_label",
    "scripts_of",
]

_FILE = Path(__file__).parent / "language" / "languages.csv"

# A script that belongs to one member of a macrolanguage only.
_BY_SCRIPT = {
    ("aze", "Arab"): "azb",
    ("fas", "Cyrl"): "tgk",
    ("mon", "Mong"): "mvf",
    ("uzb", "Arab"): "uzs",
}
# Scripts that other sources name more coarsely, or that stand for a mix.
_SCRIPT_ALIASES = {"Hang": "Kore", "Hira": "Jpan", "Kana": "Jpan", "Hrkt": "Jpan"}
_REGION_SCRIPTS = {"tw": "Hant", "hk": "Hant", "mo": "Hant", "cn": "Hans", "sg": "Hans"}
# Codes of one place only, and names that other models use.
_OTHER = {"zh_tw": "cmn", "iw": "heb", "in": "ind", "ji": "ydd", "jw": "jav"}
_OTHER |= {"mo": "ron", "sh": "srp", "eml": "egl", "als_alemannic": "gsw"}
_SPECIAL = ("und", "zxx", "mul", "mis")


class LanguageEntry(NamedTuple):
    """One language of ISO 639-3.

    Attributes:
        language: its three letters.
        alpha2: ISO 639-1, or "".
        bibliographic: ISO 639-2/B where it differs, or "".
        macrolanguage: the macrolanguage it is a member of, or "".
        represented_by: the member that stands for it if it is one itself, or "".
        scripts: ISO 15924, the likeliest first; empty where nobody recorded any.
        name: the reference name of ISO 639-3.
    """

    language: str
    alpha2: str
    bibliographic: str
    macrolanguage: str
    represented_by: str
    scripts: tuple[str, ...]
    name: str


@lru_cache(maxsize=1)
def _entries() -> dict[str, LanguageEntry]:
    with _FILE.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))[1:]
    return {
        r[0]: LanguageEntry(r[0], r[1], r[2], r[3], r[4], tuple(r[5].split()), r[6])
        for r in rows
    }


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    out = dict(_OTHER)
    for entry in _entries().values():
        for alias in (entry.alpha2, entry.bibliographic, entry.language):
            if alias:
                out.setdefault(alias, entry.language)
    return out


def individual(code: str, script: str = "") -> str:
    """Return the individual language (ISO 639-3) a code counts as, ``und`` if unknown.

    Args:
        code: ISO 639-1, -2 or -3, in any case.
        script: ISO 15924 where known; it decides between members that differ in it.
    """
    code = code.lower()
    if code in _SPECIAL:
        return code
    language = _aliases().get(code, "und")
    if (language, script) in _BY_SCRIPT:
        return _BY_SCRIPT[language, script]
    entry = _entries().get(language)
    return entry.represented_by or language if entry else "und"


def parse_label(label: str) -> tuple[str, str]:
    """Return the language and script that a model's label or a declared tag names.

    Reads ``__label__en``, ``__label__eng_Latn``, ``__label__zh-Hant``, ``pt-BR`` and
    ``__label__cmn_Hani``. The script is "" where the label leaves it open (``Hani``
    too: the text's own characters say whether it is Hans or Hant).
    """
    parts = label.removeprefix("__label__").replace("-", "_").split("_")
    script = region = ""
    for part in parts[1:]:
        if len(part) == 4 and part.isalpha():
            script = part.title()
        elif len(part) == 2:
            region = part.lower()
    script = _SCRIPT_ALIASES.get(script, script)
    language = individual(parts[0], script)
    if language == "cmn" and not script:
        script = _REGION_SCRIPTS.get(region, "")
    return language, "" if script == "Hani" else script


def macrolanguage(language: str) -> str:
    """Return the macrolanguage of a language, or the language itself."""
    entry = _entries().get(language)
    return entry.macrolanguage or language if entry else language


def member_languages(code: str) -> tuple[str, ...]:
    """Return every individual language that a code covers, ascending.

    For the keys of policies and targets: ``swa`` covers ``swc`` and ``swh``, ``sw`` as
    well; an individual language covers itself.
    """
    language = _aliases().get(code.lower(), code.lower())
    members = [e.language for e in _entries().values() if e.macrolanguage == language]
    return tuple(sorted(members)) or (language,)


def scripts_of(language: str) -> tuple[str, ...]:
    """Return the scripts a language is written in, empty where nobody recorded any."""
    entry = _entries().get(language)
    return entry.scripts if entry else ()


def language_name(language: str) -> str:
    """Return the English reference name, or the code itself."""
    special = {"und": "undetermined", "zxx": "no linguistic content"}
    entry = _entries().get(language)
    return special.get(language) or (entry.name if entry else language)


@lru_cache(maxsize=1)
def languages_checksum() -> str:
    """Return the SHA-256 of the table, for fingerprints."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()
