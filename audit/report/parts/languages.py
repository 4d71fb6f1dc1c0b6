"""Languages and scripts: the mix, the shares of the world's speakers, every language.

In: corpora. Out: `Languages`: charts by documents and by characters, and one table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from audit.report.charts import Dot, dots
from audit.report.corpora import Corpus
from audit.report.figures import count, isolated, percent
from audit.report.names import (
    SPECIAL,
    endonym,
    language_name,
    language_tag,
    script_name,
)
from audit.report.parts.mixes import Legend, counts_by_corpus, mix_chart
from audit.report.sheet import Cell, Column, Sheet, counted, named, shared
from audit.report.vega import SHAPES
from audit.resources.speakers import speakers

__all__ = ["Languages", "languages", "speaker_shares"]

# Rows of the table, over all corpora together.
_ROWS = 300
_SPEAKER_ROWS = 20


class Languages(NamedTuple):
    """The language part of the page."""

    by_documents: str
    by_characters: str
    by_paragraphs: str
    mixed: list[tuple[str, int, str, str]]
    legend: Legend
    scripts: str
    script_legend: Legend
    speakers: str
    sheet: Sheet


def speaker_shares() -> dict[str, float]:
    """Return shares of all speakers, second languages too, by ISO 639-3 code."""
    table = speakers()
    people = table["speakers"].to_pylist()
    total = sum(people)
    codes = table["language"].to_pylist()
    return {code: n / total for code, n in zip(codes, people, strict=True)}


def languages(corpora: Sequence[Corpus]) -> Languages:
    """Return the language part for one or several corpora."""
    n_docs = counts_by_corpus(corpora, "language", "language")
    # The same keys in the same colours, whichever weight is shown.
    order = _like(
        n_docs, counts_by_corpus(corpora, "language", "language", "characters")
    )
    scripts = counts_by_corpus(corpora, "language", "script")
    expected = speaker_shares()
    by_documents, legend = mix_chart(
        corpora, n_docs, language_name, "Languages by documents", "documents"
    )
    by_characters, _ = mix_chart(
        corpora, order, language_name, "Languages by characters", "characters"
    )
    paragraphs = _like(
        n_docs, counts_by_corpus(corpora, "language_segments", "language", "characters")
    )
    by_paragraphs, _ = mix_chart(
        corpora, paragraphs, language_name, "Languages by paragraph", "characters"
    )
    script_chart, script_legend = mix_chart(
        corpora, scripts, script_name, "Scripts by documents", "documents"
    )
    return Languages(
        by_documents,
        by_characters,
        by_paragraphs,
        [_mixed(corpus) for corpus in corpora],
        legend,
        script_chart,
        script_legend,
        _speakers(corpora, n_docs, expected) if expected else "",
        _sheet(corpora, n_docs, order, expected),
    )


def _like(n_docs: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """Return ``counts`` with the keys in the order of ``n_docs``, others after."""
    place = n_docs.select("key", place=pl.int_range(pl.len()))
    joined = counts.join(place, on="key", how="left", maintain_order="left")
    return joined.sort("place", nulls_last=True, maintain_order=True).drop("place")


def _mixed(corpus: Corpus) -> tuple[str, int, str, str]:
    outside = corpus.summary["characters_outside_main_language"]
    part = outside / max(corpus.summary["characters"], 1)
    mixed = percent(corpus.share("mixed_documents"))
    return corpus.label, corpus.slot, mixed, percent(part)


def _speakers(
    corpora: Sequence[Corpus], n_docs: pl.DataFrame, expected: Mapping[str, float]
) -> str:
    largest = sorted(expected, key=lambda code: (-expected[code], code))
    rows = {row["key"]: row for row in n_docs.iter_rows(named=True)}
    marks = []
    for code in largest[:_SPEAKER_ROWS]:
        name, people = language_name(code), expected[code]
        hint = f"{name}: {percent(people)} of the world's speakers"
        marks.append(Dot(name, people, "var(--quiet)", hint, shape="diamond"))
        for corpus in corpora:
            amount = rows.get(code, {}).get(str(corpus.slot), 0)
            if amount and corpus.documents:
                share = amount / corpus.documents
                text = f"{isolated(corpus.label)}: {name} {percent(share)} of documents"
                marks.append(
                    Dot(
                        name, share, f"var(--s{corpus.slot})", text,
                        shape=SHAPES[corpus.slot - 1],
                    )
                )  # fmt: skip
    title = "Share of documents against share of the world's speakers"
    return dots(marks, title, "share, logarithmic", share=True)


def _sheet(
    corpora: Sequence[Corpus],
    n_docs: pl.DataFrame,
    n_chars: pl.DataFrame,
    expected: Mapping[str, float],
) -> Sheet:
    single = len(corpora) == 1
    heads = [Column("Language", False), Column("Code", False), Column("Scripts", False)]
    heads += [Column("Speakers")] if expected else []
    for corpus in corpora:
        if single:
            heads += [Column("Documents"), Column("Share of documents")]
            heads += [Column("Share of characters"), Column("Mean confidence")]
        else:
            heads.append(Column(corpus.label, slot=corpus.slot))
    scripts = _scripts(corpora)
    sure = _confidence(corpora[0]) if single else {}
    largest = _largest(corpora, n_docs)
    chars = {row["key"]: row for row in n_chars.iter_rows(named=True)}
    rows = []
    for row in n_docs.head(_ROWS).iter_rows(named=True):
        code = row["key"]
        cells = [
            named(language_name(code), endonym(code), language_tag(code)),
            named(code),
            named(", ".join(scripts.get(code, []))),
        ]
        if expected:
            cells.append(_people(None if code in SPECIAL else expected.get(code)))
        for corpus in corpora:
            amount = row[str(corpus.slot)]
            share = amount / max(corpus.documents, 1)
            n_characters = chars[code][str(corpus.slot)]
            volume = n_characters / max(corpus.summary["characters"], 1)
            hint = f"{count(amount)} documents, {percent(volume)} of characters"
            cell = shared(share, largest=largest, hint="" if single else hint)
            if single:
                trust = sure.get(code, 0.0)
                cells += [counted(amount), cell, shared(volume, largest=largest)]
                cells.append(Cell(f"{trust:.2f}", trust))
            else:
                cells.append(cell)
        rows.append(cells)
    left = n_docs.height - len(rows)
    note = f"{count(left)} rarer languages are in language.parquet." if left else ""
    caption = "Languages, by share of documents"
    return Sheet("languages", caption, heads, rows, note)


def _people(share: float | None) -> Cell:
    return Cell("–", -1.0) if share is None else Cell(percent(share), share)


def _largest(corpora: Sequence[Corpus], n_docs: pl.DataFrame) -> float:
    shares = [
        max(n_docs[str(corpus.slot)].to_list(), default=0) / max(corpus.documents, 1)
        for corpus in corpora
    ]
    return float(max(shares)) or 1.0


def _scripts(corpora: Sequence[Corpus]) -> dict[str, list[str]]:
    frames = [
        corpus.tables["language"].select("language", "script", "documents")
        for corpus in corpora
    ]
    rows = (
        pl.concat(frames)
        .group_by("language", "script")
        .agg(pl.col("documents").sum())
        .sort(["documents", "script"], descending=[True, False])
    )
    found: dict[str, list[str]] = {}
    for language, script, _ in rows.iter_rows():
        found.setdefault(language, []).append(script)
    return found


def _confidence(corpus: Corpus) -> dict[str, float]:
    rows = (
        corpus.tables["language"]
        .group_by("language")
        .agg(pl.col("confidence_micros", "documents").sum())
        .filter(pl.col("documents") > 0)
    )
    return {
        language: micros / 1e6 / n_docs for language, micros, n_docs in rows.iter_rows()
    }
