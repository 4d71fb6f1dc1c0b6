"""Tables of a merged profile that are no sums of counts, made anew from what is.

In: the parts of a merge and the merged counts. Out: ``language_estimates``,
``coverage``, ``coverage_by_speakers``, ``outward``, ``reference_sources``, ``breadth``,
``near_figures`` and ``duplicates_detail``, each where every part has it.

Figures of duplicates are sums over the parts, as those of ``summary`` are: copies that
stand in two parts are not counted, so the sums are lower bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa

from audit.compare.load import Profile
from audit.fold.breadth import breadth_table
from audit.fold.coverage import (
    coverage_by_speakers_table,
    coverage_table,
    outward_table,
)
from audit.fold.duplicates import wiped_out
from audit.fold.estimates import language_estimates
from audit.measures.coverage import lowest_sources

__all__ = ["remade_tables"]

# Of these the largest part is the whole; every other figure is a sum.
_LARGEST = ("largest_cluster", "largest_bucket", "star_steps")


def remade_tables(
    profiles: Sequence[Profile], merged: Mapping[str, pa.Table]
) -> dict[str, pa.Table]:
    """Return the tables by name, not yet in the order of their contracts.

    Args:
        profiles: The parts.
        merged: Their merged ``language``, ``mix`` and ``culture_mix``.
    """
    made = {
        "language_estimates": lambda: _estimates(profiles, merged["language"]),
        "coverage": lambda: coverage_table(merged["culture_mix"]),
        "coverage_by_speakers": lambda: coverage_by_speakers_table(
            merged["culture_mix"], merged["mix"]
        ),
        "outward": lambda: outward_table(merged["culture_mix"]),
        "reference_sources": lambda: _sources(profiles).to_arrow(),
        "breadth": lambda: _breadth(profiles),
        "near_figures": lambda: _near_figures(profiles),
        "duplicates_detail": lambda: _detail(profiles),
    }
    return {
        name: make()
        for name, make in made.items()
        if all(profile.has(name) for profile in profiles)
    }


def _estimates(profiles: Sequence[Profile], language: pa.Table) -> pa.Table:
    """Estimate again; with the errors of the model where every part knew them."""
    known = all(
        profile.frame("language_estimates")["estimated_share"].is_not_null().any()
        for profile in profiles
    )
    return language_estimates(language, packaged_model=known)


def _sources(profiles: Sequence[Profile]) -> pl.DataFrame:
    """Keep the lowest sources of each reference: those of the parts hold them all."""
    parts = [profile.frame("reference_sources") for profile in profiles]
    return lowest_sources(pl.concat(parts))


def _breadth(profiles: Sequence[Profile]) -> pa.Table:
    """Count sources again; what is known is the same in every part."""
    parts = pl.concat([profile.frame("breadth") for profile in profiles])
    cell = ["culture", "region", "category"]
    known = parts.group_by(cell).agg(pl.col("references_known").max())
    return breadth_table(_sources(profiles), known)


def _near_figures(profiles: Sequence[Profile]) -> pa.Table:
    parts = pl.concat([profile.frame("near_figures") for profile in profiles])
    bounds = ["value", "low", "high"]

    def total(name: str) -> pl.Expr:
        column = pl.col(name)
        # A bound that one part lacks is not known of the whole.
        # In order of size, so that the sum does not depend on that of the parts.
        whole = pl.when(column.is_not_null().all()).then(column.sort().sum())
        largest = pl.col("figure").first().is_in(_LARGEST)
        return pl.when(largest).then(column.max()).otherwise(whole).alias(name)

    return parts.group_by("figure").agg([total(name) for name in bounds]).to_arrow()


def _detail(profiles: Sequence[Profile]) -> pa.Table:
    parts = pl.concat([profile.frame("duplicates_detail") for profile in profiles])
    counts = ["documents", "characters", "duplicate_documents", "duplicate_characters"]
    sums = parts.group_by("facet", "key").agg(pl.col(counts).sum())
    gone = wiped_out(
        sums["documents"].to_numpy(), sums["duplicate_documents"].to_numpy()
    )
    return sums.with_columns(wiped_out=pl.Series(gone)).to_arrow()
