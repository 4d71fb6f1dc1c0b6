"""The figures that rules judge, each with its interval.

In: a profile, a rule, and where the rule asks for it a baseline. Out: value, low, high.
Intervals resample sources; shares of a source itself (a domain, a platform) and ratios
of the summary use Wilson's interval over documents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from audit.compare.diff import noise_of
from audit.compare.fingerprint import require_comparable
from audit.compare.load import Profile, load_overlap
from audit.compare.pairs import SOURCES, FacetReader, Pair
from audit.compare.policy import Rule
from audit.compare.policy_grammar import DIVERSITY, DRIFT
from audit.compare.table_figures import (
    SUMMARY_SHARES,
    TABLE_FIGURES,
    stored_measure,
    summary_share,
    table_figure,
)
from audit.compare.table_gaps import PAIRED, difference_of, paired_difference
from audit.errors import ConfigError
from audit.measures import divergence
from audit.measures.interval import Interval, wilson_interval
from audit.measures.jackknife import unit_share
from audit.measures.significance import t_bound

__all__ = ["Figure", "figure"]

Figure = Interval
_UNKNOWN = Interval(math.nan, math.nan, math.nan)


def figure(rule: Rule, profile: Profile, baseline: Profile | None = None) -> Figure:
    """Return the figure that a rule judges, NaN where the profile has none.

    Args:
        rule: A checked rule.
        profile: The profile under judgement.
        baseline: For rules on drift.

    Raises:
        ConfigError: A rule on drift without baseline, or on overlap without rows.
        ProfileError: Profile and baseline were measured differently.
    """
    if rule.drifts:
        if baseline is None:
            raise ConfigError(
                f"{rule.path} holds a profile against a baseline",
                where=f"rule {rule.name!r}",
                next_step='Write baseline = "DIR" in the rule, or give --baseline DIR.',
            )
        require_comparable([baseline, profile])
        drift = _drift if rule.measure in DRIFT else _beside
        return drift(rule, profile, baseline)
    if rule.facet == "summary":
        return _summary(rule, profile)
    if rule.facet == "overlap":
        return _overlap(rule, profile)
    if rule.facet in ("attribution", "source_farms"):
        return _part_of_documents(rule, profile)
    if rule.within or rule.measure == "top_tenth_share":
        return _concentration(rule, profile)
    if rule.facet in TABLE_FIGURES:
        return table_figure(rule.facet, rule.measure, profile, rule.keys)
    if rule.measure in DIVERSITY:
        return stored_measure(profile, rule.facet, rule.measure, rule.weight)
    if rule.measure == "share":
        return _share(rule, profile)
    return _top(rule, profile)


def _beside(rule: Rule, profile: Profile, baseline: Profile) -> Figure:
    """Return a figure minus the baseline's.

    Of corpora whose figure and counts are all equal it is nothing, and surely so. What
    neither has is not known of the difference either.
    """
    name = rule.facet, rule.measure
    if name in PAIRED:
        return paired_difference(name, baseline, profile, "".join(rule.keys))
    before, after = (
        figure(replace(rule, differs=False), p) for p in (baseline, profile)
    )
    known = not math.isnan(before.value)
    if known and before == after and _counts(baseline) == _counts(profile):
        return Interval(0.0, 0.0, 0.0)
    return difference_of(before, after)


def _counts(profile: Profile) -> dict[str, Any]:
    return {name: value for name, value in profile.summary.items() if name != "corpus"}


def _summary(rule: Rule, profile: Profile) -> Figure:
    if rule.measure in SUMMARY_SHARES:
        return summary_share(rule.measure, profile)
    value = float(profile.summary[rule.measure])
    return Interval(value, value, value)


def _overlap(rule: Rule, profile: Profile) -> Figure:
    """Return the share of the profile's documents that the other corpus holds."""
    other = rule.keys[0]
    kind = "exact" if rule.measure == "exact_share" else "near"
    rows = load_overlap([profile], others=[other])
    if rows is not None:
        for side, far in (("a", "b"), ("b", "a")):
            found = rows.filter(
                (pl.col(f"corpus_{side}") == profile.corpus)
                & (pl.col(f"corpus_{far}") == other)
                & (pl.col("kind") == kind)
            )
            if len(found):
                row = found.row(0, named=True)
                return Interval(
                    row[f"share_{side}"], row[f"low_{side}"], row[f"high_{side}"]
                )
    raise ConfigError(
        f"overlap with {other!r} is in overlap.parquet beside the profile",
        value=profile.corpus,
        where=str(profile.folder.parent),
        next_step="Profile both corpora in one run, or run corpus-audit overlap.",
    )


