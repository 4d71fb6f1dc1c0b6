"""The frame of every chart: marks, axes, and the call of the chart library.

In: layers of a Vega-Lite specification that hold their data as values. Out: clean SVG
text. Nothing is fetched: a specification that names an address is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from audit.report.svg import clean

__all__ = [
    "GRID",
    "INK",
    "LABELS",
    "QUIET",
    "SHAPES",
    "SLIM_LABELS",
    "SLIM_WIDTH",
    "WIDTH",
    "Curve",
    "Dot",
    "Growth",
    "Segment",
    "dashes",
    "draw",
    "fixed",
    "rows",
    "ticks",
]

INK, QUIET, GRID = "var(--ink)", "var(--quiet)", "var(--grid)"
# In pixels: a page that has room, and a telephone.
WIDTH, LABELS = 760, 150
SLIM_WIDTH, SLIM_LABELS = 250, 92


# Corpora are told apart by shape or dash too, for eyes that take colours for alike.
# Vega's names of shapes; `dashes` of strokes. The diamond stands for the world.
SHAPES = (
    "circle", "square", "triangle-up", "cross", "triangle-down", "circle", "square",
    "triangle-up", "cross", "triangle-down",
)  # fmt: skip
_DASHES = ((1, 0), (7, 3), (2, 3), (9, 3, 2, 3), (4, 2))


def dashes(slot: int) -> list[int]:
    """Return the dash pattern of a corpus by its number from 1."""
    return list(_DASHES[(slot - 1) % len(_DASHES)])


class Segment(NamedTuple):
    """Part of a stacked bar: its row, place from 0 to 1, colour, label, sentence."""

    row: str
    start: float
    end: float
    colour: str
    label: str
    hint: str


class Dot(NamedTuple):
    """A point with an optional interval, in the row of a chart."""

    row: str
    x: float
    colour: str
    hint: str
    low: float = math.nan
    high: float = math.nan
    # Where in the row, from -1 (top) to 1 (bottom).
    offset: float = 0.0
    shape: str = "circle"


class Curve(NamedTuple):
    """A line and the points on it that say something; ``dash`` as in SVG."""

    colour: str
    points: list[tuple[float, float]]
    hints: dict[int, str]
    dash: tuple[int, ...] = (1, 0)


class Growth(NamedTuple):
    """A curve over the size of a sample: inside it, beyond it, and what it shows."""

    colour: str
    inside: list[tuple[int, float]]
    beyond: list[tuple[int, float]]
    hint: str
    dash: tuple[int, ...]
    shape: str


def draw(
    layers: list[dict[str, Any]], title: str, *, fit: str = "", **spec: Any
) -> str:
    """Return layers, drawn with the axes of the page, as clean SVG.

    Args:
        layers: Of a Vega-Lite specification.
        title: What a screen reader says of the chart.
        fit: ``wide`` or ``slim`` where the page shows one of two drawings.
        spec: The rest of the specification.
    """
    import vl_convert

    axis = {
        "domain": False,
        "ticks": False,
        "grid": False,
        "labelColor": QUIET,
        "titleColor": QUIET,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "labelPadding": 8,
    }
    full = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": None,
        "padding": 2,
        "config": {"axis": axis, "view": {"stroke": None}},
        "layer": layers,
        **spec,
    }
    drawing = vl_convert.vegalite_to_svg(full, allowed_base_urls=[])
    return clean(drawing, title, fit)


def rows(
    names: Sequence[str], *, labels: bool = True, limit: int = LABELS
) -> dict[str, Any]:
    """Return the encoding of named rows in the order given."""
    axis: dict[str, Any] | None = {
        "title": None,
        "labelLimit": limit,
        "labelColor": INK,
    }
    return {
        "field": "row",
        "type": "nominal",
        "sort": list(names),
        "axis": axis if labels else None,
    }


def fixed(colour: str = "colour") -> dict[str, Any]:
    """Return the encoding of a field whose values are drawn as they are."""
    return {"field": colour, "type": "nominal", "scale": None, "legend": None}


def ticks(marks: Sequence[Dot]) -> list[float]:
    """Return 1, 2, 5 times the powers of ten that the marks span; fewer if wide."""
    ends = [end for mark in marks for end in (mark.x, mark.low, mark.high) if end > 0]
    low, high = min(ends), max(ends)
    steps = (1, 2, 5) if high / low < 300 else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marked = [step * 10.0**decade for decade in decades for step in steps]
    inside = [tick for tick in marked if low * 0.8 <= tick <= high * 1.25]
    if len(inside) < 3:
        step = 10.0 ** math.floor(math.log10(max(high - low, high / 100)))
        step = next(
            s for s in (step / 5, step / 2, step, 2 * step) if high - low < 6 * s
        )
        first, last = math.ceil(low / step), math.floor(high / step)
        inside = [place * step for place in range(first, last + 1)] or inside
    return [round(tick, 12) for tick in inside]
