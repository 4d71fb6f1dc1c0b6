"""Turn a page of HTML into its text.

In: the bytes of a page and the charset its server named. Out: the readable text, or the
reason why there is none.
"""

from __future__ import annotations

import re

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import (
    bytes_to_str,
    detect_encoding,
    map_encoding_to_html5,
)

from audit.read.batches import Refusal

__all__ = ["decode_text", "html_text"]

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I
)
_META_BYTES = 4096


def decode_text(content: bytes, charset: str | None, *, is_html: bool) -> str:
    """Return text whose charset is named by its server, by itself, or not at all.

    The order is that of browsers: byte order mark, server, ``<meta>``, then UTF-8 if it
    is valid, then a guess from the bytes.
    """
    if content.startswith(_BOMS):
        charset = "utf-8" if content[:1] == b"\xef" else "utf-16"
    if charset is None and is_html:
        match = _META_CHARSET.search(content[:_META_BYTES])
        charset = match.group(1).decode("ascii") if match else None
    encodings = [map_encoding_to_html5(charset)] if charset else []
    if charset is None:
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            encodings = [detect_encoding(content)]
    try:
        text: str = bytes_to_str(content, encodings[0] or "utf-8", errors="replace")
    except (LookupError, UnicodeError):  # a charset that no one has heard of
        text = content.decode("utf-8", "replace")
    # A page may name UTF-16 halves by number (&#xD800;): they are no characters.
    return text.encode("utf-8", "replace").decode("utf-8")


def html_text(content: bytes, charset: str | None) -> str | Refusal:
    """Return the main content of a page as text; all of it where no part is the main.

    Args:
        content: the page.
        charset: what the server said of it, or None.
    """
    page = decode_text(content, charset, is_html=True)
    try:
        text: str = extract_plain_text(
            page, preserve_formatting=True, main_content=True, alt_texts=False
        )
        if not text.strip():
            text = extract_plain_text(page, preserve_formatting=True, alt_texts=False)
    except (ValueError, RuntimeError) as error:
        return Refusal("malformed_record", f"the HTML cannot be parsed: {error}")
    return text.encode("utf-8", "replace").decode("utf-8")
