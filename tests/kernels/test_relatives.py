"""Marks of texts are those of a slow twin, however a text is cut into segments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.kernels.relatives import (
    MARK_BITS,
    MOST_LETTERS,
    Texts,
    kept_map,
    mark_sums,
    marks,
    own_scores,
    whole_rows,
)
from tests.reference_relatives import marks_of

WORDS = st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc"]), max_size=9)
SEGMENTS = st.lists(WORDS, max_size=5).map(lambda words: " ".join(filter(None, words)))
TEXTS = st.lists(st.lists(SEGMENTS, min_size=1, max_size=3), max_size=4)


def texts_of(texts: list[list[str]]) -> Texts:
    parts = [part.encode() for text in texts for part in text]
    offsets = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    borders = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    data = np.frombuffer(b"".join(parts), np.uint8)
    return Texts(data, offsets, borders[:-1], borders[1:])


@settings(deadline=None)
@given(TEXTS)
def test_marks_are_those_of_the_slow_twin(texts):
    found, starts = marks(texts_of(texts))
    for i, text in enumerate(texts):
        got = sorted(found[starts[i] : starts[i + 1]].tolist())
        assert got == marks_of(text, MOST_LETTERS)


@pytest.mark.parametrize("text", ["ø" * 3000, "b " * 3000, "ab c" * 700, "", " a  b "])
def test_no_more_than_the_first_letters_are_read(text):
    found, _ = marks(texts_of([[text]]))
    assert sorted(found.tolist()) == marks_of([text], MOST_LETTERS)
    longer, _ = marks(texts_of([[text + " x"]]))
    assert (longer.tolist() == found.tolist()) == (len(text) > 100)


@settings(deadline=None)
@given(TEXTS)
def test_a_document_read_by_paragraphs_has_the_marks_of_the_whole(texts):
    found, _ = marks(texts_of(texts))
    whole, _ = marks(texts_of([[" ".join(filter(None, t))] for t in texts]))
    assert found.tolist() == whole.tolist()


@settings(deadline=None)
@given(TEXTS, st.randoms(use_true_random=False))
def test_sums_are_those_of_the_marks_that_have_weights(texts, rng):
    found, starts = marks(texts_of(texts))
    kept = np.unique(np.array(rng.choices([*found.tolist(), 0, 5, 63, 64], k=20)))
    n = rng.choice([3, 8, 11])
    weights = np.array([[rng.randint(-127, 127) for _ in range(n)] for _ in kept])
    table = np.zeros((1 << MARK_BITS, n), np.int64)
    table[kept] = weights
    # The map that counts is the second of two.
    rows = whole_rows(np.r_[weights[::-1], weights].astype(np.int8))
    maps = np.r_[kept_map(kept[:0]), kept_map(kept, len(kept))]
    which = np.ones(len(texts), np.int64)
    sums, counts = mark_sums(texts_of(texts), which, maps, rows)
    assert counts.tolist() == np.diff(starts).tolist()
    for i in range(len(texts)):
        want = table[found[starts[i] : starts[i + 1]]].sum(axis=0)
        assert sums[i, :n].tolist() == want.tolist()
        assert not sums[i, n:].any()


def test_own_scores_are_summed_in_order_and_none_is_nothing():
    rng = np.random.default_rng(8)
    hidden = rng.normal(size=(40, 32)).astype(np.float32)
    columns = rng.normal(size=(32, 9)).astype(np.float32)
    labels, start = rng.integers(-1, 9, (40, 5)), rng.normal(size=9)
    found = own_scores(hidden, columns, labels, start)
    for text, some in enumerate(labels.tolist()):
        for k, label in enumerate(some):
            want = 0.0 if label < 0 else float(start[label])
            for d in range(32 if label >= 0 else 0):
                want += float(hidden[text, d]) * float(columns[d, label])
            assert found[text, k] == want
