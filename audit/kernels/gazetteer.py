"""Finding names in token streams, and telling which of their readings count.

In: the tokens of a batch and a compiled table of forms. Out: matches (longest first,
never overlapping), then the references that they stand for once the context of each
has been weighed. Forms and texts meet as 64-bit hashes of token sequences: a form is
stored with all its beginnings, so a text is followed token by token only as far as
some form still fits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import int32, int64, uint8, uint64

from audit.kernels.jit import inlined, kernel, step
from audit.kernels.lanes import prefetch
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
    "AMBIGUOUS",
    "LONE",
    "MINOR",
    "SHARED",
    "WINDOW",
    "WORD",
    "Claims",
    "Index",
    "Matches",
    "build_index",
    "find_matches",
    "resolve_matches",
    "restore_index",
    "stored_index",
]

# Flags of a claim (a form read as a reference of one culture): what it needs to count.
WORD = 1  # also an ordinary word or a personal name
AMBIGUOUS = 2  # other cultures have a like claim
MINOR = 4  # little known: the form is often something else
SHARED = 8  # several cultures share the reference, and say so
# Not a weakness: what is written of everywhere says little of what stands beside it.
LONE = 16  # it supports no other claim
_WEAK = WORD | AMBIGUOUS | MINOR

# Tokens within which another reference of the same culture is support.
WINDOW = 200

# Case rules of a form.
_FIRST_UPPER, _LAST_UPPER, _ALL_UPPER = 1, 2, 4

_FILTER_BITS = 22
# A slot is taken from these bits of a hash (see `_slot`): turned to the front, they
# order hashes by their slots in every table of at most 2^_SLOT_BITS slots.
_SLOT_SHIFT, _SLOT_BITS = 7, 21
_TURN = uint64(64 - _SLOT_SHIFT - _SLOT_BITS)
# Tokens that are looked at together.
_STRETCH = 1024
_MULTIPLIER = uint64(0x9E3779B97F4A7C15)
_BREAK = uint64(0xD1B54A32D192ED03)
_FAR = int64(1 << 40)


class Claims(NamedTuple):
    """What each form may stand for; group g owns ``offsets[g]:offsets[g + 1]``.

    Attributes:
        offsets: int64[n_groups + 1]; a group is one token sequence.
        references: int32[n_claims], best known first within a group.
        cultures: int16[n_claims], number of the reference's culture.
        flags: uint8[n_claims], a sum of `WORD`, `AMBIGUOUS`, `MINOR`, `SHARED`, `LONE`.
    """

    offsets: NDArray[np.int64]
    references: NDArray[np.int32]
    cultures: NDArray[np.int16]
    flags: NDArray[np.uint8]


class Index(NamedTuple):
    """The compiled forms: a hash table of token sequences and their beginnings.

    Attributes:
        keys: uint64[n_slots], hash of a sequence; 0 where the slot is empty.
        groups: int32[n_slots], group of the form that ends here, -1 for a beginning.
        first: uint64[2, n_words], bit sets of first tokens: row 0 of forms that may
            begin in lower case, row 1 of all.
        deep: uint64[n_words], bit set of the sequences of two tokens and more.
        case: uint8[n_groups], case rules of a form.
    """

    keys: NDArray[np.uint64]
    groups: NDArray[np.int32]
    first: NDArray[np.uint64]
    deep: NDArray[np.uint64]
    case: NDArray[np.uint8]


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
    words = 1 << (_FILTER_BITS - 6)
    first = np.zeros((2, words), np.uint64)
    deep = np.zeros(words, np.uint64)
    n_forms = len(forms.doc_offsets) - 1
    groups = np.full(n_forms, -1, np.int64)
    case = np.zeros(n_forms, np.uint8)
    n_groups = _fill(
        forms.hashes, forms.flags, forms.doc_offsets, keys, slots, first, deep,
        groups, case,
    )  # fmt: skip
    return Index(keys, slots, first, deep, case[:n_groups]), groups


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
    _restore(states, ends, keys, groups)
    return Index(keys, groups, first, deep, case)


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


def resolve_matches(
    matches: Matches,
    tokens: Tokens,
    claims: Claims,
    languages: NDArray[np.int32],
    homes: NDArray[np.uint8],
    window: int = WINDOW,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the references that count, and the match each of them comes from.

    A claim is supported when a claim of the same culture that needs no support and is
    not `LONE` stands within ``window`` tokens. A claim without a weakness counts by
    itself, unless only another reading of the same form is supported. A weak claim
    counts when supported.
    An `AMBIGUOUS` one also counts in a document in a language of its culture, a `MINOR`
    one in a document in its culture's own language, unless it begins a sentence; a
    `MINOR` one also as the whole text. A `WORD` never counts at the start of a sentence
    or in capitals throughout.

    Args:
        matches: found forms.
        tokens: the tokens they were found in.
        claims: what each form may stand for.
        languages: int32[n_docs], row of the document's language in ``homes``.
        homes: uint8[n_languages, n_cultures]: 2 the culture's own language, 1 one
            that is spoken there, 0 another.
        window: tokens within which support counts.

    Returns:
        int32[n_counted] references and int64[n_counted] match numbers, in text order.
    """
    n_claims = claims.offsets[matches.groups + 1] - claims.offsets[matches.groups]
    room = int(n_claims.sum())
    n_cultures = int(claims.cultures.max(initial=-1)) + 1
    support = np.zeros(room, np.uint8)
    references, origin = np.empty(room, np.int32), np.empty(room, np.int64)
    supported = (claims.offsets, claims.cultures, claims.flags)
    _support(*matches[:3], *supported, n_cultures, window, support)
    n = _choose(
        *matches, tokens.flags, tokens.doc_offsets, *claims, languages, homes,
        support,
        references, origin,
    )  # fmt: skip
    return references[:n], origin[:n]


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
def _in_bits(bits: NDArray[np.uint64], key: np.uint64) -> bool:
    bit = key >> uint64(64 - _FILTER_BITS)
    return (bits[bit >> uint64(6)] >> (bit & uint64(63))) & uint64(1) != 0


