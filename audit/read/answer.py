"""Take an HTTP answer apart, as web archives store it.

In: the bytes of an answer, headers and body. Out: its body with transfer and content
encodings undone, and what the headers say of it.
"""

from __future__ import annotations

from typing import NamedTuple

from fastwarc.warc import WarcRecord

from audit.read.batches import Refusal

__all__ = ["Answer", "read_answer"]

# The library parses answers inside WARC records only.
_HEADER = (
    b"WARC/1.0\r\nWARC-Type: response\r\n"
    b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"
)


class Answer(NamedTuple):
    """What a server answered.

    Attributes:
        content: the body.
        media_type: with its parameters, or None.
        charset: what the server named, or None.
        language: Content-Language, or None.
    """

    content: bytes
    media_type: str | None
    charset: str | None
    language: str | None


def read_answer(block: bytes, max_bytes: int) -> Answer | Refusal:
    """Return the answer in a block of bytes, or why it is no document.

    Args:
        block: status line, headers and body as the server sent them.
        max_bytes: most bytes the body may have, decoded.
    """
    # Crawlers often store a body decoded and leave the header that says it is not.
    for undo in ("all", "transfer", "none"):
        try:
            record = WarcRecord.from_bytes(_HEADER % len(block) + block + b"\r\n\r\n")
            record.parse_http(auto_decode=undo, quirks_mode=True)
            content = record.reader.read(max_bytes + 1)
        except (OSError, ValueError):
            continue
        return _answer(record, content, max_bytes, undone=undo == "all")
    return Refusal("malformed_record", "the HTTP answer cannot be parsed")


def _answer(
    record: WarcRecord, content: bytes, max_bytes: int, *, undone: bool
) -> Answer | Refusal:
    headers = record.http_headers
    status = headers.status_code if headers is not None else None
    if status is not None and not 200 <= status < 300:
        return Refusal("missing_text", f"the server answered {status}")
    if len(content) > max_bytes:
        return Refusal("too_long", f"the page expands beyond {max_bytes} bytes")
    encoding = headers.get("Content-Encoding") if headers is not None else None
    if not undone and encoding and not _readable(content):
        detail = f"the content encoding {encoding} cannot be undone"
        return Refusal("malformed_record", detail)
    language = headers.get("Content-Language") if headers is not None else None
    return Answer(content, record.http_content_type, record.http_charset, language)


def _readable(content: bytes) -> bool:
    return b"\x00" not in content[:1024] and content.lstrip()[:1] in (b"<", b"{", b"[")
