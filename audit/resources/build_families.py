"""Remakes ``language/families.csv``: which languages are kin.

In: ``languageGroups.json`` of CLDR (in the npm package ``cldr-core``, Unicode-3.0
licence), groups by ISO 639-5 code. Out: for every language of ISO 639-3 that CLDR
places: its top family and its narrowest group. Nothing is downloaded; run as
``python -m audit.resources.build_families languageGroups.json``.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from audit.resources.families import FILE
from audit.resources.language_codes import individual, macrolanguage, member_languages

__all__ = ["family_rows"]

# ISO 639-5 remainder groups are no kin: "other" codes by geography or for creoles.
_NO_FAMILY = frozenset({"art", "mis", "mul", "und", "cai", "nai", "sai", "sgn", "crp",
                        "cpe", "cpf", "cpp", "paa", "tut", "cau"})  # fmt: skip


def family_rows(groups: Mapping[str, Sequence[str]]) -> list[tuple[str, str, str]]:
    """Return language, family and branch, ascending by language.

    Args:
        groups: Members of each group: languages (alpha-2 or alpha-3) and groups.
    """
    parent = {
        member: group
        for group, members in sorted(groups.items())
        for member in members
        if group not in _NO_FAMILY
    }
    placed: dict[str, tuple[str, str]] = {}
    for member in sorted(parent):
        code, branch = individual(member), parent[member]
        if code == "und":
            continue
        while individual(branch) != "und" and branch in parent:
            # CLDR groups the members of a macrolanguage under its own code.
            branch = parent[branch]
        placed[code] = (_top(member, parent), branch)
    # The members of a macrolanguage are one branch, so that levels stay nested; those
    # that CLDR does not place stand beside the others.
    first: dict[str, tuple[str, str]] = {}
    for code in sorted(placed):
        first.setdefault(macrolanguage(code), placed[code])
        for sibling in member_languages(macrolanguage(code)):
            placed.setdefault(sibling, placed[code])
    return [(code, *first[macrolanguage(code)]) for code in sorted(placed)]


def _top(member: str, parent: Mapping[str, str]) -> str:
    seen = {member}
    while parent.get(member) not in (None, *seen):
        member = parent[member]
        seen.add(member)
    return member


def _main() -> None:
    source = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    groups = source["supplemental"]["languageGroups"]
    rows = family_rows({group: text.split() for group, text in groups.items()})
    with FILE.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(("language", "family", "branch"))
        writer.writerows(rows)


if __name__ == "__main__":
    _main()