@step
def _set_bit(bits: NDArray[np.uint64], key: np.uint64) -> None:
    bit = key >> uint64(64 - _FILTER_BITS)
    bits[bit >> uint64(6)] |= uint64(1) << (bit & uint64(63))


@step
def _slot(keys: NDArray[np.uint64], key: np.uint64) -> np.int64:
    """Return the slot that holds ``key``, or the empty one where it belongs."""
    mask = uint64(len(keys) - 1)
    at = (key >> uint64(_SLOT_SHIFT)) & mask
    while keys[at] != key and keys[at] != uint64(0):
        at = (at + uint64(1)) & mask
    return int64(at)


@kernel
def _fill(hashes, flags, offsets, keys, slots, first, deep, groups, case):  # type: ignore[no-untyped-def]
    n_groups = 0
    for form in range(len(offsets) - 1):
        begin, end = offsets[form], offsets[form + 1]
        if end == begin or (end - begin == 1 and flags[begin] & UNSPACED):
            continue
        rule = uint8(0)
        if flags[begin] & INITIAL_UPPER:
            rule |= uint8(_FIRST_UPPER)
        if flags[end - 1] & INITIAL_UPPER:
            rule |= uint8(_LAST_UPPER)
        if end - begin == 1 and flags[begin] & ALL_UPPER:
            rule |= uint8(_ALL_UPPER)
        _set_bit(first[1], hashes[begin])
        if not rule & _FIRST_UPPER:
            _set_bit(first[0], hashes[begin])
        state, at = uint64(0), int64(0)
        for token in range(begin, end):
            # The break before the first token is no part of the form.
            flag = flags[token] if token > begin else uint8(0)
            state = extend(state, hashes[token], flag)
            if token > begin:
                _set_bit(deep, state)
            at = _slot(keys, state)
            keys[at] = state
        if slots[at] < 0:
            slots[at] = n_groups
            case[n_groups] = rule
            n_groups += 1
        else:
            # Forms that differ in case alone: the freer rule holds.
            case[slots[at]] &= rule
        groups[form] = slots[at]
    return n_groups


