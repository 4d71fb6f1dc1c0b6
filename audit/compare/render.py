"""Results as text for a terminal and as Markdown for a pull request.

In: `Section`s, which `audit.compare.sections` makes of a result. Out: strings. The two
writers know nothing of what they write, so that a figure cannot differ between them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Section",
    "interval",
    "key_name",
    "number",
    "percent",
    "points",
    "signed",
    "to_json",
    "to_markdown",
    "to_text",
]


@dataclass(frozen=True)
class Section:
    """A heading, sentences and at most one table.

    Attributes:
        title: Heading; empty for none.
        text: Paragraphs before the table.
        header: Column names; a name that ends in ``>`` is aligned right.
        rows: Cells as text.
    """

    title: str
    text: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()


def to_json(value: dict[str, Any]) -> str:
    """Return JSON with a final newline; NaN is refused, keys keep their order."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_text(sections: Sequence[Section], *, width: int = 100) -> str:
    """Return sections as plain text with aligned tables, wide characters included."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out, width=width, no_color=True, highlight=False, emoji=False
    )
    for section in sections:
        if section.title:
            console.print(Text(section.title))
        for paragraph in section.text:
            console.print(Text(paragraph))
        if section.header:
            table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
            for name in section.header:
                right = name.endswith(">")
                table.add_column(
                    Text(name.rstrip(">")),
                    justify="right" if right else "left",
                    no_wrap=right,
                    overflow="fold",
                )
            for row in section.rows:
                table.add_row(*(Text(cell) for cell in row))
            console.print(table)
        console.print()
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return "\n".join(lines).rstrip("\n") + "\n"


def to_markdown(sections: Sequence[Section]) -> str:
    """Return sections as GitHub Markdown; cells cannot break out of their table."""
    parts = []
    for section in sections:
        if section.title:
            parts.append(f"## {_escape(section.title)}")
        parts += [_escape(paragraph) for paragraph in section.text]
        if section.header:
            names = [_escape(name.rstrip(">")) for name in section.header]
            rule = ["---:" if n.endswith(">") else "---" for n in section.header]
            lines = [names, rule, *([_escape(c) for c in row] for row in section.rows)]
            parts.append("\n".join("| " + " | ".join(line) + " |" for line in lines))
    return "\n\n".join(parts) + "\n"


def _escape(text: str) -> str:
    for char in ("\\", "|", "*", "_", "`", "<", "[", "]", "#"):
        text = text.replace(char, "&lt;" if char == "<" else "\\" + char)
    return " ".join(text.split())


def percent(value: float | None, digits: int = 2) -> str:
    """Return a share as percent."""
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def points(value: float | None) -> str:
    """Return a difference of shares in percentage points."""
    return "-" if value is None else f"{100 * value:+.2f}"


def number(value: float | None) -> str:
    """Return a figure with four digits, thousands apart."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def interval(low: float | None, high: float | None, show: Callable[..., str]) -> str:
    """Return both bounds, or a dash."""
    return "-" if low is None or high is None else f"{show(low)} to {show(high)}"


def key_name(key: str) -> str:
    """Return a key; the empty one is called (none)."""
    return key or "(none)"


def signed(value: float | None) -> str:
    """Return a difference with its sign."""
    return "-" if value is None else f"{value:+.4g}"
