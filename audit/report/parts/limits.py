"""What was rejected, what was measured with which error, and what cannot be said.

In: corpora. Out: `Rejects`, the table of every diversity measure, the sentences about
limits, and where everything comes from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from audit.report.corpora import Corpus
from audit.report.figures import (
    Estimate,
    count,
    effective,
    interval,
    isolated,
    percent,
    points,
)
from audit.report.sheet import Cell, Column, Sheet, counted, named
from schemas.document import REJECT_REASONS

__all__ = ["Rejects", "diversity_sheet", "limits", "provenance", "rejects"]

_RECORDS = 400
_FACETS = {
    "language": "Languages",
    "script": "Scripts",
    "domain": "Domains",
    "platform": "Platforms",
    "operator": "Operators of platforms",
    "category": "Kinds of source",
    "source_country": "Countries of sources",
    "culture": "Cultures",
    "region": "Regions of cultures",
}
_MEASURES = {
    "hill_0": "number found (Hill 0)",
    "hill_1": "effective number (Hill 1)",
    "hill_1_similarity": "effective number, relatives taken as near (Hill 1)",
    "hill_2": "effective number of the common (Hill 2)",
    "hill_inf": "1 / share of the largest (Hill ∞)",
    "hhi": "concentration (HHI)",
    "gini": "inequality (Gini)",
    "coverage": "sample coverage",
    "located_share": "share that refers to any culture",
}


class Rejects(NamedTuple):
    """What was not audited."""

    total: str
    reasons: Sheet
    records: Sheet


def rejects(corpora: Sequence[Corpus]) -> Rejects:
    """Return the counts by reason and the first rejected records."""
    by_corpus = [
        dict(corpus.tables["rejects"]["reason"].value_counts().iter_rows())
        for corpus in corpora
    ]
    totals = {
        reason: sum(found.get(reason, 0) for found in by_corpus)
        for reason in {reason for found in by_corpus for reason in found}
    }
    heads = [Column("Reason", False), Column("Meaning", False)]
    if len(corpora) > 1:
        heads += [Column(corpus.label, slot=corpus.slot) for corpus in corpora]
    else:
        heads.append(Column("Records"))
    rows = [
        [
            named(reason.replace("_", " ")),
            named(REJECT_REASONS.get(reason, "")),
            *(counted(found.get(reason, 0)) for found in by_corpus),
        ]
        for reason in sorted(totals, key=lambda reason: (-totals[reason], reason))
    ]
    reasons = Sheet("reasons", "Rejected records by reason", heads, rows, search=False)
    return Rejects(count(sum(totals.values())), reasons, _records(corpora))


def _records(corpora: Sequence[Corpus]) -> Sheet:
    several = len(corpora) > 1
    heads = [Column("Corpus", False)] if several else []
    heads += [Column("File", False), Column("Record"), Column("Reason", False)]
    heads.append(Column("Detail", False))
    each, rows = _RECORDS // len(corpora), []
    for corpus in corpora:
        shown = corpus.tables["rejects"].sort("file", "position").head(each)
        for row in shown.iter_rows(named=True):
            cells = [named(corpus.label)] if several else []
            cells += [named(row["file"]), counted(row["position"])]
            cells += [named(row["reason"].replace("_", " ")), named(row["detail"])]
            rows.append(cells)
    left = sum(corpus.tables["rejects"].height for corpus in corpora) - len(rows)
    note = f"{count(left)} more are in rejects.parquet." if left else ""
    return Sheet("records", "Rejected records", heads, rows, note)


def diversity_sheet(corpora: Sequence[Corpus]) -> Sheet:
    """Return every measure of every facet, by documents and by characters."""
    heads = [Column("Facet", False), Column("Measure", False), Column("By", False)]
    heads += [Column(corpus.label, slot=corpus.slot) for corpus in corpora]
    found = [_estimates(corpus) for corpus in corpora]
    keys = sorted({key for part in found for key in part}, key=_order)
    rows = [
        [
            named(_FACETS.get(facet, facet.replace("_", " "))),
            named(_MEASURES.get(measure, measure.replace("_", " "))),
            named(weight),
            *(_measured(measure, part.get((facet, weight, measure))) for part in found),
        ]
        for facet, weight, measure in keys
    ]
    return Sheet("diversity", "Diversity of every facet, with intervals", heads, rows)


def _estimates(corpus: Corpus) -> dict[tuple[str, str, str], Estimate]:
    columns = ["facet", "weight", "measure", "value", "low", "high"]
    rows = corpus.tables["diversity"].select(columns).fill_null(float("nan"))
    return {(row[0], row[1], row[2]): Estimate(*row[3:]) for row in rows.iter_rows()}


def _order(key: tuple[str, str, str]) -> tuple[int, str, str, int, str]:
    facet, weight, measure = key
    facets, measures = list(_FACETS), list(_MEASURES)
    return (
        facets.index(facet) if facet in facets else len(facets),
        facet,
        {"documents": "0", "characters": "1"}.get(weight, weight),
        measures.index(measure) if measure in measures else len(measures),
        measure,
    )


def _measured(measure: str, estimate: Estimate | None) -> Cell:
    if estimate is None or not estimate.known:
        return Cell("–", -1.0)
    indices = ("hhi", "gini", "coverage", "located_share")
    write = points if measure in indices else effective
    span = interval(estimate, write)
    return Cell(write(estimate.value), estimate.value, extra=span)


def limits(corpora: Sequence[Corpus]) -> list[tuple[str, str]]:
    """Return what a reader must not conclude: (subject, sentence) pairs."""
    return [
        ("Languages", _language_limit(corpora)),
        (
            "Sources",
            _each(corpora, "Without a known source: ", _without_domain)
            + " They stand outside of every figure about sources. A registered domain "
            "is who hosts a text, not who wrote it.",
        ),
        (
            "Duplicates",
            "Shares of near-duplicates depend on the length of shingles, the bands and "
            "the threshold named below; shares from other settings are not comparable. "
            "Translations and paraphrases are not found.",
        ),
        (
            "Cultures",
            _each(corpora, "Without any reference: ", _unlocated)
            + " A reference is evidence that a text mentions a culture, not that it "
            "comes from there, speaks for it, or speaks well of it. Names that mean "
            "several things count only where their context supports them.",
        ),
        (
            "Intervals",
            "They come from drawing whole sources again, not single documents, and say "
            "how much a figure would move with other sources of the same kind. They "
            "know nothing of errors of the language model or of the lists of names.",
        ),
        (
            "Authors",
            "Nothing here says whether a text was written by a person or by a model.",
        ),
    ]


def _each(corpora: Sequence[Corpus], lead: str, value: Any) -> str:
    if len(corpora) == 1:
        return f"{lead}{value(corpora[0])} of documents."
    parts = [f"{isolated(corpus.label)} {value(corpus)}" for corpus in corpora]
    return f"{lead}{', '.join(parts)}."


def _without_domain(corpus: Corpus) -> str:
    return percent(corpus.without_domain)


def _unlocated(corpus: Corpus) -> str:
    return percent(1 - corpus.share("located_documents"))


def _language_limit(corpora: Sequence[Corpus]) -> str:
    def undetermined(corpus: Corpus) -> str:
        rows = corpus.tables["language"].filter(pl.col("language") == "und")
        return percent(int(rows["documents"].sum()) / max(corpus.documents, 1))

    return (
        _each(corpora, "Undetermined: ", undetermined)
        + " Each document has one language, the one its text looks most like; short "
        "texts and close relatives are confused more often than the confidence says."
    )


def provenance(corpora: Sequence[Corpus]) -> Sheet:
    """Return what stands in the footers of the tables: versions and fingerprints."""
    heads = [Column("Property", False)]
    heads += [Column(corpus.label, False, corpus.slot) for corpus in corpora]
    # No folder: the page of a run is written before its tables are where they stay.
    flat = [_flatten(corpus.profile.metadata) for corpus in corpora]
    keys = list(dict.fromkeys(key for part in flat for key in part))
    rows = [
        [named(key.replace("_", " ")), *(named(part.get(key, "–")) for part in flat)]
        for key in keys
    ]
    caption = "Versions, settings and checksums behind the figures"
    return Sheet("provenance", caption, heads, rows, search=False)


def _flatten(footer: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    """Spread JSON objects of the footer over one row a leaf."""
    rows: dict[str, str] = {}
    for key, text in footer.items():
        try:
            value = json.loads(text) if text[:1] == "{" else None
        except ValueError:
            value = None
        if isinstance(value, dict):
            inner = {
                part: leaf if isinstance(leaf, str) else json.dumps(leaf)
                for part, leaf in value.items()
            }
            rows |= _flatten(inner, f"{prefix}{key} · ")
        elif key != "corpus":
            rows[prefix + key] = text
    return rows
