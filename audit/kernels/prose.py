"""The running text of a document: what is left without program code and addresses.

In: documents as one UTF-8 buffer with offsets. Out: another such buffer without fenced
code, spans of code inside a line, tags, addresses, targets of links, template calls,
and without lines that read as program code. A page in Swahili about a program is
Swahili, whatever the identifiers in it spell.

A line is code or prose by its own score (`audit.kernels.code_lines`) and by those of
the lines around it: of all ways to part a document into runs of code and of prose, the
likeliest, where each change from one to the other costs `_CHANGE`. For two kinds that
needs no table: the evidence that a line is code is its score plus the evidence for the
line before, held to what a change costs; beyond that cost a line is decided, and lines
in between are what the next decided line is. A text of one line that rather reads as
code is kept unless that is decided, and given as doubtful: whether it is a sentence, a
model of languages knows better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.kernels.code_lines import (
    FEATURES,
    is_prompt,
    line_features,
    line_score,
    line_tables,
)
from audit.kernels.jit import kernel, step
from audit.kernels.spans import BEYOND, CLASSES, LOWER, MARK, SIGN, UPPER, read_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Prose", "prose"]

# In sixteenths of a natural logarithm of odds: what a change between code and prose
# costs from line to line and at an empty line, how much likelier prose is to begin
# with, and the most that one line may say; what a sentence says, and the most that a
# word alone says.
_CHANGE, _CHANGE_AT_BREAK, _BEGINNING, _MOST = 40, 24, 40, 96
_SAYS_SENTENCE, _MOST_OF_WORD = 48, 24
# A line of so many bytes, next to all of them letters and spaces and few of the letters
# capitals, is a sentence; and so is one with so many bytes beyond ASCII a sign.
_SENTENCE, _LETTERS_A_SIGN, _LETTERS_A_CAPITAL = 64, 24, 8
_BEYOND_A_LETTER, _BEYOND_A_SIGN = 8, 6
# Program code is ASCII: a byte of running text beyond that speaks so many times more
# against a text being code.
_BEYOND_WEIGHT = 3
# A text of so few bytes among so many tags, three times as long, is a piece of markup.
_MANY_TAGS, _LITTLE_TEXT, _TAGS_TO_TEXT = 4, 160, 3

# What is known of the document while its lines are read: the evidence that the last
# line is code; where the lines begin that are not decided, their letters and their
# bytes beyond ASCII; letters of code and bytes beyond ASCII of prose; lines and fences.
_EVIDENCE, _OPEN, _OPEN_LETTERS, _OPEN_BEYOND, _LETTERS, _KEPT_BEYOND, _LINES = range(7)


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
def _decide(state, change, o):  # type: ignore[no-untyped-def]
    """Decide the open lines if the evidence outweighs a change; return where text ends.

    Lines of code are taken back from what was copied.
    """
    if state[_EVIDENCE] > change:
        state[_LETTERS] += state[_OPEN_LETTERS]
        o = state[_OPEN]
    elif state[_EVIDENCE] <= -change:
        state[_KEPT_BEYOND] += state[_OPEN_BEYOND]
        state[_OPEN] = o
    else:
        return o
    state[_OPEN_LETTERS] = state[_OPEN_BEYOND] = 0
    return o


@step
def _weigh(state, score):  # type: ignore[no-untyped-def]
    """Add what a line says to the evidence, held to what a change costs before it."""
    before = min(max(state[_EVIDENCE], -_CHANGE), _CHANGE)
    state[_EVIDENCE] = before + min(max(score, -_MOST), _MOST)


@step
def _rest(state):  # type: ignore[no-untyped-def]
    """Hold the evidence to what a change costs at an empty line."""
    before = min(max(state[_EVIDENCE], -_CHANGE_AT_BREAK), _CHANGE_AT_BREAK)
    state[_EVIDENCE] = before


@step
def _stands_in_doubt(state):  # type: ignore[no-untyped-def]
    """Whether the text is one line, likelier code than not, but not decided.

    Nothing around it says what it is: it stays, for the model of languages to say.
    Evidence beyond doubt is held to the limit at an empty line, not under it.
    """
    doubt = state[_LINES] == 1 and 0 < state[_EVIDENCE] < _CHANGE_AT_BREAK
    if doubt:
        state[_EVIDENCE] = 0
    return doubt


@step
def _is_sentence(size, counts):  # type: ignore[no-untyped-def]
    """Whether the classes of a line's bytes alone say that it is prose."""
    small, beyond, signs = counts[LOWER], counts[BEYOND], counts[SIGN]
    letters = small + counts[UPPER]
    if beyond >= max(1, _BEYOND_A_LETTER * letters, _BEYOND_A_SIGN * signs):
        return True
    letters += beyond
    return (
        size >= _SENTENCE
        and counts[MARK] > 0
        and 4 * letters >= 3 * size
        and letters >= _LETTERS_A_SIGN * signs
        and letters >= _LETTERS_A_CAPITAL * counts[UPPER]
    )


