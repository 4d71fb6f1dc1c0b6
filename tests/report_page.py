"""Reads a page as its tests need it: figures, table cells, marks, declared policy.

In: HTML text. Out: a `Page` of plain values, found with the parser of the standard
library, which knows nothing of how the page was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input", "br", "hr", "circle", "path", "line", "use"}


@dataclass
class Page:
    """What a page holds.

    Attributes:
        figures: Raw value by (corpus, figure).
        tables: Rows of (text, raw value or None) by table id.
        marks: Sentences of chart marks.
        twins: Jaccard of each pair of near-duplicates shown.
        excerpts: Texts quoted from documents.
        distinct: Effectively distinct corpora by kind of copy.
        tags: Every element name, in order.
        attributes: Every attribute, as (element, name, value).
        meta: Content of ``meta`` by ``http-equiv`` or ``name``.
        text: The visible text.
        style: Text of the style element.
        script: Text of the script element.
    """

    figures: dict[tuple[str, str], float] = field(default_factory=dict)
    tables: dict[str, list[list[tuple[str, float | None]]]] = field(
        default_factory=dict
    )
    marks: list[str] = field(default_factory=list)
    twins: list[float] = field(default_factory=list)
    excerpts: list[str] = field(default_factory=list)
    distinct: dict[str, float] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str | None]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    text: str = ""
    style: str = ""
    script: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.corpus = ""
        self.table: str | None = None
        self.inside: list[str] = []
        self.cell: tuple[list[str], float | None] | None = None
        self.in_body = False
        self.excerpt: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        page = self.page
        page.tags.append(tag)
        page.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "meta":
            key = found.get("http-equiv") or found.get("name") or ""
            page.meta[key] = found.get("content") or ""
        self.corpus = found.get("data-corpus") or self.corpus
        if "data-figure" in found:
            key = (self.corpus, str(found["data-figure"]))
            page.figures[key] = float(str(found["data-value"]))
        if "mark" in (found.get("class") or "").split() and "aria-label" in found:
            page.marks.append(str(found["aria-label"]))
        self._evidence(tag, found)
        if tag == "table":
            self.table = str(found.get("id"))
            page.tables[self.table] = []
        if tag == "tbody":
            self.in_body = True
        if tag == "tr" and self.in_body and self.table is not None:
            page.tables[self.table].append([])
        if tag in ("td", "th") and self.in_body:
            raw = found.get("data-v")
            self.cell = ([], float(raw) if raw is not None else None)
        if tag not in VOID:
            self.inside.append(tag)

    def _evidence(self, tag: str, found: dict[str, str | None]) -> None:
        if "data-jaccard" in found:
            self.page.twins.append(float(str(found["data-jaccard"])))
        if "data-distinct" in found:
            kind = str(found["data-distinct"])
            self.page.distinct[kind] = float(str(found["data-value"]))
        if "dir" in found and tag == "p":
            self.excerpt = []

    def handle_endtag(self, tag: str) -> None:
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()
        if tag in ("td", "th") and self.cell is not None and self.table is not None:
            texts, value = self.cell
            self.page.tables[self.table][-1].append(("".join(texts).strip(), value))
            self.cell = None
        if tag == "tbody":
            self.in_body = False
        if tag == "p" and self.excerpt is not None:
            self.page.excerpts.append("".join(self.excerpt))
            self.excerpt = None

    def handle_data(self, data: str) -> None:
        where = self.inside[-1] if self.inside else ""
        if where == "style":
            self.page.style += data
        elif where == "script":
            self.page.script += data
        else:
            self.page.text += data
            if self.excerpt is not None:
                self.excerpt.append(data)
            if self.cell is not None:
                self.cell[0].append(data)


def read_page(html: str) -> Page:
    """Return what a page holds."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page
