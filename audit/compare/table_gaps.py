"""How far figures of single tables differ between profiles.

In: two or more profiles. Out: the figures that `audit.compare.table_figures` names, and
the shares of ``summary``, side by side with their differences; candidate findings of
those whose counts are known by sampling unit.

References outside a language's countries and cultures beside populations or speakers
are compared source by source (`audit.measures.paired`). Of every other figure a profile
keeps the interval alone: the difference has the bounds of two independent samples (the
method of variance estimates recovery: Zou and Donner 2008), which are too wide where
both profiles hold the same sources, and are no grounds for a finding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from audit.compare.load import Profile
from audit.compare.table_figures import (
    SUMMARY_SHARES,
    TABLE_FIGURES,
    summary_share,
    table_figure,
)
from audit.measures.coverage import world_shares
from audit.measures.divergence import jsd_terms
from audit.measures.interval import Interval
from audit.measures.outward import ALL_LANGUAGES, home_countries
from audit.measures.paired import Gap, outward_gaps, ratio_gaps
from audit.measures.significance import p_values
from audit.resources.countries import countries, language_countries

__all__ = [
    "PAIRED",
    "difference_of",
    "paired_difference",
    "table_gaps",
    "table_rows",
    "table_tests",
]

Row = dict[str, Any]
Name = tuple[str, str]
Gaps = Mapping[Name, Mapping[str, Gap]]
_UNKNOWN = Interval(math.nan, math.nan, math.nan)


def _mixes(a: Profile, b: Profile) -> tuple[pl.DataFrame, pl.DataFrame]:
    return a.frame("culture_mix"), b.frame("culture_mix")


def _outward(a: Profile, b: Profile) -> dict[str, Gap]:
    spoken = pl.DataFrame(pl.from_arrow(language_countries()))
    return outward_gaps(_mixes(a, b), home_countries(spoken))


def _coverage(a: Profile, b: Profile) -> dict[str, Gap]:
    world = world_shares(pl.DataFrame(pl.from_arrow(countries())))
    peopled = pl.col("culture").cast(pl.String).is_in(world["culture"].implode())
    before, after = (mix.filter(peopled) for mix in _mixes(a, b))
    log2 = dict(world.select("culture", pl.col("expected").log(2)).iter_rows())
    return {
        culture: gap._replace(a=gap.a - log2[culture], b=gap.b - log2[culture])
        for culture, gap in ratio_gaps((before, after)).items()
    }


def _by_speakers(a: Profile, b: Profile) -> dict[str, Gap]:
    spoken = pl.DataFrame(pl.from_arrow(language_countries()))
    written = a.frame("mix"), b.frame("mix")
    return ratio_gaps(_mixes(a, b), spoken, written)


# Figures whose counts are known by sampling unit, with the most they can differ by.
PAIRED: dict[Name, tuple[Callable[[Profile, Profile], dict[str, Gap]], float]] = {
    ("outward", "share"): (_outward, 1.0),
    ("coverage", "log2_ratio"): (_coverage, math.inf),
    ("coverage_by_speakers", "log2_ratio"): (_by_speakers, math.inf),
}


def difference_of(a: Interval, b: Interval) -> Interval:
    """Return ``b - a`` with the bounds that independent samples would give it."""
    value = b.value - a.value
    low = math.hypot(b.value - b.low, a.high - a.value)
    high = math.hypot(b.high - b.value, a.value - a.low)
    return Interval(value, value - low, value + high)


def paired_difference(name: Name, a: Profile, b: Profile, key: str) -> Interval:
    """Return the difference of one of `PAIRED`; NaN where a side has no figure.

    Where one source is all of a side, a figure without ends has none here either: low
    and high are the value.
    """
    make, most = PAIRED[name]
    if not (a.has(name[0]) and b.has(name[0])):
        return _UNKNOWN
    gap = make(a, b).get(key)
    found = _UNKNOWN if gap is None else gap.interval(most)
    if math.isinf(found.high):
        return Interval(found.value, found.value, found.value)
    return found


def table_gaps(
    a: Profile, b: Profile, names: Iterable[Name] = tuple(PAIRED)
) -> dict[Name, dict[str, Gap]]:
    """Return the figures of `PAIRED` that both profiles have, by key."""
    return {
        name: PAIRED[name][0](a, b)
        for name in names
        if a.has(name[0]) and b.has(name[0])
    }


def table_rows(profiles: Sequence[Profile], gaps: Mapping[str, Gaps]) -> list[Row]:
    """Return the figures of all tables side by side; those no profile has are left out.

    Args:
        profiles: The first is what the others are held against.
        gaps: By label of every other profile what `table_gaps` returns.

    Returns:
        Rows of ``table``, ``figure``, ``key``; ``values`` by label and ``differences``
        by label of all but the first, each with ``low`` and ``high``, None where
        nothing is known.
    """
    rows = []
    for name, keys in _names(profiles):
        for key in keys:
            values = {one.label: _figure(name, one, key) for one in profiles}
            if all(math.isnan(found.value) for found in values.values()):
                continue
            first, *others = profiles
            found = {
                other.label: _difference(
                    name, key, values[first.label], values[other.label],
                    gaps[other.label],
                )
                for other in others
            }  # fmt: skip
            rows.append(
                {
                    "table": name[0],
                    "figure": name[1],
                    "key": key,
                    "values": {
                        label: _plain("value", v) for label, v in values.items()
                    },
                    "differences": {
                        label: _plain("difference", v) for label, v in found.items()
                    },
                }
            )
    return rows


def _names(profiles: Sequence[Profile]) -> list[tuple[Name, list[str]]]:
    """Return every figure with its keys in any of the profiles, "" for the whole."""
    names: list[tuple[Name, list[str]]] = [
        (("summary", share), [""]) for share in SUMMARY_SHARES
    ]
    for table, figures in TABLE_FIGURES.items():
        held = [one.frame(table) for one in profiles if one.has(table)]
        for figure, about in figures.items():
            keys = {""} if about.whole or not about.column else set()
            if about.column:
                keys |= {k for one in held for k in one[about.column] if k is not None}
            names.append(((table, figure), sorted(keys)))
    return names


def _figure(name: Name, profile: Profile, key: str) -> Interval:
    table, figure = name
    if table == "summary":
        return summary_share(figure, profile)
    return table_figure(table, figure, profile, (key,) if key else ())


def _difference(
    name: Name, key: str, first: Interval, second: Interval, gaps: Gaps
) -> Interval:
    if name not in PAIRED:
        return _bounded(difference_of(first, second))
    gap = gaps.get(name, {}).get(key)
    return _UNKNOWN if gap is None else gap.interval(PAIRED[name][1])


def _plain(name: str, found: Interval) -> Row:
    """Return numbers for JSON: None for what is not known, or has no end."""
    values = (v if math.isfinite(v) else None for v in found)
    return dict(zip((name, "low", "high"), values, strict=True))


def _bounded(found: Interval) -> Interval:
    """Return a figure without bounds where they are the figure: it has none."""
    if found.low == found.high:
        return Interval(found.value, math.nan, math.nan)
    return found


def table_tests(a: Profile, b: Profile, gaps: Gaps) -> list[Row]:
    """Return candidate findings of one profile against another.

    Not of ``coverage``: it divides by one number a culture, so that its differences are
    those of the shares of cultures, which are tested as such.

    Args:
        a: What b is held against.
        b: The other.
        gaps: What `table_gaps` returns of the two.
    """
    rows = []
    for name, weigh in _IMPORTANCE.items():
        judged = {
            key: gap
            for key, gap in gaps.get(name, {}).items()
            if math.isfinite(gap.error) and gap.a != gap.b
        }
        if not judged:
            continue
        weights = weigh(a, b, judged)
        before, after, error, freedom = map(
            np.array, zip(*judged.values(), strict=True)
        )
        p = p_values(after - before, error, freedom).tolist()
        for (key, gap), one, weight in zip(judged.items(), p, weights, strict=True):
            found = gap.interval(PAIRED[name][1])
            rows.append(
                {
                    "facet": name[0],
                    "key": key,
                    "measure": f"{name[1]}.documents",
                    "a": gap.a,
                    "b": gap.b,
                    "difference": found.value,
                    "low": found.low,
                    "high": found.high,
                    "p": one,
                    "importance": weight,
                }
            )
    return rows


def _outward_importance(a: Profile, b: Profile, gaps: Mapping[str, Gap]) -> list[float]:
    """Return what each share adds to the divergence of all references, in bits."""
    sizes: dict[str, float] = {}
    for one in (a, b):
        counts = one.frame("outward").select("language", "documents")
        whole = counts.filter(language=ALL_LANGUAGES)["documents"].sum() or 1
        for language, documents in counts.iter_rows():
            sizes[language] = sizes.get(language, 0.0) + documents / whole / 2
    return [
        sizes.get(key, 0.0)
        * float(jsd_terms([gap.a, 1 - gap.a], [gap.b, 1 - gap.b]).sum())
        for key, gap in gaps.items()
    ]


def _ratio_importance(a: Profile, b: Profile, gaps: Mapping[str, Gap]) -> list[float]:
    """Return what each culture would add had the expected share of a side stood still.

    Of the two sides the one by which it adds less.
    """
    expected = [
        dict(
            one.frame("coverage_by_speakers").select("culture", "expected").iter_rows()
        )
        for one in (a, b)
    ]
    return [
        min(
            float(jsd_terms(*(side.get(key, 0.0) * 2**ratio for ratio in gap[:2])))
            for side in expected
        )
        for key, gap in gaps.items()
    ]


# Tested beside the shares of the facets; importance is in bits of divergence too.
_IMPORTANCE: dict[
    Name, Callable[[Profile, Profile, Mapping[str, Gap]], list[float]]
] = {
    ("outward", "share"): _outward_importance,
    ("coverage_by_speakers", "log2_ratio"): _ratio_importance,
}
