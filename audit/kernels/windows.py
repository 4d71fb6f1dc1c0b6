"""Which windows of evaluation items stand in a batch: tokens in, pairs out.

In: the tokens of evaluation items, once; the tokens of every batch. Out: the hash of
each window of an item, and (document, window) wherever a document holds one. A window
is the shortest run of tokens that weighs `WINDOW_WEIGHT`, with the weights of shingles:
13 words, 22 characters of a script without spaces, or a mixture. An item that weighs
less is one window as a whole.

The hash of a run of tokens is a cyclic polynomial (Cohen 1997): token i of n is rotated
by n - 1 - i bits, and all are combined by exclusive or, so that a window slides by one
token in a few cycles. No token is rotated as far as another, because runs are shorter
than 64 tokens; token hashes are random already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import int64, uint64

from audit.kernels.distinct import distinct
from audit.kernels.jit import kernel, step
from audit.kernels.shingle import CHARACTER_WEIGHT, WORD_WEIGHT
from audit.kernels.tokens import UNSPACED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.kernels.tokens import Tokens

__all__ = [
    "WINDOW_LAYOUT",
    "WINDOW_WEIGHT",
    "WINDOW_WORDS",
    "ItemWindows",
    "WindowIndex",
    "find_windows",
    "index_windows",
    "item_windows",
]

WINDOW_WORDS = 13
WINDOW_WEIGHT = WINDOW_WORDS * WORD_WEIGHT

# For fingerprints: containments of other windows are not comparable.
WINDOW_LAYOUT = (
    f"word={WORD_WEIGHT},character={CHARACTER_WEIGHT},window={WINDOW_WEIGHT},v1"
)

# A short item is looked for where its first tokens stand.
_ANCHOR = 4
_MULTIPLIER = uint64(0x9E3779B97F4A7C15)
# Bits of the filter for each hash in it. A hash sets three bits of one word (a
# blocked Bloom filter; Putze, Sanders and Singler 2007): one load, and one stranger
# in a hundred passes.
_FILTER_BITS = 16
_LEAST_LOG = 12
# Tokens of the longest item that is shorter than a window.
_LONGEST = WINDOW_WEIGHT // CHARACTER_WEIGHT


class ItemWindows(NamedTuple):
    """The windows of items, in the order they begin: window k begins at token k.

    Attributes:
        hashes: uint64[n_windows].
        lengths: uint8[n_windows], tokens.
        offsets: int64[n_items + 1], item i owns ``hashes[offsets[i]:offsets[i + 1]]``;
            none where it has no token.
        anchors: uint64[n_items], hash of the first tokens of an item that is one short
            window, 0 for others.
    """

    hashes: NDArray[np.uint64]
    lengths: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    anchors: NDArray[np.uint64]


class WindowIndex(NamedTuple):
    """Windows to be looked for.

    Attributes:
        seen: uint64[2^k], filter; a hash whose bits are not all set is no window.
        slots: int32[2^m], number of the window in each slot, -1 where there is none.
        hashes: uint64[n], ascending and distinct; window i is ``hashes[i]``.
        shifts: int64[3], 64 minus the logarithm of the words of ``seen``, of the slots,
            and of the words of ``anchor_seen``.
        anchor_seen: uint64[2^k], filter of the anchors.
        anchors: uint64[a], ascending and distinct.
        anchor_lengths: uint32[a], bit n is set where a window of n tokens begins so.
        anchor_sizes: int64, bit n is set where an anchor has n tokens; 0: no short
            items.
    """

    seen: NDArray[np.uint64]
    slots: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    shifts: NDArray[np.int64]
    anchor_seen: NDArray[np.uint64]
    anchors: NDArray[np.uint64]
    anchor_lengths: NDArray[np.uint32]
    anchor_sizes: int


def item_windows(tokens: Tokens) -> ItemWindows:
    """Return the windows of evaluation items, repeats included."""
    n_items, n_tokens = len(tokens.doc_offsets) - 1, len(tokens.hashes)
    hashes, lengths = np.empty(n_tokens, np.uint64), np.empty(n_tokens, np.uint8)
    offsets, anchors = np.zeros(n_items + 1, np.int64), np.zeros(n_items, np.uint64)
    _item_windows(
        tokens.hashes, tokens.flags, tokens.doc_offsets,
        hashes, lengths, offsets, anchors,
    )  # fmt: skip
    n = int(offsets[-1])
    return ItemWindows(hashes[:n].copy(), lengths[:n].copy(), offsets, anchors)


def index_windows(windows: ItemWindows) -> WindowIndex:
    """Return the index of the distinct windows of all items."""
    hashes = distinct(windows.hashes)
    short = np.flatnonzero(windows.anchors)
    sizes = windows.lengths[windows.offsets[short]].astype(np.int64)
    anchors, group = np.unique(windows.anchors[short], return_inverse=True)
    masks = np.zeros(len(anchors), np.uint32)
    np.bitwise_or.at(masks, group.reshape(-1), np.uint32(1) << sizes.astype(np.uint32))
    anchor_sizes = int(np.bitwise_or.reduce(1 << np.minimum(sizes, _ANCHOR), initial=0))
    seen_log, slot_log = _log(len(hashes) * _FILTER_BITS) - 6, _log(len(hashes) * 2)
    anchor_log = _log(len(anchors) * _FILTER_BITS) - 6
    seen = np.zeros(1 << seen_log, np.uint64)
    anchor_seen = np.zeros(1 << anchor_log, np.uint64)
    slots = np.full(1 << slot_log, -1, np.int32)
    shifts = 64 - np.array([seen_log, slot_log, anchor_log], np.int64)
    _fill(hashes, seen, slots, anchors, anchor_seen, shifts)
    return WindowIndex(
        seen, slots, hashes, shifts, anchor_seen, anchors, masks, anchor_sizes
    )


def _log(least: int) -> int:
    return max(_LEAST_LOG, int(least).bit_length())


def find_windows(
    tokens: Tokens, index: WindowIndex
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which documents of a batch hold which windows.

    Args:
        tokens: of the batch.
        index: what `index_windows` returned.

    Returns:
        int64[n] documents and int64[n] numbers of windows, each pair once, ascending.
    """
    room = 4096
    while True:
        found = np.empty((room, 2), np.int64)
        n = int(_find(tokens.hashes, tokens.flags, tokens.doc_offsets, index, found))
        if n <= room:
            break
        room = n
    count = max(1, len(index.hashes))
    pairs = distinct(found[:n, 0] * count + found[:n, 1])
    return pairs // count, pairs % count


