"""From rows of all sources to the gazetteer's two tables; used by the build only.

In: `Row` values, the stop list and the inflection rules. Out: references and forms,
each form with the cultures that may claim it and the flags that say what it needs
before it counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from audit.resources.culture_doubt import doubt
from audit.resources.culture_sources import LONE, MINOR, SHARED, WORD, Row, script_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["AMBIGUOUS", "Inflections", "clean", "folded", "merge"]

AMBIGUOUS = 2  # cultures claim the form that do not say so, and none clearly wins

# A culture wins a form from the others when its reference is this many times as well
# known as theirs.
_DOMINANCE = 8
_MOST_CLAIMS = 4

# Rank of a country's own name, which keeps its capital: the adjective `china` of
# Spanish must not make porcelain a country.
_COUNTRY = 10**9

# Letters a form needs to stand alone, by script; shorter ones need support. Scripts
# without spaces need more, because a name may begin inside another word.
_SHORT = {
    "LATIN": 4,
    "CYRILLIC": 4,
    "GREEK": 4,
    "ARABIC": 4,
    "HEBREW": 4,
    "CJK": 3,
    "HIRAGANA": 4,
    "KATAKANA": 3,
    "THAI": 4,
    "LAO": 4,
    "KHMER": 4,
    "MYANMAR": 4,
    "TIBETAN": 4,
}
_SHORT_DEFAULT = 3
_TRUSTED = ("curated", "cldr", "demonym", "demonym+forms")
# Written by hand for this project: short forms were meant.
_WRITTEN = ("curated", "demonym", "demonym+forms")

# Firms, films, music and clubs are written of all over the world.
_WORLDWIDE = ("organisation", "film_media", "music", "sport")

# Marks of writing direction, which some names of libraries end with.
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# Short vowels and the stretching stroke of Arabic: texts and libraries put them or not.
_POINTS = re.compile("[\u0640\u064b-\u0652\u0670]")


def clean(form: str) -> str:
    """Return a form in NFC with single spaces and no marks of direction."""
    return unicodedata.normalize("NFC", " ".join(_DIRECTION.sub("", form).split()))


def folded(form: str) -> str:
    """Return a form as stop lists hold it: in lower case, Arabic without its points."""
    return _POINTS.sub("", clean(form)).casefold()


def _letters(form: str) -> int:
    return sum(c.isalpha() for c in form)


def _checked(row: Row, stops: Mapping[str, str]) -> Row | None:
    """Return the row with the flags its form earns, or None where it cannot stay."""
    form = clean(row.form)
    letters, script = _letters(form), script_of(form)
    if letters < 2 or form.isdigit():
        return None
    stop = stops.get(folded(form), "")
    found = "" if stop == "keep" else doubt(row, form, letters)
    if "drop" in (stop, found) or (
        row.source == "cldr" and form[:1].islower() and letters < 5
    ):
        return None
    flags = _short_flags(row, letters, script)
    if flags is None:
        return None
    if row.source not in _TRUSTED and script == "LATIN" and not form[:1].isupper():
        # Names in lower case would meet any word of any language.
        flags |= MINOR
    if row.category in _WORLDWIDE:
        flags |= LONE
    for action in (stop, found):
        flags |= {"support": WORD, "minor": MINOR}.get(action, 0)
    return row._replace(form=form, flags=flags)


def _short_flags(row: Row, letters: int, script: str) -> int | None:
    """Return a row's flags, with what a short form needs; None if too short."""
    if letters >= _SHORT.get(script, _SHORT_DEFAULT) or row.source in _WRITTEN:
        return row.flags
    known = row.source == "cldr" and row.category == "place" and letters > 1
    big = row.source == "geonames" and script == "CJK" and row.rank >= 2_000_000
    if script == "LATIN" and not known:
        return None
    return row.flags if known or big else row.flags | MINOR


