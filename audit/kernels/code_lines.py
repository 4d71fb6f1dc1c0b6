"""How much a line reads as program code: a sum of learned weights.

In: a line of a document as bytes, and `LineTables`. Out: a score in sixteenths of a
natural logarithm of odds, above zero for code. What is weighed is the shape of a line
(classes of two and three characters one after the other, runs of letters as one), its
indentation and length, and words that programs or prose have often. Weights are learned
by `audit.resources.build_code_lines`, from what this kernel reads.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.jit import kernel, step

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FEATURES", "KNOWN_AT", "N_FEATURES", "SHAPES", "WORDS_AT", "LineTables",
    "is_prompt", "line_checksum", "line_features", "line_score",
    "line_tables", "read_features", "word_slots",
]  # fmt: skip

_FILE = Path(__file__).parents[1] / "resources" / "language" / "code_lines.npz"

# Classes of characters: runs of the first ones count as one, each sign of ASCII is a
# class of its own.
_EDGE, _BEYOND, _SPACE, _LOWER, _UPPER, _DIGIT, _FIRST_SIGN = 0, 1, 2, 3, 4, 5, 6
_UNDERSCORE = np.uint8(0x5F)

# What is counted while a line is read: words, letters, words that are known.
_N_WORDS, _LETTERS, _KNOWN = range(3)

# Only so many bytes at both ends of a line are read: a statement shows early.
_HEAD, _TAIL = 120, 24
# No line of so many bytes has more features: two a byte read, a word for each two.
FEATURES = 3 * (_HEAD + _TAIL) + 16

# Where the features of each kind begin.
_TRIPLES = 64 * 64
_TRIPLE_BITS = 13
WORDS_AT = _TRIPLES + (1 << _TRIPLE_BITS)
_SLOTS = 4096
SHAPES = WORDS_AT + 2 * _SLOTS
N_FEATURES = SHAPES + 64
# Where, among the shapes, the shares of known words begin.
KNOWN_AT = 32


class LineTables(NamedTuple):
    """What the kernel knows.

    Attributes:
        classes: uint8[256], the class of each byte.
        slots: uint32[4096], hashes of known words, by open addressing; 0 is free.
        weights: int8[N_FEATURES], in sixteenths of a natural logarithm of odds.
    """

    classes: NDArray[np.uint8]
    slots: NDArray[np.uint32]
    weights: NDArray[np.int8]


def _classes() -> NDArray[np.uint8]:
    out = np.full(256, _BEYOND, np.uint8)
    sign = _FIRST_SIGN
    for c in range(128):
        char = chr(c)
        if char.isspace() or c < 32 or c == 127:
            out[c] = _SPACE
        elif char.isdigit():
            out[c] = _DIGIT
        elif char.isalpha():
            out[c] = _LOWER if char.islower() else _UPPER
        else:
            out[c] = sign
            sign += 1
    return out


_CLASSES = _classes()


def word_slots(words: list[str]) -> NDArray[np.uint32]:
    """Return the table in which the kernel finds words, made of the words.

    Args:
        words: at most half as many as there are slots, of ASCII.
    """
    slots = np.zeros(_SLOTS, np.uint32)
    for word in words:
        key = 2166136261
        for byte in word.encode():
            key = (key ^ byte) * 16777619 & 0xFFFFFFFF
        slot = key & (_SLOTS - 1)
        while slots[slot] not in (0, key):
            slot = (slot + 1) & (_SLOTS - 1)
        slots[slot] = key
    return slots


@lru_cache(maxsize=1)
def line_tables() -> LineTables:
    """Return the packaged tables, read once a process."""
    with np.load(_FILE, allow_pickle=False) as stored:
        slots, weights = stored["slots"], stored["weights"]
    for array in (slots, weights):
        array.setflags(write=False)
    return LineTables(_CLASSES, slots, weights)


@lru_cache(maxsize=1)
def line_checksum() -> str:
    """Return the SHA-256 of the stored tables, for fingerprints."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()


@step
def _find_word(key, slots):  # type: ignore[no-untyped-def]
    """Return the slot of a word, or -1."""
    slot = np.int64(key) & (_SLOTS - 1)
    while slots[slot] != 0:
        if slots[slot] == key:
            return slot
        slot = (slot + 1) & (_SLOTS - 1)
    return -1


@step
def _bucket(n):  # type: ignore[no-untyped-def]
    """Return how many bits a count has, 7 at most."""
    bits = 0
    while n > 0 and bits < 7:
        n >>= 1
        bits += 1
    return bits


@step
def _add(out, n, two, one, kind):  # type: ignore[no-untyped-def]
    """Add the pair and the triple of classes that end in a kind; return how many."""
    out[n] = one << 6 | kind
    triple = np.uint32(two << 12 | one << 6 | kind) * np.uint32(2654435761)
    out[n + 1] = _TRIPLES + np.int64(np.uint32(triple) >> np.uint32(32 - _TRIPLE_BITS))
    return n + 2


