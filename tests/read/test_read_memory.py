"""Memory stays bounded, whatever the length of a line, a file or a row group."""

import io
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.read import (
    FileInfo,
    LocalFileSystem,
    ReadOptions,
    Split,
    read_split,
)

# Reads what its argument describes, and prints records, reasons and peak growth in MB.
SCRIPT = """
import io, resource, sys, zlib
from audit.read import FileInfo, ReadOptions, Split, read_split

class Endless(io.RawIOBase):
    # A file made on the way: head, then `n` times the same piece, then the end.
    def __init__(self, head, piece, n, end):
        self.parts = self.made(head, piece, n, end)
        self.rest = b""
    @staticmethod
    def made(head, piece, n, end):
        yield head
        for _ in range(n):
            yield piece
        yield end
    def readable(self):
        return True
    def read(self, size=-1):
        while not self.rest:
            self.rest = next(self.parts, b"") or b""
            if not self.rest:
                return b""
        block, self.rest = self.rest[:size], self.rest[size:]
        return block

kind = sys.argv[1]
MB = 2**20
line = b'{"text": "a short text"}\\n'
MADE = {
    "long.jsonl": (line + b'{"text": "', b"x" * MB, 200, b'"}\\n' + line),
    "many.jsonl": (b"", line * 40000, 50, b""),
    "long.json": (b'[{"text": "a"}, {"text": "', b"x" * MB, 200, b'"}, {"text": "b"}]'),
    "long.txt": (b"", b"x" * MB, 200, b""),
    "long.csv": (b"id,text\\n1,one\\n2,", b"x" * MB, 200, b"\\n3,two\\n"),
    "blank.jsonl": (line, b"\\n" * MB, 50, line),
}

class Made:
    def open(self, path):
        return Endless(*MADE[path])
    def match(self, pattern):
        return []

def read(name, n):
    documents, reasons = 0, []
    split = Split(FileInfo(name, name, 200 * MB))
    for batch in read_split(split, ReadOptions(max_record_bytes=16 * MB), Made()):
        documents += batch.documents.num_rows
        reasons += batch.rejects.column("reason").to_pylist()
    return documents, reasons

MADE["warm.jsonl"] = (line * 200000, b"", 0, b"")
read("warm.jsonl", 0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
documents, reasons = read(kind, 0)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(documents, ",".join(reasons), (after - before) // 1024)
"""

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n_documents", "reasons"),
    [
        ("long.jsonl", 2, "too_long"),
        ("many.jsonl", 2_000_000, ""),
        ("long.json", 2, "too_long"),
        ("long.txt", 0, "too_long"),
        ("long.csv", 2, "too_long"),
        ("blank.jsonl", 2, ""),
    ],
)
def test_reading_200_megabytes_takes_little_memory(name, n_documents, reasons):
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, name],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    documents, found, grown = run.stdout.rstrip("\n").split(" ")
    assert (int(documents), found) == (n_documents, reasons)
    # The longest record allowed is 16 MB; it may stand in a few buffers at a time.
    assert int(grown) < 110


def test_a_long_line_is_not_held():
    class Long(LocalFileSystem):
        def open(self, path):
            return io.BytesIO(b'{"text": "a"}\n' + b"x" * 10**7 + b'\n{"text": "b"}\n')

    options = ReadOptions(max_record_bytes=10**6)
    split = Split(FileInfo("x.jsonl", "x.jsonl", 10**7))
    batches = list(read_split(split, options, Long(), batch_bytes=10**5))
    assert [b.documents.num_rows for b in batches if b.documents.num_rows] == [1, 1]
    (reject,) = [row for b in batches for row in b.rejects.to_pylist()]
    assert reject["reason"] == "too_long"
    assert reject["position"] == 2
    assert "10000000 bytes" in reject["detail"]


def test_a_long_text_that_comes_again_and_again_is_read_a_few_rows_at_a_time(tmp_path):
    # A dictionary stores it once: the footer does not tell how long it is.
    text = pa.array(["long text " * 20_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), text)
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"text": column}), path, row_group_size=2000)
    assert path.stat().st_size < 2**20
    split = Split(FileInfo(str(path), "x.parquet", path.stat().st_size))
    sizes = [
        batch.documents.column("text").nbytes
        for batch in read_split(split, ReadOptions(), LocalFileSystem())
    ]
    assert sum(sizes) >= 2000 * 200_000
    assert max(sizes) < 2**24
