"""The forms of names, compiled: a table of token sequences and their beginnings.

In: the tokens of forms. Out: an `Index`, in which a text is looked up token by token. A
form is stored with all its beginnings as 64-bit hashes of token sequences, so a text is
followed only as far as some form still fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import int32, int64, uint8, uint64

from audit.kernels.jit import kernel, step
from audit.kernels.tokens import (
    ALL_UPPER,
    BREAK_BEFORE,
    INITIAL_UPPER,
    LINE_WRAP_BEFORE,
    UNSPACED,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.kernels.tokens import Tokens

__all__ = [
    "FILTER_BITS", "FIRST_UPPER", "FORM_ALL_UPPER", "LAST_UPPER", "SLOT_SHIFT", "Index",
    "build_index", "extend", "has_bit", "in_bits", "restore_index", "slot_of",
    "stored_index",
]  # fmt: skip

# Case rules of a form.
FIRST_UPPER, LAST_UPPER, FORM_ALL_UPPER = 1, 2, 4

FILTER_BITS = 22
# A slot is taken from these bits of a hash (see `slot_of`): turned to the front, they
# order hashes by their slots in every table of at most 2^_SLOT_BITS slots.
SLOT_SHIFT, _SLOT_BITS = 7, 21
_TURN = uint64(64 - SLOT_SHIFT - _SLOT_BITS)
# Bits of a hash that stand for it in `Index.ends` and `Index.held`: those of its slot
# among them, so that these sets too are filled from one end to the other.
_SET_SHIFT, _SET_BITS = 4, 24
_MULTIPLIER = uint64(0x9E3779B97F4A7C15)
_BREAK = uint64(0xD1B54A32D192ED03)


class Index(NamedTuple):
    """The compiled forms: a hash table of token sequences and their beginnings.

    Attributes:
        keys: uint64[n_slots], hash of a sequence; 0 where the slot is empty.
        groups: int32[n_slots], group of the form that ends here, -1 for a beginning.
        first: uint64[2, n_words], bit sets of first tokens: row 0 of forms that may
            begin in lower case, row 1 of all.
        deep: uint64[n_words], bit set of the sequences of two tokens and more.
        ends: uint64[n_words], bit set of the sequences that are forms.
        held: uint64[n_words], bit set of all sequences.
        case: uint8[n_groups], case rules of a form.
    """

    keys: NDArray[np.uint64]
    groups: NDArray[np.int32]
    first: NDArray[np.uint64]
    deep: NDArray[np.uint64]
    ends: NDArray[np.uint64]
    held: NDArray[np.uint64]
    case: NDArray[np.uint8]


def build_index(forms: Tokens) -> tuple[Index, NDArray[np.int64]]:
    """Return the index of forms, and the group of each form.

    Args:
        forms: the tokens of the forms, one document a form. Forms of the same tokens
            make one group, numbered by first appearance; a form without tokens, or of
            a single character of an unspaced script, gets group -1 and never matches.

    Returns:
        The index, and int64[n_forms].
    """
    # Sequences share beginnings, so the table is filled to 70 % at most.
    room = 1 << max(4, int(len(forms.hashes) * 1.4).bit_length())
    keys = np.zeros(room, np.uint64)
    slots = np.full(room, -1, np.int32)
    words = 1 << (FILTER_BITS - 6)
    first = np.zeros((2, words), np.uint64)
    deep = np.zeros(words, np.uint64)
    ends, held = _empty_set(), _empty_set()
    n_forms = len(forms.doc_offsets) - 1
    groups = np.full(n_forms, -1, np.int64)
    case = np.zeros(n_forms, np.uint8)
    n_groups = _fill(
        forms.hashes, forms.flags, forms.doc_offsets, keys, slots, first, deep,
        ends, held, groups, case,
    )  # fmt: skip
    return Index(keys, slots, first, deep, ends, held, case[:n_groups]), groups


def _empty_set() -> NDArray[np.uint64]:
    return np.zeros(1 << (_SET_BITS - 6), np.uint64)


def stored_index(index: Index) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return the sequences of an index for storage, ascending, and their groups.

    Returns:
        uint64[n_sequences], hashes turned so that their slots come first; int32 of the
        same length, the group of the form that ends there or -1.
    """
    filled = index.keys != 0
    keys, groups = index.keys[filled], index.groups[filled]
    turned = keys << _TURN | keys >> (uint64(64) - _TURN)
    order = np.argsort(turned)
    return turned[order], groups[order]


