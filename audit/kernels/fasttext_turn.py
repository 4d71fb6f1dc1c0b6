"""Some words at a time: looked up, those that are new summed, all added to a total.

In: a `Turn` of words found in the text, an `audit.kernels.fasttext.Network` and a
`Cache`. Out: the total of the text that they are in. What each word needs is called
from memory while the others are looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.fasttext_cache import (
    PENDING,
    WORDS,
    choose_slot,
    fetch_keys,
    find_slot,
    rows_in,
    settle_slot,
)
from audit.kernels.fasttext_ngrams import PIECE_ROWS, Window, buckets_of_piece, window
from audit.kernels.fasttext_rows import (
    add_rounded,
    fetch_row,
    own_row,
    rows_of_buckets,
)
from audit.kernels.fasttext_words import hash32, is_label, word_key
from audit.kernels.jit import inlined
from audit.kernels.lanes import prefetch
from audit.kernels.vectors import LANES, add_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "TEXTS", "Turn", "add_found", "add_words", "find_buckets", "find_rows",
    "hash_words", "keep", "look_up", "name_words", "sum_new", "turn_room",
]  # fmt: skip

# Texts that may end before a turn does.
TEXTS = 128
# Sums of so many words fit an int32.
_RUN = 8


class Turn(NamedTuple):
    """The words of a turn.

    Attributes:
        starts: int64[WORDS], first byte of each.
        ends: int64[WORDS], the byte after each.
        keys: uint64[WORDS], 0 for a label.
        slots: int64[WORDS], of the cache; -1 for a word that is too long for it.
        counts: int64[WORDS], rows of each.
        new: int64[WORDS], those that were not in the cache.
        taken: int64[WORDS], the slots that these shall have.
        borders: int64[WORDS + 1], where in ``found`` each new one begins.
        found: int64, their buckets, then their rows.
        closes: int64[TEXTS], words before the end of each text that ends.
        total: int64[width], sum of the text that has not ended.
        end: int32[width], the row of the end-of-sentence token.
        tail: uint8[64], for words at the end of a buffer.
        floats: float32[width], a sum of rows.
        piece: int32[width], the same in whole numbers.
        window: for a piece of a word.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    keys: NDArray[np.uint64]
    slots: NDArray[np.int64]
    counts: NDArray[np.int64]
    new: NDArray[np.int64]
    taken: NDArray[np.int64]
    borders: NDArray[np.int64]
    found: NDArray[np.int64]
    closes: NDArray[np.int64]
    total: NDArray[np.int64]
    end: NDArray[np.int32]
    tail: NDArray[np.uint8]
    floats: NDArray[np.float32]
    piece: NDArray[np.int32]
    window: Window


def turn_room(width: int) -> Turn:
    """Return room for turns, for sums of ``width`` values: whole vectors."""
    starts, ends, slots, counts, new, taken = np.zeros((6, WORDS), np.int64)
    return Turn(
        starts,
        ends,
        np.zeros(WORDS, np.uint64),
        slots,
        counts,
        new,
        taken,
        np.zeros(WORDS + 1, np.int64),
        np.zeros(WORDS * PIECE_ROWS, np.int64),
        np.zeros(TEXTS, np.int64),
        np.zeros(width, np.int64),
        np.zeros(width, np.int32),
        np.zeros(64, np.uint8),
        np.zeros(width, np.float32),
        np.zeros(width, np.int32),
        window(),
    )


@inlined
def name_words(cache, turn, data, n):  # type: ignore[no-untyped-def]
    """Write the keys of the words of a turn; those of labels are 0."""
    starts, ends, names, keys = turn.starts, turn.ends, turn.keys, cache.keys
    for k in range(n):
        start, end = starts[k], ends[k]
        key = word_key(data, start, end)
        if data[start] == 0x5F and is_label(data, start, end):
            key = np.uint64(0)
        names[k] = key
        fetch_keys(keys, key)


@inlined
def look_up(net, cache, turn, n, longest):  # type: ignore[no-untyped-def]
    """Find the slots of the words of a turn; return how many of them are new."""
    keys, sums, names, slots = cache.keys, cache.sums, turn.keys, turn.slots
    counts, new, taken = turn.counts, turn.new, turn.taken
    width, n_new = len(turn.total), 0
    for k in range(n):
        key = names[k]
        counts[k] = 0
        if key == 0 or turn.ends[k] - turn.starts[k] > longest:
            slots[k] = len(keys) + WORDS if key == 0 else -1
            continue
        slot = find_slot(keys, key)
        if slot >= 0:
            counts[k] = rows_in(keys, slot)
            if counts[k] == PENDING:
                j = n_new - 1
                while taken[j] != slot:
                    j -= 1
                slot = len(keys) + j
            else:
                _fetch_sum(sums, slot * width)
        else:
            slot = choose_slot(keys, -1 - slot, key)
            # What shall be written there needs the cache lines as well.
            _fetch_sum(sums, slot * width)
            fetch_row(net.word_keys, net.word_ids, key)
            taken[n_new], new[n_new] = slot, k
            slot = len(keys) + n_new
            n_new += 1
        slots[k] = slot
    return n_new


