"""Country attribution on labelled text, and the speed of the gazetteer.

    python -m benchmarks.culture DATA_FOLDER [--half tune|test] [--write] [--speed]

DATA_FOLDER holds culture/*.parquet and bulk/*.jsonl.zst. A text is put in a half by a
hash of its item, so that all texts of one item are in the same half; rules and lists
were made while looking at the half `tune` alone. A document is attributed to its most
supported culture; the tool commits itself when that culture's score reaches the
threshold and is ahead of the next one's. Precision is the share of commitments that
are right, recall the share of all texts that are attributed rightly. A text's category
is that of the reference that spoke most for the culture found. `--write` puts the
tables into docs/culture.md.
"""

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from audit.annotate.culture import CultureAnnotator, culture_scores
from audit.annotate.language import LanguageAnnotator
from audit.batch import Batch
from audit.kernels.claims import resolve_matches
from audit.kernels.gazetteer import find_matches
from audit.kernels.tokens import tokenize
from audit.resources.gazetteer import gazetteer
from schemas.document import DOCUMENT

DOCS = Path(__file__).parents[1] / "docs" / "culture.md"
THRESHOLDS = (1, 25, 50, 80, 100, 150, 200, 300)
DEFAULT = 25
# Countries with fewer names, and topics with fewer texts, have no row of their own.
LEAST = 40
MARKERS = ("<!-- benchmark: start -->", "<!-- benchmark: end -->")


def batch_of(texts):
    """Return texts as a DOCUMENT batch."""
    n = len(texts)
    columns = {
        "doc_id": [str(i) for i in range(n)],
        "text": list(texts),
        "url": [None] * n,
        "language_declared": [None] * n,
        "source_declared": [None] * n,
        "date": [None] * n,
        "position": list(range(1, n + 1)),
    }
    return Batch(pa.RecordBatch.from_pydict(columns, schema=DOCUMENT))


def half_of(item):
    """Return the half that an item belongs to."""
    return "tune" if hashlib.sha256(item.encode()).digest()[0] % 2 else "test"


def labelled(folder):
    """Return the labelled texts: text, country, lang, kind, half.

    Kinds: questions and question-answer pairs about everyday life, statements, places
    and other named entities. An answer counts where at least three persons gave it and
    no other country's did in that language.
    """
    blend = pl.read_parquet(folder / "culture" / "blend.parquet")
    qa = pl.read_parquet(folder / "culture" / "culture_qa.parquet")
    entities = pl.read_parquet(folder / "culture" / "entities_geo.parquet")
    folded = pl.col("text").str.to_lowercase()
    answers = (
        blend.filter(kind="answer")
        .with_columns(n=pl.col("country").n_unique().over(folded, "lang"))
        .filter((pl.col("n") == 1) & (pl.col("votes") >= 3))
    )
    parts = [
        blend.filter(pl.col("kind") != "answer"),
        answers,
        qa.filter(pl.col("kind") != "figurative").with_columns(
            kind=pl.col("source") + " " + pl.col("kind")
        ),
        entities.with_columns(
            kind=pl.when(kind="place").then(pl.lit("place")).otherwise(pl.lit("entity"))
        ),
    ]
    keep = ("text", "country", "lang", "kind", "item_id", "topic")
    table = pl.concat([p.with_columns(pl.col("topic") if "topic" in p.columns
                                      else pl.lit(None, pl.String).alias("topic"))
                       .select(keep) for p in parts])  # fmt: skip
    item = pl.col("item_id").fill_null(pl.col("text"))
    return table.with_columns(
        half=item.map_elements(half_of, return_dtype=pl.String)
    ).unique(maintain_order=True)


def spokesmen(column):
    """Return doc, culture, category of the weightiest reference of each of both."""
    known = gazetteer().references
    facts = pl.DataFrame(
        {
            "reference": np.arange(len(known), dtype=np.int32),
            "best": known["culture"].cast(pa.string()).to_pylist(),
            "category": known["category"].cast(pa.string()).to_pylist(),
            "weight": known["weight"].to_numpy(),
        }
    )
    found = pl.DataFrame({"doc": np.arange(len(column)), "r": pl.from_arrow(column)})
    found = found.explode("r", empty_as_null=True).drop_nulls("r").unnest("r")
    return (
        found.join(facts, on="reference")
        .sort("weight", "mentions", "reference", descending=[True, True, False])
        .unique(["doc", "best"], keep="first", maintain_order=True)
        .select("doc", "best", "category")
    )


def attributed(texts):
    """Return the most supported culture, its score, lead and category of each text."""
    batch = batch_of(texts)
    batch.columns.update(LanguageAnnotator().annotate(batch))
    column = CultureAnnotator().annotate(batch)["references"]
    docs, codes, scores = culture_scores(column)
    names = np.array([*gazetteer().cultures, ""], object)
    best, score, lead = (np.zeros(len(texts), np.int64) for _ in range(3))
    best[:] = len(names) - 1
    first = np.flatnonzero(np.diff(docs, prepend=-1))
    best[docs[first]], score[docs[first]] = codes[first], scores[first]
    after = np.minimum(first + 1, max(0, len(docs) - 1))
    rival = np.where((first + 1 < len(docs)) & (docs[after] == docs[first]),
                     scores[after], 0)  # fmt: skip
    lead[docs[first]] = scores[first] - rival
    table = pl.DataFrame(
        {"doc": np.arange(len(texts)), "best": list(names[best]), "score": score,
         "lead": lead}
    )  # fmt: skip
    return table.join(
        spokesmen(column), on=["doc", "best"], how="left", maintain_order="left"
    ).drop("doc")


