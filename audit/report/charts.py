"""Charts as inline SVG, drawn at build time by Vega-Lite.

In: marks with their position, colour variable and the sentence that hovering and a
screen reader give. Out: SVG text that holds no script, no style attribute and no
address, whose colours are CSS variables of the page, so that one drawing serves both
themes and print.

Data never enters a Vega expression: everything is computed here and passed as values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from audit.report.vega import (
    INK,
    LABELS,
    QUIET,
    SLIM_LABELS,
    SLIM_WIDTH,
    WIDTH,
    Curve,
    Dot,
    Growth,
    Segment,
    draw,
    fixed,
    rows,
    ticks,
)

__all__ = [
    "Curve",
    "Dot",
    "Growth",
    "Segment",
    "columns",
    "curves",
    "dots",
    "growth",
    "stacked",
]


# Width of the drawing and of its labels, by the room there is.
_SIZES = {
    "wide": (WIDTH, LABELS),
    "slim": (SLIM_WIDTH, SLIM_LABELS),
    "": (WIDTH // 2 - 20, LABELS),
}


def stacked(segments: Sequence[Segment], title: str) -> str:
    """Return bars of shares, one row a corpus, wide segments labelled inside.

    Two drawings: one for a page that has room, one for a narrow one.
    """
    return _stacked(segments, title, "wide") + _stacked(segments, title, "slim")


def _stacked(segments: Sequence[Segment], title: str, fit: str) -> str:
    names = list(dict.fromkeys(segment.row for segment in segments))
    several = len(names) > 1
    bars_width, labels_width = _SIZES[fit]
    width = bars_width if several else bars_width + labels_width
    bars, texts = [], []
    for part in segments:
        bars.append(part._asdict())
        if (part.end - part.start) * width > 9 * len(part.label) + 12:
            texts.append(
                {
                    "row": part.row,
                    "middle": (part.start + part.end) / 2,
                    "label": part.label,
                }
            )
    y = rows(names, labels=several, limit=labels_width)
    x_axis = {"title": None, "format": ".0%", "tickCount": 5}
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": bars},
            "mark": {"type": "bar", "height": {"band": 0.78}, "stroke": "var(--page)"},
            "encoding": {
                "y": y,
                "x": {
                    "field": "start",
                    "type": "quantitative",
                    "axis": x_axis,
                    "scale": {"domain": [0, 1], "nice": False},
                },
                "x2": {"field": "end"},
                "color": fixed(),
                "description": {"field": "hint"},
            },
        },
        {
            "data": {"values": texts},
            "mark": {
                "type": "text",
                "aria": False,
                "color": "var(--on-colour)",
                "fontSize": 12,
            },
            "encoding": {
                "y": y,
                "x": {"field": "middle", "type": "quantitative"},
                "text": {"field": "label"},
            },
        },
    ]
    step = 38 if several else 56
    return draw(layers, title, fit=fit, width=width, height={"step": step})


def dots(
    marks: Sequence[Dot],
    title: str,
    axis_title: str,
    *,
    share: bool,
    small: bool = False,
) -> str:
    """Return points in labelled rows on a logarithmic axis, with their intervals.

    Small charts fit a narrow page as they are; others are drawn a second time for it.
    """
    if small:
        return _dots(marks, title, axis_title, share, "")
    return _dots(marks, title, axis_title, share, "wide") + _dots(
        marks, title, axis_title, share, "slim"
    )


def _dots(
    marks: Sequence[Dot], title: str, axis_title: str, share: bool, fit: str
) -> str:
    names = list(dict.fromkeys(mark.row for mark in marks))
    values = [
        {
            **mark._asdict(),
            "low": None if math.isnan(mark.low) else mark.low,
            "high": None if math.isnan(mark.high) else mark.high,
        }
        for mark in marks
    ]
    width, labels_width = _SIZES[fit]
    y = rows(names, limit=labels_width)
    y["axis"] = {**y["axis"], "grid": True}
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 12},
        "axis": {
            "title": axis_title,
            "format": "~p" if share else ",~r",
            "values": ticks(marks),
            "grid": True,
            "labelOverlap": "greedy" if fit == "slim" else "parity",
        },
    }
    whiskers = [row for row in values if row["low"] is not None and row["low"] > 0]
    layers = [
        {
            "data": {"values": whiskers},
            "mark": {"type": "rule", "aria": False, "strokeWidth": 2, "opacity": 0.55},
            "encoding": {
                "y": y,
                "x": {**x, "field": "low"},
                "x2": {"field": "high"},
                "color": fixed(),
            },
        },
        {
            "data": {"values": values},
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {
                "y": y,
                "x": x,
                "color": fixed(),
                "shape": {**fixed("shape")},
                "description": {"field": "hint"},
            },
        },
    ]
    return draw(layers, title, fit=fit, width=width, height={"step": 26})


def curves(lines: Sequence[Curve], title: str, x_title: str, y_title: str) -> str:
    """Return lines in the unit square with the diagonal of perfect equality."""
    path = [
        {"x": x, "y": y, "colour": line.colour, "dash": list(line.dash)}
        for line in lines
        for x, y in line.points
    ]
    marks = [
        {
            "x": line.points[place][0],
            "y": line.points[place][1],
            "colour": line.colour,
            "hint": hint,
        }
        for line in lines
        for place, hint in line.hints.items()
    ]
    square = {"domain": [0, 1]}
    axis = {"format": ".0%", "tickCount": 5, "grid": True}
    x = {"field": "x", "type": "quantitative", "scale": square}
    y = {"field": "y", "type": "quantitative", "scale": square}
    x["axis"], y["axis"] = {**axis, "title": x_title}, {**axis, "title": y_title}
    layers = [
        {
            "data": {"values": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]},
            "mark": {
                "type": "line",
                "aria": False,
                "strokeDash": [4, 4],
                "color": QUIET,
                "size": 1,
            },
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": path},
            "mark": {
                "type": "line",
                "aria": False,
                "strokeWidth": 2.5,
                "interpolate": "linear",
            },
            "encoding": {
                "x": x,
                "y": y,
                "color": fixed(),
                "strokeDash": fixed("dash"),
            },
        },
        {
            "data": {"values": marks},
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {
                "x": x,
                "y": y,
                "color": fixed(),
                "description": {"field": "hint"},
            },
        },
    ]
    return draw(layers, title, width=430, height=380)


def growth(lines: Sequence[Growth], title: str, x_title: str, y_title: str) -> str:
    """Return curves over sample size, logarithmic; faint beyond the sample."""
    return "".join(
        _growth(lines, title, x_title, y_title, fit) for fit in ("wide", "slim")
    )


def _growth(
    lines: Sequence[Growth], title: str, x_title: str, y_title: str, fit: str
) -> str:
    def encoding(name: str, axis_title: str) -> dict[str, Any]:
        axis = {"title": axis_title, "format": "~s", "grid": True, "tickCount": 5}
        scale = {"type": "log", "nice": False}
        return {"field": name, "type": "quantitative", "scale": scale, "axis": axis}

    x, y = encoding("x", x_title), encoding("y", y_title)
    layers: list[dict[str, Any]] = []
    for part, opacity in (("inside", 1.0), ("beyond", 0.45)):
        path = [
            {"x": size, "y": value, "colour": line.colour, "dash": list(line.dash)}
            for line in lines
            for size, value in getattr(line, part)
            if value > 0
        ]
        mark = {"type": "line", "aria": False, "strokeWidth": 2.5, "opacity": opacity}
        layer = {"x": x, "y": y, "color": fixed(), "strokeDash": fixed("dash")}
        layers.append({"data": {"values": path}, "mark": mark, "encoding": layer})
    ends = [
        {
            "x": line.inside[-1][0],
            "y": line.inside[-1][1],
            "colour": line.colour,
            "shape": line.shape,
            "hint": line.hint,
        }
        for line in lines
    ]
    layers.append(
        {
            "data": {"values": ends},
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
            "encoding": {
                "x": x,
                "y": y,
                "color": fixed(),
                "shape": fixed("shape"),
                "description": {"field": "hint"},
            },
        }
    )
    width = WIDTH + 60 if fit == "wide" else SLIM_WIDTH + 40
    return draw(layers, title, fit=fit, width=width, height=300)


def columns(marks: Sequence[Dot], title: str, axis_title: str) -> str:
    """Return grouped columns of shares: `row` is the bin, `x` the height."""
    names = list(dict.fromkeys(mark.row for mark in marks))
    series = list(dict.fromkeys(mark.offset for mark in marks))
    layer = {
        "data": {"values": [mark._asdict() for mark in marks]},
        "mark": {"type": "bar", "width": {"band": 0.92}},
        "encoding": {
            "x": {
                "field": "row",
                "type": "nominal",
                "sort": names,
                "axis": {"title": axis_title, "labelAngle": 0, "labelColor": INK},
                "scale": {"paddingInner": 0.3},
            },
            "xOffset": {"field": "offset", "type": "nominal", "sort": series},
            "y": {
                "field": "x",
                "type": "quantitative",
                "axis": {
                    "title": "share of documents",
                    "format": "~p",
                    "grid": True,
                    "tickCount": 4,
                },
            },
            "color": fixed(),
            "description": {"field": "hint"},
        },
    }
    for mark in layer["data"]["values"]:  # type: ignore[index]
        mark["low"] = mark["high"] = None
    return draw([layer], title, width=WIDTH // 2 + 20, height=200)
