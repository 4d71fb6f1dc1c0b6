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
from audit.kernels.script_counts import (
    ASCII_LETTERS,
    CHARACTERS,
    DIGITS,
    JOINTS,
    N_SIMPLIFIED,
    N_SUMS,
    N_TRADITIONAL,
    PLAIN_SIGNS,
    SIGNS_OF_CODE,
    count_kinds,
)

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


@step
def _decide(counts, seen, n_seen, sums, codes, out, doc):  # type: ignore[no-untyped-def]
    """Write what was counted of a text and which scripts it is in; forget counts."""
    latn, hani, hira, kana, hang, bopo, zyyy, zinh, zzzz, first_extra = codes
    if sums[ASCII_LETTERS] > 0:
        if counts[latn] == 0:
            seen[n_seen] = latn
            n_seen += 1
        counts[latn] += sums[ASCII_LETTERS]
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
                traditional = sums[N_TRADITIONAL] > sums[N_SIMPLIFIED]
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
    out[4, doc], out[5, doc] = letters, sums[DIGITS]
    out[6, doc] = sums[PLAIN_SIGNS] + sums[SIGNS_OF_CODE]
    out[7, doc], out[8, doc] = sums[SIGNS_OF_CODE], sums[JOINTS]
    out[9, doc], out[10, doc] = sums[CHARACTERS], han
    for k in range(5):
        out[11 + k, doc] = sums[N_SIMPLIFIED + k]


@kernel
def _read_scripts(data, offsets, table, codes, whole, out, out_whole):  # type: ignore[no-untyped-def]
    counts, seen = np.zeros(256, np.int64), np.zeros(258, np.int64)
    sums, tail = np.zeros(N_SUMS, np.int64), np.zeros(64, np.uint8)
    all_counts, all_seen, n_all = np.zeros(256, np.int64), np.zeros(258, np.int64), 0
    all_sums = np.zeros(N_SUMS, np.int64)
    for part in range(len(offsets) - 1):
        sums[:] = 0
        n_seen = count_kinds(
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
