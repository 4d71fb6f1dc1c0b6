"""How few hold how much, as tables of the page.

In: corpora. Out: sheets made of ``attribution``, ``concentration`` and
``source_farms``; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from audit.report.corpora import Corpus
from audit.report.figures import count, effective, percent, points
from audit.report.names import language_name
from audit.report.sheet import Cell, Column, Sheet, counted, named, shared

__all__ = ["attribution", "concentration", "farms", "languages"]

_KINDS = {"url": "By address", "field": "By field or file name", "none": "Not at all"}
_FACETS = {
    "domain": "Registered domains", "platform": "Platforms",
    "operator": "Operators of platforms", "category": "Kinds of source",
    "source_country": "Home countries",
}  # fmt: skip
_LANGUAGES = 40
_FARMS = 30


def attribution(corpora: Sequence[Corpus]) -> Sheet:
    """Return the shares attributed by address, by field, and not at all."""
    heads = [Column("Source known", False)]
    for corpus in corpora:
        label = corpus.label if len(corpora) > 1 else "Share of documents"
        heads.append(Column(label, slot=corpus.slot if len(corpora) > 1 else 0))
        if len(corpora) == 1:
            heads.append(Column("Share of characters"))
    rows = []
    for kind, words in _KINDS.items():
        cells = [named(words)]
        for corpus in corpora:
            rest = corpus.tables["attribution"].filter(attributed_by=kind)
            shares = [
                int(rest[weight].sum()) / max(corpus.summary[weight], 1)
                for weight in ("documents", "characters")
            ]
            hint = f"{percent(shares[1])} of characters"
            cells.append(shared(shares[0], hint=hint))
            if len(corpora) == 1:
                cells.append(shared(shares[1]))
        rows.append(cells)
    return Sheet("attribution", "What sources rest on", heads, rows, search=False)


def concentration(corpora: Sequence[Corpus]) -> Sheet:
    """Return the concentration of each corpus, by facet."""
    rows = [
        [named(words), *_of(corpus, corpora), *_measures(row)]
        for facet, words in _FACETS.items()
        for corpus in corpora
        for row in _rows(corpus, facet).filter(language="").iter_rows(named=True)
    ]
    heads = [Column("What", False), *_corpus_head(corpora), *_MEASURES]
    note = (
        "Shares are of all documents, those without source among them; effective "
        "number, HHI and Gini are of those that have one. By characters: "
        "concentration.parquet."
    )
    caption = "Concentration of documents"
    # Many rows scroll in their own frame; it comes with the search.
    return Sheet("concentration", caption, heads, rows, note, len(rows) > 12)


def languages(corpora: Sequence[Corpus]) -> Sheet:
    """Return the concentration of domains inside the largest languages."""
    rows, left = [], 0
    for corpus in corpora:
        found = _rows(corpus, "domain").filter(pl.col("language") != "")
        ordered = found.sort(["total", "language"], descending=[True, False])
        kept = ordered.head(max(_LANGUAGES // len(corpora), 5))
        left += len(found) - len(kept)
        for row in kept.iter_rows(named=True):
            name = named(language_name(row["language"]), row["language"])
            rows.append([name, *_of(corpus, corpora), *_measures(row)])
    heads = [Column("Language", False), *_corpus_head(corpora), *_MEASURES]
    note = f"{count(left)} smaller languages are in concentration.parquet."
    return Sheet(
        "concentration-languages",
        "Concentration of documents over domains, inside each language",
        heads,
        rows,
        note if left else "",
    )


def farms(corpora: Sequence[Corpus]) -> Sheet:
    """Return the groups of domains that look made by one machine."""
    found = [
        (row, corpus)
        for corpus in corpora
        for row in corpus.tables["source_farms"].iter_rows(named=True)
    ]
    found.sort(key=lambda pair: (-pair[0]["share"], pair[0]["shape"]))
    rows = [
        [
            Cell(row["shape"], extra=", ".join(row["examples"][:3])),
            named(corpus.label),
            counted(row["domains"]),
            counted(row["documents"]),
            shared(row["share"]),
            Cell(points(row["score"]), row["score"]),
        ]
        for row, corpus in found[:_FARMS]
    ]
    heads = [Column("Shape", False), Column("Corpus", False)]
    names = ("Domains", "Documents", "Share of documents", "Score")
    left = len(found) - len(rows)
    note = f"{count(left)} smaller groups are in source_farms.parquet." if left else ""
    caption = "Groups of domains of one shape under cheap suffixes"
    return Sheet("farms", caption, heads + [Column(n) for n in names], rows, note)


_MEASURES = [
    Column(name)
    for name in (
        "Documents", "No source", "Keys", "Top 1", "Top 10", "Top 10 %", "Effective",
        "HHI", "Gini",
    )
]  # fmt: skip


def _corpus_head(corpora: Sequence[Corpus]) -> list[Column]:
    return [Column("Corpus", False)] if len(corpora) > 1 else []


def _of(corpus: Corpus, corpora: Sequence[Corpus]) -> list[Cell]:
    """Return the cell that names the corpus, where there are several."""
    return [named(corpus.label)] if len(corpora) > 1 else []


def _rows(corpus: Corpus, facet: str) -> pl.DataFrame:
    return corpus.tables["concentration"].filter(facet=facet, weight="documents")


def _measures(row: dict[str, float | None]) -> list[Cell]:
    """Return the cells of one row of `concentration`, in the order of `_MEASURES`."""
    total, without = int(row["total"] or 0), int(row["unattributed"] or 0)
    shares = [row["top_1_share"], row["top_10_share"], row["top_tenth_share"]]
    figures = [
        Cell("–", -1.0) if value is None else Cell(write(value), value)
        for value, write in (
            (row["hill_1"], effective), (row["hhi"], points), (row["gini"], points),
        )
    ]  # fmt: skip
    keys = int(row["keys"] or 0)
    missing = shared(without / max(total, 1))
    return [counted(total), missing, counted(keys), *map(shared, shares), *figures]
