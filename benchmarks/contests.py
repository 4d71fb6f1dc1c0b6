"""Who is measured against whom, on what share of the documents.

A contender is a script of `benchmarks/contenders` and the environment it runs in. The
peers that would need an hour get a share of the documents (the first ones in the order
of a hash, so of every kind) and stand in the table with the rate they reach above their
start-up, which is measured by one document alone. Where peers get a share, this project
runs on that share too: small inputs are where it gains least.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from audit.annotate.language_model import find_model
from benchmarks import corpus, environments, measure, tables

HERE = Path(__file__).parent
ROOT = HERE.parent


class Contender(NamedTuple):
    """A script, the environment it runs in (None: this one), options, and its share.

    Attributes:
        share: of the contest's megabytes, what the contender reads.
    """

    script: str
    peer: str | None
    words: tuple[str, ...] = ()
    share: float = 1.0


class Started(NamedTuple):
    """A contender that is installed: its version, its documents, how to run it."""

    version: str
    size: float
    once: Callable[[], measure.Cost]
    on_one: Callable[[], measure.Cost]


class Contest(NamedTuple):
    """Contenders on the same documents; the first is what ratios refer to."""

    title: str
    contenders: dict[str, Contender]
    megabytes: float


# Of the whole job's documents, what peers read that need a second for a megabyte.
_PEERS_SHARE = 0.1


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
                "corpus-audit profile, the peers' share": Contender(
                    "own_job", None, share=_PEERS_SHARE
                ),
                "datatrove: language, MinHash, domain statistics": Contender(
                    "datatrove_job", "datatrove", model, _PEERS_SHARE
                ),
                "data-juicer: analyser, 6 operators": Contender(
                    "data_juicer_job", "data-juicer", model, _PEERS_SHARE
                ),
                "dolma: fastText tagger": Contender(
                    "dolma_job", "dolma", model, _PEERS_SHARE
                ),
            },
            500,
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
    one = folder / "one" / "one.jsonl"
    corpus.write(table.head(1), one)
    ready, missing = {}, {}
    for name, contender in contest.contenders.items():
        python, version = sys.executable, "this tree"
        if contender.peer:
            python, version = environments.python_of(contender.peer, options.cache)
        if python is None:
            missing[name] = version
            continue
        path, size = _share(table, folder, contender.share)
        ready[name] = Started(
            version,
            size,
            _runner(python, contender, folder, name, path),
            _runner(python, contender, folder, f"{name} one", one),
        )
    size = corpus.megabytes_of(table)
    print(f"{contest.title}: {len(table)} documents, {size:.1f} MB", flush=True)
    turns = max(2, min(options.runs, 3))
    idle = measure.alternate({n: s.on_one for n, s in ready.items()}, turns)
    costs = measure.alternate({n: s.once for n, s in ready.items()}, options.runs)
    head = [
        "contender", "version", "MB of text", "CPU s", "of it start-up", "wall s",
        "peak MB", "MB per CPU s above start-up", "CPU time of one MB, ours = 1",
        "whole process, ours on the same documents = 1",
    ]  # fmt: skip
    about = (
        f"{len(table):,} documents, {size:.1f} MB of text, {options.runs} runs each, "
        f"taking turns; middle (least–most). {tables.machine()}"
    )
    rows = _rows(costs, idle, ready)
    blank = [""] * (len(head) - 3)
    rows += [[n, "", f"not installed: {why}", *blank] for n, why in missing.items()]
    return f"{about}\n\n{tables.markdown(head, rows)}", folder, table


def _share(table, folder, share):
    """Write the first so many megabytes, if they are not there; path and megabytes."""
    path = folder / "documents" / f"{share:g}.jsonl"
    size = table["text"].str.len_bytes().cum_sum()
    part = table.filter(size <= share * size[-1])
    if not path.exists():
        corpus.write(part, path)
    return path, corpus.megabytes_of(part)


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


def _rows(costs, idle, ready):
    """Return the rows of contenders; ratios are of the same turn."""
    ours, spread = next(iter(costs)), measure.Spread.of
    start = {name: min(cost.cpu for cost in runs) for name, runs in idle.items()}
    # The first one on the same documents is this project's own.
    first = {}
    for name, made in ready.items():
        first.setdefault(made.size, name)

    def pace(name, cost):
        return max(cost.cpu - start[name], 1e-3) / ready[name].size

    rows = []
    for name, runs in costs.items():
        version, size = ready[name].version, ready[name].size
        failed = next((c for c in [*runs, *idle[name]] if c.code), None)
        if failed:
            rows.append([name, version, f"failed: {failed.told[:100]}", *[""] * 7])
            continue
        same = costs[first[size]]
        relative = [
            pace(name, a) / pace(ours, b)
            for a, b in zip(runs, costs[ours], strict=False)
        ]
        whole = [a.cpu / b.cpu for a, b in zip(runs, same, strict=False)]
        rows.append(
            [
                name,
                version,
                f"{size:,.1f}",
                spread([c.cpu for c in runs]).text(2),
                f"{start[name]:.2f}",
                spread([c.wall for c in runs]).text(1),
                f"{max(c.peak for c in runs):,.0f}",
                spread([1 / pace(name, c) for c in runs]).text(2),
                spread(relative).text(1),
                spread(whole).text(1),
            ]
        )
    return rows
