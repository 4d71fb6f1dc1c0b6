"""Read fastText model files, ``.bin`` and ``.ftz``, without fastText.

In: the path of a supervised model. Out: a `Model`: its labels, and the arrays that
`audit.kernels.fasttext` runs on. Large dense matrices stay in the file, mapped into
memory and shared by every worker that reads it; quantised ones stay codes where the
kernel reads them, and are written out where it does not.
Every size in the file is held against the file's own length before it is allocated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.annotate.fasttext_matrix import (
    LONGEST_NGRAM,
    LONGEST_ROW,
    LONGEST_RUN,
    Matrix,
    read_matrix,
    scale_of,
    unsupported,
)
from audit.annotate.fasttext_reader import Reader, UnsupportedModelError, checksum
from audit.errors import ConfigError
from audit.kernels.fasttext import Network
from audit.kernels.fasttext_output import HIERARCHICAL, ONE_VS_ALL, SOFTMAX, Output
from audit.kernels.fasttext_tables import scan_dictionary, word_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Model", "UnsupportedModelError", "read_model"]

_MAGIC = 793712314
_VERSIONS = (11, 12)
_SUPERVISED = 3
# Losses by fastText's numbers; negative sampling scores labels as one-vs-all does.
_LOSSES = {1: HIERARCHICAL, 2: ONE_VS_ALL, 3: SOFTMAX, 4: ONE_VS_ALL}


@dataclass(frozen=True)
class Model:
    """A model that is ready to run.

    Attributes:
        labels: as the file spells them, prefix included, by number.
        network: its input side.
        output: its output side.
        checksum: SHA-256 of the file (of its head, tail and size above 256 MB).
    """

    labels: tuple[str, ...]
    network: Network
    output: Output
    checksum: str


class _Args(NamedTuple):
    dim: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    minn: int
    maxn: int


class _Dictionary(NamedTuple):
    labels: tuple[str, ...]
    label_counts: NDArray[np.int64]
    n_words: int
    keys: NDArray[np.uint64]
    ids: NDArray[np.int32]
    pruned: NDArray[np.int32] | None
    end: int


def read_model(path: Path) -> Model:
    """Return the model in a ``.bin`` or ``.ftz`` file.

    Raises:
        ConfigError: the file cannot be read, is no fastText model, or is damaged.
        UnsupportedModelError: it is a model that the kernel does not run.
    """
    reader = Reader(path)
    args = _read_args(reader)
    words = _read_dictionary(reader, args)
    (quantised,) = reader.unpack("?", "the matrix kind")
    n_rows = words.n_words + (len(words.pruned) // 2 if words.pruned is not None else 0)
    if words.pruned is None:
        n_rows = words.n_words + args.bucket
    rows = read_matrix(reader, bool(quantised), n_rows, args.dim, "the input matrix")
    (quantised_output,) = reader.unpack("?", "the matrix kind")
    n_out = len(words.labels)
    output = read_matrix(
        reader,
        bool(quantised and quantised_output),
        n_out,
        args.dim,
        "the output matrix",
    )
    if reader.at != len(reader.data):
        raise reader.fail("the end", f"{len(reader.data) - reader.at} bytes left over")
    # Only now: what runs such models instead trusts that the file is whole.
    _check_limits(reader, args)
    return Model(
        words.labels,
        _network(args, words, rows),
        _output(args, words, output.decoded(args.dim)),
        checksum(reader.data),
    )


def _read_args(reader: Reader) -> _Args:
    magic, version = reader.unpack("ii", "the header")
    if magic != _MAGIC or version not in _VERSIONS:
        raise ConfigError(
            "a language model must be a fastText .bin or .ftz file of version 11 or 12",
            value=f"magic {magic}, version {version}",
            where=str(reader.path),
            next_step="Give the path of a supervised fastText model.",
        )
    fields = reader.unpack("12id", "the arguments")
    dim, _, _, _, _, word_ngrams, loss, model, bucket, minn, maxn = fields[:11]
    if model != _SUPERVISED:
        raise ConfigError(
            "a language model must be a supervised fastText model",
            value=f"model {model}, loss {loss}",
            where=str(reader.path),
            next_step="Train one with `fasttext supervised`, or name another file.",
        )
    maxn = 0 if version == 11 else maxn
    sane = 1 <= dim <= len(reader.data) // 4 and bucket >= 0
    if not sane or min(minn, maxn, word_ngrams) < 0:
        raise reader.fail("the arguments", fields[:11])
    return _Args(dim, word_ngrams, loss, model, bucket, max(minn, 1), maxn)


def _check_limits(reader: Reader, args: _Args) -> None:
    known = args.loss in _LOSSES and args.dim <= LONGEST_ROW
    if known and args.maxn <= LONGEST_NGRAM and args.word_ngrams <= LONGEST_RUN:
        return
    raise unsupported(
        reader,
        f"loss {args.loss}, dim {args.dim}, maxn {args.maxn}, "
        f"wordNgrams {args.word_ngrams}",
    )


def _read_dictionary(reader: Reader, args: _Args) -> _Dictionary:
    size, n_words, n_labels = reader.unpack("iii", "the dictionary")
    _, n_pruned = reader.unpack("qq", "the dictionary")
    left = len(reader.data) - reader.at
    if min(n_words, n_labels - 1, n_pruned + 1) < 0 or size != n_words + n_labels:
        raise reader.fail("the dictionary", (size, n_words, n_labels, n_pruned))
    if size * 10 > left or max(n_pruned, 0) * 8 > left:
        raise reader.fail("the dictionary", (size, n_pruned))
    starts, ends, counts, kinds, stop = scan_dictionary(reader.data, reader.at, size)
    if stop < 0 or int((kinds == 1).sum()) != n_labels or kinds[:n_words].any():
        raise reader.fail("the dictionary", size)
    reader.at = stop
    names = zip(starts[n_words:].tolist(), ends[n_words:].tolist(), strict=True)
    labels = tuple(
        reader.data[s:e].tobytes().decode("utf-8", "replace") for s, e in names
    )
    keys, ids = word_table(reader.data, starts, ends, n_words)
    pruned = None
    if n_pruned >= 0:
        raw = reader.take(n_pruned * 8, "the pruned n-grams").tobytes()
        pruned = np.frombuffer(raw, "<i4").astype(np.int32)
    end = -1
    for word in np.flatnonzero(ends[:n_words] - starts[:n_words] == 4).tolist():
        if reader.data[starts[word] : ends[word]].tobytes() == b"</s>":
            end = word
    if pruned is not None and n_pruned:
        buckets, rows = pruned[0::2], pruned[1::2]
        inside = buckets.min() >= 0 and buckets.max() < args.bucket
        if not inside or not np.array_equal(np.sort(rows), np.arange(n_pruned)):
            raise reader.fail("the pruned n-grams", n_pruned)
    return _Dictionary(labels, counts[n_words:], n_words, keys, ids, pruned, end)


def _network(args: _Args, words: _Dictionary, matrix: Matrix) -> Network:
    bucket = args.bucket if args.maxn > 0 or args.word_ngrams > 1 else 0
    kept = np.zeros(0, np.uint64)
    all_pruned = bucket == 0
    if words.pruned is not None and bucket:
        all_pruned = len(words.pruned) == 0
        buckets, places = words.pruned[0::2], words.pruned[1::2]
        kept = _ranked(buckets, bucket)
        order = words.n_words + places[np.argsort(buckets)]
        matrix = matrix.ordered(np.r_[np.arange(words.n_words), order])
    end_hash = 2166136261
    for byte in b"</s>":
        end_hash = (end_hash ^ byte) * 16777619 & 0xFFFFFFFF
    return Network(
        matrix.rows.reshape(-1),
        matrix.codes.reshape(-1),
        matrix.values,
        matrix.norm_codes,
        matrix.norms,
        words.keys,
        words.ids,
        kept,
        args.dim,
        words.n_words,
        bucket,
        args.minn,
        args.maxn if bucket else 0,
        args.word_ngrams,
        words.end,
        end_hash - (1 << 32) if end_hash >> 31 else end_hash,
        all_pruned,
        scale_of(matrix),
    )


def _ranked(buckets: NDArray[np.int32], bucket: int) -> NDArray[np.uint64]:
    """Return one bit a bucket, 64 of them, and the bits set before those, in turn."""
    flags = np.zeros((bucket + 63) // 64 * 64, np.bool_)
    flags[buckets] = True
    per_word = flags.reshape(-1, 64).sum(axis=1, dtype=np.uint64)
    kept = np.empty((len(per_word), 2), np.uint64)
    kept[:, 0] = np.packbits(flags, bitorder="little").view("<u8")
    kept[:, 1] = np.cumsum(per_word, dtype=np.uint64) - per_word
    return kept.reshape(-1)


def _output(args: _Args, words: _Dictionary, matrix: NDArray[np.float32]) -> Output:
    loss, n = _LOSSES[args.loss], len(words.labels)
    left = right = np.zeros(0, np.int32)
    if loss == HIERARCHICAL:
        left, right = _tree(words.label_counts)
    return Output(np.ascontiguousarray(matrix.T), left, right, loss, n)


def _tree(counts: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the children of each node of fastText's Huffman tree over the labels.

    Labels stand in descending order of count in the file, so the two smallest nodes are
    always next to a leaf pointer that moves down and a node pointer that moves up.
    """
    n = len(counts)
    weight = [*counts.tolist(), *([10**15] * (n - 1))]
    left, right = np.full(2 * n - 1, -1, np.int32), np.full(2 * n - 1, -1, np.int32)
    leaf, node = n - 1, n
    for parent in range(n, 2 * n - 1):
        pair = []
        for _ in range(2):
            if leaf >= 0 and weight[leaf] < weight[node]:
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(node)
                node += 1
        left[parent], right[parent] = pair
        weight[parent] = weight[pair[0]] + weight[pair[1]]
    return left, right