@step
def _is_word(data, i, end):  # type: ignore[no-untyped-def]
    """Whether a line is one word; which it is says little."""
    while i < end and data[i] <= 0x20:
        i += 1
    while i < end and data[i] > 0x20:
        i += 1
    while i < end and data[i] <= 0x20:
        i += 1
    return i == end


@step
def _after_line(data, i, end):  # type: ignore[no-untyped-def]
    """Return where the next line begins."""
    while i < end and data[i] != 10:
        i += 1
    return i + 1


@kernel
def _prose(  # type: ignore[no-untyped-def]
    data, offsets, classes, line_classes, slots, line_weights, out, out_offsets,
    code_letters, weights, doubtful,
):  # fmt: skip
    o = 0
    counts, tags = np.zeros(7, np.int64), np.zeros(2, np.int64)
    state, features = np.zeros(7, np.int64), np.zeros(FEATURES, np.int32)
    seen = np.zeros(3, np.int64)
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        fenced, closable = False, True
        beginning = o
        tags[:], state[:] = 0, 0
        state[_EVIDENCE], state[_OPEN] = -_BEGINNING, o
        while i < end:
            if _is_fence(data, i, end) and (fenced or closable):
                closable = fenced or _closes(data, i, end)
                fenced = closable and not fenced
                o = _decide(state, 0, o)
                state[_EVIDENCE] = -_BEGINNING
                state[_LINES] += 2
                i = _after_line(data, i, end)
                continue
            if fenced:
                i = _after_line(data, i, end)
                continue
            start = o
            i, o = read_line(data, i, end, classes, out, o, counts, tags)
            score = -_SAYS_SENTENCE
            if not _is_sentence(o - start, counts):
                n = line_features(out, start, o, line_classes, slots, features, seen)
                if n == 0:
                    o = _decide(state, _CHANGE_AT_BREAK, start)
                    _rest(state)
                    continue
                score = line_score(features, n, line_weights)
                if counts[SIGN] + counts[MARK] == 0 and _is_word(out, start, o):
                    score = min(score, _MOST_OF_WORD)
                if counts[SIGN] > 0 and is_prompt(out, start, o):
                    score = _MOST
            state[_OPEN_LETTERS] += counts[LOWER] + counts[UPPER] + counts[BEYOND]
            state[_OPEN_BEYOND] += counts[BEYOND]
            state[_LINES] += 1
            out[o] = 10
            _weigh(state, score)
            o = _decide(state, _CHANGE, o + 1)
        doubtful[doc] = _stands_in_doubt(state)
        o = _decide(state, 0, o)
        code_letters[doc] = state[_LETTERS]
        if tags[0] >= _MANY_TAGS and (o - beginning) < min(
            _LITTLE_TEXT, tags[1] // _TAGS_TO_TEXT
        ):
            code_letters[doc] += tags[1]
        out_offsets[doc + 1] = o
        weights[doc] = o - beginning + _BEYOND_WEIGHT * state[_KEPT_BEYOND]
    return o


class Prose(NamedTuple):
    """What is left of documents without code.

    Attributes:
        data: uint8[n_bytes], whole lines and what is left of lines, each ending in a
            line break, never longer than the text plus one byte a document.
        offsets: int64[n_docs + 1].
        code_letters: int64[n_docs], bytes of letters in lines that read as code without
            being marked as such, and of tags where they leave next to no text.
        weights: int64[n_docs], bytes of running text to weigh them against, those that
            are not ASCII counted four times.
        doubtful: bool[n_docs], which are one line that rather reads as code, but not
            surely; it counts as running text.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    code_letters: NDArray[np.int64]
    weights: NDArray[np.int64]
    doubtful: NDArray[np.bool_]


def prose(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Prose:
    """Return the running text of each document.

    Args:
        data: uint8[n_bytes], valid UTF-8.
        offsets: int64[n_docs + 1].
    """
    # Blocks are copied whole, and lines are read so, whatever of them counts.
    out = np.empty(int(offsets[-1] - offsets[0]) + len(offsets) + 66, np.uint8)
    out_offsets = np.zeros(len(offsets), np.int64)
    code_letters, weights = np.zeros((2, len(offsets) - 1), np.int64)
    doubtful = np.zeros(len(offsets) - 1, np.bool_)
    used = _prose(
        data, offsets, CLASSES, *line_tables(), out, out_offsets, code_letters, weights,
        doubtful,
    )  # fmt: skip
    return Prose(out[:used], out_offsets, code_letters, weights, doubtful)
