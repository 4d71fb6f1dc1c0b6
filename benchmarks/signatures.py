"""Signatures against datasketch, in one run on the same texts, by CPU time.

In: JSON Lines with a ``text`` field (``.zst`` or plain). Out: a Markdown table on
stdout: MB of text per CPU second of each stage, and of `datasketch.MinHash` three ways:
`update_batch` over the very same shingle hashes, ready made and hashed by a function
that returns its argument; over the same shingles as bytes, with its own hash; and from
the text, split at white space and cut into word 3-grams. Every value of the first is
compared. Batches take turns, so that a busy machine slows both sides.

    python -m benchmarks.signatures ../shared/data/bulk/bulk-00.jsonl.zst --megabytes 40
"""

import argparse
import io
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson
import zstandard
from datasketch import MinHash

from audit.kernels.hashing import content_hash
from audit.kernels.minhash import sign, sketch_input
from audit.kernels.normalise import to_nfc
from audit.kernels.shingle import shingle
from audit.kernels.tokens import tokenize


def read_texts(path, megabytes, keep=None):
    """Return up to so many megabytes of texts of the records that ``keep`` accepts."""
    opened = zstandard.open(path, "rb") if path.suffix == ".zst" else path.open("rb")
    texts, size = [], 0
    with opened as lines:
        for line in io.TextIOWrapper(lines, encoding="utf-8"):
            record = orjson.loads(line)
            if keep is None or keep(record):
                texts.append(record["text"])
                size += len(record["text"].encode())
            if size >= megabytes * 1e6:
                break
    return texts


def pack(texts):
    raw = [text.encode() for text in texts]
    offsets = np.zeros(len(raw) + 1, np.int64)
    np.cumsum([len(text) for text in raw], out=offsets[1:])
    return np.frombuffer(b"".join(raw), np.uint8), offsets


def batches(texts, size=4_000_000):
    """Yield texts in batches of so many bytes, as a reader does."""
    batch, total = [], 0
    for text in texts:
        batch.append(text)
        total += len(text.encode())
        if total >= size:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def ours(batch, spent):
    """Return signatures and shingles of one batch; add CPU seconds to ``spent``."""
    packed = pack(batch)
    with timed(spent, "NFC"):
        text = to_nfc(*packed)
    with timed(spent, "tokens"):
        tokens = tokenize(*text)
    with timed(spent, "shingles"):
        made = shingle(tokens)
    with timed(spent, "MinHash"):
        signatures = sign(made)
    with timed(spent, "content hash"):
        content_hash(*text)
    return signatures, np.split(made.hashes, made.doc_offsets[1:-1])


def theirs(batch, shingles, spent):
    """Return datasketch's signatures of the same shingles, and time its other ways."""
    inputs = [sketch_input(hashes).tolist() for hashes in shingles]
    made = []
    with timed(spent, "datasketch update_batch, our shingles, hashed already"):
        for values in inputs:
            sketch = MinHash(128, hashfunc=_same)
            if values:
                sketch.update_batch(values)
            made.append(sketch.hashvalues)
    pieces = [hashes.view("S8").tolist() for hashes in shingles]
    with timed(spent, "datasketch update_batch, our shingles as bytes"):
        for document in pieces:
            sketch_of(document)
    with timed(spent, "datasketch from the text, word 3-grams"):
        for text in batch:
            sketch_of(word_grams(text))
    return np.array(made)


def sketch_of(pieces):
    sketch = MinHash(128)
    if pieces:
        sketch.update_batch(pieces)


def word_grams(text):
    words = text.lower().split()
    return [" ".join(words[i : i + 3]).encode() for i in range(len(words) - 2)]


@contextmanager
def timed(spent, stage):
    before = time.process_time()
    yield
    spent[stage] += time.process_time() - before


def _same(value):
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--megabytes", type=float, default=40)
    parser.add_argument(
        "--without", default="chinese-poetry", help="a source to leave out"
    )
    options = parser.parse_args()
    texts = read_texts(
        options.path, options.megabytes, lambda r: r.get("source") != options.without
    )
    ours(texts[:50], defaultdict(float))
    spent: dict[str, float] = defaultdict(float)
    equal = documents = n_shingles = 0
    for batch in batches(texts):
        signatures, shingles = ours(batch, spent)
        equal += int((signatures == theirs(batch, shingles, spent)).all(axis=1).sum())
        documents += len(batch)
        n_shingles += sum(map(len, shingles))
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    report(spent, megabytes)
    print(f"\n{documents} documents, {megabytes:.1f} MB, {n_shingles} shingles.")
    print(f"Signatures equal in all 128 values: {equal} of {documents}.")


def report(spent, megabytes):
    total = sum(spent[stage] for stage in ("NFC", "tokens", "shingles", "MinHash"))
    rows = {**spent, "**ours, text to signature**": total}
    print("| stage | CPU s | MB per CPU s | CPU time, ours = 1 |")
    print("|---|---|---|---|")
    for stage, seconds in rows.items():
        rate, times = megabytes / seconds, seconds / total
        print(f"| {stage} | {seconds:.2f} | {rate:.1f} | {times:.2f} |")


if __name__ == "__main__":
    main()
