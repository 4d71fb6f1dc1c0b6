"""What every contender shares: the same documents in, one line of JSON out.

    PYTHON contenders/NAME.py DOCUMENTS.jsonl WORK_FOLDER [--model FILE]

Each runs with the Python of its own environment, alone in its process; the clock is
outside. Pairs of documents, where a contender finds some, are left in
``WORK_FOLDER/pairs.txt`` (two row numbers a line).
"""

import argparse
import json
from pathlib import Path


def arguments():
    """Return the documents' path, the folder to work in and the model's path."""
    parser = argparse.ArgumentParser()
    parser.add_argument("documents", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--unit", default="word", choices=("word", "char", "mixed"))
    return parser.parse_args()


def texts(path):
    """Yield the text of each document."""
    import orjson

    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)["text"]


def done(**said):
    """Say what came out."""
    print(json.dumps(said))


def keep_pairs(work, pairs):
    """Leave pairs of rows for the judge; return how many."""
    ordered = sorted({(min(a, b), max(a, b)) for a, b in pairs if a != b})
    lines = "".join(f"{a} {b}\n" for a, b in ordered)
    (work / "pairs.txt").write_text(lines, "ascii")
    return len(ordered)


def unspaced(text):
    """Whether most letters of a text belong to scripts without spaces."""
    some = text[:2000]
    return 2 * sum("\u0e00" <= c <= "\u0fff" or "\u1000" <= c <= "\u109f"
                   or "\u1780" <= c <= "\u17ff" or "\u3040" <= c <= "\u30ff"
                   or "\u3400" <= c <= "\u9fff" for c in some) > len(some)  # fmt: skip


def shingles(text, unit="word", words=3, characters=5):
    """Return the set of shingles of a text, as most recipes for these peers make it."""
    if unit == "char" or (unit == "mixed" and unspaced(text)):
        whole = "".join(text.split())
        n = characters
        return {whole[i : i + n] for i in range(max(1, len(whole) - n + 1))}
    cut = text.split()
    return {" ".join(cut[i : i + words]) for i in range(max(1, len(cut) - words + 1))}
