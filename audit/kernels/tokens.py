"""From text to tokens: one hash a word, or a character where words have no spaces.

In: UTF-8 bytes of many documents and their offsets. Out: `Tokens`, parallel arrays. A
token is a run of letters, marks and digits; in scripts that leave no space between
words (Han, kana, Thai, Lao, Khmer, Myanmar, Tibetan and others) each letter with its
marks is a token of its own. Joiners inside a word belong to it, soft hyphens and marks
of writing direction are skipped. The hash is that of the case-folded code points, so
one word has one hash in any document, run or corpus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import int64, uint8, uint32, uint64

from audit.kernels.jit import kernel
from audit.resources.unicode import unicode_tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ALL_UPPER",
    "BREAK_BEFORE",
    "DIGIT_INSIDE",
    "INITIAL_UPPER",
    "LINE_WRAP_BEFORE",
    "UNSPACED",
    "Tokens",
    "count_characters",
    "hash_words",
    "tokenize",
]

# Token flags.
UNSPACED = 1
INITIAL_UPPER = 2
ALL_UPPER = 4
DIGIT_INSIDE = 8
BREAK_BEFORE = 16
LINE_WRAP_BEFORE = 32

# Word classes of `audit.resources.build_unicode`.
_OTHER, _SPACE, _NEWLINE, _JOINER, _IGNORED, _LINK = 0, 1, 2, 3, 4, 5
_MARK, _DIGIT, _LETTER, _LOWER, _UPPER, _UNSPACED = 6, 7, 8, 9, 10, 11

# The token hash: one round of xxHash64's kind a code point, then the finaliser of
# MurmurHash3. Odd constants of high entropy (xxHash64's primes).
_SEED = uint64(0x27D4EB2F165667C5)
_MUL_A = uint64(0xC2B2AE3D27D4EB4F)
_MUL_B = uint64(0x9E3779B185EBCA87)

# The byte that is no part of UTF-8 where it stands decodes to U+FFFD, one byte long.
_REPLACEMENT = 0xFFFD


class Tokens(NamedTuple):
    """The tokens of a batch, in document order.

    Attributes:
        hashes: uint64[n_tokens], hash of the case-folded token.
        starts: int64[n_tokens], byte offset of its first byte in the text buffer.
        lengths: int32[n_tokens], its bytes.
        flags: uint8[n_tokens], a sum of
            ``UNSPACED`` (one letter of a script without spaces, marks included),
            ``INITIAL_UPPER``, ``ALL_UPPER`` (no lower-case letter and one upper-case
            at least), ``DIGIT_INSIDE``,
            ``BREAK_BEFORE`` (first of its document, or parted from the token before by
            a line end or by punctuation; one apostrophe, hyphen or other separator
            used inside names, alone between two tokens, is no break),
            ``LINE_WRAP_BEFORE`` (set beside ``BREAK_BEFORE`` where white space with one
            line end is all that parts them: the wrapped line of a paragraph).
        doc_offsets: int64[n_docs + 1], document i owns tokens
            ``doc_offsets[i]:doc_offsets[i + 1]``.
        characters: int64[n_docs], code points of each document.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int32]
    flags: NDArray[np.uint8]
    doc_offsets: NDArray[np.int64]
    characters: NDArray[np.int64]


