"""The work of the guard in one tree: fixed pieces for its kernels, timed on request.

In: names of pieces as arguments, then one line of standard input a turn. Out: a line
``ready`` once everything is compiled and loaded, then a line of JSON a turn: the least
CPU seconds of each piece. The guard starts one such process a tree, each with that
tree's own kernels, and lets them take turns; it alone knows what to compare.

    python -m benchmarks.guard_work tokens hosts
"""

import json
import sys
import time

import numpy as np
import pyarrow as pa

from audit.batch import Batch
from schemas.document import DOCUMENT

_DOCUMENTS, _WORDS = 400, 220
_REPEATS = 3

# Each piece, and the modules it stands in: where neither they nor what they import has
# changed, there is nothing to measure.
PIECES = {
    "language": ("audit/annotate/language.py",),
    "tokens": ("audit/kernels/tokens.py",),
    "shingles": ("audit/kernels/shingle.py",),
    "signatures": ("audit/kernels/minhash.py",),
    "content hash": ("audit/kernels/hashing.py",),
    "gazetteer": ("audit/kernels/gazetteer.py",),
    "hosts": ("audit/kernels/url.py",),
    "JSON lines": ("audit/kernels/json_lines.py",),
}


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


def _language(batch):
    from audit.annotate.language import LanguageAnnotator

    annotator = LanguageAnnotator()
    return lambda: annotator.annotate_with_segments(batch)


def _tokens(batch):
    from audit.kernels.tokens import tokenize

    return lambda: tokenize(*batch.text)


def _shingles(batch):
    from audit.kernels.shingle import shingle

    tokens = batch.tokens
    return lambda: shingle(tokens)


def _signatures(batch):
    from audit.kernels.minhash import sign
    from audit.kernels.shingle import shingle

    shingles = shingle(batch.tokens)
    return lambda: sign(shingles)


def _content_hash(batch):
    from audit.kernels.hashing import content_hash

    return lambda: content_hash(*batch.text)


def _gazetteer(batch):
    from audit.kernels.gazetteer import find_matches
    from audit.resources.gazetteer import gazetteer

    index, tokens, data = gazetteer().index, batch.tokens, batch.text.data
    return lambda: find_matches(data, tokens, index)


def _hosts(batch):
    from audit.kernels.url import extract_hosts

    urls = [url.encode() for url in batch.documents["url"].to_pylist()] * 20
    starts = np.concatenate([[0], np.cumsum([len(url) for url in urls])])
    data = np.frombuffer(b"".join(urls), np.uint8)
    return lambda: extract_hosts(data, starts.astype(np.int64))


def _json_lines(batch):
    from audit.kernels.json_lines import scan_lines
    from audit.kernels.json_paths import compile_paths

    lines = batch.documents.select(["text", "url"]).to_pylist()
    encoded = [json.dumps(line, ensure_ascii=False).encode() for line in lines]
    ends = np.cumsum([len(line) + 1 for line in encoded]) - 1
    starts = np.concatenate([[0], ends[:-1] + 1])
    data = np.frombuffer(b"\n".join(encoded), np.uint8)
    paths = compile_paths([("text",), ("url",)])
    return lambda: scan_lines(data, starts, ends, paths, check_utf8=False)


MAKERS = {
    "language": _language,
    "tokens": _tokens,
    "shingles": _shingles,
    "signatures": _signatures,
    "content hash": _content_hash,
    "gazetteer": _gazetteer,
    "hosts": _hosts,
    "JSON lines": _json_lines,
}


def _least(once):
    """Return the least CPU seconds of a few repeats: noise only ever adds."""
    found = []
    for _ in range(_REPEATS):
        before = time.process_time()
        once()
        found.append(time.process_time() - before)
    return min(found)


def main(names):
    """Compile, then measure whenever a line comes in."""
    batch = documents()
    work = {name: MAKERS[name](batch) for name in names}
    for once in work.values():
        once()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps({n: _least(once) for n, once in work.items()}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
