"""Marks that tell close relatives apart: words, pairs of words, runs of their letters.

In: folded text (`audit.kernels.plain`) as segments of a buffer, and which segments make
a text. Out: the hashed marks of each text, to learn weights from, or sums of weights
that were learnt. One function walks the text for both, so that training and inference
cannot drift apart. Where a segment ends a word ends, so a document read at once and one
read by paragraphs have the same marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.jit import kernel, step
from audit.kernels.lanes import popcount
from audit.kernels.plain import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MARK_BITS", "MOST_LETTERS", "Texts", "kept_map", "mark_sums", "marks"]

# Marks are numbers of so many bits.
MARK_BITS = 20
# Letters of a text that are read: enough to tell, so long documents cost no more.
MOST_LETTERS = 600
# A letter ends at most five runs, as does the space behind a word, which brings a word
# and a pair as well; a word has one letter or more.
_MOST_MARKS = 12 * MOST_LETTERS + 16

_MULTIPLIER, _SEED, _SPACE = 0x9E3779B1, 0x811C9DC5, 0x20
# A word and a pair of words are other marks than the run of the same letters.
_WORD, _PAIR = 0x85EBCA6B, 0xC2B2AE35


class Texts(NamedTuple):
    """Folded texts, each one or more segments of a buffer that stand in a row.

    Attributes:
        data: uint8[n_bytes], words one space apart.
        offsets: int64[n_segments + 1], borders of segments.
        first: int64[n], the first segment of each text.
        last: int64[n], the segment after its last one.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> Texts:
        """Return some of the texts; nothing is copied but where they stand."""
        return self._replace(first=self.first[rows], last=self.last[rows])


@step
def _grow(h, c):  # type: ignore[no-untyped-def]
    """Return the hash of a run that is one code point longer."""
    h = np.uint32(np.uint32(h ^ np.uint32(c)) * np.uint32(_MULTIPLIER))
    return np.uint32(h ^ (h >> np.uint32(15)))


@step
def _number(h):  # type: ignore[no-untyped-def]
    """Return the number of a mark: the high bits of its hash."""
    mixed = np.uint32(np.uint32(h) * np.uint32(_MULTIPLIER))
    return np.int64(mixed >> np.uint32(32 - MARK_BITS))


@step
def _word_marks(data, i, end, left, found, n):  # type: ignore[no-untyped-def]
    """Append the marks of the word at byte i, at most ``left`` letters of it.

    Runs are of two to five signs, a space before the word and one behind it among
    them, and of one letter. Returns the byte after the word, its letters, its hash and
    how many marks there are now.
    """
    word = np.uint32(_SEED)
    h1, h2, h3, h4 = _grow(word, _SPACE), word, word, word
    signs, letters, going = 1, 0, True
    while going:
        c = np.uint32(_SPACE)
        going = i < end and data[i] != _SPACE and letters < left
        if going:
            if data[i] < 0x80:
                c = np.uint32(data[i])
                i += 1
            else:
                c, i = decode(data, i, end)
            letters += 1
            word = _grow(word, c)
        if signs >= 4:
            found[n] = _number(_grow(h4, c))
            n += 1
        h4, h3, h2 = _grow(h3, c), _grow(h2, c), _grow(h1, c)
        h1 = _grow(np.uint32(_SEED), c)
        signs += 1
        if signs >= 4:
            found[n] = _number(h4)
            n += 1
        if signs >= 3:
            found[n] = _number(h3)
            n += 1
        found[n] = _number(h2)
        n += 1
        if going:
            found[n] = _number(h1)
            n += 1
    found[n] = _number(word ^ np.uint32(_WORD))
    return i, letters, word, n + 1


@step
def _read(data, offsets, first, last, found):  # type: ignore[no-untyped-def]
    """Write the marks of a text's first `MOST_LETTERS`; return how many there are."""
    n, left, before = 0, np.int64(MOST_LETTERS), np.uint32(0)
    for segment in range(first, last):
        i, end = offsets[segment], offsets[segment + 1]
        while i < end and left > 0:
            if data[i] == _SPACE:
                i += 1
                continue
            i, letters, word, n = _word_marks(data, i, end, left, found, n)
            left -= letters
            if before != 0:
                found[n] = _number(_grow(before ^ np.uint32(_PAIR), word))
                n += 1
            before = word
    return n


@kernel
def _marks(data, offsets, first, last, found, out, starts):  # type: ignore[no-untyped-def]
    total = 0
    for text in range(len(first)):
        n = _read(data, offsets, first[text], last[text], found)
        for k in range(n):
            out[total + k] = found[k]
        total += n
        starts[text + 1] = total


@kernel
def _mark_sums(data, offsets, first, last, kept, weights, found, out, counts):  # type: ignore[no-untyped-def]
    one, low = np.uint64(1), np.uint64(63)
    n_labels = out.shape[1]
    for text in range(len(first)):
        n = _read(data, offsets, first[text], last[text], found)
        counts[text] = n
        for k in range(n):
            mark = np.uint64(found[k])
            group = mark >> np.uint64(6) << one
            bits = kept[group] >> (mark & low)
            if bits & one == 0:
                continue
            below = kept[group] & ((one << (mark & low)) - one)
            row = np.int64(kept[group + one] + popcount(below)) * n_labels
            for label in range(n_labels):
                out[text, label] += weights[row + label]


def marks(texts: Texts) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the marks of texts.

    Returns:
        int32[n_marks] below ``2 ** MARK_BITS``, in the order of the text, and
        int64[n + 1], where those of each text begin.
    """
    sizes = texts.offsets[texts.last] - texts.offsets[texts.first]
    most = int(np.minimum(12 * sizes + 16, _MOST_MARKS).sum())
    out, starts = np.zeros(most, np.int32), np.zeros(len(sizes) + 1, np.int64)
    _marks(*texts, np.zeros(_MOST_MARKS, np.int64), out, starts)
    return out[: starts[-1]], starts


def kept_map(numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the map of the marks that have weights, given in ascending order.

    uint64[2 * 2 ** MARK_BITS / 64]: one bit a mark, 64 of them, and how many bits are
    set before those. It is small enough to stay in the processor's cache.
    """
    place, bit = numbers >> 6, np.uint64(1) << (numbers & 63).astype(np.uint64)
    out = np.zeros(((1 << MARK_BITS) // 64, 2), np.uint64)
    np.bitwise_or.at(out[:, 0], place, bit)
    sizes = np.bincount(place, minlength=len(out))
    out[:, 1] = np.cumsum(sizes) - sizes
    return out.reshape(-1)


def mark_sums(
    texts: Texts, kept: NDArray[np.uint64], weights: NDArray[np.int8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the sums of the weights of the marks of each text.

    Args:
        texts: folded texts; beyond their first `MOST_LETTERS` nothing is read.
        kept: what `kept_map` returns.
        weights: int8[n_kept, n_labels], a row a mark of the map.

    Returns:
        int64[n, n_labels], and int64[n], how many marks each text has.
    """
    n = len(texts.first)
    out, counts = np.zeros((n, weights.shape[1]), np.int64), np.zeros(n, np.int64)
    found = np.zeros(_MOST_MARKS, np.int64)
    _mark_sums(*texts, kept, weights.reshape(-1), found, out, counts)
    return out, counts
