"""Text that was decoded with the wrong table: UTF-8 read as a single-byte code page.

In: documents as one UTF-8 buffer with offsets. Out: which of them are mojibake, as
``cafÃ©`` for *café*.

Characters are turned back into the bytes they may have been read from (Windows-1252,
1250 and 1251, with Latin-1 in their gaps), and those bytes are read as UTF-8. Where
text was decoded right, letters beyond ASCII hardly ever stand in the order that UTF-8
asks for; where it was decoded wrong, nearly all of them do. A first byte never goes on
a sequence, so each character that reads as one is looked at by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.charsets import (
    BEHIND,
    CharacterSet,
    begins,
    character_set,
    copy_tail,
)
from audit.kernels.jit import kernel, step
from audit.kernels.lanes import bytes_between, popcount, trailing_zeros
from audit.kernels.plain import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PAGES", "count_sequences", "is_mojibake"]

PAGES = ("cp1252", "cp1250", "cp1251")
# Beyond the last character of either table (the trade mark sign).
_SPAN = 0x2123
# Signs that stand right after a letter in text that was decoded right: quotation marks,
# dashes, dots, spaces, ordinals. A sequence of these alone proves nothing: "MANHÃ…".
_USUAL = (
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u2039\u203a\u2013\u2014\u2122"
    "\u00a0\u00a1\u00aa\u00ab\u00ad\u00ae\u00b0\u00b4\u00b7\u00ba\u00bb\u00bf"
    "ŠŒŽšœžŸŚŤŹśťźŁłĄąŞşŻżĽľ"
)
# So many characters in sequences are proof by themselves: six letters of two bytes.
_PROOF = 12


def _pages() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the byte of each code point by page, 0 if none, and the usual signs."""
    table = np.zeros((len(PAGES), _SPAN), np.uint8)
    for row, page in enumerate(PAGES):
        for byte in range(0x80, 0x100):
            try:
                character = bytes([byte]).decode(page)
            except UnicodeDecodeError:
                continue
            table[row, ord(character)] = byte
    # Latin-1 readers leave these bytes as control characters, and so do many readers
    # of the other pages.
    table[:, 0x80:0xA0] = np.arange(0x80, 0xA0)
    usual = np.zeros(_SPAN, np.bool_)
    usual[[ord(c) for c in _USUAL]] = True
    return table, usual


def _points(table: NDArray[np.uint8], low: int, high: int) -> CharacterSet:
    """Return the characters that some page has between two bytes."""
    some = ((table >= low) & (table <= high)).any(axis=0)
    return character_set(np.flatnonzero(some).tolist())


_BYTES, _ORDINARY = _pages()
# Characters that may be the first of a sequence, and those that may follow one. All
# that may be the first are written in two bytes.
_LEADS, _FOLLOWERS = _points(_BYTES, 0xC2, 0xF4), _points(_BYTES, 0x80, 0xBF)
_LEAD_BYTES = 2
_BEHIND = _LEAD_BYTES + BEHIND


@step
def _fits(lead, byte, first):  # type: ignore[no-untyped-def]
    """Whether a byte may follow in a sequence of UTF-8 (RFC 3629, section 4)."""
    if byte < 0x80 or byte > 0xBF:
        return False
    if not first:
        return True
    if lead == 0xE0:
        return byte >= 0xA0
    if lead == 0xED:
        return byte <= 0x9F
    if lead == 0xF0:
        return byte >= 0x90
    return not (lead == 0xF4 and byte > 0x8F)


@step
def _sequence(data, at, end, to_byte, usual, page):  # type: ignore[no-untyped-def]
    """Return the characters of the sequence that begins here, and if one is unusual.

    0 where the characters are no sequence of UTF-8 in the code page.
    """
    code, at = decode(data, at, end)
    lead = int(to_byte[page, code])
    if lead < 0xC2 or lead > 0xF4:
        return 0, False
    need = 1 + (lead >= 0xE0) + (lead >= 0xF0)
    strong = False
    for follower in range(need):
        if at >= end or data[at] < 0x80:
            return 0, False
        code, at = decode(data, at, end)
        if code >= to_byte.shape[1]:
            return 0, False
        if not _fits(lead, int(to_byte[page, code]), follower == 0):
            return 0, False
        strong = strong or not usual[code]
    return 1 + need, strong


@step
def _beyond_ascii(data, begin, end):  # type: ignore[no-untyped-def]
    """Return how many characters beyond ASCII there are."""
    n = np.int64(0)
    while begin < end and begin + 64 <= len(data):
        firsts = bytes_between(data, begin, 0xC0, 0xFF)
        if begin + 64 > end:
            firsts &= (np.uint64(1) << np.uint64(end - begin)) - np.uint64(1)
        n += np.int64(popcount(firsts))
        begin += 64
    for at in range(begin, end):
        n += data[at] >= 0xC0
    return n


@kernel
def _count(data, offsets, to_byte, usual, leads, followers, out):  # type: ignore[no-untyped-def]
    n_pages, n_docs = out.shape[:2]
    if n_docs == 0:
        return
    tail = np.zeros(64 + _BEHIND, np.uint8)
    doc, last = 0, offsets[n_docs]
    for block in range(offsets[0], last, 64):
        text, place = data, block
        if block + 64 + _BEHIND > len(data):
            copy_tail(data, block, tail)
            text, place = tail, 0
        found = begins(text, place, leads)
        if found:
            found &= begins(text, place + _LEAD_BYTES, followers)
        while found:
            at = block + np.int64(trailing_zeros(found))
            found &= found - np.uint64(1)
            if at >= last:
                break
            while offsets[doc + 1] <= at:
                doc += 1
            for page in range(n_pages):
                size, strong = _sequence(
                    data, at, offsets[doc + 1], to_byte, usual, page
                )
                out[page, doc, 0] += size
                out[page, doc, 1] += strong
    for doc in range(n_docs):
        n = _beyond_ascii(data, offsets[doc], offsets[doc + 1])
        for page in range(n_pages):
            out[page, doc, 2] = n - out[page, doc, 0]


def count_sequences(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return what the characters beyond ASCII are if read back as bytes.

    Args:
        data: uint8[n_bytes], UTF-8.
        offsets: int64[n_docs + 1].

    Returns:
        int64[n_pages, n_docs, 3], by code page (`PAGES`) and document: characters that
        stand in sequences of UTF-8; sequences that hold a sign which does not follow
        letters otherwise; other characters beyond ASCII.
    """
    out = np.zeros((len(PAGES), len(offsets) - 1, 3), np.int64)
    _count(data, offsets, _BYTES, _ORDINARY, _LEADS, _FOLLOWERS, out)
    return out


def is_mojibake(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return bool[n_docs]: which documents were decoded with the wrong table.

    A document counts if at least half of its characters beyond ASCII stand in sequences
    of UTF-8, and one of these cannot be honest text or there are many. A quotation of
    such text in a page that is otherwise right does not make the page mojibake.

    Args:
        data: uint8[n_bytes], UTF-8.
        offsets: int64[n_docs + 1].
    """
    inside, strong, outside = np.moveaxis(count_sequences(data, offsets), 2, 0)
    proved = (strong > 0) | (inside >= _PROOF)
    found: NDArray[np.bool_] = (proved & (inside >= outside)).any(axis=0)
    return found
