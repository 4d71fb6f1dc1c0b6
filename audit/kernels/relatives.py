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
from audit.kernels.lanes import popcount, prefetch
from audit.kernels.plain import decode
from audit.kernels.vectors import add_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MARK_BITS", "MOST_LETTERS", "Texts", "kept_map", "mark_sums", "marks",
    "own_scores", "whole_rows",
]  # fmt: skip

# Marks are numbers of so many bits.
MARK_BITS = 20
# Letters of a text that are read: enough to tell, so long documents cost no more.
MOST_LETTERS = 600
# Each letter may be a word, with a space behind it. So many runs begin at a sign at
# most, and a word brings itself and a pair.
_MOST_SIGNS, _LONGEST_RUN = 2 * MOST_LETTERS + 1, 5
_MOST_MARKS = _LONGEST_RUN * _MOST_SIGNS + 2 * MOST_LETTERS
# Values of a map of the marks that have weights.
_MAP = 2 * ((1 << MARK_BITS) // 64 + 1)
# Stands for a mark where there is none.
_NONE = 1 << MARK_BITS
# Weights of a mark are added so many at a time.
_WEIGHTS = 8

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
    return np.uint32(mixed >> np.uint32(32 - MARK_BITS))


@step
def _word_marks(data, offsets, first, last, signs, found):  # type: ignore[no-untyped-def]
    """Write the marks of words and pairs of words among the first `MOST_LETTERS`.

    Returns how many there are, and how many signs: the text's code points, with a space
    before each word and one behind the last.
    """
    n, n_signs, left, before = 0, 1, np.int64(MOST_LETTERS), np.uint32(0)
    signs[0] = _SPACE
    for segment in range(first, last):
        i, end = offsets[segment], offsets[segment + 1]
        while i < end and left > 0:
            if data[i] == _SPACE:
                i += 1
                continue
            word = np.uint32(_SEED)
            while i < end and data[i] != _SPACE and left > 0:
                if data[i] < 0x80:
                    c = np.uint32(data[i])
                    i += 1
                else:
                    c, i = decode(data, i, end)
                signs[n_signs] = c
                n_signs += 1
                left -= 1
                word = _grow(word, c)
            signs[n_signs] = _SPACE
            n_signs += 1
            found[n] = _number(word ^ np.uint32(_WORD))
            n += 1
            if before != 0:
                found[n] = _number(_grow(before ^ np.uint32(_PAIR), word))
                n += 1
            before = word
    return n, n_signs


@step
def _runs(signs, n_signs, hashes, broken, found, n):  # type: ignore[no-untyped-def]
    """Append the marks of all runs of signs; return how many there are now.

    Runs are of two to five signs, a space before a word and one behind it among them,
    and of one letter. The runs of one length are hashed side by side; those with a
    space inside are no marks, and stand as `_NONE`.
    """
    for i in range(n_signs):
        h = _grow(np.uint32(_SEED), signs[i])
        hashes[i], broken[i] = h, 0
        found[n + i] = _number(h) if signs[i] != _SPACE else np.uint32(_NONE)
    n += n_signs
    for size in range(2, _LONGEST_RUN + 1):
        here = max(n_signs - size + 1, 0)
        for i in range(here):
            if size > 2:
                broken[i] |= np.uint32(signs[i + size - 2] == _SPACE)
            h = _grow(hashes[i], signs[i + size - 1])
            hashes[i] = h
            found[n + i] = np.uint32(_NONE) if broken[i] else _number(h)
        n += here
    return n


@step
def _read(data, offsets, first, last, room, found):  # type: ignore[no-untyped-def]
    """Write the marks of a text's first `MOST_LETTERS`; return how many there are."""
    signs, hashes, broken = room
    n, n_signs = _word_marks(data, offsets, first, last, signs, found)
    return _runs(signs, n_signs, hashes, broken, found, n) if n else 0


@kernel
def _marks(data, offsets, first, last, room, found, out, starts):  # type: ignore[no-untyped-def]
    total = 0
    for text in range(len(first)):
        for k in range(_read(data, offsets, first[text], last[text], room, found)):
            if found[k] != _NONE:
                out[total] = found[k]
                total += 1
        starts[text + 1] = total


@step
def _keep(kept, base, found, n):  # type: ignore[no-untyped-def]
    """Put the rows of the marks that have one first; return how many, and all marks.

    A row is written before it is known whether there is one, and overwritten if there
    is none: a branch here would be guessed wrong half of the time.
    """
    one, low = np.uint64(1), np.uint64(63)
    n_kept, n_none = np.int64(0), np.int64(0)
    for k in range(n):
        prefetch(kept, base + (np.int64(found[k] >> np.uint32(6)) << 1))
    for k in range(n):
        mark = np.uint64(found[k])
        group, at = np.uint64(base) + (mark >> np.uint64(6) << one), mark & low
        bits = kept[group]
        below = bits & ((one << at) - one)
        found[n_kept] = np.uint32(kept[group + one] + popcount(below))
        n_kept += np.int64(bits >> at & one)
        n_none += mark == np.uint64(_NONE)
    return n_kept, n - n_none


@kernel
def _mark_sums(  # type: ignore[no-untyped-def]
    data, offsets, first, last, which, kept, weights, room, found, out, counts
):
    width, sums = out.shape[1], np.zeros(_WEIGHTS, np.int32)
    for text in range(len(first)):
        n = _read(data, offsets, first[text], last[text], room, found)
        n, counts[text] = _keep(kept, which[text] * _MAP, found, n)
        for begin in range(0, width, _WEIGHTS):
            for k in range(n):
                prefetch(weights, np.int64(found[k]) * width + begin)
            add_bytes(weights, found, n, begin, width, sums)
            for label in range(_WEIGHTS):
                out[text, begin + label] = sums[label]


def _room() -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """Return room for the signs of a text, hashes, and which runs are broken."""
    signs, hashes, broken = np.zeros((3, _MOST_SIGNS), np.uint32)
    return signs, hashes, broken


def marks(texts: Texts) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the marks of texts.

    Returns:
        int32[n_marks] below ``2 ** MARK_BITS``, in the order of the text, and
        int64[n + 1], where those of each text begin.
    """
    sizes = texts.offsets[texts.last] - texts.offsets[texts.first]
    most = int(np.minimum(12 * sizes + 16, _MOST_MARKS).sum())
    out, starts = np.zeros(most, np.int32), np.zeros(len(sizes) + 1, np.int64)
    _marks(*texts, _room(), np.zeros(_MOST_MARKS, np.uint32), out, starts)
    return out[: starts[-1]], starts


def kept_map(numbers: NDArray[np.int64], row: int = 0) -> NDArray[np.uint64]:
    """Return the map of the marks that have weights, given in ascending order.

    Args:
        numbers: int64[n_kept].
        row: where the weights of the first one stand.

    Returns:
        uint64[2 * 2 ** MARK_BITS / 64 + 2]: one bit a mark, 64 of them, and how many
        rows are before theirs; the last ones stand for no mark. It is small enough to
        stay in the processor's cache.
    """
    place, bit = numbers >> 6, np.uint64(1) << (numbers & 63).astype(np.uint64)
    out = np.zeros((_MAP // 2, 2), np.uint64)
    np.bitwise_or.at(out[:, 0], place, bit)
    sizes = np.bincount(place, minlength=len(out))
    out[:, 1] = np.cumsum(sizes) - sizes + row
    return out.reshape(-1)


def mark_sums(
    texts: Texts,
    which: NDArray[np.int64],
    kept: NDArray[np.uint64],
    weights: NDArray[np.int8],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the sums of the weights of the marks of each text.

    Args:
        texts: folded texts; beyond their first `MOST_LETTERS` nothing is read.
        which: int64[n], the map that each is read by.
        kept: what `kept_map` returns, one map after the other.
        weights: int8[n_kept, k], a row a mark of the maps, from `whole_rows`.

    Returns:
        int64[n, k], and int64[n], how many marks each text has.
    """
    n = len(texts.first)
    out, counts = np.zeros((n, weights.shape[1]), np.int64), np.zeros(n, np.int64)
    found = np.zeros(_MOST_MARKS, np.uint32)
    _mark_sums(*texts, which, kept, weights.reshape(-1), _room(), found, out, counts)
    return out, counts


def whole_rows(weights: NDArray[np.int8], most: int = 0) -> NDArray[np.int8]:
    """Return rows of weights with zeros behind them, as many as are added at a time.

    Rows of ``most`` weights at least are as wide as others of so many.
    """
    more = -max(weights.shape[1], most) % _WEIGHTS
    return np.pad(weights, ((0, 0), (0, max(most - weights.shape[1], 0) + more)))


@kernel
def _own_scores(hidden, columns, labels, start, out):  # type: ignore[no-untyped-def]
    for i in range(len(labels)):
        for k in range(labels.shape[1]):
            label = labels[i, k]
            if label < 0:
                continue
            score = start[label]
            for d in range(len(columns)):
                score += np.float64(hidden[i, d]) * np.float64(columns[d, label])
            out[i, k] = score


def own_scores(
    hidden: NDArray[np.float32],
    columns: NDArray[np.float32],
    labels: NDArray[np.int64],
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return float64[n, k], scores of some labels of each text, summed in order.

    Args:
        hidden: float32[n, dim], texts.
        columns: float32[dim, n_labels], labels.
        labels: int64[n, k], those of each text, -1 for none, which scores 0.
        start: float64[n_labels], what their sums begin with.
    """
    out = np.zeros(labels.shape, np.float64)
    _own_scores(hidden, columns, labels, start, out)
    return out
