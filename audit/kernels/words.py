"""What `tokenize` knows of words: classes of letters, their hash, their flags.

In: word classes and folded code points. Out: the state of a token's hash, its flags.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.codepoints import unicode_tables
from audit.kernels.jit import step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ALL_UPPER",
    "BEGIN_BITS",
    "BEYOND_BIT",
    "BREAK_BEFORE",
    "CASE_BITS",
    "CLASS_SHIFT",
    "DIGIT_BIT",
    "DIGIT_INSIDE",
    "FOLD_SHIFT",
    "HIGH_BITS",
    "IGNORED_BIT",
    "INITIAL_UPPER",
    "INSIDE",
    "JOINER_BIT",
    "LINE_WRAP_BEFORE",
    "LINK_BIT",
    "LOWER_BIT",
    "MARK_BIT",
    "NEWLINE_BIT",
    "ONES",
    "OTHER_BIT",
    "SEED",
    "SPACE_BIT",
    "UNSPACED",
    "UNSPACED_BIT",
    "UPPER_BIT",
    "WORD_BITS",
    "ascii_letters",
    "ascii_table",
    "break_flags",
    "hash_step",
    "letter_flags",
    "look_up",
    "put",
    "put_letters",
    "two_byte_letters",
    "with_sign",
]

# Token flags; `audit.kernels.tokens.Tokens` says what they mean.
UNSPACED = 1
INITIAL_UPPER = 2
ALL_UPPER = 4
DIGIT_INSIDE = 8
BREAK_BEFORE = 16
LINE_WRAP_BEFORE = 32

# One bit a word class; the classes are those of `audit.resources.build_unicode`.
OTHER_BIT, SPACE_BIT, NEWLINE_BIT, JOINER_BIT = 1, 2, 4, 8
IGNORED_BIT, LINK_BIT, MARK_BIT, DIGIT_BIT = 16, 32, 64, 128
LETTER_BIT, LOWER_BIT, UPPER_BIT, UNSPACED_BIT = 256, 512, 1024, 2048
BEYOND_BIT = 4096  # not ASCII: the class is in the large table
WORD_BITS = MARK_BIT | DIGIT_BIT | LETTER_BIT | LOWER_BIT | UPPER_BIT
BEGIN_BITS = DIGIT_BIT | LETTER_BIT | LOWER_BIT | UPPER_BIT | UNSPACED_BIT
FOLD_SHIFT = 16

# In the table of two bytes: whether a letter may stand inside a word, and its class.
INSIDE = uint64(1 << 24)
CLASS_SHIFT = uint64(32)

# The token hash: one round of xxHash64's kind a code point, then the finaliser of
# MurmurHash3. Odd constants of high entropy (xxHash64's primes).
SEED = uint64(0x27D4EB2F165667C5)
_MUL_A = uint64(0xC2B2AE3D27D4EB4F)
_MUL_B = uint64(0x9E3779B185EBCA87)

# Eight bytes at once.
ONES = uint64(0x0101010101010101)
_LOW_BITS = uint64(0x7F * int(ONES))
HIGH_BITS = uint64(0x80 * int(ONES))
CASE_BITS = uint64(0x20 * int(ONES))
_FROM_LOWER, _BEYOND_LOWER = uint64(0x1F * int(ONES)), uint64(0x05 * int(ONES))
_FROM_DIGIT, _BEYOND_DIGIT = uint64(0x50 * int(ONES)), uint64(0x46 * int(ONES))


@lru_cache(maxsize=1)
def ascii_table() -> NDArray[np.uint32]:
    """Class bit of each byte that is ASCII, its folded letter from bit 16 on."""
    table = np.full(256, BEYOND_BIT, np.uint32)
    unicode = unicode_tables()
    first = int(unicode.word_pages[0]) << 8
    values = unicode.word_blocks[first : first + 128]
    folded = (values & 0x7F) ^ np.arange(128, dtype=np.uint32)
    table[:128] = np.uint32(1) << (values >> 24) | folded << FOLD_SHIFT
    return table


@lru_cache(maxsize=1)
def two_byte_letters() -> NDArray[np.uint64]:
    """Return uint64[2048], what is to know of the code points of two bytes.

    The 24 bits that enter the hash; `INSIDE` for what may stand in a word and folds to
    no ASCII letter; from `CLASS_SHIFT` on the class bit.
    """
    unicode = unicode_tables()
    points = np.arange(0x800, dtype=np.uint32)
    pages = unicode.word_pages[points >> 8].astype(np.int64) << 8
    values = unicode.word_blocks[pages | (points & 255)]
    folded = (values & 0x1FFFFF) ^ points
    packed = (folded & 0x7F | 0x80) | (folded >> 7 & 0x7F) << 8 | folded >> 14 << 16
    kinds = np.uint64(1) << (values >> 24).astype(np.uint64)
    inside = (kinds & np.uint64(WORD_BITS) != 0) & (points >= 0x80) & (folded >= 0x80)
    table = kinds << CLASS_SHIFT | packed | inside.astype(np.uint64) << np.uint64(24)
    # No character of two bytes is ASCII.
    table[:0x80] = 0
    return table


@step
def look_up(point: Any, pages: NDArray[np.uint16], blocks: NDArray[np.uint32]) -> Any:
    """Return what the table of words says of a code point."""
    return int64(blocks[int64(pages[point >> 8]) << 8 | (point & 255)])


@step
def with_sign(gap: Any, kind: Any) -> Any:
    """Return (classes, links, line ends) between two tokens with one more sign."""
    seen, links, wraps = gap
    links += int64((kind & LINK_BIT) != 0)
    wraps += int64((kind & NEWLINE_BIT) != 0)
    return seen | kind, links, wraps


@step
def hash_step(state: Any, chunk: Any) -> Any:
    """Mix eight bytes of a token into its hash, modulo 2^64."""
    mixed = state ^ (chunk * _MUL_A)
    return ((mixed << uint64(31)) | (mixed >> uint64(33))) * _MUL_B


@step
def ascii_letters(word: Any) -> Any:
    """Return bit 7 of each byte of ``word`` set for (letters, digits).

    All eight bytes are compared at once: adding 0x80 - c to a 7-bit byte sets bit 7
    from c on. Letters are compared with their case bit set.
    """
    low = word & _LOW_BITS
    folded = low | CASE_BITS
    letter = (folded + _FROM_LOWER) & ~(folded + _BEYOND_LOWER)
    digit = (low + _FROM_DIGIT) & ~(low + _BEYOND_DIGIT)
    ascii_only = ~word & HIGH_BITS
    return letter & ascii_only, digit & ascii_only


@step
def put(state: Any, chunk: Any, shift: Any, point: Any) -> Any:
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


@step
def put_letters(state: Any, chunk: Any, shift: Any, letters: Any, width: Any) -> Any:
    """Append up to eight folded ASCII letters, ``width`` bits of them, as `put` does.

    What is above ``width`` in ``letters`` is 0.
    """
    if shift + width <= uint64(64):
        return state, chunk | letters << (shift & uint64(63)), shift + width
    # What does not fit goes on in the next chunk; a full one takes nothing.
    free = uint64(64) - shift
    if free != uint64(0):
        chunk |= letters << shift
        letters >>= free
    return hash_step(state, chunk), letters, width - free


@step
def letter_flags(initial: Any, uppers: Any, lowers: Any, digits: Any) -> Any:
    """Return the flags of a token itself, without a branch: they follow no pattern."""
    return (
        int64((initial & UNSPACED_BIT) != 0) * UNSPACED
        | int64((initial & UPPER_BIT) != 0) * INITIAL_UPPER
        | int64((uppers != 0) & (lowers == 0)) * ALL_UPPER
        | int64(digits != 0) * DIGIT_INSIDE
    )


@step
def break_flags(gap: Any, links: Any, wraps: Any) -> Any:
    """Return the flags that say what parts a token from the one before."""
    others = (gap & OTHER_BIT) != 0
    apart = others | (wraps > 0) | (links > 1) | ((links == 1) & (gap & SPACE_BIT != 0))
    wrap = (wraps == 1) & (not others) & (links == 0)
    return int64(apart) * BREAK_BEFORE | int64(wrap) * LINE_WRAP_BEFORE