@kernel
def _restore(turned, ends, keys, groups):  # type: ignore[no-untyped-def]
    n_groups = int32(0)
    for state in range(len(turned)):
        key = turned[state] >> _TURN | turned[state] << (uint64(64) - _TURN)
        at = _slot(keys, key)
        keys[at] = key
        if ends[state]:
            groups[at] = n_groups
            n_groups += int32(1)


@step
def _fits(  # type: ignore[no-untyped-def]
    data, starts, lengths, flags, doc_begin, doc_end, first, last, rule
):
    """Tell whether case and word borders allow the form at these tokens."""
    if rule & _FIRST_UPPER and not flags[first] & INITIAL_UPPER:
        return False
    if rule & _LAST_UPPER and not flags[last] & INITIAL_UPPER:
        return False
    if rule & _ALL_UPPER and not flags[first] & ALL_UPPER:
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
    hashes, flags, begin, end, keys, slots, first, deep, found, states
):
    """Note the tokens of a stretch that some form may begin with.

    No branch depends on a token, and what will be asked of the table is fetched: a
    probe of a table that is larger than any cache costs as much as all the rest.

    Returns:
        How many there are: ``found`` has their places, ``states`` their hashes.
    """
    n = int64(0)
    for at in range(begin, end):
        bit = hashes[uint64(at)] >> uint64(64 - _FILTER_BITS)
        upper = int64(flags[uint64(at)] & uint8(INITIAL_UPPER) != 0)
        bits = first[upper, bit >> uint64(6)] >> (bit & uint64(63))
        found[uint64(n)] = at
        n += int64(bits & uint64(1))
    kept = int64(0)
    for i in range(n):
        at = found[uint64(i)]
        state = extend(uint64(0), hashes[uint64(at)], uint8(0))
        slot = int64((state >> uint64(_SLOT_SHIFT)) & uint64(len(keys) - 1))
        prefetch(keys, slot)
        prefetch(slots, slot)
        found[uint64(kept)], states[uint64(kept)] = at, state
        # A single letter is no form: without a second token there is none.
        alone = flags[uint64(at)] & uint8(UNSPACED) == 0
        if at + 1 < len(hashes):
            after = uint64(at + 1)
            alone |= _in_bits(deep, extend(state, hashes[after], flags[after]))
        kept += int64(alone)
    return kept


@inlined
def _longest(  # type: ignore[no-untyped-def]
    data, tokens, begin, end, at, state, keys, slots, deep, case
):
    """Return the longest form that begins at a token, -1 if none, and where it ends."""
    hashes, starts, lengths, flags = tokens
    last, best, best_last = at, int32(-1), at
    if not flags[uint64(at)] & UNSPACED:
        slot = _slot(keys, state)
        if keys[slot] == uint64(0):
            return best, best_last
        group = slots[slot]
        if group >= 0 and _fits(
            data, starts, lengths, flags, begin, end, at, at, case[group]
        ):
            best = group
    while last + 1 < end:
        last += 1
        state = extend(state, hashes[uint64(last)], flags[uint64(last)])
        if not _in_bits(deep, state):
            break
        slot = _slot(keys, state)
        if keys[slot] == uint64(0):
            break
        group = slots[slot]
        if group >= 0 and _fits(
            data, starts, lengths, flags, begin, end, at, last, case[group]
        ):
            best, best_last = group, last
    return best, best_last


