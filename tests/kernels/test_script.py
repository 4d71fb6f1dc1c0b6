"""Scripts, running text and folded words, each against its slow twin."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_language import ref_lone_word, ref_plain
from reference_text import pack, unpack

from audit.kernels.codepoints import unicode_tables
from audit.kernels.lone_words import lone_words
from audit.kernels.paragraphs import paragraph_offsets
from audit.kernels.plain import APOSTROPHES, fold_table, plain_words
from audit.kernels.script import (
    SCRIPT_EXTRA,
    read_scripts,
    read_scripts_jointly,
)
from audit.kernels.utf8 import count_characters
from audit.resources.han import script_table

SCRIPTS = {
    "Hello world": "Latn",
    "Привет, мир": "Cyrl",
    "Γειά σου": "Grek",
    "שלום": "Hebr",
    "سلام دنیا": "Arab",
    "नमस्ते": "Deva",
    "ሰላም": "Ethi",
    "ສະບາຍດີ": "Laoo",
    "東京は日本の首都です": "Jpan",
    "カタカナ": "Jpan",
    "안녕하세요 大韓民國": "Kore",
    "这是一个国家": "Hans",
    "這是一個國家": "Hant",
    "中文": "Hans",
    "iPhone 和 WiFi 是现代生活的必需品": "Hans",
    "2024年10月": "Hans",
    "12 + 34 = 46": "Zyyy",
    "😀 …": "Zyyy",
    "": "Zyyy",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ": "Tfng",
    "ߒߞߏ": "Nkoo",
}


def read(texts):
    table, codes = script_table()
    return read_scripts(*pack(texts), table, codes), codes + SCRIPT_EXTRA


def table():
    tables = unicode_tables()
    return fold_table(tables.word_pages.tobytes(), tables.word_blocks.tobytes())


def test_main_script_by_example():
    writing, codes = read(list(SCRIPTS))
    named = dict(zip(SCRIPTS, (codes[i] for i in writing.script), strict=True))
    assert named == SCRIPTS


def test_second_script_and_its_letters():
    writing, codes = read(["Привет hello world", "只有中文", "日本 abc"])
    assert codes[writing.second[0]] == "Cyrl"
    assert writing.second_letters[0] == 6
    assert writing.script_letters[0] == 10
    assert writing.second[1] == -1
    # A Han character weighs three letters.
    assert codes[writing.script[2]] == "Hans"
    assert (writing.script_letters[2], writing.second_letters[2]) == (6, 3)


# Runs of ASCII that blocks of 64 bytes cut anywhere, beside any other character.
MIXED = st.lists(
    st.one_of(
        st.text(alphabet="abZ09 .{}\n", max_size=80),
        st.text(alphabet="éж國かㄅ가ก🙂\u0301٣ \n", max_size=8),
        st.text(max_size=4),
    ),
    max_size=8,
).map(lambda parts: "".join(parts).encode("utf-8", "replace").decode())


def word_class(c):
    tables = unicode_tables()
    word = tables.word_blocks.reshape(-1, 256)[tables.word_pages[ord(c) >> 8]]
    return int(word[ord(c) & 255]) >> 24 & 15


def ascii_kind(c):
    if c.isascii() and c.isalnum():
        return "digit" if c.isdigit() else "capital" if c.isupper() else "small"
    return ""


def is_joint(before, after):
    pair = ascii_kind(before), ascii_kind(after)
    return "" not in pair and (
        ("digit" in pair and pair != ("digit", "digit")) or pair == ("small", "capital")
    )


@settings(deadline=None)
@given(texts=st.lists(MIXED, max_size=5))
def test_counts_equal_the_twin(texts):
    writing, _ = read(texts)
    code = set("{}[]<>=;_/\\|#$@&*+~^%`()")
    for i, text in enumerate(texts):
        beyond = [word_class(c) for c in text if not c.isascii()]
        alone = [c for c in text if c.isascii()]
        signs = [c for c in alone if " " < c < "\x7f" and not c.isalnum()]
        assert writing.characters[i] == len(text)
        assert writing.letters[i] == sum(c.isalpha() for c in alone) + sum(
            kind >= 8 for kind in beyond
        )
        assert writing.digits[i] == sum(c.isdigit() for c in alone) + beyond.count(7)
        assert writing.symbols[i] == len(signs) + beyond.count(0)
        assert writing.code_symbols[i] == sum(c in code for c in signs)
        assert writing.joints[i] == sum(map(is_joint, text, text[1:]))


@settings(deadline=None)
@given(parts=st.lists(st.lists(MIXED, max_size=4), max_size=4))
def test_parts_and_wholes_are_counted_in_one_pass(parts):
    parts = [[text + "\n" for text in doc] for doc in parts]
    table_, codes = script_table()
    whole = np.repeat(np.arange(len(parts)), [len(d) for d in parts]).astype(np.int64)
    data, offsets = pack([text for doc in parts for text in doc])
    found = read_scripts_jointly(data, offsets, whole, len(parts), table_, codes)
    for got, texts in zip(
        found,
        ([text for doc in parts for text in doc], ["".join(doc) for doc in parts]),
        strict=True,
    ):
        for counts, want in zip(got, read(texts)[0], strict=True):
            assert counts.tolist() == want.tolist()


def test_flags_of_han_characters():
    writing, _ = read(["我哋冇嘢食", "學而時習之不亦說乎", "他们的国家了"])
    assert writing.cantonese.tolist() == [3, 0, 0]
    assert writing.classical[1] >= 3
    assert writing.modern[1] <= 0 + writing.classical[1]
    assert writing.simplified[2] == 2
    assert writing.traditional[1] >= 3


def test_flags_of_long_texts_are_counted_to_the_last():
    # One flag in each character, as many as bytes allow, wherever the text begins.
    for start in ("", "a", "ab"):
        writing, _ = read([start + "\u56fd" * 9_001, start + "\u570b" * 9_001])
        assert writing.simplified.tolist() == [9_001, 0]
        assert writing.traditional.tolist() == [0, 9_001]


def test_joints_mark_keys_not_prose():
    writing, _ = read(["a3f9c2", "QmFzZTY0", "plain words only", "iPhone"])
    assert writing.joints.tolist()[2] == 0
    assert writing.joints[0] == 5
    assert writing.joints[3] == 1


@settings(deadline=None)
@given(text=st.text(alphabet=st.sampled_from("aÉßж'’ʻ 1-.東ไk\u0301\n"), max_size=40))
def test_folded_words_equal_the_twin(text):
    text = unicodedata.normalize("NFC", text)
    got = unpack(*plain_words(*pack(["x", text, "y"]), table()))
    assert got == ["x", ref_plain(text, APOSTROPHES), "y"]


@settings(deadline=None)
@given(
    words=st.lists(st.tuples(st.integers(0, 40), st.sampled_from("Zé '")), max_size=6)
)
def test_long_runs_of_ascii_letters_are_folded_whole(words):
    text = "".join("aB"[n % 2] * n + sign for n, sign in words)
    for texts in ([text], [text, "xyz" * 9]):
        got = unpack(*plain_words(*pack(texts), table()))
        assert got == [ref_plain(text, APOSTROPHES) for text in texts]


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_folding_is_idempotent(text):
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    (once,) = unpack(*plain_words(*pack([text]), table()))
    (twice,) = unpack(*plain_words(*pack([once]), table()))
    assert once == twice
    assert "  " not in once


@settings(deadline=None)
@given(
    texts=st.lists(st.text(alphabet="ab é東\n1", max_size=200), max_size=5),
    enough=st.integers(1, 20),
)
def test_paragraphs_partition_their_documents(texts, enough):
    data, offsets = pack(texts)
    borders, doc = paragraph_offsets(data, offsets, enough)
    assert set(borders.tolist()) >= {
        o for i, o in enumerate(offsets[:-1].tolist()) if texts[i]
    }
    pieces = unpack(data, borders)
    for i, text in enumerate(texts):
        mine = [p for p, d in zip(pieces, doc.tolist(), strict=True) if d == i]
        assert "".join(mine) == text
        assert all(p.endswith("\n") for p in mine[:-1])
        weights = [sum(b >= 0x61 for b in p.encode()) for p in mine]
        assert len(mine) <= 1 or min(weights) >= enough
    assert count_characters(data, offsets).tolist() == [len(t) for t in texts]


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe", b"abc\xe4\xb8", b"\xf0\x9f", b"\x80" * 5]
)
def test_bytes_that_are_no_text_do_no_harm(junk):
    good = ["Maji ni uhai, ", "東京は雨 "]
    script, codes = script_table()
    alone, beside = pack(good), pack([good[0], junk, good[1]])
    for found, clean in zip(
        read_scripts(*beside, script, codes),
        read_scripts(*alone, script, codes),
        strict=True,
    ):
        assert len(found) == 3
        assert np.array_equal(found[[0, 2]], clean)
    words, places, *_ = plain_words(*beside, table())
    spoken, where, *_ = plain_words(*alone, table())
    assert bytes(words[: places[1]]) == bytes(spoken[: where[1]])
    assert bytes(words[places[2] : places[3]]) == bytes(spoken[where[1] : where[2]])


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("maji", True),
        (" maji\n", True),
        ("\U0001f600 maji \u2764\ufe0f", True),
        ("\u0432\u043e\u0434\u0430 12", True),
        ("n\u01b0\u1edbc", True),
        ("l'eau", True),
        ("maji ni", False),
        ("maji!", False),
        ("a.b", False),
        ("", False),
        ("12 \U0001f600", False),
        ("\u6c34", False),
        ("\u0e19\u0e49\u0e33", False),
    ],
)
def test_lone_words(text, alone):
    got = lone_words(*pack(["maji ni", text, "maji"]))
    assert got.tolist() == [False, alone, True]


@settings(deadline=None)
@given(
    text=st.text(
        alphabet="ab'-. 1\n\u00e9\u0436\u1edb\u2764\ufe0f\u6c34\U0001f600", max_size=8
    )
)
def test_lone_words_equal_the_twin(text):
    got = lone_words(*pack(["a b", text, "a"]))
    assert got.tolist() == [False, ref_lone_word(text), True]
