"""What differs between profiles, and what of it is more than noise.

In: two or more profiles; the first is what the others are held against. Out: a
`Comparison`: shares side by side, findings beyond noise with intervals, divergences,
diversity at equal coverage, overlap. Findings are held to a false discovery rate over
everything that was tested, so that two halves of one corpus give none (but for the
stated rate).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.compare.breadth import equal_breadth
from audit.compare.equal import compare_diversity
from audit.compare.facet_rows import Details, Row, Totals, category_rows, facet_rows
from audit.compare.fingerprint import require_comparable
from audit.compare.load import Profile, load_overlap
from audit.compare.pairs import SOURCES, FacetReader, Pair
from audit.compare.table_gaps import table_gaps, table_rows, table_tests
from audit.errors import ProfileError
from audit.measures import divergence
from audit.measures.facets import FACETS, WEIGHTS
from audit.measures.jackknife import Differences
from audit.measures.significance import benjamini_hochberg, p_values, t_bound

__all__ = ["ALPHA", "Comparison", "compare", "noise_of"]

# Expected share of false findings, and the chance of any where nothing differs.
ALPHA = 0.05
# A domain below this share on both sides is not tested: it cannot matter alone.
LEAST_SOURCE_SHARE = 0.001

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`; ``as_dict`` is the JSON of ``--format json``.

    Attributes:
        profiles: One row a profile: label, corpus, folder, sizes and quality shares.
        facets: For each facet the keys with their shares in every profile.
        findings: Differences beyond noise, most important first.
        divergence: Jensen-Shannon divergence and total variation of each pair.
        diversity: Hill numbers as they are and at equal sample coverage.
        distinct: For each facet and weight the effective number of distinct corpora.
        figures: Figures of single tables and their differences, where any has them.
        breadth: Breadth at the number of sources that all of them have.
        overlap: Rows of ``overlap.parquet`` between the profiles.
        alpha: The false discovery rate that findings are held to.
        tested: How many differences were tested.
    """

    profiles: list[Row]
    facets: dict[str, list[Row]]
    findings: list[Row]
    divergence: list[Row]
    diversity: list[Row]
    distinct: list[Row]
    figures: list[Row]
    breadth: Row
    overlap: list[Row]
    alpha: float
    tested: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: no NaN, no arrays."""
        return {
            name: _plain(getattr(self, name))
            for name in (
                "profiles", "facets", "findings", "divergence", "diversity",
                "distinct", "figures", "breadth", "overlap", "alpha", "tested",
            )
        }  # fmt: skip


def compare(
    profiles: Sequence[Profile], *, alpha: float = ALPHA, source_keys: int = 100
) -> Comparison:
    """Compare profiles with the first of them.

    Args:
        profiles: At least two, made with the same models and layout.
        alpha: False discovery rate of the findings.
        source_keys: At most this many domains are listed in ``facets``, largest first;
            all are counted and the rest is said to be left out.

    Raises:
        ProfileError: Fewer than two, or profiles that were measured differently.
    """
    if len(profiles) < 2:
        raise ProfileError(
            "a comparison takes at least two profiles",
            value=len(profiles),
            next_step="Name two folders, or an OUT folder that holds two.",
        )
    require_comparable(profiles)
    labels = [profile.label for profile in profiles]
    reader = FacetReader(profiles)
    totals = {name: (reader.keys(name), reader.totals(name)) for name in FACETS}
    tests, divergences, details = _all_pairs(reader, labels)
    diversity, hill_tests = compare_diversity(labels, totals, details)
    tests += hill_tests
    first, *others = profiles
    gaps = {other.label: table_gaps(first, other) for other in others}
    for other in others:
        sides = {"profile_a": first.label, "profile_b": other.label}
        found_here = table_tests(first, other, gaps[other.label])
        tests += [sides | row for row in found_here]
    found = benjamini_hochberg(np.array([t["p"] for t in tests], np.float64), alpha)
    findings = [t for t, keep in zip(tests, found, strict=True) if keep]
    findings = [f for f in findings if f["low"] > 0 or f["high"] < 0]
    findings.sort(key=lambda f: (-f["importance"], f["facet"], f["key"], f["measure"]))
    overlap = load_overlap(profiles)
    return Comparison(
        [_profile_row(profile) for profile in profiles],
        {
            name: facet_rows(name, found, labels, details, source_keys)
            for name, found in totals.items()
        }
        | {"culture_category": category_rows(profiles)},
        findings,
        divergences + _other_divergences(totals, labels),
        diversity,
        _distinct(totals),
        table_rows(profiles, gaps),
        equal_breadth(profiles),
        overlap.to_dicts() if overlap is not None else [],
        alpha,
        len(tests),
    )


def _all_pairs(
    reader: FacetReader, labels: Sequence[str]
) -> tuple[list[Row], list[Row], Details]:
    """Hold every profile against the first: tests, divergences, and their parts."""
    tests, divergences = [], []
    details: Details = {}
    for number, label in enumerate(labels[1:], start=1):
        sides = {"profile_a": labels[0], "profile_b": label}
        for name in FACETS:
            pair = reader.pair(name, number)
            for weight in WEIGHTS:
                found = pair.differences(weight)
                details[name, weight, label] = (pair, found)
                tests += [sides | row for row in _share_tests(pair, weight, found)]
                divergences.append(sides | _divergence(pair, weight, found))
    return tests, divergences, details


def _share_tests(pair: Pair, weight: str, found: Differences) -> list[Row]:
    """Return one candidate finding for each key that can be judged."""
    name = pair.facet.name
    difference = found.share_b - found.share_a
    chosen = np.isfinite(found.error) & (difference != 0)
    if name in SOURCES:
        if weight == "characters":
            # The counts' own noise is known for documents alone.
            return []
        largest = np.maximum(found.share_a, found.share_b)
        chosen &= largest >= LEAST_SOURCE_SHARE
    at = np.flatnonzero(chosen)
    p = p_values(difference, found.error, found.freedom)[at]
    half = (t_bound(found.freedom[at]) * found.error[at]) if len(at) else np.zeros(0)
    importance = divergence.jsd_terms(found.share_a, found.share_b)[at]
    return [
        {
            "facet": name,
            "key": pair.keys[k],
            "measure": f"share.{weight}",
            "a": float(found.share_a[k]),
            "b": float(found.share_b[k]),
            "difference": float(difference[k]),
            "low": max(-1.0, float(difference[k] - half[i])),
            "high": min(1.0, float(difference[k] + half[i])),
            "p": float(p[i]),
            "importance": float(importance[i]),
        }
        for i, k in enumerate(at)
    ]


def _divergence(pair: Pair, weight: str, found: Differences) -> Row:
    """Return JSD and total variation with what noise alone would make of them.

    Plug-in divergences are above zero for any two samples. ``noise`` is the part that
    keys moved by their standard errors would give; ``jsd_above_noise`` what is left.
    """
    a, b = pair.totals(weight)
    jsd, gap = float(divergence.jsd_bits(a, b)), float(divergence.total_variation(a, b))
    noise, gap_noise = noise_of(found)
    return {
        "facet": pair.facet.name,
        "weight": weight,
        "jsd": jsd,
        "jsd_noise": noise,
        "jsd_above_noise": max(0.0, jsd - noise),
        "total_variation": gap,
        "total_variation_noise": gap_noise,
    }


def noise_of(found: Differences) -> tuple[float, float]:
    """Return the divergence and total variation that noise alone would show."""
    middle = (found.share_a + found.share_b) / 2
    error = np.where(np.isfinite(found.error), found.error, 2.0)
    moved = np.minimum(error, 2 * middle)
    terms = divergence.jsd_terms(middle + moved / 2, middle - moved / 2)
    gap = math.sqrt(2 / math.pi) * float(moved.sum()) / 2
    return min(1.0, float(terms.sum())), min(1.0, gap)


def _other_divergences(totals: Totals, labels: Sequence[str]) -> list[Row]:
    """Return the divergences of pairs without the first profile, without noise."""
    return [
        {
            "profile_a": labels[i],
            "profile_b": labels[j],
            "facet": name,
            "weight": weight,
            "jsd": float(divergence.jsd_bits(counts[i], counts[j])),
            "total_variation": float(divergence.total_variation(counts[i], counts[j])),
        }
        for name, (_, found) in totals.items()
        for weight, counts in found.items()
        for i in range(1, len(labels))
        for j in range(i + 1, len(labels))
    ]


def _distinct(totals: Totals) -> list[Row]:
    """Return alpha, beta and gamma of order 1: how many distinct corpora there are."""
    rows = []
    for name, (keys, found) in totals.items():
        inside = np.array([key not in FACETS[name].outside for key in keys], bool)
        for weight, counts in found.items():
            parts = divergence.partition(counts[:, inside])
            rows.append({"facet": name, "weight": weight} | parts._asdict())
    return rows


def _profile_row(profile: Profile) -> Row:
    """Return what a profile is, in figures that need no interval."""
    summary = profile.summary
    documents = max(summary["documents"], 1)
    shares = {
        "exact_duplicate_share": "exact_duplicate_documents",
        "near_duplicate_share": "near_duplicate_documents",
        "located_share": "located_documents",
        "url_share": "documents_with_url",
    }
    return {
        "label": profile.label,
        "corpus": profile.corpus,
        "folder": str(profile.folder),
        **{k: summary[k] for k in ("documents", "characters", "words", "rejected")},
        **{name: summary[column] / documents for name, column in shares.items()},
    }


def _plain(value: Any) -> Any:
    """Replace what JSON cannot hold (NaN, infinity) by null."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
