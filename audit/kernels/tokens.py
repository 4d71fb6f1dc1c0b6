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
from numpy import int64, uint64

from audit.kernels.codepoints import unicode_tables
from audit.kernels.hashing import load64, mix64
from audit.kernels.jit import kernel
from audit.kernels.utf8 import count_characters, decode, load32
from audit.kernels.words import (
    ALL_UPPER,
    BEGIN_BITS,
    BEYOND_BIT,
    BREAK_BEFORE,
    DIGIT_BIT,
    DIGIT_INSIDE,
    FOLD_SHIFT,
    HIGH_BITS,
    IGNORED_BIT,
    INITIAL_UPPER,
    JOINER_BIT,
    LINE_WRAP_BEFORE,
    LINK_BIT,
    LOWER_BIT,
    MARK_BIT,
    NEWLINE_BIT,
    ONES,
    OTHER_BIT,
    SEED,
    SPACE_BIT,
    UNSPACED,
    UNSPACED_BIT,
    UPPER_BIT,
    WORD_BITS,
    ascii_letters,
    ascii_table,
    break_flags,
    hash_step,
    letter_flags,
    put,
)

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
        ascii_table(),
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
        gap, links, wraps = int64(OTHER_BIT), int64(0), int64(0)
        # The code point at `known` is the one that ended the last token.
        known, decoded, point, value = int64(-1), int64(0), int64(0), int64(0)
        while True:
            entry = int64(0)
            while at < end:
                entry = int64(byte_table[data[uint64(at)]])
                if entry & (BEYOND_BIT | BEGIN_BITS):
                    break
                gap |= entry
                if entry & (LINK_BIT | NEWLINE_BIT):
                    links += int64((entry & LINK_BIT) != 0)
                    wraps += int64((entry & NEWLINE_BIT) != 0)
                    if data[uint64(at)] == 10 and at > offsets[doc]:
                        # CR LF is one line end.
                        wraps -= int64(data[uint64(at - 1)] == 13)
                at += 1
            if at >= end:
                break

            start, seen, joiner = at, int64(0), int64(0)
            state, chunk, shift = SEED, uint64(0), uint64(0)
            uppers, lowers, digits = uint64(0), uint64(0), uint64(0)
            # The classes that may follow in the token.
            inside = int64(WORD_BITS)
            if entry & BEYOND_BIT:
                if known != at:
                    decoded = decode(load32(data, at, end))
                    point = decoded >> 3
                    value = int64(blocks[int64(pages[point >> 8]) << 8 | (point & 255)])
                entry = int64(1) << (value >> 24)
                at += decoded & 7
                if not entry & BEGIN_BITS:
                    gap |= entry
                    links += int64((entry & LINK_BIT) != 0)
                    wraps += int64((entry & NEWLINE_BIT) != 0)
                    continue
                if entry & UNSPACED_BIT:
                    inside = int64(MARK_BIT)
                state, chunk, shift = put(
                    state, chunk, shift, point ^ (value & 0x1FFFFF)
                )
                seen = entry
            initial, token_end = entry, at
            while True:
                if inside == WORD_BITS and joiner == 0:
                    before = at
                    # Nearly all text: the ASCII letters of a word, eight at once...
                    whole = False
                    while shift == uint64(0) and at + 8 <= end:
                        word = load64(data, at)
                        letter, digit = ascii_letters(word)
                        other = ~(letter | digit) & HIGH_BITS
                        # All bits of the bytes before the first that is neither.
                        mask = ((other & (~other + uint64(1))) >> uint64(7)) - uint64(1)
                        size = ((mask & ONES) * ONES) >> uint64(56)
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
                        state, chunk, shift = put(
                            state, chunk, shift, entry >> FOLD_SHIFT
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
                            state, chunk, shift = put(state, chunk, shift, joiner)
                            joiner = int64(0)
                        state, chunk, shift = put(
                            state, chunk, shift, point ^ (value & 0x1FFFFF)
                        )
                        seen |= entry
                        at += decoded & 7
                        token_end = at
                    elif entry & (JOINER_BIT | IGNORED_BIT):
                        if entry & JOINER_BIT:
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
                    state, chunk, shift = put(state, chunk, shift, joiner)
                    joiner = int64(0)
            if shift != uint64(0):
                state = hash_step(state, chunk)
            flag = letter_flags(
                initial,
                int64(uppers != uint64(0)) | (seen & UPPER_BIT),
                int64(lowers != uint64(0)) | (seen & LOWER_BIT),
                int64(digits != uint64(0)) | (seen & DIGIT_BIT),
            )
            if gap != SPACE_BIT:
                flag |= break_flags(gap, links, wraps)
                links, wraps = int64(0), int64(0)
            gap = int64(0)
            hashes[uint64(n)] = mix64(state)
            starts[uint64(n)] = start
            lengths[uint64(n)] = token_end - start
            flags[uint64(n)] = flag
            n += 1
        doc_offsets[doc + 1] = n
