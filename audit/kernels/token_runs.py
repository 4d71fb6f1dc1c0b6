"""Runs of tokens of one kind, which most text is made of.

In: text and the place where a token begins. Out: that token and those that follow, as
`audit.kernels.tokens` writes them one by one, as far as the run goes: words of ASCII
letters, told by masks of 64 bytes, or letters of scripts without spaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.hashing import load64, mix64
from audit.kernels.jit import inlined
from audit.kernels.lanes import bytes_between, popcount, trailing_zeros
from audit.kernels.utf8 import decode, load32
from audit.kernels.words import (
    BEGIN_BITS,
    BEYOND_BIT,
    CASE_BITS,
    CLASS_SHIFT,
    DIGIT_BIT,
    IGNORED_BIT,
    INSIDE,
    JOINER_BIT,
    LOWER_BIT,
    MARK_BIT,
    OTHER_BIT,
    SEED,
    SPACE_BIT,
    UNSPACED,
    UNSPACED_BIT,
    UPPER_BIT,
    WORD_BITS,
    break_flags,
    hash_step,
    letter_flags,
    look_up,
    put,
    with_sign,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RUN_READS", "ascii_run", "two_byte_run", "unspaced_run"]

# Bytes from the first one on that `ascii_run` reads: a block, and a chunk of a word.
RUN_READS = 64 + 16

_PACKED = uint64(0xFFFFFF)
_ONE, _ALL = uint64(1), uint64(0xFFFFFFFFFFFFFFFF)


@inlined
def _word_hash(data: NDArray[np.uint8], start: Any, size: Any) -> Any:
    """Return the hash of a word of up to sixteen ASCII letters and digits."""
    # A digit has the bit that makes a letter lower-case already.
    mask = _ALL >> uint64(64 - 8 * min(size, 8))
    state = hash_step(SEED, (load64(data, start) | CASE_BITS) & mask)
    if size > 8:
        mask = _ALL >> uint64(128 - 8 * size)
        state = hash_step(state, (load64(data, start + 8) | CASE_BITS) & mask)
    return mix64(state)


@inlined
def _line_ends(data: NDArray[np.uint8], at: Any) -> Any:
    """Return which of 64 bytes end a line; CR LF is one end."""
    ends = bytes_between(data, at, 0x0A, 0x0D)
    if ends != uint64(0):
        carriage = bytes_between(data, at, 0x0D, 0x0D) << _ONE
        ends &= ~(carriage & bytes_between(data, at, 0x0A, 0x0A))
    return ends


@inlined
def ascii_run(
    data: NDArray[np.uint8],
    at: Any,
    end: Any,
    flag: Any,
    out: Any,
    n: Any,
) -> Any:
    """Write the words of ASCII letters that begin and end in the next 64 bytes.

    Args:
        data: uint8, of which `RUN_READS` bytes from ``at`` on are read.
        at: where a word begins, with nothing before it that belongs to it.
        end: where the document ends.
        flag: what parts the word from the token before, as a flag.
        out: hashes, starts, lengths and flags of tokens.
        n: tokens written so far.

    Returns:
        The place behind the last word, and ``n`` then; ``at`` itself where the word is
        too long or goes on with something else than ASCII.
    """
    hashes, starts, lengths, flags = out
    upper, lower = bytes_between(data, at, 0x41, 0x5A), bytes_between(data, at, 97, 122)
    digit, beyond = bytes_between(data, at, 48, 57), bytes_between(data, at, 128, 255)
    word = upper | lower | digit
    if end - at < 64:
        here = (_ONE << uint64(end - at)) - _ONE
        word &= here
        beyond &= here
    stop = trailing_zeros(beyond)
    # Whether the first word ends here is soon told; a script of two bytes is tried so.
    if trailing_zeros(~word) >= stop:
        return at, n
    space = bytes_between(data, at, 0x20, 0x20) | bytes_between(data, at, 9, 9)
    link = bytes_between(data, at, 0x27, 0x27) | bytes_between(data, at, 0x2D, 0x2D)
    link |= bytes_between(data, at, 0x5F, 0x5F)
    line = bytes_between(data, at, 0x0A, 0x0D)
    other = ~(word | space | link | line)
    line = _line_ends(data, at)
    # A bit where a word begins, and one behind where it ends.
    borders = word ^ word << _ONE
    done = uint64(0)
    while borders != uint64(0):
        first = trailing_zeros(borders)
        borders &= borders - _ONE
        behind = trailing_zeros(borders)
        borders &= borders - _ONE
        # What ends with the block may go on behind it.
        if behind >= stop or behind == uint64(64) or behind - first > uint64(16):
            break
        bit = _ONE << first
        if done != uint64(0):
            gap = bit - (_ONE << done)
            seen = int64(gap & other != uint64(0)) * OTHER_BIT
            seen |= int64(gap & space != uint64(0)) * SPACE_BIT
            links, wraps = popcount(gap & link), popcount(gap & line)
            flag = break_flags(seen, int64(links), int64(wraps))
        inside = (_ONE << behind) - bit
        size = int64(behind - first)
        start = at + int64(first)
        flags[uint64(n)] = flag | letter_flags(
            int64(upper & bit != uint64(0)) * UPPER_BIT,
            upper & inside,
            lower & inside,
            digit & inside,
        )
        hashes[uint64(n)] = _word_hash(data, start, size)
        starts[uint64(n)] = start
        lengths[uint64(n)] = size
        n += 1
        done = behind
    return at + int64(done), n


@inlined
def _two(data: NDArray[np.uint8], at: Any) -> Any:
    """Return two bytes, the first of them the lowest."""
    i = uint64(at)
    return uint64(data[i]) | uint64(data[i + uint64(1)]) << uint64(8)


@inlined
def _letter(letters: NDArray[np.uint64], two: Any) -> Any:
    """Return what the table says of a character of two bytes, the first lowest."""
    return letters[(two & uint64(0x1F)) << uint64(6) | two >> uint64(8) & uint64(0x3F)]


@inlined
def two_byte_run(
    data: NDArray[np.uint8],
    at: Any,
    end: Any,
    flag: Any,
    letters: NDArray[np.uint64],
    byte_table: NDArray[np.uint32],
    out: Any,
    n: Any,
) -> Any:
    """Write words of letters of two bytes that single spaces part.

    Args:
        data: uint8, the text.
        at: where a word begins, with nothing before it that belongs to it.
        end: where the document ends.
        flag: what parts the word from the token before, as a flag.
        letters: uint64[2048], see `two_byte_letters`.
        byte_table: uint32[256], see `ascii_table`.
        out: hashes, starts, lengths and flags of tokens.
        n: tokens written so far.

    Returns:
        The place behind the last word, and ``n`` then; ``at`` itself where the word
        goes on with a character of another kind.
    """
    hashes, starts, lengths, flags = out
    while True:
        start, state, seen = at, SEED, uint64(0)
        behind = at
        while behind + 4 <= end:
            four = _two(data, behind) | _two(data, behind + 2) << uint64(16)
            if four & uint64(0xC0E0C0E0) != uint64(0x80C080C0):
                break
            one, two = _letter(letters, four), _letter(letters, four >> uint64(16))
            if one & two & INSIDE == uint64(0):
                break
            chunk = one & _PACKED | (two & _PACKED) << uint64(24)
            state = hash_step(state, chunk)
            seen |= one | two
            behind += 4
        if behind + 2 <= end:
            two = _two(data, behind)
            if two & uint64(0xC0E0) == uint64(0x80C0):
                one = _letter(letters, two)
                if one & INSIDE != uint64(0):
                    state = hash_step(state, one & _PACKED)
                    seen |= one
                    behind += 2
        if behind < end:
            following = int64(byte_table[data[uint64(behind)]])
            if following & (BEYOND_BIT | WORD_BITS):
                return at, n
        initial = _letter(letters, _two(data, start))
        kinds, initial = int64(seen >> CLASS_SHIFT), int64(initial >> CLASS_SHIFT)
        flags[uint64(n)] = flag | letter_flags(
            initial, kinds & UPPER_BIT, kinds & LOWER_BIT, kinds & DIGIT_BIT
        )
        hashes[uint64(n)] = mix64(state)
        starts[uint64(n)] = start
        lengths[uint64(n)] = behind - start
        n += 1
        at, flag = behind, int64(0)
        if behind + 3 > end or data[uint64(behind)] != 0x20:
            return at, n
        two = _two(data, behind + 1)
        if two & uint64(0xC0E0) != uint64(0x80C0):
            return at, n
        if int64(_letter(letters, two) >> CLASS_SHIFT) & BEGIN_BITS == 0:
            return at, n
        at = behind + 1


@inlined
def _point(data: NDArray[np.uint8], at: Any, end: Any, pages: Any, blocks: Any) -> Any:
    """Return a code point and what the table of words says of it; 0 at the end."""
    if at >= end:
        return int64(0), int64(0)
    i = uint64(at)
    point = int64(data[i])
    if point >= 0xE1 and point <= 0xEF and at + 3 <= end:
        second, third = int64(data[i + uint64(1)]), int64(data[i + uint64(2)])
        if second & 0xC0 == 0x80 and third & 0xC0 == 0x80:
            point = (point & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F
            if 0xD800 <= point < 0xE000:
                return int64(0xFFFD), int64(0)
            return point, look_up(point, pages, blocks)
    point = decode(load32(data, at, end)) >> 3
    return point, look_up(point, pages, blocks)


@inlined
def unspaced_run(
    data: NDArray[np.uint8],
    at: Any,
    end: Any,
    gap: Any,
    pages: NDArray[np.uint16],
    blocks: NDArray[np.uint32],
    out: Any,
    n: Any,
) -> Any:
    """Write letters of scripts without spaces, past signs of three bytes too.

    Args:
        data: uint8, the text.
        at: where such a letter of three bytes begins.
        end: where the document ends.
        gap: classes seen since the token before, links and line ends among them.
        pages: uint16, see `UnicodeTables`.
        blocks: uint32, see `UnicodeTables`.
        out: hashes, starts, lengths and flags of tokens.
        n: tokens written so far.

    Returns:
        The place behind the run, before a letter that has a mark, and ``gap`` and ``n``
        there.
    """
    hashes, starts, lengths, flags = out
    point, value = _point(data, at, end, pages, blocks)
    while True:
        following, next_value = _point(data, at + 3, end, pages, blocks)
        kind = int64(1) << (next_value >> 24)
        if kind & (MARK_BIT | JOINER_BIT | IGNORED_BIT):
            return at, gap, n
        state, chunk, _ = put(SEED, uint64(0), uint64(0), point ^ (value & 0x1FFFFF))
        hashes[uint64(n)] = mix64(hash_step(state, chunk))
        starts[uint64(n)] = at
        lengths[uint64(n)] = 3
        flags[uint64(n)] = break_flags(*gap) | UNSPACED
        n += 1
        at += 3
        gap = (int64(0), int64(0), int64(0))
        while not kind & BEGIN_BITS and 0x800 <= following < 0x10000 and at + 3 <= end:
            # U+FFFD also stands for one byte that is no UTF-8.
            if following == 0xFFFD:
                break
            gap = with_sign(gap, kind)
            at += 3
            following, next_value = _point(data, at, end, pages, blocks)
            kind = int64(1) << (next_value >> 24)
        if not kind & UNSPACED_BIT or following < 0x800 or following > 0xFFFF:
            return at, gap, n
        point, value = following, next_value
