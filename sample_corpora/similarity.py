"""Exact similarity of two texts, in the plainest code: the truth of the manifest.

In: texts. Out: sets of shingles and their Jaccard. Shingles are three words where the
script puts spaces between words and five characters where it does not (Han, Kana, Thai,
Lao, Khmer, Myanmar); a text shorter than that is one shingle of its own.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["jaccard", "shingles"]

# Kana, Han, Thai, Lao, Myanmar, Khmer.
_UNSPACED = (
    r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_CHARACTER = re.compile(f"[{_UNSPACED}]")
# A word is a run of letters, marks and digits outside of the unspaced scripts.
_TOKEN = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+")
_WORDS, _CHARACTERS = 3, 5


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return the set of shingles of a text.

    A text counts as unspaced when most of its tokens are single characters of an
    unspaced script.
    """
    # Marks are no \w: they join the letter before them, so that no word is cut there.
    plain = unicodedata.normalize("NFC", text).lower()
    plain = "".join(
        "" if unicodedata.category(c) in ("Mn", "Mc") and not _CHARACTER.match(c) else c
        for c in plain
    )
    tokens = _TOKEN.findall(plain)
    unspaced = sum(1 for token in tokens if _CHARACTER.match(token))
    size = _CHARACTERS if 2 * unspaced > len(tokens) else _WORDS
    if len(tokens) <= size:
        return frozenset([tuple(tokens)])
    return frozenset(tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1))


def jaccard(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    """Return |a and b| / |a or b|; 0 for two empty sets."""
    common = len(a & b)
    union = len(a) + len(b) - common
    return common / union if union else 0.0
