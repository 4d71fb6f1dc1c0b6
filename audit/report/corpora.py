"""Stored profiles as the report reads them: labels, colours, shares, estimates.

In: folders of profiles. Out: one `Corpus` a profile, with a label that tells it from
the others, and the overlap rows between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from audit.compare import load
from audit.compare.tables import read_table
from audit.errors import UsageError
from audit.report.figures import Estimate
from schemas.profile import TABLES

__all__ = [
    "MAX_CORPORA",
    "Corpus",
    "load_corpora",
    "load_monoculture",
    "load_overlap",
]

MAX_CORPORA = 10


@dataclass(frozen=True)
class Corpus:
    """One profile on the page.

    Attributes:
        profile: The tables, read on first use.
        slot: Number of its colour, from 1.
    """

    profile: load.Profile
    slot: int

    @property
    def name(self) -> str:
        """Name of the corpus, as its tables have it."""
        return self.profile.corpus

    @property
    def label(self) -> str:
        """What the page calls it: the name, or more of the path where names repeat."""
        return self.profile.label

    @property
    def folder(self) -> Path:
        """Where the profile lies."""
        return self.profile.folder

    @cached_property
    def tables(self) -> Tables:
        """Polars frames by table name, read on first use."""
        return Tables(self.profile)

    @property
    def summary(self) -> dict[str, Any]:
        """The one row of ``summary``."""
        return self.profile.summary

    @property
    def documents(self) -> int:
        """Documents audited."""
        return int(self.summary["documents"])

    @property
    def domains(self) -> pl.DataFrame:
        """Documents by registered domain, largest first; none without a domain."""
        return (
            self.tables["source"]
            .filter((pl.col("domain") != "") & (pl.col("documents") > 0))
            .group_by("domain")
            .agg(pl.col("documents").sum())
            .sort(["documents", "domain"], descending=[True, False])
        )

    @property
    def without_domain(self) -> float:
        """Share of documents whose source is not known."""
        rows = self.tables["source"].filter(pl.col("domain") == "")
        return int(rows["documents"].sum()) / max(self.documents, 1)

    @property
    def n_cultures(self) -> int:
        """Cultures that at least one document refers to."""
        rows = self.tables["culture_mix"].filter(pl.col("documents") > 0)
        return rows["culture"].n_unique()

    def share(self, column: str) -> float:
        """Return a column of ``summary`` as a share of the documents."""
        return self.summary[column] / self.documents if self.documents else 0.0

    def estimate(self, facet: str, measure: str, weight: str = "documents") -> Estimate:
        """Return one row of ``diversity``, or an unknown estimate."""
        rows = self.tables["diversity"].filter(
            (pl.col("facet") == facet)
            & (pl.col("measure") == measure)
            & (pl.col("weight") == weight)
        )
        if rows.is_empty():
            return Estimate()
        row = rows.fill_null(float("nan")).row(0, named=True)
        return Estimate(row["value"], row["low"], row["high"])


class Tables:
    """Frames of one profile by name, each read once."""

    def __init__(self, profile: load.Profile) -> None:
        self._profile = profile
        self._frames: dict[str, pl.DataFrame] = {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return a table of the profile, without rows where the profile has none."""
        if name not in self._frames:
            held = self._profile.has(name)
            empty = pl.from_arrow(TABLES[name].schema.empty_table())
            self._frames[name] = (
                self._profile.frame(name) if held else pl.DataFrame(empty)
            )
        return self._frames[name]


def load_corpora(
    profiles: Sequence[Path | str],
    *,
    most: int | None = MAX_CORPORA,
    largest: bool = False,
) -> list[Corpus]:
    """Open profiles in the order given.

    Args:
        profiles: Folders ``OUT/<corpus>``, or ``OUT`` for all that it holds.
        most: How many there is room for; None for any number.
        largest: Keep those with most documents where there is no room for all.

    Raises:
        UsageError: There are more than ``most``, and ``largest`` is not set.
        ProfileError: There is none, or a table is missing or unreadable.
    """
    opened = load.load_profiles(profiles)
    if most is not None and len(opened) > most and largest:
        by_size = sorted(opened, key=lambda one: (-one.summary["documents"], one.label))
        kept = set(map(id, by_size[:most]))
        opened = [one for one in opened if id(one) in kept]
    if most is not None and len(opened) > most:
        raise UsageError(
            f"a report shows at most {most} corpora side by side",
            value=len(opened),
            next_step="Give fewer profiles, or merge some of them first.",
        )
    return [Corpus(profile, slot) for slot, profile in enumerate(opened, start=1)]


def load_overlap(corpora: Sequence[Corpus]) -> pl.DataFrame:
    """Return the rows of ``overlap.parquet`` between the corpora, maybe none."""
    rows = load.load_overlap([corpus.profile for corpus in corpora])
    return pl.DataFrame() if rows is None else rows


def load_monoculture(corpora: Sequence[Corpus]) -> pl.DataFrame:
    """Return ``monoculture.parquet`` of the run that all the corpora are of, if any.

    It says nothing of corpora of several runs, so then there are no rows.
    """
    parents = {corpus.folder.parent for corpus in corpora}
    path = next(iter(parents)) / "monoculture.parquet"
    if len(parents) > 1 or len(corpora) < 2 or not path.exists():
        return pl.DataFrame()
    return pl.DataFrame(pl.from_arrow(read_table(path, "monoculture", None)))
