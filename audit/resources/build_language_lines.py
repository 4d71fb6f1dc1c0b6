"""Cut training text into lines: every label at every length, in the same shares.

In: folded texts and a number of lines, by label. Out: lines of a label and a span of
its text. A model learns how likely a label is from how many lines it has; if one has
interface strings and another long articles, short text would be taken for the first
and long text for the second. So the length of each line is drawn first, from one
distribution for all, and texts are cut or joined to it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pyarrow as pa

from audit.batch import text_block
from audit.kernels.codepoints import unicode_tables
from audit.kernels.normalise import to_nfc
from audit.kernels.plain import fold_table, plain_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from audit.resources.build_language_data import Choice

__all__ = ["cut", "lines", "plain_texts", "span_of_words"]

_UNSPACED = {"Hans", "Hant", "Jpan", "Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Hani"}
# Shares of lines, and their lengths in words, or characters without spaces between
# words: titles and words, parts of sentences, sentences and more.
_SHARES = (0.27, 0.40, 0.33)
_WORDS = ((1, 3), (3, 14), (12, 40))
_CHARACTERS = ((2, 8), (6, 40), (30, 120))

# Spellings that a language had before the one that its training text is in. Bambara
# was written with accents until 1982, and often is today.
_RESPELT: Mapping[str, Mapping[str, str]] = {
    "bam_Latn": {"\u025b": "\u00e8", "\u0254": "\u00f2", "\u0272": "ny"}
}


def lines(
    choice: Choice, texts: Mapping[str, list[str]], seed: int, number: int
) -> list[str]:
    """Return the lines of one pass over the text, shuffled, as fastText reads them.

    Args:
        choice: labels, and how many lines each has.
        texts: folded texts by label, words one space apart.
        seed: of the random spans and of the order.
        number: which pass this is: each cuts other spans.
    """
    rng = random.Random(seed * 1000 + number)
    out: list[str] = []
    for label in choice.labels:
        if not any(texts[label]):
            continue
        unspaced = label.split("_")[1] in _UNSPACED
        source = _endless([text for text in texts[label] if text], rng)
        spelling = str.maketrans(dict(_RESPELT.get(label, {})))
        for i in range(choice.lines[label]):
            span = _characters(source, rng) if unspaced else span_of_words(source, rng)
            if spelling and i % 2:
                span = span.translate(spelling)
            if span:
                out.append(f"__label__{label} {span}\n")
    rng.shuffle(out)
    return out


def _endless(texts: list[str], rng: random.Random) -> Iterator[str]:
    """Yield texts in a random order, each as often as any other, again and again."""
    order = list(texts)
    while True:
        rng.shuffle(order)
        yield from order


def _length(lengths: tuple[tuple[int, int], ...], rng: random.Random) -> int:
    return rng.randint(*rng.choices(lengths, _SHARES)[0])


def span_of_words(source: Iterator[str], rng: random.Random) -> str:
    """Return a span of a text, of a length drawn as for all lines; texts are joined."""
    length = _length(_WORDS, rng)
    words = next(source).split(" ")
    while len(words) < length:
        words += next(source).split(" ")
    start = rng.randint(0, len(words) - length)
    return " ".join(words[start : start + length])


def _characters(source: Iterator[str], rng: random.Random) -> str:
    length = _length(_CHARACTERS, rng)
    text = next(source)
    while len(text) < length:
        text += " " + next(source)
    start = rng.randint(0, len(text) - length)
    return text[start : start + length].strip()


def cut(text: str, unspaced: bool, rng: random.Random) -> str:
    """Return a text, or in 45 % of cases a random span of it, for calibration.

    Spans are 2 to 15 words, or 6 to 40 characters in scripts without spaces.
    """
    if rng.random() >= 0.45:
        return text
    if unspaced:
        length = rng.randint(6, 40)
        start = rng.randint(0, max(0, len(text) - length))
        return text[start : start + length]
    words = text.split()
    length = rng.randint(2, 15)
    start = rng.randint(0, max(0, len(words) - length))
    return " ".join(words[start : start + length])


def plain_texts(texts: list[str]) -> list[str]:
    """Return texts as the model reads them (NFC, then `plain_words`)."""
    tables = unicode_tables()
    table = fold_table(tables.word_pages.tobytes(), tables.word_blocks.tobytes())
    block = to_nfc(*text_block(pa.array(texts, pa.large_string())))
    data, offsets = plain_words(block[0], block[1], table)
    return [
        bytes(data[offsets[i] : offsets[i + 1]]).decode() for i in range(len(texts))
    ]
