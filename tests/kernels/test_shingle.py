"""Shingles: fair to scripts that part words and to those that do not."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import jaccard, pack
from reference_text import shingles as slow_shingles
from twelve_scripts import PARAGRAPHS

from audit.kernels.shingle import _sort_sets, shingle, shingle_sets
from audit.kernels.tokens import tokenize

PIECES = st.sampled_from(
    ["one ", "two ", "three", " ", "北", "京", "ก", "ที่", "four, ", "五"]
)
TEXTS = st.lists(st.lists(PIECES, max_size=14).map("".join), max_size=5)


def sets_of(texts):
    hashes, offsets = shingle_sets(tokenize(*pack(texts)))
    return [hashes[a:b].tolist() for a, b in pairwise(offsets)]


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_equal_to_the_slow_twin(texts):
    hashes, offsets = shingle(tokenize(*pack(texts)))
    for doc, text in enumerate(texts):
        part = hashes[offsets[doc] : offsets[doc + 1]].tolist()
        assert part == slow_shingles(text.encode())
    for made, text in zip(sets_of(texts), texts, strict=True):
        assert made == sorted(set(slow_shingles(text.encode())))


def test_three_words_or_five_characters():
    counts = np.diff(
        shingle(tokenize(*pack(["a b c", "a b c d", "一二三四五", "a b 一二"])))[1]
    )
    assert counts.tolist() == [1, 2, 1, 1]
    # Two words and two characters weigh 16, and from the second word on too little.


def test_short_texts_match_only_themselves():
    short = ["cat", "dog", "cat dog", "dog cat", "猫", "狗", "猫狗", "cat dog bird", ""]
    sets = sets_of([*short, "cat"])
    for i in range(len(short)):
        for j in range(i):
            assert jaccard(sets[i], sets[j]) == 0.0
    assert sets[0] == sets[-1]
    assert sets[short.index("")] == []
    longer = sets_of(["cat dog bird fish cow"])[0]
    assert not {h for s in sets[:-2] for h in s if len(s) == 1} & set(longer) - set(
        sets[7]
    )


@pytest.mark.parametrize("script", sorted(PARAGRAPHS))
def test_one_edit_in_the_middle_leaves_a_near_duplicate(script):
    text = PARAGRAPHS[script]
    tokens = tokenize(*pack([text]))
    raw, n = text.encode(), len(tokens.starts)
    middle = int(tokens.starts[n // 2])
    end = middle + int(tokens.lengths[n // 2])
    other = raw[int(tokens.starts[3]) : int(tokens.starts[3] + tokens.lengths[3])]
    edited = raw[:middle] + other + raw[end:]
    left, right = sets_of([text, edited.decode()])
    assert 0.8 <= jaccard(left, right) < 1.0


def test_an_edit_of_a_word_costs_the_same_in_english_and_chinese():
    # Forty words against sixty-eight characters, one word of two characters edited.
    english = " ".join(f"w{i}" for i in range(40))
    chinese = "".join(chr(0x4E00 + i) for i in range(68))
    edited = english.replace("w20", "new"), chinese[:33] + "新字" + chinese[35:]
    (a, b, c, d) = sets_of([english, edited[0], chinese, edited[1]])
    assert abs(jaccard(a, b) - jaccard(c, d)) < 0.03


def test_a_change_of_script_makes_no_seam():
    text = "我们 love 北京 and 上海 very much 因为 food 好吃"
    sets = sets_of([text, text.replace("food", "noodles")])
    assert 0.4 < jaccard(*sets) < 1


def test_punctuation_and_case_do_not_count():
    left, right = sets_of(["One, two; three four", "one two THREE... four!"])
    assert left == right


def test_hashes_stay_what_they_are():
    # Stored signatures rest on these: a change is a new `SHINGLE_LAYOUT`.
    hashes, _ = shingle(tokenize(*pack(["one two three four", "你好世界", "cat"])))
    assert hashes.tolist() == [
        0xCB83A99189EC6F8C,
        0xDD0F102C573F7F72,
        0xB0DB30AF63BFB8EB,
        0x1B8D1BA450FF2006,
    ]


def written(script, n_words, random):
    """Return n words of a script in random order, as tokens: words or characters."""
    text = PARAGRAPHS[script]
    if script in ("Hans", "Jpan", "Thai"):
        tokens = tokenize(*pack([text]))
        raw = text.encode()
        spans = zip(tokens.starts.tolist(), tokens.lengths.tolist(), strict=True)
        pieces = [raw[a : a + n].decode() for a, n in spans]
        # A Chinese word has 1.7 characters.
        return [
            pieces[i] for i in random.integers(0, len(pieces), round(1.7 * n_words))
        ]
    pieces = text.split()
    # Numbered, because forty words in any order would repeat shingles.
    return [f"{pieces[i]}{i}" for i in random.integers(0, len(pieces), n_words)]


@pytest.mark.parametrize(
    ("share", "block", "low"), [(0.1, True, 0.77), (0.1, False, 0.4)]
)
def test_edits_of_a_tenth_cost_every_script_the_same(share, block, low):
    found = {}
    for script in PARAGRAPHS:
        random = np.random.default_rng(8)
        tokens = written(script, 300, random)
        edited = list(tokens)
        n = round(share * len(tokens))
        if block:
            places = range(len(tokens) // 2, len(tokens) // 2 + n)
        else:
            # Whole words: in scripts without spaces two characters in a row.
            size = 2 if script in ("Hans", "Jpan", "Thai") else 1
            starts = random.choice(len(tokens) // size, n // size, replace=False) * size
            places = [at + k for at in starts.tolist() for k in range(size)]
        for at in places:
            edited[at] = tokens[(at * 7 + 3) % len(tokens)]
        space = "" if script in ("Hans", "Jpan", "Thai") else " "
        left, right = sets_of([space.join(tokens), space.join(edited)])
        found[script] = jaccard(left, right)
    assert min(found.values()) >= low, found
    assert max(found.values()) - min(found.values()) < 0.1, found


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, 100, 1000])
@pytest.mark.parametrize(
    "spread", ["even", "upper bits alike", "falling", "few values"]
)
def test_sets_are_sorted_however_hashes_are_spread(n, spread):
    random = np.random.default_rng(n)
    even = random.integers(0, 2**64, n, dtype=np.uint64)
    hashes = {
        "even": even,
        "upper bits alike": even >> np.uint64(40),
        "falling": np.arange(n, 0, -1).astype(np.uint64),
        "few values": even % np.uint64(3) << np.uint64(50),
    }[spread]
    documents = [hashes, even[: n // 2], hashes[::-1]]
    offsets = np.cumsum([0, *map(len, documents)])
    flat, sets = np.concatenate(documents), np.zeros(4, np.int64)
    total = _sort_sets(flat, offsets, sets)
    assert total == sets[-1]
    for i, document in enumerate(documents):
        expected = sorted(set(document.tolist()))
        assert flat[sets[i] : sets[i + 1]].tolist() == expected
