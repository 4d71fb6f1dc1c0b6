"""The keys of a facet with their shares in every profile, side by side.

In: counts by key and pairs of profiles. Out: plain rows, largest keys first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from audit.compare.load import Profile
from audit.compare.pairs import Pair
from audit.measures.facets import WEIGHTS
from audit.measures.jackknife import Differences
from audit.measures.significance import t_bound

__all__ = ["Details", "Row", "Totals", "category_rows", "facet_rows"]

Row = dict[str, Any]
# For each facet its keys and, by weight, the counts [n_profiles, n_keys].
Totals = Mapping[str, tuple[list[str], Mapping[str, NDArray[np.int64]]]]
Details = dict[tuple[str, str, str], tuple[Pair, Differences]]


def facet_rows(
    name: str,
    found: tuple[list[str], Mapping[str, NDArray[np.int64]]],
    labels: Sequence[str],
    details: Details,
    source_keys: int,
) -> list[Row]:
    """Return the keys of a facet with shares and differences, largest first."""
    keys, counts = found
    shares = {
        w: c / np.maximum(c.sum(axis=1, keepdims=True), 1) for w, c in counts.items()
    }
    largest = np.round(shares["documents"].max(axis=0), 12)
    order = sorted(np.argsort(-largest, kind="stable").tolist()[: 2 * source_keys]
                   if name == "domain" else range(len(keys)),
                   key=lambda k: (-largest[k], keys[k]))  # fmt: skip
    order = order[:source_keys] if name == "domain" else order
    return [
        {
            "key": keys[k],
            "shares": {w: _by_label(labels, shares[w][:, k]) for w in WEIGHTS},
            "documents": _by_label(labels, counts["documents"][:, k]),
            "differences": {
                w: {lb: _bounds(details[name, w, lb][1], k) for lb in labels[1:]}
                for w in WEIGHTS
            },
            "status": _by_label(labels[1:], _status(counts["documents"][:, k])),
        }
        for k in order
    ]


def _bounds(found: Differences, k: int) -> Row:
    """Return the difference of one key's share with its interval."""
    difference = float(found.share_b[k] - found.share_a[k])
    half = float(t_bound(found.freedom[k : k + 1])[0] * found.error[k])
    known = math.isfinite(half)
    return {
        "difference": difference,
        "low": max(-1.0, difference - half) if known else None,
        "high": min(1.0, difference + half) if known else None,
    }


def _status(documents: NDArray[np.int64]) -> list[str]:
    """Say for each profile but the first whether the key appears or vanishes."""
    first = documents[0] > 0
    return [
        "in both" if first and there else
        "appears" if there else "vanishes" if first else "in neither"
        for there in documents[1:] > 0
    ]  # fmt: skip


def category_rows(profiles: Sequence[Profile]) -> list[Row]:
    """Return shares of the categories of cultural reference (without intervals)."""
    rows: dict[str, dict[str, int]] = {}
    for profile in profiles:
        frame = profile.frame("culture").group_by("category")
        for key, documents in frame.agg(pl.col("documents").sum()).iter_rows():
            rows.setdefault(key or "", {})[profile.label] = documents
    labels = [profile.label for profile in profiles]
    sums = {label: sum(r.get(label, 0) for r in rows.values()) or 1 for label in labels}
    result = [
        {
            "key": key,
            "shares": {"documents": {lb: found.get(lb, 0) / sums[lb] for lb in labels}},
            "documents": {label: found.get(label, 0) for label in labels},
        }
        for key, found in sorted(rows.items())
    ]
    return sorted(result, key=lambda r: -max(r["shares"]["documents"].values()))


def _by_label(labels: Sequence[str], values: Any) -> dict[str, Any]:
    return dict(
        zip(
            labels,
            values.tolist() if hasattr(values, "tolist") else values,
            strict=True,
        )
    )
