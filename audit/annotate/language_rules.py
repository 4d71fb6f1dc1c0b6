"""What characters settle before and after the model: no language, and kinds of Chinese.

In: `Writing`, counts of characters a document. Out: masks. Thresholds are stated with
the text they were set on; docs/language.md gives what they get right and wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.kernels.script import Writing

__all__ = ["cantonese", "classical", "code_like", "no_language"]

# Letters among what is not space: prose has over 0.75 in every script, tables of
# numbers, numbers with their units and rows of signs under 0.42.
_FEW_LETTERS = 0.42
# Places where letters meet digits or capitals inside a word, a letter: prose under
# 0.01, source code 0.02 to 0.08, base64 and hexadecimal over 0.2.
_MANY_JOINTS = 0.15
# Signs of program text a letter: prose under 0.03, marked-up prose to 0.10, code
# between 0.10 and 0.6. Fewer than four settle nothing: speech written down has a few
# marks to as few words.
_FEW_SIGNS = 3
_CODE_CERTAIN, _CODE_POSSIBLE = 0.35, 0.08

# Cantonese writing has one of its own characters in four to fifteen.
_CANTONESE_SHARE = 0.02
# Modern Chinese has one of its own grammatical words in eight to fifteen characters,
# classical Chinese hardly ever. That settles it where the classical ones are thick, as
# in prose, or where eighty characters came without a modern one; short verse has too
# few of either, and stays what the model calls it.
_MODERN_SHARE = 0.01
_THICK_SHARE, _THIN_SHARE, _LONG = 0.15, 0.02, 80


def no_language(writing: Writing) -> NDArray[np.bool_]:
    """Return which texts hold no language: numbers, keys, signs."""
    letters, weight = writing.letters, _weight(writing)
    solid = letters + writing.digits + writing.symbols
    few = letters < _FEW_LETTERS * solid
    keys = writing.joints > _MANY_JOINTS * np.maximum(letters, 1)
    code = writing.code_symbols > np.maximum(_CODE_CERTAIN * weight, _FEW_SIGNS)
    out: NDArray[np.bool_] = (letters == 0) | few | (keys & (letters > 3)) | code
    return out


def code_like(writing: Writing) -> NDArray[np.bool_]:
    """Return which texts may be program code: the model's word for it counts there."""
    marks = writing.code_symbols + writing.joints + writing.digits
    out: NDArray[np.bool_] = marks > _CODE_POSSIBLE * _weight(writing)
    return out


def _weight(writing: Writing) -> NDArray[np.int64]:
    """Return what letters weigh against signs: a Han character as much as three."""
    return np.maximum(writing.letters + 2 * writing.han, 1)


def cantonese(writing: Writing) -> NDArray[np.bool_]:
    """Return which Chinese texts are Cantonese by their vernacular characters."""
    out: NDArray[np.bool_] = (writing.cantonese >= 1) & (
        writing.cantonese >= _CANTONESE_SHARE * np.maximum(writing.han, 1)
    )
    return out


def classical(writing: Writing) -> NDArray[np.bool_]:
    """Return which Chinese texts are classical by their grammatical words."""
    han = np.maximum(writing.han, 1)
    share = writing.classical / han
    thick = (writing.classical >= 3) & (share >= _THICK_SHARE)
    # Nothing but Han characters: tables of names have no grammatical words either.
    pure = writing.letters <= 1.05 * han
    thin = (writing.han >= _LONG) & (share >= _THIN_SHARE) & pure
    out: NDArray[np.bool_] = (writing.modern <= _MODERN_SHARE * han) & (thick | thin)
    return out
