"""Write training text over from the spelling or encoding that its source has it in.

In: rows of `audit.resources.build_language_data`. Out: the same, with Serbian in Latin
letters beside the Cyrillic, and Nuer in Unicode.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_latin", "nuer_in_unicode", "with_nuer", "with_serbian"]

_SERBIAN_LATIN = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"
# Serbian is written in both scripts, letter for letter; free text is in one of them.
_SERBIAN = dict(
    zip("абвгдђежзијклљмнњопрстћуфхцчџш", _SERBIAN_LATIN.split(), strict=True)
)
_SERBIAN |= {c.upper(): latin.title() for c, latin in _SERBIAN.items()}

# Nuer in a font of its own: letters that the language does not use, digits and signs
# stand for what the font shows instead. Found by setting words side by side with text
# of the same source in Unicode (k` kɛ, kv kä, gu1th gua̱th, f66 ɣöö, ciaax ciaaŋ).
_NUER = {
    "v": "ä", "x": "ŋ", "f": "ɣ", "s": "ɔ", "`": "ɛ", "]": "ɔ̱", "1": "a̱", "2": "ë",
    "5": "i̱", "6": "ö", "7": "ɛ̱", "0": "o̱",
}  # fmt: skip
_NUER |= {c.upper(): shown.capitalize() for c, shown in _NUER.items() if c.isalpha()}
_NUER_WRITTEN = re.compile(r"[a-z][0-7`\]]+[a-z]|\b[kKtTdD][v`]\b")
# Names and figures are no words of Nuer, whatever letters they have.
_WORD = re.compile(r"\S+")
_NO_WORD = re.compile(
    r"\W*(?:(?![A-Z][0-7]\W*$)[A-Z0-9][A-Z0-9./%~°-]*|.*[A-Z]{2}.*|.*-\d.*)\W*"
)


def in_latin(text: str) -> str:
    """Return Serbian text in Cyrillic letters in Latin ones."""
    return "".join(_SERBIAN.get(c, c) for c in text)


def nuer_in_unicode(text: str) -> str:
    """Return Nuer text in Unicode, if it is in the font's encoding."""
    if not _NUER_WRITTEN.search(text):
        return text

    def shown(word: re.Match[str]) -> str:
        if _NO_WORD.fullmatch(word[0]):
            return word[0]
        return "".join(_NUER.get(c, c) for c in word[0])

    return _WORD.sub(shown, text)


def _written_over(table: pl.DataFrame, write: Callable[[str], str]) -> pl.DataFrame:
    texts = [write(text) for text in table["text"].to_list()]
    return table.with_columns(pl.Series("text", texts, pl.String))


def with_nuer(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with Nuer in Unicode."""
    nuer = pl.col("label") == "nus_Latn"
    written = _written_over(table.filter(nuer), nuer_in_unicode)
    return pl.concat([table.filter(~nuer), written])


def with_serbian(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows and, beside Serbian prose in Cyrillic, the same in Latin."""
    cyrillic = table.filter(
        (pl.col("label") == "srp_Cyrl")
        & ~pl.col("family").is_in(["mediawiki-core-i18n", "program-messages"])
        # As much as Croatian and Bosnian have: more would draw their text to Serbian.
        & (pl.col("hash") % 5 < 2)
    )
    latin = _written_over(cyrillic, in_latin).with_columns(
        label=pl.lit("srp_Latn"), script=pl.lit("Latn")
    )
    return pl.concat([table, latin])
