"""From tokens to shingles: three words, five characters, or a mixture of both.

In: token hashes and flags. Out: one 64-bit hash a shingle, in document order. A shingle
is the shortest run of tokens that weighs `SHINGLE_WEIGHT`, where a word weighs
`WORD_WEIGHT` and a character of a script without spaces `CHARACTER_WEIGHT`. So English
has shingles of three words, Chinese of five characters, and a sentence that changes
script in the middle has no seam there. Three words and five characters, because a
Chinese word has 1.7 characters in the mean: an edited word then spoils the same share
of shingles in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import int64, uint64

from audit.kernels.hashing import mix64
from audit.kernels.jit import inlined, kernel, step
from audit.kernels.scratch import scratch
from audit.kernels.tokens import UNSPACED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.kernels.tokens import Tokens

__all__ = [
    "CHARACTER_WEIGHT",
    "SHINGLE_LAYOUT",
    "SHINGLE_WEIGHT",
    "WORD_WEIGHT",
    "Shingles",
    "shingle",
    "shingle_sets",
]

WORD_WEIGHT = 5
CHARACTER_WEIGHT = 3
SHINGLE_WEIGHT = 15

# For fingerprints: profiles made with other shingles are not comparable.
SHINGLE_LAYOUT = (
    f"word={WORD_WEIGHT},character={CHARACTER_WEIGHT},shingle={SHINGLE_WEIGHT},v1"
)

# A text shorter than a shingle has one shingle of all its tokens, hashed from another
# seed: it matches the same short text and no part of a longer one.
_SEED = uint64(0x2545F4914F6CDD1D)
_SHORT_SEED = uint64(0x9FB21C651E98DF25)
# Tokens of a shingle of one kind.
_WORDS = -(-SHINGLE_WEIGHT // WORD_WEIGHT)
_LETTERS = -(-SHINGLE_WEIGHT // CHARACTER_WEIGHT)
_MULTIPLIER = uint64(0x9E3779B97F4A7C15)

# So few hashes are sorted as they are; of more that are evenly spread, insertion moves
# one in two by a place.
_FEW = 4
_MOVES = 4


class Shingles(NamedTuple):
    """The shingles of a batch.

    Attributes:
        hashes: uint64[n_shingles], in document order, repeats included (or ascending
            and distinct within each document, where `shingle_sets` made them).
        doc_offsets: int64[n_docs + 1], document i owns
            ``hashes[doc_offsets[i]:doc_offsets[i + 1]]``; none where it has no token.
    """

    hashes: NDArray[np.uint64]
    doc_offsets: NDArray[np.int64]


def shingle(tokens: Tokens) -> Shingles:
    """Return the shingle hashes of all documents, repeats included."""
    n_docs = len(tokens.doc_offsets) - 1
    n_tokens = len(tokens.hashes)
    hashes = scratch(8 * n_tokens).view(np.uint64)
    doc_offsets = np.zeros(n_docs + 1, np.int64)
    _shingle(tokens.hashes, tokens.flags, tokens.doc_offsets, hashes, doc_offsets)
    return Shingles(hashes[: int(doc_offsets[-1])], doc_offsets)


def shingle_sets(tokens: Tokens) -> Shingles:
    """Return the set of shingles of each document: ascending, each hash once."""
    hashes, doc_offsets = shingle(tokens)
    sets = np.zeros(len(doc_offsets), np.int64)
    n = _sort_sets(hashes, doc_offsets, sets)
    return Shingles(hashes[:n], sets)


@step
def _join(state: Any, token: Any) -> Any:
    """Append a token to a shingle hash: order counts."""
    state = (state ^ token) * _MULTIPLIER
    return state ^ (state >> uint64(32))


@inlined
def _of_words(
    tokens: NDArray[np.uint64], at: Any, hashes: Any, n: Any, size: Any
) -> None:
    """Write the shingles of three words that begin at ``size`` tokens, side by side."""
    for k in range(size):
        i = uint64(at + k)
        state = _join(_SEED, tokens[i])
        state = _join(state, tokens[i + uint64(1)])
        hashes[uint64(n + k)] = mix64(_join(state, tokens[i + uint64(2)]))


@inlined
def _of_letters(
    tokens: NDArray[np.uint64], at: Any, hashes: Any, n: Any, size: Any
) -> None:
    """Write the shingles of five characters that begin at ``size`` tokens."""
    for k in range(size):
        i = uint64(at + k)
        state = _join(_SEED, tokens[i])
        state = _join(state, tokens[i + uint64(1)])
        state = _join(state, tokens[i + uint64(2)])
        state = _join(state, tokens[i + uint64(3)])
        hashes[uint64(n + k)] = mix64(_join(state, tokens[i + uint64(4)]))


@inlined
def _mixed(
    tokens: NDArray[np.uint64], flags: NDArray[np.uint8], at: Any, end: Any
) -> Any:
    """Return the hash of the shingle that begins at a token, and if it is whole."""
    weight, state = int64(0), _SEED
    while weight < SHINGLE_WEIGHT and at < end:
        if flags[uint64(at)] & UNSPACED:
            weight += CHARACTER_WEIGHT
        else:
            weight += WORD_WEIGHT
        state = _join(state, tokens[uint64(at)])
        at += 1
    return mix64(state), weight >= SHINGLE_WEIGHT


@kernel
def _shingle(
    tokens: NDArray[np.uint64],
    flags: NDArray[np.uint8],
    token_offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    doc_offsets: NDArray[np.int64],
) -> None:
    n = int64(0)
    for doc in range(len(token_offsets) - 1):
        first, end = token_offsets[doc], token_offsets[doc + 1]
        before, at, whole = n, first, True
        while at < end and whole:
            # Tokens of one kind up to here: their shingles are alike.
            stop, kind = at + 1, flags[uint64(at)] & UNSPACED
            while stop < end and flags[uint64(stop)] & UNSPACED == kind:
                stop += 1
            if kind:
                size = max(stop - at - (_LETTERS - 1), 0)
                _of_letters(tokens, at, hashes, n, size)
            else:
                size = max(stop - at - (_WORDS - 1), 0)
                _of_words(tokens, at, hashes, n, size)
            n += size
            at += size
            # Those that reach beyond it.
            while at < stop and whole:
                state, whole = _mixed(tokens, flags, at, end)
                if whole:
                    hashes[uint64(n)] = state
                    n += 1
                    at += 1
        if n == before and end > first:
            state = _SHORT_SEED
            for i in range(first, end):
                state = _join(state, tokens[i])
            hashes[n] = mix64(state)
            n += 1
        doc_offsets[doc + 1] = n


@step
def _sorted_by_place(part: Any, copy: Any, starts: Any) -> Any:
    """Sort hashes and say whether it is done; False leaves them in another order.

    Hashes are spread evenly, so the upper bits of one tell about where it belongs: each
    is put there, and the few that share a place are sorted by insertion. Where more
    moves are needed than even hashes need, they are not even, and it is given up.
    """
    n = len(part)
    bits = uint64(0)
    while int64(1) << int64(bits) < n:
        bits += uint64(1)
    shift = uint64(64) - bits
    n_places = int64(1) << int64(bits)
    for i in range(n_places):
        starts[i] = 0
    for i in range(n):
        starts[int64(part[i] >> shift)] += 1
        copy[i] = part[i]
    total = int64(0)
    for i in range(n_places):
        count = starts[i]
        starts[i] = total
        total += count
    for i in range(n):
        place = int64(copy[i] >> shift)
        part[starts[place]] = copy[i]
        starts[place] += 1
    moves = _MOVES * n
    for i in range(1, n):
        value = part[i]
        j = i
        while j > 0 and part[j - 1] > value:
            part[j] = part[j - 1]
            j -= 1
        part[j] = value
        moves -= i - j
        if moves < 0:
            return False
    return True


@kernel
def _sort_sets(
    hashes: NDArray[np.uint64],
    doc_offsets: NDArray[np.int64],
    sets: NDArray[np.int64],
) -> Any:
    """Sort and reduce each document's hashes in place, packed from the left."""
    n = int64(0)
    longest = int64(0)
    for doc in range(len(doc_offsets) - 1):
        longest = max(longest, doc_offsets[doc + 1] - doc_offsets[doc])
    copy = np.empty(longest, uint64)
    starts = np.empty(2 * longest + 1, int64)
    for doc in range(len(doc_offsets) - 1):
        part = hashes[doc_offsets[doc] : doc_offsets[doc + 1]]
        if len(part) < _FEW or not _sorted_by_place(part, copy, starts):
            part.sort()
        # Packing never overtakes reading: a set is no longer than its document.
        before = n
        for i in range(len(part)):
            value = part[i]
            if n == before or hashes[n - 1] != value:
                hashes[n] = value
                n += 1
        sets[doc + 1] = n
    return n
