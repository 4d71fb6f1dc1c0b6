"""Windows of evaluation items: against the slow twin, and laws of containment."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import pack
from reference_windows import ref_holds, ref_windows

from audit.kernels.tokens import UNSPACED, Tokens, tokenize
from audit.kernels.windows import find_windows, index_windows, item_windows

WORDS = [f"word{n}" for n in range(4)]
CHARACTERS = list("天地玄黄")
# Few different tokens, so that short items stand in documents by themselves.
TOKENS = st.lists(st.sampled_from(WORDS + CHARACTERS), max_size=60)
SHORT = st.lists(st.sampled_from(WORDS[:2] + CHARACTERS[:2]), max_size=8)


def tokens_of(texts: list[list[str]]) -> Tokens:
    return tokenize(*pack([" ".join(words) for words in texts]))


def pairs(words: list[str]) -> list[tuple[str, bool]]:
    return [(word, word in CHARACTERS) for word in words]


@settings(deadline=None, max_examples=80)
@given(st.lists(st.one_of(TOKENS, SHORT), max_size=6))
def test_windows_are_those_of_the_twin(items):
    found = item_windows(tokens_of(items))
    expected = [ref_windows(pairs(words)) for words in items]
    assert np.diff(found.offsets).tolist() == [len(windows) for windows in expected]
    flat = [window for windows in expected for window in windows]
    assert found.lengths.tolist() == [len(window) for window in flat]
    # One hash a run of tokens, and no two for different runs.
    names = dict(zip(flat, found.hashes.tolist(), strict=True))
    assert [names[window] for window in flat] == found.hashes.tolist()
    assert len(set(names.values())) == len(names)


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.one_of(TOKENS, SHORT), min_size=1, max_size=5),
    st.lists(TOKENS, max_size=4),
    st.data(),
)
def test_windows_are_found_where_the_twin_finds_them(items, documents, data):
    # One item at least stands whole in a document.
    planted = data.draw(st.sampled_from(items))
    documents = [*documents, WORDS[:1] + planted + CHARACTERS[:1]]
    windows = item_windows(tokens_of(items))
    index = index_windows(windows)
    docs, numbers = find_windows(tokens_of(documents), index)
    found = set(zip(docs.tolist(), numbers.tolist(), strict=True))
    assert len(found) == len(docs)
    expected = set()
    hashes = index.hashes.tolist()
    flat = [window for words in items for window in ref_windows(pairs(words))]
    for window, value in zip(flat, windows.hashes.tolist(), strict=True):
        for doc, words in enumerate(documents):
            if ref_holds(pairs(words), window):
                expected.add((doc, hashes.index(value)))
    assert found == expected


def test_a_window_is_13_words_or_22_characters():
    words, characters = (
        [f"x{n}" for n in range(40)],
        [chr(0x4E00 + n) for n in range(40)],
    )
    found = item_windows(tokens_of([words, characters, words[:13], characters[:22]]))
    assert np.diff(found.offsets).tolist() == [28, 19, 1, 1]
    assert sorted(set(found.lengths.tolist())) == [13, 22]
    assert found.anchors.tolist() == [0, 0, 0, 0]
    assert item_windows(tokens_of([words[:12], characters[:21]])).anchors.all()


def test_thai_and_chinese_tokens_weigh_as_characters():
    tokens = tokenize(
        np.frombuffer("ภาษาไทย中文 word".encode(), np.uint8),
        np.array([0, len("ภาษาไทย中文 word".encode())]),
    )
    flags = tokens.flags & UNSPACED
    assert flags[-1] == 0
    assert flags[:-1].all()


def test_many_hits_find_room():
    words = [f"x{n}" for n in range(13)]
    index = index_windows(item_windows(tokens_of([words, words[:1]])))
    docs, numbers = find_windows(tokens_of([words] * 3000 + [words[:1] * 9000]), index)
    assert np.bincount(docs, minlength=3001).tolist() == [2] * 3000 + [1]
    assert set(numbers.tolist()) == {0, 1}


def test_nothing_to_look_for_and_nowhere_to_look():
    empty = tokens_of([])
    index = index_windows(item_windows(tokens_of([[], []])))
    assert find_windows(tokens_of([WORDS]), index)[0].tolist() == []
    assert find_windows(empty, index)[1].tolist() == []