@step
def _read_part(data, i, end, last, classes, slots, out, n, seen):  # type: ignore[no-untyped-def]
    """Add the features of classes and words of part of a line; return how many.

    ``last`` says that the line ends with the part; if not, a word that the end cuts is
    none. ``seen`` is raised by words, by letters and by words that are known.
    """
    two, one = np.int64(_EDGE), np.int64(_EDGE)
    key, inside = np.uint32(0), False
    while i < end:
        start, kind = i, np.int64(classes[data[i]])
        if _LOWER <= kind <= _UPPER or data[i] == _UNDERSCORE:
            if not inside:
                key, inside = np.uint32(2166136261), True
        elif inside and kind != _DIGIT:
            n, inside = _end_word(key, slots, out, n, seen), False
        # A sign is a run alone. Outside of words the key is of no use.
        key = np.uint32((key ^ np.uint32(data[i])) * np.uint32(16777619))
        i += 1
        while kind < _FIRST_SIGN and i < end and np.int64(classes[data[i]]) == kind:
            key = np.uint32((key ^ np.uint32(data[i])) * np.uint32(16777619))
            i += 1
        if _LOWER <= kind <= _UPPER or kind == _BEYOND:
            seen[_LETTERS] += i - start
        if kind == one and kind == two:
            continue
        n = _add(out, n, two, one, kind)
        two, one = one, kind
    if last:
        if inside:
            n = _end_word(key, slots, out, n, seen)
        n = _add(out, n, two, one, np.int64(_EDGE))
    return n


@step
def _end_word(key, slots, out, n, seen):  # type: ignore[no-untyped-def]
    """Add the feature of a word if it is known; return how many features there are."""
    slot = _find_word(key, slots)
    if slot >= 0:
        out[n] = WORDS_AT + slot + (_SLOTS if seen[_N_WORDS] == 0 else 0)
        n += 1
        seen[_KNOWN] += 1
    seen[_N_WORDS] += 1
    return n


@step
def line_features(data, start, end, classes, slots, out, seen):  # type: ignore[no-untyped-def]
    """Write the numbers of a line's features; return how many there are.

    Args:
        data: uint8[n_bytes].
        start: where the line begins.
        end: where it ends.
        classes: of `LineTables`.
        slots: of `LineTables`.
        out: int32[FEATURES].
        seen: int64[3], to count in.
    """
    first = start
    while first < end and data[first] <= 0x20:
        first += 1
    while end > first and data[end - 1] <= 0x20:
        end -= 1
    if first == end:
        return 0
    size = end - first
    read = min(size, _HEAD + _TAIL)
    cut = size > read
    seen[:] = 0
    stop = first + _HEAD if cut else end
    n = _read_part(data, first, stop, not cut, classes, slots, out, 0, seen)
    if cut:
        n = _read_part(data, end - _TAIL, end, True, classes, slots, out, n, seen)
    words = seen[_N_WORDS]
    out[n] = SHAPES + _bucket(first - start)
    out[n + 1] = SHAPES + 8 + _bucket(words)
    out[n + 2] = SHAPES + 16 + _bucket(size >> 1)
    out[n + 3] = SHAPES + 24 + (8 * seen[_LETTERS]) // (read + 1)
    out[n + 4] = SHAPES + KNOWN_AT + (8 * seen[_KNOWN]) // (words + 1)
    return n + 5


@step
def line_score(features, n, weights):  # type: ignore[no-untyped-def]
    """Return the sum of the weights of a line's features."""
    score = 0
    for k in range(n):
        score += weights[features[k]]
    return score


@step
def is_prompt(data, first, end):  # type: ignore[no-untyped-def]
    """Whether a line begins as one typed at a shell or interpreter does.

    ``$ name``, ``>>> name`` and ``user@host:folder$ name``: too few lines have it to
    be learnt. Amounts of money have a digit after the sign.

    Args:
        data: uint8[n_bytes].
        first: where the line begins.
        end: where it ends.
    """
    while first < end and data[first] <= 0x20:
        first += 1
    while end > first and data[end - 1] <= 0x20:
        end -= 1
    if first + 3 < end and data[first] == data[first + 1] == data[first + 2] == 0x3E:
        return True
    i, at = first, False
    while i < end and data[i] > 0x20:
        at |= data[i] == 0x40
        i += 1
    if i + 1 >= end or i == first or not (0x61 <= data[i + 1] | 0x20 <= 0x7A):
        return False
    sign = data[i - 1]
    if at:
        return sign == 0x24 or sign == 0x23
    return sign == 0x24 and i == first + 1


@kernel
def _read(data, offsets, classes, slots, out, out_offsets):  # type: ignore[no-untyped-def]
    features, seen = np.zeros(FEATURES, np.int32), np.zeros(3, np.int64)
    o = 0
    for line in range(len(offsets) - 1):
        n = line_features(
            data, offsets[line], offsets[line + 1], classes, slots, features, seen
        )
        out[o : o + n] = features[:n]
        o += n
        out_offsets[line + 1] = o
    return o


def read_features(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], slots: NDArray[np.uint32]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the features of lines, to learn weights from.

    Args:
        data: uint8[n_bytes].
        offsets: int64[n_lines + 1].
        slots: what `word_slots` returns.

    Returns:
        int32[n_features] and int64[n_lines + 1]: those of each line.
    """
    out = np.empty(int(3 * (offsets[-1] - offsets[0]) + 16 * len(offsets)), np.int32)
    out_offsets = np.zeros(len(offsets), np.int64)
    used = _read(data, offsets, _CLASSES, slots, out, out_offsets)
    return out[:used], out_offsets
