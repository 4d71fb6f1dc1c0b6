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

from audit.kernels.ascii_runs import RUN_READS, ascii_run
from audit.kernels.codepoints import unicode_tables
from audit.kernels.hashing import load64
from audit.kernels.jit import inlined, kernel
from audit.kernels.scratch import scratch
from audit.kernels.token_runs import two_byte_run, unspaced_run
from audit.kernels.token_words import one_word
from audit.kernels.utf8 import count_characters, decode, load32
from audit.kernels.words import (
    ALL_UPPER,
    BEGIN_BITS,
    BEYOND_BIT,
    BREAK_BEFORE,
    DIGIT_INSIDE,
    HIGH_BITS,
    INITIAL_UPPER,
    LINE_WRAP_BEFORE,
    LINK_BIT,
    NEWLINE_BIT,
    OTHER_BIT,
    UNSPACED,
    UNSPACED_BIT,
    ascii_letters,
    ascii_table,
    break_flags,
    look_up,
    two_byte_letters,
    with_sign,
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
    memory = scratch(21 * room)
    hashes = memory[: 8 * room].view(np.uint64)
    starts = memory[8 * room : 16 * room].view(np.int64)
    lengths = memory[16 * room : 20 * room].view(np.int32)
    flags = memory[20 * room : 21 * room]
    doc_offsets = np.zeros(max(n_docs, 0) + 1, np.int64)
    table = unicode_tables()
    _tokenize(
        data,
        offsets,
        ascii_table(),
        table.word_pages,
        table.word_blocks,
        two_byte_letters(),
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


@inlined
def _pass_gap(
    data: NDArray[np.uint8],
    at: Any,
    end: Any,
    previous: Any,
    gap: Any,
    byte_table: NDArray[np.uint32],
) -> Any:
    """Pass over ASCII that is no part of a word.

    Args:
        data: uint8, the text.
        at: where it goes on.
        end: where the document ends.
        previous: the byte before ``at`` in this document, 0 if there is none.
        gap: classes seen since the last token, links and line ends among them.
        byte_table: see `ascii_table`.

    Returns:
        The place of the first other byte, or ``end``, and ``gap`` there.
    """
    seen, links, wraps = gap
    while at < end:
        byte = data[uint64(at)]
        entry = int64(byte_table[byte])
        if entry & (BEYOND_BIT | BEGIN_BITS):
            break
        seen |= entry
        if entry & (LINK_BIT | NEWLINE_BIT):
            links += int64((entry & LINK_BIT) != 0)
            # CR LF is one line end.
            wraps += int64((entry & NEWLINE_BIT) != 0)
            wraps -= int64(byte == 10 and previous == 13)
        previous = byte
        at += 1
    return at, (seen, links, wraps)


@inlined
def _whole_word_ahead(data: NDArray[np.uint8], at: Any) -> Any:
    """Whether, of eight bytes, what ends the ASCII letters is ASCII too."""
    word = load64(data, at)
    letter, digit = ascii_letters(word)
    other = ~(letter | digit) & HIGH_BITS
    return other & (~other + uint64(1)) & word == uint64(0)


@kernel
def _tokenize(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    byte_table: NDArray[np.uint32],
    pages: NDArray[np.uint16],
    blocks: NDArray[np.uint32],
    letters: NDArray[np.uint64],
    out: tuple[NDArray[Any], ...],
    doc_offsets: NDArray[np.int64],
) -> None:
    hashes, starts, lengths, flags = out
    n = int64(0)
    for doc in range(len(offsets) - 1):
        at, end = offsets[doc], offsets[doc + 1]
        # What lies between the last token and here: classes seen, links, line ends.
        # The first token of a document follows a break.
        gap = (int64(OTHER_BIT), int64(0), int64(0))
        # What is known of the character at `known`, which ended the last token.
        known, decoded, value = int64(-1), int64(0), int64(0)
        while True:
            previous = data[uint64(at - 1)] if at > offsets[doc] else np.uint8(0)
            at, gap = _pass_gap(data, at, end, previous, gap, byte_table)
            if at >= end:
                break
            before, first = n, data[uint64(at)]
            kind = int64(byte_table[first])
            if first >= 0x80:
                if known != at:
                    decoded = decode(load32(data, at, end))
                    value = look_up(decoded >> 3, pages, blocks)
                    known = at
                kind = int64(1) << (value >> 24)
                if not kind & BEGIN_BITS:
                    gap = with_sign(gap, kind)
                    at += decoded & 7
                    continue
            # Most tokens stand in runs of one kind.
            if first < 0x80:
                if at + RUN_READS <= len(data) and _whole_word_ahead(data, at):
                    at, n = ascii_run(data, at, end, break_flags(*gap), out, n)
            elif first < 0xE0:
                flag = break_flags(*gap)
                at, n = two_byte_run(data, at, end, flag, letters, byte_table, out, n)
            elif kind & UNSPACED_BIT and first < 0xF0:
                at, gap, n = unspaced_run(data, at, end, gap, pages, blocks, out, n)
                if n > before:
                    continue
            if n == before:
                start = at
                state, flag, size, at, known, decoded, value = one_word(
                    data, at, end, decoded, value, byte_table, pages, blocks
                )
                hashes[uint64(n)] = state
                starts[uint64(n)] = start
                lengths[uint64(n)] = size
                flags[uint64(n)] = flag | break_flags(*gap)
                n += 1
            gap = (int64(0), int64(0), int64(0))
        doc_offsets[doc + 1] = n
