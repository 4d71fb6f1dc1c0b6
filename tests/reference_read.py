"""Slow, obvious twins of the JSON readers, and helpers to read files whole."""

import json
from pathlib import Path

import pyarrow as pa

from audit.read import (
    LocalFileSystem,
    ReadOptions,
    Split,
    find_files,
    plan_splits,
    read_split,
)

DATA = Path(__file__).parents[2] / "shared" / "data"


def read_file(path, options=None, **kwargs):
    """Return documents and rejects of one file, as lists of dicts."""
    return read_splits(find_files([str(path)], LocalFileSystem()), options, **kwargs)


def read_splits(files, options=None, target_bytes=2**30, filesystem=None, **kwargs):
    """Return documents and rejects of files, positions made file-wide."""
    options = options or ReadOptions()
    filesystem = filesystem or LocalFileSystem()
    documents, rejects = [], []
    before, lines, name = 0, 0, None
    for split in plan_splits(files, options, filesystem, target_bytes):
        before = before + lines if split.file.name == name else 0
        name, lines = split.file.name, 0
        is_range = split.file.name.endswith("jsonl") and split.start > 0
        shift = before if is_range else 0
        for batch in read_split(split, options, filesystem, **kwargs):
            check_batch(batch)
            assert batch.lines >= lines
            lines = batch.lines
            for found, rows in ((documents, batch.documents), (rejects, batch.rejects)):
                for row in rows.to_pylist():
                    row["position"] += shift
                    found.append(row)
    return documents, rejects


def check_batch(batch):
    """What must hold of every batch, whatever was read."""
    from schemas.document import DOCUMENT, REJECT, REJECT_REASONS

    assert batch.documents.schema.equals(DOCUMENT)
    assert batch.rejects.schema.equals(REJECT)
    batch.documents.validate(full=True)
    batch.rejects.validate(full=True)
    assert batch.records == batch.documents.num_rows + batch.rejects.num_rows
    assert batch.bytes_read >= 0
    for name in ("doc_id", "text", "position"):
        assert batch.documents.column(name).null_count == 0
    for row in batch.rejects.to_pylist():
        assert row["reason"] in REJECT_REASONS
        assert len(row["detail"]) <= 200
        assert row["detail"].isprintable()
    assert isinstance(batch.documents, pa.RecordBatch)


def reference_lines(data, name, text="text", doc_id="id"):
    """Read plain JSON Lines with `json` alone: (documents, positions of rejects)."""
    documents, rejected = [], []
    offset = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        place, offset = offset, offset + len(line) + 1
        if not line.strip(b" \t\r\n"):
            continue
        try:
            decoded = line.decode("utf-8")
            record = json.loads(decoded, parse_float=_Number, parse_int=_Number)
            json.dumps(record, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError):
            rejected.append(number)
            continue
        value = record.get(text) if isinstance(record, dict) else None
        if type(value) is not str:
            rejected.append(number)
            continue
        own = record.get(doc_id)
        own = own if isinstance(own, str) else None
        documents.append((own or f"{name}@{place}", value, number))
    return documents, rejected


class _Number(str):
    """A number as it is written: no text, but an id."""


__all__ = ["DATA", "Split", "read_file", "read_splits", "reference_lines"]
