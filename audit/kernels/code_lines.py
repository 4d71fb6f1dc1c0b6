"""Which lines of text read as program code, by what they begin and end with.

In: a line of a document as bytes. Out: `CODE` (no sentence looks so), `WEAK` (only what
stands beside it tells: a name, a key, an item of a list) or `PROSE`. Rules are about
ASCII: the keywords and signs of programming languages are.
"""

from __future__ import annotations

import numpy as np

from audit.kernels.jit import step
from audit.kernels.lanes import bytes_between, popcount, trailing_zeros

__all__ = ["BORDERS", "CODE", "PROSE", "WEAK", "WORDS", "kind_of_line"]

PROSE, WEAK, CODE = 0, 1, 2

# A line of at most so many words may be a part of a statement; a key of a settings
# file has at most so many words of value, or what it holds is a sentence.
_FEW_WORDS = 4

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
_SORTED = sorted(_STATEMENTS.split())
WORDS = np.frombuffer("".join(_SORTED).encode(), np.uint8)
BORDERS = np.cumsum([0, *map(len, _SORTED)])
# The number of the first word that begins with a byte or a later one.
FIRST = np.searchsorted([ord(word[0]) for word in _SORTED], np.arange(257))


@step
def _starts_with(data, i, end, words, borders, first):  # type: ignore[no-untyped-def]
    """Whether a word of the list stands at i, with no letter after it."""
    for w in range(first[data[i]], first[np.int64(data[i]) + 1]):
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


@step
def _word_end(data, i, end):  # type: ignore[no-untyped-def]
    """Return where the next white space stands, or the end."""
    while i < end:
        run = np.int64(trailing_zeros(bytes_between(data, i, 0, 0x20)))
        if run < 64:
            return min(i + run, end)
        i += 64
    return end


@step
def _is_prompt(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a line begins as one typed at a shell or interpreter does.

    ``$ name``, ``>>> name`` and ``user@host:folder$ name``; amounts of money have a
    digit after the sign.
    """
    first = i
    if data[i] == 0x3E:
        return i + 3 < end and data[i + 1] == 0x3E and data[i + 2] == 0x3E
    at = False
    i = _word_end(data, i, end)
    if i + 1 >= end or i == first or not (0x61 <= data[i + 1] | 0x20 <= 0x7A):
        return False
    sign = data[i - 1]
    if sign != 0x24 and sign != 0x23:
        return False
    for k in range(first, i):
        at |= data[k] == 0x40
    return at or (sign == 0x24 and i == first + 1)


@step
def _letters(data, at):  # type: ignore[no-untyped-def]
    """Return which of 64 bytes are letters of ASCII."""
    return bytes_between(data, at, 0x41, 0x5A) | bytes_between(data, at, 0x61, 0x7A)


@step
def _is_key(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a line is ``name: value`` of a settings file, the value a few words."""
    if data[i] == 0x2D and i + 2 < end and data[i + 1] == 0x20:
        i += 2
    if not 0x61 <= data[i] <= 0x7A:
        return False
    run = 64
    while i < end and run == 64:
        name = _letters(data, i) | bytes_between(data, i, 0x30, 0x39)
        name |= bytes_between(data, i, 0x5F, 0x5F) | bytes_between(data, i, 0x2D, 0x2E)
        run = trailing_zeros(~name)
        i = min(i + np.int64(run), end)
    if i == end or data[i] != 0x3A:
        return False
    return i + 1 == end or (data[i + 1] == 0x20 and _few_words(data, i + 2, end))


@step
def _few_words(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a text is ASCII and of a few words at most."""
    if i < end and data[i] >= 0x80:
        return False
    words = 1
    for at in range(i + 1, end, 64):
        valid = ~np.uint64(0) >> np.uint64(64 - min(64, end - at))
        if bytes_between(data, at, 0x80, 0xFF) & valid:
            return False
        before = bytes_between(data, at - 1, 0x20, 0x20)
        words += popcount(bytes_between(data, at, 0x20, 0x20) & ~before & valid)
        if words > _FEW_WORDS:
            return False
    return True


@step
def _is_quoted(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a line is one quoted name, as in lists of what is imported."""
    quote = data[i]
    if quote != 0x22 and quote != 0x27:
        return False
    end -= data[end - 1] == 0x2C
    if end - i < 3 or data[end - 1] != quote:
        return False
    named = True
    for k in range(i + 1, end - 1):
        named &= 0x20 < data[k] < 0x80
    return named


@step
def _imports_from(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a line is ``from name import name``."""
    if i + 16 > end or not (
        data[i] == 0x66
        and data[i + 1] == 0x72
        and data[i + 2] == 0x6F
        and data[i + 3] == 0x6D
        and data[i + 4] == 0x20
    ):
        return False
    i += 5
    while i < end and data[i] > 0x20:
        i += 1
    return (
        i + 7 < end
        and data[i + 1] == 0x69
        and data[i + 2] == 0x6D
        and data[i + 3] == 0x70
        and data[i + 7] == 0x20
    )


@step
def _is_weak(data, start, first, end):  # type: ignore[no-untyped-def]
    """Whether a line may belong to the code beside it: a few words, and no sentence.

    It is indented, or begins with a small letter or a sign, or ends in a comma.
    """
    last = data[end - 1]
    if last == 0x2E or last == 0x21 or last == 0x3F:
        return False
    begins = first > start or 0x61 <= data[first] <= 0x7A or data[first] < 0x30
    return (begins or last == 0x2C) and _few_words(data, first, end)


@step
def kind_of_line(data, start, end, words, borders, first_words):  # type: ignore[no-untyped-def]
    """Return what a line reads as: `CODE`, `WEAK` or `PROSE`.

    Args:
        data: uint8[n_bytes], 66 bytes longer than the line.
        start: where the line begins.
        end: where it ends.
        words: `WORDS`.
        borders: `BORDERS`.
        first_words: `FIRST`.
    """
    first = start
    while first < end and data[first] <= 0x20:
        first += 1
    while end > first and data[end - 1] <= 0x20:
        end -= 1
    if first == end:
        return PROSE
    if _is_statement(data, first, end, words, borders, first_words):
        return CODE
    return WEAK if _is_weak(data, start, first, end) else PROSE


@step
def _names(data, at):  # type: ignore[no-untyped-def]
    """Return where of 64 bytes a sign joins names, or opens the arguments of one."""
    joint = bytes_between(data, at, 0x5F, 0x5F) | bytes_between(data, at, 0x2E, 0x2E)
    joint &= _letters(data, at + 1)
    return (joint | bytes_between(data, at, 0x28, 0x28)) & _letters(data, at - 1)


@step
def _is_statement(data, start, end, words, borders, first_words):  # type: ignore[no-untyped-def]
    """Whether a line ends or begins as statements do, or is mostly dotted names."""
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
    if (
        _starts_with(data, start, end, words, borders, first_words)
        or _is_key(data, start, end)
        or _is_quoted(data, start, end)
        or _imports_from(data, start, end)
    ):
        return True
    words_seen, names = 1, 0
    for at in range(start + 1, end - 1, 64):
        valid = ~np.uint64(0) >> np.uint64(64 - min(64, end - 1 - at))
        words_seen += popcount(bytes_between(data, at, 0x20, 0x20) & valid)
        names += popcount(_names(data, at) & valid)
        # An assignment, a key of JSON.
        key = bytes_between(data, at, 0x3A, 0x3A) & bytes_between(
            data, at - 1, 0x22, 0x22
        )
        sign = bytes_between(data, at, 0x3D, 0x3D) | key
        names += 3 * popcount(sign & valid)
    return 3 * names >= words_seen
