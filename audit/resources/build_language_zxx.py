"""Make text without language to train on: program code, keys, hashes, encoded bytes.

In: the source of Python's own standard library and the word lists of pygments' lexers
(hundreds of programming and markup languages), both of the machine that trains. Out:
lines of text that are in no language, the same for the same versions and seed.
"""

from __future__ import annotations

import ast
import base64
import io
import keyword
import random
import sysconfig
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["no_language", "technical_english"]

_CODE_TOKENS = (tokenize.NAME, tokenize.OP, tokenize.NUMBER)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def no_language(characters: int, seed: int) -> list[str]:
    """Return about so many characters of code and keys, in lines.

    Args:
        characters: how many; half is program code, the rest keywords and random keys.
        seed: of the random choices.
    """
    rng = random.Random(seed)
    out: list[str] = []
    for source, share in (
        (_stdlib_code(), 0.5),
        (_lexer_words(rng), 0.25),
        (_keys(rng), 0.25),
    ):
        budget = characters * share
        for line in source:
            out.append(line)
            budget -= len(line)
            if budget <= 0:
                break
    return out


def technical_english(characters: int) -> list[str]:
    """Return about so many characters of documentation strings, by paragraph.

    English has no interface strings among the families that are used freely, its
    relatives (Scots, Nigerian Pidgin) have: without technical prose of its own, every
    manual page would go to them.
    """
    folder = Path(sysconfig.get_paths()["stdlib"])
    out: list[str] = []
    size = 0
    for path in sorted(folder.glob("*.py")):
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (UnicodeDecodeError, SyntaxError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
                for text in (ast.get_docstring(node) or "").split("\n\n"):
                    if len(text) > 30:
                        out.append(" ".join(text.split()))
                        size += len(text)
        if size > characters:
            break
    return out


def _stdlib_code() -> Iterator[str]:
    """Yield pieces of standard library code without comments and strings."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(folder.glob("*.py")):
        words: list[str] = []
        try:
            source = path.read_text("utf-8")
            for token in tokenize.generate_tokens(io.StringIO(source).readline):
                if token.type in _CODE_TOKENS:
                    words.append(token.string)  # noqa: PERF401 (keeps what came first)
        except (UnicodeDecodeError, tokenize.TokenError, SyntaxError):
            continue
        size = 40
        for start in range(0, min(len(words), size * 40), size):
            yield " ".join(words[start : start + size])


def _lexer_words(rng: random.Random) -> Iterator[str]:
    """Yield random runs of the keywords and built-in names of all pygments lexers."""
    words = [*keyword.kwlist, *keyword.softkwlist]
    import pygments.lexers  # type: ignore[import-untyped]

    folder = Path(pygments.lexers.__file__).parent
    for path in sorted(folder.glob("_*_builtins.py")):
        source = path.read_text("utf-8")
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.STRING and token.string[:1] in "'\"":
                word = token.string.strip("'\"")
                if word.isascii() and " " not in word:
                    words.append(word)
    while True:
        yield " ".join(rng.choices(words, k=rng.randint(3, 25)))


def _keys(rng: random.Random) -> Iterator[str]:
    """Yield hashes, base64, random identifiers and tables of short codes."""
    while True:
        kind = rng.randrange(4)
        if kind == 0:
            yield " ".join(rng.randbytes(16).hex() for _ in range(rng.randint(1, 6)))
        elif kind == 1:
            yield base64.b64encode(rng.randbytes(rng.randint(12, 120))).decode()
        elif kind == 2:
            words = (
                "".join(rng.choices(_ALPHABET, k=rng.randint(1, 4))) for _ in "x" * 12
            )
            yield " ".join(words)
        else:
            words = (
                "".join(rng.choices(_ALPHABET, k=rng.randint(4, 12))) for _ in "x" * 6
            )
            yield " ".join(words)
