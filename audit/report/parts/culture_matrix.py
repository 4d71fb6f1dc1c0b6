"""Which cultures the documents of each language refer to, as a heat map.

In: a corpus. Out: a `Sheet` shaded by the shares of its rows: the largest languages
down, the largest cultures across, all others of each added up. A document that refers
to two cultures counts for both, so a row is a share of what refers to any culture.
"""

from __future__ import annotations

import polars as pl

from audit.measures.coverage import language_culture_matrix
from audit.report.corpora import Corpus
from audit.report.figures import count
from audit.report.names import country_name, language_name
from audit.report.sheet import Cell, Column, Sheet, counted, named, shaded, shared

__all__ = ["culture_matrix"]

# Languages and cultures with a row or a column, of few corpora and of more.
_KEPT, _KEPT_OF_MANY, _FEW = 10, 6, 3


def culture_matrix(corpus: Corpus, n_corpora: int) -> Sheet:
    """Return the heat map of one corpus, without rows where nothing is located.

    Args:
        corpus: Whose ``culture_mix`` is shown.
        n_corpora: How many corpora share the page: each has less room on it.
    """
    mix = corpus.tables["culture_mix"].filter(pl.col("documents") > 0)
    cells = language_culture_matrix(mix, _KEPT if n_corpora <= _FEW else _KEPT_OF_MANY)
    n_others = {
        key: mix[key].n_unique() - cells[key].drop_nulls().n_unique()
        for key in ("language", "culture")
    }
    names = [
        f"other ({count(n_others['culture'])})" if code is None else country_name(code)
        for code in cells["culture"].unique(maintain_order=True)
    ]
    rows = []
    for part in cells.partition_by("language", maintain_order=True):
        language, n_docs = part["language"][0], int(part["count"].sum())
        others = f"other ({count(n_others['language'])})"
        row = [
            named(others)
            if language is None
            else named(language_name(language), language)
        ]
        shown = part.select("culture", "count", "share").iter_rows()
        row += [_cell(*cell) for cell in shown]
        rows.append([*row, counted(n_docs)])
    heads = [Column("Language", False), *map(Column, names), Column("documents")]
    caption = f"Share of what refers to any culture, by language: {corpus.label}"
    note = (
        "Each row adds up to 100%; a document counts once for every culture it refers "
        "to. Darker is more, on a square-root scale; a dot is a culture that no "
        "document of the language refers to."
    )
    return Sheet(
        f"matrix-{corpus.slot}", caption, heads, rows, note, search=False, dense=True
    )


def _cell(culture: str | None, n_documents: int, share: float) -> Cell:
    """Return a cell, shaded against the whole row, so that corpora can be compared.

    Not so what is added up: it would be among the darkest, and says the least.
    """
    hint = f"{count(n_documents)} documents"
    if culture is None:
        return shared(share, hint=hint)._replace(bar=0)
    return shaded(share, 1.0, hint)