def tokenize(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Tokens:
    """Return the tokens of all documents.

    Args:
        data: uint8[n_bytes], UTF-8 in NFC; invalid bytes part words, nothing worse.
        offsets: int64[n_docs + 1], document i is ``data[offsets[i]:offsets[i + 1]]``.
    """
    n_docs = len(offsets) - 1
    size = int(offsets[-1] - offsets[0]) if n_docs > 0 else 0
    # A token and what parts it from the next take two bytes at least, but for the last
    # of a document. Pages that are never written cost nothing.
    room = (size + n_docs) // 2 + 1
    hashes = np.empty(room, np.uint64)
    starts = np.empty(room, np.int64)
    lengths = np.empty(room, np.int32)
    flags = np.empty(room, np.uint8)
    doc_offsets = np.zeros(max(n_docs, 0) + 1, np.int64)
    table = unicode_tables()
    _tokenize(
        data,
        offsets,
        _ascii_table(),
        table.word_pages,
        table.word_blocks,
        (hashes, starts, lengths, flags),
        doc_offsets,
    )
    n = int(doc_offsets[-1])
    return Tokens(
        hashes[:n],
        starts[:n],
        lengths[:n],
        flags[:n],
        doc_offsets,
        count_characters(data, offsets),
    )


def count_characters(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return int64[n_docs], the code points of each document of valid UTF-8."""
    return _count_characters(data, offsets)


def hash_words(words: list[str]) -> NDArray[np.uint64]:
    """Return uint64[n], the token hash of each word; each must be one token.

    The way for tables of words (gazetteers, stop words) into the hash space of
    `tokenize`: a word that is no token, or several, hashes to 0.
    """
    encoded = [word.encode() for word in words]
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) for word in encoded], out=offsets[1:])
    tokens = tokenize(np.frombuffer(b"".join(encoded), np.uint8), offsets)
    single = np.diff(tokens.doc_offsets) == 1
    hashes = np.zeros(len(words), np.uint64)
    hashes[single] = tokens.hashes[tokens.doc_offsets[:-1][single]]
    return hashes


_ASCII: list[NDArray[np.uint32]] = []


def _ascii_table() -> NDArray[np.uint32]:
    """The word table of the first 128 code points, dense: class << 24 | folded."""
    if not _ASCII:
        table = unicode_tables()
        first = int(table.word_pages[0]) << 8
        block = table.word_blocks[first : first + 128]
        _ASCII.append(block ^ np.arange(128, dtype=np.uint32))
    return _ASCII[0]


@kernel
def decode(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return (code point, bytes) at ``at``; never looks at or beyond ``end``.

    Bytes that are no UTF-8 (a continuation byte alone, a cut sequence, an overlong
    form, a surrogate, beyond U+10FFFF) give U+FFFD and one byte.
    """
    lead = int64(data[at])
    if lead < 0x80:
        return lead, 1
    if lead < 0xC2 or lead > 0xF4:
        return int64(_REPLACEMENT), 1
    if at + 1 >= end:
        return int64(_REPLACEMENT), 1
    second = int64(data[at + 1])
    if second & 0xC0 != 0x80:
        return int64(_REPLACEMENT), 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | (second & 0x3F), 2
    if at + 2 >= end:
        return int64(_REPLACEMENT), 1
    third = int64(data[at + 2])
    if third & 0xC0 != 0x80:
        return int64(_REPLACEMENT), 1
    if lead < 0xF0:
        point = (lead & 0x0F) << 12 | (second & 0x3F) << 6 | (third & 0x3F)
        if point < 0x800 or 0xD800 <= point < 0xE000:
            return int64(_REPLACEMENT), 1
        return point, 3
    if at + 3 >= end:
        return int64(_REPLACEMENT), 1
    fourth = int64(data[at + 3])
    if fourth & 0xC0 != 0x80:
        return int64(_REPLACEMENT), 1
    point = (
        (lead & 0x07) << 18
        | (second & 0x3F) << 12
        | (third & 0x3F) << 6
        | (fourth & 0x3F)
    )
    if point < 0x10000 or point > 0x10FFFF:
        return int64(_REPLACEMENT), 1
    return point, 4


@kernel
def hash_step(state: np.uint64, point: int) -> np.uint64:
    """Mix one code point into a token hash, modulo 2^64."""
    mixed = state ^ (uint64(point) * _MUL_A)
    return ((mixed << uint64(31)) | (mixed >> uint64(33))) * _MUL_B


@kernel
def hash_end(state: np.uint64) -> np.uint64:
    """Finish a token hash: every bit of the state reaches every bit of the result."""
    state ^= state >> uint64(33)
    state *= uint64(0xFF51AFD7ED558CCD)
    state ^= state >> uint64(33)
    state *= uint64(0xC4CEB9FE1A85EC53)
    return state ^ (state >> uint64(33))


@kernel
def _tokenize(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    ascii_table: NDArray[np.uint32],
    pages: NDArray[np.uint16],
    blocks: NDArray[np.uint32],
    out: tuple[NDArray[Any], ...],
    doc_offsets: NDArray[np.int64],
) -> None:
    hashes, starts, lengths, flags = out
    n = 0
    for doc in range(len(offsets) - 1):
        at = offsets[doc]
        end = offsets[doc + 1]
        # What lies between the last token and here: links, line ends, other things.
        links, wraps, breaks, spaces = 0, 0, 1, 0
        while at < end:
            lead = data[at]
            if lead < 0x80:
                entry = ascii_table[lead]
                step = 1
            else:
                point, step = decode(data, at, end)
                entry = blocks[int64(pages[point >> 8]) << 8 | (point & 255)]
                entry ^= uint32(point)
            kind = entry >> uint32(24)
            if kind < _MARK:
                if kind == _SPACE:
                    spaces = 1
                elif kind == _NEWLINE:
                    # CR LF is one line end.
                    if not (lead == 10 and at > offsets[doc] and data[at - 1] == 13):
                        wraps += 1
                elif kind == _LINK:
                    links += 1
                elif kind == _OTHER:
                    breaks = 1
                at += step
                continue
            if kind == _MARK:
                # A mark with no letter before it (an emoji's variation selector).
                at += step
                continue
            # A token begins here.
            start = at
            state = hash_step(_SEED, entry & uint32(0x1FFFFF))
            upper = uint8(0)
            lower = uint8(0)
            flag = uint8(0)
            if kind == _UPPER:
                upper = uint8(1)
                flag |= uint8(INITIAL_UPPER)
            elif kind == _LOWER:
                lower = uint8(1)
            elif kind == _DIGIT:
                flag |= uint8(DIGIT_INSIDE)
            unspaced = kind == _UNSPACED
            if unspaced:
                flag |= uint8(UNSPACED)
            at += step
            token_end = at
            joiner = uint32(0)
            while at < end:
                lead = data[at]
                if lead < 0x80:
                    entry = ascii_table[lead]
                    step = 1
                else:
                    point, step = decode(data, at, end)
                    entry = blocks[int64(pages[point >> 8]) << 8 | (point & 255)]
                    entry ^= uint32(point)
                kind = entry >> uint32(24)
                if kind < _MARK:
                    if kind == _JOINER:
                        joiner = entry & uint32(0x1FFFFF)
                    elif kind != _IGNORED:
                        break
                    at += step
                    continue
                if kind == _UNSPACED or (unspaced and kind != _MARK):
                    break
                if joiner != 0:
                    # A joiner counts only inside a word, not at its end.
                    state = hash_step(state, joiner)
                    joiner = uint32(0)
                state = hash_step(state, entry & uint32(0x1FFFFF))
                if kind == _LOWER:
                    lower = uint8(1)
                elif kind == _UPPER:
                    upper = uint8(1)
                elif kind == _DIGIT:
                    flag |= uint8(DIGIT_INSIDE)
                at += step
                token_end = at
            if upper and not lower:
                flag |= uint8(ALL_UPPER)
            if breaks or wraps or links > 1 or (links == 1 and spaces):
                flag |= uint8(BREAK_BEFORE)
                if wraps == 1 and not breaks and links == 0:
                    flag |= uint8(LINE_WRAP_BEFORE)
            hashes[n] = hash_end(state)
            starts[n] = start
            lengths[n] = token_end - start
            flags[n] = flag
            n += 1
            links, wraps, breaks, spaces = 0, 0, 0, 0
        doc_offsets[doc + 1] = n


@kernel
def _count_characters(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    counts = np.zeros(max(len(offsets) - 1, 0), int64)
    for doc in range(len(offsets) - 1):
        count = int64(0)
        for at in range(offsets[doc], offsets[doc + 1]):
            # Every byte but a continuation byte begins a code point.
            count += int64((data[at] & uint8(0xC0)) != uint8(0x80))
        counts[doc] = count
    return counts
