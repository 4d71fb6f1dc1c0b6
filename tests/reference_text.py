"""Slow, obvious versions of the text kernels and of the link stage.

In: Python strings, bytes and sets. Out: what the kernels must give, by loops over
characters and dictionaries.
"""

import re
import struct
import unicodedata
from collections import defaultdict

import numpy as np

from audit.kernels.codepoints import unicode_tables

MASK = (1 << 64) - 1
WHITE = "".join(
    c for c in map(chr, range(0x110000)) if c.isspace() and not "\x1c" <= c <= "\x1f"
)
# Word classes, by the numbers of the table.
OTHER, SPACE, NEWLINE, JOINER, IGNORED, LINK = range(6)
MARK, DIGIT, LETTER, LOWER, UPPER, UNSPACED = range(6, 12)


def pack(texts):
    """Return (data, offsets) of texts (str or bytes)."""
    raw = [text if isinstance(text, bytes) else text.encode() for text in texts]
    offsets = np.zeros(len(raw) + 1, np.int64)
    np.cumsum([len(text) for text in raw], out=offsets[1:])
    return np.frombuffer(b"".join(raw), np.uint8), offsets


def unpack(data, offsets):
    """Return the texts of (data, offsets), as str."""
    raw = data.tobytes()
    pairs = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    return [raw[a:b].decode() for a, b in pairs]


def decode_all(raw):
    """Return [(character, bytes)]; a byte that is no UTF-8 counts as U+FFFD."""
    result, at = [], 0
    while at < len(raw):
        for size in (1, 2, 3, 4):
            try:
                char = raw[at : at + size].decode()
            except UnicodeDecodeError:
                continue
            if len(char) == 1:
                result.append((char, size))
                at += size
                break
        else:
            result.append(("\ufffd", 1))
            at += 1
    return result


def word_class(char):
    """Return (class, folded code point) from the table."""
    table = unicode_tables()
    point = ord(char)
    value = int(table.word_blocks[int(table.word_pages[point >> 8]) << 8 | point & 255])
    return value >> 24, point ^ (value & 0x1FFFFF)


def rotate(x, r):
    return (x << r | x >> (64 - r)) & MASK


def mix64(h):
    h ^= h >> 33
    h = h * 0xFF51AFD7ED558CCD & MASK
    h ^= h >> 33
    h = h * 0xC4CEB9FE1A85EC53 & MASK
    return h ^ h >> 33


def token_hash(points):
    """Hash folded code points: chunks of eight bytes, one or three bytes a letter."""
    state, chunk = 0x27D4EB2F165667C5, b""
    chunks = []
    for point in points:
        if point < 128:
            piece = bytes([point])
        else:
            piece = bytes([point & 127 | 128, point >> 7 & 127, point >> 14])
        if len(chunk) + len(piece) > 8:
            chunks.append(chunk)
            chunk = b""
        chunk += piece
    for piece in [*chunks, chunk]:
        value = int.from_bytes(piece, "little")
        mixed = state ^ (value * 0xC2B2AE3D27D4EB4F & MASK)
        state = rotate(mixed, 31) * 0x9E3779B185EBCA87 & MASK
    return mix64(state)


def tokens(raw):
    """Return [(hash, start, length, flags)] of one document's bytes."""
    chars = decode_all(raw)
    starts = np.cumsum([0, *(size for _, size in chars)]).tolist()
    kinds = [word_class(char) for char, _ in chars]
    result, gap, i = [], [(OTHER, "")], 0
    while i < len(chars):
        kind = kinds[i][0]
        if kind not in (DIGIT, LETTER, LOWER, UPPER, UNSPACED):
            gap.append((kind, chars[i][0]))
            i += 1
            continue
        inside = {MARK} if kind == UNSPACED else {MARK, DIGIT, LETTER, LOWER, UPPER}
        members, last, j, joiner = [i], i, i + 1, None
        points = [kinds[i][1]]
        while j < len(chars):
            if kinds[j][0] in inside:
                points += [joiner] if joiner else []
                points.append(kinds[j][1])
                members.append(j)
                joiner, last = None, j
            elif kinds[j][0] == JOINER:
                joiner = kinds[j][1]
            elif kinds[j][0] != IGNORED:
                break
            j += 1
        seen = {kinds[m][0] for m in members}
        length = starts[last + 1] - starts[i]
        result.append((token_hash(points), starts[i], length, flags(kind, seen, gap)))
        gap, i = [], j
    return result


