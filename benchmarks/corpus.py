"""Documents for all contenders: one JSON Lines file with ``id``, ``text``, ``url``.

In: a folder of ``*.jsonl.zst`` (real documents), or, where there is none, the sample
corpora, whose words are exchanged until there is enough. Poems of a line or two are two
thirds of the real documents; one in ten of them is kept, so that lengths are like those
of pages. Where more is wanted than there is, copies are added whose words stand in
another order: as long, in the same languages, and no near-duplicates of the real ones.
"""

import json
import random
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "data" / "bulk"
_POEMS, _ONE_IN = "chinese-poetry", 10
# Characters that stay together where no spaces part words.
_PIECE = 4


def documents(folder=None, megabytes=None):
    """Return a table of id, text and url, of about so many megabytes of text."""
    folder = REAL if folder is None and REAL.is_dir() else folder
    shards = sorted(Path(folder).glob("*.jsonl.zst")) if folder else []
    if not shards:
        return _made(megabytes or 20)
    parts = []
    for shard in shards:
        read = pl.read_ndjson(shard, infer_schema_length=2000)
        poem = pl.col("source") == _POEMS
        kept = ~poem | (pl.int_range(pl.len()) % _ONE_IN == 0)
        parts.append(read.filter(kept).select("id", "text", "url"))
    # By hash, so that every share holds documents of every kind.
    table = pl.concat(parts).sort(pl.col("id").hash(7))
    return _cut(table, megabytes)


def _cut(table, megabytes):
    if megabytes is None:
        return table
    copies = range(2, 2 + int(megabytes / megabytes_of(table)))
    wanted = [table, *(reordered(table, stride) for stride in copies)]
    size = pl.col("text").str.len_bytes().cum_sum()
    return pl.concat(wanted).filter(size <= megabytes * 1e6)


def reordered(table, stride):
    """Return documents whose words (or runs of characters) stand in another order.

    The order is that of every so-manieth word: two strides have no three words in a row
    in common, but for chance and for documents of a few words.
    """
    texts = [_reordered(text, stride) for text in table["text"].to_list()]
    return table.with_columns(
        id=pl.col("id") + f"-{stride}",
        text=pl.Series(texts, dtype=pl.String),
        url=pl.col("url") + f"?copy={stride}",
    )


def _reordered(text, stride):
    words, glue = text.split(" "), " "
    if len(words) * 20 < len(text):
        words, glue = [text[i : i + _PIECE] for i in range(0, len(text), _PIECE)], ""
    return glue.join(word for first in range(stride) for word in words[first::stride])


def _made(megabytes, seed=5):
    """Return documents whose words are those of the sample corpora, exchanged."""
    dice = random.Random(seed)
    found = []
    for path in sorted((ROOT / "sample_corpora").rglob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            text = record.get("text")
            if isinstance(text, str) and text:
                found.append((text, record.get("url") or "https://example.org/"))
    rows, size = [], 0
    while size < megabytes * 1e6:
        text, url = dice.choice(found)
        words = text.split(" ")
        for _ in range(1 + len(words) // 3):
            a, b = dice.randrange(len(words)), dice.randrange(len(words))
            words[a], words[b] = words[b], words[a]
        made = " ".join(words)
        rows.append((f"made-{len(rows)}", made, f"{url}?{len(rows)}"))
        size += len(made.encode())
    return pl.DataFrame(rows, schema=["id", "text", "url"], orient="row")


def write(table, path):
    """Write documents as JSON Lines; return megabytes of text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.write_ndjson(path)
    return megabytes_of(table)


def megabytes_of(table):
    """Return megabytes of text in UTF-8."""
    return int(table["text"].str.len_bytes().sum()) / 1e6


def with_copies(table, share=10):
    """Return the documents and, for one in so many, a copy with words exchanged."""
    from benchmarks.duplicates import plant

    copies = plant(table["text"].to_list(), len(table) // share)
    made = pl.DataFrame(
        {
            "id": [f"copy-{i}" for i in range(len(copies))],
            "text": copies,
            "url": [f"https://example.org/{i}" for i in range(len(copies))],
        }
    )
    return pl.concat([table, made])
