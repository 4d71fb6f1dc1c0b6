"""The plain facts of one profile that every export tells.

In: a profile. Out: shares by key, effective numbers with intervals, sentences.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from audit.compare.load import Profile
from audit.measures.facets import FACETS, NO_KEY

__all__ = ["effective", "share_rows", "shortfalls", "span"]


def share_rows(profile: Profile, facet: str) -> pl.DataFrame:
    """Return the keys of a facet, largest first by documents.

    Returns:
        key, documents, characters, share_documents, share_characters; documents
        without a key stand under "".
    """
    place = FACETS[facet]
    frame = profile.frame(place.table)
    key = pl.col(place.column).cast(pl.String).fill_null(NO_KEY)
    rows = frame.group_by(key.alias("key")).agg(pl.col("documents", "characters").sum())
    return rows.with_columns(
        (pl.col(w) / pl.col(w).sum().clip(1)).alias(f"share_{w}")
        for w in ("documents", "characters")
    ).sort(["documents", "key"], descending=[True, False])


def effective(profile: Profile, facet: str) -> tuple[float, float | None, float | None]:
    """Return the effective number of keys (order 1, by documents) and its interval."""
    rows = profile.frame("diversity").filter(
        facet=facet, weight="documents", measure="hill_1"
    )
    if not len(rows):
        return 0.0, None, None
    row = rows.row(0, named=True)
    return row["value"] or 0.0, row["low"], row["high"]


def span(profile: Profile) -> str:
    """Return the dates of the documents as words."""
    first, last = profile.summary["first_date"], profile.summary["last_date"]
    if not first or not last:
        return "no dates known"
    return f"{first} to {last}" if first != last else str(first)


def shortfalls(profile: Profile) -> list[str]:
    """Return what the figures cannot say of this corpus, as sentences."""
    summary: dict[str, Any] = profile.summary
    documents = max(summary["documents"], 1)
    languages = share_rows(profile, "language")
    unknown = languages.filter(pl.col("key").is_in(["und", "zxx", ""]))
    parts = [
        ("documents without a URL, whose source is not known",
         documents - summary["documents_with_url"]),
        ("documents of undetermined language, or of none", unknown["documents"].sum()),
        ("documents without any cultural reference that was recognised",
         documents - summary["located_documents"]),
        ("records rejected and not audited", summary["rejected"]),
    ]  # fmt: skip
    return [
        f"{count:,} {what} ({100 * count / (documents + (i == 3) * count):.1f} %)."
        for i, (what, count) in enumerate(parts)
        if count > 0
    ]
