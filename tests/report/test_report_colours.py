"""Colours can be told apart, by eyes that see few of them too, and text be read."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

CSS = Path(__file__).parents[2] / "audit" / "report" / "static" / "page.css"
# Machado, Oliveira and Fernandes (2009), severity 1: dichromats, in linear RGB.
SEEN_BY = {
    "everyone": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
WHITE = np.array([0.9505, 1.0, 1.089])


def themes() -> dict[str, dict[str, str]]:
    """Return the variables of the light and of the dark theme."""
    blocks = re.findall(
        r":root(\[data-theme=dark\])?\{(.*?)\n\}", CSS.read_text(), re.S
    )
    return {
        "dark" if dark else "light": dict(re.findall(r"--([\w-]+):(#\w+)", body))
        for dark, body in blocks[:2]
    }


def linear(colour: str) -> np.ndarray:
    digits = colour.lstrip("#")
    digits = "".join(2 * c for c in digits) if len(digits) == 3 else digits
    share = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return CIE Lab of linear RGB, where distances are near to what eyes tell."""
    x, y, z = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    x, y, z = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, two: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""
    light = sorted(float(TO_XYZ[1] @ linear(c)) for c in (one, two))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("eyes", SEEN_BY)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("family", "n"), [("c", 9), ("s", 10)])
def test_colours_of_a_chart_are_told_apart(
    family: str, n: int, theme: str, eyes: str
) -> None:
    colours = themes()[theme]
    matrix = np.array(SEEN_BY[eyes])
    seen = [lab(matrix @ linear(colours[f"{family}{i}"])) for i in range(1, n + 1)]
    apart = {
        (i, j): float(np.linalg.norm(seen[i] - seen[j]))
        for i, j in itertools.combinations(range(n), 2)
    }
    # A distance of 2.3 is just seen; neighbours of a bar touch, so theirs is larger.
    assert min(apart.values()) > 12, min(apart, key=apart.__getitem__)
    assert min(apart[i, i + 1] for i in range(n - 1)) > 30


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_on_a_segment_can_be_read(theme: str) -> None:
    colours = themes()[theme]
    for place in range(10):
        assert contrast(colours[f"c{place}"], colours["on-colour"]) >= 4.5, place


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_of_a_corpus_stand_out_from_the_page(theme: str) -> None:
    colours = themes()[theme]
    for place in range(1, 11):
        assert contrast(colours[f"s{place}"], colours["page"]) >= 3, place
