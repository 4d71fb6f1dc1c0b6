"""From text to tokens: one hash a word, or a character where words have no spaces.

In: UTF-8 bytes of many documents and their offsets. Out: `Tokens`, parallel arrays. A
token is a run of letters, marks and digits; in scripts that leave no space between
words (Han, kana, Thai, Lao, Khmer, Myanmar, Tibetan and others) each letter with its
marks is a token of its own. Joiners inside a word belong to it, soft hyphens and marks
of writing direction are skipped. The hash is that of the case-folded code points, so
one word has one hash in any document, run or corpus.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import int64, uint8, uint64

from audit.kernels.hashing import load64, mix64
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

# One bit a word class; the classes are those of `audit.resources.build_unicode`.
_OTHER_BIT, _SPACE_BIT, _NEWLINE_BIT, _JOINER_BIT = 1, 2, 4, 8
_IGNORED_BIT, _LINK_BIT, _MARK_BIT, _DIGIT_BIT = 16, 32, 64, 128
_LETTER_BIT, _LOWER_BIT, _UPPER_BIT, _UNSPACED_BIT = 256, 512, 1024, 2048
_BEYOND_BIT = 4096  # not ASCII: the class is in the large table
_WORD_BITS = _MARK_BIT | _DIGIT_BIT | _LETTER_BIT | _LOWER_BIT | _UPPER_BIT
_BEGIN_BITS = _DIGIT_BIT | _LETTER_BIT | _LOWER_BIT | _UPPER_BIT | _UNSPACED_BIT
_FOLD_SHIFT = 16

# The token hash: one round of xxHash64's kind a code point, then the finaliser of
# MurmurHash3. Odd constants of high entropy (xxHash64's primes).
_SEED = uint64(0x27D4EB2F165667C5)
_MUL_A = uint64(0xC2B2AE3D27D4EB4F)
_MUL_B = uint64(0x9E3779B185EBCA87)

# Eight bytes at once.
_ONES = uint64(0x0101010101010101)
_LOW_BITS = uint64(0x7F * int(_ONES))
_HIGH_BITS = uint64(0x80 * int(_ONES))
_CASE_BITS = uint64(0x20 * int(_ONES))
_FROM_LOWER, _BEYOND_LOWER = uint64(0x1F * int(_ONES)), uint64(0x05 * int(_ONES))
_FROM_DIGIT, _BEYOND_DIGIT = uint64(0x50 * int(_ONES)), uint64(0x46 * int(_ONES))

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
        _byte_table(),
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


@lru_cache(maxsize=1)
def _byte_table() -> NDArray[np.uint32]:
    """Class bit of each byte that is ASCII, its folded letter from bit 16 on."""
    table = np.full(256, _BEYOND_BIT, np.uint32)
    unicode = unicode_tables()
    first = int(unicode.word_pages[0]) << 8
    values = unicode.word_blocks[first : first + 128]
    folded = (values & 0x7F) ^ np.arange(128, dtype=np.uint32)
    table[:128] = np.uint32(1) << (values >> 24) | folded << _FOLD_SHIFT
    return table


@kernel
def decode(four: Any) -> Any:
    """Return ``code point << 3 | bytes`` of the UTF-8 sequence at the low end.

    ``four`` holds the next four bytes, the first lowest, zeros beyond the end of the
    text. What is no UTF-8 (a continuation byte alone, a cut sequence, an overlong form,
    a surrogate, beyond U+10FFFF) gives U+FFFD and one byte.
    """
    first = four & 0xFF
    if first < 0x80:
        return first << 3 | 1
    second, third = four >> 8 & 0x3F, four >> 16 & 0x3F
    if four & 0xC0E0 == 0x80C0:
        point = (first & 0x1F) << 6 | second
        if point >= 0x80:
            return point << 3 | 2
    elif four & 0xC0C0F0 == 0x8080E0:
        point = (first & 0x0F) << 12 | second << 6 | third
        if point >= 0x800 and not 0xD800 <= point < 0xE000:
            return point << 3 | 3
    elif four & 0xC0C0C0F8 == 0x808080F0:
        point = (first & 0x07) << 18 | second << 12 | third << 6 | (four >> 24 & 0x3F)
        if 0x10000 <= point <= 0x10FFFF:
            return point << 3 | 4
    return _REPLACEMENT << 3 | 1


@kernel
def load32(data: NDArray[np.uint8], at: Any, end: Any) -> Any:
    """Return four bytes from ``at`` on, the first lowest, zeros beyond ``end``."""
    i = uint64(at)
    if at + 4 <= end:
        return (
            int64(data[i])
            | int64(data[i + uint64(1)]) << 8
            | int64(data[i + uint64(2)]) << 16
            | int64(data[i + uint64(3)]) << 24
        )
    four = int64(0)
    for k in range(end - at):
        four |= int64(data[at + k]) << (8 * k)
    return four


@kernel
def hash_step(state: Any, chunk: Any) -> Any:
    """Mix eight bytes of a token into its hash, modulo 2^64."""
    mixed = state ^ (chunk * _MUL_A)
    return ((mixed << uint64(31)) | (mixed >> uint64(33))) * _MUL_B


@kernel
def _ascii_letters(word: Any) -> Any:
    """Return bit 7 of each byte of ``word`` set for (letters, digits).

    All eight bytes are compared at once: adding 0x80 - c to a 7-bit byte sets bit 7
    from c on. Letters are compared with their case bit set.
    """
    low = word & _LOW_BITS
    folded = low | _CASE_BITS
    letter = (folded + _FROM_LOWER) & ~(folded + _BEYOND_LOWER)
    digit = (low + _FROM_DIGIT) & ~(low + _BEYOND_DIGIT)
    ascii_only = ~word & _HIGH_BITS
    return letter & ascii_only, digit & ascii_only


@kernel
def _put(state: Any, chunk: Any, shift: Any, point: Any) -> Any:
    """Append a folded code point to a token hash of (state, chunk, shift).

    The hash reads a token in chunks of eight bytes: one byte an ASCII letter, three,
    the first of them above 127, any other. A chunk tells all its letters, so different
    tokens of up to eight ASCII letters never share a hash.
    """
    packed = uint64(point)
    width = uint64(8)
    if point >= 128:
        packed = (
            (packed & uint64(0x7F) | uint64(0x80))
            | ((packed >> uint64(7)) & uint64(0x7F)) << uint64(8)
            | (packed >> uint64(14)) << uint64(16)
        )
        width = uint64(24)
    if shift + width > uint64(64):
        return hash_step(state, chunk), packed, width
    return state, chunk | packed << shift, shift + width


@kernel
def _tokenize(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    byte_table: NDArray[np.uint32],
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
        # What lies between the last token and here: classes seen, links, line ends.
        # The first token of a document follows a break.
        gap, links, wraps = int64(_OTHER_BIT), int64(0), int64(0)
        # The code point at `known` is the one that ended the last token.
        known, decoded, point, value = int64(-1), int64(0), int64(0), int64(0)
        while True:
            entry = int64(0)
            while at < end:
                entry = int64(byte_table[data[uint64(at)]])
                if entry & (_BEYOND_BIT | _BEGIN_BITS):
                    break
                gap |= entry
                if entry & (_LINK_BIT | _NEWLINE_BIT):
                    links += int64((entry & _LINK_BIT) != 0)
                    wraps += int64((entry & _NEWLINE_BIT) != 0)
                    if data[uint64(at)] == 10 and at > offsets[doc]:
                        # CR LF is one line end.
                        wraps -= int64(data[uint64(at - 1)] == 13)
                at += 1
            if at >= end:
                break

            start, seen, joiner = at, int64(0), int64(0)
            state, chunk, shift = _SEED, uint64(0), uint64(0)
            uppers, lowers, digits = uint64(0), uint64(0), uint64(0)
            # The classes that may follow in the token.
            inside = int64(_WORD_BITS)
            if entry & _BEYOND_BIT:
                if known != at:
                    decoded = decode(load32(data, at, end))
                    point = decoded >> 3
                    value = int64(blocks[int64(pages[point >> 8]) << 8 | (point & 255)])
                entry = int64(1) << (value >> 24)
                at += decoded & 7
                if not entry & _BEGIN_BITS:
                    gap |= entry
                    links += int64((entry & _LINK_BIT) != 0)
                    wraps += int64((entry & _NEWLINE_BIT) != 0)
                    continue
                if entry & _UNSPACED_BIT:
                    inside = int64(_MARK_BIT)
                state, chunk, shift = _put(
                    state, chunk, shift, point ^ (value & 0x1FFFFF)
                )
                seen = entry
            initial, token_end = entry, at
            while True:
                if inside == _WORD_BITS and joiner == 0:
                    before = at
                    # Nearly all text: the ASCII letters of a word, eight at once...
                    whole = False
                    while shift == uint64(0) and at + 8 <= end:
                        word = load64(data, at)
                        letter, digit = _ascii_letters(word)
                        other = ~(letter | digit) & _HIGH_BITS
                        # All bits of the bytes before the first that is neither.
                        mask = ((other & (~other + uint64(1))) >> uint64(7)) - uint64(1)
                        size = ((mask & _ONES) * _ONES) >> uint64(56)
                        chunk = (word | letter >> uint64(2)) & mask
                        letter &= mask
                        lower = letter & (word << uint64(2))
                        lowers |= lower
                        uppers |= letter ^ lower
                        digits |= digit & mask
                        at += int64(size)
                        if size != uint64(8):
                            shift = size << uint64(3)
                            whole = True
                            break
                        state = hash_step(state, chunk)
                        chunk = uint64(0)
                    # ... or one by one.
                    while not whole and at < end:
                        entry = int64(byte_table[data[uint64(at)]])
                        if not entry & inside:
                            break
                        state, chunk, shift = _put(
                            state, chunk, shift, entry >> _FOLD_SHIFT
                        )
                        seen |= entry
                        at += 1
                    if at > before:
                        token_end = at
                ended = False
                while at < end and data[uint64(at)] >= 0x80:
                    decoded = decode(load32(data, at, end))
                    point = decoded >> 3
                    value = int64(blocks[int64(pages[point >> 8]) << 8 | (point & 255)])
                    entry = int64(1) << (value >> 24)
                    if entry & inside:
                        if joiner != 0:
                            # A joiner counts only where the word goes on behind it.
                            state, chunk, shift = _put(state, chunk, shift, joiner)
                            joiner = int64(0)
                        state, chunk, shift = _put(
                            state, chunk, shift, point ^ (value & 0x1FFFFF)
                        )
                        seen |= entry
                        at += decoded & 7
                        token_end = at
                    elif entry & (_JOINER_BIT | _IGNORED_BIT):
                        if entry & _JOINER_BIT:
                            joiner = point
                        at += decoded & 7
                    else:
                        known = at
                        ended = True
                        break
                if ended or at >= end:
                    break
                if not int64(byte_table[data[uint64(at)]]) & inside:
                    break
                if joiner != 0:
                    state, chunk, shift = _put(state, chunk, shift, joiner)
                    joiner = int64(0)
            if shift != uint64(0):
                state = hash_step(state, chunk)
            flag = _flags(
                initial,
                int64(uppers != uint64(0)) | (seen & _UPPER_BIT),
                int64(lowers != uint64(0)) | (seen & _LOWER_BIT),
                int64(digits != uint64(0)) | (seen & _DIGIT_BIT),
            )
            if gap != _SPACE_BIT:
                flag |= _break_flags(gap, links, wraps)
                links, wraps = int64(0), int64(0)
            gap = int64(0)
            hashes[uint64(n)] = mix64(state)
            starts[uint64(n)] = start
            lengths[uint64(n)] = token_end - start
            flags[uint64(n)] = flag
            n += 1
        doc_offsets[doc + 1] = n


@kernel
def _flags(initial: Any, uppers: Any, lowers: Any, digits: Any) -> Any:
    """Return the flags of a token itself, without a branch: they follow no pattern."""
    return (
        int64((initial & _UNSPACED_BIT) != 0) * UNSPACED
        | int64((initial & _UPPER_BIT) != 0) * INITIAL_UPPER
        | int64((uppers != 0) & (lowers == 0)) * ALL_UPPER
        | int64(digits != 0) * DIGIT_INSIDE
    )


@kernel
def _break_flags(gap: Any, links: Any, wraps: Any) -> Any:
    """Return the flags that say what parts a token from the one before."""
    others = (gap & _OTHER_BIT) != 0
    apart = (
        others | (wraps > 0) | (links > 1) | ((links == 1) & (gap & _SPACE_BIT != 0))
    )
    wrap = (wraps == 1) & (not others) & (links == 0)
    return int64(apart) * BREAK_BEFORE | int64(wrap) * LINE_WRAP_BEFORE


@kernel
def _count_characters(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    counts = np.zeros(max(len(offsets) - 1, 0), int64)
    for doc in range(len(offsets) - 1):
        at = offsets[doc]
        end = offsets[doc + 1]
        count = end - at
        # Every byte but a continuation byte (10xxxxxx) begins a code point.
        while at + 8 <= end:
            word = load64(data, at)
            inner = (word & ~(word << uint64(1)) & _HIGH_BITS) >> uint64(7)
            count -= int64((inner * _ONES) >> uint64(56))
            at += 8
        for i in range(at, end):
            count -= int64((data[i] & uint8(0xC0)) == uint8(0x80))
        counts[doc] = count
    return counts
