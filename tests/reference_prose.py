"""Slow, obvious twins of the kernels that tell prose from code."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby

LONGEST = 400
HEAD, TAIL = 120, 24
SLOTS, TRIPLES = 4096, 4096
WORDS_AT = TRIPLES + 8192
SHAPES = WORDS_AT + 2 * SLOTS
CHANGE, AT_BREAK, BEGINNING, MOST, SENTENCE = 40, 24, 40, 96, 48
SIGNS = [chr(c) for c in range(33, 127) if not chr(c).isalnum()]


def is_letter(byte: int) -> bool:
    return chr(byte).isascii() and chr(byte).isalpha()


def ref_span(text: bytes, i: int, begins: bool) -> int:
    """Return the end of the span of markup that begins at i, or i."""
    rest = text[i:]
    kinds = (
        rb"`[^`\n\0]{0,%d}`" % (LONGEST - 1),
        rb"<(?=[/!A-Za-z])[^<>\n]{0,%d}>" % (LONGEST - 1),
        rb"\]\([^)\n\0]{0,%d}\)" % (LONGEST - 1),
        rb"\{\{[^}\n\0]{0,%d}\}\}?" % (LONGEST - 1),
        rb"://[\x21-\x28\x2a-\x7f]*",
    )
    for pattern in kinds:
        found = re.match(pattern, rest)
        if found:
            return i + found.end()
    if begins:
        tag = re.match(rb"<(?=[/!A-Za-z])([^<>\0]{0,%d})>" % (LONGEST - 1), rest)
        if tag:
            return i + tag.end()
    return i


def ref_line(text: bytes, i: int) -> tuple[int, bytes, int, int]:
    """Return where the next line begins, the line without spans, tags, their bytes."""
    out = bytearray()
    tags = tag_bytes = 0
    while i < len(text) and text[i] != 10:
        begins = not bytes(out).strip(bytes(range(33)))
        after = ref_span(text, i, begins)
        if after == i:
            out.append(text[i])
            i += 1
            continue
        if text[i] == ord("<"):
            tags += 1
            tag_bytes += after - i
        if text[i] == ord(":"):
            while out and is_letter(out[-1]):
                out.pop()
        out += b" "
        i = after
    return i + 1, bytes(out), tags, tag_bytes


def symbol(byte: int) -> int:
    char = chr(byte)
    if byte >= 128:
        return 1
    if byte <= 32 or byte == 127:
        return 2
    if char.isalpha():
        return 3 if char.islower() else 4
    return 5 if char.isdigit() else 6 + SIGNS.index(char)


def fnv(word: bytes) -> int:
    h = 2166136261
    for byte in word:
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h


def slot_of(word: bytes, slots: list[int]) -> int:
    slot = fnv(word) % SLOTS
    while slots[slot] not in (0, fnv(word)):
        slot = (slot + 1) % SLOTS
    return slot if slots[slot] else -1


def bits(n: int) -> int:
    return min(n.bit_length(), 7)


def ref_features(line: bytes, slots: list[int]) -> list[int]:
    """Return the features of a line, in ascending order."""
    space = bytes(range(33))
    text = line.strip(space)
    if not text:
        return []
    cut = len(text) > HEAD + TAIL
    parts = [text[:HEAD], text[-TAIL:]] if cut else [text]
    out: list[int] = []
    words: list[bytes] = []
    for part in parts:
        cut_short = cut and part is parts[0]
        runs = []
        for kind, run in groupby(map(symbol, part)):
            runs += [kind] * (1 if kind < 6 else min(2, len(list(run))))
        runs = [0, 0, *runs] if cut_short else [0, 0, *runs, 0]
        for a, b, c in zip(runs, runs[1:], runs[2:], strict=False):
            out.append(b * 64 + c)
            triple = (a << 12 | b << 6 | c) * 2654435761 & 0xFFFFFFFF
            out.append(TRIPLES + (triple >> 19))
        spans = re.finditer(rb"[A-Za-z_][A-Za-z_0-9]*", part)
        words += [
            word[0] for word in spans if not (cut_short and word.end() == len(part))
        ]
    known = 0
    for place, word in enumerate(words):
        slot = slot_of(word, slots)
        if slot >= 0:
            out.append(WORDS_AT + slot + (SLOTS if place == 0 else 0))
            known += 1
    letters = sum(symbol(byte) in (1, 3, 4) for part in parts for byte in part)
    indent = len(line) - len(line.lstrip(space))
    out += [
        SHAPES + bits(indent),
        SHAPES + 8 + bits(len(words)),
        SHAPES + 16 + bits(len(text) >> 1),
        SHAPES + 24 + 8 * letters // (sum(map(len, parts)) + 1),
        SHAPES + 32 + 8 * known // (len(words) + 1),
    ]
    return sorted(out)


def ref_prompt(line: bytes) -> bool:
    """Whether a line begins as one that is typed at a shell or an interpreter."""
    text = line.strip(bytes(range(33)))
    shell = rb"(\$|[^\x00-\x20]*@[^\x00-\x20]*[$#])[\x00-\x20][A-Za-z]"
    return bool(re.match(rb">>>.|" + shell, text, re.DOTALL))


def ref_sentence(line: bytes) -> bool:
    counts = Counter()
    for byte in line:
        char = chr(byte)
        if byte >= 128:
            counts["beyond"] += 1
        elif char.isalpha():
            counts["capital" if char.isupper() else "small"] += 1
        elif char in "!',.:?":
            counts["mark"] += 1
        elif byte > 32 and not char.isdigit():
            counts["sign"] += 1
    latin = counts["small"] + counts["capital"]
    beyond = counts["beyond"]
    if beyond and beyond >= 8 * latin and beyond >= 6 * counts["sign"]:
        return True
    letters = latin + beyond
    return (
        len(line) >= 64
        and counts["mark"] > 0
        and letters >= 0.75 * len(line)
        and letters >= 24 * counts["sign"]
        and letters >= 8 * counts["capital"]
    )


def ref_parted(scores: list[int | None]) -> list[bool]:
    """Return which lines are code: the cheapest way to part them; None is a break.

    Each line costs what speaks against it, each change what it costs there. Of ways
    that cost the same the one that is prose for longer.
    """
    prose, code = (0, []), (BEGINNING, [])
    change = 0
    for score in scores:
        if score is None:
            change = min(change, AT_BREAK)
            if not prose[1]:
                code = min(code[0], AT_BREAK), []
            continue
        if prose[1]:
            to_prose, to_code = code[0] + change, prose[0] + change
            prose, code = (
                prose if prose[0] <= to_prose else (to_prose, code[1]),
                code if code[0] < to_code else (to_code, prose[1]),
            )
        held = max(-MOST, min(MOST, score))
        prose = prose[0], [*prose[1], False]
        code = code[0] - held, [*code[1], True]
        change = CHANGE
    return code[1] if code[0] < prose[0] else prose[1]


def ref_score(line: bytes, slots: list[int], weights: list[int]) -> int | None:
    """Return what a line says for being code; None if it is empty."""
    if ref_sentence(line):
        return -SENTENCE
    if ref_prompt(line):
        return MOST
    features = ref_features(line, slots)
    score = sum(weights[f] for f in features) if features else None
    if re.fullmatch(rb"[\x00-\x20]*[0-9A-Za-z\x7f-\xff]+[\x00-\x20]*", line):
        return min(score, 24)
    return score


def is_fence(line: bytes) -> bool:
    return line.lstrip(b" ").startswith((b"```", b"~~~"))


def ref_prose(text: bytes, slots: list[int], weights: list[int]):
    """Twin of `audit.kernels.prose`: running text, letters of code, weight, doubt."""
    kept: list[bytes] = []
    code = beyond = tags = tag_bytes = 0
    section: list[tuple[bytes, int | None]] = []

    def close() -> None:
        nonlocal code, beyond
        lines = [line for line, score in section if score is not None]
        for line, gone in zip(
            lines, ref_parted([score for _, score in section]), strict=True
        ):
            if gone:
                code += sum(byte >= 128 or is_letter(byte) for byte in line)
            else:
                kept.append(line + b"\n")
                beyond += sum(byte >= 128 for byte in line)
        section.clear()

    i, fenced, closable, fences = 0, False, True, 0
    while i < len(text):
        line_end = (text + b"\n").index(b"\n", i)
        if (fenced or closable) and is_fence(text[i:line_end]):
            rest = text[line_end + 1 :].split(b"\n") if line_end < len(text) else []
            closable = fenced or any(map(is_fence, rest))
            fenced = closable and not fenced
            fences += 1
            close()
            i = line_end + 1
            continue
        if fenced:
            i = line_end + 1
            continue
        i, line, more, size = ref_line(text, i)
        tags, tag_bytes = tags + more, tag_bytes + size
        section.append((line, ref_score(line, slots, weights)))
    said = [score for _, score in section]
    scores = [score for score in said if score is not None]
    # An empty line before the first makes it cheaper for that to be code.
    start = AT_BREAK if said and said[0] is None else BEGINNING
    doubt = fences == 0 and len(scores) == 1 and start < scores[0] < start + AT_BREAK
    if doubt:
        section[:] = [(line, score and -MOST) for line, score in section]
    close()
    out = b"".join(kept)
    if tags >= 4 and len(out) < min(160, tag_bytes // 3):
        code += tag_bytes
    return out, code, len(out) + 3 * beyond, doubt
