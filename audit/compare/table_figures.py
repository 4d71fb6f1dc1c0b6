"""Figures of single tables that a policy can name: ``<table>.<figure>``.

In: a profile and the key of a rule. Out: the figure with its interval as the table
stores it, or Wilson's interval over what was counted; NaN where the profile has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import polars as pl

from audit.compare.load import Profile
from audit.measures.interval import Interval, wilson_interval

__all__ = [
    "SUMMARY_SHARES",
    "TABLE_FIGURES",
    "TableFigure",
    "stored_measure",
    "summary_share",
    "table_figure",
]

_UNKNOWN = Interval(math.nan, math.nan, math.nan)
# Shares of documents, and the column of ``summary`` that is the part.
SUMMARY_SHARES = {
    "exact_duplicate_share": "exact_duplicate_documents",
    "near_duplicate_share": "near_duplicate_documents",
    "located_share": "located_documents",
    "url_share": "documents_with_url",
    "field_share": "documents_attributed_by_field",
    "empty_share": "empty_documents",
    "mixed_share": "mixed_documents",
    "mojibake_share": "mojibake",
    "rejected_share": "rejected",
}


class TableFigure(NamedTuple):
    """A figure that a policy can name.

    Attributes:
        key: What a key of it is, or nothing where it takes none.
        meaning: One line for the documentation.
        find: From the table, the key and the corpus's documents to the figure.
        column: Where the keys stand in the table, or nothing.
        whole: Whether the figure of the whole corpus, without a key, is known too.
    """

    key: str
    meaning: str
    find: Callable[[pl.DataFrame, str, int], Interval]
    column: str = ""
    whole: bool = False

    @property
    def takes(self) -> str:
        """What a key is and whether there may be none, for the documentation."""
        return f"{self.key}, or none for all" if self.whole else self.key


def table_figure(
    table: str, figure: str, profile: Profile, keys: tuple[str, ...]
) -> Interval:
    """Return a figure; NaN where the profile lacks the table or the key's row."""
    if not profile.has(table):
        return _UNKNOWN
    key = keys[0] if keys else ""
    documents = int(profile.summary["documents"])
    return TABLE_FIGURES[table][figure].find(profile.frame(table), key, documents)


def summary_share(figure: str, profile: Profile) -> Interval:
    """Return one of `SUMMARY_SHARES`, Wilson's interval over documents.

    But for the located share: of that alone the counts are known by source.
    """
    if figure == "located_share":
        found = stored_measure(profile, "culture", figure, "documents")
        if not math.isnan(found.value):
            return found
    part = int(profile.summary[SUMMARY_SHARES[figure]])
    whole = int(profile.summary["documents"])
    return wilson_interval(part, whole + part if figure == "rejected_share" else whole)


def stored_measure(profile: Profile, facet: str, measure: str, weight: str) -> Interval:
    """Return a row of the table ``diversity``, NaN where there is none."""
    rows = profile.frame("diversity").filter(
        facet=facet, weight=weight, measure=measure
    )
    row = rows.row(0, named=True) if len(rows) else None
    return _stored(row, "value", "low", "high")


def _stored(
    row: Mapping[str, Any] | None, value: str, low: str, high: str, whole: float = 1.0
) -> Interval:
    """Return three columns of a row; bounds that are not stored are the value."""
    if row is None or row[value] is None or not whole:
        return _UNKNOWN
    bounds = (row[value] if row[name] is None else row[name] for name in (low, high))
    return Interval(row[value] / whole, *(bound / whole for bound in bounds))


def _row(frame: pl.DataFrame, column: str, key: str) -> dict[str, Any] | None:
    found = frame.filter(pl.col(column) == key)
    return found.row(0, named=True) if len(found) else None


def _keyed(
    column: str, value: str, low: str, high: str
) -> Callable[[pl.DataFrame, str, int], Interval]:
    """Return what finds a stored figure in the row whose ``column`` is the key."""

    def find(frame: pl.DataFrame, key: str, _: int) -> Interval:
        return _stored(_row(frame, column, key), value, low, high)

    return find


def _exact(value: float) -> Interval:
    return Interval(value, value, value)


def _near(frame: pl.DataFrame, figure: str, documents: int) -> Interval:
    return _stored(_row(frame, "figure", figure), "value", "low", "high", documents)


def _agreement(frame: pl.DataFrame, key: str, _: int) -> Interval:
    rows = frame.filter(pl.col("language") == key) if key else frame
    return wilson_interval(int(rows["agreeing"].sum()), int(rows["documents"].sum()))


