"""The running text of a document: what is left without program code and addresses.

In: documents as one UTF-8 buffer with offsets. Out: another such buffer without fenced
code, spans of code inside a line, tags, addresses, targets of links, template calls,
and without lines that read as program code. A page in Swahili about a program is
Swahili, whatever the identifiers in it spell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audit.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["prose"]

# A line with so many signs of code a letter is code: `x = f(y)` has one, prose with
# brackets has under 0.1.
_SIGNS_A_LETTER = 0.19
# Tags, inline code and addresses longer than this are text that looks like them.
_LONGEST_SPAN = 400

_SPACE, _LETTER, _DIGIT, _OTHER, _SIGN = 0, 1, 2, 3, 4


def _classes() -> NDArray[np.uint8]:
    out = np.full(256, _LETTER, np.uint8)
    for c in range(128):
        char = chr(c)
        if char.isspace() or c < 32:
            out[c] = _SPACE
        elif char.isdigit():
            out[c] = _DIGIT
        elif not char.isalpha():
            out[c] = _SIGN if char in "{}[]<>=;\\|$&^()" else _OTHER
    return out


_CLASS = _classes()

# Beginnings of lines that no sentence has. Words that open sentences too (for, if,
# return, while, let) are left to the other signs.
_STATEMENTS = (
    "import def elif const async await var function public private protected static "
    "void struct typedef #include #define #import namespace package fn pub impl func "
    "val elseif endif endfor esac fi done echo sudo npm npx pip git cd mkdir export "
    "SELECT INSERT UPDATE DELETE CREATE ALTER DROP WHERE FROM self this. try: else: "
    "finally: except: return; break; continue; pass @Override printf assert raise "
    "console print"
)
_WORDS = np.frombuffer(_STATEMENTS.replace(" ", "").encode(), np.uint8)
_BORDERS = np.cumsum([0, *map(len, _STATEMENTS.split())])


@kernel
def _find(data, i, end, byte, stop):  # type: ignore[no-untyped-def]
    """Return the place of a byte in the same line, or -1."""
    last = min(end, i + _LONGEST_SPAN)
    while i < last:
        if data[i] == byte:
            return i
        if data[i] == 10 or data[i] == stop:
            return -1
        i += 1
    return -1


@kernel
def _span_end(data, i, end):  # type: ignore[no-untyped-def]
    """Return the byte after the span of code that starts at i, or i if none does."""
    byte = data[i]
    if byte == 0x60:
        close = _find(data, i + 1, end, 0x60, 0)
        return close + 1 if close > 0 else i
    if byte == 0x3C and i + 1 < end:
        following = data[i + 1]
        if following == 0x2F or following == 0x21 or 0x61 <= following | 0x20 <= 0x7A:
            close = _find(data, i + 1, end, 0x3E, 0x3C)
            return close + 1 if close > 0 else i
    if byte == 0x5D and i + 1 < end and data[i + 1] == 0x28:
        close = _find(data, i + 2, end, 0x29, 0)
        return close + 1 if close > 0 else i
    if byte == 0x7B and i + 1 < end and data[i + 1] == 0x7B:
        close = _find(data, i + 2, end, 0x7D, 0)
        if close < 0:
            return i
        return close + 2 if close + 1 < end and data[close + 1] == 0x7D else close + 1
    if byte == 0x3A and i + 2 < end and data[i + 1] == 0x2F and data[i + 2] == 0x2F:
        while i < end and data[i] > 0x20 and data[i] < 0x80 and data[i] != 0x29:
            i += 1
        return i
    return i


@kernel
def _is_fence(data, i, end):  # type: ignore[no-untyped-def]
    """Whether the line that starts at i opens or closes a block of code."""
    while i < end and data[i] == 0x20:
        i += 1
    return i + 2 < end and (
        (data[i] == 0x60 and data[i + 1] == 0x60 and data[i + 2] == 0x60)
        or (data[i] == 0x7E and data[i + 1] == 0x7E and data[i + 2] == 0x7E)
    )


@kernel
def _starts_with(data, i, end, words, borders):  # type: ignore[no-untyped-def]
    """Whether a word of the list stands at i, with no letter after it."""
    for w in range(len(borders) - 1):
        size = borders[w + 1] - borders[w]
        if i + size > end:
            continue
        k = 0
        while k < size and data[i + k] == words[borders[w] + k]:
            k += 1
        if k == size and (
            i + size == end or not (0x61 <= data[i + size] | 0x20 <= 0x7A)
        ):
            return True
    return False


@kernel
def _is_prompt(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a line begins as one typed at a shell or interpreter does.

    ``$ name``, ``>>> name`` and ``user@host:folder$ name``; amounts of money have a
    digit after the sign.
    """
    first = i
    if data[i] == 0x3E:
        return i + 3 < end and data[i + 1] == 0x3E and data[i + 2] == 0x3E
    at = False
    while i < end and data[i] > 0x20:
        at |= data[i] == 0x40
        i += 1
    if i + 1 >= end or i == first or not (0x61 <= data[i + 1] | 0x20 <= 0x7A):
        return False
    sign = data[i - 1]
    return (sign == 0x24 and (at or i == first + 1)) or (sign == 0x23 and at)