def measured(table, by, threshold=DEFAULT):
    """Return precision and recall by the values of a column."""
    committed = (pl.col("score") >= threshold) & (pl.col("lead") > 0)
    right = committed & (pl.col("best") == pl.col("country"))
    return (
        table.group_by(by)
        .agg(
            texts=pl.len(),
            committed=committed.sum(),
            right=right.sum(),
        )
        .with_columns(
            precision=(pl.col("right") / pl.col("committed")).round(3),
            recall=(pl.col("right") / pl.col("texts")).round(3),
        )
        .sort("texts", descending=True)
    )


def markdown(table):
    """Return a polars table in Markdown."""
    lines = [" | ".join(table.columns), " | ".join("---" for _ in table.columns)]
    lines += [" | ".join(str(v) for v in row) for row in table.iter_rows()]
    return "\n".join(f"| {line} |" for line in lines)


def by_category(table, threshold=DEFAULT):
    """Return precision by the category that decided, and its part of all recall."""
    committed = table.filter((pl.col("score") >= threshold) & (pl.col("lead") > 0))
    right = pl.col("best") == pl.col("country")
    return (
        committed.group_by("category")
        .agg(committed=pl.len(), right=right.sum())
        .with_columns(
            precision=(pl.col("right") / pl.col("committed")).round(3),
            **{"part of recall": (pl.col("right") / table.height).round(3)},
        )
        .sort("committed", descending=True)
    )


def curve(table):
    """Return precision and recall by commit threshold."""
    rows = [
        measured(table, pl.lit("all").alias("set"), t).with_columns(threshold=pl.lit(t))
        for t in THRESHOLDS
    ]
    return pl.concat(rows).select("threshold", "committed", "precision", "recall")


def speed(folder, limit=20_000_000):
    """Return MB/s of tokens, matching and resolving over real documents."""
    shard = sorted((folder / "bulk").glob("*.zst"))[0]
    data = pl.read_ndjson(shard).filter(pl.col("source") != "chinese-poetry")
    texts, size = [], 0
    for text in data["text"]:
        size += len(text.encode())
        if size > limit:
            break
        texts.append(text)
    batch, known = batch_of(texts), gazetteer()
    languages = np.full(len(texts), len(known.languages), np.int32)

    def once():
        clock = [time.process_time()]
        tokens = tokenize(*batch.text)
        clock.append(time.process_time())
        found = find_matches(batch.text.data, tokens, known.index)
        clock.append(time.process_time())
        resolve_matches(found, tokens, known.claims, languages, known.homes)
        clock.append(time.process_time())
        return np.diff(clock)

    best = np.min([once() for _ in range(4)][1:], axis=0)
    size = len(batch.text.data) / 1e6
    return pl.DataFrame(
        {
            "step": ["tokens (shared)", "matching", "resolving", "both on top"],
            "MB/s": [round(size / t) for t in (*best, best[1] + best[2])],
        }
    )


def main():
    """Print the tables, or write them into the documentation."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", default="tune")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    table = labelled(options.folder).filter(half=options.half)
    table = table.hstack(attributed(table["text"].to_list()))
    names = table.filter(pl.col("kind").is_in(["place", "entity"]))
    worded = table.filter(~pl.col("kind").is_in(["place", "entity", "answer"]))
    often = pl.len().over("country") >= LEAST
    sections = {
        "By kind of text": measured(table, "kind"),
        "Questions, answers and statements, by country": measured(worded, "country"),
        "The same by language of the text": measured(worded, "lang"),
        "The same by topic": measured(
            worded.filter(pl.len().over("topic") >= LEAST).drop_nulls("topic"), "topic"
        ),
        "All texts by category of the reference that decided": by_category(table),
        "Answers alone, by topic": measured(
            table.filter(kind="answer").drop_nulls("topic"), "topic"
        ),
        f"Names alone (places and entities), countries of {LEAST} and more": measured(
            names.filter(often), "country"
        ),
        "Questions, answers and statements by commit threshold": curve(worded),
        "Names alone by commit threshold": curve(names),
        "Answers alone by commit threshold": curve(table.filter(kind="answer")),
    }
    if options.speed or options.write:
        sections["Speed (one core, CPU time)"] = speed(options.folder)
    text = "\n\n".join(f"**{k}**\n\n{markdown(v)}" for k, v in sections.items())
    if options.write:
        head, rest = DOCS.read_text("utf-8").split(MARKERS[0])
        tail = rest.split(MARKERS[1])[1]
        body = f"Half `{options.half}`.\n\n{text}"
        DOCS.write_text(f"{head}{MARKERS[0]}\n\n{body}\n\n{MARKERS[1]}{tail}", "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
