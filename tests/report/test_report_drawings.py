"""Drawings: nothing in them can load or run, and every mark says what it shows."""

from __future__ import annotations

import re

import pytest
from report_profiles import HOSTILE

from audit.report.charts import columns, curves, dots, stacked
from audit.report.svg import clean
from audit.report.vega import Curve, Dot, Segment, ticks

BAD = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 onload="a()" viewBox="0 0 1 1"><script>a()</script><style>*{}</style>
<image href="http://x/y.png"/><foreignObject><p>b</p></foreignObject>
<a xlink:href="javascript:a()"><text>in a link</text></a>
<path d="M0,0.123456" fill="url(http://x)" stroke="var(--ink)" style="fill:red"
 onclick="a()" id="i" aria-label="one &lt;b&gt;"/><text display="none">unseen</text>
<text fill="var(--ink)">kept</text></svg>"""


def test_clean_keeps_only_the_drawing() -> None:
    text = clean(BAD, 'A "title"')
    for gone in ("script", "style", "http", "javascript", "onload", "onclick", "href",
                 "image", "foreignObject", "unseen", "in a link",
                 " id=", "url("):  # fmt: skip
        assert gone not in text, gone
    assert 'aria-label="A &quot;title&quot;"' in text
    assert 'class="mark" role="img"' in text
    assert 'stroke="var(--ink)"' in text
    assert "one &lt;b&gt;" in text
    assert "kept" in text
    assert "M0,0.1" in text
    assert "M0,0.12" not in text


def _charts(name: str) -> dict[str, str]:
    colour = "var(--s1)"
    mark = Dot(name, 0.2, colour, f"{name}: mark", 0.1, 0.3)
    return {
        "stacked": stacked(
            [
                Segment(name, 0.0, 0.6, colour, name, f"{name}: mark"),
                Segment("other", 0.0, 1.0, colour, "b", "second"),
            ],
            name,
        ),
        "dots": dots([mark, Dot("z", 3.0, colour, "second")], name, name, share=True),
        "columns": columns([mark], name, name),
        "curves": curves(
            [Curve(colour, [(0, 0), (0.5, 0.1), (1, 1)], {1: f"{name}: mark"})],
            name,
            "x",
            "y",
        ),
    }


@pytest.mark.parametrize("kind", ["stacked", "dots", "columns", "curves"])
def test_charts_escape_what_they_are_given(kind: str) -> None:
    text = _charts(HOSTILE)[kind]
    tags = set(re.findall(r"<([A-Za-z!/][^\s>/]*)", text))
    assert {tag.strip("/") for tag in tags} <= {
        "svg", "g", "path", "line", "rect", "circle", "text", "tspan"
    }  # fmt: skip
    assert "{{7*7}}: mark" in text
    assert not re.search(r"\b(style|href|on\w+)=", text.replace("onerror=hack", ""))


@pytest.mark.parametrize("kind", ["stacked", "dots", "columns", "curves"])
def test_charts_speak_and_follow_the_theme(kind: str) -> None:
    text = _charts("web")[kind]
    assert 'aria-label="web: mark"' in text
    assert "var(--s1)" in text
    # A fixed colour would stay when the theme changes.
    assert not re.search(r'(fill|stroke)="#', text)
    assert text == _charts("web")[kind]


def test_only_marks_that_say_something_are_marks() -> None:
    text = _charts("web")["dots"]
    # Two marks, drawn for a wide page and for a narrow one.
    assert text.count('class="mark"') == 4


def test_a_drawing_may_not_name_an_address() -> None:
    import vl_convert

    spec = {"data": {"url": "http://localhost:9/x.csv"}, "mark": "bar"}
    with pytest.raises(ValueError, match="localhost"):
        vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(1.0, 10.0, [1.0, 2.0, 5.0, 10.0]),
     (1e-5, 0.9, [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]),
     (5.0, 5.2, [5.0, 5.05, 5.1, 5.15, 5.2]), (3.0, 3.0, [3.0])],
)  # fmt: skip
def test_ticks_of_a_logarithmic_axis(
    low: float, high: float, expected: list[float]
) -> None:
    marks = [Dot("a", low, "", ""), Dot("b", high, "", "")]
    found = ticks(marks)
    assert found == pytest.approx(expected)
