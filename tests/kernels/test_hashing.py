"""Content hash: MurmurHash3 of the folded text, equal to its slow twin."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import WHITE, murmur3_128, pack
from reference_text import content_hash as slow_hash

from audit.kernels.hashing import content_hash

ALPHABET = st.sampled_from(
    [
        *"abcéあ北ก\u00a0\u2003\u3000\u0085\u1680\u205f \n\t\r",
        *("  ", "words of text ", "x" * 40, " " * 70, "\u3000 "),
    ]
)


def hashed(texts):
    return [row.tobytes() for row in content_hash(*pack(texts))]


def test_known_values():
    # The values of the reference implementation.
    assert murmur3_128(b"") == bytes(16)
    fox = b"The quick brown fox jumps over the lazy dog"
    assert murmur3_128(fox)[:8] == (0xE34BBC7BBC071B6C).to_bytes(8, "little")
    assert murmur3_128(fox)[8:] == (0x7A433CA9C49A9347).to_bytes(8, "little")
    assert hashed([fox, b""]) == [murmur3_128(fox), bytes(16)]


@settings(deadline=None, max_examples=400)
@given(st.lists(st.lists(ALPHABET, max_size=20).map("".join), max_size=5))
def test_equal_to_the_slow_twin(texts):
    assert hashed(texts) == [slow_hash(text) for text in texts]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_unicode_equals_the_slow_twin(texts):
    assert hashed(texts) == [slow_hash(text) for text in texts]


def test_every_white_space_character_folds():
    texts = [f"one{c}two" for c in WHITE] + [f"{c}one {c} two{c}" for c in WHITE]
    assert set(hashed(texts)) == {slow_hash("one two")}


def test_lengths_around_a_block():
    texts = [("abcdefghij" * 9)[:n] for n in range(70)] + [
        " " + "x" * n for n in range(40)
    ]
    assert hashed(texts) == [slow_hash(text) for text in texts]
    assert len(set(hashed(texts[:70]))) == 70


def test_case_and_punctuation_count():
    assert (
        len(set(hashed(["One two", "one two", "one, two", "onetwo", "two one"]))) == 5
    )


def test_one_bit_of_input_changes_half_of_the_hash():
    base = bytearray(b"the same forty bytes, but for a single bit")
    flipped = []
    for bit in range(len(base) * 8):
        other = bytearray(base)
        other[bit >> 3] ^= 1 << (bit & 7)
        flipped.append(bytes(other))
    # Bytes that became white space or non-ASCII change the folding, not the hash.
    kept = [t for t in flipped if all(0x21 <= b < 0x7F or b == 0x20 for b in t)]
    kept = [t for t in kept if t.count(b" ") == base.count(b" ") and b"  " not in t]
    rows = np.unpackbits(content_hash(*pack([bytes(base), *kept])), axis=1)
    changed = (rows[1:] != rows[0]).mean(axis=0)
    assert len(kept) > 100
    assert 0.48 < changed.mean() < 0.52
    assert changed.min() > 0.3
    assert changed.max() < 0.7