@dataclass
class Inflections:
    """The endings and clitics of `inflections.toml`."""

    rules: Mapping[str, Mapping[str, Any]]
    by_script: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for language, rule in self.rules.items():
            if "script" in rule:
                self.by_script[rule["script"]] = language

    def forms(self, row: Row) -> Iterator[str]:
        """Yield the inflected forms of a row, without the form itself."""
        language = row.language.split("-")[0].split("_")[0]
        if language == "*":
            language = self.by_script.get(script_of(row.form), "")
        rule = self.rules.get(language)
        if rule is None or _letters(row.form) < rule["minimum"]:
            return
        for suffix in rule.get("suffixes", "").split():
            yield row.form + suffix
        for prefix in rule.get("prefixes", "").split():
            yield prefix + row.form
        endings = [e for e in rule.get("replace", {}) if row.form.endswith(e)]
        if endings:
            ending = max(endings, key=len)
            stem = row.form[: len(row.form) - len(ending)]
            for other in rule["replace"][ending].split():
                yield stem + other


def _inflected(rows: Iterable[Row], inflections: Inflections) -> Iterator[Row]:
    for row in rows:
        yield row
        well_known = row.source != "geonames" or row.rank >= 300_000
        if (
            row.flags & (WORD | MINOR)
            or not well_known
            or row.source == "demonym+forms"
        ):
            continue
        for form in inflections.forms(row):
            yield row._replace(
                form=form, source=f"{row.source}+inflected", rank=row.rank // 4
            )


def merge(
    rows: Iterable[Row], stops: Mapping[str, str], inflections: Inflections
) -> list[Row]:
    """Return one row a form and culture that may claim it, in a stable order.

    Args:
        rows: what the sources give, in any order.
        stops: what the measured and the curated stop list say of a folded form:
            ``drop``, ``support`` (an ordinary word or a personal name) or ``minor``.
        inflections: how names are inflected.
    """
    by_form: dict[str, dict[str, Row]] = defaultdict(dict)
    kept = (r for r in (_checked(row, stops) for row in rows) if r is not None)
    for row in _inflected(kept, inflections):
        if row.source.endswith("+inflected") and folded(row.form) in stops:
            continue
        claims = by_form[row.form.casefold()]
        other = claims.get(row.culture)
        claims[row.culture] = row if other is None else _better(row, other)
    out: list[Row] = []
    for key in sorted(by_form):
        out.extend(_claims(list(by_form[key].values())))
    return out


def _freest(rows: list[Row]) -> str:
    """Return the spelling that asks least of the text's capitals."""
    return min((r.form for r in rows), key=lambda f: (f[:1].isupper(), f))


def _better(a: Row, b: Row) -> Row:
    """Return which of two rows of one culture keeps the form."""
    order = sorted(
        (a, b),
        key=lambda r: (r.source != "curated", r.flags & WORD, -r.rank, r.name, r.form),
    )
    best, other = order
    flags = best.flags
    if best.source != "curated":
        # A well known namesake in the same culture lifts the small one.
        flags = best.flags & (other.flags | ~MINOR)
    # Lower case wins: some language of the form writes it so.
    form = best.form if best.rank >= _COUNTRY else _freest([best, other])
    return best._replace(flags=flags, form=form, weight=max(a.weight, b.weight))


def _claims(rows: list[Row]) -> list[Row]:
    """Return the rows of one form that stay, by how well known they are."""
    rows.sort(key=lambda r: (-r.rank, r.culture))
    if len(rows) == 1:
        return [rows[0]._replace(flags=rows[0].flags & ~SHARED)]
    form = rows[0].form if rows[0].rank >= _COUNTRY else _freest(rows)
    rows = [r._replace(form=form) for r in rows]
    shared = [r for r in rows if r.flags & SHARED]
    if shared:
        return shared[:_MOST_CLAIMS]
    top, second = rows[0], rows[1]
    rest = [r for r in rows[1:] if r.rank * 20 >= top.rank or r.rank >= 200_000]
    if top.rank >= _DOMINANCE * second.rank:
        return [top, *(_ambiguous(r) for r in rest[: _MOST_CLAIMS - 1])]
    return [_ambiguous(r) for r in [top, *rest][:_MOST_CLAIMS]]


def _ambiguous(row: Row) -> Row:
    return row._replace(flags=row.flags | AMBIGUOUS)
