"""Laws of the readers: nothing is lost, and how a file is cut makes no difference."""

import gzip
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_read import read_file, read_splits, reference_lines

from audit.read import (
    LocalFileSystem,
    ReadOptions,
    Split,
    find_files,
    plan_splits,
    read_split,
)
from schemas.document import REJECT_REASONS

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**25), 10**25), texts,
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
records = st.dictionaries(
    st.sampled_from(["text", "id", "other", "te\u0301xt", "a.b", ""]), values
)
record_lines = st.builds(
    lambda record, ascii_only, space: json.dumps(
        record, ensure_ascii=ascii_only, separators=(",", ":") if space else None
    ).encode(),
    records,
    st.booleans(),
    st.booleans(),
)
good_lines = st.builds(
    lambda text, i: json.dumps({"text": text, "id": i}).encode(),
    texts,
    st.one_of(texts, st.none()),
)
odd_lines = st.sampled_from(
    [
        b"", b" ", b"\t\r", b"{", b"}", b"{}", b"[]", b"null", b'"text"', b"\xff",
        b'{"text":"a\\u0000b"}', b'{"text":"\\ud800"}', b'{"text":"\\ud83d\\ude00"}',
        b'{"text":"x",}', b'{"text":"x"}}', b'{"text":01}', b'{"text":"x","n":-0}',
        b'{"text":"x","n":-0.0e+1}', b'{"text":"x","n":1.}', b'{"text":"x" "y":1}',
        b'{"text":"tab\there"}', b'{"text":"\\x"}', b'{"text":"x"}\x0c',
        b'{"te\\u0078t":"escaped key"}', b'{"text":"x","text":null}', b'{"text":1e400}',
        b'{"text":"x","n":[1,]}', b'{"text":"x","n":{"text":"y"}}', b'\xef\xbb\xbf{}',
        b'{"text":"x","n":tru}', b'{"text":"x","n":falsee}', b'{"text":"\x7f\xc2\x80"}',
    ]
)  # fmt: skip


def write(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("laws")


# The first lines decide the layout: they are always plain.
HEAD = b'{"text":"first","id":"first"}'


@settings(deadline=None, max_examples=150)
@given(lines=st.lists(st.one_of(good_lines, record_lines, odd_lines), max_size=12))
def test_json_lines_read_as_a_plain_parser_reads_them(folder, lines):
    data = b"\n".join([HEAD, *lines])
    documents, rejects = read_file(write(folder, "twin.jsonl", data))
    expected, rejected = reference_lines(data, "twin.jsonl")
    assert [(d["text"], d["position"]) for d in documents] == [
        (text, position) for _, text, position in expected
    ]
    assert [reject["position"] for reject in rejects] == rejected


@settings(deadline=None, max_examples=150)
@given(
    lines=st.lists(good_lines, min_size=1, max_size=5),
    changes=st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4
    ),
)
def test_changed_bytes_are_judged_as_a_plain_parser_does(folder, lines, changes):
    data = bytearray(b"\n".join(lines))
    for place, byte in changes:
        data[place % len(data)] = byte
    data = HEAD + b"\n" + bytes(data)
    documents, rejects = read_file(write(folder, "fuzz.jsonl", data))
    expected, rejected = reference_lines(data, "fuzz.jsonl")
    assert [(d["text"], d["position"]) for d in documents] == [
        (text, position) for _, text, position in expected
    ]
    assert [reject["position"] for reject in rejects] == rejected


@settings(deadline=None, max_examples=60)
@given(
    lines=st.lists(st.one_of(good_lines, odd_lines), max_size=30),
    target=st.integers(1, 400),
    last_line_feed=st.booleans(),
    bom=st.booleans(),
)
def test_byte_ranges_read_what_the_whole_file_reads(
    folder, lines, target, last_line_feed, bom
):
    data = b"\xef\xbb\xbf" * bom + b"\n".join([HEAD, *lines]) + b"\n" * last_line_feed
    path = write(folder, "split.jsonl", data)
    whole = read_file(path)
    cut = read_splits(find_files([str(path)], LocalFileSystem()), None, target)
    assert cut == whole


