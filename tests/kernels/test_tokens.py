"""Tokens: against the slow twin, over every script, over broken bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import decode_all, pack
from reference_text import tokens as slow_tokens

from audit.kernels.tokens import (
    ALL_UPPER,
    BREAK_BEFORE,
    DIGIT_INSIDE,
    INITIAL_UPPER,
    LINE_WRAP_BEFORE,
    UNSPACED,
    count_characters,
    hash_words,
    tokenize,
)

SAMPLES = [
    "Hello, World! New\nYork Guinea-Bissau d'Ivoire x2 U.S.A. NASA a - b",
    "北京是中國的首都 New York市。々〆ー",
    "สวัสดีชาวโลก ที่นี่",
    "می‌خواهم رفت‌ و‌",
    "क्षत्रिय हिन्दी क्‍ष",
    "❤️ ok 👩‍👩‍👧 1️⃣",
    "İstanbul STRASSE straße ab\u00adc ſ Σίσυφος ΣΊΣΥΦΟΣ",
    "ジョン・スミスー",
    "བོད་ཡིག",
    "ភាសាខ្មែរ မြန်မာဘာသာ ພາສາລາວ",
    "a\r\nb\n\nc\rd\u2028e",
    "incomprehensibilities Antidisestablishmentarianism x",
    "",
    " \n",
    "ŋa\u0301\u0302 é\u0301 e\u0301",
    "K kelvin \u212aelvin",
]
SIGNS = "abzAZ019 \n\r-'.,_éßİſΣσ北京あーกั้ཀ་कि한️❤𝒜𐐀😀\ufffd\u3000"
ALPHABET = st.sampled_from([*SIGNS, "\u200d", "\u200c", "\u00ad", "\u0301", "\u2060"])


def words(text):
    raw = text.encode() if isinstance(text, str) else text
    tokens = tokenize(*pack([raw]))
    spans = zip(tokens.starts.tolist(), tokens.lengths.tolist(), strict=True)
    return [raw[start : start + length].decode() for start, length in spans]


def as_rows(tokens, doc):
    part = slice(tokens.doc_offsets[doc], tokens.doc_offsets[doc + 1])
    columns = (tokens.hashes, tokens.starts, tokens.lengths, tokens.flags)
    return list(zip(*(c[part].tolist() for c in columns), strict=True))


# Words are read 64 bytes at a time where so much text follows.
PAD = "x." * 50


def check(texts):
    for more in ([], [PAD]):
        check_once([*texts, *more])


def check_once(texts):
    data, offsets = pack(texts)
    tokens = tokenize(data, offsets)
    for doc in range(len(texts)):
        first = int(offsets[doc])
        raw = data[first : int(offsets[doc + 1])].tobytes()
        expected = [(h, s + first, n, f) for h, s, n, f in slow_tokens(raw)]
        assert as_rows(tokens, doc) == expected


def test_samples_equal_the_slow_twin():
    check(SAMPLES)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(ALPHABET, max_size=40), max_size=4))
def test_texts_equal_the_slow_twin(texts):
    check(texts)


PIECES = st.sampled_from(
    ["a", "Word", "NASA", "x2", "sixteen-letters", "abcdefghijklmnop", "q" * 17, "é",
     "naïve", "жук", "Ёлка", "İ", "ż\u0301", "عَرَبي", "، ", "北", "京市", "。",
     "ก็", "あー", "किसी", "\u200c", "\u00ad", " ", " ", " ", "\n", "\r\n", "\r",
     " - ", "'", "--", ", ", ".", "\t", "\u3000", "\u00a0", "«", "”",
     "\ufffd", "😀", "w" * 70]
)  # fmt: skip


@settings(deadline=None, max_examples=600)
@given(st.lists(st.lists(PIECES, max_size=60).map("".join), max_size=3))
def test_runs_of_words_equal_the_slow_twin(texts):
    check(texts)


def test_a_word_at_any_place_of_a_block_equals_the_slow_twin():
    for word in ("a", "word", "Ab1", "w" * 16, "w" * 17, "caf\u00e9", "жук", "北京"):
        check([" " * before + word for before in range(70)])
        check(["a." * before + word + end for before in range(35) for end in ".\n北"])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text(max_size=30), max_size=3))
def test_any_unicode_equals_the_slow_twin(texts):
    check([t.encode("utf-8", "surrogatepass") for t in texts])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.binary(max_size=40), max_size=4))
def test_broken_bytes_equal_the_slow_twin(texts):
    check(texts)


def test_every_code_point_equals_the_slow_twin():
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    text = "".join(f"a{c}" for c in points[::37])
    check([text, "".join(points[5::97])])


def test_a_cut_sequence_never_reads_into_the_next_document():
    whole = "北".encode()
    tokens = tokenize(*pack([whole[:2], whole[2:], b"a" + whole[:1], whole[1:]]))
    assert np.diff(tokens.doc_offsets).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("size", [1, 7, 8, 9, 15, 16, 17, 24, 40])
def test_long_words_at_any_place_have_one_hash(size):
    word = ("abcdefghij" * 5)[:size]
    texts = [word, " " * 3 + word, word.upper(), f"x {word}", f"{word}, y" + " " * 20]
    tokens = tokenize(*pack(texts))
    alone = int(hash_words([word])[0])
    for doc in range(len(texts)):
        assert alone in [row[0] for row in as_rows(tokens, doc)]


def test_words_by_script():
    assert words("Hello, O'Neil's 3rd x_y") == [
        "Hello",
        "O",
        "Neil",
        "s",
        "3rd",
        "x",
        "y",
    ]
    assert words("北京 ok市") == ["北", "京", "ok", "市"]
    assert words("กำที่") == ["ก", "ำ", "ที่"]
    assert words("می‌خواهم") == ["می‌خواهم"]
    assert words("हिन्दी") == ["हिन्दी"]
    assert words("co\u00adop") == ["co\u00adop"]
    assert hash_words(["co\u00adop"])[0] == hash_words(["coop"])[0]
    assert hash_words(["می‌خواهم"])[0] != hash_words(["میخواهم"])[0]


def test_case_folding_joins_forms_of_one_word():
    for forms in (
        ["ΣΊΣΥΦΟΣ", "σίσυφος"],
        ["İstanbul", "istanbul"],
        ["ПРИВЕТ", "привет"],
    ):
        assert len(set(hash_words(forms).tolist())) == 1
    assert hash_words(["two words", "", "."]).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("gap", "flag"),
    [
        (" ", 0),
        ("\u00a0 ", 0),
        ("-", 0),
        ("'", 0),
        ("’", 0),
        (" - ", BREAK_BEFORE),
        ("--", BREAK_BEFORE),
        (". ", BREAK_BEFORE),
        ("\n", BREAK_BEFORE | LINE_WRAP_BEFORE),
        (" \r\n ", BREAK_BEFORE | LINE_WRAP_BEFORE),
        ("\n\n", BREAK_BEFORE),
        (".\n", BREAK_BEFORE),
        ("-\n", BREAK_BEFORE),
    ],
)
def test_what_parts_two_tokens(gap, flag):
    tokens = tokenize(*pack([f"a{gap}b"]))
    assert tokens.flags.tolist() == [BREAK_BEFORE, flag]


def test_flags_of_letters():
    tokens = tokenize(*pack(["Aa AA a1 北 iPhone A1"]))
    shape = UNSPACED | INITIAL_UPPER | ALL_UPPER | DIGIT_INSIDE
    assert (tokens.flags & shape).tolist() == [
        INITIAL_UPPER,
        INITIAL_UPPER | ALL_UPPER,
        DIGIT_INSIDE,
        UNSPACED,
        0,
        INITIAL_UPPER | ALL_UPPER | DIGIT_INSIDE,
    ]


@settings(deadline=None)
@given(st.lists(st.text(ALPHABET, max_size=30), max_size=5), st.integers(0, 5))
def test_documents_do_not_depend_on_their_batch(texts, cut):
    together = tokenize(*pack(texts))
    data, offsets = pack(texts)
    cut = min(cut, len(texts))
    rest = tokenize(data, offsets[cut:])
    assert rest.hashes.tolist() == together.hashes[together.doc_offsets[cut] :].tolist()
    assert rest.starts.tolist() == together.starts[together.doc_offsets[cut] :].tolist()


@settings(deadline=None)
@given(st.lists(st.text(max_size=50), max_size=5))
def test_characters_are_code_points(texts):
    assert count_characters(*pack(texts)).tolist() == [len(text) for text in texts]
    assert [len(decode_all(text.encode())) for text in texts] == [len(t) for t in texts]


def test_short_words_never_share_a_hash():
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    every = [a + b + c for a in letters for b in letters for c in letters]
    assert len(set(hash_words(every).tolist())) == len(every)


def test_hashes_stay_what_they_are():
    # Stored signatures and gazetteers rest on these: a change is a new version.
    assert hash_words(["corpus", "Ünïcödé", "北", "antidisestablishment"]).tolist() == [
        0x512A5C1B2E70C43D,
        0xE319C3BC76EC0212,
        0x0276AA07B0091B84,
        0x0395C8896604E567,
    ]
