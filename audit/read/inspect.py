"""Show what files look like to the readers, before a long run depends on it.

In: files and options. Out: an `Inspection` a file: its format, its layout and why, the
fields that are there, the first documents and rejects.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from audit.errors import InputError
from audit.read.batches import BatchSize, Refusal
from audit.read.files import FileInfo, FileSystem
from audit.read.formats import Opened, open_file, read_opened
from audit.read.options import ReadOptions, Split
from audit.read.paths import field_names

__all__ = ["Inspection", "inspect_files", "require_documents"]

# Enough records to show some; a file is not read on for more.
_RECORDS = 256
_EXCERPT = 200


@dataclass(frozen=True)
class Inspection:
    """What one file looks like.

    Attributes:
        file: the file.
        format: ``jsonl``, ``parquet`` ...; ``empty``; "" where it cannot be read.
        format_why: how the format was told.
        compression: ``gzip``, ``zstd`` ... or None.
        encoding: ``utf-8``, or what a byte order mark says.
        layout: name of the layout; None for formats without fields.
        layout_why: how the layout was found.
        fields: role to field, ``text`` first; for some layouts several fields, joined
            by `` + ``.
        names: the fields that the first records have.
        documents: the first documents; texts are cut to an excerpt.
        rejects: the first rejects.
    """

    file: FileInfo
    format: str = ""
    format_why: str = ""
    compression: str | None = None
    encoding: str = "utf-8"
    layout: str | None = None
    layout_why: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    documents: tuple[dict[str, Any], ...] = ()
    rejects: tuple[dict[str, Any], ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the file as a whole can be read."""
        return bool(self.format)


def inspect_files(
    files: Sequence[FileInfo],
    options: ReadOptions,
    filesystem: FileSystem,
    documents: int = 3,
) -> list[Inspection]:
    """Return what each file looks like; reads only the head of each.

    Args:
        files: what `find_files` returned.
        options: how the files would be read.
        filesystem: where they are.
        documents: how many documents and rejects to show of each.
    """
    return [_inspect(file, options, filesystem, documents) for file in files]


def require_documents(inspections: Sequence[Inspection]) -> None:
    """Raise where none of the files can be read, with the reasons of the first ones.

    Raises:
        InputError: there is no file that can be read.
    """
    if any(inspection.readable for inspection in inspections):
        return
    reasons = [
        f"{inspection.file.name}: {inspection.rejects[0]['detail']}"
        for inspection in inspections[:3]
        if inspection.rejects
    ]
    raise InputError(
        f"none of {len(inspections)} files can be read ({'; '.join(reasons)})",
        next_step="Name the text field with --text-field, or a layout with --layout.",
    )


def _inspect(
    file: FileInfo, options: ReadOptions, filesystem: FileSystem, n_shown: int
) -> Inspection:
    try:
        with closing(filesystem.open(file.path)) as raw:
            opened = open_file(raw, file, options)
            if isinstance(opened, Refusal):
                return _unreadable(file, opened)
            return _described(opened, options, n_shown)
    except (OSError, ValueError) as error:
        return _unreadable(file, Refusal("unreadable_file", f"cannot open: {error}"))


def _unreadable(file: FileInfo, refusal: Refusal) -> Inspection:
    row = {"position": 1, "reason": refusal.reason, "detail": refusal.detail}
    return Inspection(file, rejects=({"file": file.name, **row},))


def _described(opened: Opened, options: ReadOptions, n_shown: int) -> Inspection:
    documents: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    n_records = 0
    size = BatchSize(text_bytes=2**18, documents=_RECORDS)
    for batch in read_opened(opened, Split(opened.file), options, size):
        documents += batch.documents.slice(0, n_shown).to_pylist()
        rejects += batch.rejects.slice(0, n_shown).to_pylist()
        n_records += batch.records
        if n_records >= _RECORDS or len(documents) >= n_shown:
            break
    layout, stream = opened.layout, opened.stream
    return Inspection(
        opened.file,
        opened.format,
        opened.why,
        stream.compression,
        stream.encoding,
        layout.name if layout else None,
        layout.why if layout else "",
        (("text", " + ".join(layout.text)), *layout.fields.items()) if layout else (),
        tuple(field_names(list(opened.records))),
        tuple(_excerpt(document) for document in documents[:n_shown]),
        tuple(rejects[:n_shown]),
    )


def _excerpt(document: dict[str, Any]) -> dict[str, Any]:
    text = document["text"]
    if len(text) > _EXCERPT:
        text = text[:_EXCERPT] + "\N{HORIZONTAL ELLIPSIS}"
    return {**document, "text": text}