@inlined
def _fetch_sum(sums, at):  # type: ignore[no-untyped-def]
    """Have a sum, or the first half of a long one, on its way from memory."""
    prefetch(sums, at)
    prefetch(sums, at + LANES)


@inlined
def find_buckets(net, plan, turn, data, n_new):  # type: ignore[no-untyped-def]
    """Find the buckets of the new words of a turn."""
    borders, new = turn.borders, turn.new
    for j in range(n_new):
        start, end = turn.starts[new[j]], turn.ends[new[j]]
        borders[j + 1], _ = buckets_of_piece(
            net.kept, plan, turn.window, data, start, end, 0, turn.found,
            borders[j] + 1,
        )  # fmt: skip


@inlined
def find_rows(net, cache, turn, n, n_new):  # type: ignore[no-untyped-def]
    """Turn the buckets of the new words of a turn into their rows."""
    borders, found, new, slots = turn.borders, turn.found, turn.new, turn.slots
    n_found, begin = 0, borders[0]
    for j in range(n_new):
        end = borders[j + 1]
        borders[j] = n_found
        n_found, grams = own_row(net, turn.keys[new[j]], found, n_found)
        if grams:
            n_found = rows_of_buckets(net, found, begin + 1, end, n_found)
        begin = end
    borders[n_new] = n_found
    for k in range(n):
        j = slots[k] - len(cache.keys)
        if 0 <= j < n_new:
            turn.counts[k] = borders[j + 1] - borders[j]


@inlined
def add_found(net, turn, n):  # type: ignore[no-untyped-def]
    """Add the first n rows found to the total."""
    add_rounded(net, turn.floats, turn.found, 0, n, turn.piece, 0)
    for d in range(len(turn.total)):
        turn.total[d] += turn.piece[d]


@inlined
def add_words(net, plan, cache, turn, data, begin, end):  # type: ignore[no-untyped-def]
    """Add the sums of some words of a turn to the total; return their rows."""
    sums, slots, counts, total = cache.sums, turn.slots, turn.counts, turn.total
    width, n_rows, k = len(total), 0, begin
    while k < end:
        last, stop = k, min(end, k + _RUN)
        while last < stop and slots[last] >= 0:
            n_rows += counts[last]
            last += 1
        for d in range(0, width, LANES):
            add_counts(sums, slots, k, last, d, width, total, d)
        if last < stop:
            n_rows += _add_long_word(net, plan, turn, data, last)
            last += 1
        k = last
    return n_rows


@inlined
def _add_long_word(net, plan, turn, data, k):  # type: ignore[no-untyped-def]
    """Add the rows of a word that no cache keeps, piece by piece; return how many."""
    found, start, end = turn.found, turn.starts[k], turn.ends[k]
    n, grams = own_row(net, turn.keys[k], found, 0)
    n_rows, p = np.int64(0), np.int64(0)
    while True:
        if grams:
            last, p = buckets_of_piece(
                net.kept, plan, turn.window, data, start, end, p, found, n + 1
            )
            n = rows_of_buckets(net, found, n + 1, last, n)
        add_found(net, turn, n)
        n_rows += n
        if not grams or p >= end - start + 2:
            return n_rows
        n = 0


@inlined
def keep(cache, turn, n_new):  # type: ignore[no-untyped-def]
    """Move the sums of the new words of a turn to the slots that they took."""
    keys, sums, width = cache.keys, cache.sums, len(turn.total)
    for j in range(n_new):
        slot, count = turn.taken[j], turn.borders[j + 1] - turn.borders[j]
        settle_slot(keys, slot, turn.keys[turn.new[j]], count)
        source = (len(keys) + j) * width
        for d in range(width):
            sums[slot * width + d] = sums[source + d]


@inlined
def sum_new(net, cache, turn, n_new):  # type: ignore[no-untyped-def]
    """Sum the rows of the new words of a turn, behind the slots of the cache."""
    borders, width, n_slots = turn.borders, len(turn.total), len(cache.keys)
    for j in range(n_new):
        add_rounded(
            net, turn.floats, turn.found, borders[j], borders[j + 1], cache.sums,
            (n_slots + j) * width,
        )  # fmt: skip


@inlined
def hash_words(turn, data, begin, end, hashes, n_hashes):  # type: ignore[no-untyped-def]
    """Append fastText's own hashes of some words; return how many there are."""
    for k in range(begin, end):
        if turn.keys[k]:
            hashes[n_hashes] = hash32(data, turn.starts[k], turn.ends[k])
            n_hashes += 1
    return n_hashes
