"""Text into NFC, touching only the documents that need it.

In: UTF-8 bytes of many documents and their offsets. Out: the same arrays where all
documents are in NFC already (nearly always), else new ones. A kernel reads the bytes
once against the quick-check table; a document in doubt goes through `unicodedata`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.charsets import (
    BEHIND,
    CharacterSet,
    begins,
    character_set,
    copy_tail,
)
from audit.kernels.codepoints import unicode_tables
from audit.kernels.jit import kernel, step
from audit.kernels.lanes import trailing_zeros
from audit.kernels.utf8 import decode, load32

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["maybe_not_nfc", "to_nfc"]

_NEWLINE = 0x0A


def to_nfc(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return (data, offsets) of the documents in NFC.

    Args:
        data: uint8[n_bytes], UTF-8; a line in doubt that is invalid stays as it is.
        offsets: int64[n_docs + 1], document i is ``data[offsets[i]:offsets[i + 1]]``.
    """
    changed: dict[int, bytes] = {}
    for doc in np.flatnonzero(maybe_not_nfc(data, offsets)).tolist():
        text = data[offsets[doc] : offsets[doc + 1]]
        # A line end composes with nothing, so each line can be normalised alone: one
        # mark out of order does not send a whole book through Python.
        cuts = np.r_[0, np.flatnonzero(text == _NEWLINE) + 1, len(text)]
        lines = _changed_lines(text, cuts)
        if lines:
            changed[doc] = _replace(text, cuts, lines)[0].tobytes()
    if not changed:
        return data, offsets
    return _replace(data, offsets, changed)


def _changed_lines(
    text: NDArray[np.uint8], cuts: NDArray[np.int64]
) -> dict[int, bytes]:
    """Return the lines that differ from their NFC form; invalid ones stay."""
    changed = {}
    for line in np.flatnonzero(maybe_not_nfc(text, cuts)).tolist():
        raw = text[cuts[line] : cuts[line + 1]].tobytes()
        try:
            normal = unicodedata.normalize("NFC", raw.decode()).encode()
        except UnicodeDecodeError:
            continue
        if normal != raw:
            changed[line] = normal
    return changed


def maybe_not_nfc(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return bool[n_docs]: false only where the document is certainly in NFC."""
    table = unicode_tables()
    return _maybe_not_nfc(
        data,
        offsets,
        _suspects(),
        table.nfc_pages,
        table.nfc_blocks,
        table.compositions,
    )


@lru_cache(maxsize=1)
def _suspects() -> CharacterSet:
    """Return the code points that NFC may not allow.

    Those are all with a combining class or a quick-check value. What follows a letter
    of any other kind decides, never the letter itself.
    """
    table = unicode_tables()
    points = np.arange(0x110000)
    block = table.nfc_pages[points >> 8].astype(np.int64) << 8
    touched = points[(table.nfc_blocks[block | (points & 255)] & 0xFFFF) != 0]
    return character_set(touched.tolist())


def _replace(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], changed: dict[int, bytes]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the buffers with some documents exchanged, the rest copied in runs."""
    sizes = np.diff(offsets)
    parts: list[bytes] = []
    done = 0
    for doc, normal in changed.items():
        parts += [data[offsets[done] : offsets[doc]].tobytes(), normal]
        sizes[doc] = len(normal)
        done = doc + 1
    parts.append(data[offsets[done] : offsets[-1]].tobytes())
    moved = np.zeros(len(offsets), np.int64)
    np.cumsum(sizes, out=moved[1:])
    return np.frombuffer(b"".join(parts), np.uint8), moved


@step
def _point(data: NDArray[np.uint8], at: Any, end: Any, pages: Any, blocks: Any) -> Any:
    """Return a code point, its bytes, and what the table says of it."""
    decoded = decode(load32(data, at, end))
    point = decoded >> 3
    value = int64(blocks[int64(pages[point >> 8]) << 8 | (point & 255)])
    return point, decoded & 7, value


@step
def _doubtful(
    point: Any, value: Any, starter: Any, previous: Any, compositions: Any
) -> bool:
    """Whether a code point cannot, or may not, follow in NFC.

    Args:
        point: the code point.
        value: what the table says of it.
        starter: the last code point of combining class 0 before it, -1 if none.
        previous: combining class of the last one before it.
        compositions: see `UnicodeTables`.
    """
    combining, check = value & 255, (value >> 8) & 255
    if check == 1 or (combining != 0 and previous > combining):
        return True
    if check != 2:
        return False
    # Hangul jamo compose by arithmetic: always in doubt.
    if 0x1100 <= point < 0x1200:
        return True
    pair = uint64(starter) << uint64(32) | uint64(point)
    return starter >= 0 and _contains(compositions, pair)


@step
def _letter_before(data: NDArray[np.uint8], at: Any, begin: Any) -> Any:
    """Return where the character that ends at ``at`` begins, or ``begin``."""
    at -= 1
    while at > begin and data[at] & 0xC0 == 0x80:
        at -= 1
    return at


@kernel
def _maybe_not_nfc(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    suspects: Any,
    pages: NDArray[np.uint16],
    blocks: NDArray[np.uint32],
    compositions: NDArray[np.uint64],
) -> NDArray[np.bool_]:
    result = np.zeros(max(len(offsets) - 1, 0), np.bool_)
    if len(result) == 0:
        return result
    tail = np.zeros(64 + BEHIND, np.uint8)
    doc, last = 0, offsets[-1]
    # The code point that ends at `known`: the last of combining class 0, and the
    # combining class that it ends with.
    known, starter, previous = int64(-1), int64(-1), int64(0)
    for block in range(offsets[0], last, 64):
        if block + 64 + BEHIND <= len(data):
            found = begins(data, block, suspects)
        else:
            copy_tail(data, block, tail)
            found = begins(tail, 0, suspects)
        while found:
            at = block + int64(trailing_zeros(found))
            found &= found - uint64(1)
            if at >= last:
                break
            while offsets[doc + 1] <= at:
                doc += 1
            if result[doc]:
                continue
            begin, end = offsets[doc], offsets[doc + 1]
            if at == begin:
                starter, previous = int64(-1), int64(0)
            elif known != at:
                # No suspect stands right before: a letter, whatever it is.
                before = _letter_before(data, at, begin)
                starter, _, value = _point(data, before, at, pages, blocks)
                previous = value >> 16
            point, size, value = _point(data, at, end, pages, blocks)
            if _doubtful(point, value, starter, previous, compositions):
                result[doc] = True
            if value & 255 == 0:
                starter = point
            # A letter that decomposes into letter and mark ends in that mark.
            previous, known = value >> 16, at + size
    return result


@step
def _contains(ascending: NDArray[np.uint64], value: np.uint64) -> bool:
    low = 0
    high = len(ascending)
    while low < high:
        middle = (low + high) >> 1
        if ascending[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < len(ascending) and ascending[low] == value
