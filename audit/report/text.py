"""The terminal summary: one compact table about one to ten corpora.

In: folders of profiles. Out: a rich renderable that fits 80 columns, with
unbroken heads from 110 on, and with the same figures as the page.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import polars as pl
from rich.console import (
    Console,
    ConsoleOptions,
    Group,
    RenderableType,
    RenderResult,
)
from rich.table import Table
from rich.text import Text

from audit.report.corpora import Corpus, load_corpora
from audit.report.figures import (
    Estimate,
    compact,
    effective,
    interval,
    isolated,
    percent,
)

__all__ = ["printable", "summary_table"]

_TOP = 3
_RESTS = (("url", "by address"), ("field", "by field"), ("none", "not at all"))
_HEADS = (
    ("Docs", 5),
    ("Languages", 9),
    ("Sources", 9),
    ("Near-\ndupl.", 5),
    ("Lo-\ncated", 5),
    ("Cul-\ntures", 4),
    ("Re-\njects", 5),
)
# The same unbroken, from so many columns on.
_WIDE = 110
_WIDE_HEADS = tuple(
    (head, len(head))
    for head in (
        "Documents", "Languages", "Sources", "Near-duplicates", "Located", "Cultures",
        "Rejects",
    )
)  # fmt: skip


def summary_table(profiles: list[Path]) -> RenderableType:
    """Return the table that `corpus-audit profile` prints at its end.

    Two lines a corpus: the figures, and below them the largest languages and the
    intervals of the effective numbers.
    """
    corpora = load_corpora(profiles, most=None)
    note = Text(
        "Languages and sources are effective numbers (Hill 1) with 95% intervals.",
        style="dim",
    )
    below = [Text(), _attribution(corpora), note, *_places(corpora)]
    return _Fitting(*(Group(_table(corpora, h), *below) for h in (_HEADS, _WIDE_HEADS)))


class _Fitting:
    """Shows the second of two renderables where the terminal is wide enough for it."""

    def __init__(self, narrow: RenderableType, wide: RenderableType) -> None:
        self.narrow, self.wide = narrow, wide

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        yield self.wide if options.max_width >= _WIDE else self.narrow


def _table(corpora: list[Corpus], heads: tuple[tuple[str, int], ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Corpus", overflow="fold", min_width=23, vertical="bottom")
    for head, width in heads:
        table.add_column(
            head, justify="right", min_width=width, no_wrap=True, vertical="bottom"
        )
    for place, corpus in enumerate(corpora):
        if place:
            table.add_row()
        table.add_row(*_figures(corpus))
        table.add_row(*_intervals(corpus))
    return table


def printable(text: str) -> str:
    """Return ``text`` without control characters, isolated if it runs right to left."""
    safe = "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(char) in ("Cc", "Cf", "Cs")
        and char not in "\u200c\u200d"
        else char
        for char in text
    )
    return isolated(safe)


def _figures(corpus: Corpus) -> list[Text]:
    located = corpus.share("located_documents")
    values = [
        compact(corpus.documents),
        effective(corpus.estimate("language", "hill_1").value),
        effective(corpus.estimate("domain", "hill_1").value),
        percent(corpus.share("near_duplicate_documents")),
        percent(located),
        str(corpus.n_cultures),
        compact(corpus.summary["rejected"]),
    ]
    return [Text(printable(corpus.label), style="bold"), *(Text(v) for v in values)]


def _intervals(corpus: Corpus) -> list[Text]:
    spans: list[Estimate] = [
        corpus.estimate("language", "hill_1"),
        corpus.estimate("domain", "hill_1"),
    ]
    cells = [_languages(corpus), "", *(interval(span) for span in spans)]
    return [Text(cell, style="dim") for cell in [*cells, "", "", "", ""]]


def _languages(corpus: Corpus) -> str:
    rows = (
        corpus.tables["language"]
        .group_by("language")
        .agg(pl.col("documents").sum())
        .sort(["documents", "language"], descending=[True, False])
        .head(_TOP)
    )
    total = max(corpus.documents, 1)
    return " ".join(f"{code} {_whole(n / total)}" for code, n in rows.iter_rows())


def _attribution(corpora: list[Corpus]) -> Text:
    """Say what the sources of the corpora rest on, in one sentence for all of them."""
    kinds = [words for _, words in _RESTS]
    if len(corpora) == 1:
        shares = zip(_rests(corpora[0]), kinds, strict=True)
        said = ", ".join(f"{share} {words}" for share, words in shares)
        return Text(f"Sources known {said}.")
    said = "; ".join(
        f"{printable(corpus.label)} {', '.join(_rests(corpus))}" for corpus in corpora
    )
    return Text(f"Sources known {', '.join(kinds)}: {said}.")


def _rests(corpus: Corpus) -> list[str]:
    """Return the shares of documents by what their source rests on."""
    rows = corpus.tables["attribution"]
    counts = (int(rows.filter(attributed_by=k)["documents"].sum()) for k, _ in _RESTS)
    return [percent(count / max(corpus.documents, 1)) for count in counts]


def _whole(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "<1%"


def _places(corpora: list[Corpus]) -> list[Text]:
    parents = dict.fromkeys(corpus.folder.parent for corpus in corpora)
    return [
        Text(f"Files: {printable(str(parent))}", style="dim", overflow="fold")
        for parent in parents
    ]