@kernel
def _reads_as_code(data, start, end, words, borders):  # type: ignore[no-untyped-def]
    """Whether a line ends or begins as statements do, or is mostly dotted names."""
    while start < end and data[start] <= 0x20:
        start += 1
    while end > start and data[end - 1] <= 0x20:
        end -= 1
    if start == end:
        return False
    last = data[end - 1]
    if last == 0x3B or last == 0x7B or last == 0x7D:
        return True
    if _is_prompt(data, start, end):
        return True
    before = data[end - 2] if end - start > 1 else 0
    if last == 0x28 and 0x61 <= before | 0x20 <= 0x7A:
        # A call whose arguments follow; a bracket after a sign is a sad face.
        return True
    closed = before == 0x29 or before == 0x5D or before == 0x22 or before == 0x27
    if (last == 0x3A or last == 0x2C) and (closed or before == 0x7D):
        return True
    if _starts_with(data, start, end, words, borders):
        return True
    words_seen, names = 1, 0
    for i in range(start + 1, end - 1):
        byte = data[i]
        if byte == 0x20:
            words_seen += 1
        elif byte == 0x5F or byte == 0x2E or byte == 0x28:
            one, other = data[i - 1] | 0x20, data[i + 1] | 0x20
            named = byte == 0x28 or 0x61 <= other <= 0x7A
            names += named and 0x61 <= one <= 0x7A
        elif byte == 0x3D or (byte == 0x3A and data[i - 1] == 0x22):
            # An assignment, a key of JSON.
            names += 3
    return 3 * names >= words_seen


@kernel
def _closes(data, i, end):  # type: ignore[no-untyped-def]
    """Whether some line after i is a fence: without its end, one fences nothing."""
    while i < end:
        if data[i] == 10 and _is_fence(data, i + 1, end):
            return True
        i += 1
    return False


@kernel
def _prose(data, offsets, classes, words, borders, out, out_offsets, code_letters):  # type: ignore[no-untyped-def]
    o = 0
    counts = np.zeros(5, np.int64)
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        fenced, closable = False, True
        while i < end:
            if _is_fence(data, i, end) and (fenced or closable):
                closable = fenced or _closes(data, i, end)
                fenced = closable and not fenced
                while i < end and data[i] != 10:
                    i += 1
                i += 1
                continue
            start = o
            counts[:] = 0
            while i < end and data[i] != 10:
                byte = data[i]
                kind = classes[byte]
                if kind >= _OTHER and (
                    byte == 0x60
                    or byte == 0x3C
                    or byte == 0x5D
                    or byte == 0x7B
                    or byte == 0x3A
                ):
                    after = _span_end(data, i, end)
                    if after > i:
                        i = after
                        out[o] = 0x20
                        o += 1
                        continue
                counts[kind] += 1
                out[o] = byte
                o += 1
                i += 1
            i += 1
            if fenced:
                o = start
            elif counts[_SIGN] > _SIGNS_A_LETTER * counts[_LETTER] or _reads_as_code(
                out, start, o, words, borders
            ):
                o = start
                code_letters[doc] += counts[_LETTER]
            elif o > start:
                out[o] = 10
                o += 1
        out_offsets[doc + 1] = o
    return o


def prose(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return the running text of each document.

    Args:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_docs + 1].

    Returns:
        uint8[n_prose_bytes] and int64[n_docs + 1]: whole lines and what is left of
        lines, each ending in a line break, never longer than the text plus one byte a
        document; and int64[n_docs], bytes of letters in lines that read as code without
        being marked as such.
    """
    out = np.empty(int(offsets[-1] - offsets[0]) + len(offsets), np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    code_letters = np.zeros(len(offsets) - 1, np.int64)
    used = _prose(
        data, offsets, _CLASS, _WORDS, _BORDERS, out, out_offsets, code_letters
    )
    return out[:used], out_offsets, code_letters
