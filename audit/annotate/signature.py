"""Lengths, content hash and MinHash signature of every document.

In: a `Batch`. Out: the columns ``characters``, ``bytes``, ``words``, ``content_hash``
and ``signature`` of `schemas.annotation`. Characters and bytes are those of the text as
the input has it; words, hash and signature are made from its NFC form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from audit.kernels.codepoints import unicode_checksum
from audit.kernels.hashing import content_hash
from audit.kernels.minhash import MINHASH_SEED, sign
from audit.kernels.shingle import SHINGLE_LAYOUT, Shingles, shingle
from audit.kernels.siphash import keyed_hashes
from audit.kernels.tokens import count_characters
from audit.signature_key import key_check, part_of_key
from schemas.annotation import NUM_PERM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.batch import Batch

__all__ = ["SignatureAnnotator", "signature_matrix"]


class SignatureAnnotator:
    """Measures and sketches texts; see `audit.kernels` for how each value is made.

    A document's words are its tokens: words where the script puts spaces between them,
    characters where it does not.

    Args:
        key: secret that content hashes and shingles are hashed with once more; b"" for
            none.
    """

    name = "signature@1"

    def __init__(self, key: bytes = b"") -> None:
        self._key = key

    def fingerprint(self) -> Mapping[str, str]:
        """Return what decides the values: two fingerprints, two kinds of signature."""
        keyed = {"key_check": key_check(self._key)} if self._key else {}
        return {
            **keyed,
            "minhash": f"affine32,num_perm={NUM_PERM},seed={MINHASH_SEED}",
            "shingle": SHINGLE_LAYOUT,
            "content_hash": "murmur3_x64_128 of NFC text, white space folded",
            "unicode": unicode_checksum(),
        }

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array]:
        """Return the five columns, each over memory that a kernel has filled."""
        raw, text, tokens = batch.raw_text, batch.text, batch.tokens
        same = text.data is raw.data
        characters = tokens.characters if same else count_characters(*raw)
        hashes, shingles = content_hash(*text), shingle(tokens)
        if self._key:
            hashes, shingles = _keyed(hashes, shingles, self._key)
        signatures = sign(shingles, NUM_PERM)
        return {
            "characters": _array(characters, pa.int64()),
            "bytes": _array(np.diff(raw.offsets), pa.int64()),
            "words": _array(np.diff(tokens.doc_offsets), pa.int64()),
            "content_hash": pa.Array.from_buffers(
                pa.binary(16), len(hashes), [None, pa.py_buffer(hashes)]
            ),
            "signature": pa.FixedSizeListArray.from_arrays(
                _array(signatures.reshape(-1), pa.uint32()), NUM_PERM
            ),
        }


def _keyed(
    hashes: np.ndarray, shingles: Shingles, key: bytes
) -> tuple[np.ndarray, Shingles]:
    """Return content hashes and shingles as only the holder of the key makes them."""
    words = hashes.view("<u8")
    halves = [
        keyed_hashes(words, part_of_key(key, use)) for use in ("content 1", "content 2")
    ]
    mixed = keyed_hashes(shingles.hashes.reshape(-1, 1), part_of_key(key, "shingle"))
    both = np.stack(halves, axis=1).astype("<u8", copy=False)
    return both.view(np.uint8).reshape(-1, 16), Shingles(mixed, shingles.doc_offsets)


def signature_matrix(column: pa.Array) -> np.ndarray:
    """Return uint32[n_docs, NUM_PERM] over the memory of a signature column."""
    values = column.values.to_numpy(zero_copy_only=True)
    first = column.offset * NUM_PERM
    return values[first : first + len(column) * NUM_PERM].reshape(-1, NUM_PERM)


def _array(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])
