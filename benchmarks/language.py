"""Language identification beside its peers, on the same texts in the same run.

    python -m benchmarks.language DATA [--docs docs/language.md] [--peers FOLDER]

DATA is a folder with lid/train.parquet (its held-out rows are read), lid/udhr.parquet
and bulk/*.jsonl.zst. The engines are those of `benchmarks.language_engines`. Speeds are
CPU time of one process.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import zstandard

from audit.annotate.fasttext_file import read_model
from audit.annotate.language import LanguageAnnotator
from audit.annotate.language_model import find_model, packaged_model
from audit.batch import TextBlock
from audit.kernels.fasttext import document_vectors, word_cache
from audit.kernels.fasttext_output import top_labels
from audit.measures.prevalence import corrected_prevalence
from audit.resources.build_language_calibration import (
    composed,
    held_out_rows,
)
from audit.resources.build_language_calibration import documents as joined
from audit.resources.build_language_data import COPYLEFT, load
from audit.resources.build_language_lines import plain_texts
from audit.resources.confusion import confusion_counts
from benchmarks.language_engines import SLOW, batch, cpu, table_of_engines

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"


def documents(data: Path, most: int) -> pl.DataFrame:
    tables = []
    for path in sorted((data / "bulk").glob("*.zst"))[:1]:
        raw = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read()
        table = pl.read_ndjson(io.BytesIO(raw)).filter(
            pl.col("source") != "chinese-poetry"
        )
        tables.append(table.gather_every(max(1, len(table) // most)))
    return pl.concat(tables)


def kernel_against_wheel(name: str, path: Path, texts: list[str], plain: bool) -> str:
    """Return a table row: CPU ratio and equal labels against fasttext-wheel."""
    fasttext = importlib.import_module("fasttext")
    model, oracle = read_model(path), fasttext.load_model(str(path))
    half = len(texts) // 2
    blocks = [TextBlock(*composed(part)) for part in (texts[:half], texts[half:])]
    texts = texts[half:]
    megabytes = int(blocks[1].offsets[-1]) / 1e6
    if plain:
        from audit.annotate.language_model import _table
        from audit.kernels.plain import plain_words

        said = plain_texts(texts)
    else:
        said = [text.replace("\n", " ") for text in texts]

    def ours(block: TextBlock, cache: Any) -> Any:
        data, offsets = (
            plain_words(block.data, block.offsets, _table()) if plain else block
        )
        hidden, counts = document_vectors(model.network, cache, data, offsets)
        return top_labels(model.output, hidden, counts)

    times = {"cold": [], "later": []}
    for _ in range(3):
        cold, warm = word_cache(model.network.dim), word_cache(model.network.dim)
        mine = cpu(ours, blocks[1], cold)
        times["cold"].append(mine[0])
        ours(blocks[0], warm)
        times["later"].append(cpu(ours, blocks[1], warm)[0])
    cold_time, later = min(times["cold"]), min(times["later"])
    theirs = cpu(lambda: [oracle.f.predict(t + "\n", 1, 0.0, "strict") for t in said])
    best = mine[1][0][:, 0]
    equal = [
        (model.labels[b] if b >= 0 else "") == (answer[0][1] if answer else "")
        for b, answer in zip(best.tolist(), theirs[1], strict=True)
    ]
    return (
        f"| {name} | {len(texts)} | {megabytes / cold_time:.0f} | "
        f"{megabytes / later:.0f} | {megabytes / theirs[0]:.1f} | "
        f"{theirs[0] / cold_time:.1f} | {theirs[0] / later:.1f} | "
        f"{100 * np.mean(equal):.2f} % |"
    )


def small_bin(texts: list[str]) -> Path:
    """Return a dense hierarchical-softmax model trained on the first texts."""
    fasttext = importlib.import_module("fasttext")
    folder = Path(tempfile.mkdtemp())
    annotator = LanguageAnnotator("lid.176")
    labels = annotator.annotate(batch(texts[:1500]))["language"].to_pylist()
    lines = (
        f"__label__{label} {text.replace(chr(10), ' ')[:1000]}\n"
        for label, text in zip(labels, texts[:1500], strict=True)
    )
    (folder / "train.txt").write_text("".join(lines), "utf-8")
    model = fasttext.train_supervised(
        str(folder / "train.txt"), dim=16, minn=2, maxn=4, bucket=200_000, thread=1,
        epoch=3, loss="hs", verbose=0,
    )  # fmt: skip
    model.save_model(str(folder / "small.bin"))
    return folder / "small.bin"


def reliability(rows: pl.DataFrame) -> list[str]:
    """Return a table of stated confidence and observed accuracy."""
    annotator = LanguageAnnotator(threshold=0)
    known = rows.filter(pl.col("language").is_in(annotator.model.languages))
    named = annotator.name_texts(composed(known["text"].to_list()))
    said = np.array(annotator.languages)[named.language]
    right = said == known["language"].to_numpy()
    out = ["| stated confidence | texts | mean stated | right |", "|---|---|---|---|"]
    for low, high in pairwise((0, 0.3, 0.5, 0.7, 0.9, 0.99, 1.001)):
        some = (named.confidence >= low) & (named.confidence < high)
        out.append(
            f"| {low} to {min(high, 1)} | {int(some.sum())} | "
            f"{named.confidence[some].mean():.3f} | {right[some].mean():.3f} |"
        )
    return out


def mixtures(rows: pl.DataFrame) -> str:
    """Return a line on 100 mixtures with known shares, and documents by language."""
    annotator = LanguageAnnotator()
    known = rows.filter(pl.col("language").is_in(annotator.model.languages))
    truth, texts = joined(known)
    named = annotator.name_texts(composed(texts))
    codes = list(annotator.languages)
    number = {code: i for i, code in enumerate(codes)}
    by_language: dict[str, list[int]] = {}
    for code, taken in zip(truth, named.language.tolist(), strict=True):
        by_language.setdefault(code, []).append(taken)
    right = np.mean(
        [number[c] == t for c, t in zip(truth, named.language, strict=True)]
    )
    pool = sorted(code for code, taken in by_language.items() if len(taken) >= 5)
    rng, confusion = np.random.default_rng(1), confusion_counts(codes)
    covered, asked = 0, 0
    for _ in range(100):
        some = rng.choice(pool, 40, replace=False)
        sizes = rng.multinomial(5000, rng.dirichlet([0.4] * 40))
        counts = np.zeros(len(codes), np.int64)
        for code, size in zip(some, sizes, strict=True):
            np.add.at(counts, rng.choice(by_language[code], size), 1)
        found = corrected_prevalence(counts, confusion, draws=60)
        for code, size in zip(some, sizes / 5000, strict=True):
            if size > 0.005:
                asked += 1
                covered += found.low[number[code]] <= size <= found.high[number[code]]
    return (
        f"Texts of document length (about 400 characters), {len(texts)} in "
        f"{len(by_language)} languages: {100 * right:.1f} % right. In 100 mixtures of "
        f"40 of these languages, the 95 % interval of the corrected share covers the "
        f"truth for {100 * covered / asked:.1f} % of the {asked} shares over 0.5 %."
    )


def han(rows: pl.DataFrame) -> str:
    """Return a line on Simplified and Traditional told apart."""
    table = rows.filter(
        pl.col("script").is_in(["Hans", "Hant"])
        & (pl.col("language") == "cmn")
        & (pl.col("text").str.len_chars() >= 50)
    )
    annotator = LanguageAnnotator()
    texts = table["text"].to_list()
    columns = annotator.annotate(batch(texts))
    writing = annotator.name_texts(composed(texts)).writing
    marked = (writing.simplified + writing.traditional) > 0
    right = np.array(columns["script"].to_pylist()) == table["script"].to_numpy()
    share = 100 * right[marked].mean()
    return (
        f"Simplified or Traditional, {int(marked.sum())} texts of 50 characters or "
        f"more with a distinguishing character: {share:.2f} % right."
    )


def kernels(texts: list[str], dense: Path | None) -> list[str]:
    """Return the table of the kernel beside the wheel, a model a row."""
    out = [
        "### Kernel against fasttext-wheel, whole documents",
        "",
        "First batch: the word cache is empty. Later: it has read as many other "
        "documents before, as in a corpus of more than one batch.",
        "",
        "| model | documents | first batch MB/s | later MB/s | wheel MB/s | "
        "ratio, first batch | ratio, later | equal labels |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, path, plain in (
        ("packaged model (folding included)", packaged_model(), True),
        ("lid.176.ftz", find_model("lid.176"), False),
        ("a dense .bin", dense or small_bin(texts), False),
    ):
        out.append(kernel_against_wheel(name, path, texts, plain))
        sys.stdout.write(out[-1] + "\n")
    return out


def sentences(table: pl.DataFrame) -> pl.DataFrame:
    """Return treebank sentences of known languages that nothing was fitted to."""
    odd = held_out_rows(table.filter(pl.col("part") == "ud_heldout"), even=False)
    known = LanguageAnnotator().model.languages
    return odd.filter(pl.col("language").is_in(known)).sample(
        fraction=1.0, seed=3, shuffle=True
    )


def unseen_rows(table: pl.DataFrame) -> pl.DataFrame:
    """Return the held-out rows of all families that the packaged model was made of."""
    account = json.loads(packaged_model().with_suffix(".json").read_bytes())
    free = pl.col("family") != COPYLEFT
    taken = free | pl.col("label").is_in(account["mostly_copyleft"])
    return held_out_rows(table.filter((pl.col("part") != "train") & taken), even=False)


def engines(odd: pl.DataFrame, few: list[str], peers: str) -> list[str]:
    """Return the section of engines side by side."""
    slow = ", ".join(f"{name}: {count}" for name, count in SLOW.items())
    return [
        f"### Treebank sentences, {odd['language'].n_unique()} languages",
        "",
        f"{len(odd)} sentences of treebanks, of which nothing was trained on; the half "
        f"that nothing was fitted to ({slow} of them for the slow "
        "engines); macrolanguages count as right. MB/s of CPU time on whole documents; "
        "MB of memory at the peak of a process of its own.",
        "",
        *table_of_engines(odd, few, peers),
    ]


def write(out: list[str], docs: Path) -> None:
    """Put the sections between the markers of a page."""
    before, rest = docs.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    body = "\n".join(out)
    docs.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--peers", type=Path, help="folder with installed peers")
    parser.add_argument("--documents", type=int, default=4000)
    parser.add_argument("--bin", type=Path, help="a dense model instead of a small one")
    args = parser.parse_args()
    if args.peers:
        sys.path.append(str(args.peers))
    texts = documents(args.data, args.documents)["text"].to_list()
    table = load(args.data / "lid")
    out = kernels(texts, args.bin)
    few = texts[:: max(1, len(texts) // 600)]
    unseen = unseen_rows(table)
    out += ["", *engines(sentences(table), few, str(args.peers or "")), ""]
    out += [han(unseen), ""]
    out += ["### Confidence and prevalence, on held-out text of all families", ""]
    out += [*reliability(unseen), "", mixtures(unseen)]
    if args.docs:
        write(out, args.docs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
