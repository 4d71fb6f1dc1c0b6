"""Slow, obvious twins of the window kernel."""

from __future__ import annotations

WORD, CHARACTER, WEIGHT = 5, 3, 65


def ref_windows(tokens):
    """Return the windows of one list of (token, unspaced), as tuples of tokens."""
    found = []
    for at in range(len(tokens)):
        weight = 0
        for end in range(at, len(tokens)):
            weight += CHARACTER if tokens[end][1] else WORD
            if weight >= WEIGHT:
                found.append(tuple(token for token, _ in tokens[at : end + 1]))
                break
    if not found and tokens:
        found = [tuple(token for token, _ in tokens)]
    return found


def ref_holds(document, window):
    """Say whether a list of (token, unspaced) holds a run of tokens."""
    words = [token for token, _ in document]
    size = len(window)
    return any(
        tuple(words[at : at + size]) == window for at in range(len(words) - size + 1)
    )