@kernel
def _match(  # type: ignore[no-untyped-def]
    data, hashes, starts, lengths, flags, doc_offsets,
    keys, slots, first, deep, case,
    out_docs, out_groups, out_at, out_lengths,
):  # fmt: skip
    n = int64(0)
    doc, free = int64(0), int64(0)
    found, states = np.empty(_STRETCH, np.int64), np.empty(_STRETCH, np.uint64)
    for stretch in range(0, len(hashes), _STRETCH):
        n_found = _candidates(
            hashes, flags, stretch, min(stretch + _STRETCH, len(hashes)),
            keys, slots, first, deep, found, states,
        )  # fmt: skip
        for i in range(n_found):
            at = found[i]
            if at < free:
                continue
            while doc_offsets[doc + 1] <= at:
                doc += 1
            group, last = _longest(
                data, (hashes, starts, lengths, flags),
                doc_offsets[doc], doc_offsets[doc + 1], at, states[i],
                keys, slots, deep, case,
            )  # fmt: skip
            if group >= 0:
                out_docs[n], out_groups[n] = doc, group
                out_at[n], out_lengths[n] = at, last - at + 1
                n += 1
                free = last + 1
    return n


@kernel
def _support(  # type: ignore[no-untyped-def]
    docs, groups, at, offsets, cultures, flags, n_cultures, window, out
):
    """Mark the claims near which their culture has a claim that needs no support."""
    n = len(docs)
    near = np.full(n_cultures, -_FAR, np.int64)
    slot = int64(0)
    for match in range(n):
        if match == 0 or docs[match] != docs[match - 1]:
            near[:] = -_FAR
        g = groups[match]
        for claim in range(offsets[g], offsets[g + 1]):
            out[slot] = at[match] - near[cultures[claim]] <= window
            slot += 1
        _note(near, at[match], offsets[g], offsets[g + 1], cultures, flags)
    for match in range(n - 1, -1, -1):
        if match == n - 1 or docs[match] != docs[match + 1]:
            near[:] = _FAR
        g = groups[match]
        for claim in range(offsets[g + 1] - 1, offsets[g] - 1, -1):
            slot -= 1
            out[slot] |= near[cultures[claim]] - at[match] <= window
        _note(near, at[match], offsets[g], offsets[g + 1], cultures, flags)


@step
def _note(near, at, begin, end, cultures, flags):  # type: ignore[no-untyped-def]
    for claim in range(begin, end):
        if not flags[claim] & uint8(_WEAK | LONE):
            near[cultures[claim]] = at


@kernel
def _choose(  # type: ignore[no-untyped-def]
    docs, groups, at, lengths, token_flags, doc_offsets,
    offsets, references, cultures, flags, languages, homes, support, out, origin,
):  # fmt: skip
    n = 0
    slot = int64(0)
    for match in range(len(docs)):
        g, doc = groups[match], docs[match]
        begin, end = offsets[g], offsets[g + 1]
        flag = token_flags[at[match]]
        shout = flag & ALL_UPPER and lengths[match] == 1
        cased = flag & INITIAL_UPPER and not flag & BREAK_BEFORE and not shout
        uncased = not flag & INITIAL_UPPER
        whole = lengths[match] == doc_offsets[doc + 1] - doc_offsets[doc]
        chosen, chosen_rank = -1, 0
        shared_support = False
        for claim in range(begin, end):
            backed = support[slot + claim - begin] != 0
            what = flags[claim]
            if what & WORD and not (cased or uncased):
                continue
            if what & SHARED and backed:
                shared_support = True
            rank = 0
            if not what & _WEAK:
                rank = 4 if backed else 2
            elif backed:
                rank = 3
            elif not what & WORD:
                home = homes[languages[doc], cultures[claim]]
                if not what & MINOR:
                    rank = 1 if home else 0
                elif home == 2 and (cased or uncased):
                    rank = 1
                if whole and not what & AMBIGUOUS:
                    rank = 1
            if rank > chosen_rank:
                chosen, chosen_rank = claim, rank
        if chosen >= 0:
            if flags[chosen] & SHARED:
                for claim in range(begin, end):
                    backed = support[slot + claim - begin] != 0
                    if backed or not shared_support:
                        out[n] = references[claim]
                        origin[n] = match
                        n += 1
            else:
                out[n] = references[chosen]
                origin[n] = match
                n += 1
        slot += end - begin
    return n
