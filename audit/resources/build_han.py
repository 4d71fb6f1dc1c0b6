"""Remake ``language/han.npz``: what a Han character says about the text it stands in.

In: OpenCC's character tables (opencc-python-reimplemented, at build time only). Out:
code points, ascending, with flags: written in simplified text only, in traditional text
only, in Cantonese only, a grammatical word of classical or of modern Chinese. Run
``python -m audit.resources.build_han``.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np

__all__ = ["CANTONESE", "CLASSICAL", "MODERN", "SIMPLIFIED", "TRADITIONAL", "build"]

SIMPLIFIED, TRADITIONAL, CANTONESE, CLASSICAL, MODERN = 1, 2, 4, 8, 16

# Characters that Cantonese writing made for its own grammar, or that Mandarin has next
# to no use for: copula, negation, plural, aspect, particles, demonstratives.
_CANTONESE = (
    "係喺嘅咗嚟冇佢哋啲咁唔嘢噉嗰咩乜嘥攞瞓揾搵睇俾畀乸孭𠮶冚嗌嘈噏嚿囖喎啫㗎咋嘞"
)
# Grammatical words of classical prose and verse, and those of the modern language.
_CLASSICAL = (
    "之乎者也矣焉哉曰兮吾汝爾尔其於于而乃豈岂夫惟唯弗勿亦孰胡奚曷蓋盖不無无有何以"
)
_MODERN = "的了她你们們这這個个吗嗎呢吧么麼那哪很还還没沒它些啊"


def build(path: Path) -> None:
    """Write the table to ``path``."""
    folder = Path(str(files("opencc"))) / "dictionary"
    flags: dict[int, int] = {}
    to_simple = _table(folder / "TSCharacters.txt")
    to_traditional = _table(folder / "STCharacters.txt")
    # A character that a table maps to itself among others is written on both sides.
    simplified = {c for c, v in to_traditional.items() if c not in v}
    traditional = {c for c, v in to_simple.items() if c not in v}
    for characters, flag in (
        (simplified - traditional, SIMPLIFIED),
        (traditional - simplified, TRADITIONAL),
        (set(_CANTONESE), CANTONESE),
        (set(_CLASSICAL), CLASSICAL),
        (set(_MODERN), MODERN),
    ):
        for character in characters:
            flags[ord(character)] = flags.get(ord(character), 0) | flag
    code_points = np.array(sorted(flags), np.uint32)
    values = np.array([flags[c] for c in code_points.tolist()], np.uint8)
    np.savez_compressed(path, allow_pickle=False, code_points=code_points, flags=values)


def _table(path: Path) -> dict[str, list[str]]:
    lines = path.read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line)
    return {c: targets.split() for c, targets in pairs if len(c) == 1}


if __name__ == "__main__":
    out = Path(__file__).parent / "language" / "han.npz"
    build(out)
    source = f"opencc-python-reimplemented {version('opencc-python-reimplemented')}"
    sys.stdout.write(f"{out.name} from {source}\n")
