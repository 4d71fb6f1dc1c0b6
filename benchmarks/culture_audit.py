"""Counted references drawn from real text for a person to judge.

    python benchmarks/culture_audit.py DATA_FOLDER --seed SEED [--n N] [--documents N]

DATA_FOLDER holds bulk/*.jsonl.zst. Documents are drawn by a hash of the seed and their
id, the same number from every source; of the references that count in them, N are drawn
the same way, one a document at most. Printed are, a line each: culture, category,
reference, language of the document, and the form in its context. What a person finds
when reading such a draw stands in docs/culture.md with its seed.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import polars as pl

from audit.annotate.culture import counted_matches
from audit.annotate.language import LanguageAnnotator
from audit.resources.gazetteer import gazetteer
from benchmarks.culture import batch_of

CONTEXT = 70


def lottery(seed, *parts):
    """Return the rank of an item in a draw."""
    return hashlib.sha256("\0".join([str(seed), *map(str, parts)]).encode()).hexdigest()


def documents(folder, seed, n):
    """Return about n documents, as many of each source as it can give."""
    shards = sorted((folder / "bulk").glob("*.zst"))
    whole = pl.concat(
        [pl.read_ndjson(s).select("id", "text", "source") for s in shards]
    )
    whole = whole.filter(pl.col("source") != "chinese-poetry").unique("text")
    ranks = [lottery(seed, i) for i in whole["id"]]
    whole = whole.with_columns(rank=pl.Series(ranks)).sort("rank")
    share = max(1, n // whole["source"].n_unique())
    return whole.group_by("source", maintain_order=True).head(share)


def drawn(table, seed, n):
    """Return n references with their context, one a document at most."""
    batch, known = batch_of(table["text"].to_list()), gazetteer()
    batch.columns.update(LanguageAnnotator().annotate(batch))
    matches, counted, origin = counted_matches(batch, known)
    docs = matches.docs[origin]
    languages = batch.columns["language"].to_pylist()
    ranks = np.array([lottery(seed, d, k) for k, d in enumerate(docs)])
    rows, seen = [], set()
    for k in np.argsort(ranks):
        if docs[k] in seen or len(rows) == n:
            continue
        seen.add(docs[k])
        first = matches.tokens[origin[k]]
        last = first + matches.lengths[origin[k]] - 1
        a, b = batch.tokens.starts[first], batch.tokens.starts[last]
        b += batch.tokens.lengths[last]
        data = bytes(batch.text.data[max(0, a - CONTEXT) : b + CONTEXT])
        form = bytes(batch.text.data[a:b]).decode()
        context = " ".join(data.decode("utf-8", "ignore").split())
        row = known.references.slice(int(counted[k]), 1).to_pylist()[0]
        facts = (row["culture"], row["category"], row["name"], languages[docs[k]])
        rows.append((*facts, form, context))
    return rows


def main():
    """Print a draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--documents", type=int, default=4000)
    options = parser.parse_args()
    table = documents(options.folder, options.seed, options.documents)
    for row in drawn(table, options.seed, options.n):
        print(" | ".join(row))


if __name__ == "__main__":
    main()