def flags(first, seen, gap):
    kinds = [kind for kind, _ in gap]
    lines = "".join("\n" if k == NEWLINE else "." for k, _ in gap)
    text = "".join(c for _, c in gap)
    wraps = lines.count("\n") - len(re.findall("\r\n", text))
    links, other = kinds.count(LINK), OTHER in kinds
    broken = other or wraps > 0 or links > 1 or (links == 1 and SPACE in kinds)
    return (
        (first == UNSPACED) * 1
        | (first == UPPER) * 2
        | (UPPER in seen and LOWER not in seen) * 4
        | (DIGIT in seen) * 8
        | broken * 16
        | (wraps == 1 and not other and links == 0) * 32
    )


def shingles(raw):
    """Return the shingle hashes of one document's bytes, in order."""
    weighed = [(h, 3 if flag & 1 else 5) for h, _, _, flag in tokens(raw)]
    result = []
    for first in range(len(weighed)):
        total, run = 0, []
        for value, weight in weighed[first:]:
            if total >= 15:
                break
            total += weight
            run.append(value)
        if total < 15:
            break
        result.append(join(0x2545F4914F6CDD1D, run))
    if not result and weighed:
        return [join(0x9FB21C651E98DF25, [h for h, _ in weighed])]
    return result


def join(state, run):
    for value in run:
        state = (state ^ value) * 0x9E3779B97F4A7C15 & MASK
        state ^= state >> 32
    return mix64(state)


def murmur3_128(raw):
    """MurmurHash3_x64_128 with seed 0."""
    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    h1 = h2 = 0
    whole = len(raw) // 16 * 16
    for k1, k2 in struct.iter_unpack("<QQ", raw[:whole]):
        h1 ^= rotate(k1 * c1 & MASK, 31) * c2 & MASK
        h1 = ((rotate(h1, 27) + h2) * 5 + 0x52DCE729) & MASK
        h2 ^= rotate(k2 * c2 & MASK, 33) * c1 & MASK
        h2 = ((rotate(h2, 31) + h1) * 5 + 0x38495AB5) & MASK
    k1, k2 = struct.unpack("<QQ", raw[whole:].ljust(16, b"\0"))
    h1 ^= rotate(k1 * c1 & MASK, 31) * c2 & MASK
    h2 ^= rotate(k2 * c2 & MASK, 33) * c1 & MASK
    h1, h2 = h1 ^ len(raw), h2 ^ len(raw)
    h1 = h1 + h2 & MASK
    h2 = h2 + h1 & MASK
    h1, h2 = mix64(h1), mix64(h2)
    h1 = h1 + h2 & MASK
    return struct.pack("<QQ", h1, h2 + h1 & MASK)


def content_hash(text):
    """Hash a text in NFC with its white space folded."""
    folded = re.sub(f"[{WHITE}]+", " ", text).strip(" ")
    return murmur3_128(folded.encode())


def minhash(hashes, factors, addends):
    """Return the affine32 signature of 64-bit shingle hashes."""
    values = []
    for h in {h >> 32 for h in hashes}:
        h ^= h >> 16
        h = h * 0x85EBCA6B & 0xFFFFFFFF
        h ^= h >> 13
        h = h * 0xC2B2AE35 & 0xFFFFFFFF
        values.append(h ^ h >> 16)
    return [
        min(((a * h + b) & 0xFFFFFFFF for h in values), default=0xFFFFFFFF)
        for a, b in zip(factors.tolist(), addends.tolist(), strict=True)
    ]


def jaccard(left, right):
    left, right = set(left), set(right)
    return len(left & right) / len(left | right) if left | right else 0.0


def components(edges):
    """Return {node: smallest node of its component} by breadth-first search."""
    near = defaultdict(set)
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    result = {}
    for node in sorted(near):
        if node in result:
            continue
        queue = [node]
        while queue:
            at = queue.pop()
            if at not in result:
                result[at] = node
                queue += near[at]
    return result


def nfc(text):
    return unicodedata.normalize("NFC", text)
