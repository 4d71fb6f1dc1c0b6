"""Host names cut out of URLs, straight over the Arrow buffer.

In: one byte buffer of URLs with offsets. Out: one byte buffer of raw host names with
offsets: ASCII letters in lower case, userinfo and port removed, percent-encoding and
non-ASCII bytes left for the (few) unique hosts to be decoded later. Empty where there
is no host. A name that stands alone, without scheme, path or port, is marked by a
leading ``?``: it may as well be a file name.

The grammar is the one browsers read (WHATWG URL), plus names without a scheme.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audit.kernels.jit import kernel, step

__all__ = ["extract_hosts"]

_Bytes = npt.NDArray[np.uint8]
_Offsets = npt.NDArray[np.int64]

# No registrable name is longer than 253 characters; percent-encoding triples it.
_MAX_HOST = 1024

_BACKSLASH, _COLON, _SLASH, _AT, _QUESTION, _HASH = 92, 58, 47, 64, 63, 35
_OPEN, _CLOSE, _LESS, _GREATER = 91, 93, 60, 62


@step
def _lower(byte: int) -> int:
    return byte + 32 if 65 <= byte <= 90 else byte


@step
def _is_scheme_byte(byte: int) -> bool:
    low = _lower(byte)
    return (97 <= low <= 122) or (48 <= byte <= 57) or byte in (43, 45, 46)


@step
def _spells(data: _Bytes, start: int, stop: int, word: _Bytes) -> bool:
    """Return whether the bytes are this lower-case word, in any case."""
    if stop - start != len(word):
        return False
    same = True
    for k in range(len(word)):
        same &= _lower(data[start + k]) == word[k]
    return same


_HTTP, _HTTPS, _FTP, _FTPS, _WS, _WSS, _GOPHER, _GEMINI = (
    np.frombuffer(word, np.uint8)
    for word in (
        b"http", b"https", b"ftp", b"ftps", b"ws", b"wss", b"gopher", b"gemini",
    )
)  # fmt: skip


@step
def _is_web_scheme(data: _Bytes, start: int, stop: int) -> bool:
    return (
        _spells(data, start, stop, _HTTPS)
        or _spells(data, start, stop, _HTTP)
        or _spells(data, start, stop, _FTP)
        or _spells(data, start, stop, _FTPS)
        or _spells(data, start, stop, _WS)
        or _spells(data, start, stop, _WSS)
        or _spells(data, start, stop, _GOPHER)
        or _spells(data, start, stop, _GEMINI)
    )


@step
def _is_port(data: _Bytes, start: int, stop: int) -> bool:
    """Return whether digits stand here, up to the end or to a path."""
    i = start
    while i < stop and 48 <= data[i] <= 57:
        i += 1
    if i == start:
        return False
    return i == stop or data[i] in (_SLASH, _QUESTION, _HASH, _BACKSLASH)


@step
def _authority_start(data: _Bytes, start: int, stop: int) -> tuple[int, bool]:
    """Return where the authority begins (-1: none) and whether it had a mark of one."""
    if data[start] in (_SLASH, _BACKSLASH):
        if start + 1 < stop and data[start + 1] in (_SLASH, _BACKSLASH):
            return start + 2, True
        return -1, False
    colon = start
    while colon < stop and _is_scheme_byte(data[colon]):
        colon += 1
    if colon in (start, stop) or data[colon] != _COLON:
        return start, False
    if _is_web_scheme(data, start, colon):
        # Browsers take any number of slashes after such a scheme, either way round.
        begin = colon + 1
        while begin < stop and data[begin] in (_SLASH, _BACKSLASH):
            begin += 1
        return begin, True
    if _is_port(data, colon + 1, stop):
        return start, False
    return -1, False


@step
def _host_span(data: _Bytes, start: int, stop: int) -> tuple[int, int, bool]:
    """Return begin and end of the host in one URL, and whether it stands alone."""
    while start < stop and (data[start] <= 32 or data[start] == _LESS):
        start += 1
    while stop > start and (data[stop - 1] <= 32 or data[stop - 1] == _GREATER):
        stop -= 1
    if start == stop:
        return start, start, False
    begin, marked = _authority_start(data, start, stop)
    if begin < 0:
        return start, start, False
    end = begin
    at = -1
    while end < stop and data[end] not in (_SLASH, _QUESTION, _HASH, _BACKSLASH):
        if data[end] == _AT:
            at = end
        end += 1
    alone = not marked and end == stop
    if at >= 0:
        # Without a scheme this is a mail address.
        if not marked:
            return start, start, False
        begin = at + 1
    if begin < end and data[begin] == _OPEN:
        close = begin
        while close < end and data[close] != _CLOSE:
            close += 1
        return (begin, close + 1, False) if close < end else (start, start, False)
    for i in range(begin, end):
        if data[i] == _COLON:
            return begin, i, False
    return begin, end, alone


@kernel
def _extract(
    data: _Bytes, offsets: _Offsets, out: _Bytes, out_offsets: _Offsets
) -> None:
    at = 0
    for i in range(len(offsets) - 1):
        out_offsets[i] = at
        if offsets[i] == offsets[i + 1]:
            continue
        begin, end, alone = _host_span(data, offsets[i], offsets[i + 1])
        if begin == end or end - begin > _MAX_HOST:
            continue
        if alone:
            out[at] = _QUESTION
            at += 1
        for j in range(begin, end):
            out[at] = _lower(data[j])
            at += 1
    out_offsets[len(offsets) - 1] = at


def extract_hosts(data: _Bytes, offsets: _Offsets) -> tuple[_Bytes, _Offsets]:
    """Cut the raw host out of every URL.

    Args:
        data: uint8[n_bytes], the URLs in UTF-8, one after another.
        offsets: int64[n_urls + 1], where each begins in ``data``.

    Returns:
        uint8[n_host_bytes] and int64[n_urls + 1]: the raw hosts, in valid UTF-8 since
        every cut is at an ASCII byte, with their offsets.
    """
    room = int(offsets[-1] - offsets[0]) + len(offsets)
    out = np.empty(room, np.uint8)
    out_offsets = np.empty(len(offsets), np.int64)
    _extract(data, offsets, out, out_offsets)
    return out[: out_offsets[-1]], out_offsets
