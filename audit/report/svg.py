"""Turns the SVG of the chart library into SVG that is safe and light to inline.

In: SVG text, and the title of the chart. Out: the same drawing with only the elements
and attributes named here: no script, no style, no address, no identifier. Marks that
carry a sentence keep it as ``aria-label``; all other parts are hidden from readers.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

__all__ = ["clean"]

_NS = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {"svg", "g", "path", "line", "rect", "circle", "text", "tspan"}
_ATTRIBUTES = {
    "viewBox", "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry",
    "dx", "dy", "width", "height", "transform", "fill", "stroke", "stroke-width",
    "stroke-dasharray", "stroke-miterlimit", "stroke-opacity", "fill-opacity",
    "opacity", "text-anchor", "font-size", "font-weight", "clip-rule", "fill-rule",
}  # fmt: skip
# Colours, lengths, paths and transforms; nothing that could load or run.
_SAFE_VALUE = re.compile(r"[-+0-9A-Za-z.,#%() \n]*\Z")
_DIGITS = re.compile(r"(\d+\.\d)\d+")


def clean(svg: str, title: str, fit: str = "") -> str:
    """Return ``svg`` reduced to drawing, with its title and its marks named.

    Args:
        svg: As the chart library gives it.
        title: What a screen reader says of it.
        fit: Another class of the drawing, or none.
    """
    root = ET.fromstring(svg)
    _strip(root)
    root.set("class", f"chart {fit}".strip())
    root.set("role", "group")
    root.set("tabindex", "0")
    root.set("aria-label", title)
    text = ET.tostring(root, encoding="unicode")
    return re.sub(r"<(/?)ns\d+:|<(/?)svg:", r"<\1\2", _without_namespace(text))


def _without_namespace(text: str) -> str:
    return re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)


def _strip(node: ET.Element) -> bool:
    """Reduce one element in place; return whether there is anything to draw in it."""
    node.tag = node.tag.removeprefix(_NS)
    if node.tag not in _ELEMENTS or node.get("display") == "none":
        return False
    label = node.get("aria-label") if "mark" not in node.get("class", "") else None
    hidden = node.get("class") in ("background", "foreground")
    decorative = node.get("opacity") == "0" or (hidden and "stroke" not in node.attrib)
    if decorative:
        return False
    for name in list(node.attrib):
        value = node.attrib[name]
        if name not in _ATTRIBUTES or not _SAFE_VALUE.match(value):
            del node.attrib[name]
        elif name in ("d", "transform", "x2", "y2"):
            node.attrib[name] = _DIGITS.sub(r"\1", value)
    if label is not None:
        node.attrib.update({"class": "mark", "role": "img", "aria-label": label})
    elif node.tag in ("text", "line") or hidden:
        node.set("aria-hidden", "true")
    for child in list(node):
        if not _strip(child):
            node.remove(child)
    return node.tag not in ("g",) or len(node) > 0
