"""How cost and memory grow: one dimension at a time, everything else held.

In: the name of a dimension and real documents, which are cut, joined and copied until
they have the shape that is asked for. Out: a table, and a chart of CPU time a megabyte
and of memory. Each point is a whole command in a process of its own; its cost is what
is spent above a job on a single document.
"""

import itertools
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import polars as pl

from benchmarks import chart, corpus, measure, tables

LENGTHS = (100, 1_000, 10_000, 100_000, 1_000_000)
FILES = (1, 100, 1_000, 10_000)
CORPORA = (1, 5, 20, 50)
DOCUMENTS = (10_000, 100_000, 1_000_000, 5_000_000)
# Bytes of a document where it is their number that grows.
_SHORT = 300
_PART = 100_000
HEAD = [
    "documents", "MB", "CPU s", "wall s", "µs per document above start-up",
    "MB per CPU s above start-up", "peak MB",
]  # fmt: skip


class Point(NamedTuple):
    """What jobs of one shape cost."""

    value: float | str
    documents: int
    megabytes: float
    costs: list[measure.Cost]
    idle: float

    @property
    def failed(self):
        """What a run said that failed, "" if none did."""
        return next((cost.told[:80] for cost in self.costs if cost.code), "")

    @property
    def above(self):
        """CPU seconds above start-up, in the middle."""
        costs = [max(cost.cpu - self.idle, 1e-3) for cost in self.costs]
        return measure.Spread.of(costs).middle

    @property
    def peak(self):
        """Megabytes of the largest process of all runs."""
        return max(cost.peak for cost in self.costs)

    @property
    def name(self):
        """What the point is called in the table."""
        return self.value if isinstance(self.value, str) else f"{self.value:,}"

    def row(self):
        """Return the row of the table."""
        start = [
            self.name,
            f"{self.documents:,}",
            f"{self.megabytes:,.1f}",
        ]
        if self.failed:
            return [*start, f"failed: {self.failed}", *[""] * 4]
        return [
            *start,
            measure.Spread.of([cost.cpu for cost in self.costs]).text(2),
            measure.Spread.of([cost.wall for cost in self.costs]).text(1),
            f"{self.above / self.documents * 1e6:,.0f}",
            f"{self.megabytes / self.above:,.1f}",
            f"{self.peak:,.0f}",
        ]


class Bench:
    """Runs jobs over documents that it writes.

    Args:
        folder: where to work.
        runs: of each point.
    """

    def __init__(self, folder, runs):
        self.folder, self.runs = Path(folder), runs
        self.data = self.folder / "data"
        self._idle = {}

    def job(self, words, runner="local", workers=1):
        """Run the command over corpora; return its `Cost`.

        Args:
            words: the corpora, and options.
            runner: name of the runner; None where the words say it.
            workers: how many.
        """
        return self._run(self.folder, words, runner, workers)

    def beside(self, words, number):
        """Run a job with one worker in a folder of its own; return its `Cost`."""
        folder = self.folder / f"beside-{number}"
        folder.mkdir(exist_ok=True)
        return self._run(folder, words, "local", 1)

    def _run(self, folder, words, runner, workers):
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        told = "from audit.cli import entry_point; entry_point()"
        command = [
            sys.executable, "-c", told, "profile", "--out", out, "--no-progress",
            *(["--runner", runner, "--workers", str(workers)] if runner else []),
            *words,
        ]  # fmt: skip
        environment = {"PYTHONPATH": str(tables.ROOT)}
        cost = measure.run(command, folder / "log.txt", folder, environment)
        shutil.rmtree(out, ignore_errors=True)
        return cost

    def idle(self, **how):
        """Return CPU seconds of a job on one short document."""
        key = tuple(sorted(how.items()))
        if key not in self._idle:
            one = self.folder / "one"
            one.mkdir(exist_ok=True)
            (one / "a.jsonl").write_text('{"text": "One short document."}\n', "ascii")
            costs = [self.job([f"all={one}"], **how) for _ in range(3)]
            if any(cost.code for cost in costs):
                raise SystemExit(costs[-1].told)
            # The first may compile.
            self._idle[key] = min(cost.cpu for cost in costs[1:])
        return self._idle[key]

    def point(self, value, documents, megabytes, words=None, **how):
        """Run the job of one shape and return what it cost."""
        words = words or [f"all={self.data}"]
        costs = [self.job(words, **how) for _ in range(self.runs)]
        found = Point(value, documents, megabytes, costs, self.idle(**how))
        said = found.failed or f"{found.above:.2f} CPU s, {found.peak:,.0f} MB"
        print(f"  {found.name}: {said}", flush=True)
        return found


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
            "url": [f"https://site{i % 997}.org/{i}" for i in range(len(texts))],
        }
    )


