"""Finding names in token streams.

In: the tokens of a batch and compiled forms. Out: matches, longest first, never
overlapping. What they stand for is told by `audit.kernels.claims`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import int32, int64, uint8, uint64

from audit.kernels.forms import (
    FILTER_BITS,
    FIRST_UPPER,
    FORM_ALL_UPPER,
    LAST_UPPER,
    SLOT_SHIFT,
    extend,
    has_bit,
    in_bits,
    slot_of,
)
from audit.kernels.jit import inlined, kernel, step
from audit.kernels.lanes import prefetch
from audit.kernels.tokens import ALL_UPPER, INITIAL_UPPER, UNSPACED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.kernels.forms import Index
    from audit.kernels.tokens import Tokens

__all__ = ["Matches", "find_matches"]

# Tokens that are looked at together.
_STRETCH = 1024
# What a token may begin: a form of its own, and a sequence of two tokens.
_ALONE, _MORE = 1, 2


class Matches(NamedTuple):
    """Forms found, in text order.

    Attributes:
        docs: int32[n_matches], document.
        groups: int32[n_matches], form.
        tokens: int64[n_matches], its first token in the batch.
        lengths: int32[n_matches], its tokens.
    """

    docs: NDArray[np.int32]
    groups: NDArray[np.int32]
    tokens: NDArray[np.int64]
    lengths: NDArray[np.int32]


def find_matches(data: NDArray[np.uint8], tokens: Tokens, index: Index) -> Matches:
    """Return the longest forms at each place, left to right, never overlapping.

    A form is found where its tokens follow each other with breaks where the form has
    them (a wrapped line is no break). A form written with capitals needs them. Katakana
    and Thai names are not found inside longer words of their script.

    Args:
        data: uint8[n_bytes], the text that ``tokens`` was made from.
        tokens: the tokens of the batch.
        index: compiled forms.
    """
    room = len(tokens.hashes)
    docs, groups = np.empty(room, np.int32), np.empty(room, np.int32)
    at, lengths = np.empty(room, np.int64), np.empty(room, np.int32)
    n = _match(data, *tokens[:5], *index, docs, groups, at, lengths)
    return Matches(
        docs[:n].copy(), groups[:n].copy(), at[:n].copy(), lengths[:n].copy()
    )


@step
def _fits(  # type: ignore[no-untyped-def]
    data, starts, lengths, flags, doc_begin, doc_end, first, last, rule
):
    """Tell whether case and word borders allow the form at these tokens."""
    if rule & FIRST_UPPER and not flags[first] & INITIAL_UPPER:
        return False
    if rule & LAST_UPPER and not flags[last] & INITIAL_UPPER:
        return False
    if rule & FORM_ALL_UPPER and not flags[first] & ALL_UPPER:
        return False
    if flags[first] & UNSPACED:
        lead = data[starts[first]]
        if (
            first > doc_begin
            and starts[first - 1] + lengths[first - 1] == starts[first]
        ):
            if _kana(data, starts[first]) and _kana(data, starts[first - 1]):
                return False
            # A vowel written before its consonant: the form would begin mid-syllable.
            if lead == 0xE0 and _thai_vowel(data, starts[first - 1], True):
                return False
        if last + 1 < doc_end and starts[last] + lengths[last] == starts[last + 1]:
            if _kana(data, starts[last]) and _kana(data, starts[last + 1]):
                return False
            if lead == 0xE0 and _thai_vowel(data, starts[last + 1], False):
                return False
    return True


@step
def _kana(data: NDArray[np.uint8], at: int) -> bool:
    """Tell whether a katakana letter (U+30A1 to U+30FF) stands at a byte."""
    if data[at] != 0xE3:
        return False
    return data[at + 1] == 0x83 or (data[at + 1] == 0x82 and data[at + 2] >= 0xA1)


@step
def _thai_vowel(data: NDArray[np.uint8], at: int, leading: bool) -> bool:
    """Tell whether a Thai or Lao vowel before (or after) its consonant stands here."""
    if data[at] != 0xE0:
        return False
    if leading:
        block = data[at + 1] == 0xB9 or data[at + 1] == 0xBB
        return block and 0x80 <= data[at + 2] <= 0x84
    block = data[at + 1] == 0xB8 or data[at + 1] == 0xBA
    return block and (data[at + 2] == 0xB0 or 0xB2 <= data[at + 2] <= 0xB3)


@inlined
def _candidates(  # type: ignore[no-untyped-def]
    hashes, flags, begin, end, index, found, states, pairs
):
    """Note the tokens of a stretch that a form begins with, as far as bit sets tell.

    Each pass asks a larger set about what the one before has left. No branch depends on
    a token, and what will be asked of the table is fetched: a probe of a table that is
    larger than any cache costs as much as all the rest.

    Returns:
        How many there are: ``found`` has their places and what they may begin (see
        `_ALONE`), ``states`` the hash of the first sequence to look up.
    """
    keys, slots, first, deep, ends, held = index
    n = int64(0)
    for at in range(begin, end):
        bit = hashes[uint64(at)] >> uint64(64 - FILTER_BITS)
        upper = int64(flags[uint64(at)] & uint8(INITIAL_UPPER) != 0)
        bits = first[upper, bit >> uint64(6)] >> (bit & uint64(63))
        found[uint64(n)] = at
        n += int64(bits & uint64(1))
    n_left = int64(0)
    for i in range(n):
        at = found[uint64(i)]
        state = extend(uint64(0), hashes[uint64(at)], uint8(0))
        # A single letter of a script without spaces is no form.
        alone = has_bit(ends, state) & (flags[uint64(at)] & uint8(UNSPACED) == 0)
        # The last token of all has itself behind it, which is asked for in vain.
        after = uint64(min(at + 1, len(hashes) - 1))
        pair = extend(state, hashes[after], flags[after])
        more = in_bits(deep, pair)
        left = uint64(n_left)
        found[left] = at << 2 | int64(alone) * _ALONE | int64(more) * _MORE
        states[left], pairs[left] = state, pair
        n_left += int64(alone | more)
    kept = int64(0)
    for i in range(n_left):
        place, pair = found[uint64(i)], pairs[uint64(i)]
        place &= ~(int64(not has_bit(held, pair)) * _MORE)
        alone = place & _ALONE != 0
        state = states[uint64(i)] if alone else pair
        slot = int64((state >> uint64(SLOT_SHIFT)) & uint64(len(keys) - 1))
        prefetch(keys, slot)
        prefetch(slots, slot)
        found[uint64(kept)], states[uint64(kept)] = place, state
        kept += int64(place & (_ALONE | _MORE) != 0)
    return kept


@inlined
def _longest(  # type: ignore[no-untyped-def]
    data, tokens, begin, end, place, state, keys, slots, deep, case
):
    """Return the longest form that begins at a token, -1 if none, and where it ends."""
    hashes, starts, lengths, flags = tokens
    at = place >> 2
    last, best, best_last = at, int32(-1), at
    if place & _ALONE:
        slot = slot_of(keys, state)
        if keys[slot] != uint64(0):
            group = slots[slot]
            if group >= 0 and _fits(
                data, starts, lengths, flags, begin, end, at, at, case[group]
            ):
                best = group
        if place & _MORE and at + 1 < end:
            state = extend(state, hashes[uint64(at + 1)], flags[uint64(at + 1)])
    if not place & _MORE:
        return best, best_last
    while last + 1 < end:
        last += 1
        slot = slot_of(keys, state)
        if keys[slot] == uint64(0):
            break
        group = slots[slot]
        if group >= 0 and _fits(
            data, starts, lengths, flags, begin, end, at, last, case[group]
        ):
            best, best_last = group, last
        if last + 1 < end:
            state = extend(state, hashes[uint64(last + 1)], flags[uint64(last + 1)])
            if not in_bits(deep, state):
                break
    return best, best_last


@kernel
def _match(  # type: ignore[no-untyped-def]
    data, hashes, starts, lengths, flags, doc_offsets,
    keys, slots, first, deep, ends, held, case,
    out_docs, out_groups, out_at, out_lengths,
):  # fmt: skip
    n = int64(0)
    doc, free = int64(0), int64(0)
    found, states = np.empty(_STRETCH, np.int64), np.empty(_STRETCH, np.uint64)
    pairs = np.empty(_STRETCH, np.uint64)
    for stretch in range(0, len(hashes), _STRETCH):
        n_found = _candidates(
            hashes, flags, stretch, min(stretch + _STRETCH, len(hashes)),
            (keys, slots, first, deep, ends, held), found, states, pairs,
        )  # fmt: skip
        for i in range(n_found):
            at = found[i] >> 2
            if at < free:
                continue
            while doc_offsets[doc + 1] <= at:
                doc += 1
            group, last = _longest(
                data, (hashes, starts, lengths, flags),
                doc_offsets[doc], doc_offsets[doc + 1], found[i], states[i],
                keys, slots, deep, case,
            )  # fmt: skip
            if group >= 0:
                out_docs[n], out_groups[n] = doc, group
                out_at[n], out_lengths[n] = at, last - at + 1
                n += 1
                free = last + 1
    return n
