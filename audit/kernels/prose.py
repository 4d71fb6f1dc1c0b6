"""The running text of a document: what is left without program code and addresses.

In: documents as one UTF-8 buffer with offsets. Out: another such buffer without fenced
code, spans of code inside a line, tags, addresses, targets of links, template calls,
and without lines that read as program code. A page in Swahili about a program is
Swahili, whatever the identifiers in it spell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.code_lines import BORDERS, CODE, FIRST, WEAK, WORDS, kind_of_line
from audit.kernels.jit import kernel, step
from audit.kernels.lanes import (
    bytes_between,
    copy_block,
    popcount,
    trailing_zeros,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["prose"]

# A line with so many signs of code a letter is code: `x = f(y)` has one, prose with
# brackets has under 0.1.
_SIGNS_A_LETTER = 0.19
# Tags, inline code and addresses longer than this are text that looks like them.
_LONGEST_SPAN = 400
# Program code is ASCII: a byte of running text beyond that speaks so many times more
# against a text being code.
_BEYOND_WEIGHT = 3
# A text of so few bytes among so many tags, three times as long, is a piece of markup.
_MANY_TAGS, _LITTLE_TEXT, _TAGS_TO_TEXT = 4, 160, 3

_SPACE, _LETTER, _BEYOND, _DIGIT, _OTHER, _SIGN = 0, 1, 2, 3, 4, 5


def _classes() -> NDArray[np.uint8]:
    out = np.full(256, _BEYOND, np.uint8)
    for c in range(128):
        char = chr(c)
        if char.isspace() or c < 32:
            out[c] = _SPACE
        elif char.isdigit():
            out[c] = _DIGIT
        elif char.isalpha():
            out[c] = _LETTER
        else:
            out[c] = _SIGN if char in "{}[]<>=;\\|$&^()" else _OTHER
    return out


_CLASS = _classes()


@step
def _find(data, i, end, byte, stop, line_break):  # type: ignore[no-untyped-def]
    """Return the place of a byte before a stop and a line break, or -1."""
    last = min(end, i + _LONGEST_SPAN)
    while i < last:
        if data[i] == byte:
            return i
        if data[i] == line_break or data[i] == stop:
            return -1
        i += 1
    return -1


@step
def _span_end(data, i, end, begins):  # type: ignore[no-untyped-def]
    """Return the byte after the span of code that starts at i, or i if none does.

    ``begins`` says that nothing but space stands before it in its line.
    """
    byte = data[i]
    if byte == 0x60:
        close = _find(data, i + 1, end, 0x60, 0, 10)
        return close + 1 if close > 0 else i
    if byte == 0x3C and i + 1 < end:
        following = data[i + 1]
        if following == 0x2F or following == 0x21 or 0x61 <= following | 0x20 <= 0x7A:
            # A tag that begins a line may go on in the next.
            close = _find(data, i + 1, end, 0x3E, 0x3C, 0 if begins else 10)
            return close + 1 if close > 0 else i
    if byte == 0x5D and i + 1 < end and data[i + 1] == 0x28:
        close = _find(data, i + 2, end, 0x29, 0, 10)
        return close + 1 if close > 0 else i
    if byte == 0x7B and i + 1 < end and data[i + 1] == 0x7B:
        close = _find(data, i + 2, end, 0x7D, 0, 10)
        if close < 0:
            return i
        return close + 2 if close + 1 < end and data[close + 1] == 0x7D else close + 1
    if byte == 0x3A and i + 2 < end and data[i + 1] == 0x2F and data[i + 2] == 0x2F:
        while i < end and data[i] > 0x20 and data[i] < 0x80 and data[i] != 0x29:
            i += 1
        return i
    return i


@step
def _is_fence(data, i, end):  # type: ignore[no-untyped-def]
    """Whether the line that starts at i opens or closes a block of code."""
    while i < end and data[i] == 0x20:
        i += 1
    return i + 2 < end and (
        (data[i] == 0x60 and data[i + 1] == 0x60 and data[i + 2] == 0x60)
        or (data[i] == 0x7E and data[i + 1] == 0x7E and data[i + 2] == 0x7E)
    )


@step
def _closes(data, i, end):  # type: ignore[no-untyped-def]
    """Whether some line after i is a fence: without its end, one fences nothing."""
    while i < end:
        if data[i] == 10 and _is_fence(data, i + 1, end):
            return True
        i += 1
    return False


@step
def _before_address(out, start, o):  # type: ignore[no-untyped-def]
    """Return where the word that names the scheme of an address begins."""
    while o > start and 0x61 <= out[o - 1] | 0x20 <= 0x7A:
        o -= 1
    return o


@step
def _beginnings(data, i):  # type: ignore[no-untyped-def]
    """Return which of 64 bytes end the line or may begin a span of code.

    Two bytes behind the 64 are read too. Signs that stand for themselves are no
    beginnings: a colon needs two slashes after it, a brace another one.
    """
    letter = bytes_between(data, i + 1, 0x41, 0x5A) | bytes_between(
        data, i + 1, 0x61, 0x7A
    )
    slash = bytes_between(data, i + 1, 0x2F, 0x2F)
    tag = letter | slash | bytes_between(data, i + 1, 0x21, 0x21)
    return (
        bytes_between(data, i, 10, 10)
        | bytes_between(data, i, 0x60, 0x60)
        | bytes_between(data, i, 0x3C, 0x3C) & tag
        | bytes_between(data, i, 0x5D, 0x5D) & bytes_between(data, i + 1, 0x28, 0x28)
        | bytes_between(data, i, 0x7B, 0x7B) & bytes_between(data, i + 1, 0x7B, 0x7B)
        | bytes_between(data, i, 0x3A, 0x3A)
        & slash
        & bytes_between(data, i + 2, 0x2F, 0x2F)
    )


@step
def _copy_run(data, i, left, out, o, counts):  # type: ignore[no-untyped-def]
    """Copy the bytes up to the next beginning, 64 at most, and count their classes.

    ``data`` has 66 bytes from ``i`` on, ``left`` of which belong to the text; ``out``
    has room for 64. Returns how many there are, and whether all are space.
    """
    run = min(np.int64(trailing_zeros(_beginnings(data, i))), left)
    if run == 0:
        return run, True
    copy_block(out, o, data, i)
    valid = ~np.uint64(0) >> np.uint64(64 - run)
    letter = bytes_between(data, i, 0x41, 0x5A) | bytes_between(data, i, 0x61, 0x7A)
    sign = (
        bytes_between(data, i, 0x24, 0x24)
        | bytes_between(data, i, 0x26, 0x26)
        | bytes_between(data, i, 0x28, 0x29)
        | bytes_between(data, i, 0x3B, 0x3E)
        | bytes_between(data, i, 0x5B, 0x5E)
        | bytes_between(data, i, 0x7B, 0x7D)
    )
    counts[_LETTER] += np.int64(popcount(letter & valid))
    counts[_BEYOND] += np.int64(popcount(bytes_between(data, i, 0x80, 0xFF) & valid))
    counts[_SIGN] += np.int64(popcount(sign & valid))
    return run, bytes_between(data, i, 0x21, 0xFF) & valid == np.uint64(0)


@step
def _read_line(data, i, end, classes, out, o, counts, tags):  # type: ignore[no-untyped-def]
    """Copy a line without spans of code; return the byte after it and after its copy.

    ``counts`` gets the bytes of each class that is asked for; ``tags`` is raised by the
    number of tags that were left out, and by their bytes.
    """
    start, begins = o, True
    counts[:] = 0
    while i < end:
        if i + 66 <= len(data):
            run, space = _copy_run(data, i, end - i, out, o, counts)
            i += run
            o += run
            begins &= space
            if run == 64:
                continue
            if i == end:
                break
        byte = data[i]
        if byte == 10:
            break
        kind = classes[byte]
        after = _span_end(data, i, end, begins) if kind >= _OTHER else i
        if after > i:
            if byte == 0x3A:
                before = _before_address(out, start, o)
                counts[_LETTER] -= o - before
                o = before
            tags[0] += byte == 0x3C
            tags[1] += (byte == 0x3C) * (after - i)
            i = after
            out[o] = 0x20
            o += 1
            continue
        begins &= kind == _SPACE
        counts[kind] += 1
        out[o] = byte
        o += 1
        i += 1
    return i + 1, o


@kernel
def _prose(  # type: ignore[no-untyped-def]
    data,
    offsets,
    classes,
    words,
    borders,
    first,
    out,
    out_offsets,
    code_letters,
    weights,
):
    o = 0
    counts, tags = np.zeros(6, np.int64), np.zeros(2, np.int64)
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        fenced, closable = False, True
        beginning = o
        tags[:] = 0
        # Lines that may be code, since the last that is not: where they begin (-1 if
        # there are none) and their letters; and whether code stands right before.
        weak, weak_letters, after_code = -1, 0, False
        while i < end:
            if _is_fence(data, i, end) and (fenced or closable):
                closable = fenced or _closes(data, i, end)
                fenced = closable and not fenced
                weak, after_code = -1, False
                while i < end and data[i] != 10:
                    i += 1
                i += 1
                continue
            start = o
            i, o = _read_line(data, i, end, classes, out, o, counts, tags)
            if fenced:
                o = start
                continue
            letters = counts[_LETTER] + counts[_BEYOND]
            if counts[_SIGN] > _SIGNS_A_LETTER * letters:
                kind = CODE
            else:
                kind = kind_of_line(out, start, o, words, borders, first)
            if kind == CODE or (kind == WEAK and after_code):
                if weak >= 0:
                    start = weak
                    code_letters[doc] += weak_letters
                o = start
                code_letters[doc] += letters
                weak, after_code = -1, True
                continue
            if kind == WEAK:
                weak_letters = letters + (weak_letters if weak >= 0 else 0)
                weak = weak if weak >= 0 else start
            else:
                weak, after_code = -1, False
                weights[doc] += _BEYOND_WEIGHT * counts[_BEYOND]
            if o > start:
                out[o] = 10
                o += 1
        if tags[0] >= _MANY_TAGS and (o - beginning) < min(
            _LITTLE_TEXT, tags[1] // _TAGS_TO_TEXT
        ):
            code_letters[doc] += tags[1]
        out_offsets[doc + 1] = o
        weights[doc] += o - beginning
    return o


def prose(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the running text of each document.

    Args:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_docs + 1].

    Returns:
        uint8[n_prose_bytes] and int64[n_docs + 1]: whole lines and what is left of
        lines, each ending in a line break, never longer than the text plus one byte a
        document; int64[n_docs], bytes of letters in lines that read as code without
        being marked as such, and of tags where they leave next to no text; and
        int64[n_docs], bytes of running text to weigh them against, those that are not
        ASCII counted four times.
    """
    # Blocks are copied whole, and lines are read so, whatever of them counts.
    out = np.empty(int(offsets[-1] - offsets[0]) + len(offsets) + 66, np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    code_letters, weights = np.zeros((2, len(offsets) - 1), np.int64)
    used = _prose(
        data,
        offsets,
        _CLASS,
        WORDS,
        BORDERS,
        FIRST,
        out,
        out_offsets,
        code_letters,
        weights,
    )
    return out[:used], out_offsets, code_letters, weights
