"""Signatures: bit for bit datasketch's, and Jaccard estimates of the stated error."""

from itertools import pairwise

import numpy as np
import pytest
from datasketch import LeanMinHash, MinHash
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import minhash as slow_minhash
from reference_text import pack

from audit.kernels.minhash import jaccard_estimate, permutations, sign, sketch_input
from audit.kernels.shingle import Shingles, shingle
from audit.kernels.tokens import tokenize

HASHES = st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=12), max_size=5)


def as_shingles(documents):
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    flat = [value for document in documents for value in document]
    return Shingles(np.array(flat, np.uint64), offsets)


def theirs(hashes, num_perm, seed=1):
    sketch = MinHash(num_perm, seed=seed, hashfunc=lambda value: value)
    sketch.update_batch(sketch_input(np.array(hashes, np.uint64)).tolist())
    return sketch


@settings(deadline=None, max_examples=100)
@given(HASHES, st.sampled_from([1, 16, 128, 200]), st.sampled_from([1, 7]))
def test_equal_to_datasketch(documents, num_perm, seed):
    ours = sign(as_shingles(documents), num_perm, seed)
    assert ours.dtype == np.uint32
    for row, document in zip(ours, documents, strict=True):
        sketch = theirs(document, num_perm, seed) if document else MinHash(num_perm)
        assert sketch.scheme == "affine32"
        assert row.tolist() == sketch.hashvalues.tolist()


@settings(deadline=None, max_examples=30)
@given(HASHES)
def test_equal_to_the_slow_twin(documents):
    ours = sign(as_shingles(documents), 16)
    expected = [slow_minhash(document, *permutations(16)) for document in documents]
    assert ours.tolist() == expected


def test_interchange_with_lean_minhash():
    texts = [
        "one two three four five six",
        "one two three four five seven",
        "北京是中国的首都",
    ]
    shingles = shingle(tokenize(*pack(texts)))
    ours = sign(shingles)
    for row in ours:
        lean = LeanMinHash(MinHash(128, hashvalues=row, scheme="affine32"), seed=1)
        buffer = bytearray(lean.bytesize())
        lean.serialize(buffer)
        back = LeanMinHash.deserialize(buffer)
        assert back.hashvalues.tolist() == row.tolist()
        assert back.scheme == "affine32"
    offsets = shingles.doc_offsets
    sketches = [
        theirs(shingles.hashes[a:b].tolist(), 128) for a, b in pairwise(offsets)
    ]
    lean = LeanMinHash(MinHash(128, hashvalues=ours[0], scheme="affine32"), seed=1)
    estimate = jaccard_estimate(ours, np.array([[0, 1]], np.int64))[0]
    assert lean.jaccard(LeanMinHash(sketches[1])) == estimate


def test_estimates_lie_within_the_stated_error():
    random = np.random.default_rng(3)
    pool = random.integers(0, 2**64, 400, dtype=np.uint64).tolist()
    documents = [pool[i : i + 200] for i in range(0, 200, 2)]
    ours = sign(as_shingles(documents))
    pairs = np.array([(0, i) for i in range(100)], np.int64)
    truth = np.array([(200 - 2 * i) / (200 + 2 * i) for i in range(100)])
    error = jaccard_estimate(ours, pairs) - truth
    allowed = np.sqrt(np.maximum(truth * (1 - truth), 1e-9) / 128)
    assert abs(error).max() < 4.5 * allowed.max()
    assert error[0] == 0


def test_a_document_without_shingles_has_the_empty_sketch():
    assert sign(as_shingles([[], [5]]))[0].tolist() == [0xFFFFFFFF] * 128


@pytest.mark.parametrize("repeats", [1, 2, 5])
def test_repeats_and_order_do_not_count(repeats):
    base = [3 << 40, 9 << 50, 77 << 33]
    ours = sign(as_shingles([base, base[::-1] * repeats]))
    assert ours[0].tolist() == ours[1].tolist()
