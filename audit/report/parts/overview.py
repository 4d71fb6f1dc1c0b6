"""What a corpus is, in six figures and the values of two sentences.

In: corpora. Out: `Overview` for each, whose every number is a column of ``summary`` or
a row of ``diversity``, ``language`` or ``source``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import polars as pl

from audit.measures.facets import FACETS
from audit.report.corpora import Corpus
from audit.report.figures import (
    Estimate,
    compact,
    count,
    effective,
    interval,
    percent,
)
from audit.report.names import language_name

__all__ = ["Figure", "Leader", "Overview", "overview"]


class Figure(NamedTuple):
    """One of the six figures.

    Attributes:
        key: Name under which docs/report.md gives its query.
        label: What it is.
        text: The figure.
        value: The same, unrounded.
        range: Its interval, or nothing.
        detail: One line that puts it in place.
        short: The same for a table.
    """

    key: str
    label: str
    text: str
    value: float
    range: str
    detail: str
    short: str


class Leader(NamedTuple):
    """The largest key of a facet: its name and share, with an interval if known."""

    name: str
    share: str
    range: str
    # Whether the share is one of all documents, or only of those with any key.
    whole: bool


class Overview(NamedTuple):
    """One corpus at a glance."""

    label: str
    slot: int
    figures: list[Figure]
    period: str
    doubt: str
    empty: bool
    top_language: Leader | None
    languages: str
    languages_range: str
    top_source: Leader | None
    n_domains: int
    domains: str
    sources: str
    sources_range: str
    repeated: str
    repeated_range: str
    silent: str
    silent_range: str


def overview(corpus: Corpus) -> Overview:
    """Return the figures and sentence values of one corpus."""
    languages = corpus.estimate("language", "hill_1")
    sources = corpus.estimate("domain", "hill_1")
    return Overview(
        label=corpus.label,
        slot=corpus.slot,
        figures=[
            _size(corpus),
            _languages(corpus, languages),
            _sources(corpus, sources),
            _copies(corpus),
            _silent(corpus),
            _rejected(corpus),
        ],
        period=_period(corpus),
        doubt=""
        if languages.bounded or not languages.known
        else " Fewer than two effective sources hold all text, so nothing is known of "
        "how other sources would differ.",
        empty=corpus.documents == 0,
        top_language=_top_language(corpus),
        languages=effective(languages.value),
        languages_range=interval(languages),
        top_source=_top_source(corpus),
        n_domains=corpus.domains.height,
        domains=count(corpus.domains.height),
        sources=effective(sources.value),
        sources_range=interval(sources),
        repeated=percent(corpus.share("near_duplicate_documents")),
        repeated_range=interval(_repeated(corpus), percent),
        silent=percent(_silence(corpus).value),
        silent_range=interval(_silence(corpus), percent),
    )


def _period(corpus: Corpus) -> str:
    first, last = corpus.summary["first_date"], corpus.summary["last_date"]
    return f"{first} to {last}" if first and last else ""


def _size(corpus: Corpus) -> Figure:
    row = corpus.summary
    detail = (
        f"{compact(row['characters'])} characters, {compact(row['words'])} words, "
        f"{count(row['files'])} file{'s' if row['files'] != 1 else ''}"
    )
    n_docs = corpus.documents
    text = count(n_docs) if n_docs < 10_000_000 else compact(n_docs)
    short = f"{compact(row['characters'])} characters"
    return Figure("documents", "Documents", text, n_docs, "", detail, short)


def _languages(corpus: Corpus, estimate: Estimate) -> Figure:
    n_languages = count(_found(corpus, "language").height)
    detail = (
        f"of {n_languages} found, in {count(_found(corpus, 'script').height)} scripts"
    )
    return Figure(
        "languages",
        "Effective languages",
        effective(estimate.value),
        estimate.value,
        interval(estimate),
        detail,
        f"of {n_languages} found",
    )


def _sources(corpus: Corpus, estimate: Estimate) -> Figure:
    n_domains = corpus.domains.height
    detail = f"of {count(n_domains)} registered domain{'s' if n_domains != 1 else ''}"
    return Figure(
        "sources",
        "Effective sources",
        effective(estimate.value),
        estimate.value,
        interval(estimate),
        detail,
        detail.replace("registered ", ""),
    )


def _repeated(corpus: Corpus) -> Estimate:
    """Return the share of near-duplicates; above it, what banding may have missed."""
    share = corpus.share("near_duplicate_documents")
    rows = corpus.tables["near_figures"].filter(
        pl.col("figure") == "corrected_documents"
    )
    if rows.is_empty() or not corpus.documents:
        return Estimate(share)
    low, high = (rows[bound][0] for bound in ("low", "high"))
    if low is None or high is None:
        return Estimate(share)
    return Estimate(share, low / corpus.documents, high / corpus.documents)


def _copies(corpus: Corpus) -> Figure:
    estimate = _repeated(corpus)
    share = estimate.value
    exact = percent(corpus.share("exact_duplicate_documents"))
    return Figure(
        "near_duplicates",
        "Near-duplicates",
        percent(share),
        share,
        interval(estimate, percent),
        f"of documents; {exact} are exact copies",
        f"{exact} exact",
    )


def _silence(corpus: Corpus) -> Estimate:
    """Return the share of documents without a cultural reference."""
    if not corpus.documents:
        return Estimate(0.0)
    share = 1 - corpus.share("located_documents")
    found = corpus.estimate("culture", "located_share")
    if found.low <= 0 and found.high >= 1:
        # One source holds all text: anything is possible of others.
        return Estimate(share)
    return Estimate(share, 1 - found.high, 1 - found.low)


def _silent(corpus: Corpus) -> Figure:
    silence = _silence(corpus)
    estimate = corpus.estimate("culture", "hill_1")
    weight = f", {effective(estimate.value)} effective" if estimate.known else ""
    return Figure(
        "unlocated",
        "No cultural reference",
        percent(silence.value),
        silence.value,
        interval(silence, percent),
        f"the rest refers to {count(corpus.n_cultures)} cultures{weight}",
        f"{count(corpus.n_cultures)} cultures",
    )


def _rejected(corpus: Corpus) -> Figure:
    rejected = int(corpus.summary["rejected"])
    read = corpus.documents + rejected
    share = rejected / read if read else 0.0
    return Figure(
        "rejected",
        "Records rejected",
        count(rejected),
        rejected,
        "",
        f"{percent(share)} of the {count(read)} read",
        f"{percent(share)} of read",
    )


def _leader(corpus: Corpus, facet: str, keys: pl.DataFrame) -> tuple[str, Leader]:
    """Return the largest key of a facet; hill_inf is 1 / its share, interval too."""
    key, n_docs = keys.row(0)
    inside = int(keys["documents"].sum())
    share, bound = n_docs / inside, corpus.estimate(facet, "hill_inf")
    same = bound.bounded and math.isclose(1 / bound.value, share, rel_tol=1e-6)
    span = Estimate(share, 1 / bound.high, 1 / bound.low) if same else Estimate()
    whole = inside == corpus.documents
    return key, Leader(key, percent(share), interval(span, percent), whole)


def _found(corpus: Corpus, key: str) -> pl.DataFrame:
    """Return documents by language or script, largest first, real ones only."""
    return (
        corpus.tables["language"]
        .filter(~pl.col(key).is_in(FACETS[key].outside) & (pl.col("documents") > 0))
        .group_by(key)
        .agg(pl.col("documents").sum())
        .sort(["documents", key], descending=[True, False])
    )


def _top_language(corpus: Corpus) -> Leader | None:
    keys = _found(corpus, "language")
    if keys.is_empty():
        return None
    code, leader = _leader(corpus, "language", keys)
    return leader._replace(name=language_name(code))


def _top_source(corpus: Corpus) -> Leader | None:
    keys = corpus.domains
    return None if keys.is_empty() else _leader(corpus, "domain", keys)[1]
