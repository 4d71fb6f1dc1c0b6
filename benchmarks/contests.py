"""Who is measured against whom, on what share of the documents.

A contender is a script of `benchmarks/contenders` and the environment it runs in. The
peers that would need an hour get a share of the documents and stand in the table with
the rate they reach above their start-up, which is measured by one document alone.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from audit.annotate.language_model import find_model
from benchmarks import corpus, environments, measure, tables

HERE = Path(__file__).parent
ROOT = HERE.parent


class Contender(NamedTuple):
    """A script, the environment it runs in (None: this one) and its options."""

    script: str
    peer: str | None
    words: tuple[str, ...] = ()


class Contest(NamedTuple):
    """Contenders on the same documents; the first is what ratios refer to."""

    title: str
    contenders: dict[str, Contender]
    megabytes: float


def small_model():
    """Return the path of lid.176.ftz, as an installed package brings it."""
    return str(find_model("lid.176"))


def contests():
    """Return the contests by name."""
    model = ("--model", small_model())
    return {
        "job": Contest(
            "The whole job",
            {
                "corpus-audit profile": Contender("own_job", None),
                "datatrove: language, MinHash, domain statistics": Contender(
                    "datatrove_job", "datatrove", model
                ),
                "data-juicer: analyser, 6 operators": Contender(
                    "data_juicer_job", "data-juicer", model
                ),
                "dolma: fastText tagger": Contender("dolma_job", "dolma", model),
            },
            20,
        ),
        "duplicates": Contest(
            "Near-duplicates alone, reading and tokenising included",
            {
                "corpus-audit, verified": Contender("own_pairs", None),
                "gaoya, word 5-grams": Contender("gaoya_pairs", "gaoya"),
                "rensa, words, or characters without spaces": Contender(
                    "rensa_pairs", "rensa", ("--unit", "mixed")
                ),
                "rensa, words": Contender("rensa_pairs", "rensa"),
                "datasketch, words, or characters without spaces": Contender(
                    "datasketch_pairs", "datasketch", ("--unit", "mixed")
                ),
                "text-dedup": Contender("text_dedup_job", "text-dedup"),
                "datatrove, four stages": Contender("datatrove_minhash", "datatrove"),
            },
            20,
        ),
        "language": Contest(
            "Language of documents alone, reading included",
            {
                "corpus-audit": Contender("own_language", None),
                "corpus-audit with lid.176.ftz": Contender("own_language", None, model),
                "fasttext-wheel with lid.176.ftz": Contender(
                    "language_fasttext", "fasttext-wheel", model
                ),
                "pycld2": Contender("language_pycld2", "pycld2"),
                "py3langid": Contender("language_py3langid", "py3langid"),
            },
            60,
        ),
    }


def held(contest, options):
    """Hold a contest; return its table in Markdown and the last outputs' folders."""
    megabytes = options.megabytes or contest.megabytes
    table = corpus.documents(options.data, megabytes)
    if options.documents:
        table = table.head(options.documents)
    if contest.title.startswith("Near"):
        table = corpus.with_copies(table)
    folder = Path(tempfile.mkdtemp(prefix="corpus-audit-bench-"))
    path, one = folder / "documents" / "all.jsonl", folder / "one" / "one.jsonl"
    size = corpus.write(table, path)
    corpus.write(table.head(1), one)
    ready, versions, missing = {}, {}, {}
    for name, contender in contest.contenders.items():
        python, version = sys.executable, "this tree"
        if contender.peer:
            python, version = environments.python_of(contender.peer, options.cache)
        if python is None:
            missing[name] = version
            continue
        versions[name] = version
        ready[name] = _runner(python, contender, folder, name, path)
    starts = {
        name: _runner(
            *_python_and(contest.contenders[name], options), folder, f"{name} one", one
        )
        for name in ready
    }
    print(f"{contest.title}: {len(table)} documents, {size:.1f} MB", flush=True)
    idle = measure.alternate(starts, max(2, min(options.runs, 3)))
    costs = measure.alternate(ready, options.runs)
    rows = _rows(costs, idle, versions, missing, size)
    head = [
        "contender", "version", "CPU s", "of it start-up", "wall s", "peak MB",
        "MB per CPU s above start-up", "CPU time of one MB, ours = 1",
        "whole process, ours = 1",
    ]  # fmt: skip
    about = (
        f"{len(table):,} documents, {size:.1f} MB of text, {options.runs} runs each, "
        f"taking turns; middle (least–most). {tables.machine()}"
    )
    return f"{about}\n\n{tables.markdown(head, rows)}", folder, table


def _python_and(contender, options):
    python = sys.executable
    if contender.peer:
        python, _ = environments.python_of(contender.peer, options.cache)
    return python, contender


def _runner(python, contender, folder, name, path):
    """Return a function that runs a contender once on the documents of a file."""
    work = folder / "work" / "".join(c if c.isalnum() else "-" for c in name)
    script = HERE / "contenders" / f"{contender.script}.py"
    environment = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    if contender.peer is None:
        environment["PYTHONPATH"] = str(ROOT)

    def once():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        command = [python, script, path, work, *contender.words]
        return measure.run(command, work.parent / "log.txt", work, environment)

    return once


def _rows(costs, idle, versions, missing, size):
    ours = next(iter(costs))
    rows = []
    for name, runs in costs.items():
        if any(cost.code for cost in runs) or any(cost.code for cost in idle[name]):
            failed = next(c for c in [*runs, *idle[name]] if c.code)
            rows.append(
                [name, versions[name], f"failed: {failed.told[:100]}", *[""] * 6]
            )
            continue
        start = min(cost.cpu for cost in idle[name])
        own_start = min(cost.cpu for cost in idle[ours])
        above = [max(cost.cpu - start, 1e-3) for cost in runs]
        own = costs[ours]
        pairs = list(zip(runs, own, strict=False))
        relative = [
            max(a.cpu - start, 1e-3) / max(b.cpu - own_start, 1e-3) for a, b in pairs
        ]
        spread = measure.Spread.of
        rows.append(
            [
                name,
                versions[name],
                spread([c.cpu for c in runs]).text(2),
                f"{start:.2f}",
                spread([c.wall for c in runs]).text(1),
                f"{max(c.peak for c in runs):,.0f}",
                spread([size / a for a in above]).text(2),
                spread(relative).text(1),
                spread([a.cpu / b.cpu for a, b in pairs]).text(1),
            ]
        )
    rows += [[n, "", f"not installed: {why}", *[""] * 6] for n, why in missing.items()]
    return rows