@step
def _rotated(value: Any, bits: Any) -> Any:
    """Return a 64-bit value rotated to the left by 0 to 63 bits."""
    by = uint64(bits) & uint64(63)
    return value << by | value >> ((uint64(64) - by) & uint64(63))


@step
def _weight(flag: Any) -> Any:
    if flag & UNSPACED:
        return int64(CHARACTER_WEIGHT)
    return int64(WORD_WEIGHT)


@step
def _bits(mixed: Any) -> Any:
    """Return the three bits that a hash sets in its word of a filter."""
    one = uint64(1)
    return (
        one << (mixed & uint64(63))
        | one << (mixed >> uint64(6) & uint64(63))
        | one << (mixed >> uint64(12) & uint64(63))
    )


@step
def _run(tokens: NDArray[np.uint64], first: Any, size: Any) -> Any:
    """Return the hash of a run of tokens."""
    state = uint64(0)
    for i in range(first, first + size):
        state = _rotated(state, 1) ^ tokens[i]
    return state


@kernel
def _item_windows(
    tokens: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    item_offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    lengths: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    anchors: NDArray[np.uint64],
) -> None:
    n = int64(0)
    for item in range(len(item_offsets) - 1):
        first, end = item_offsets[item], item_offsets[item + 1]
        before, last, weight = n, first, int64(0)
        for at in range(first, end):
            while weight < WINDOW_WEIGHT and last < end:
                weight += _weight(flags[last])
                last += 1
            if weight < WINDOW_WEIGHT:
                break
            hashes[n] = _run(tokens, at, last - at)
            lengths[n] = last - at
            n += 1
            weight -= _weight(flags[at])
        if n == before and end > first:
            hashes[n] = _run(tokens, first, end - first)
            lengths[n] = end - first
            anchors[item] = _run(tokens, first, min(end - first, _ANCHOR))
            n += 1
        offsets[item + 1] = n


