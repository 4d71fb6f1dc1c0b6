"""Memory is used again only when nobody holds any part of it."""

import gc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.kernels import scratch as module
from audit.kernels.scratch import scratch
from audit.kernels.tokens import tokenize


def place(array):
    return array.__array_interface__["data"][0]


def test_what_is_held_in_part_is_not_lent_again():
    whole = scratch(3 << 20)
    part = whole[1 << 20 : 2 << 20].view(np.uint64)[5:9]
    part[:] = 7
    first = place(whole)
    del whole
    others = [scratch(3 << 20) for _ in range(6)]
    for other in others:
        other[:] = 0
    assert part.tolist() == [7] * 4
    assert first not in {place(other) for other in others}
    del part
    gc.collect()
    assert place(scratch(3 << 20)) == first


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 1 << 14), st.booleans()), max_size=40))
def test_lent_memory_never_overlaps(requests):
    held = []
    for number, (size, keep) in enumerate(requests):
        block = scratch(size)
        assert len(block) == size
        block[:] = number % 251
        if keep:
            held.append((block[size // 3 :], number % 251))
    for block, number in held:
        assert (block == number).all()


def test_so_much_is_kept_and_no_more():
    blocks = [scratch(1 << 20) for _ in range(9)]
    large = scratch((1 << 26) + 1)
    assert len(large) == (1 << 26) + 1
    del blocks, large
    gc.collect()
    assert all(len(blocks) <= 4 for blocks in module._free)


def test_tokens_of_one_batch_outlive_the_next():
    text = np.frombuffer(b"one two drei", np.uint8)
    first = tokenize(text, np.array([0, 12], np.int64))
    kept = [column.tolist() for column in first]
    for word in (b"x y z a b c", b"other words here"):
        tokenize(np.frombuffer(word, np.uint8), np.array([0, len(word)], np.int64))
    assert [column.tolist() for column in first] == kept
