"""Slow, obvious twins of the language kernels, and a writer of tiny fastText models."""

from __future__ import annotations

import math
import struct
import unicodedata
from dataclasses import dataclass, field

import numpy as np


def ref_hash(word: bytes) -> int:
    """fastText's FNV-1a: bytes are signed chars before they are widened."""
    h = 2166136261
    for byte in word:
        h = (h ^ (byte if byte < 128 else byte | 0xFFFFFF00)) & 0xFFFFFFFF
        h = h * 16777619 & 0xFFFFFFFF
    return h


def ref_ngrams(word: str, minn: int, maxn: int) -> list[str]:
    text = f"<{word}>"
    out = []
    for i in range(len(text)):
        for n in range(1, maxn + 1):
            j = i + n
            if j > len(text) or n < minn:
                continue
            if n == 1 and (i == 0 or j == len(text)):
                continue
            out.append(text[i:j])
    return out


@dataclass
class TinyModel:
    """A supervised model small enough to compute by hand, in Python objects."""

    words: list[str]
    labels: list[tuple[str, int]]
    dim: int = 5
    bucket: int = 64
    minn: int = 1
    maxn: int = 3
    word_ngrams: int = 1
    loss: int = 3
    seed: int = 0
    keep: list[int] | None = None  # buckets that were not pruned
    quantised: bool = False
    norms: bool = False
    dsub: int = 2
    rows: np.ndarray = field(init=False)
    out: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        extra = self.bucket if self.keep is None else len(self.keep)
        n = len(self.words) + extra
        self.rows = rng.normal(size=(n, self.dim)).astype(np.float32)
        self.out = rng.normal(size=(len(self.labels), self.dim)).astype(np.float32)
        if self.quantised:
            self._quantise(rng, n)

    def _quantise(self, rng: np.random.Generator, n: int) -> None:
        nsub = -(-self.dim // self.dsub)
        self.codes = rng.integers(0, 256, (n, nsub)).astype(np.uint8)
        widths = [min(self.dsub, self.dim - m * self.dsub) for m in range(nsub)]
        self.centroids = [
            rng.normal(size=(256, width)).astype(np.float32) for width in widths
        ]
        self.rows = np.hstack(
            [self.centroids[m][self.codes[:, m]] for m in range(nsub)]
        )
        if self.norms:
            self.norm_codes = rng.integers(0, 256, n).astype(np.uint8)
            self.norm_centroids = rng.uniform(0.5, 2, 256).astype(np.float32)
            self.rows = self.rows * self.norm_centroids[self.norm_codes][:, None]

    def to_bytes(self) -> bytes:
        args = (self.dim, 5, 1, 1, 5, self.word_ngrams, self.loss, 3)
        args += (self.bucket, self.minn, self.maxn, 100)
        parts = [struct.pack("<ii12id", 793712314, 12, *args, 1e-4)]
        n = len(self.words) + len(self.labels)
        n_pruned = -1 if self.keep is None else len(self.keep)
        parts.append(
            struct.pack("<iiiqq", n, len(self.words), len(self.labels), 100, n_pruned)
        )
        tail = b"\0" + struct.pack("<qb", 10, 0)
        parts += [word.encode() + tail for word in self.words]
        for label, count in self.labels:
            parts.append(label.encode() + b"\0" + struct.pack("<qb", count, 1))
        for place, bucket in enumerate(self.keep or []):
            parts.append(struct.pack("<ii", bucket, place))
        parts.append(struct.pack("<?", self.quantised))
        parts.append(self._quantised_bytes() if self.quantised else _dense(self.rows))
        parts.append(struct.pack("<?", False))
        parts.append(_dense(self.out))
        return b"".join(parts)

    def _quantised_bytes(self) -> bytes:
        n, nsub = self.codes.shape
        last = self.dim - (nsub - 1) * self.dsub
        parts = [struct.pack("<?qqi", self.norms, n, self.dim, n * nsub)]
        parts.append(self.codes.tobytes())
        parts.append(struct.pack("<4i", self.dim, nsub, self.dsub, last))
        parts += [c.tobytes() for c in self.centroids]
        if self.norms:
            parts.append(self.norm_codes.tobytes())
            parts.append(struct.pack("<4i", 1, 1, 1, 1))
            parts.append(self.norm_centroids.tobytes())
        return b"".join(parts)

    def _bucket_row(self, bucket: int) -> int | None:
        if self.keep is None:
            return len(self.words) + bucket
        return (
            len(self.words) + self.keep.index(bucket) if bucket in self.keep else None
        )

    def row_numbers(self, text: str) -> list[int]:
        out: list[int | None] = []
        hashes = []
        words = text.replace("\0", " ").split()
        for word in [w for w in words if not w.startswith("__label__")] + ["</s>"]:
            if word in self.words:
                out.append(self.words.index(word))
            if word != "</s>" and self.maxn:
                grams = ref_ngrams(word, self.minn, self.maxn)
                out += [
                    self._bucket_row(ref_hash(g.encode()) % self.bucket) for g in grams
                ]
            h = ref_hash(word.encode())
            hashes.append(h - (1 << 32) if h >> 31 else h)
        for i in range(len(hashes)):
            h = hashes[i] & 0xFFFFFFFFFFFFFFFF
            for j in range(i + 1, min(len(hashes), i + self.word_ngrams)):
                h = (h * 116049371 + hashes[j]) & 0xFFFFFFFFFFFFFFFF
                out.append(self._bucket_row(h % self.bucket))
        return [row for row in out if row is not None]

    def vector(self, text: str) -> np.ndarray:
        rows = self.row_numbers(text)
        if not rows:
            return np.zeros(self.dim)
        return self.rows[rows].astype(np.float64).mean(axis=0)

    def probabilities(self, text: str) -> list[float]:
        scores = (self.out.astype(np.float64) @ self.vector(text)).tolist()
        if self.loss == 3:
            top = max(scores)
            total = sum(math.exp(s - top) for s in scores)
            return [math.exp(s - top) / total for s in scores]
        sigmoid = [1 / (1 + math.exp(-s)) for s in scores]
        if self.loss in (2, 4):
            return sigmoid
        out = [0.0] * len(self.labels)
        self._descend(self._tree(), 1.0, sigmoid, out)
        return out

    def _tree(self):
        """Huffman's tree with fastText's order of equals: leaf counts descend."""
        n = len(self.labels)
        nodes = [(count, i, None) for i, (_, count) in enumerate(self.labels)]
        leaf, inner = n - 1, []
        used = 0
        for number in range(n - 1):
            pair = []
            for _ in range(2):
                leaf_count = nodes[leaf][0] if leaf >= 0 else math.inf
                inner_count = inner[used][0] if used < len(inner) else 10**15
                if leaf >= 0 and leaf_count < inner_count:
                    pair.append(nodes[leaf])
                    leaf -= 1
                else:
                    pair.append(inner[used])
                    used += 1
            inner.append((pair[0][0] + pair[1][0], number, pair))
        return inner[-1]

    def _descend(self, node, p, sigmoid, out) -> None:
        _, number, pair = node
        if pair is None:
            out[number] = p
            return
        self._descend(pair[0], p * (1 - sigmoid[number]), sigmoid, out)
        self._descend(pair[1], p * sigmoid[number], sigmoid, out)


def _dense(matrix: np.ndarray) -> bytes:
    return struct.pack("<qq", *matrix.shape) + matrix.astype("<f4").tobytes()


def _continues(c: str, apostrophes: tuple[int, ...]) -> bool:
    return unicodedata.category(c)[0] in "LM" and ord(c) not in apostrophes


def ref_plain(text: str, apostrophes: tuple[int, ...]) -> str:
    """Folded words of a text, by Python's own idea of letters and case."""
    out, word = [], ""
    for i, c in enumerate(text):
        category = unicodedata.category(c)
        if category[0] in "LM" and ord(c) not in apostrophes:
            folded = c.casefold()
            if len(folded) != 1:
                folded = c.lower() if len(c.lower()) == 1 else c
            word += folded
        elif ord(c) in apostrophes and word:
            following = text[i + 1] if i + 1 < len(text) else " "
            if _continues(following, apostrophes):
                word += "'"
            else:
                out.append(word)
                word = ""
        elif word:
            out.append(word)
            word = ""
    return " ".join([*out, word] if word else out)


def ref_lone_word(text: str) -> bool:
    """Twin of `audit.kernels.lone_words`, a character at a time."""
    words, inside = 0, False
    for char in text:
        code = ord(char)
        first = char.encode()[0]
        if char.isascii():
            kind = (
                "gap"
                if char.isspace() or code < 32 or char.isdigit()
                else "word"
                if char.isalpha() or char in "'-"
                else "many"
            )
        elif first < 0xE0 or first == 0xE1:
            kind = "word"
        else:
            kind = "gap" if first in (0xE2, 0xEF, 0xF0) else "many"
        if kind == "many":
            return False
        words += kind == "word" and not inside
        inside = kind == "word"
    return words == 1
