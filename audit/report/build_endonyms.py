"""Remakes static/endonyms.csv: what each language is called in itself.

In: the Unicode CLDR as Babel carries it. Out: one row a language that has a name of its
own there, by ISO 639-3. Read from here, a page of a hundred languages need not load a
hundred locales. Run at build time only:

    python -m audit.report.build_endonyms
"""

from __future__ import annotations

import csv
from pathlib import Path

from babel import Locale, UnknownLocaleError

from audit.report.names import language_tag
from audit.resources import language_codes

__all__ = ["endonyms", "main"]

_CODES = Path(language_codes.__file__).with_name("language") / "languages.csv"
_OUT = Path(__file__).parent / "static" / "endonyms.csv"


def endonyms() -> dict[str, str]:
    """Return the name of each language in itself, by ISO 639-3; none is left out."""
    with _CODES.open(encoding="utf-8", newline="") as file:
        codes = sorted(row["language"] for row in csv.DictReader(file))
    names = {code: _own_name(code) for code in codes}
    return {code: name for code, name in names.items() if name}


def _own_name(code: str) -> str:
    try:
        locale = Locale.parse(language_tag(code), sep="-")
    except (UnknownLocaleError, ValueError):
        return ""
    return str(locale.languages.get(locale.language) or "")


def main() -> None:
    """Write static/endonyms.csv."""
    with _OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("language", "name"))
        writer.writerows(endonyms().items())


if __name__ == "__main__":
    main()
