"""Runs of tokens of one kind, which most text is made of.

In: text and the place where a token begins. Out: that token and those that follow, as
`audit.kernels.tokens` writes them one by one, as far as the run goes: words of letters
of two bytes, or letters of scripts without spaces. Those of ASCII letters stand in
`audit.kernels.ascii_runs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.hashing import mix64
from audit.kernels.jit import inlined
from audit.kernels.utf8 import decode, load32
from audit.kernels.words import (
    BEGIN_BITS,
    BEYOND_BIT,
    CLASS_SHIFT,
    DIGIT_BIT,
    IGNORED_BIT,
    INSIDE,
    JOINER_BIT,
    LOWER_BIT,
    MARK_BIT,
    SEED,
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

__all__ = ["two_byte_run", "unspaced_run"]

_PACKED = uint64(0xFFFFFF)


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
