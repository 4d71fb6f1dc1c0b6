"""What each code point says of script and kind of writing, in one flat table.

In: ``unicode.npz`` and ``language/han.npz`` (`build_han` remakes the latter). Out: the
table that `audit.kernels.script` reads.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.codepoints import unicode_tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["han_checksum", "script_table"]

_FILE = Path(__file__).parent / "language" / "han.npz"


@lru_cache(maxsize=1)
def script_table() -> tuple[NDArray[np.uint32], tuple[str, ...]]:
    """Return uint32[0x110000] and the script codes its low byte counts in.

    Bits 0 to 7 are the script, 8 to 11 the word class (`audit.kernels.codepoints`), 16
    to 20 the flags of a Han character (`audit.resources.build_han`).
    """
    tables = unicode_tables()
    script = tables.script_blocks.reshape(-1, 256)[tables.script_pages].reshape(-1)
    word = tables.word_blocks.reshape(-1, 256)[tables.word_pages].reshape(-1)
    kind = word >> np.uint32(24) & np.uint32(15)
    table: NDArray[np.uint32] = script.astype(np.uint32) | kind << np.uint32(8)
    with np.load(_FILE, allow_pickle=False) as stored:
        table[stored["code_points"]] |= stored["flags"].astype(np.uint32) << np.uint32(
            16
        )
    table.setflags(write=False)
    return table, tables.script_codes


@lru_cache(maxsize=1)
def han_checksum() -> str:
    """Return the SHA-256 of the stored Han table, for fingerprints."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()
