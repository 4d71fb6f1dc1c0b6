"""What a folder with a package's sources says of itself: name, version and licence.

In: a folder as registries give it unpacked (Debian, npm, PyPI, Maven). Out: what its
own metadata say, for the card of what was learnt from it; an error where they say
nothing, so that nothing is learnt from code of unknown licence.
"""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from audit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Package", "read_package"]

# Debian's form for all files of a package, and free text that names a licence.
_ALL_FILES = re.compile(r"^Files: *\*.*\n(?:.+\n)*?License: *(.+)", re.MULTILINE)
_FIELD = re.compile(r"^License(?:-Expression)?: *(\S.*)", re.MULTILINE)
_CLASSIFIER = re.compile(r"^Classifier: License :: OSI Approved :: (.+)", re.MULTILINE)
_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)
_CHANGE = re.compile(r"^\S+ \(([^)]+)\)")
_POM = re.compile(r"<license>\s*<name>([^<]+)</name>")
# Words of licences' own texts, for files that hold nothing else.
_WORDING = (
    ("Apache License", "Apache-2.0"),
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Redistribution and use in source and binary forms", "BSD"),
    ("Permission to use, copy, modify", "ISC"),
    ("LaTeX Project Public License", "LPPL"),
    ("Vim is Charityware", "Vim"),
    ("PYTHON SOFTWARE FOUNDATION LICENSE", "PSF"),
    ("public domain", "public domain"),
)
_TEXTS = ("LICENSE*", "LICENCE*", "COPYING*", "*/LICENSE*", "META-INF/LICENSE*")


class Package(NamedTuple):
    """A package as its metadata tell it.

    Attributes:
        name: of the folder.
        version: as written there, or empty.
        licence: as written there, or by the wording of its licence's text.
    """

    name: str
    version: str
    licence: str


def _texts(folder: Path, *patterns: str) -> list[str]:
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    out = []
    for path in paths:
        if path.is_file():
            raw = path.read_bytes()
            raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
            out.append(raw.decode("utf-8", "replace"))
    return out


def _first(pattern: re.Pattern[str], texts: list[str]) -> str:
    found = (pattern.search(text) for text in texts)
    return next((match[1].strip() for match in found if match), "")


def _named(texts: list[str]) -> str:
    """Return the licence that the first field names; its text is no name."""
    said = _first(_FIELD, texts)
    return "" if said.startswith(("Permission ", "Redistribution ")) else said


def _worded(texts: list[str]) -> str:
    """Return the licence whose words come first."""
    for text in texts:
        found = [(text.find(words), licence) for words, licence in _WORDING]
        if places := [(at, licence) for at, licence in found if at >= 0]:
            return min(places)[1]
    return ""


def read_package(folder: Path) -> Package:
    """Return what the metadata of a package say.

    Args:
        folder: with one package.

    Raises:
        ConfigError: nothing there says which licence holds.
    """
    changes = _texts(
        folder,
        "usr/share/doc/*/changelog.Debian.gz",
        "usr/share/doc/*/changelog.gz",
        "debian_/debian/changelog",
    )
    rights = _texts(folder, "usr/share/doc/*/copyright", "debian_/debian/copyright")
    about = _texts(folder, "*/PKG-INFO", "*.dist-info/METADATA")
    poms = _texts(folder, "META-INF/maven/*/*/pom.xml")
    version = _first(_CHANGE, changes) or _first(_VERSION, about)
    licence = (
        _first(_ALL_FILES, rights)
        or _named(rights + about)
        or _first(_CLASSIFIER, about)
        or _first(_POM, poms)
    )
    for text in _texts(folder, "package.json", "package/package.json"):
        said = json.loads(text)
        version = version or str(said.get("version", ""))
        licence = licence or str(said.get("license", ""))
    licence = licence or _worded(rights + _texts(folder, *_TEXTS))
    if not licence:
        raise ConfigError(
            "what is learnt from must be under a licence that its metadata name",
            value=folder.name,
            where="--code",
            next_step="leave the folder out",
        )
    return Package(folder.name, version, licence)
