"""Every bad input, in one table: what is read all the same, and what is told of it."""

import bz2
import codecs
import gzip
import io
import json
import lzma
from typing import NamedTuple

import lz4.frame
import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd

from audit.read import ReadOptions


def lines(*records):
    """JSON Lines of some records; bytes stand as they are."""
    return b"".join(
        (r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in records
    )


def many(n_records=2000):
    """Enough records that compressed files have several blocks."""
    return [
        {"text": f"Document {i} {'%032x' % (i * 0x9E3779B97F4A7C15)}"}
        for i in range(n_records)
    ]


def parquet(table, **kwargs):
    sink = io.BytesIO()
    pq.write_table(table, sink, **kwargs)
    return sink.getvalue()


def warc_record(kind, content, **headers):
    head = {"WARC-Type": kind, "Content-Length": len(content), **headers}
    fields = "".join(f"{k}: {v}\r\n" for k, v in head.items())
    return b"WARC/1.0\r\n" + fields.encode() + b"\r\n" + content + b"\r\n\r\n"


def wet(*texts):
    return b"".join(
        warc_record("conversion", t, **{"Content-Type": "text/plain"}) for t in texts
    )


GOOD = {"text": "Habari ya asubuhi."}
A, B = {"id": "a", "text": "one"}, {"id": "b", "text": "two"}
WRONG_UTF8 = b'{"id": "x", "text": "caf\xe9"}'


class Case(NamedTuple):
    """One bad input: the file, what is read, and what is rejected why."""

    name: str
    content: bytes
    texts: list | int
    reasons: dict
    options: ReadOptions = ReadOptions()
    positions: list | None = None


CASES = [
    # One bad record among good ones
    Case("malformed.jsonl", lines(A, b'{"text": "x"', B), ["one", "two"],
         {"malformed_record": 1}, positions=[2]),
    Case("two_in_a_line.jsonl", lines(A, b'{"text": "u"} {"text": "v"}', B),
         ["one", "two"], {"malformed_record": 1}),
    Case("single_quotes.jsonl", lines(A, b"{'text': 'x'}"), ["one"],
         {"malformed_record": 1}),
    Case("not_objects.jsonl", lines(A, [1], 3, "x", None, True, B), ["one", "two"],
         {"not_an_object": 5}),
    Case("deep.jsonl", lines(A, b'{"text": ' + b"[" * 100_000, B), ["one", "two"],
         {"malformed_record": 1}),
    Case("deep_closed.jsonl",
         lines(A, b'{"text": "t", "x": ' + b"[" * 90 + b"]" * 90 + b"}", B),
         ["one", "t", "two"], {}),
    Case("invalid_utf8.jsonl", lines(A, WRONG_UTF8, B), ["one", "two"],
         {"invalid_unicode": 1}, positions=[2]),
    Case("overlong_utf8.jsonl", lines(A, b'{"text": "\xc0\xaf"}', B), ["one", "two"],
         {"invalid_unicode": 1}),
    Case("cesu.jsonl", lines(A, b'{"text": "\xed\xa0\x80"}', B), ["one", "two"],
         {"invalid_unicode": 1}),
    Case("lone_surrogate.jsonl", lines(A, b'{"text": "\\ud83d"}', B), ["one", "two"],
         {"invalid_unicode": 1}),
    Case("low_surrogate.jsonl", lines(b'{"text": "\\ude00\\ud83d"}', B), ["two"],
         {"invalid_unicode": 1}),
    Case("surrogate_pair.jsonl", lines(b'{"text": "\\ud83d\\ude00"}'), ["\U0001f600"],
         {}),
    Case("surrogate_in_other_field.jsonl", lines(A, b'{"text": "t", "u": "\\udfff"}'),
         ["one"], {"invalid_unicode": 1}),
    Case("nul_escape.jsonl", lines({"text": "a\x00b"}), ["a\x00b"], {}),
    Case("nul_bytes.jsonl", lines(A, b"\x00" * 50, b'{"text": "\x00"}', B),
         ["one", "two"], {"malformed_record": 2}),
    Case("text_missing.jsonl", lines(A, {"id": "x"}, B), ["one", "two"],
         {"missing_text": 1}),
    Case("text_null.jsonl", lines(A, {"text": None}, B), ["one", "two"],
         {"null_text": 1}),
    Case("text_number.jsonl", lines(A, {"text": 5}, {"text": 1.5}, B), ["one", "two"],
         {"not_text": 2}),
    Case("text_nested.jsonl", lines(A, {"text": {"a": "b"}}, {"text": ["c"]},
         {"text": True}, B), ["one", "two"], {"not_text": 3}),
    Case("text_empty.jsonl", lines(A, {"text": ""}, B), ["one", "", "two"], {}),
    Case("nan.jsonl", lines(b'{"text": "t", "score": NaN}'), ["t"], {}),
    Case("blank_lines.jsonl", b"\n\n" + lines(A) + b"  \t\r\n\n" + lines(B) + b"\n",
         ["one", "two"], {}),
    Case("duplicate_ids.jsonl", lines(A, A), ["one", "one"], {}),
    Case("duplicate_keys.jsonl", lines(b'{"text": "x", "text": "y"}'), ["y"], {}),
    Case("too_long.jsonl", lines(A, {"text": "x" * 300}, B), ["one", "two"],
         {"too_long": 1}, ReadOptions(max_record_bytes=200), [2]),
    Case("too_long_last.jsonl", lines(A, {"text": "x" * 300})[:-1], ["one"],
         {"too_long": 1}, ReadOptions(max_record_bytes=200), [2]),
    # Encodings and line ends
    Case("bom.jsonl", codecs.BOM_UTF8 + lines(A, B), ["one", "two"], {}),
    Case("crlf.jsonl", lines(A, B).replace(b"\n", b"\r\n"), ["one", "two"], {}),
    Case("utf16.jsonl", lines(A, GOOD).decode().encode("utf-16"),
         ["one", GOOD["text"]], {}),
    Case("utf16be.jsonl", codecs.BOM_UTF16_BE + lines(A).decode().encode("utf-16-be"),
         ["one"], {}),
    Case("utf32.jsonl", lines(A, B).decode().encode("utf-32"), ["one", "two"], {}),
    Case("utf16_cut.jsonl", lines(A, B).decode().encode("utf-16")[:-1],
         ["one", "two"], {"truncated": 1}),
    Case("no_last_line_feed.jsonl", lines(A, B)[:-1], ["one", "two"], {}),
    Case("cut_in_record.jsonl", lines(A, B)[:-9], ["one"], {"truncated": 1},
         positions=[2]),
    # Files that are damaged as a whole
    Case("empty.jsonl", b"", [], {}),
    Case("empty.parquet", b"", [], {}),
    Case("empty.csv", b"", [], {}),
    Case("empty.jsonl.gz", gzip.compress(b""), [], {}),
    Case("only_blank.jsonl", b"\n \n\n", [], {}),
    Case("all_malformed.jsonl", lines(b"nope", b"{nope", b"nope}"), [],
         {"malformed_record": 3}),
    Case("cut.jsonl.gz", gzip.compress(lines(*many()))[:-2000], 1800,
         {"truncated": 1}),
    Case("cut.jsonl.zst", zstd.compress(lines(*many()))[:-2000], 0, {"truncated": 1}),
    Case("cut.jsonl.bz2", bz2.compress(lines(*many(30000)), 1)[:-2000], 10000,
         {"truncated": 1}),
    Case("cut.jsonl.xz", lzma.compress(lines(*many()))[:-2000], 1000,
         {"truncated": 1}),
    Case("cut.jsonl.lz4", lz4.frame.compress(lines(*many()))[:-2000], 0,
         {"truncated": 1}),
    Case("frames.jsonl.zst", b"".join(zstd.compress(lines(r)) for r in (A, B)),
         ["one", "two"], {}),
    Case("members.jsonl.gz", b"".join(gzip.compress(lines(r)) for r in (A, B)),
         ["one", "two"], {}),
    Case("padded.jsonl.gz", gzip.compress(lines(A)) + b"\x00" * 512, ["one"], {}),
    Case("garbage_after.jsonl.gz", gzip.compress(lines(A)) + b"garbage!", ["one"],
         {"truncated": 1}),
    Case("flipped.jsonl.gz",
         gzip.compress(lines(A))[:-8] + b"\x00" * 8, [], {"truncated": 1}),
    Case("bomb.jsonl.gz", gzip.compress(lines(A) + b"\n" * 2**24), ["one"],
         {"decompression_limit": 1}, ReadOptions(max_expansion=100)),
    Case("cut.parquet", parquet(pa.table({"text": ["one"]}))[:-20], [],
         {"truncated": 1}),
    Case("no_text.jsonl", lines({"id": 1, "score": 2}), [], {"no_text_field": 1}),
    Case("no_text.parquet", parquet(pa.table({"score": [1]})), [],
         {"no_text_field": 1}),
    Case("no_such_field.jsonl", lines(A, B), [], {"no_text_field": 1},
         ReadOptions(text_field="body")),
    # Names that promise something else
    Case("really_gzip.jsonl", gzip.compress(lines(A, B)), ["one", "two"], {}),
    Case("really_zstd.jsonl.gz", zstd.compress(lines(A, B)), ["one", "two"], {}),
    Case("really_plain.jsonl.gz", lines(A, B), ["one", "two"], {}),
    Case("really_array.jsonl", json.dumps([A, B], indent=1).encode(), ["one", "two"],
         {}),
    Case("really_lines.json", lines(A, B), ["one", "two"], {}),
    Case("really_parquet.jsonl", parquet(pa.table({"text": ["one"]})), ["one"], {}),
    Case("really_lines.parquet", lines(A, B), ["one", "two"], {}),
    Case("lines_without_suffix", lines(A, B), ["one", "two"], {}),
    Case("archive.zip", b"PK\x03\x04" + b"\x00" * 100, [], {"unsupported_format": 1}),
    Case("really_zip.jsonl", b"PK\x03\x04" + b"\x00" * 100, [],
         {"unsupported_format": 1}),
    Case("unknown_compression.jsonl.br", bytes(range(0, 255, 3)) * 9, [],
         {"unsupported_format": 1}),
    Case("picture.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, [],
         {"unsupported_format": 1}),
    Case("compressed.parquet.gz", gzip.compress(parquet(pa.table({"text": ["x"]}))),
         [], {"unsupported_format": 1}),
    # Parquet
    Case("null_text.parquet", parquet(pa.table({"text": ["one", None, "two"]})),
         ["one", "two"], {"null_text": 1}, positions=[2]),
    Case("binary_text.parquet",
         parquet(pa.table({"text": pa.array([b"one", b"\xff\xfe"])})), ["one"],
         {"not_text": 1}, positions=[2]),
    Case("invalid_utf8.parquet",
         parquet(pa.table({"text": pa.array([b"one", b"caf\xe9", b"two"]).view(
             pa.string())})), ["one", "two"], {"invalid_unicode": 1}, positions=[2]),
    Case("invalid_utf8_id.parquet",
         parquet(pa.table({"text": ["one"], "id": pa.array([b"\xe9"]).view(
             pa.string())})), ["one"], {}),
    Case("number_text.parquet", parquet(pa.table({"text": [1, 2]})), [],
         {"not_text": 2}, ReadOptions(text_field="text")),
    Case("too_long.parquet", parquet(pa.table({"text": ["one", "x" * 300]})), ["one"],
         {"too_long": 1}, ReadOptions(max_record_bytes=200)),
    Case("no_rows.parquet", parquet(pa.table({"text": pa.array([], pa.string())})),
         [], {}),
    # JSON arrays
    Case("cut_array.json", json.dumps([A, B]).encode()[:-9], ["one"], {"truncated": 1},
         positions=[2]),
    Case("unclosed_array.json", json.dumps([A, B]).encode()[:-1], ["one", "two"],
         {"truncated": 1}),
    Case("mixed_array.json", json.dumps([A, 3, "x", [1], None, B]).encode(),
         ["one", "two"], {"not_an_object": 4}),
    Case("broken_array.json", b'[{"text": "one"}, {"text" "x"}, {"text": "two"}]',
         ["one", "two"], {"malformed_record": 1}, positions=[2]),
    Case("too_long_array.json",
         json.dumps([A, {"text": "x" * 300}, B]).encode(), ["one", "two"],
         {"too_long": 1}, ReadOptions(max_record_bytes=200), [2]),
    Case("empty_array.json", b"[]", [], {}),
    Case("indented_object.json", json.dumps(A, indent=1).encode(), ["one"], {}),
    # Tables
    Case("ragged.csv", b"id,text\n1,one\n2,x,y\n3\n4,two\n", ["one", "two"],
         {"malformed_record": 2}, positions=[2, 3]),
    Case("quoted.csv", b'id,text\n1,"a ""b"",\nc"\n2,two\n', ['a "b",\nc', "two"], {}),
    Case("open_quote.csv", b'id,text\n1,one\n2,"x\n3,y\n', ["one"], {"truncated": 1}),
    Case("latin1.csv", b"id,text\n1,one\n2,caf\xe9\n3,two\n", ["one", "two"],
         {"invalid_unicode": 1}),
    Case("cut.csv.gz", gzip.compress(
        b"id,text\n" + b"".join(b"%d,%x\n" % (i, hash((i, 1))) for i in range(9999))
    )[:-3000], 8000, {"truncated": 1}),
    Case("long_line.csv", b"id,text\n1,one\n2," + b"x" * 9000 + b"\n3,two\n",
         ["one", "two"], {"too_long": 1}, ReadOptions(max_record_bytes=200)),
    # Text
    Case("latin1.txt", b"caf\xe9", [], {"invalid_unicode": 1}),
    Case("long.txt", b"x" * 300, [], {"too_long": 1},
         ReadOptions(max_record_bytes=200)),
    Case("paragraphs.txt", b"one\n\ncaf\xe9\n \n\ntwo\nlines\r\n\r\n",
         ["one", "two\nlines"], {"invalid_unicode": 1},
         ReadOptions(text_unit="paragraph"), [2]),
    # Web archives
    Case("cut.warc.wet", wet(b"one", b"two", b"three")[:-8], ["one", "two"],
         {"truncated": 1}, positions=[3]),
    Case("cut.warc.wet.gz",
         b"".join(gzip.compress(wet(t)) for t in (b"one", b"two", b"three"))[:-12],
         ["one", "two"], {"truncated": 1}),
    Case("broken.warc", wet(b"one") + b"nothing of the kind\r\n" * 9, ["one"],
         {"malformed_record": 1}),
    Case("picture.warc",
         wet(b"one") + warc_record("resource", b"\x89PNG", **{
             "Content-Type": "image/png", "WARC-Target-URI": "http://a.example/"}),
         ["one"], {"not_text": 1}),
    Case("not_found.warc",
         wet(b"one") + warc_record("response", b"HTTP/1.1 404 Gone\r\n\r\n<p>gone", **{
             "Content-Type": "application/http; msgtype=response",
             "WARC-Target-URI": "http://a.example/"}),
         ["one"], {"missing_text": 1}),
    Case("only_requests.warc", warc_record("request", b"GET / HTTP/1.1\r\n\r\n"), [],
         {"no_text_field": 1}),
    Case("really_text.warc", b"no archive at all", [], {"unsupported_format": 1}),
]  # fmt: skip
