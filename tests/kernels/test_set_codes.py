"""Coded sets: what comes back is what was sent, and it is less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.kernels.set_codes import decode_sets, encode_sets
from audit.link.verify import ShingleBlock, coded, decoded

HASH = st.one_of(
    st.integers(0, 40), st.integers(0, 2**32 - 1), st.integers(2**32 - 9, 2**32 - 1)
)
SETS = st.lists(st.lists(HASH, max_size=40).map(sorted), max_size=8)


def packed(sets):
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    return np.array([value for one in sets for value in one], np.uint32), offsets


def slow_decoded(words, references, sizes):
    """Decode bit by bit, in Python's integers."""
    bits = [int(word) >> i & 1 for word in words for i in range(32)]
    take = iter(bits).__next__
    sets = []
    for reference, size in zip(references, sizes, strict=True):
        kept = [v for v in sets[reference] if take()] if reference >= 0 else []
        own, value = size - len(kept), 0
        low = max(k for k in range(32) if (own + 1) << k <= 2**32)
        found = []
        for _ in range(own):
            quotient = 0
            while take():
                quotient += 1
            value += (quotient << low) + sum(take() << i for i in range(low))
            found.append(value)
        sets.append(sorted(kept + found))
    return sets


@settings(deadline=None, max_examples=300)
@given(SETS, st.data())
def test_what_is_decoded_is_what_was_encoded(sets, data):
    # Near copies of earlier sets, with hashes left out, put in and twice.
    for _ in range(data.draw(st.integers(0, 4))):
        if sets:
            old = data.draw(st.sampled_from(sets))
            new = [v for v in old if data.draw(st.integers(0, 9))]
            sets = [*sets, sorted(new + data.draw(st.lists(HASH, max_size=3)))]
    hashes, offsets = packed(sets)
    words, references = encode_sets(hashes, offsets)
    assert decode_sets(words, references, offsets).tolist() == hashes.tolist()
    assert slow_decoded(words, references, np.diff(offsets).tolist()) == sets
    assert all(r < i for i, r in enumerate(references.tolist()))


@pytest.mark.parametrize("n", [1, 2, 1000, 200_000])
def test_the_extremes_fit(n):
    for sets in (
        [[0] * n],
        [[2**32 - 1] * n],
        [list(range(n))],
        [list(range(2**32 - n, 2**32))] * 2,
        [[0] * (n // 2) + [2**32 - 1] * (n - n // 2)],
    ):
        hashes, offsets = packed(sets)
        words, references = encode_sets(hashes, offsets)
        assert decode_sets(words, references, offsets).tolist() == hashes.tolist()


def test_near_copies_take_a_bit_a_hash():
    random = np.random.default_rng(5)
    base = random.integers(0, 2**32, 300).tolist()
    sets = [sorted([*base[:i], *base[i + 1 :], int(random.integers(2**32))])
            for i in range(100)]  # fmt: skip
    words, references = encode_sets(*packed(sets))
    assert (references[1:] >= 0).mean() > 0.95
    assert 4 * len(words) < 0.06 * 4 * 300 * 100


def test_unlike_sets_take_no_more_than_their_information():
    random = np.random.default_rng(6)
    sets = [sorted(random.integers(0, 2**32, 400).tolist()) for _ in range(50)]
    words, references = encode_sets(*packed(sets))
    assert (references == -1).all()
    # log2 of 2^32 / 400 is 23.4; an ideal code of exponential gaps takes 1.44 more.
    assert 32 * len(words) < 25.2 * 400 * 50


@settings(deadline=None)
@given(SETS, st.integers(0, 2**31), st.integers(0, 2**40))
def test_a_block_of_sets_travels(sets, task, characters):
    hashes, offsets = packed(sets)
    rows = np.cumsum(np.arange(len(sets)), dtype=np.uint64)
    block = ShingleBlock(
        np.uint64(task) << np.uint64(32) | rows,
        np.full(len(sets), characters, np.int64),
        offsets,
        hashes,
    )
    back = decoded(coded(block))
    for one, other in zip(block, back, strict=True):
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()
