"""The input rows of a word and their sum.

In: the key of a word and the buckets of its n-grams, and an
`audit.kernels.fasttext.Network`. Out: numbers of rows, and sums of rows as whole
numbers: those add up to the same whatever is added first.
"""

from __future__ import annotations

import numpy as np

from audit.kernels.jit import inlined
from audit.kernels.lanes import popcount, prefetch
from audit.kernels.vectors import (
    LANES,
    add_coded,
    add_eight,
    add_sixteen,
    round_values,
)

__all__ = [
    "add_rounded", "fetch_row", "fetch_rows", "own_row", "rows_of_buckets",
    "rows_of_runs",
]  # fmt: skip

# What whole numbers are cut off at, so that a sum of eight of them fits an int32.
_LIMIT = np.float32((1 << 28) - 32)


@inlined
def _add_rows(net, places, begin, end, out):  # type: ignore[no-untyped-def]
    """Add input rows ``places[begin:end]`` to the values of ``out``.

    Each value is a sum in the order of the rows, whatever the processor.
    """
    dim = net.dim
    if len(net.codes):
        for d in range(0, dim, LANES):
            add_coded(
                net.codes, net.values, net.norm_codes, net.norms, places, begin, end,
                d >> 1, dim >> 1, out, d,
            )  # fmt: skip
        return
    whole = dim - dim % 16
    for d in range(0, whole, 16):
        add_sixteen(net.rows, places, begin, end, d, dim, out, d)
    if dim - whole >= 8:
        add_eight(net.rows, places, begin, end, whole, dim, out, whole)
        whole += 8
    for d in range(whole, dim):
        for k in range(begin, end):
            out[d] += net.rows[places[k] * dim + d]


@inlined
def add_rounded(net, floats, places, begin, end, out, base):  # type: ignore[no-untyped-def]
    """Write the sum of rows ``places[begin:end]`` as int32 from ``base`` on.

    ``floats`` is room for it, whole vectors.
    """
    for d in range(len(floats)):
        floats[d] = 0
    _add_rows(net, places, begin, end, floats)
    for d in range(0, len(floats), LANES):
        round_values(floats, d, np.float32(net.scale), _LIMIT, out, base + d)


@inlined
def fetch_row(keys, ids, key):  # type: ignore[no-untyped-def]
    """Have what `find_row` looks at first on its way from memory."""
    slot = np.int64(key & np.uint64(len(keys) - 1))
    prefetch(keys, slot)
    prefetch(ids, slot)


@inlined
def _find_row(keys, ids, key):  # type: ignore[no-untyped-def]
    """Return the row of a word, -1 if it has none."""
    mask = np.uint64(len(keys) - 1)
    slot = np.uint64(key & mask)
    while keys[slot] != 0:
        if keys[slot] == key:
            return np.int64(ids[slot])
        slot = np.uint64(np.uint64(slot + np.uint64(1)) & mask)
    return np.int64(-1)


@inlined
def rows_of_buckets(net, found, begin, end, to):  # type: ignore[no-untyped-def]
    """Write the rows of the buckets ``found[begin:end]`` that have one from ``to`` on.

    Returns the place after the last. A row is written before it is known whether there
    is one, and overwritten if there is none: a branch here would be guessed wrong half
    of the time. They are on their way from memory then.
    """
    kept, n_words, first = net.kept, net.n_words, to
    one = np.uint64(1)
    if len(kept) == 0:
        for k in range(begin, end):
            found[to] = found[k] + n_words
            to += 1
    else:
        for k in range(begin, end):
            place = np.uint64(found[k])
            group = place >> np.uint64(6) << one
            bits, at = kept[group], place & np.uint64(63)
            row = kept[group + one] + popcount(bits & ((one << at) - one))
            found[to] = np.int64(row) + n_words
            to += np.int64(bits >> at & one)
    fetch_rows(net, found, first, to)
    return to


@inlined
def fetch_rows(net, found, begin, end):  # type: ignore[no-untyped-def]
    """Have rows ``found[begin:end]`` on their way from memory."""
    rows, codes, norms, dim = net.rows, net.codes, net.norm_codes, net.dim
    if len(codes):
        for k in range(begin, end):
            prefetch(codes, found[k] * (dim >> 1))
            prefetch(norms, found[k])
    else:
        for k in range(begin, end):
            prefetch(rows, found[k] * dim)
            prefetch(rows, found[k] * dim + min(16, dim - 1))


@inlined
def own_row(net, key, found, at):  # type: ignore[no-untyped-def]
    """Write the row of a word itself, if it has one.

    Returns the place after it, and whether its n-grams count: not those of the
    end-of-sentence token.
    """
    row = _find_row(net.word_keys, net.word_ids, key)
    if row < 0:
        return at, True
    found[at] = row
    fetch_rows(net, found, at, at + 1)
    return at + 1, row != net.end


@inlined
def rows_of_runs(net, plan, longest, hashes, i, n_hashes, found):  # type: ignore[no-untyped-def]
    """Write the rows of runs of 2 to ``longest`` words from word i; return how many."""
    n_found = 0
    h = np.uint64(np.int64(hashes[i]))
    for j in range(i + 1, min(n_hashes, i + longest)):
        h = np.uint64(
            np.uint64(h * np.uint64(116049371)) + np.uint64(np.int64(hashes[j]))
        )
        found[n_found] = h % np.uint64(plan.n_buckets)
        n_found += 1
    return rows_of_buckets(net, found, 0, n_found, 0)
