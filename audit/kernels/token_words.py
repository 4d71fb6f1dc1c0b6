"""One token of any script, letter by letter.

In: text, and the place where a token begins. Out: its hash, flags and length. The way
of `audit.kernels.tokens` where none of the runs that are told faster goes on: words of
several scripts, with joiners inside them, of letters with marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.hashing import load64, mix64
from audit.kernels.jit import inlined
from audit.kernels.utf8 import decode, load32
from audit.kernels.words import (
    DIGIT_BIT,
    FOLD_SHIFT,
    HIGH_BITS,
    IGNORED_BIT,
    JOINER_BIT,
    LOWER_BIT,
    MARK_BIT,
    ONES,
    SEED,
    UNSPACED_BIT,
    UPPER_BIT,
    WORD_BITS,
    ascii_letters,
    hash_step,
    letter_flags,
    look_up,
    put,
    put_letters,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["one_word"]


@inlined
def _ascii_letters(
    data: NDArray[np.uint8],
    at: Any,
    end: Any,
    state: Any,
    seen: Any,
    byte_table: NDArray[np.uint32],
) -> Any:
    """Append the ASCII letters and digits that come next.

    Args:
        data: uint8, the text.
        at: where the word goes on.
        end: where the document ends.
        state: of the hash, see `put`.
        seen: classes seen in the token.
        byte_table: see `ascii_table`.

    Returns:
        The place behind them, ``state`` and ``seen`` there.
    """
    mixed, chunk, shift = state
    uppers, lowers, digits = uint64(0), uint64(0), uint64(0)
    # Eight at once...
    size = uint64(8)
    while size == uint64(8) and at + 8 <= end:
        word = load64(data, at)
        letter, digit = ascii_letters(word)
        other = ~(letter | digit) & HIGH_BITS
        # All bits of the bytes before the first that is neither.
        mask = ((other & (~other + uint64(1))) >> uint64(7)) - uint64(1)
        size = ((mask & ONES) * ONES) >> uint64(56)
        folded = (word | letter >> uint64(2)) & mask
        mixed, chunk, shift = put_letters(
            mixed, chunk, shift, folded, size << uint64(3)
        )
        letter &= mask
        lower = letter & (word << uint64(2))
        lowers |= lower
        uppers |= letter ^ lower
        digits |= digit & mask
        at += int64(size)
    seen |= int64(uppers != uint64(0)) * UPPER_BIT
    seen |= int64(lowers != uint64(0)) * LOWER_BIT
    seen |= int64(digits != uint64(0)) * DIGIT_BIT
    # ... or, where the text ends, one by one.
    while size == uint64(8) and at < end:
        entry = int64(byte_table[data[uint64(at)]])
        if not entry & WORD_BITS:
            break
        mixed, chunk, shift = put(mixed, chunk, shift, entry >> FOLD_SHIFT)
        seen |= entry
        at += 1
    return at, (mixed, chunk, shift), seen


@inlined
def one_word(
    data: NDArray[np.uint8],
    at: Any,
    end: Any,
    decoded: Any,
    value: Any,
    byte_table: NDArray[np.uint32],
    pages: NDArray[np.uint16],
    blocks: NDArray[np.uint32],
) -> Any:
    """Read the token that begins at a place.

    Args:
        data: uint8, the text.
        at: where the token begins.
        end: where the document ends.
        decoded: what `decode` says of its first character, if that is beyond ASCII.
        value: what the table says of that.
        byte_table: see `ascii_table`.
        pages: see `UnicodeTables`.
        blocks: see `UnicodeTables`.

    Returns:
        The token's hash, flags and bytes, the place where reading has come to, where a
        character begins that is known, and its ``decoded`` and ``value``.
    """
    start, known, joiner = at, int64(-1), int64(0)
    state = (SEED, uint64(0), uint64(0))
    # The classes that may follow in the token.
    inside = int64(WORD_BITS)
    if data[uint64(at)] < 0x80:
        initial, seen = int64(byte_table[data[uint64(at)]]), int64(0)
    else:
        initial = int64(1) << (value >> 24)
        seen = initial
        if initial & UNSPACED_BIT:
            inside = int64(MARK_BIT)
        state = put(*state, (decoded >> 3) ^ (value & 0x1FFFFF))
        at += decoded & 7
    token_end = at
    while True:
        if at < end and data[uint64(at)] < 0x80:
            # Only a letter goes on a word, and only then does a joiner count.
            if not int64(byte_table[data[uint64(at)]]) & inside:
                break
            if joiner != 0:
                state, joiner = put(*state, joiner), int64(0)
            at, state, seen = _ascii_letters(data, at, end, state, seen, byte_table)
            token_end = at
        ended = False
        while at < end and data[uint64(at)] >= 0x80:
            decoded = decode(load32(data, at, end))
            value = look_up(decoded >> 3, pages, blocks)
            kind = int64(1) << (value >> 24)
            if kind & inside:
                if joiner != 0:
                    state, joiner = put(*state, joiner), int64(0)
                state = put(*state, (decoded >> 3) ^ (value & 0x1FFFFF))
                seen |= kind
                token_end = at + (decoded & 7)
            elif kind & JOINER_BIT:
                joiner = decoded >> 3
            elif not kind & IGNORED_BIT:
                known, ended = at, True
                break
            at += decoded & 7
        if ended or at >= end:
            break
    hashed, chunk, shift = state
    if shift != uint64(0):
        hashed = hash_step(hashed, chunk)
    flag = letter_flags(initial, seen & UPPER_BIT, seen & LOWER_BIT, seen & DIGIT_BIT)
    return mix64(hashed), flag, token_end - start, at, known, decoded, value
