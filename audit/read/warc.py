"""Read web archives: WARC, WET, and their older form ARC.

In: a `Stream` of decompressed bytes. Out: `ReadBatch` values. Pages become text, WET
records are text already. A record's position is its number in the file, from 1, all
kinds counted; requests, revisits, descriptions and metadata are no documents.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from audit.read.answer import read_answer
from audit.read.arc import arc_captures
from audit.read.batches import BatchSize, Refusal, Row, Rows
from audit.read.compress import Stream
from audit.read.html import decode_text, html_text
from audit.read.options import ReadBatch, ReadOptions

__all__ = ["Capture", "read_warc"]

_HTML = ("text/html", "application/xhtml+xml", "application/xhtml")
_TEXT = ("text/", "application/json", "application/xml", "application/rss+xml",
         "application/atom+xml", "application/ld+json")  # fmt: skip


class Capture(NamedTuple):
    """One capture of a page: its content and what was said about it.

    Attributes:
        content: the page, transfer and content encodings undone.
        kind: media type, lower case, without parameters; "" where none is given.
        charset: charset that the server named, or None.
        record_id: id of the record, or None.
        url: what was captured.
        date: when.
        language: what a header says of the language, or None.
    """

    content: bytes
    kind: str
    charset: str | None
    record_id: str | None
    url: str | None
    date: str | None
    language: str | None


class _Source(io.RawIOBase):
    # The stream as the file object that the archive library wants.

    def __init__(self, stream: Stream) -> None:
        self._stream, self._place = stream, 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size if size > 0 else 2**16)
        self._place += len(block)
        return block


def read_warc(
    stream: Stream, file: str, options: ReadOptions, size: BatchSize
) -> Iterator[ReadBatch]:
    """Yield the documents and rejects of a web archive."""
    rows = Rows(file, size)
    used = number = kept = 0
    if stream.peek(9).startswith(b"filedesc:"):
        records = arc_captures(stream, options)
    else:
        records = _warc_captures(stream, options)
    for found in records:
        number += 1
        rows.lines = number
        if found is None:
            continue
        kept += 1
        rows.add(number, number, _document(found))
        if rows.full:
            yield rows.take(stream.consumed - used)
            used = stream.consumed
    if not kept and number:
        detail = f"none of its {number} records is a page or a text"
        rows.add(number, number, Refusal("no_text_field", detail))
    if len(rows) or stream.consumed > used:
        yield rows.take(stream.consumed - used)


def _document(found: Capture | Refusal) -> Row | Refusal:
    if isinstance(found, Refusal):
        return found
    content, kind = found.content, found.kind
    is_html = kind in _HTML or (not kind and content.lstrip()[:1] == b"<")
    if is_html:
        text = html_text(content, found.charset)
        if isinstance(text, Refusal):
            return text
    elif kind.startswith(_TEXT) or not kind:
        if b"\x00" in content[:1024] and found.charset is None:
            return Refusal("not_text", "binary content without a media type")
        text = decode_text(content, found.charset, is_html=False)
    else:
        return Refusal("not_text", f"{kind} at {found.url}")
    return Row(text, found.record_id, found.url, found.language, None, found.date)


def _warc_captures(
    stream: Stream, options: ReadOptions
) -> Iterator[Capture | Refusal | None]:
    # A capture, a refusal, or None for a record that is no document.
    reader = ArchiveIterator(_Source(stream), parse_http=False, stream_detect=False)
    records = iter(reader)
    number = 0
    while True:
        number += 1
        try:
            record = next(records)
            found, cut = _capture(record, options)
        except StopIteration:
            if stream.problem is not None:
                yield stream.problem
            return
        except Exception as error:
            yield stream.problem or _broken(number, error)
            return
        except BaseException as error:
            # The library is compiled: a bug that bad content meets arrives as a panic,
            # which is no Exception.
            if type(error).__name__ != "PanicException":
                raise
            yield _broken(number, error)
            return
        if cut:
            yield stream.problem or Refusal(
                "truncated", "the file ends inside a record"
            )
            return
        yield found


def _broken(number: int, error: BaseException) -> Refusal:
    return Refusal(
        "malformed_record", f"no WARC record from record {number} on: {error}"
    )


def _capture(
    record: WarcRecord, options: ReadOptions
) -> tuple[Capture | Refusal | None, bool]:
    # What a record holds, and whether it is cut off by the end of the file.
    size = record.content_length
    kind = record.record_type
    wanted = kind in (
        WarcRecordType.response, WarcRecordType.conversion, WarcRecordType.resource,
    )  # fmt: skip
    if size > options.max_record_bytes and wanted:
        limit = options.max_record_bytes
        return Refusal("too_long", f"{size} bytes, {limit} are allowed"), False
    if not wanted and size > options.max_record_bytes:
        return None, False
    record.freeze()
    if record.content_length < size:
        return None, True
    if not wanted:
        return None, False
    if kind == WarcRecordType.response and _is_http(record):
        return _http_capture(record, options), False
    content_type = record.headers.get("Content-Type") or ""
    content = record.reader.read()
    return _made(record, content, content_type, None), False


def _is_http(record: WarcRecord) -> bool:
    url = _url(record) or "http:"
    content_type = record.headers.get("Content-Type") or ""
    return url.startswith(("http:", "https:")) and (
        not content_type or content_type.startswith("application/http")
    )


def _http_capture(record: WarcRecord, options: ReadOptions) -> Capture | Refusal:
    answer = read_answer(record.reader.read(), options.max_record_bytes)
    if isinstance(answer, Refusal):
        return answer
    made = _made(record, answer.content, answer.media_type or "", answer.language)
    return made._replace(charset=answer.charset or made.charset)


def _made(
    record: WarcRecord, content: bytes, content_type: str, language: str | None
) -> Capture:
    kind, _, parameters = content_type.lower().partition(";")
    _, _, charset = parameters.partition("charset=")
    headers: Any = record.headers
    declared = headers.get("WARC-Identified-Content-Language") or language
    return Capture(
        content,
        kind.strip(),
        charset.strip(" \"';") or None,
        (headers.get("WARC-Record-ID") or "").strip("<> ") or None,
        _url(record),
        headers.get("WARC-Date"),
        declared.partition(",")[0].strip() if declared else None,
    )


def _url(record: WarcRecord) -> str | None:
    # Some crawlers put the URI in angle brackets.
    return (record.headers.get("WARC-Target-URI") or "").strip("<> ") or None
