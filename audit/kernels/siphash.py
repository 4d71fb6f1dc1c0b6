"""Hashes that only the holder of a key can compute: SipHash-2-4 over 64-bit words.

In: 64-bit words and a key of sixteen bytes. Out: one 64-bit hash a row. SipHash
(Aumasson and Bernstein, INDOCRYPT 2012) is a pseudo-random function: who has seen its
values for some rows cannot tell those of others, nor the key. Words are little-endian,
as in the reference, so that eight bytes of a message are one word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import uint64

from audit.kernels.jit import kernel, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KEY_BYTES", "keyed_hashes"]

KEY_BYTES = 16


def keyed_hashes(words: NDArray[np.uint64], key: bytes) -> NDArray[np.uint64]:
    """Return uint64[n], SipHash-2-4 of each row.

    Args:
        words: uint64[n, n_words], one message a row.
        key: `KEY_BYTES` bytes.
    """
    low, high = np.frombuffer(key, "<u8")
    out = np.empty(len(words), np.uint64)
    _keyed(np.ascontiguousarray(words), low, high, out)
    return out


@step
def _rotl(value: Any, bits: Any) -> Any:
    return value << uint64(bits) | value >> uint64(64 - bits)


@step
def _round(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    v0 += v1
    v2 += v3
    v1 = _rotl(v1, 13) ^ v0
    v3 = _rotl(v3, 16) ^ v2
    v0 = _rotl(v0, 32)
    v2 += v1
    v0 += v3
    v1 = _rotl(v1, 17) ^ v2
    v3 = _rotl(v3, 21) ^ v0
    return v0, v1, _rotl(v2, 32), v3


@kernel
def _keyed(
    words: NDArray[np.uint64], low: Any, high: Any, out: NDArray[np.uint64]
) -> None:
    n_words = words.shape[1]
    # The last block of the reference: the length in its highest byte, no bytes left.
    last = uint64(8 * n_words) << uint64(56)
    for row in range(len(words)):
        v0 = low ^ uint64(0x736F6D6570736575)
        v1 = high ^ uint64(0x646F72616E646F6D)
        v2 = low ^ uint64(0x6C7967656E657261)
        v3 = high ^ uint64(0x7465646279746573)
        for i in range(n_words + 1):
            word = words[row, i] if i < n_words else last
            v3 ^= word
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
            v0 ^= word
        v2 ^= uint64(0xFF)
        for _ in range(4):
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        out[row] = v0 ^ v1 ^ v2 ^ v3
