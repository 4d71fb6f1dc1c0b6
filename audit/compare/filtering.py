"""What a filter or a deduplication step removed, group by group.

In: the profile before and the profile after. Out: a `FilterView`: survival rates and
odds ratios with intervals, the most erased groups first, and one sentence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from audit.compare.fingerprint import require_comparable
from audit.compare.load import Profile
from audit.compare.pairs import SOURCES, FacetReader
from audit.errors import ProfileError
from audit.measures.facets import FACETS, NO_KEY
from audit.measures.significance import benjamini_hochberg
from audit.measures.survival import Survival, survival

__all__ = ["FilterView", "filter_view"]

Row = dict[str, Any]


@dataclass(frozen=True)
class FilterView:
    """The result of ``compare BEFORE AFTER --as filter``.

    Attributes:
        before: Label of the profile before.
        after: Label of the profile after.
        overall: Survival of documents, characters, duplicates and located documents.
        groups: One row a facet and key, most erased first: facet, key, before, after,
            survival, low, high, odds_ratio, odds_low, odds_high, characters_survival,
            beyond_noise. Bounds are None where one source is all there is.
        sentence: What to say of it in one breath.
        alpha: False discovery rate behind ``beyond_noise``.
    """

    before: str
    after: str
    overall: Row
    groups: list[Row]
    sentence: str
    alpha: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "profiles": {"before": self.before, "after": self.after},
            "overall": self.overall,
            "groups": self.groups,
            "sentence": self.sentence,
            "alpha": self.alpha,
        }


def filter_view(
    before: Profile, after: Profile, *, alpha: float = 0.05, least: int = 20
) -> FilterView:
    """Show what a step removed.

    Args:
        before: Profile of the input of the step.
        after: Profile of its output, a part of the input.
        alpha: False discovery rate of ``beyond_noise`` over all groups.
        least: Domains of fewer documents before are left out of ``groups`` (they are
            counted in every other facet).

    Raises:
        ProfileError: The second profile holds more than the first, or the two were
            measured differently.
    """
    require_comparable([before, after])
    if after.summary["documents"] > before.summary["documents"]:
        raise ProfileError(
            "a filter's output has at most as many documents as its input",
            value=f"{before.summary['documents']} before, "
            f"{after.summary['documents']} after",
            where=f"{before.folder} and {after.folder}",
            next_step="Give BEFORE first, then AFTER.",
        )
    reader = FacetReader([before, after])
    rows: list[Row] = []
    p: list[float] = []
    for name in FACETS:
        pair = reader.pair(name, 1)
        found = survival(
            pair.unit,
            pair.key,
            *pair.counts["documents"],
            n_units=pair.n_units,
            n_keys=len(pair.keys),
            single=name in SOURCES,
        )
        characters = pair.totals("characters")
        for k, key in enumerate(pair.keys):
            if found.before[k] < (least if name == "domain" else 1):
                continue
            rows.append(_row(name, key, found, k, characters))
            p.append(float(found.p[k]))
    for row, beyond in zip(
        rows, benjamini_hochberg(np.array(p, np.float64), alpha).tolist(), strict=True
    ):
        row["beyond_noise"] = beyond
    rows += _categories(before, after)
    rows.sort(key=_erased)
    overall = _overall(before, after)
    return FilterView(
        before.label, after.label, overall, rows, _sentence(rows, overall), alpha
    )


def _row(name: str, key: str, found: Survival, k: int, characters: Any) -> Row:
    first, last = characters[0][k], characters[1][k]
    return {
        "facet": name,
        "key": key,
        "before": int(found.before[k]),
        "after": int(found.after[k]),
        "survival": float(found.rate[k]),
        "low": _known(found.low[k]),
        "high": _known(found.high[k]),
        "odds_ratio": float(found.odds_ratio[k]),
        "odds_low": _known(found.odds_low[k]),
        "odds_high": _known(found.odds_high[k]),
        "characters_survival": float(last / first) if first else None,
    }


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _erased(row: Row) -> tuple[Any, ...]:
    """Sort by the odds ratio that is surely reached; unknown bounds come last."""
    erased = row["odds_ratio"] < 1
    bound = row["odds_high"] if erased else None
    return (
        not (row["beyond_noise"] and erased),
        not erased,
        bound if bound is not None else math.inf,
        row["odds_ratio"],
        row["facet"],
        row["key"],
    )


def _categories(before: Profile, after: Profile) -> list[Row]:
    """Return the survival of categories of cultural reference, without intervals."""
    sides = [
        dict(
            p.frame("culture")
            .group_by("category")
            .agg(pl.col("documents").sum())
            .iter_rows()
        )
        for p in (before, after)
    ]
    kept, total = sum(sides[1].values()), sum(sides[0].values())
    rows = []
    for key, first in sides[0].items():
        last = min(sides[1].get(key, 0), first)
        cells = [last, first - last, kept - last, total - first - (kept - last)]
        a, b, c, d = (max(x, 0) or 0.5 for x in cells)
        rows.append(
            {
                "facet": "culture_category", "key": key or NO_KEY,
                "before": first, "after": sides[1].get(key, 0),
                "survival": last / first if first else 1.0,
                "low": None, "high": None, "odds_ratio": a * d / (b * c),
                "odds_low": None, "odds_high": None, "characters_survival": None,
                "beyond_noise": False,
            }
        )  # fmt: skip
    return rows


def _overall(before: Profile, after: Profile) -> Row:
    columns = {
        "documents": "documents",
        "characters": "characters",
        "located_documents": "located_documents",
        "documents_with_url": "documents_with_url",
        "near_duplicate_documents": "near_duplicate_documents",
    }
    return {
        name: {
            "before": before.summary[column],
            "after": after.summary[column],
            "survival": after.summary[column] / before.summary[column]
            if before.summary[column]
            else None,
        }
        for name, column in columns.items()
    }


def _sentence(rows: Sequence[Row], overall: Row) -> str:
    """Say what the filter keeps of the largest and of the most erased language."""
    languages = [r for r in rows if r["facet"] == "language" and r["key"]]
    kept = overall["documents"]["survival"]
    whole = f"{_percent(kept if kept is not None else 1.0)} of all documents"
    if not languages:
        return f"This filter keeps {whole}."
    largest = max(languages, key=lambda r: r["before"])
    erased = [r for r in languages if r["odds_ratio"] < 1 and r is not largest]
    sure = [r for r in erased if r["beyond_noise"]]
    worst = largest
    if sure:
        worst = min(sure, key=lambda r: (r["survival"], r["key"]))
    elif erased:
        worst = min(erased, key=_erased)
    if worst["survival"] >= largest["survival"]:
        return f"This filter keeps {whole}; no language is erased more than the others."
    pair = (
        f"{_percent(largest['survival'])} of {largest['key']} and "
        f"{_percent(worst['survival'])} of {worst['key']}"
    )
    if sure:
        return f"This filter keeps {pair} ({whole})."
    return (
        f"This filter keeps {whole}: {pair}, which is not beyond noise for the "
        "sources that carry it."
    )


def _percent(share: float) -> str:
    value = 100 * share
    digits = 0 if 1 <= value <= 99 or value in (0, 100) else 1 if value >= 0.05 else 2
    return f"{value:.{digits}f} %"
