"""Keyed hashes: the published vectors, and the slow twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_siphash import ref_siphash

from audit.kernels.siphash import keyed_hashes

KEY = bytes(range(16))


def test_published_vectors():
    # Aumasson and Bernstein, appendix A, and the table of their reference code.
    assert ref_siphash(KEY, bytes(range(15))) == 0xA129CA6149BE45E5
    assert ref_siphash(KEY, bytes(range(8))) == 0x93F5F5799A932462
    words = np.frombuffer(bytes(range(8)), "<u8").reshape(1, 1)
    assert keyed_hashes(words, KEY).tolist() == [0x93F5F5799A932462]


@settings(deadline=None)
@given(
    st.binary(min_size=16, max_size=16),
    st.integers(1, 3),
    st.lists(st.integers(0, 2**64 - 1), max_size=12),
)
def test_rows_are_those_of_the_twin(key, width, values):
    values = values[: len(values) // width * width]
    words = np.array(values, np.uint64).reshape(-1, width)
    expected = [ref_siphash(key, row.astype("<u8").tobytes()) for row in words]
    assert keyed_hashes(words, key).tolist() == expected
