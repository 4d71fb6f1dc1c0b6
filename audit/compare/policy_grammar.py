"""The words of a policy: what can be measured, of what, and how keys look.

In: texts from a policy file. Out: the same, split and checked, or an error that names
the nearest right word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from audit.compare.table_figures import SUMMARY_SHARES, TABLE_FIGURES
from audit.errors import ConfigError
from audit.measures.concentration import CONCENTRATED
from audit.measures.facets import FACETS, WEIGHTS
from audit.resources.language_codes import member_languages
from schemas.profile import TABLES

__all__ = [
    "DIFFERENCE",
    "DIVERSITY",
    "DRIFT",
    "WITHIN",
    "checked_keys",
    "checked_language",
    "counted_keys",
    "nearest",
    "one_of",
    "only_keys",
    "split_difference",
    "split_measure",
]

# Measures read from the `diversity` table.
DIVERSITY = (
    "hill_0", "hill_1", "hill_2", "hill_inf", "hhi", "gini", "coverage",
    "hill_1_similarity", "located_share",
)  # fmt: skip
# Measures that hold a profile against a baseline.
DRIFT = ("jsd", "total_variation", "difference", "hill_1_ratio", "hill_2_ratio")
# What a figure ends in that is held against the same of a baseline.
DIFFERENCE = ".difference"
WITH_KEY = ("share", "difference")
OVERLAP = ("share", "exact_share")
# Measures read from the `concentration` table, where a rule looks inside a language.
WITHIN = (
    "top_1_share", "top_10_share", "top_100_share", "top_tenth_share", "hill_1",
    "hill_2", "hill_inf", "hhi", "gini",
)  # fmt: skip
# Facets of tables of their own, with shares only.
_TABLES = ("attribution", "source_farms")
_TOP = re.compile(r"top_([1-9][0-9]*)_share")
# What a key of a facet looks like; regions, domains, platforms are names.
_KEY_SHAPES = {
    "language": (r"[a-z]{3}", "an ISO 639-3 code as 'swh'"),
    "script": (r"[A-Z][a-z]{3}", "an ISO 15924 code as 'Arab'"),
    "source_country": (r"[A-Z]{2}", "an ISO 3166-1 code as 'NG'"),
    "attribution": (r"url|field|none", "'url', 'field' or 'none'"),
    "culture": (r"[A-Z]{2}", "an ISO 3166-1 code as 'NG'"),
}
# Tables whose keys look like those of a facet.
_SHAPED_AS = {
    "breadth": "culture",
    "coverage": "culture",
    "coverage_by_speakers": "culture",
    "language_estimates": "language",
    "language_opinions": "language",
    "language_segments": "language",
    "outward": "language",
}


def split_difference(path: str, where: str) -> tuple[str, bool]:
    """Return a figure, and whether it is held against the same of a baseline.

    Shares of a facet have a difference of their own, and what holds a profile against
    a baseline or another corpus already has none.
    """
    if not path.endswith(DIFFERENCE):
        return path, False
    plain = path.removesuffix(DIFFERENCE)
    facet, *rest = plain.split(".")
    if facet in FACETS and rest[:1] == ["share"]:
        raise ConfigError(
            "the difference of a share is <facet>.difference.<weight>",
            value=path,
            where=where,
            next_step=f"Write '{facet}.difference.{'.'.join(rest[1:])}'.",
        )
    if facet == "overlap" or (rest and rest[0] in DRIFT):
        raise ConfigError(
            "a figure between two profiles has no difference from a baseline",
            value=path,
            where=where,
            next_step=f"Write '{plain}'.",
        )
    return plain, True


def split_measure(path: str, where: str) -> tuple[str, str, str]:
    """Split and check ``facet.measure.weight``."""
    parts = path.split(".")
    facet = parts[0]
    starts = (*FACETS, *_TABLES, "summary", "overlap", *TABLE_FIGURES)
    one_of(facet, starts, "a measure starts with", where)
    if facet in TABLE_FIGURES:
        rest = ".".join(parts[1:])
        one_of(rest, tuple(TABLE_FIGURES[facet]), f"{facet} has the figures", where)
        return facet, rest, ""
    if facet == "summary":
        names = (*TABLES["summary"].additive, *SUMMARY_SHARES)
        one_of(".".join(parts[1:]), names, "summary has", where)
        return facet, parts[1], ""
    if len(parts) != 3:
        raise ConfigError(
            "a measure is <facet>.<measure>.<weight>",
            value=path,
            where=where,
            next_step="As in 'language.hill_1.documents'.",
        )
    _, measure, weight = parts
    if facet == "overlap":
        one_of(measure, OVERLAP, "overlap has", where)
        one_of(weight, ("documents",), "overlap is counted by", where)
    elif facet in _TABLES:
        one_of(measure, ("share",), f"{facet} has", where)
        weights = WEIGHTS if facet == "attribution" else ("documents",)
        one_of(weight, weights, f"{facet} is counted by", where)
    else:
        _check_facet_measure(facet, measure, weight, where)
    return facet, measure, weight


def _check_facet_measure(facet: str, measure: str, weight: str, where: str) -> None:
    """Refuse a measure that a facet does not have."""
    known: tuple[str, ...] = (*DIVERSITY, "share", "top_1_share", *DRIFT)
    if facet in CONCENTRATED:
        known = (*known, "top_tenth_share")
    if not _TOP.fullmatch(measure):
        one_of(measure, known, f"{facet} has the measures", where)
    if measure == "hill_1_similarity" and facet not in ("language", "culture"):
        raise ConfigError(
            "only languages and cultures have a measure of likeness",
            value=f"{facet}.{measure}.{weight}",
            where=where,
        )
    if measure == "located_share" and facet != "culture":
        raise ConfigError(
            "the share that refers to any culture is a measure of culture",
            value=f"{facet}.{measure}.{weight}",
            where=where,
            next_step=f"Write 'culture.located_share.{weight}'.",
        )
    one_of(weight, WEIGHTS, "a weight is", where)


def checked_keys(
    entry: dict[str, Any], facet: str, measure: str, where: str
) -> tuple[str, ...]:
    """Return the keys of a rule, checked to look like keys of its facet."""
    value = entry.get("key", [])
    keys = [value] if isinstance(value, str) else value
    if not isinstance(keys, list) or not all(isinstance(k, str) for k in keys):
        raise ConfigError(
            "a key is a text, or a list of texts", value=value, where=where
        )
    keyed = facet in (*FACETS, "attribution") and measure in WITH_KEY
    wanted = facet == "overlap" or keyed
    if facet in TABLE_FIGURES:
        figure = TABLE_FIGURES[facet][measure]
        wanted = bool(figure.key) and (not figure.whole or bool(keys))
        if len(keys) > 1:
            raise ConfigError(
                f"{facet}.{measure} takes one key", value=keys, where=where
            )
    if wanted != bool(keys):
        rule = "needs a key" if wanted else "takes no key"
        raise ConfigError(f"{entry['measure']} {rule}", value=value, where=where)
    if facet == "overlap" and len(keys) != 1:
        raise ConfigError("overlap takes one corpus as key", value=keys, where=where)
    shape, words = _KEY_SHAPES.get(_SHAPED_AS.get(facet, facet), ("", ""))
    for key in keys:
        if shape and not re.fullmatch(shape, key):
            raise ConfigError(f"a key of {facet} is {words}", value=key, where=where)
    if len(set(keys)) != len(keys):
        raise ConfigError("a key counts once", value=keys, where=where)
    return tuple(keys)


def checked_language(value: str, facet: str, measure: str, where: str) -> str:
    """Return the language that a rule looks inside, "" for the whole corpus."""
    if not value:
        return value
    shape, words = _KEY_SHAPES["language"]
    if not re.fullmatch(shape, value):
        raise ConfigError(f"within is {words}", value=value, where=where)
    one_of(facet, CONCENTRATED, "within goes with the facets", where)
    one_of(measure, WITHIN, "inside a language there are the measures", where)
    return value


def counted_keys(facet: str, keys: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that profiles count for the keys that a person writes.

    Profiles count individual languages only, so ``swa`` stands for ``swc`` and ``swh``;
    one that is named beside its macrolanguage still counts once.
    """
    if facet != "language":
        return tuple(keys)
    members = (member for key in keys for member in member_languages(key))
    return tuple(dict.fromkeys(members))


def only_keys(table: dict[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse keys that are not known."""
    for key in table:
        one_of(key, tuple(known), "known keys are", where)


def one_of(value: str, known: tuple[str, ...], words: str, where: str) -> None:
    """Refuse a word that is not known, naming the nearest that is."""
    if value not in known:
        raise ConfigError(
            f"{words} {', '.join(known)}",
            value=value,
            where=where,
            next_step=nearest(value, known),
        )


def nearest(value: str, known: Iterable[str]) -> str:
    """Return the next step after a wrong word: the nearest right one, or all."""
    near = get_close_matches(value, list(known), n=1, cutoff=0.4)
    return f"Did you mean {near[0]!r}?" if near else f"Use one of: {', '.join(known)}."
