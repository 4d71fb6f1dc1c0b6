"""A table as the page shows it: typed columns, cells with text and a sort value.

In: rows of cells. Out: `Sheet`, which one template macro renders for every table of the
page, so that all of them sort, search, print and read aloud in the same way.
"""

from __future__ import annotations

from typing import NamedTuple

from audit.report.figures import count, percent

__all__ = ["Cell", "Column", "Sheet", "counted", "named", "shaded", "shared"]


class Column(NamedTuple):
    """One column: heading, whether it holds numbers, colour of its corpus or 0."""

    label: str
    numeric: bool = True
    slot: int = 0


class Cell(NamedTuple):
    """One cell.

    Attributes:
        text: What is shown.
        value: What it sorts by; None sorts by the text.
        extra: A second, quieter text.
        lang: BCP 47 tag of ``extra``.
        bar: Length of the bar behind the number, 0 to 50 (steps of 2 percent).
        heat: Shade of the cell, 0 to 8.
        hint: What hovering and a screen reader add.
    """

    text: str
    value: float | None = None
    extra: str = ""
    lang: str = ""
    bar: int = 0
    heat: int = 0
    hint: str = ""


class Sheet(NamedTuple):
    """One table of the page.

    Attributes:
        key: Part of its HTML id.
        caption: Read by screen readers and printed above.
        columns: Headings; the first column heads its row.
        rows: Cells, as many as columns.
        note: What was left out, if anything.
        search: Whether it has a search box.
        dense: Narrow columns with upright headings: a grid to look at as a picture.
    """

    key: str
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
    note: str = ""
    search: bool = True
    dense: bool = False


def named(text: str, extra: str = "", lang: str = "") -> Cell:
    """Return a cell of text."""
    return Cell(text, extra=extra, lang=lang)


def counted(value: int | None) -> Cell:
    """Return a cell with a count."""
    return Cell(count(value), float(value) if value is not None else -1.0)


def shared(share: float | None, *, largest: float = 1.0, hint: str = "") -> Cell:
    """Return a cell with a share and a bar against the largest share of its table."""
    if share is None:
        return Cell("–", -1.0)
    if share == 0:
        # Most cells of a wide table are these: "0 documents ..." in each is bulk only.
        return Cell("·", 0.0, hint="none" if hint else "")
    bar = max(1, round(50 * share / largest)) if largest else 0
    return Cell(percent(share), share, bar=min(bar, 50), hint=hint)


def shaded(share: float, largest: float, hint: str) -> Cell:
    """Return a cell of a heat map: a share, shaded against the largest share of it."""
    if not share:
        return Cell("·", 0.0, hint="not mentioned")
    # Square root: differences among rare cells stay visible beside a giant.
    heat = max(1, round(8 * (share / largest) ** 0.5))
    return Cell(percent(share), share, heat=heat, hint=hint)