def _part_of_documents(rule: Rule, profile: Profile) -> Figure:
    """Return the share of what is attributed in a way, or of all farms together."""
    rows, whole = profile.frame(rule.facet), profile.summary
    if rule.facet == "attribution":
        rows = rows.filter(pl.col("attributed_by").is_in(rule.keys))
    part, total = int(rows[rule.weight].sum()), int(whole[rule.weight])
    return _by_documents(part, total, int(whole["documents"]))


def _concentration(rule: Rule, profile: Profile) -> Figure:
    """Return a figure of the table `concentration`; shares have Wilson's interval."""
    rows = profile.frame("concentration").filter(
        facet=rule.facet, language=rule.within, weight=rule.weight
    )
    value = rows[rule.measure].item() if len(rows) else None
    if value is None:
        return _UNKNOWN
    if not rule.measure.endswith("_share"):
        return Interval(value, value, value)
    whole = rows["total"].item()
    documents = profile.frame("concentration").filter(
        facet=rule.facet, language=rule.within, weight="documents"
    )["total"]
    return _by_documents(value * whole, whole, documents.item())


def _share(rule: Rule, profile: Profile) -> Figure:
    """Return the share of the rule's keys together."""
    pair = FacetReader([profile]).pair(rule.facet, 0)
    counts = pair.counts[rule.weight][1]
    wanted = set(rule.counted_keys)
    chosen = np.array([key in wanted for key in pair.keys], bool)
    part = counts * (chosen[pair.key] if len(pair.keys) else 0.0)
    if rule.facet in SOURCES:
        documents = pair.counts["documents"][1].sum()
        return _by_documents(part.sum(), counts.sum(), documents)
    return Interval(*unit_share(pair.unit, part, counts, pair.n_units))


def _top(rule: Rule, profile: Profile) -> Figure:
    """Return the share of the k largest keys in all of the corpus."""
    k = int(rule.measure.split("_")[1])
    reader = FacetReader([profile])
    totals = reader.totals(rule.facet)
    outside = reader.pair(rule.facet, 0).facet.outside
    inside = np.array([key not in outside for key in reader.keys(rule.facet)], bool)
    counts = totals[rule.weight][0]
    largest = np.sort(counts[inside])[::-1][:k].sum()
    return _by_documents(largest, counts.sum(), totals["documents"][0].sum())


def _by_documents(part: float, whole: float, documents: float) -> Figure:
    """Return a share with Wilson's interval, each document one trial."""
    if whole <= 0:
        return _UNKNOWN
    share = float(part) / float(whole)
    trials = int(documents)
    found = wilson_interval(round(share * trials), trials)
    return Interval(share, min(found.low, share), max(found.high, share))


def _drift(rule: Rule, profile: Profile, baseline: Profile) -> Figure:
    pair = FacetReader([baseline, profile]).pair(rule.facet, 1)
    if rule.measure in ("hill_1_ratio", "hill_2_ratio"):
        log_ratio, error, freedom = pair.hill(rule.weight)[int(rule.measure[5])]
        half = float(t_bound(np.array([freedom]))[0]) * error
        if not math.isfinite(half):
            value = math.exp(log_ratio)
            return Interval(value, value, value)
        ends = [math.exp(min(log_ratio + sign * half, 700)) for sign in (0, -1, 1)]
        return Interval(*ends)
    if rule.measure == "difference":
        keys = rule.counted_keys
        return _difference(keys, pair.grouped(keys), rule.weight)
    a, b = pair.totals(rule.weight)
    jsd_noise, gap_noise = noise_of(pair.differences(rule.weight))
    if rule.measure == "jsd":
        value, noise = float(divergence.jsd_bits(a, b)), jsd_noise
    else:
        value, noise = float(divergence.total_variation(a, b)), gap_noise
    # Distances of samples lie above those of what was sampled, by about the noise: one
    # that is below it hides no more than itself; equal corpora have none.
    over = min(noise, value)
    return Interval(value, max(0.0, value - noise), min(1.0, value + over))


def _difference(keys: Sequence[str], pair: Pair, weight: str) -> Figure:
    """Return by how much the share of the keys together rose over the baseline's."""
    if keys[0] not in pair.keys:
        return Interval(0.0, 0.0, 0.0)
    found, k = pair.differences(weight), pair.keys.index(keys[0])
    value = float(found.share_b[k] - found.share_a[k])
    half = float(t_bound(found.freedom[k : k + 1])[0] * found.error[k])
    if not math.isfinite(half):
        half = 0.0 if value == 0 else 1.0
    return Interval(value, max(-1.0, value - half), min(1.0, value + half))
