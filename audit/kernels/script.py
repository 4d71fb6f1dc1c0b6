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

from audit.kernels.jit import kernel
from audit.kernels.plain import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SCRIPT_EXTRA", "Writing", "read_scripts"]

# Codes beside those of the table, numbered on from its last one.
SCRIPT_EXTRA = ("Jpan", "Kore", "Hans", "Hant")

# Kana in at least one of so many letters make Han text Japanese: Chinese pages quote a
# product name or の now and then, Japanese prose is at least a third kana.
_KANA_ONE_IN = 20
_HANGUL_ONE_IN = 4

# A word takes about five letters in an alphabet, two syllables in Hangul or kana, one
# and a half characters in Han: scripts are weighed against each other in words.
_HAN_WEIGHT, _SYLLABLE_WEIGHT = 3, 2

_SIMPLIFIED, _TRADITIONAL, _CANTONESE, _CLASSICAL, _MODERN = 1, 2, 4, 8, 16
_DIGIT, _LETTER, _LOWER, _UPPER = 7, 8, 9, 10


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


def _ascii_classes() -> NDArray[np.uint8]:
    """Return uint8[128]: 0 space, 1 capital, 2 small, 3 digit, 4 symbol, 5 of code."""
    out = np.zeros(128, np.uint8)
    for c in range(33, 127):
        char = chr(c)
        out[c] = 1 if char.isupper() else 2 if char.islower() else 4
        if char.isdigit():
            out[c] = 3
        elif char in "{}[]<>=;_/\\|#$@&*+~^%`()":
            out[c] = 5
    return out


_ASCII = _ascii_classes()


@kernel
def _read_scripts(data, offsets, table, ascii_class, codes, out):  # type: ignore[no-untyped-def]
    latn, hani, hira, kana, hang, bopo, zyyy, zinh, zzzz, first_extra = codes
    counts = np.zeros(256, np.int64)
    seen = np.zeros(256, np.int64)
    kinds = np.zeros(6, np.int64)
    for doc in range(len(offsets) - 1):
        i, end = np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])
        n_seen, characters, joints = 0, 0, 0
        kinds[:] = 0
        simplified = traditional = cantonese = classical = modern = 0
        before = np.uint8(0)
        while i < end:
            byte = data[i]
            characters += 1
            if byte < 0x80:
                kind = ascii_class[byte]
                kinds[kind] += 1
                # Letter beside digit, or capital after small letter.
                joints += (
                    ((kind == 3) & (before == 1 or before == 2))
                    | ((before == 3) & (kind == 1 or kind == 2))
                    | ((before == 2) & (kind == 1))
                )
                before = kind
                i += np.uint64(1)
                continue
            before = np.uint8(0)
            c, after = decode(data, np.int64(i), np.int64(end))
            i = np.uint64(after)
            entry = table[c]
            word = entry >> np.uint32(8) & np.uint32(15)
            if word >= _LETTER:
                script = np.int64(entry & np.uint32(255))
                if counts[script] == 0:
                    seen[n_seen] = script
                    n_seen += 1
                counts[script] += 1
                flags = entry >> np.uint32(16)
                if flags:
                    simplified += flags & np.uint32(1)
                    traditional += flags >> np.uint32(1) & np.uint32(1)
                    cantonese += flags >> np.uint32(2) & np.uint32(1)
                    classical += flags >> np.uint32(3) & np.uint32(1)
                    modern += flags >> np.uint32(4) & np.uint32(1)
            elif word == _DIGIT:
                kinds[3] += 1
            elif word == 0:
                kinds[4] += 1
        if kinds[1] + kinds[2] > 0:
            if counts[latn] == 0:
                seen[n_seen] = latn
                n_seen += 1
            counts[latn] += kinds[1] + kinds[2]
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
                    script = first_extra + 2 + (traditional > simplified)
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
        out[4, doc], out[5, doc] = letters, kinds[3]
        out[6, doc], out[7, doc] = kinds[4] + kinds[5], kinds[5]
        out[8, doc], out[9, doc], out[10, doc] = joints, characters, han
        out[11, doc], out[12, doc], out[13, doc] = simplified, traditional, cantonese
        out[14, doc], out[15, doc] = classical, modern


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
    names = ("Latn", "Hani", "Hira", "Kana", "Hang", "Bopo", "Zyyy", "Zinh", "Zzzz")
    codes = (*(script_codes.index(name) for name in names), len(script_codes))
    out = np.zeros((len(Writing._fields), len(offsets) - 1), np.int32)
    _read_scripts(data, offsets, table, _ASCII, codes, out)
    return Writing(*out)
