"""Files of the sample corpora: each format, always written the same way.

In: rows. Out: bytes on disk. Compressed files carry no time stamp, so that building
twice gives the same bytes with the same libraries.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["Line", "write_csv", "write_jsonl", "write_parquet", "write_wet"]

# One line of a JSON Lines file: an object, or bytes as they shall stand there.
Line = Mapping[str, object] | bytes


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        content = gzip.compress(content, 9, mtime=0)
    path.write_bytes(content)


def write_jsonl(path: Path, lines: Sequence[Line]) -> None:
    """Write objects, and raw bytes between them, one a line."""
    encoded = [
        line
        if isinstance(line, bytes)
        else json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
        for line in lines
    ]
    _write(path, b"".join(line + b"\n" for line in encoded))


def write_parquet(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows as one Parquet file of small row groups."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist([dict(row) for row in rows])
    pq.write_table(table, path, compression="zstd", row_group_size=32)


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows as CSV with a header; texts keep their line breaks in quotes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write(path, out.getvalue().encode())


def _record(headers: Mapping[str, str], body: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        b"WARC/1.0\r\n"
        + head.encode()
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        + b"\r\n\r\n"
    )


def write_wet(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows (id, url, date, text) as WET conversion records, one gzip member each.

    Args:
        path: File to write, ending in ``.wet.gz``.
        rows: Records; ``id`` is the URN without angle brackets.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    info = _record(
        {
            "WARC-Type": "warcinfo",
            "WARC-Date": "2025-06-01T00:00:00Z",
            "WARC-Record-ID": "<urn:uuid:00000000-0000-4000-8000-000000000000>",
            "Content-Type": "application/warc-fields",
        },
        b"Software-Info: sample_corpora/build.py\r\n",
    )
    records = [info]
    for row in rows:
        headers = {
            "WARC-Type": "conversion",
            "WARC-Target-URI": row["url"],
            "WARC-Date": f"{row['date']}T12:00:00Z",
            "WARC-Record-ID": f"<{row['id']}>",
            "Content-Type": "text/plain",
        }
        records.append(_record(headers, row["text"].encode()))
    path.write_bytes(b"".join(gzip.compress(r, 9, mtime=0) for r in records))
