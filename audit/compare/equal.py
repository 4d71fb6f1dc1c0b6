"""Diversity of several profiles, as counted and at equal sample coverage.

In: counts by key of each profile, and pairs by unit for the noise. Out: rows with Hill
numbers of order 0, 1 and 2, and candidate findings for order 1 and 2. By characters
there is no sample of individuals, hence no coverage: those are compared as counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.compare.pairs import Pair
from audit.measures.divergence import jsd_terms
from audit.measures.diversity import hill
from audit.measures.facets import FACETS
from audit.measures.jackknife import Differences
from audit.measures.rarefaction import (
    coverage_at,
    frequencies,
    hill_at,
    size_for_coverage,
)
from audit.measures.significance import p_values, t_bound

__all__ = ["compare_diversity", "equal_coverage"]

Row = dict[str, Any]
ORDERS = (0, 1, 2)


def equal_coverage(counts: Sequence[Any]) -> tuple[float, list[dict[int, float]]]:
    """Return Hill numbers of several corpora at the coverage that all have reached.

    Args:
        counts: For each corpus the documents by key, int64[n_keys].

    Returns:
        The least coverage among the corpora, and for each the Hill number by order at
        that coverage (Chao and Jost 2012): interpolated, never extrapolated.
    """
    samples = [frequencies(one) for one in counts]
    covered = [coverage_at(s, s.n) for s in samples if s.n]
    base = min(covered, default=math.nan)
    rows = []
    for sample in samples:
        if sample.n == 0:
            rows.append(dict.fromkeys(ORDERS, 0.0))
            continue
        size = min(size_for_coverage(sample, base), sample.n)
        rows.append({q: hill_at(sample, size, q) for q in ORDERS})
    return base, rows


def compare_diversity(
    labels: Sequence[str],
    totals: Mapping[str, tuple[list[str], Mapping[str, NDArray[np.int64]]]],
    details: Mapping[tuple[str, str, str], tuple[Pair, Differences]],
) -> tuple[list[Row], list[Row]]:
    """Return rows of diversity for every facet, and tests of order 1 and 2.

    Args:
        labels: Names of the profiles.
        totals: For each facet its keys and, by weight, int64[n_profiles, n_keys].
        details: The pairs of the first profile and each other one, by facet, weight
            and label.
    """
    rows: list[Row] = []
    tests: list[Row] = []
    for name, (keys, found) in totals.items():
        inside = np.array([key not in FACETS[name].outside for key in keys], bool)
        for weight, whole in found.items():
            counts = whole[:, inside]
            raw = [{q: float(hill(one, q)) for q in ORDERS} for one in counts]
            base, equal = None, raw
            if weight == "documents":
                base, equal = equal_coverage(list(counts))
            rows += _rows(name, weight, labels, raw, equal, base)
            for label, values in zip(labels[1:], equal[1:], strict=True):
                pair, gaps = details[name, weight, label]
                errors = pair.hill(weight)
                apart = float(jsd_terms(gaps.share_a, gaps.share_b).sum())
                for row in _tests(name, weight, equal[0], values, errors):
                    row["importance"] = min(row["importance"], apart)
                    tests.append({"profile_a": labels[0], "profile_b": label} | row)
    return rows, tests


def _rows(
    name: str,
    weight: str,
    labels: Sequence[str],
    raw: Sequence[dict[int, float]],
    equal: Sequence[dict[int, float]],
    base: float | None,
) -> list[Row]:
    return [
        {
            "facet": name,
            "weight": weight,
            "measure": f"hill_{order}",
            "counted": {lb: r[order] for lb, r in zip(labels, raw, strict=True)},
            "coverage": base,
            "at_equal_coverage": None
            if base is None
            else {lb: r[order] for lb, r in zip(labels, equal, strict=True)},
        }
        for order in ORDERS
    ]


def _tests(
    name: str,
    weight: str,
    first: Mapping[int, float],
    second: Mapping[int, float],
    errors: Mapping[int, tuple[float, float, float]],
) -> list[Row]:
    """Hold Hill numbers of order 1 and 2 against each other, on the log scale."""
    rows = []
    for order, (_, error, freedom) in errors.items():
        a, b = first[order], second[order]
        if not math.isfinite(error) or a <= 0 or b <= 0 or a == b:
            continue
        log_ratio = math.log(b / a)
        half = float(t_bound(np.array([freedom]))[0]) * error
        p = p_values(np.array([log_ratio]), np.array([error]), np.array([freedom]))
        rows.append(
            {
                "facet": name,
                "key": "",
                "measure": f"hill_{order}.{weight}",
                "a": a,
                "b": b,
                "difference": b - a,
                "low": a * math.expm1(min(log_ratio - half, 700)),
                "high": a * math.expm1(min(log_ratio + half, 700)),
                "p": float(p[0]),
                # In bits as the terms of shares: to second order a gap of d bits of
                # entropy takes a divergence of d^2 / 8; the caller bounds it by what
                # the facet diverges at all.
                "importance": (log_ratio / math.log(2)) ** 2 / 8,
            }
        )
    return rows
