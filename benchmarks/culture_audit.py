"""Counted references drawn from real text for a person to judge.

    python -m benchmarks.culture_audit draw DATA_FOLDER --seed SEED [--n N]
    python -m benchmarks.culture_audit tables

`draw` prints mentions; `tables` counts the verdicts of a reader of such a draw, which
stand in culture_verdicts.csv without the text, and puts them into docs/culture.md.

DATA_FOLDER holds bulk/*.jsonl.zst. Documents are drawn by a hash of the seed and their
id, the same number from every source; of the references that count in them, N are drawn
the same way, one a document at most. Printed are, a line each: culture, category,
reference, language of the document, and the form in its context, line breaks as spaces.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import polars as pl

from audit.annotate.culture import counted_matches
from audit.annotate.language import LanguageAnnotator
from audit.resources.gazetteer import gazetteer
from benchmarks.culture import DOCS, batch_of, markdown

CONTEXT = 70
VERDICTS = Path(__file__).parent / "culture_verdicts.csv"
MARKERS = ("<!-- verdicts: start -->", "<!-- verdicts: end -->")


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
        form = " ".join(bytes(batch.text.data[a:b]).decode().split())
        context = " ".join(data.decode("utf-8", "ignore").split())
        row = known.references.slice(int(counted[k]), 1).to_pylist()[0]
        facts = (row["culture"], row["category"], row["name"], languages[docs[k]])
        rows.append((*facts, form, context))
    return rows


def verdicts(path=VERDICTS):
    """Return the verdicts: seed, place in the draw, facts, right or wrong, reason."""
    return pl.read_csv(path, schema_overrides={"culture": pl.String}, null_values=[])


def wilson(wrong, n, z=1.96):
    """Return the 95 % score interval of a share, in per cent."""
    share = wrong / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5 / (1 + z * z / n)
    return f"{100 * (middle - half):.1f}–{100 * (middle + half):.1f}"


def counted_by(table, column):
    """Return mentions, wrong ones and their share by the values of a column."""
    out = table.group_by(column).agg(
        mentions=pl.len(), wrong=(pl.col("verdict") == "wrong").sum()
    )
    return out.sort(["mentions", column], descending=[True, False])


def tables_text(table):
    """Return the tables of the documentation, in Markdown."""
    n, wrong = table.height, (table["verdict"] == "wrong").sum()
    seeds = ", ".join(map(str, table["seed"].unique().sort()))
    reasons = (
        table.filter(verdict="wrong")
        .group_by("reason")
        .agg(
            mentions=pl.len(),
            languages=pl.col("language").unique().sort().str.join(", "),
        )
    )
    total = (
        f"Seed {seeds}: **{wrong} of {n} wrong** ({100 * wrong / n:.1f} %, "
        f"95 % interval {wilson(wrong, n)} %)."
    )
    parts = {
        "By reason": reasons.sort(["mentions", "reason"], descending=[True, False]),
        "By language of the document": counted_by(table, "language"),
        "By category of the reference": counted_by(table, "category"),
    }
    body = "\n\n".join(f"**{name}**\n\n{markdown(t)}" for name, t in parts.items())
    return f"{total}\n\n{body}"


def write_tables():
    """Put the tables into the documentation."""
    head, rest = DOCS.read_text("utf-8").split(MARKERS[0])
    tail = rest.split(MARKERS[1])[1]
    body = f"{MARKERS[0]}\n\n{tables_text(verdicts())}\n\n{MARKERS[1]}"
    DOCS.write_text(head + body + tail, "utf-8")


def main():
    """Print a draw, or count the verdicts."""
    parser = argparse.ArgumentParser()
    modes = parser.add_subparsers(dest="mode", required=True)
    modes.add_parser("tables")
    draw = modes.add_parser("draw")
    draw.add_argument("folder", type=Path)
    draw.add_argument("--seed", required=True)
    draw.add_argument("--n", type=int, default=200)
    draw.add_argument("--documents", type=int, default=2500)
    options = parser.parse_args()
    if options.mode == "tables":
        write_tables()
        return
    table = documents(options.folder, options.seed, options.documents)
    for row in drawn(table, options.seed, options.n):
        print(" | ".join(row))


if __name__ == "__main__":
    main()
