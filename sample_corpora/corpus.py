"""What a sample corpus is: parts with a layout each, documents, rejects, planted pairs.

In: documents. Out: `Corpus` records, and the copies and the dirt that are planted in
them. Nothing here chooses: the plans do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sample_corpora.compose import Document, draw
from sample_corpora.passages import Passage
from sample_corpora.similarity import jaccard, shingles

__all__ = [
    "LAYOUTS",
    "NEAR",
    "Corpus",
    "Part",
    "Reject",
    "bad_lines",
    "exact_copy",
    "mojibake",
    "near_copy",
    "spread",
]


# What planted near-duplicates have at least, well above the usual threshold of 0.8.
NEAR = 0.85


@dataclass(frozen=True)
class Reject:
    """A line that holds no document: what stands there, and the reason to expect."""

    line: bytes
    reason: str


Entry = Document | Reject


@dataclass
class Part:
    """One file of a corpus.

    Attributes:
        file: Name within the corpus folder; its suffix decides how it is written.
        layout: Key of `LAYOUTS`.
        entries: What stands in it, in order.
    """

    file: str
    layout: str
    entries: list[Entry]


@dataclass
class Corpus:
    """One corpus with its planted pairs.

    Attributes:
        name: Folder name.
        parts: Its files.
        near: Pairs of ids whose texts differ in a few words.
        related: Pairs of ids that share much of their text and are no near-duplicates.
    """

    name: str
    parts: list[Part]
    near: list[tuple[str, str]] = field(default_factory=list)
    related: list[tuple[str, str]] = field(default_factory=list)

    def documents(self) -> Iterator[tuple[Part, int, Document]]:
        """Yield each document with its part and its place in it, from 1."""
        for part in self.parts:
            for place, entry in enumerate(part.entries, start=1):
                if isinstance(entry, Document):
                    yield part, place, entry

    def rejects(self) -> Iterator[tuple[Part, int, Reject]]:
        """Yield each reject with its part and its place in it, from 1."""
        for part in self.parts:
            for place, entry in enumerate(part.entries, start=1):
                if isinstance(entry, Reject):
                    yield part, place, entry


def _chat_turns(document: Document) -> list[str]:
    return document.text.split("\n", 1)


def _plain(d: Document) -> dict[str, object]:
    row: dict[str, object] = {"id": d.doc_id, "text": d.text}
    if d.url is not None:
        row["url"] = d.url
    return {**row, "date": d.date}


def _content(d: Document) -> dict[str, object]:
    return {
        "doc_id": d.doc_id,
        "content": d.text,
        "source_url": d.url,
        "published": d.date,
    }


def _dolma(d: Document) -> dict[str, object]:
    return {
        "id": d.doc_id,
        "text": d.text,
        "source": "sample-crawl",
        "added": "2025-07-01T00:00:00.000Z",
        "created": f"{d.date}T08:00:00.000Z",
        "metadata": {"url": d.url},
    }


def _fineweb(d: Document) -> dict[str, object]:
    return {
        "text": d.text,
        "id": d.doc_id,
        "dump": "CC-MAIN-2025-21",
        "url": d.url,
        "date": f"{d.date}T08:00:00Z",
        # What a crawl says of itself, wrong for one page in nine.
        "language": "eng" if draw("declared", d.doc_id) % 9 == 0 else d.language,
        "language_score": 0.5 + draw("score", d.doc_id) % 50 / 100,
    }


def _table(d: Document) -> dict[str, object]:
    return {"id": d.doc_id, "url": d.url or "", "text": d.text, "date": d.date}


def _wet(d: Document) -> dict[str, object]:
    return {"id": d.doc_id, "url": d.url, "date": d.date, "text": d.text}


def _messages(d: Document) -> dict[str, object]:
    user, assistant = _chat_turns(d)
    turns = [("user", user), ("assistant", assistant)]
    messages = [{"role": role, "content": content} for role, content in turns]
    return {"id": d.doc_id, "messages": messages}


def _alpaca(d: Document) -> dict[str, object]:
    user, assistant = _chat_turns(d)
    return {"id": d.doc_id, "instruction": user, "input": "", "output": assistant}


# Fields of each layout, as users have them.
LAYOUTS: Mapping[str, Callable[[Document], dict[str, object]]] = {
    "plain": _plain,
    "content": _content,
    "dolma": _dolma,
    "fineweb": _fineweb,
    "table": _table,
    "wet": _wet,
    "messages": _messages,
    "alpaca": _alpaca,
}


def exact_copy(document: Document, doc_id: str, url: str | None = None) -> Document:
    """Return the same text under another id, and another URL where one is given."""
    return document.soiled("exact_copy", doc_id=doc_id, url=url or document.url)


def near_copy(
    document: Document, doc_id: str, passages: Mapping[str, Passage]
) -> Document:
    """Return a copy with the written edits of its passages made.

    Passages are edited in order as long as the copy stays a near-duplicate.

    Raises:
        ValueError: No passage has edits, or the text is too short for those it has.
    """
    original, text = shingles(document.text), document.text
    for key in document.passages:
        edited = text.replace(passages[key].text, passages[key].edited)
        if jaccard(original, shingles(edited)) >= NEAR:
            text = edited
    if text == document.text:
        raise ValueError(
            f"a near copy must change its text and keep a Jaccard of {NEAR}: none of "
            f"the passages {document.passages} of {document.doc_id} allows it"
        )
    return document.soiled("near_copy", doc_id=doc_id, text=text)


def mojibake(document: Document) -> Document:
    """Return the document as a page read as Latin-1 that was written in UTF-8."""
    return document.soiled(
        "mojibake", text=document.text.encode("utf-8").decode("latin-1")
    )


def bad_lines(layout: str, name: str) -> list[Reject]:
    """Return lines that must be rejected, one for each reason a line can have."""
    text_field = "content" if layout == "content" else "text"

    def line(value: object) -> bytes:
        row = {"id": f"{name}-bad", text_field: value, "url": "https://example.org/"}
        return json.dumps(row).encode()

    return [
        Reject(line("cut off in the middle")[:-20], "malformed_record"),
        Reject(line(20240317), "not_text"),
        Reject(line(None), "null_text"),
        Reject(b'["a list","is not a document"]', "not_an_object"),
        Reject(
            line("invalid: ?").replace(b"?", b"\xff\xfe"),
            "invalid_unicode",
        ),
        Reject(
            json.dumps({"id": f"{name}-bad", "title": "no text here"}).encode(),
            "missing_text",
        ),
    ]


def spread(name: str, entries: list[Document], rejects: list[Reject]) -> list[Entry]:
    """Mix documents and rejects into the order of a crawl; a document comes first."""
    ordered = sorted(entries, key=lambda d: draw("order", name, d.doc_id))
    mixed: list[Entry] = list(ordered)
    for number, reject in enumerate(rejects):
        place = 12 + draw("place", name, number) % max(1, len(mixed) - 12)
        mixed.insert(min(place, len(mixed)), reject)
    return mixed
