"""What kernels need to know of every code point, from ``unicode.npz``.

In: a file in `audit.resources` (`build_unicode` there remakes it). Out:
`UnicodeTables`, flat two-stage tables: the value of code point c is
``blocks[pages[c >> 8] << 8 | c & 255]``.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UnicodeTables", "unicode_checksum", "unicode_tables"]

_FILE = Path(__file__).parents[1] / "resources" / "unicode.npz"


class UnicodeTables(NamedTuple):
    """Two-stage tables of all 0x110000 code points.

    Attributes:
        script_pages: uint16[4352], block number of each 256 code points.
        script_blocks: uint8[n_blocks * 256], index into ``script_codes``.
        script_codes: ISO 15924 codes in ascending order, "Zyyy", "Zinh", "Zzzz"
            included.
        word_pages: uint16[4352].
        word_blocks: uint32[n_blocks * 256]; low 21 bits c XOR its case-folded self,
            bits 24 to 27 the word class (see `audit.kernels.tokens`).
        nfc_pages: uint16[4352].
        nfc_blocks: uint32[n_blocks * 256]; low byte the canonical combining class,
            next byte 0 always, 1 never, 2 sometimes allowed in NFC text, third byte
            the class of the last code point of its canonical decomposition.
        compositions: uint64[n_pairs] ascending, ``first << 32 | second`` of each pair
            of code points that NFC writes as one.
        version: which Unicode versions the tables were made from.
    """

    script_pages: NDArray[np.uint16]
    script_blocks: NDArray[np.uint8]
    script_codes: tuple[str, ...]
    word_pages: NDArray[np.uint16]
    word_blocks: NDArray[np.uint32]
    nfc_pages: NDArray[np.uint16]
    nfc_blocks: NDArray[np.uint32]
    compositions: NDArray[np.uint64]
    version: str


@lru_cache(maxsize=1)
def unicode_tables() -> UnicodeTables:
    """Return the tables, read once a process."""
    with np.load(_FILE, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for array in arrays.values():
        array.setflags(write=False)
    codes = tuple(code.decode() for code in arrays.pop("script_codes").tolist())
    version = bytes(arrays.pop("unicode_version").item()).decode()
    return UnicodeTables(script_codes=codes, version=version, **arrays)


@lru_cache(maxsize=1)
def unicode_checksum() -> str:
    """Return the SHA-256 of the stored tables, for fingerprints."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()
