"""Remake ``unicode.npz``: what kernels need to know of every code point.

In: Python's casing and normalisation tables, fontTools' copy of Unicode's Scripts.txt
and unicodedata2's current general categories (the last two only here, at build time).
Out: ``unicode.npz`` beside this file, two-stage tables of one block of 256 code points
each; run ``python -m audit.resources.build_unicode`` after a new Unicode version.
"""

import sys
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["build"]

_CODE_POINTS = 0x110000
_BLOCK = 256

# Word classes; audit.kernels.tokens gives them their meaning.
OTHER, SPACE, NEWLINE, JOINER, IGNORED, LINK = 0, 1, 2, 3, 4, 5
MARK, DIGIT, LETTER, LOWER, UPPER, UNSPACED = 6, 7, 8, 9, 10, 11

# Scripts whose words stand without spaces between them.
_UNSPACED_SCRIPTS = {
    *("Hani", "Hira", "Kana", "Bopo", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Tale"),
    *("Talu", "Lana", "Java", "Bali", "Batk", "Tang", "Nshu", "Kits", "Xsux", "Egyp"),
    "Hluw",
}

# Zero-width joiners belong to the word they stand in; soft hyphens, word joiners and
# marks of writing direction are invisible and belong to none.
_JOINERS = {0x200C, 0x200D}
_IGNORED = {0x00AD, 0x034F, 0x061C, 0x200E, 0x200F, 0x2060, 0xFEFF} | {
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
}
# Zero-width space and the Ethiopic word space part words and nothing else.
_SPACES = {0x09, 0x200B, 0x1361}
_NEWLINES = {0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029}
# What parts two tokens of one name: apostrophes, hyphens, the Catalan, Hebrew, Tibetan
# and Katakana separators inside words, the underscore.
_LINKS = {
    *map(ord, "'-_"),
    *(0x00B4, 0x00B7, 0x0387, 0x055A, 0x058A, 0x05BE, 0x05F3, 0x05F4, 0x0F0B, 0x0F0C),
    *(0x2010, 0x2011, 0x2018, 0x2019, 0x2027, 0x30A0, 0x30FB, 0xFF07, 0xFF0D, 0xFF65),
}
_CATEGORY_CLASS = {
    "Mn": MARK,
    "Mc": MARK,
    "Me": MARK,
    "Nd": DIGIT,
    "Nl": DIGIT,
    "No": DIGIT,
    "Ll": LOWER,
    "Lu": UPPER,
    "Lt": UPPER,
    "Lo": LETTER,
    "Lm": LETTER,
    "Zs": SPACE,
}


def build(path: Path) -> None:
    """Write the tables of all code points to ``path``."""
    import unicodedata2
    from fontTools import unicodedata as scripts

    names = [scripts.script(chr(c)) for c in range(_CODE_POINTS)]
    codes = sorted(set(names))
    number = {code: i for i, code in enumerate(codes)}
    script = np.array([number[name] for name in names], np.uint8)
    word = np.zeros(_CODE_POINTS, np.uint32)
    for c in range(_CODE_POINTS):
        category = unicodedata2.category(chr(c))
        kind = _word_class(c, category, names[c], scripts.script_extension(chr(c)))
        # The difference, not the letter: most blocks are then alike and stored once.
        word[c] = kind << 24 | (c ^ _fold(c, category))
    first, second = _compositions()
    tables = {
        **_two_stages("script", script),
        **_two_stages("word", word),
        **_two_stages("nfc", _nfc()),
        "compositions": np.sort(first << np.uint64(32) | second),
        "script_codes": np.array(codes, "S4"),
        "unicode_version": np.array(
            f"scripts and categories {unicodedata2.unidata_version}, "
            f"casing and normalisation {unicodedata.unidata_version}",
            "S",
        ),
    }
    np.savez_compressed(path, allow_pickle=False, **tables)


def _word_class(c: int, category: str, script: str, extension: set[str]) -> int:
    for members, kind in (
        (_JOINERS, JOINER),
        (_IGNORED, IGNORED),
        (_SPACES, SPACE),
        (_NEWLINES, NEWLINE),
        (_LINKS, LINK),
    ):
        if c in members:
            return kind
    kind = _CATEGORY_CLASS.get(category, OTHER)
    # The prolonged sound mark and its like belong to both kanas, hence to no script;
    # letters borrowed by every script of a list that leaves no space count as theirs.
    owners = {script} if script not in ("Zyyy", "Zinh") else extension
    if category in ("Lo", "Lm", "Nl") and owners and owners <= _UNSPACED_SCRIPTS:
        return UNSPACED
    return kind


def _fold(c: int, category: str) -> int:
    """Return the one code point that stands for c in either case."""
    if 0xD800 <= c < 0xE000:
        return c
    char = chr(c)
    for folded in (char.casefold(), char.lower()):
        if len(folded) == 1:
            return ord(folded)
    if category in ("Lu", "Lt"):
        # U+0130, whose lower case is "i" and a dot above.
        return ord(char.lower()[0])
    return c


def _nfc() -> NDArray[np.uint32]:
    """Return combining class | quick check << 8 | last combining class << 16.

    The last class is that of the last code point of the canonical decomposition.
    Quick check 1: never in NFC text. 2: only where it does not compose with the letter
    before it.
    """
    table = np.zeros(_CODE_POINTS, np.uint32)
    seconds = set(_compositions()[1].tolist())
    for c in range(_CODE_POINTS):
        if 0xD800 <= c < 0xE000:
            continue
        check = 0
        if unicodedata.normalize("NFC", chr(c)) != chr(c):
            check = 1
        elif c in seconds or 0x1161 <= c <= 0x1175 or 0x11A8 <= c <= 0x11C2:
            check = 2
        last = unicodedata.combining(unicodedata.normalize("NFD", chr(c))[-1])
        table[c] = unicodedata.combining(chr(c)) | check << 8 | last << 16
    return table


def _compositions() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """All pairs (first, second) that NFC writes as one character, Hangul aside."""
    pairs = []
    for c in range(_CODE_POINTS):
        parts = unicodedata.decomposition(chr(c)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            first, second = (int(part, 16) for part in parts)
            if unicodedata.normalize("NFC", chr(first) + chr(second)) == chr(c):
                pairs.append((first, second))
    table = np.array(pairs, np.uint64)
    return table[:, 0], table[:, 1]


def _two_stages(
    name: str, values: NDArray[np.generic]
) -> dict[str, NDArray[np.generic]]:
    """Split a table into its distinct blocks and the number of each block."""
    blocks, pages = np.unique(values.reshape(-1, _BLOCK), axis=0, return_inverse=True)
    return {
        f"{name}_pages": pages.reshape(-1).astype(np.uint16),
        f"{name}_blocks": np.ascontiguousarray(blocks).reshape(-1),
    }


if __name__ == "__main__":
    build(
        Path(
            sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "unicode.npz"
        )
    )
