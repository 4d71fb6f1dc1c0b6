"""What stands in a text: letters of each script, digits, signs, kinds of Han.

In: the bytes of a text, and the table of `audit.resources.han.script_table`. Out:
counts of its letters by script, and `N_SUMS` counts of all else, in places that have
names. ASCII is told 64 bytes at a time.
"""

from __future__ import annotations

import numpy as np

from audit.kernels.jit import step
from audit.kernels.lanes import bytes_between, popcount, trailing_zeros
from audit.kernels.plain import decode

__all__ = [
    "ASCII_LETTERS", "CHARACTERS", "DIGITS", "JOINTS", "N_SIMPLIFIED", "N_SUMS",
    "N_TRADITIONAL", "PLAIN_SIGNS", "SIGNS_OF_CODE", "count_kinds",
]  # fmt: skip

_DIGIT, _LETTER = 7, 8

# Ranges of ASCII signs, and of those that program text is full of.
_SIGNS = ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E))
_CODE_SIGNS = (
    (0x23, 0x26), (0x28, 0x2B), (0x2F, 0x2F), (0x3B, 0x3E), (0x40, 0x40), (0x5B, 0x60),
    (0x7B, 0x7E),
)  # fmt: skip

# What is counted of a text beside the letters of each script.
(
    ASCII_LETTERS, DIGITS, PLAIN_SIGNS, SIGNS_OF_CODE, JOINTS, CHARACTERS,
    N_SIMPLIFIED, N_TRADITIONAL, _N_CANTONESE, _N_CLASSICAL, _N_MODERN, N_SUMS,
) = range(12)  # fmt: skip


@step
def _among(data, at, ranges):  # type: ignore[no-untyped-def]
    """Return which of the 64 bytes from ``at`` on are in one of some ranges."""
    found = np.uint64(0)
    for low, high in ranges:
        found |= bytes_between(data, at, low, high)
    return found


@step
def _ascii_kinds(data, at):  # type: ignore[no-untyped-def]
    """Return which of 64 bytes are capitals, small letters, digits, signs..."""
    return (
        bytes_between(data, at, 0x41, 0x5A),
        bytes_between(data, at, 0x61, 0x7A),
        bytes_between(data, at, 0x30, 0x39),
        _among(data, at, _SIGNS),
        _among(data, at, _CODE_SIGNS),
        bytes_between(data, at, 0x80, 0xBF),
        bytes_between(data, at, 0xC0, 0xFF),
    )


# Flags of a Han character, each as one in a field of twelve bits, and how many blocks
# of 64 bytes such fields can count: a block has 21 Han characters at most.
_FIELD, _BLOCKS = 12, 128
_SPREAD = np.array(
    [sum((flags >> k & 1) << _FIELD * k for k in range(5)) for flags in range(32)],
    np.uint64,
)


@step
def _count_ascii(kinds, valid, before, sums):  # type: ignore[no-untyped-def]
    """Add up a block's ASCII; return its last letter, small letter and digit.

    Args:
        kinds: from `_ascii_kinds`.
        valid: which bytes are of the text.
        before: bits of what stands right before the block.
        sums: what is counted of the text.
    """
    one, last = np.uint64(1), np.uint64(63)
    capital, small, digit = kinds[0] & valid, kinds[1] & valid, kinds[2] & valid
    sign, code = kinds[3] & valid, kinds[4] & valid
    letter = capital | small
    sums[ASCII_LETTERS] += np.int64(popcount(letter))
    sums[DIGITS] += np.int64(popcount(digit))
    sums[PLAIN_SIGNS] += np.int64(popcount(sign & ~code))
    sums[SIGNS_OF_CODE] += np.int64(popcount(code))
    sums[CHARACTERS] += np.int64(popcount(valid & ~kinds[5]))
    # Letter beside digit, or capital after small letter.
    joints = digit & (letter << one | before[0])
    joints |= letter & (digit << one | before[2])
    joints |= capital & (small << one | before[1])
    sums[JOINTS] += np.int64(popcount(joints))
    return letter >> last, small >> last, digit >> last


@step
def count_kinds(data, start, end, table, tail, counts, seen, n_seen, sums):  # type: ignore[no-untyped-def]
    """Add up what stands in a text; return how many scripts have been seen.

    ASCII is told 64 bytes at a time; of other characters, one bit says where each
    begins. Letters of one script stand in runs: a run is counted when it ends.
    """
    one, script, run = np.uint64(1), np.int64(-1), np.int64(0)
    before, flags, blocks = (np.uint64(0), np.uint64(0), np.uint64(0)), np.uint64(0), 0
    for at in range(start, end, 64):
        left = min(end - at, 64)
        if at + 64 <= len(data):
            kinds = _ascii_kinds(data, at)
        else:
            tail[:] = 0
            for k in range(left):
                tail[k] = data[at + k]
            kinds = _ascii_kinds(tail, 0)
        valid = ~np.uint64(0) >> np.uint64(64 - left)
        before = _count_ascii(kinds, valid, before, sums)
        leads = kinds[6] & valid
        while leads:
            c, _ = decode(data, at + np.int64(trailing_zeros(leads)), end)
            leads &= leads - one
            entry = table[c]
            word = entry >> np.uint32(8) & np.uint32(15)
            if word >= _LETTER:
                if np.int64(entry & np.uint32(255)) != script:
                    n_seen = _end_run(counts, seen, n_seen, script, run)
                    script, run = np.int64(entry & np.uint32(255)), np.int64(0)
                run += 1
                flags += _SPREAD[entry >> np.uint32(16) & np.uint32(31)]
            elif word == _DIGIT:
                sums[DIGITS] += 1
            elif word == 0:
                sums[PLAIN_SIGNS] += 1
        blocks += 1
        if blocks == _BLOCKS:
            _add_flags(flags, sums)
            flags, blocks = np.uint64(0), 0
    _add_flags(flags, sums)
    return _end_run(counts, seen, n_seen, script, run)


@step
def _end_run(counts, seen, n_seen, script, run):  # type: ignore[no-untyped-def]
    """Count a run of letters; return how many scripts have been seen."""
    if run == 0:
        return n_seen
    if counts[script] == 0:
        seen[n_seen] = script
        n_seen += 1
    counts[script] += run
    return n_seen


@step
def _add_flags(flags, sums):  # type: ignore[no-untyped-def]
    """Add fields of flags to what is counted of the text."""
    if flags:
        for k in range(5):
            field = flags >> np.uint64(_FIELD * k) & np.uint64((1 << _FIELD) - 1)
            sums[N_SIMPLIFIED + k] += np.int64(field)