def spread_over(table, count, folder):
    """Write documents as so many files of one folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    step = max(1, -(-len(table) // count))
    for i in range(min(count, len(table))):
        part = table.slice(i * step, step)
        if len(part):
            part.write_ndjson(folder / f"part-{i:05d}.jsonl")


def by_length(bench, table, megabytes):
    """Yield points by bytes of a document."""
    texts = table["text"].to_list()
    for length in LENGTHS:
        made = of_length(texts, length, megabytes if length > 500 else megabytes / 4)
        spread_over(made, 1, bench.data)
        yield bench.point(length, len(made), corpus.megabytes_of(made))


def by_files(bench, table, megabytes):
    """Yield points by number of files."""
    short = of_length(table["text"].to_list(), 2_000, megabytes)
    for count in FILES:
        spread_over(short, count, bench.data)
        yield bench.point(count, len(short), corpus.megabytes_of(short))


def by_corpora(bench, table, megabytes):  # noqa: ARG001 one signature for all
    """Yield points by number of corpora in one job."""
    for count in CORPORA:
        spread_over(table, count, bench.data)
        parts = sorted(bench.data.iterdir())
        words = [f"c{i}={path}" for i, path in enumerate(parts)]
        size = corpus.megabytes_of(table)
        yield bench.point(count, len(table), size, words)


def by_documents(bench, table, megabytes, most=DOCUMENTS[-1]):  # noqa: ARG001 likewise
    """Yield points by number of short documents."""
    base = of_length(table["text"].to_list(), _SHORT, 1e9)
    shutil.rmtree(bench.data, ignore_errors=True)
    bench.data.mkdir(parents=True)
    written, size, parts = 0, 0.0, []
    for count in (n for n in DOCUMENTS if n <= most):
        while written < count:
            if not parts:
                stride = written // len(base) + 1
                copy = corpus.reordered(base, stride) if stride > 1 else base
                parts = list(copy.iter_slices(_PART))
            part = parts.pop(0)
            rest = part.slice(count - written)
            if len(rest):
                part = part.head(count - written)
                parts.insert(0, rest)
            size += corpus.write(part, bench.data / f"part-{written:08d}.jsonl")
            written += len(part)
        yield bench.point(count, written, size)


DIMENSIONS = {
    "lengths": ("length in bytes", by_length),
    "files": ("files", by_files),
    "corpora": ("corpora", by_corpora),
    "documents": ("documents", by_documents),
}


def grown(name, table, bench, megabytes, most):
    """Return Markdown of one dimension, and its chart as SVG."""
    title, points_of = DIMENSIONS[name]
    how = {"most": most} if name == "documents" else {}
    points = list(points_of(bench, table, megabytes, **how))
    shutil.rmtree(bench.data, ignore_errors=True)
    good = [point for point in points if not point.failed]
    rows = [
        {
            "x": point.value,
            "CPU ms a MB": 1e3 * point.above / point.megabytes,
            "peak MB": point.peak,
        }
        for point in good
    ]
    text = tables.markdown([title, *HEAD], [point.row() for point in points])
    return text, chart.lines(rows, "x", title, ("CPU ms a MB", "peak MB"))
