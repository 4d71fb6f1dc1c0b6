"""Which texts are a single word and say nothing else.

In: documents as one UTF-8 buffer with offsets. Out: a mask. A word alone, as in a table
or a list of tags, is in several languages or in none that can be told; one with a full
stop is what somebody said, and is left to the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["lone_words"]

_SPACE, _WORD, _SIGN, _MARK, _MANY = 0, 1, 2, 3, 4


def _classes() -> NDArray[np.uint8]:
    """Return uint8[256]: what a byte does, by the byte that begins its character.

    Alphabets of two bytes (and of three from 0xE1 on: Vietnamese, Georgian, Ethiopic)
    make words; so do bytes inside a character. Other characters of three bytes are in
    scripts that tell their languages by themselves, or that have no spaces. Signs and
    digits are no words: emoji begin with 0xE2, 0xEF or 0xF0.
    """
    out = np.full(256, _MANY, np.uint8)
    for c in range(128):
        char = chr(c)
        out[c] = _MARK
        if char.isspace() or c < 32:
            out[c] = _SPACE
        elif char.isalpha() or char in "'-":
            out[c] = _WORD
        elif char.isdigit():
            out[c] = _SIGN
    out[0x80:0xE0] = _WORD
    out[0xE1] = _WORD
    out[[0xE2, 0xEF, 0xF0]] = _SIGN
    return out


_CLASS = _classes()
_SIZE = np.ones(256, np.int64)
_SIZE[0xE0:0xF0] = 3
_SIZE[0xF0:] = 4


@kernel
def _lone_words(data, offsets, classes, sizes, out):  # type: ignore[no-untyped-def]
    for doc in range(len(out)):
        i, end = offsets[doc], offsets[doc + 1]
        words, inside = 0, False
        while i < end and words < 2:
            byte = data[i]
            kind = classes[byte]
            if kind == _WORD:
                words += not inside
                inside = True
            elif kind >= _MARK:
                words = 2
            else:
                inside = False
            i += sizes[byte]
        out[doc] = words == 1


def lone_words(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return bool[n_docs], which texts are one word without a mark of punctuation.

    Spaces, digits and emoji may stand around it.

    Args:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_docs + 1].
    """
    out = np.zeros(len(offsets) - 1, np.bool_)
    _lone_words(data, offsets, _CLASS, _SIZE, out)
    return out
