"""Runs of words of ASCII letters, told by masks of 64 bytes.

In: text and the place where a word begins. Out: that token and those that follow, as
`audit.kernels.tokens` writes them one by one, as far as the run goes. What holds for a
word or for the gap before it is told for all words of a block at once, by additions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import int64, uint64

from audit.kernels.hashing import load64, mix64
from audit.kernels.jit import inlined
from audit.kernels.lanes import bytes_between, trailing_zeros
from audit.kernels.words import (
    ALL_UPPER,
    BREAK_BEFORE,
    CASE_BITS,
    DIGIT_INSIDE,
    INITIAL_UPPER,
    LINE_WRAP_BEFORE,
    SEED,
    hash_step,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RUN_READS", "ascii_run"]

# Bytes from the first one on that `ascii_run` reads: a block, and a chunk of a word.
RUN_READS = 64 + 16

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
def _any(runs: Any, some: Any) -> Any:
    """Return a bit behind each run of ones that has some of certain bits.

    A run and a number made of some of its bits add up to a carry behind its end,
    unless that number is 0. Bits within runs mean nothing.
    """
    return runs + some


@inlined
def _more(runs: Any, some: Any) -> Any:
    """Return a bit behind each run of ones that has two of certain bits or more."""
    # The carry clears the lowest of them in each run, and no other.
    return runs + (some & (runs + some))


@inlined
def _apart(data: NDArray[np.uint8], at: Any, word: Any, flag: Any) -> Any:
    """Return what parts the words of 64 bytes, as `break_flags` tells it.

    Args:
        data: uint8, the text.
        at: where the bytes begin, with a word.
        word: which of them are letters and digits.
        flag: what parts the first word from the token before.

    Returns:
        Which words, by the bits they begin at, have `BREAK_BEFORE` and
        `LINE_WRAP_BEFORE`; bits where no word begins mean nothing.
    """
    space = bytes_between(data, at, 0x20, 0x20) | bytes_between(data, at, 9, 9)
    link = bytes_between(data, at, 0x27, 0x27) | bytes_between(data, at, 0x2D, 0x2D)
    link |= bytes_between(data, at, 0x5F, 0x5F)
    line = bytes_between(data, at, 0x0A, 0x0D)
    gap = ~word
    other = _any(gap, gap & ~(space | link | line))
    line = _line_ends(data, at)
    links, lines = _any(gap, link), _any(gap, line)
    apart = other | lines | _more(gap, link) | links & _any(gap, space)
    wrap = lines & ~(_more(gap, line) | other | links)
    # The first word has no gap here: nothing is carried to bit 0.
    apart = apart & ~_ONE | uint64((flag & BREAK_BEFORE) != 0)
    return apart, wrap & ~_ONE | uint64((flag & LINE_WRAP_BEFORE) != 0)


@inlined
def _bit(bits: Any, place: Any) -> Any:
    """Return a bit as a number."""
    return int64(bits >> place & _ONE)


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
    # What holds for a word is told by the bit that it begins at, or the one behind it.
    apart, wrap = _apart(data, at, word, flag)
    shout = _any(word, word & upper) & ~_any(word, word & lower)
    digits = _any(word, word & digit)
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
        size = int64(behind - first)
        start = at + int64(first)
        flags[uint64(n)] = (
            _bit(upper, first) * INITIAL_UPPER
            | _bit(shout, behind) * ALL_UPPER
            | _bit(digits, behind) * DIGIT_INSIDE
            | _bit(apart, first) * BREAK_BEFORE
            | _bit(wrap, first) * LINE_WRAP_BEFORE
        )
        hashes[uint64(n)] = _word_hash(data, start, size)
        starts[uint64(n)] = start
        lengths[uint64(n)] = size
        n += 1
        done = behind
    return at + int64(done), n
