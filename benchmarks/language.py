"""Language identification beside its peers, on the same texts in the same run.

    python benchmarks/language.py DATA [--docs docs/language.md] [--peers FOLDER]

DATA is a folder with lid/train.parquet (its held-out rows are read), lid/udhr.parquet
and bulk/*.jsonl.zst. Peers are used where they are installed: fasttext-wheel, pycld2,
py3langid, lingua-language-detector, langdetect. Speeds are CPU time of one process.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import random
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import zstandard

from audit.annotate.fasttext_file import read_model
from audit.annotate.language import LanguageAnnotator
from audit.annotate.language_model import find_model, packaged_model
from audit.batch import Batch, TextBlock
from audit.kernels.fasttext import document_vectors, word_cache
from audit.kernels.fasttext_output import top_labels
from audit.measures.prevalence import corrected_prevalence
from audit.resources.build_language_calibration import (
    LENGTHS,
    composed,
    held_out_rows,
)
from audit.resources.build_language_calibration import documents as joined
from audit.resources.build_language_data import COPYLEFT, load
from audit.resources.build_language_model import plain_texts
from audit.resources.confusion import confusion_counts
from audit.resources.language_codes import macrolanguage, parse_label
from schemas.document import DOCUMENT

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"
SLOW = {"lingua": 1500, "langdetect": 1500}


def batch(texts: list[str]) -> Batch:
    n = len(texts)
    empty = [pa.nulls(n, pa.string())] * 4
    ids = pa.array([str(i) for i in range(n)])
    arrays = [ids, pa.array(texts, pa.large_string()), *empty, pa.array(range(n))]
    return Batch(pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT))


def documents(data: Path, most: int) -> pl.DataFrame:
    tables = []
    for path in sorted((data / "bulk").glob("*.zst"))[:1]:
        raw = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read()
        table = pl.read_ndjson(io.BytesIO(raw)).filter(
            pl.col("source") != "chinese-poetry"
        )
        tables.append(table.gather_every(max(1, len(table) // most)))
    return pl.concat(tables)


def cpu(function: Any, *args: Any) -> tuple[float, Any]:
    start = time.process_time()
    result = function(*args)
    return time.process_time() - start, result


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


def engines() -> dict[str, Any]:
    """Return name -> function from texts to codes, for each peer installed."""
    out: dict[str, Any] = {}
    ours, lid = LanguageAnnotator(), LanguageAnnotator("lid.176")
    out["corpus-audit"] = lambda texts: ours.annotate(batch(texts))[
        "language"
    ].to_pylist()
    out["corpus-audit, lid.176"] = lambda texts: lid.annotate(batch(texts))[
        "language"
    ].to_pylist()
    for name, make in (
        ("fasttext-wheel, lid.176", _fasttext),
        ("CLD2", _cld2),
        ("py3langid", _langid),
        ("lingua", _lingua),
        ("langdetect", _langdetect),
    ):
        try:
            out[name] = make()
        except ImportError as error:  # noqa: PERF203
            sys.stdout.write(f"{name}: not installed ({error})\n")
    return out


def _code(label: str) -> str:
    return parse_label(label)[0]


def _fasttext() -> Any:
    model = importlib.import_module("fasttext").load_model(str(find_model("lid.176")))
    return lambda texts: [
        _code(model.f.predict(t.replace("\n", " ") + "\n", 1, 0.0, "strict")[0][1])
        for t in texts
    ]


def _cld2() -> Any:
    cld2 = importlib.import_module("pycld2")

    def ask(text: str) -> str:
        try:
            return _code(cld2.detect(text, bestEffort=True)[2][0][1].split("-")[0])
        except cld2.error:
            return "und"

    return lambda texts: [ask(text) for text in texts]


def _langid() -> Any:
    langid = importlib.import_module("py3langid")
    return lambda texts: [_code(langid.classify(text)[0]) for text in texts]


def _lingua() -> Any:
    lingua = importlib.import_module("lingua")
    detector = lingua.LanguageDetectorBuilder.from_all_languages().build()

    def ask(text: str) -> str:
        found = detector.detect_language_of(text)
        return _code(found.iso_code_639_3.name.lower()) if found else "und"

    return lambda texts: [ask(text) for text in texts]


def _langdetect() -> Any:
    from audit.annotate.language_opinion import _ask

    return lambda texts: [_ask(text)[0] for text in texts]


def score(truth: list[str], said: list[str], sizes: list[int]) -> list[float]:
    """Return accuracy, macro F1 and accuracy by length, over macrolanguages.

    Peers that know the macrolanguage only are not marked down for it.
    """
    t = np.array([macrolanguage(code) for code in truth])
    s = np.array([macrolanguage(code) for code in said])
    right, n = t == s, np.array(sizes)
    f1 = []
    for code in np.unique(t):
        hits = float((right & (t == code)).sum())
        f1.append(2 * hits / ((t == code).sum() + (s == code).sum()))
    classes = ((n >= low) & (n <= high) for low, high in LENGTHS)
    lengths = [float(right[c].mean()) if c.any() else float("nan") for c in classes]
    return [float(right.mean()), float(np.mean(f1)), *lengths]


def table_of_engines(rows: pl.DataFrame, docs: list[str]) -> list[str]:
    texts, truth = rows["text"].to_list(), rows["language"].to_list()
    sizes = [len(text) for text in texts]
    megabytes = sum(len(text.encode()) for text in docs) / 1e6
    out = [
        "| engine | accuracy | macro F1 | <= 20 | 21-50 | 51-100 | > 100 | MB/s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, engine in engines().items():
        most = SLOW.get(name, len(texts))
        some = random.Random(1).sample(range(len(texts)), min(most, len(texts)))
        engine(docs[:20])
        said = engine([texts[i] for i in some])
        values = score([truth[i] for i in some], said, [sizes[i] for i in some])
        few = docs if name not in SLOW else docs[:100]
        seconds, _ = cpu(engine, few)
        share = sum(len(text.encode()) for text in few) / 1e6 / megabytes
        speed = megabytes * share / seconds
        cells = " | ".join(f"{value:.3f}" for value in values)
        out.append(f"| {name} | {cells} | {speed:.1f} |")
        sys.stdout.write(out[-1] + "\n")
        sys.stdout.flush()
    return out


def false_language(docs: pl.DataFrame) -> list[str]:
    """Return a table of text without language: how much of it is given one."""
    rng = random.Random(5)
    stdlib = Path(random.__file__).parent
    code = [p.read_text("utf-8", "ignore")[:3000] for p in sorted(stdlib.glob("*.py"))]
    fenced = [
        block.split("\n", 1)[1]
        for text in docs["text"].to_list()
        for block in text.split("```")[1::2]
        if "\n" in block and len(block) > 40
    ][:1500]
    tables = [
        "\n".join(
            " | ".join(f"{rng.random() * 10 ** rng.randint(0, 5):.2f}" for _ in "x" * 6)
            for _ in range(8)
        )
        for _ in range(300)
    ]
    hashes = [" ".join(rng.randbytes(20).hex() for _ in "x" * 4) for _ in range(300)]
    keys = [
        __import__("base64").b64encode(rng.randbytes(90)).decode() for _ in range(300)
    ]
    emoji = [
        " ".join(chr(rng.randint(0x1F300, 0x1F64F)) for _ in "x" * 8)
        for _ in range(300)
    ]
    annotator = LanguageAnnotator()
    out = ["| text | texts | zxx | und | eng | another |", "|---|---|---|---|---|---|"]
    for name, texts in (
        ("Python modules, docstrings and comments included", code),
        ("code blocks of manuals, unmarked", fenced),
        ("tables of numbers", tables),
        ("hexadecimal hashes", hashes),
        ("base64", keys),
        ("emoji", emoji),
    ):
        said = annotator.annotate(batch(texts))["language"].to_pylist()
        shares = [said.count(code) / len(said) for code in ("zxx", "und", "eng")]
        cells = " | ".join(f"{s:.3f}" for s in [*shares, max(0.0, 1 - sum(shares))])
        out.append(f"| {name} | {len(texts)} | {cells} |")
        sys.stdout.write(out[-1] + "\n")
    return out


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
    docs = documents(args.data, args.documents)
    texts = docs["text"].to_list()
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
        ("a dense .bin", args.bin or small_bin(texts), False),
    ):
        out.append(kernel_against_wheel(name, path, texts, plain))
        sys.stdout.write(out[-1] + "\n")
    table = load(args.data / "lid")
    odd = held_out_rows(table.filter(pl.col("part") == "ud_heldout"), even=False)
    known = LanguageAnnotator().model.languages
    odd = odd.filter(pl.col("language").is_in(known)).sample(
        fraction=1.0, seed=3, shuffle=True
    )
    account = json.loads(packaged_model().with_suffix(".json").read_bytes())
    unseen = held_out_rows(
        table.filter(
            (pl.col("part") != "train")
            & (
                (pl.col("family") != COPYLEFT)
                | pl.col("label").is_in(account["mostly_copyleft"])
            )
        ),
        even=False,
    )
    few = texts[:: max(1, len(texts) // 600)]
    out += [
        "",
        f"### Treebank sentences, {odd['language'].n_unique()} languages",
        "",
        f"{len(odd)} sentences of families that nothing was trained on "
        f"({', '.join(f'{k}: {v}' for k, v in SLOW.items())} of them for the slow "
        "engines); macrolanguages count as right. MB/s on whole documents.",
        "",
        *table_of_engines(odd, few),
        "",
        "### Text without language",
        "",
        *false_language(docs),
        "",
        han(unseen),
        "",
        "### Confidence and prevalence, on held-out text of all families",
        "",
        *reliability(unseen),
        "",
        mixtures(unseen),
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out += ["", f"Peak memory of this run, all engines: {peak >> 10} MB."]
    if args.docs:
        before, rest = args.docs.read_text("utf-8").split(BEGIN)
        after = rest.split(END)[1]
        body = "\n".join(out)
        args.docs.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
