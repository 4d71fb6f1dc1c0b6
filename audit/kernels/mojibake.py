"""Text that was decoded with the wrong table: UTF-8 read as a single-byte code page.

In: documents as one UTF-8 buffer with offsets. Out: which of them are mojibake, as
``cafÃ©`` for *café*.

Characters are turned back into the bytes they may have been read from (Windows-1252,
1250 and 1251, with Latin-1 in their gaps), and those bytes are read as UTF-8. Where
text was decoded right, letters beyond ASCII hardly ever stand in the order that UTF-8
asks for; where it was decoded wrong, nearly all of them do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.jit import kernel, step
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


def _leads(table: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which first bytes of UTF-8 begin a character that some page has."""
    leads = np.zeros(256, np.bool_)
    for code in np.flatnonzero(table.any(axis=0)).tolist():
        leads[chr(code).encode()[0]] = True
    return leads


_BYTES, _ORDINARY = _pages()
_LEADS = _leads(_BYTES)


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


@kernel
def _count(data, offsets, to_byte, usual, leads, out):  # type: ignore[no-untyped-def]
    n_pages, span = to_byte.shape
    need = np.zeros(n_pages, np.int64)
    pending = np.zeros(n_pages, np.int64)
    lead = np.zeros(n_pages, np.int64)
    strong = np.zeros(n_pages, np.bool_)
    for doc in range(out.shape[1]):
        i, end = offsets[doc], offsets[doc + 1]
        open_pages, elsewhere = 0, 0
        while i < end:
            first, code = data[i], np.uint32(span)
            if first < 0x80:
                i += 1
                while i < end and data[i] < 0x80:
                    i += 1
            elif not leads[first]:
                # No page has such a character: whatever was begun is no sequence.
                elsewhere += 1
                i += 1 + (first >= 0xC0) + (first >= 0xE0) + (first >= 0xF0)
            else:
                code, i = decode(data, i, end)
                elsewhere += code >= span
            if code >= span:
                if open_pages > 0:
                    for page in range(n_pages):
                        out[page, doc, 2] += pending[page]
                        pending[page] = need[page] = 0
                    open_pages = 0
                continue
            open_pages = 0
            for page in range(n_pages):
                byte = int(to_byte[page, code])
                if need[page] > 0 and _fits(lead[page], byte, pending[page] == 1):
                    pending[page] += 1
                    need[page] -= 1
                    strong[page] = strong[page] or not usual[code]
                    if need[page] == 0:
                        out[page, doc, 0] += pending[page]
                        out[page, doc, 1] += strong[page]
                        pending[page] = 0
                else:
                    out[page, doc, 2] += pending[page]
                    pending[page] = need[page] = 0
                    if 0xC2 <= byte <= 0xF4:
                        lead[page], pending[page], strong[page] = byte, 1, False
                        need[page] = 1 + (byte >= 0xE0) + (byte >= 0xF0)
                    else:
                        out[page, doc, 2] += 1
                open_pages += need[page] > 0
        for page in range(n_pages):
            out[page, doc, 2] += pending[page] + elsewhere
            pending[page] = need[page] = 0


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
    _count(data, offsets, _BYTES, _ORDINARY, _LEADS, out)
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
