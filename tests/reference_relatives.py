"""The slow twin of `audit.kernels.relatives`, in plain Python over strings."""

MASK = 0xFFFFFFFF
SEED, MULTIPLIER, WORD, PAIR = 0x811C9DC5, 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35


def grow(h: int, c: int) -> int:
    h = ((h ^ c) * MULTIPLIER) & MASK
    return h ^ (h >> 15)


def hashed(signs: str) -> int:
    h = SEED
    for sign in signs:
        h = grow(h, ord(sign))
    return h


def number(h: int) -> int:
    return ((h * MULTIPLIER) & MASK) >> 12


def marks_of(segments: list[str], most: int) -> list[int]:
    """Return the marks of a text in segments, sorted."""
    out, left, before = [], most, 0
    for segment in segments:
        for word in segment.split(" "):
            if not word or left == 0:
                continue
            # What is left of a word that is cut off is not read.
            word, left = word[:left], left - len(word[:left])
            around = f" {word} "
            for length in (2, 3, 4, 5):
                starts = range(len(around) - length + 1)
                out += [number(hashed(around[i : i + length])) for i in starts]
            out += [number(hashed(letter)) for letter in word]
            out.append(number(hashed(word) ^ WORD))
            if before:
                out.append(number(grow(before ^ PAIR, hashed(word))))
            before = hashed(word)
    return sorted(out)