def _paragraphs(frame: pl.DataFrame, key: str, _: int) -> Interval:
    part = int(frame.filter(pl.col("language") == key)["characters"].sum())
    whole = int(frame["characters"].sum())
    return _exact(part / whole) if whole else _UNKNOWN


def _breadth(frame: pl.DataFrame, key: str, _: int) -> Interval:
    rows = frame.filter(pl.col("culture") == key) if key else frame
    known = int(rows["references_known"].sum())
    seen = int(rows["references_in_three_sources"].sum())
    return _exact(seen / known) if known else _UNKNOWN


def _broad_cultures(frame: pl.DataFrame, _: str, __: int) -> Interval:
    shared = frame.filter(pl.col("references_in_three_sources") > 0)
    return _exact(float(shared["culture"].n_unique()))


def _erased(frame: pl.DataFrame, _: str, __: int) -> Interval:
    return _exact(float(frame["erased"].sum()))


def _outward(frame: pl.DataFrame, key: str, _: int) -> Interval:
    row = _row(frame, "language", key)
    return _stored(row, "outward_share", "low", "high")


def _wiped(facet: str) -> Callable[[pl.DataFrame, str, int], Interval]:
    def count(frame: pl.DataFrame, _: str, __: int) -> Interval:
        gone = frame.filter((pl.col("facet") == facet) & pl.col("wiped_out"))
        return _exact(float(len(gone)))

    return count


TABLE_FIGURES: dict[str, dict[str, TableFigure]] = {
    "breadth": {
        "share": TableFigure(
            "ISO 3166-1 code",
            "references that at least three sources have, share of those known",
            _breadth,
            "culture",
            whole=True,
        ),
        "cultures": TableFigure(
            "",
            "cultures of which three sources share a reference",
            _broad_cultures,
        ),
    },
    "contamination_sets": {
        "share": TableFigure(
            "evaluation set",
            "share of an evaluation set's items that the corpus holds",
            _keyed("evaluation_set", "share", "low", "high"),
            "evaluation_set",
        ),
    },
    "coverage": {
        "log2_ratio": TableFigure(
            "ISO 3166-1 code",
            "share of located documents over share of the world's people, log2",
            _keyed("culture", "log2_ratio", "low", "high"),
            "culture",
        ),
        "erased": TableFigure(
            "",
            "cultures with surely less than a tenth of their share",
            _erased,
        ),
    },
    "coverage_by_speakers": {
        "log2_ratio": TableFigure(
            "ISO 3166-1 code",
            "share of located documents over share of the speakers, log2",
            _keyed("culture", "log2_ratio", "low", "high"),
            "culture",
        ),
        "erased": TableFigure(
            "",
            "cultures with surely less than a tenth of their speakers' share",
            _erased,
        ),
    },
    "language_estimates": {
        "estimated_share": TableFigure(
            "ISO 639-3 code",
            "share of a language, corrected for the errors of the model",
            _keyed("language", "estimated_share", "estimated_low", "estimated_high"),
            "language",
        ),
        "ratio": TableFigure(
            "ISO 639-3 code",
            "share of documents over share of the world's speakers",
            _keyed("language", "ratio", "ratio", "ratio"),
            "language",
        ),
    },
    "language_opinions": {
        "agreement": TableFigure(
            "ISO 639-3 code",
            "share of the documents asked about on which a second engine agrees",
            _agreement,
            "language",
            whole=True,
        ),
    },
    "language_segments": {
        "share": TableFigure(
            "ISO 639-3 code",
            "share of characters in paragraphs of a language",
            _paragraphs,
            "language",
        ),
    },
    "outward": {
        "share": TableFigure(
            "ISO 639-3 code",
            "references outside the countries of the document's language, share",
            _outward,
            "language",
            whole=True,
        ),
    },
    "near_figures": {
        "corrected_share": TableFigure(
            "",
            "near-duplicates with those that banding misses, share of documents",
            lambda f, _, documents: _near(f, "corrected_documents", documents),
        ),
        "largest_cluster_share": TableFigure(
            "",
            "documents in the largest cluster, share of all",
            lambda f, _, documents: _near(f, "largest_cluster", documents),
        ),
    },
    "duplicates_detail": {
        "wiped_out_domains": TableFigure(
            "", "domains that deduplication would take nine tenths of",
            _wiped("domain"),
        ),
        "wiped_out_languages": TableFigure(
            "", "languages that deduplication would take nine tenths of",
            _wiped("language"),
        ),
    },
}  # fmt: skip