@settings(deadline=None, max_examples=40)
@given(
    lines=st.lists(st.one_of(good_lines, odd_lines), max_size=30),
    batch_bytes=st.integers(1, 300),
    batch_documents=st.integers(1, 7),
)
def test_batch_size_changes_nothing_but_the_batches(
    folder, lines, batch_bytes, batch_documents
):
    path = write(folder, "batch.jsonl", b"\n".join([HEAD, *lines]))
    small = read_file(path, batch_bytes=batch_bytes, batch_documents=batch_documents)
    assert small == read_file(path)


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(st.one_of(good_lines, record_lines), max_size=20),
    spaces=st.sampled_from([b"", b" ", b"\n  "]),
)
def test_an_array_reads_as_its_lines_do(folder, rows, spaces):
    lines = read_file(write(folder, "a.jsonl", b"\n".join([HEAD, *rows])))
    inner = (spaces + b"," + spaces).join([HEAD, *rows])
    array = read_file(write(folder, "a.json", b"[" + inner + b"]"))

    def shape(found, wanted):
        return [tuple(row[name] for name in wanted) for row in found]

    assert shape(array[0], ("text", "position")) == shape(
        lines[0], ("text", "position")
    )
    assert shape(array[1], ("position", "reason")) == shape(
        lines[1], ("position", "reason")
    )


@settings(deadline=None, max_examples=40)
@given(content=st.binary(max_size=300), suffix=st.sampled_from(
    ["jsonl", "json", "csv", "tsv", "txt", "parquet", "warc", "html", "jsonl.gz", "x"]
))  # fmt: skip
def test_no_bytes_make_a_reader_fail(folder, content, suffix):
    name = f"bytes.{suffix}"
    _accounted(name, *read_file(write(folder, name, content)))


@settings(deadline=None, max_examples=40)
@given(data=st.data(), kind=st.sampled_from(["gz", "zst", "parquet", "warc", "csv"]))
def test_no_damage_makes_a_reader_fail(folder, data, kind):
    good = bytearray(GOOD_FILES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(1, len(good)))
    name = f"damage.{kind}"
    _accounted(name, *read_file(write(folder, name, bytes(good[:end]))))


def _accounted(name, documents, rejects):
    """Hold what was read to its order, and what was not to the known reasons."""
    places = [row["position"] for row in documents]
    assert places == sorted(places)
    assert all(place >= 1 for place in places)
    assert all(row["text"] is not None for row in documents)
    for row in rejects:
        assert row["reason"] in REJECT_REASONS
        assert row["file"].endswith(name)
        assert len(row["detail"]) <= 200


def _good_files():
    lines = b"".join(b'{"text": "Document %d"}\n' % i for i in range(200))
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": [f"Document {i}" for i in range(200)]}), sink)
    record = (
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\n"
        b"WARC-Target-URI: http://a.example/\r\nContent-Length: 71\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Some text of a page.</p>"
        b"\r\n\r\n"
    )
    return {
        "gz": gzip.compress(lines),
        "zst": zstd.compress(lines),
        "parquet": sink.getvalue(),
        "warc": record * 5,
        "csv": b"id,text\n" + b'1,"some, text"\n' * 50,
    }


GOOD_FILES = _good_files()


def test_compressed_and_plain_files_give_the_same_documents(tmp_path):
    data = b"".join(b'{"text": "%d"}\n\n' % i for i in range(5000))
    plain = read_file(write(tmp_path, "x.jsonl", data))
    for name, compress in (("gz", gzip.compress), ("zst", zstd.compress)):
        found, rejects = read_file(write(tmp_path, f"x.jsonl.{name}", compress(data)))
        for document in found:
            document["doc_id"] = document["doc_id"].replace(f".{name}@", "@")
        assert (found, rejects) == plain


def test_ids_without_an_id_field_are_byte_offsets(tmp_path):
    data = b'{"text": "a"}\n\n{"text": "b"}\n{"text": "c", "id": 7}\n'
    documents, _ = read_file(write(tmp_path, "x.jsonl", data))
    offset = data.index(b'{"text": "b"')
    assert [d["doc_id"] for d in documents] == ["x.jsonl@0", f"x.jsonl@{offset}", "7"]
    assert [document["position"] for document in documents] == [1, 3, 4]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"12345678901234567890123", "12345678901234567890123"),
        (b"1.10", "1.10"), (b"-7", "-7"), (b"1e5", "1e5"), (b'"x"', "x"),
        (b"true", "true"), (b"0", "0"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tail", [b"", b', "odd": NaN'])
def test_numbers_as_ids_stay_as_they_are_written(tmp_path, written, read, tail):
    # The same through the kernel and through the full parser.
    line = b'{"text": "t", "id": ' + written + tail + b"}"
    documents, _ = read_file(write(tmp_path, "x.jsonl", HEAD + b"\n" + line))
    assert documents[1]["doc_id"] == read


def test_parquet_and_json_lines_of_one_corpus_are_alike(tmp_path):
    rng = np.random.default_rng(7)
    rows = [
        {
            "id": f"d{i}",
            "text": "text " * int(rng.integers(0, 50)),
            "meta": {"url": f"http://a.example/{i}", "lang": "sw"},
            "date": "2024-02-29T10:00:00Z",
        }
        for i in range(3000)
    ]
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=700)
    options = ReadOptions(url_field="meta.url", language_field="meta.lang")
    lines = read_file(write(tmp_path, "x.jsonl", data), options)
    files = find_files([str(tmp_path / "x.parquet")], LocalFileSystem())
    splits = plan_splits(files, options, LocalFileSystem(), target_bytes=5000)
    assert len(splits) > 2
    assert read_splits(files, options, 5000) == lines
    assert lines[0][5]["url"] == "http://a.example/5"
    assert lines[0][5]["date"] == "2024-02-29"


