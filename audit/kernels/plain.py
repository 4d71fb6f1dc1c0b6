"""Text as the packaged language model reads it: words of letters in lower case.

In: documents as one UTF-8 buffer with offsets, and the folding table of `fold_table`.
Out: another such buffer in which every word is folded letters and marks and words stand
one space apart; digits, punctuation and symbols are gone. The model is trained on what
this kernel writes, so training and inference cannot drift apart.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.jit import kernel, step
from audit.kernels.lanes import copy_lower

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["APOSTROPHES", "decode", "fold_table", "plain_words"]

# What a code point does to the word it stands in; bits 24 and up of the table.
_BREAK, _KEEP, _DROP, _APOSTROPHE = 0, 1, 2, 3

# Signs that writers use for the same apostrophe: French elision, Uzbek letters, okina.
APOSTROPHES = (0x27, 0x60, 0xB4, 0x2BB, 0x2BC, 0x2018, 0x2019, 0x2032, 0xFF07)

# Word classes of audit.kernels.codepoints that make words, and that leave no trace.
_JOINER, _IGNORED, _MARK, _FIRST_LETTER = 3, 4, 6, 8


@lru_cache(maxsize=1)
def fold_table(pages_bytes: bytes, blocks_bytes: bytes) -> NDArray[np.uint32]:
    """Return uint32[0x110000]: the folded code point, and from bit 24 what it does.

    Args:
        pages_bytes: the bytes of ``UnicodeTables.word_pages``.
        blocks_bytes: the bytes of ``UnicodeTables.word_blocks``.
    """
    pages = np.frombuffer(pages_bytes, np.uint16)
    blocks = np.frombuffer(blocks_bytes, np.uint32).reshape(-1, 256)
    word = blocks[pages].reshape(-1)
    code_points = np.arange(len(word), dtype=np.uint32)
    folded = (word & np.uint32(0x1FFFFF)) ^ code_points
    kind = (word >> np.uint32(24)) & np.uint32(15)
    action = np.full(len(word), _BREAK, np.uint32)
    action[(kind == _MARK) | (kind >= _FIRST_LETTER)] = _KEEP
    action[(kind == _JOINER) | (kind == _IGNORED)] = _DROP
    action[list(APOSTROPHES)] = _APOSTROPHE
    table: NDArray[np.uint32] = (action << np.uint32(24)) | folded
    table.setflags(write=False)
    return table


@step
def decode(data, i, end):  # type: ignore[no-untyped-def]
    """Return the code point that starts at byte i and the byte after it."""
    b = np.uint32(data[i])
    if b < 0xE0:
        if i + 1 >= end:
            return np.uint32(0xFFFD), end
        return (b & np.uint32(0x1F)) << np.uint32(6) | (
            np.uint32(data[i + 1]) & np.uint32(0x3F)
        ), i + 2
    if b < 0xF0:
        if i + 2 >= end:
            return np.uint32(0xFFFD), end
        return (b & np.uint32(0x0F)) << np.uint32(12) | (
            np.uint32(data[i + 1]) & np.uint32(0x3F)
        ) << np.uint32(6) | (np.uint32(data[i + 2]) & np.uint32(0x3F)), i + 3
    if i + 3 >= end:
        return np.uint32(0xFFFD), end
    c = (
        (b & np.uint32(0x07)) << np.uint32(18)
        | (np.uint32(data[i + 1]) & np.uint32(0x3F)) << np.uint32(12)
        | (np.uint32(data[i + 2]) & np.uint32(0x3F)) << np.uint32(6)
        | (np.uint32(data[i + 3]) & np.uint32(0x3F))
    )
    return min(c, np.uint32(0x10FFFF)), i + 4


@step
def _encode(out, o, c):  # type: ignore[no-untyped-def]
    """Write code point c at byte o; return the byte after it."""
    if c < 0x80:
        out[o] = c
        return o + 1
    if c < 0x800:
        out[o] = np.uint32(0xC0) | c >> np.uint32(6)
        out[o + 1] = np.uint32(0x80) | c & np.uint32(0x3F)
        return o + 2
    if c < 0x10000:
        out[o] = np.uint32(0xE0) | c >> np.uint32(12)
        out[o + 1] = np.uint32(0x80) | c >> np.uint32(6) & np.uint32(0x3F)
        out[o + 2] = np.uint32(0x80) | c & np.uint32(0x3F)
        return o + 3
    out[o] = np.uint32(0xF0) | c >> np.uint32(18)
    out[o + 1] = np.uint32(0x80) | c >> np.uint32(12) & np.uint32(0x3F)
    out[o + 2] = np.uint32(0x80) | c >> np.uint32(6) & np.uint32(0x3F)
    out[o + 3] = np.uint32(0x80) | c & np.uint32(0x3F)
    return o + 4


@step
def _copy_letters(data, i, end, out, o):  # type: ignore[no-untyped-def]
    """Copy the letters of ASCII from byte i on, made small; return how many.

    The first is known to be one. Sixteen bytes are read and written, whatever of them
    counts: ``out`` has room for them.
    """
    n, run = 0, 16
    while run == 16 and i + n + 16 <= len(data):
        run = copy_lower(out, o + n, data, i + n)
        n += run
    while run == 16 and i + n < end and 0x61 <= data[i + n] | 0x20 <= 0x7A:
        out[o + n] = data[i + n] | 0x20
        n += 1
    return min(n, end - i)


@kernel
def _plain(data, offsets, table, out, out_offsets):  # type: ignore[no-untyped-def]
    o = 0
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        start = o
        # 0: at a break, 1: in a word, 2: in a word that an apostrophe followed
        state = 0
        while i < end:
            b = data[i]
            ascii_letter = 0x61 <= b | 0x20 <= 0x7A
            if ascii_letter:
                action, c = np.uint32(1), np.uint32(b)
            else:
                if b < 0x80:
                    c = np.uint32(b)
                    i += 1
                else:
                    c, i = decode(data, i, end)
                entry = table[c]
                action, c = entry >> np.uint32(24), entry & np.uint32(0x1FFFFF)
            if action == 1:
                if state == 0:
                    if o > start:
                        out[o] = 0x20
                        o += 1
                elif state == 2:
                    out[o] = 0x27
                    o += 1
                state = 1
                if ascii_letter:
                    n = _copy_letters(data, i, end, out, o)
                    i += n
                    o += n
                elif c < 0x80:
                    out[o] = c
                    o += 1
                else:
                    o = _encode(out, o, c)
            elif action == 3 and state == 1:
                state = 2
            elif action != 2:
                state = 0
        out_offsets[doc + 1] = o
    return o


def plain_words(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint32]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the folded words of each document.

    Args:
        data: uint8[n_bytes], valid UTF-8, composed (NFC).
        offsets: int64[n_docs + 1].
        table: what `fold_table` returns.

    Returns:
        uint8[n_folded_bytes] and int64[n_docs + 1]: words one space apart, an
        apostrophe between two letters kept as ``'``. Whatever depends on spacing and
        punctuation is equal for texts that differ in them only.
    """
    n_bytes = int(offsets[-1] - offsets[0])
    # A few letters need one byte more in lower case (two bytes become three).
    # Letters of ASCII are written sixteen at a time.
    out = np.empty(n_bytes + n_bytes // 2 + 24, np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    used = _plain(data, offsets, table, out, out_offsets)
    return out[:used], out_offsets
