"""The code-point tables: against Python's own data, where both know a letter."""

import sys
import unicodedata

import pytest
from reference_text import DIGIT, LETTER, LOWER, MARK, UNSPACED, UPPER, word_class

from audit.kernels.codepoints import unicode_checksum, unicode_tables

CLASSES = {"Lu": {UPPER}, "Ll": {LOWER}, "Lt": {UPPER}, "Mc": {MARK}, "Nd": {DIGIT}}


def script_of(char):
    table = unicode_tables()
    block = int(table.script_pages[ord(char) >> 8]) << 8
    return table.script_codes[table.script_blocks[block | ord(char) & 255]]


def test_classes_agree_with_python_for_the_letters_it_knows():
    wrong = []
    for point in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(point))
        if category in CLASSES and word_class(chr(point))[0] not in CLASSES[category]:
            wrong.append(hex(point))
        if category in ("Lo", "Lm") and word_class(chr(point))[0] not in (
            LETTER,
            UNSPACED,
        ):
            wrong.append(hex(point))
    # A few letters have moved between categories from one Unicode version to another.
    assert len(wrong) < 20, wrong


def test_folding_is_idempotent_and_joins_cases():
    for point in range(sys.maxunicode + 1):
        folded = word_class(chr(point))[1]
        assert word_class(chr(folded))[1] == folded
        char = chr(point)
        if len(char.upper()) == 1 and len(char.upper().lower()) == 1:
            assert word_class(char.upper())[1] == word_class(char.upper().lower())[1]


@pytest.mark.parametrize(
    ("char", "script"),
    [
        *zip(
            "aяαاक北あア한กແខကཀ፩",
            [
                "Latn",
                "Cyrl",
                "Grek",
                "Arab",
                "Deva",
                "Hani",
                "Hira",
                "Kana",
                "Hang",
                "Thai",
                "Laoo",
                "Khmr",
                "Mymr",
                "Tibt",
                "Ethi",
            ],
            strict=True,
        ),
        ("1", "Zyyy"),
        ("\u0301", "Zinh"),
    ],
)
def test_scripts(char, script):
    assert script_of(char) == script


def test_scripts_without_spaces():
    for char in "北あアーก々〇ກកကཀㄅ𗀀":
        assert word_class(char)[0] == UNSPACED, char
    for char in "aяاक한አ":
        assert word_class(char)[0] != UNSPACED, char


def test_tables_are_small_sorted_and_read_only():
    table = unicode_tables()
    for pages, blocks in (
        (table.script_pages, table.script_blocks),
        (table.word_pages, table.word_blocks),
        (table.nfc_pages, table.nfc_blocks),
    ):
        assert len(pages) == 0x110000 >> 8
        assert int(pages.max()) < len(blocks) >> 8
        assert len(blocks) % 256 == 0
        with pytest.raises(ValueError, match="read-only"):
            blocks[0] = 1
    assert (table.compositions[1:] > table.compositions[:-1]).all()
    assert list(table.script_codes) == sorted(table.script_codes)
    assert len(unicode_checksum()) == 64
    assert "categories" in table.version
