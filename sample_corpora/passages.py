"""The written source of the sample corpora: passages, sites, page furniture, chats.

In: the files of ``texts/``. Out: frozen records in file order. A passage file is named
``<ISO 639-3>_<ISO 15924>.txt``; each passage starts with ``# <cultures> <topic>``,
where cultures are ISO 3166-1 alpha-2 codes joined by commas or ``-`` for none, and may
end in lines ``~ old => new``: the edits that make a near-duplicate of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "TEXTS",
    "Chat",
    "Passage",
    "Site",
    "load_chats",
    "load_furniture",
    "load_passages",
    "load_sites",
]

TEXTS = Path(__file__).parent / "texts"

_HEADER = re.compile(r"# ((?:[A-Z]{2})(?:,[A-Z]{2})*|-) (\S+)")


@dataclass(frozen=True)
class Passage:
    """One written passage.

    Attributes:
        key: ``<file stem>:<number>``, from 1 in file order.
        tag: ISO 639-3 code; for Chinese with the script, as ``cmn-Hans``.
        language: ISO 639-3 code.
        script: ISO 15924 code.
        cultures: ISO 3166-1 alpha-2 codes of the cultures it refers to.
        topic: What kind of text it is, with a group after a slash.
        text: The passage, without surrounding blank lines.
        edits: Pairs (old, new); each old text occurs once in ``text``.
    """

    key: str
    tag: str
    language: str
    script: str
    cultures: tuple[str, ...]
    topic: str
    text: str
    edits: tuple[tuple[str, str], ...]

    @property
    def edited(self) -> str:
        """The text with all its edits made."""
        text = self.text
        for old, new in self.edits:
            text = text.replace(old, new)
        return text


@dataclass(frozen=True)
class Site:
    """A site that pages of a language and culture may claim to come from.

    Attributes:
        tag: Language tag, as in `Passage`.
        culture: ISO 3166-1 alpha-2 code, or ``-`` for any.
        domain: Registered domain of ``url``.
        url: Template with ``{slug} {token} {number} {year}``.
    """

    tag: str
    culture: str
    domain: str
    url: str


@dataclass(frozen=True)
class Chat:
    """One question of a user and one answer."""

    tag: str
    user: str
    assistant: str


def _tag(language: str, script: str) -> str:
    return f"{language}-{script}" if language == "cmn" else language


def _passage(path: Path, number: int, head: re.Match[str], body: list[str]) -> Passage:
    language, script = path.stem.split("_")
    cultures = () if head[1] == "-" else tuple(head[1].split(","))
    lines = [line for line in body if not line.startswith("~ ")]
    edits = [line[2:].split(" => ") for line in body if line.startswith("~ ")]
    text = "\n".join(lines).strip("\n")
    for old, *_ in edits:
        if text.count(old) != 1:
            raise ValueError(
                f"an edit must name text that occurs once: {old!r} occurs "
                f"{text.count(old)} times in passage {number} of {path.name}"
            )
    return Passage(
        key=f"{path.stem}:{number}",
        tag=_tag(language, script),
        language=language,
        script=script,
        cultures=cultures,
        topic=head[2],
        text=text,
        edits=tuple((old, new) for old, new in edits),
    )


def load_passages(folder: Path = TEXTS) -> list[Passage]:
    """Return all passages of a folder, by file name and then in file order."""
    passages: list[Passage] = []
    for path in sorted(folder.glob("*_*.txt")):
        blocks: list[tuple[re.Match[str], list[str]]] = []
        for line in path.read_text("utf-8").splitlines():
            head = _HEADER.fullmatch(line)
            if head:
                blocks.append((head, []))
            elif blocks:
                blocks[-1][1].append(line)
        passages += [
            _passage(path, number, head, body)
            for number, (head, body) in enumerate(blocks, start=1)
        ]
    return passages


def _rows(name: str, columns: int) -> list[list[str]]:
    rows = []
    for line in (TEXTS / name).read_text("utf-8").splitlines():
        cells = line.split("\t")
        if len(cells) != columns:
            raise ValueError(
                f"each row of {name} must have {columns} cells: {line!r} has "
                f"{len(cells)}"
            )
        rows.append(cells)
    return rows


def load_sites() -> list[Site]:
    """Return the sites of ``sources.tsv`` in file order."""
    return [Site(*cells) for cells in _rows("sources.tsv", 4)]


def load_chats() -> list[Chat]:
    """Return the chats of ``chats.tsv`` in file order."""
    return [Chat(*cells) for cells in _rows("chats.tsv", 3)]


def load_furniture() -> dict[tuple[str, str], str]:
    """Return lines that pages carry around their text, by (tag, nav|cookie|tail)."""
    return {(tag, kind): line for tag, kind, line in _rows("furniture.tsv", 3)}
