"""Hashes that kernels share: unaligned loads, finalisers, the 128-bit content hash.

In: byte buffers with offsets. Out: 64-bit words, and 16-byte content hashes. All
arithmetic is modulo 2^64 and little-endian, so the same bytes have the same hash on
every machine and in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import uint64

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load64", "mix64"]


@kernel
def load64(data: NDArray[np.uint8], at: Any) -> Any:
    """Return the eight bytes from ``at`` on as a little-endian uint64.

    The caller makes sure that they are there. The index is unsigned, which spares
    numba's test for negative ones and lets LLVM join the eight loads into one.
    """
    i = uint64(at)
    return (
        uint64(data[i])
        | uint64(data[i + uint64(1)]) << uint64(8)
        | uint64(data[i + uint64(2)]) << uint64(16)
        | uint64(data[i + uint64(3)]) << uint64(24)
        | uint64(data[i + uint64(4)]) << uint64(32)
        | uint64(data[i + uint64(5)]) << uint64(40)
        | uint64(data[i + uint64(6)]) << uint64(48)
        | uint64(data[i + uint64(7)]) << uint64(56)
    )


@kernel
def mix64(state: Any) -> Any:
    """Return MurmurHash3's finaliser: each input bit reaches each output bit."""
    state ^= state >> uint64(33)
    state *= uint64(0xFF51AFD7ED558CCD)
    state ^= state >> uint64(33)
    state *= uint64(0xC4CEB9FE1A85EC53)
    return state ^ (state >> uint64(33))
