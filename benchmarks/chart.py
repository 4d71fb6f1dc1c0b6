"""Measured points in, a small chart as SVG out, drawn by Vega-Lite.

The chart stands beside its table in the docs: lines over a logarithmic axis, one panel
a figure, both starting at zero so that a slope is seen as large as it is.
"""

import json

import vl_convert

_WIDTH, _HEIGHT = 300, 180


def lines(rows, x, title, figures):
    """Return SVG text: one panel for each of the figures.

    Args:
        rows: dictionaries of the x value and the figures.
        x: name of the x value.
        title: of the x axis.
        figures: names, one a panel.
    """
    panels = [
        {
            "width": _WIDTH,
            "height": _HEIGHT,
            "mark": {"type": "line", "point": True, "color": "#1f6f8b"},
            "encoding": {
                "x": {
                    "field": x, "type": "quantitative", "title": title,
                    "scale": {"type": "log"}, "axis": {"format": "~s", "tickCount": 5},
                },
                "y": {
                    "field": figure, "type": "quantitative", "title": figure,
                    "scale": {"zero": True, "domainMin": 0},
                },
            },
        }
        for figure in figures
    ]  # fmt: skip
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "data": {"values": rows},
        "hconcat": panels,
        "config": {"axis": {"gridColor": "#e3e3e3"}, "view": {"stroke": None}},
    }
    return vl_convert.vegalite_to_svg(json.dumps(chart)) + "\n"
