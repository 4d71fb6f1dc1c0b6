"""How cost and memory grow: one dimension at a time, everything else held.

Each point is a whole command in a process of its own; the cost of a document is what
is spent above a job on a single document. A file of real documents is cut, joined and
copied until it has the shape that is asked for.
"""

import itertools
import shutil

import polars as pl

from benchmarks import corpus, measure, tables

LENGTHS = (100, 1_000, 10_000, 100_000, 1_000_000)
FILES = (1, 10, 100, 1_000, 10_000)
CORPORA = (1, 5, 20, 50)
WORKERS = (1, 2)
DOCUMENTS = (10_000, 50_000, 200_000, 1_000_000)


def job(words, folder, env, runner="local", workers=1):
    """Run the command over corpora; return its `Cost`."""
    import sys

    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    told = "import sys; from audit.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [
        sys.executable, "-c", told, "profile", *words, "--out", out, "--runner", runner,
        "--workers", str(workers), "--no-progress",
    ]  # fmt: skip
    return measure.run(command, folder / "log.txt", folder, env)


def of_length(texts, length, megabytes):
    """Return documents of about so many bytes: real texts joined and cut."""
    whole = "\n".join(itertools.islice(texts, 20_000)).encode()[: int(megabytes * 1e6)]
    cuts = [whole[i : i + length] for i in range(0, len(whole), length)]
    made = [cut.decode("utf-8", "ignore") for cut in cuts]
    return table_of(made)


def table_of(texts):
    """Return texts as documents with ids and addresses."""
    return pl.DataFrame(
        {
            "id": [f"d{i}" for i in range(len(texts))],
            "text": texts,
            "url": [f"https://example.org/{i % 97}/{i}" for i in range(len(texts))],
        }
    )


def copies(table, documents):
    """Return so many documents: real ones, then copies with a word of their own."""
    times = -(-documents // len(table))
    parts = [
        table.with_columns(
            id=pl.col("id") + f"-{i}",
            text=pl.lit(f"copy {i} of {i * 7919} ") + pl.col("text"),
        )
        if i
        else table
        for i in range(times)
    ]
    return pl.concat(parts).head(documents)


def spread_over(table, count, folder):
    """Write documents as so many files of one folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    step = max(1, -(-len(table) // count))
    for i in range(min(count, len(table))):
        part = table.slice(i * step, step)
        if len(part):
            part.write_ndjson(folder / f"part-{i:05d}.jsonl")


def measured(table, folder, env, runs, label, words=None, **how):
    """Return a row: documents, MB, CPU s, microseconds a document, MB/CPU s, memory."""
    size = corpus.megabytes_of(table)
    costs = [
        job(words or [f"all={folder / 'data'}"], folder, env, **how)
        for _ in range(runs)
    ]
    if any(cost.code for cost in costs):
        return [
            label,
            f"{len(table):,}",
            f"{size:.1f}",
            f"failed: {costs[-1].told[:80]}",
        ]
    one = _idle(folder, env, **how)
    above = measure.Spread.of([max(cost.cpu - one, 1e-3) for cost in costs])
    print(f"  {label}: {above.text(2)} CPU s above start-up", flush=True)
    return [
        label,
        f"{len(table):,}",
        f"{size:.1f}",
        measure.Spread.of([cost.cpu for cost in costs]).text(2),
        measure.Spread.of([cost.wall for cost in costs]).text(1),
        f"{above.middle / len(table) * 1e6:,.0f}",
        f"{size / above.middle:,.1f}",
        f"{max(cost.peak for cost in costs):,.0f}",
    ]


_IDLE = {}


def _idle(folder, env, **how):
    key = tuple(sorted(how.items()))
    if key not in _IDLE:
        one = folder / "one"
        one.mkdir(exist_ok=True)
        (one / "a.jsonl").write_text('{"text": "One short document."}\n', "ascii")
        _IDLE[key] = min(job([f"all={one}"], folder, env, **how).cpu for _ in range(2))
    return _IDLE[key]


HEAD = [
    "documents", "MB", "CPU s", "wall s", "us per document above start-up",
    "MB per CPU s above start-up", "peak MB",
]  # fmt: skip


def grown(data, folder, env, runs, megabytes=20, most=DOCUMENTS[-1]):
    """Return Markdown: a table for each dimension."""
    table = corpus.documents(data, megabytes)
    texts = table["text"].to_list()
    out = []

    def section(title, first, rows):
        rows = [row + [""] * (len(HEAD) + 1 - len(row)) for row in rows]
        out.append(f"**{title}**\n\n{tables.markdown([first, *HEAD], rows)}")

    rows = []
    for length in LENGTHS:
        made = of_length(texts, length, megabytes if length > 500 else megabytes / 4)
        spread_over(made, 1, folder / "data")
        rows.append(measured(made, folder, env, runs, f"{length:,} B"))
    section("By length of document", "length", rows)
    rows = []
    for count in FILES:
        some = table if len(table) >= count else copies(table, count)
        spread_over(some, count, folder / "data")
        rows.append(measured(some, folder, env, runs, f"{count:,}"))
    section("By number of files", "files", rows)
    rows = []
    for count in CORPORA:
        spread_over(table, count, folder / "data")
        parts = sorted((folder / "data").iterdir())
        words = [f"c{i}={path}" for i, path in enumerate(parts)]
        rows.append(measured(table, folder, env, runs, f"{count}", words))
    section("By number of corpora in one job", "corpora", rows)
    rows = []
    base = table.filter(pl.col("text").str.len_bytes() < 4000)
    for count in (n for n in DOCUMENTS if n <= most):
        some = copies(base, count)
        spread_over(some, 8, folder / "data")
        rows.append(measured(some, folder, env, 1, f"{count:,}"))
    section("By number of documents (copies of real ones)", "documents wanted", rows)
    shutil.rmtree(folder / "data", ignore_errors=True)
    return "\n\n".join(out)


def with_workers(data, folder, env, runs, megabytes=None):
    """Return Markdown: one worker and two on all there is."""
    table = corpus.documents(data, megabytes)
    spread_over(table, 8, folder / "data")
    rows = [
        measured(table, folder, env, runs, f"{count}", workers=count)
        for count in WORKERS
    ]
    return tables.markdown(["workers", *HEAD], rows)
