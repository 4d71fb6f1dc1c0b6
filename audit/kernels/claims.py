"""Telling which readings of the names found in a text count.

In: matches, the tokens around them, and what each form may stand for. Out: the
references that they stand for once the context of each has been weighed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy import int64, uint8

from audit.kernels.jit import kernel, step
from audit.kernels.tokens import ALL_UPPER, BREAK_BEFORE, INITIAL_UPPER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.kernels.gazetteer import Matches
    from audit.kernels.tokens import Tokens

__all__ = [
    "AMBIGUOUS", "LONE", "MINOR", "SHARED", "WINDOW", "WORD", "Claims",
    "resolve_matches",
]  # fmt: skip

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
