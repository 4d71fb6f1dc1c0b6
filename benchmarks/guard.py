"""Kernels against plain loops of the same process, as ratios, never seconds.

In: bytes made from a fixed seed. Out: for each kernel its CPU time divided by that of a
yardstick that does nothing of this project: a compiled loop over the same bytes (or a
sort of them), measured in turn with the kernel. A machine that is slow or busy is slow
for both, so the ratio says whether the kernel has changed. The least of several turns
counts: noise only ever adds.

    python -m benchmarks guard            shows ratios beside the baseline
    python -m benchmarks guard --update   writes them to guard.json
"""

import json
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from audit.annotate.language import LanguageAnnotator
from audit.batch import Batch
from audit.kernels.gazetteer import find_matches
from audit.kernels.hashing import content_hash
from audit.kernels.jit import kernel
from audit.kernels.minhash import sign
from audit.kernels.shingle import shingle
from audit.kernels.tokens import tokenize
from audit.kernels.url import extract_hosts
from audit.resources.gazetteer import gazetteer
from schemas.document import DOCUMENT

BASELINE = Path(__file__).with_name("guard.json")
LOSS = 0.20
_DOCUMENTS, _WORDS = 400, 220
_TURNS = 8


@kernel
def loop_over(data, steps):
    """Mix every byte into a hash that depends on all before: what no compiler skips."""
    state = np.uint64(1469598103934665603)
    for _ in range(steps):
        for byte in data:
            state = (state ^ np.uint64(byte)) * np.uint64(1099511628211)
    return state


def documents():
    """Return a batch of made-up text in three scripts, the same on every machine."""
    dice = np.random.default_rng(3)
    latin = ["".join(dice.choice(list("abcdefghijklmnoprstuvw"), size))
             for size in dice.integers(2, 10, 3000)]  # fmt: skip
    cyrillic = ["".join(map(chr, dice.integers(0x430, 0x450, size)))
                for size in dice.integers(2, 10, 3000)]  # fmt: skip
    texts = []
    for number in range(_DOCUMENTS):
        if number % 4 == 3:
            texts.append("".join(map(chr, dice.integers(0x4E00, 0x9000, 2 * _WORDS))))
            continue
        words = cyrillic if number % 4 == 2 else latin
        texts.append(" ".join(dice.choice(words, _WORDS)))
    n = len(texts)
    columns = {
        "doc_id": [str(i) for i in range(n)],
        "text": texts,
        "url": [f"https://www.host{i % 97}.example.org/path/{i}?q=1" for i in range(n)],
        "language_declared": [None] * n,
        "source_declared": [None] * n,
        "date": [None] * n,
        "position": list(range(1, n + 1)),
    }
    return Batch(pa.RecordBatch.from_pydict(columns, schema=DOCUMENT))


def kernels():
    """Return the kernels by name, as functions that do one fixed piece of work."""
    batch = documents()
    text, tokens = batch.text, batch.tokens
    shingles = shingle(tokens)
    index = gazetteer().index
    annotator = LanguageAnnotator()
    joined = "".join(batch.documents["url"].to_pylist()).encode() * 20
    hosts = np.frombuffer(joined, np.uint8)
    sizes = [len(u) for u in batch.documents["url"].to_pylist()] * 20
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return text.data, {
        "language": lambda: annotator.annotate(batch),
        "tokens": lambda: tokenize(*text),
        "shingles": lambda: shingle(tokens),
        "signatures": lambda: sign(shingles),
        "content hash": lambda: content_hash(*text),
        "gazetteer": lambda: find_matches(text.data, tokens, index),
        "hosts": lambda: extract_hosts(hosts, starts),
    }


def ratios():
    """Return each kernel's CPU time over that of the yardstick, the least of turns."""
    data, work = kernels()
    steps = 4
    loop_over(data, 1)
    for once in work.values():
        once()
    best = dict.fromkeys(work, float("inf"))
    yardstick = float("inf")
    for _ in range(_TURNS):
        yardstick = min(yardstick, _seconds(lambda: loop_over(data, steps)))
        for name, once in work.items():
            best[name] = min(best[name], _seconds(once))
    return {name: seconds / yardstick for name, seconds in best.items()}


def _seconds(once):
    before = time.process_time()
    once()
    return time.process_time() - before


def losses(found, known):
    """Return kernels that lost more than is allowed: name, ratio now, ratio then."""
    return [
        (name, ratio, known[name])
        for name, ratio in found.items()
        if name in known and ratio > known[name] * (1 + LOSS)
    ]


def baseline():
    """Return the stored ratios."""
    return json.loads(BASELINE.read_text("ascii"))["ratios"]


def report(update=False):
    """Return the ratios as a Markdown table; store them if they are a new baseline."""
    from benchmarks import tables

    found = ratios()
    if update:
        # The slower of two measurements, so that the baseline is no lucky one.
        again = ratios()
        found = {name: max(found[name], again[name]) for name in found}
        stored = {"loss": LOSS, "ratios": {k: round(v, 4) for k, v in found.items()}}
        BASELINE.write_text(json.dumps(stored, indent=1) + "\n", "ascii")
    known = baseline()
    rows = [[n, f"{r:.3f}", f"{known.get(n, 0):.3f}"] for n, r in found.items()]
    return tables.markdown(["kernel", "ratio", "baseline"], rows)