@kernel
def _fill(
    hashes: NDArray[np.uint64],
    seen: NDArray[np.uint64],
    slots: NDArray[np.int32],
    anchors: NDArray[np.uint64],
    anchor_seen: NDArray[np.uint64],
    shifts: NDArray[np.int64],
) -> None:
    mask = uint64(len(slots) - 1)
    for i in range(len(hashes)):
        mixed = hashes[i] * _MULTIPLIER
        seen[mixed >> uint64(shifts[0])] |= _bits(mixed)
        slot = mixed >> uint64(shifts[1])
        while slots[slot] >= 0:
            slot = (slot + uint64(1)) & mask
        slots[slot] = i
    for i in range(len(anchors)):
        mixed = anchors[i] * _MULTIPLIER
        anchor_seen[mixed >> uint64(shifts[2])] |= _bits(mixed)


@step
def _number(
    value: Any,
    slots: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    shift: Any,
) -> Any:
    """Return the number of a window by its hash, -1 where it is none."""
    mask = uint64(len(slots) - 1)
    slot = (value * _MULTIPLIER) >> uint64(shift)
    while slots[slot] >= 0:
        if hashes[slots[slot]] == value:
            return int64(slots[slot])
        slot = (slot + uint64(1)) & mask
    return int64(-1)


@kernel
def _find(
    tokens: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    doc_offsets: NDArray[np.int64],
    index: Any,
    found: NDArray[np.int64],
) -> Any:
    """Write (document, window); return how many there are, room or not."""
    n = int64(0)
    seen, shift = index.seen, uint64(index.shifts[0])
    for doc in range(len(doc_offsets) - 1):
        first, end = doc_offsets[doc], doc_offsets[doc + 1]
        last, weight, state = first, int64(0), uint64(0)
        for at in range(first, end):
            while weight < WINDOW_WEIGHT and last < end:
                state = _rotated(state, 1) ^ tokens[uint64(last)]
                weight += _weight(flags[uint64(last)])
                last += 1
            if weight < WINDOW_WEIGHT:
                break
            mixed = state * _MULTIPLIER
            bits = _bits(mixed)
            if seen[mixed >> shift] & bits == bits:
                number = _number(state, index.slots, index.hashes, index.shifts[1])
                if number >= 0:
                    if n < len(found):
                        found[n, 0], found[n, 1] = doc, number
                    n += 1
            state ^= _rotated(tokens[uint64(at)], last - 1 - at)
            weight -= _weight(flags[uint64(at)])
        if index.anchor_sizes:
            n = _find_short(tokens, first, end, index, doc, found, n)
    return n


@step
def _find_short(
    tokens: NDArray[np.uint64],
    first: Any,
    end: Any,
    index: Any,
    doc: Any,
    found: NDArray[np.int64],
    n: Any,
) -> Any:
    """Look for short items in one document: where their first tokens stand."""
    seen, shift = index.anchor_seen, uint64(index.shifts[2])
    for size in range(1, _ANCHOR + 1):
        if not index.anchor_sizes >> size & 1:
            continue
        state = uint64(0)
        for last in range(first, end):
            at = last - size + 1
            state = _rotated(state, 1) ^ tokens[uint64(last)]
            if at < first:
                continue
            mixed = state * _MULTIPLIER
            bits = _bits(mixed)
            if seen[mixed >> shift] & bits == bits:
                n = _find_at(tokens, at, end, state, index, doc, found, n)
            state ^= _rotated(tokens[uint64(at)], size - 1)
    return n


@step
def _find_at(
    tokens: NDArray[np.uint64],
    at: Any,
    end: Any,
    anchor: Any,
    index: Any,
    doc: Any,
    found: NDArray[np.int64],
    n: Any,
) -> Any:
    """Compare the short items that begin with an anchor."""
    place = np.searchsorted(index.anchors, anchor)
    if place == len(index.anchors) or index.anchors[place] != anchor:
        return n
    lengths = int64(index.anchor_lengths[place])
    for length in range(1, min(end - at, _LONGEST) + 1):
        if lengths >> length & 1:
            value = _run(tokens, at, length)
            number = _number(value, index.slots, index.hashes, index.shifts[1])
            if number >= 0:
                if n < len(found):
                    found[n, 0], found[n, 1] = doc, number
                n += 1
    return n