def restore_index(
    states: NDArray[np.uint64],
    ends: NDArray[np.bool_],
    first: NDArray[np.uint64],
    deep: NDArray[np.uint64],
    case: NDArray[np.uint8],
) -> Index:
    """Return an index from what was stored of it; groups get the order of ``states``.

    Args:
        states: uint64[n_sequences], as from `stored_index`.
        ends: bool[n_sequences], whether a form ends there.
        first: as in `Index`.
        deep: as in `Index`.
        case: uint8[n_groups], in the order of ``states``.
    """
    room = 1 << max(4, int(len(states) * 1.4).bit_length())
    keys = np.zeros(room, np.uint64)
    groups = np.full(room, -1, np.int32)
    end_bits, held = _empty_set(), _empty_set()
    _restore(states, ends, keys, groups, end_bits, held)
    return Index(keys, groups, first, deep, end_bits, held, case)


@step
def extend(state: np.uint64, token: np.uint64, flags: np.uint8) -> np.uint64:
    """Return the hash of a sequence with one more token, modulo 2^64; never 0."""
    broken = (flags & uint8(BREAK_BEFORE)) and not (flags & uint8(LINE_WRAP_BEFORE))
    mixed = state * _MULTIPLIER ^ token
    if broken:
        mixed ^= _BREAK
    mixed ^= mixed >> uint64(29)
    mixed *= uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> uint64(32)
    return mixed | uint64(1)


@step
def in_bits(bits: NDArray[np.uint64], key: np.uint64) -> bool:
    """Say whether a bit set, `Index.first` or `Index.deep`, may hold a sequence."""
    bit = key >> uint64(64 - FILTER_BITS)
    return (bits[bit >> uint64(6)] >> (bit & uint64(63))) & uint64(1) != 0


@step
def _set_bit(bits: NDArray[np.uint64], key: np.uint64) -> None:
    bit = key >> uint64(64 - FILTER_BITS)
    bits[bit >> uint64(6)] |= uint64(1) << (bit & uint64(63))


@step
def has_bit(bits: NDArray[np.uint64], key: np.uint64) -> bool:
    """Say whether a bit set, `Index.ends` or `Index.held`, may hold a sequence."""
    bit = (key >> uint64(_SET_SHIFT)) & uint64((1 << _SET_BITS) - 1)
    return (bits[bit >> uint64(6)] >> (bit & uint64(63))) & uint64(1) != 0


@step
def _give_bit(bits: NDArray[np.uint64], key: np.uint64) -> None:
    bit = (key >> uint64(_SET_SHIFT)) & uint64((1 << _SET_BITS) - 1)
    bits[bit >> uint64(6)] |= uint64(1) << (bit & uint64(63))


@step
def slot_of(keys: NDArray[np.uint64], key: np.uint64) -> np.int64:
    """Return the slot that holds ``key``, or the empty one where it belongs."""
    mask = uint64(len(keys) - 1)
    at = (key >> uint64(SLOT_SHIFT)) & mask
    while keys[at] != key and keys[at] != uint64(0):
        at = (at + uint64(1)) & mask
    return int64(at)


@kernel
def _fill(  # type: ignore[no-untyped-def]
    hashes, flags, offsets, keys, slots, first, deep, ends, held, groups, case
):
    n_groups = 0
    for form in range(len(offsets) - 1):
        begin, end = offsets[form], offsets[form + 1]
        if end == begin or (end - begin == 1 and flags[begin] & UNSPACED):
            continue
        rule = uint8(0)
        if flags[begin] & INITIAL_UPPER:
            rule |= uint8(FIRST_UPPER)
        if flags[end - 1] & INITIAL_UPPER:
            rule |= uint8(LAST_UPPER)
        if end - begin == 1 and flags[begin] & ALL_UPPER:
            rule |= uint8(FORM_ALL_UPPER)
        _set_bit(first[1], hashes[begin])
        if not rule & FIRST_UPPER:
            _set_bit(first[0], hashes[begin])
        state, at = uint64(0), int64(0)
        for token in range(begin, end):
            # The break before the first token is no part of the form.
            flag = flags[token] if token > begin else uint8(0)
            state = extend(state, hashes[token], flag)
            if token > begin:
                _set_bit(deep, state)
            at = slot_of(keys, state)
            keys[at] = state
            _give_bit(held, state)
        if slots[at] < 0:
            slots[at] = n_groups
            _give_bit(ends, state)
            case[n_groups] = rule
            n_groups += 1
        else:
            # Forms that differ in case alone: the freer rule holds.
            case[slots[at]] &= rule
        groups[form] = slots[at]
    return n_groups


@kernel
def _restore(turned, ends, keys, groups, end_bits, held):  # type: ignore[no-untyped-def]
    n_groups = int32(0)
    for state in range(len(turned)):
        key = turned[state] >> _TURN | turned[state] << (uint64(64) - _TURN)
        at = slot_of(keys, key)
        keys[at] = key
        _give_bit(held, key)
        if ends[state]:
            groups[at] = n_groups
            _give_bit(end_bits, key)
            n_groups += int32(1)
