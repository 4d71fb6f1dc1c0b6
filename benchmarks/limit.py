"""The bare kernels, their distance from the whole job, and what lies between.

The limit is what the audit cannot do without: every kernel once over batches that lie
in memory already, on one thread. Set against it is the whole command on the same files,
as a process of its own; what it spends on a single tiny document is its start-up, told
apart. What is left between the two is told by the stages of the in-process loop.
"""

import time
from collections import defaultdict
from contextlib import contextmanager

from audit.batch import Batch
from audit.config import AuditConfig
from audit.job.toolbox import toolbox
from audit.kernels.hashing import content_hash
from audit.kernels.minhash import sign
from audit.kernels.shingle import shingle
from audit.read import LocalFileSystem, find_files, plan_splits, read_split
from benchmarks import measure, tables

STAGES = (
    "decode", "normalise (NFC)", "language", "tokens", "shingles and MinHash",
    "content hash", "URL split and source", "gazetteer", "damaged text", "fold",
)  # fmt: skip


@contextmanager
def _timed(spent, stage):
    before = time.process_time()
    yield
    spent[stage] += time.process_time() - before


def bare(paths):
    """Return CPU seconds by stage over all documents, and megabytes of text.

    Stages that wrap a kernel are called by the annotator that the job calls, so that a
    slow wrapper is seen as what it is: a distance from the kernel.
    """
    config = AuditConfig()
    tools, files = toolbox(config), LocalFileSystem()
    spent, size = defaultdict(float), 0
    accumulator = tools.fold.zero()
    source, signature, damage, culture = tools.annotators
    for split in plan_splits(find_files([str(p) for p in paths], files),
                             config.read, files):  # fmt: skip
        batches = iter(read_split(split, config.read, files))
        while True:
            with _timed(spent, "decode"):
                read = next(batches, None)
            if read is None:
                break
            if not read.documents.num_rows:
                continue
            batch = Batch(read.documents)
            with _timed(spent, "normalise (NFC)"):
                text = batch.text
            size += int(text.offsets[-1])
            with _timed(spent, "language"):
                named, batch.segments = tools.language.annotate_with_segments(batch)
            batch.columns.update(named)
            with _timed(spent, "tokens"):
                tokens = batch.tokens
            with _timed(spent, "shingles and MinHash"):
                sign(shingle(tokens))
            with _timed(spent, "content hash"):
                content_hash(*text)
            for annotator, stage in (
                (source, "URL split and source"),
                (damage, "damaged text"),
                (culture, "gazetteer"),
            ):
                with _timed(spent, stage):
                    batch.columns.update(annotator.annotate(batch))
            batch.columns.update(signature.annotate(batch))
            with _timed(spent, "fold"):
                tools.fold.add(accumulator, batch)
    return spent, size / 1e6


def table(spent, megabytes, whole, idle):
    """Return the Markdown table.

    Args:
        spent: lists of CPU seconds by stage, one a run.
        megabytes: of text.
        whole: lists of costs of the whole job by runner.
        idle: CPU seconds of a job on one document by runner.
    """
    sums = [sum(values) for values in zip(*spent.values(), strict=True)]
    limit = measure.Spread.of(sums).middle
    rows = []
    for stage in STAGES:
        spread = measure.Spread.of(spent[stage])
        rows.append(
            [stage, spread.text(2), f"{megabytes / max(spread.middle, 1e-4):,.0f}",
             f"{spread.middle / limit:.0%}"]
        )  # fmt: skip
    rows.append(
        ["**sum of the kernels**", measure.Spread.of(sums).text(2),
         f"{megabytes / limit:,.1f}", "100%"]
    )  # fmt: skip
    for name, costs in whole.items():
        start = idle[name]
        spread = measure.Spread.of([cost.cpu - start for cost in costs])
        rows.append([f"{name}: start-up", f"{start:.2f}", "", f"{start / limit:.0%}"])
        rows.append(
            [f"**{name}: above start-up**", spread.text(2),
             f"{megabytes / spread.middle:,.1f}", f"{spread.middle / limit:.0%}"]
        )  # fmt: skip
    head = ["stage", "CPU s", "MB per CPU s", "of the kernels' sum"]
    return tables.markdown(head, rows)


# What a stage is called in the table, in the order of the job; others by their name.
NAMES = {
    "scan": "first look, all kernels in it",
    "exact": "exact copies",
    "candidate": "candidate pairs",
    "look_again": "second look: candidates are read again",
    "verify": "similarity of candidates",
    "finish": "intervals and tables",
    "describe": "where duplicates lie",
    "detail": "tables of where duplicates lie",
    "page": "the page",
}


def stages_table(found, limit):
    """Return the Markdown table of what the whole job spends, stage by stage.

    Args:
        found: CPU seconds by stage of several runs, the whole among them.
        limit: CPU seconds of all kernels.
    """
    names = sorted({name for run in found for name in run} - {"whole"})
    known = list(NAMES)
    names.sort(key=lambda n: known.index(n) if n in known else len(known))
    rows = []

    def add(label, values):
        spread = measure.Spread.of(values)
        rows.append([label, spread.text(2), f"{spread.middle / limit:.1%}"])

    for name in names:
        label = NAMES.get(name, name.replace("_", " "))
        add(label, [run.get(name, 0.0) for run in found])
    add(
        "plan, shuffle, books, moving of files",
        [2 * run["whole"] - sum(run.values()) for run in found],
    )
    add("**the whole job**", [run["whole"] for run in found])
    head = ["stage of the in-process loop", "CPU s", "of the kernels' sum"]
    return tables.markdown(head, rows)
