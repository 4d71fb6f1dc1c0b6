"""Tell the format of a file from its first bytes, and only then from its name.

In: decompressed head of a file and its name. Out: the format and the reason.
"""

from __future__ import annotations

import posixpath
from typing import Any, NamedTuple

import orjson

__all__ = ["FORMATS", "Format", "sniff_format", "suffix_format"]

# Formats by the name readers know them by.
FORMATS = ("jsonl", "json", "parquet", "csv", "tsv", "text", "html", "warc")

_COMPRESSED = (".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz", ".lz4", ".bgz")
_SUFFIXES = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonlines": "jsonl", ".jl": "jsonl",
    ".json": "json", ".parquet": "parquet", ".pq": "parquet", ".csv": "csv",
    ".tsv": "tsv", ".tab": "tsv", ".txt": "text", ".text": "text", ".md": "text",
    ".rst": "text", ".tex": "text", ".markdown": "text", ".html": "html",
    ".htm": "html", ".xhtml": "html", ".warc": "warc", ".wet": "warc", ".arc": "warc",
    ".wat": "warc",
}  # fmt: skip
_UNREADABLE = {
    b"PK\x03\x04": "a zip archive", b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a rar archive", b"\x1f\x9d": "compressed by `compress`",
    b"ARROW1": "an Arrow IPC file", b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file", b"%PDF": "a PDF", b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image", b"GIF8": "an image", b"\x93NUMPY": "a NumPy array",
    b"\x80\x04\x95": "a Python pickle", b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database", b"\x7fELF": "a program",
}  # fmt: skip


class Format(NamedTuple):
    """A format, or None where the file is in none that can be read, and the reason."""

    name: str | None
    why: str


def suffix_format(name: str) -> str | None:
    """Return the format that a file name promises, or None."""
    stem, suffix = posixpath.splitext(name.lower())
    if suffix in _COMPRESSED:
        suffix = posixpath.splitext(stem)[1]
    return _SUFFIXES.get(suffix)


def is_compressed_name(name: str) -> bool:
    """Whether a file name promises compressed content."""
    return name.lower().endswith(_COMPRESSED)


def sniff_format(head: bytes, name: str, *, whole: bool) -> Format:
    """Return the format of a file.

    Args:
        head: its first bytes, decompressed, as UTF-8.
        name: its name.
        whole: whether ``head`` is all of it.
    """
    promised = suffix_format(name)
    if found := _by_magic(head):
        return found
    start = head.lstrip()
    if promised not in ("csv", "tsv", "html") and start[:1] in (b"{", b"["):
        later = _Lines(start, whole=whole)
        kind = _object_kind(later, promised) if start[:1] == b"{" else None
        kind = _array_kind(later, promised) if start[:1] == b"[" else kind
        if kind is not None:
            return Format(kind, "begins like JSON")
    if promised in ("warc", "parquet"):
        return Format(None, f"the name promises {promised}, the content is not")
    if promised is not None:
        return Format("jsonl" if promised == "json" else promised, "by its name")
    if _is_binary(head):
        return Format(None, "the file is binary, in no known format")
    if start[:14].lower().startswith((b"<!doctype html", b"<html")):
        return Format("html", "begins like HTML")
    return Format("text", "is plain text")


def _by_magic(head: bytes) -> Format | None:
    if head.startswith(b"PAR1"):
        return Format("parquet", "begins with PAR1")
    if head.startswith((b"WARC/", b"filedesc:")):
        return Format("warc", "begins with a WARC or ARC record")
    for magic, what in _UNREADABLE.items():
        if head.startswith(magic):
            return Format(None, f"the file is {what}")
    if head[257:262] == b"ustar":
        return Format(None, "the file is a tar archive")
    return None


class _Lines:
    # The first lines of a file, parsed as JSON; None where a line is not.

    def __init__(self, text: bytes, *, whole: bool) -> None:
        lines = [line for line in text.split(b"\n")[:21] if line.strip()]
        self.start = text[:64]
        self.first_is_bracket = len(lines[0].strip()) == 1
        self.cut = len(lines) == 1 and not whole and b"\n" not in text
        self.values = [_parsed(line) for line in lines]


def _object_kind(lines: _Lines, promised: str | None) -> str | None:
    # One object a line, or objects that span lines?
    if promised == "jsonl" or isinstance(lines.values[0], dict):
        return "jsonl"
    if any(isinstance(value, dict) for value in lines.values):
        return "jsonl"
    if promised == "json" and not lines.cut:
        return "json"
    if lines.first_is_bracket and promised != "text":
        return "json"
    return "jsonl" if lines.cut and promised != "text" else None


def _array_kind(lines: _Lines, promised: str | None) -> str | None:
    # An array of records, or lines that each hold an array (and so are no records)?
    several = len(lines.values) > 1 and isinstance(lines.values[0], list)
    if promised == "jsonl" and several:
        return "jsonl"
    if promised in ("json", "jsonl"):
        return "json"
    # In text, `[` opens references and notes more often than arrays of objects.
    return "json" if lines.start[1:].lstrip()[:1] == b"{" else None


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _is_binary(head: bytes) -> bool:
    head = head[:4096]
    if b"\x00" in head:
        return True
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x08" for byte in head)
    return controls > len(head) // 50