def test_a_split_survives_json_and_covers_the_file_once(tmp_path):
    path = write(tmp_path, "x.jsonl", (HEAD + b"\n") * 100)
    files = find_files([str(path)], LocalFileSystem())
    splits = plan_splits(files, ReadOptions(), LocalFileSystem(), target_bytes=700)
    assert [Split.from_json(json.loads(json.dumps(s.to_json()))) for s in splits] == (
        splits
    )
    assert [s.start for s in splits[1:]] == [s.stop for s in splits[:-1]]
    assert (splits[0].start, splits[-1].stop) == (0, None)


def test_progress_adds_up_to_the_file(tmp_path):
    data = (HEAD + b"\n") * 20000
    for name, content in (("x.jsonl", data), ("x.jsonl.gz", gzip.compress(data))):
        files = find_files([str(write(tmp_path, name, content))], LocalFileSystem())
        batches = list(
            read_split(Split(files[0]), ReadOptions(), LocalFileSystem(), 2**16)
        )
        assert sum(batch.bytes_read for batch in batches) == len(content)
        assert batches[-1].lines == 20000


def test_a_record_longer_than_many_splits_is_read_once(tmp_path):
    lines = [HEAD, json.dumps({"text": "x" * 5000}).encode(), HEAD]
    path = write(tmp_path, "x.jsonl", b"\n".join(lines))
    files = find_files([str(path)], LocalFileSystem())
    assert read_splits(files, None, 100) == read_file(path)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
@given(st.lists(texts, max_size=8))
def test_paragraphs_keep_every_word(folder, paragraphs):
    data = "\n\n".join(paragraphs).encode()
    documents, rejects = read_file(
        write(folder, "p.txt", data), ReadOptions(text_unit="paragraph")
    )
    if data.startswith((b"\xff\xfe", b"\xef\xbb\xbf")) or b"\x00" in data:
        return
    assert not [r for r in rejects if r["reason"] != "unsupported_format"]
    if not rejects:
        kept = "".join("".join(d["text"] for d in documents).split())
        assert kept == "".join("".join(paragraphs).split())


@pytest.mark.parametrize("kind", ["gzip", "array", "utf16", "parquet", "no text"])
def test_a_file_that_is_no_plain_text_after_all_is_read_once(tmp_path, kind):
    # Planned in byte ranges by its name, but it cannot be read from its middle.
    lines = [json.dumps({"text": f"{i:040x}"}) for i in range(3000)]
    data = "\n".join(lines).encode()
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": [f"{i:040x}" for i in range(3000)]}), sink)
    content = {
        "gzip": gzip.compress(data),
        "array": b"[" + ",\n".join(lines).encode() + b"]",
        "utf16": data.decode().encode("utf-16"),
        "parquet": sink.getvalue(),
        "no text": data.replace(b'"text"', b'"test"'),
    }[kind]
    path = write(tmp_path, "x.jsonl", content)
    files = find_files([str(path)], LocalFileSystem())
    splits = plan_splits(files, ReadOptions(), LocalFileSystem(), 3000)
    assert len(splits) > 2
    documents, rejects = [], []
    for split in splits:
        for batch in read_split(split, ReadOptions(), LocalFileSystem()):
            documents += batch.documents.column("text").to_pylist()
            rejects += batch.rejects.column("reason").to_pylist()
    if kind == "no text":
        assert (documents, rejects) == ([], ["no_text_field"])
    else:
        assert (documents, rejects) == ([f"{i:040x}" for i in range(3000)], [])


def test_progress_of_ranges_adds_up_to_the_file(tmp_path):
    path = write(tmp_path, "x.jsonl", (HEAD + b"\n") * 20000)
    files = find_files([str(path)], LocalFileSystem())
    splits = plan_splits(files, ReadOptions(), LocalFileSystem(), 70_000)
    counted = [
        sum(b.bytes_read for b in read_split(s, ReadOptions(), LocalFileSystem()))
        for s in splits
    ]
    assert sum(counted) == files[0].size
