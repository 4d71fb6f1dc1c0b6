"""The script of each document, and what its characters say besides, in one pass.

In: documents as one UTF-8 buffer with offsets, and the table of
`audit.resources.han.script_table`. Out: `Writing`, counts a document.

Letters decide: marks, digits, punctuation and symbols have no script of their own. The
scripts of mixed writing systems are counted together under the code that ISO 15924
has for the mix: ``Jpan`` (kana, with the Han characters around it), ``Kore`` (Hangul,
the same), and ``Hans`` or ``Hant`` for Han characters alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.jit import kernel, step
from audit.kernels.lanes import bytes_between, popcount, trailing_zeros
from audit.kernels.plain import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SCRIPT_EXTRA", "Writing", "read_scripts", "read_scripts_jointly"]

# Codes beside those of the table, numbered on from its last one.
SCRIPT_EXTRA = ("Jpan", "Kore", "Hans", "Hant")

# Kana in at least one of so many letters make Han text Japanese: Chinese pages quote a
# product name or の now and then, Japanese prose is at least a third kana.
_KANA_ONE_IN = 20
_HANGUL_ONE_IN = 4

# A word takes about five letters in an alphabet, two syllables in Hangul or kana, one
# and a half characters in Han: scripts are weighed against each other in words.
_HAN_WEIGHT, _SYLLABLE_WEIGHT = 3, 2

_DIGIT, _LETTER = 7, 8


class Writing(NamedTuple):
    """Counts of each document, all int32[n_docs] in code points.

    Attributes:
        script: number of the main script; `SCRIPT_EXTRA` follow those of the table.
        script_letters: letters in it; a Han character counts as three, a syllable of
            kana or Hangul as two (here and in ``second_letters`` only).
        second: number of the script with most letters after it, -1 if there is none.
        second_letters: letters in that.
        letters: letters in all.
        digits: digits.
        symbols: what is neither letter, mark, digit nor space.
        code_symbols: those of them that program text is full of.
        joints: places inside a word where letters meet digits or small letters
            capitals, as in keys and identifiers.
        characters: code points.
        han: Han characters.
        simplified: Han characters of simplified text only.
        traditional: Han characters of traditional text only.
        cantonese: Han characters of Cantonese only.
        classical: grammatical words of classical Chinese.
        modern: grammatical words of modern Chinese.
    """

    script: NDArray[np.int32]
    script_letters: NDArray[np.int32]
    second: NDArray[np.int32]
    second_letters: NDArray[np.int32]
    letters: NDArray[np.int32]
    digits: NDArray[np.int32]
    symbols: NDArray[np.int32]
    code_symbols: NDArray[np.int32]
    joints: NDArray[np.int32]
    characters: NDArray[np.int32]
    han: NDArray[np.int32]
    simplified: NDArray[np.int32]
    traditional: NDArray[np.int32]
    cantonese: NDArray[np.int32]
    classical: NDArray[np.int32]
    modern: NDArray[np.int32]


# Ranges of ASCII signs, and of those that program text is full of.
_SIGNS = ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E))
_CODE_SIGNS = (
    (0x23, 0x26), (0x28, 0x2B), (0x2F, 0x2F), (0x3B, 0x3E), (0x40, 0x40), (0x5B, 0x60),
    (0x7B, 0x7E),
)  # fmt: skip

# What is counted of a text beside the letters of each script.
(
    _ASCII_LETTERS, _DIGITS, _PLAIN_SIGNS, _SIGNS_OF_CODE, _JOINTS, _CHARACTERS,
    _N_SIMPLIFIED, _N_TRADITIONAL, _N_CANTONESE, _N_CLASSICAL, _N_MODERN, _N_SUMS,
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
def _count_kinds(kinds, valid, before, sums):  # type: ignore[no-untyped-def]
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
    sums[_ASCII_LETTERS] += np.int64(popcount(letter))
    sums[_DIGITS] += np.int64(popcount(digit))
    sums[_PLAIN_SIGNS] += np.int64(popcount(sign & ~code))
    sums[_SIGNS_OF_CODE] += np.int64(popcount(code))
    sums[_CHARACTERS] += np.int64(popcount(valid & ~kinds[5]))
    # Letter beside digit, or capital after small letter.
    joints = digit & (letter << one | before[0])
    joints |= letter & (digit << one | before[2])
    joints |= capital & (small << one | before[1])
    sums[_JOINTS] += np.int64(popcount(joints))
    return letter >> last, small >> last, digit >> last


@step
def _count(data, start, end, table, tail, counts, seen, n_seen, sums):  # type: ignore[no-untyped-def]
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
        before = _count_kinds(kinds, valid, before, sums)
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
                sums[_DIGITS] += 1
            elif word == 0:
                sums[_PLAIN_SIGNS] += 1
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
            sums[_N_SIMPLIFIED + k] += np.int64(field)


@step
def _decide(counts, seen, n_seen, sums, codes, out, doc):  # type: ignore[no-untyped-def]
    """Write what was counted of a text and which scripts it is in; forget counts."""
    latn, hani, hira, kana, hang, bopo, zyyy, zinh, zzzz, first_extra = codes
    if sums[_ASCII_LETTERS] > 0:
        if counts[latn] == 0:
            seen[n_seen] = latn
            n_seen += 1
        counts[latn] += sums[_ASCII_LETTERS]
    letters = 0
    for s in range(n_seen):
        letters += counts[seen[s]]
    han, kana_letters = counts[hani], counts[hira] + counts[kana]
    counts[hani] *= _HAN_WEIGHT
    counts[hira] *= _SYLLABLE_WEIGHT
    counts[kana] *= _SYLLABLE_WEIGHT
    counts[hang] *= _SYLLABLE_WEIGHT
    # Mixed writing: the Han characters go to the script they are mixed with.
    if counts[bopo] and han:
        counts[hani] += counts[bopo]
        counts[bopo] = 0
    n_best, best, n_next, following = 0, zyyy, 0, -1
    rest = counts[hani]
    japanese = korean = 0
    if kana_letters * _KANA_ONE_IN >= han and kana_letters:
        japanese = kana_letters * _SYLLABLE_WEIGHT + rest
        rest = 0
        counts[hira] = counts[kana] = 0
    if counts[hang] * _HANGUL_ONE_IN >= rest and counts[hang]:
        korean = counts[hang] + rest
        rest = 0
        counts[hang] = 0
    counts[hani] = rest
    for s in range(n_seen + 2):
        if s < n_seen:
            script, n = seen[s], counts[seen[s]]
            if script in (zyyy, zinh, zzzz):
                n = 0
            if script == hani:
                traditional = sums[_N_TRADITIONAL] > sums[_N_SIMPLIFIED]
                script = first_extra + 2 + traditional
        else:
            script = first_extra + s - n_seen
            n = japanese if s == n_seen else korean
        if n > n_best or (n == n_best and n and script < best):
            n_next, following = n_best, best
            n_best, best = n, script
        elif n > n_next:
            n_next, following = n, script
    for s in range(n_seen):
        counts[seen[s]] = 0
    out[0, doc], out[1, doc] = best, n_best
    out[2, doc], out[3, doc] = following if n_next else -1, n_next
    out[4, doc], out[5, doc] = letters, sums[_DIGITS]
    out[6, doc] = sums[_PLAIN_SIGNS] + sums[_SIGNS_OF_CODE]
    out[7, doc], out[8, doc] = sums[_SIGNS_OF_CODE], sums[_JOINTS]
    out[9, doc], out[10, doc] = sums[_CHARACTERS], han
    for k in range(5):
        out[11 + k, doc] = sums[_N_SIMPLIFIED + k]


@kernel
def _read_scripts(data, offsets, table, codes, whole, out, out_whole):  # type: ignore[no-untyped-def]
    counts, seen = np.zeros(256, np.int64), np.zeros(258, np.int64)
    sums, tail = np.zeros(_N_SUMS, np.int64), np.zeros(64, np.uint8)
    all_counts, all_seen, n_all = np.zeros(256, np.int64), np.zeros(258, np.int64), 0
    all_sums = np.zeros(_N_SUMS, np.int64)
    for part in range(len(offsets) - 1):
        sums[:] = 0
        n_seen = _count(
            data, offsets[part], offsets[part + 1], table, tail, counts, seen, 0, sums
        )
        if len(whole):
            for s in range(n_seen):
                if all_counts[seen[s]] == 0:
                    all_seen[n_all] = seen[s]
                    n_all += 1
                all_counts[seen[s]] += counts[seen[s]]
            all_sums += sums
            if part + 1 == len(whole) or whole[part + 1] != whole[part]:
                _decide(
                    all_counts, all_seen, n_all, all_sums, codes, out_whole, whole[part]
                )
                all_sums[:] = 0
                n_all = 0
        _decide(counts, seen, n_seen, sums, codes, out, part)


def read_scripts(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    table: NDArray[np.uint32],
    script_codes: tuple[str, ...],
) -> Writing:
    """Return script and character counts of each document.

    Args:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_docs + 1].
        table: from `audit.resources.han.script_table`.
        script_codes: the codes that ``table`` counts in.
    """
    nobody = np.zeros(0, np.int64)
    return read_scripts_jointly(data, offsets, nobody, 0, table, script_codes)[0]


def read_scripts_jointly(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    whole: NDArray[np.int64],
    n_wholes: int,
    table: NDArray[np.uint32],
    script_codes: tuple[str, ...],
) -> tuple[Writing, Writing]:
    """Return what `read_scripts` does of parts, and of what they are parts of.

    Args:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_parts + 1], borders of the parts, none inside a word.
        whole: int64[n_parts], ascending, the row of the document that each is in.
        n_wholes: documents.
        table: from `audit.resources.han.script_table`.
        script_codes: the codes that ``table`` counts in.
    """
    names = ("Latn", "Hani", "Hira", "Kana", "Hang", "Bopo", "Zyyy", "Zinh", "Zzzz")
    codes = (*(script_codes.index(name) for name in names), len(script_codes))
    out = np.zeros((len(Writing._fields), len(offsets) - 1), np.int32)
    joint = np.zeros((len(Writing._fields), n_wholes), np.int32)
    # A document without parts has no letters.
    joint[0], joint[2] = script_codes.index("Zyyy"), -1
    _read_scripts(data, offsets, table, codes, whole, out, joint)
    return Writing(*out), Writing(*joint)
