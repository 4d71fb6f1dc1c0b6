"""Host names looked up label by label in one table of known names.

In: a table of names, each with bits that say what it is, and host names in one byte
buffer with offsets. Out: for each host where its public suffix and its registered
domain begin, and the longest name of the table that it equals or stands below. Hosts
that are not plain ASCII names are left to the caller.

The walk goes from the right: the hash of a name is the hash of its parent continued, so
a host costs one pass over its bytes and one probe a label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import int64, uint64

from audit.kernels.jit import kernel, step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "EXCEPTION", "FILE", "HOST", "LOOK", "PUBLIC", "PUBLIC_EXCEPTION", "PUBLIC_PARENT",
    "SUFFIX", "SUFFIX_PARENT", "NameTable", "Walk", "cut", "name_table", "walk_hosts",
]  # fmt: skip

# A rule of the list of public suffixes, with and without its private section; the
# parent of a rule with a star; an exception to one.
PUBLIC, SUFFIX, PUBLIC_PARENT, SUFFIX_PARENT = 1, 2, 4, 8
PUBLIC_EXCEPTION, EXCEPTION = 16, 32
# A host of the registry; a top-level domain that is a file's ending too; a name below
# which the caller has to look itself.
HOST, FILE, LOOK = 64, 128, 256

_OFFSET, _PRIME = uint64(0xCBF29CE484222325), uint64(0x100000001B3)
_DOT, _QUESTION, _MINUS, _UNDERSCORE = 46, 63, 45, 95
_LONGEST_NAME, _LONGEST_LABEL = 253, 63


class NameTable(NamedTuple):
    """Names by hash, open addressing.

    Attributes:
        slots: int32[power of two], key or -1.
        data: uint8[n_bytes], the names, one after another.
        offsets: int64[n_names + 1].
        bits: int64[n_names], what each name is.
        labels: int64[n_labels, 2], begin and end in ``data`` of labels that the caller
            has to look at wherever they stand.
        starts: the same for what begins the label right before the suffix.
        ends: the same for what ends it.
    """

    slots: NDArray[np.int32]
    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    bits: NDArray[np.int64]
    labels: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


class Walk(NamedTuple):
    """What was found of each host.

    Attributes:
        plain: bool[n_hosts], False where the caller has to look itself; then the other
            values say nothing.
        domain: int64[n_hosts], where the registered domain begins in the buffer.
        suffix: int64[n_hosts], key of the public suffix, -1 where no rule fits.
        host: int64[n_hosts], key of the nearest host of the registry, or -1.
    """

    plain: NDArray[np.bool_]
    domain: NDArray[np.int64]
    suffix: NDArray[np.int64]
    host: NDArray[np.int64]


def name_table(
    names: Mapping[str, int],
    labels: Sequence[str] = (),
    starts: Sequence[str] = (),
    ends: Sequence[str] = (),
) -> NameTable:
    """Index names (ASCII, lower case) with their bits."""
    words = [*names, *labels, *starts, *ends]
    data = np.frombuffer("".join(words).encode("ascii"), np.uint8)
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) for word in words], out=offsets[1:])
    spans = np.stack((offsets[:-1], offsets[1:]), axis=1)
    size = 1 << max(2 * len(names), 2).bit_length()
    slots = np.full(size, -1, np.int32)
    _fill(data, offsets, len(names), slots)
    a, b = len(names), len(names) + len(labels)
    return NameTable(
        slots,
        data,
        offsets[: len(names) + 1],
        np.fromiter(names.values(), np.int64, len(names)),
        spans[a:b],
        spans[b : b + len(starts)],
        spans[b + len(starts) :],
    )


@kernel
def _fill(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    n_names: int,
    slots: NDArray[np.int32],
) -> None:
    mask = uint64(len(slots) - 1)
    for key in range(n_names):
        code = _OFFSET
        for i in range(offsets[key + 1] - 1, offsets[key] - 1, -1):
            code = (code ^ uint64(data[i])) * _PRIME
        at = (code ^ (code >> uint64(32))) & mask
        while slots[at] >= 0:
            at = (at + uint64(1)) & mask
        slots[at] = key


@step
def _find(
    code: Any,
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    slots: NDArray[np.int32],
    names: NDArray[np.uint8],
    offsets: NDArray[np.int64],
) -> Any:
    """Return the key of the name that stands here, -1 without one."""
    mask = uint64(len(slots) - 1)
    at = (code ^ (code >> uint64(32))) & mask
    while True:
        key = int64(slots[at])
        if key < 0:
            return int64(-1)
        begin = offsets[key]
        if offsets[key + 1] - begin == stop - start:
            same = True
            for i in range(stop - start):
                if names[begin + i] != data[start + i]:
                    same = False
                    break
            if same:
                return key
        at = (at + uint64(1)) & mask


@step
def _stands(
    data: NDArray[np.uint8],
    at: int,
    stop: int,
    names: NDArray[np.uint8],
    begin: int,
    end: int,
) -> bool:
    """Return whether a word stands at a place of a label."""
    if stop - at < end - begin:
        return False
    same = True
    for i in range(end - begin):
        same &= data[at + i] == names[begin + i]
    return same


@step
def _is_plain(data: NDArray[np.uint8], start: int, stop: int) -> bool:
    """Return whether this is a name of two labels or more, in ASCII and well formed."""
    if stop - start > _LONGEST_NAME or stop == start:
        return False
    label, dots = 0, 0
    for i in range(start, stop):
        byte = data[i]
        if byte == _DOT:
            if label == 0:
                return False
            label = 0
            dots += 1
        elif 97 <= byte <= 122 or 48 <= byte <= 57 or byte in (_MINUS, _UNDERSCORE):
            label += 1
            if label > _LONGEST_LABEL:
                return False
        else:
            return False
    # No top-level domain ends in a digit: an address, or no public name.
    return dots > 0 and label > 0 and not 48 <= data[stop - 1] <= 57


@kernel
def _walk(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    slots: NDArray[np.int32],
    names: NDArray[np.uint8],
    name_offsets: NDArray[np.int64],
    bits: NDArray[np.int64],
    labels: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    plain: NDArray[np.bool_],
    domain: NDArray[np.int64],
    suffix: NDArray[np.int64],
    host: NDArray[np.int64],
) -> None:
    for k in range(len(offsets) - 1):
        start, stop = offsets[k], offsets[k + 1]
        alone = start < stop and data[start] == _QUESTION
        if alone:
            start += 1
        if not _is_plain(data, start, stop):
            plain[k] = False
            continue
        ok: Any = True
        code: Any = _OFFSET
        end: Any = stop
        public_at: Any = stop
        public_key: Any = int64(-1)
        suffix_at: Any = stop
        suffix_key: Any = int64(-1)
        parent_at: Any = stop
        parent_key: Any = int64(-1)
        parent_bits: Any = int64(0)
        found: Any = int64(-1)
        # From label to label, right to left.
        while end > start and ok:
            begin: Any = end
            while begin > start and data[begin - 1] != _DOT:
                begin -= 1
                code = (code ^ uint64(data[begin])) * _PRIME
            key = _find(code, data, begin, stop, slots, names, name_offsets)
            what = bits[key] if key >= 0 else int64(0)
            if what & LOOK or (alone and end == stop and what & FILE):
                ok = False
            if what & PUBLIC_EXCEPTION:
                public_at, public_key = parent_at, parent_key
            elif what & PUBLIC or parent_bits & PUBLIC_PARENT:
                public_at, public_key = begin, key
            if what & EXCEPTION:
                suffix_at, suffix_key = parent_at, parent_key
            elif what & SUFFIX or parent_bits & SUFFIX_PARENT:
                suffix_at, suffix_key = begin, key
            if what & HOST:
                found = key
            for j in range(len(labels)):
                if labels[j, 1] - labels[j, 0] == end - begin and _stands(
                    data, begin, end, names, labels[j, 0], labels[j, 1]
                ):
                    ok = ok and found >= 0
            parent_at, parent_key, parent_bits = begin, key, what
            end = begin - 1
            code = (code ^ uint64(_DOT)) * _PRIME
        if suffix_at == start:
            suffix_at, suffix_key = public_at, public_key
        at: Any = suffix_at
        if suffix_at > start:
            at = suffix_at - 1
            while at > start and data[at - 1] != _DOT:
                at -= 1
            for j in range(len(starts)):
                if _stands(data, at, stop, names, starts[j, 0], starts[j, 1]):
                    ok = ok and found >= 0
            for j in range(len(ends)):
                tail = suffix_at - 1 - (ends[j, 1] - ends[j, 0])
                if tail >= at and _stands(
                    data, tail, stop, names, ends[j, 0], ends[j, 1]
                ):
                    ok = ok and found >= 0
        # A suffix that no name of the table spells fits a rule with a star.
        if public_at < stop and (suffix_key < 0 or public_key < 0):
            ok = False
        plain[k] = ok
        domain[k] = at
        suffix[k] = suffix_key if public_at < stop else int64(-1)
        host[k] = found


def walk_hosts(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NameTable
) -> Walk:
    """Look up every host.

    Args:
        data: uint8[n_bytes], raw hosts of `audit.kernels.url.extract_hosts`.
        offsets: int64[n_hosts + 1].
        table: The names.
    """
    n = len(offsets) - 1
    walk = Walk(
        np.empty(n, np.bool_),
        np.zeros(n, np.int64),
        np.full(n, -1, np.int64),
        np.full(n, -1, np.int64),
    )
    _walk(data, offsets, *table, *walk)
    return walk


@kernel
def _cut(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    out: NDArray[np.uint8],
    out_offsets: NDArray[np.int32],
) -> None:
    at = 0
    for k in range(len(starts)):
        out_offsets[k] = at
        for i in range(starts[k], stops[k]):
            out[at] = data[i]
            at += 1
    out_offsets[len(starts)] = at


def cut(
    data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Copy parts of a buffer, one after another: bytes and int32[n + 1] offsets."""
    out = np.empty(int((stops - starts).sum()), np.uint8)
    out_offsets = np.empty(len(starts) + 1, np.int32)
    _cut(data, starts, stops, out, out_offsets)
    return out, out_offsets
