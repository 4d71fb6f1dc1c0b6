"""Measure, and write the tables that the docs quote.

    python -m benchmarks [NAME...]

Without a name all but the guard are run. ``--data FOLDER`` holds ``*.jsonl.zst``; the
sample corpora are multiplied where there is none. Tables are printed and put between
the markers ``<!-- bench:NAME -->`` of docs/benchmarks.md and README.md, unless
``--no-write``. ``guard`` compares kernels with their baseline and fails where one is
slower.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import contests, corpus, environments, measure, tables

CONTESTS = ("job", "duplicates", "language")
GROWTH = ("lengths", "files", "corpora", "documents")
# Megabytes of text in one job whose memory is measured.
_LARGE = 865
NAMES = (*CONTESTS, "limit", "start", "workers", "modes", "memory", *GROWTH, "guard")


def options():
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--data", type=Path, help="folder of *.jsonl.zst")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--documents", type=int, help="at most so many")
    parser.add_argument("--megabytes", type=float, help="of text, at most")
    parser.add_argument("--most", type=int, default=5_000_000, help="documents: most")
    parser.add_argument("--points", type=int, default=3, help="growth: runs of each")
    parser.add_argument("--work", type=Path, help="folder for what is made")
    parser.add_argument("--cache", type=Path, default=environments.CACHE)
    parser.add_argument("--no-write", action="store_true")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {NAMES}")
    given.names = given.names or [name for name in NAMES if name != "guard"]
    return given


def hold(name, given):
    """Hold a contest and return its text."""
    contest = contests.contests()[name]
    text, folder, table = contests.held(contest, given)
    if name == "duplicates":
        from benchmarks.quality import judged

        text += "\n\n" + judged(folder / "work", table, list(contest.contenders))
    return text


def _bench(given):
    """Return a bench in a folder of its own."""
    from benchmarks import growth

    folder = given.work or tempfile.gettempdir()
    return growth.Bench(
        tempfile.mkdtemp(prefix="corpus-audit-bench-", dir=folder), given.runs
    )


def limit(given):
    """Measure the kernels, the whole job and its stages in turn."""
    from benchmarks import growth
    from benchmarks import limit as bare_kernels

    table, bench = corpus.documents(given.data, given.megabytes), _bench(given)
    growth.spread_over(table, 8, bench.data)
    paths = sorted(bench.data.iterdir())
    few = bench.folder / "few" / "few.jsonl"
    corpus.write(table.head(20), few)
    told, n_docs = tables.machine(), len(table)
    del table
    bare_kernels.bare([few])
    spent = {stage: [] for stage in bare_kernels.STAGES}
    whole, idle = {"in-process": [], "local": []}, {}
    stages = []
    for turn in range(given.runs):
        found, megabytes = bare_kernels.bare(paths)
        for stage in spent:
            spent[stage].append(found[stage])
        print(f"  {turn + 1} kernels: {sum(found.values()):.2f}", flush=True)
        for runner in whole:
            cost = bench.job([f"all={bench.data}"], runner)
            if cost.code:
                raise SystemExit(cost.told)
            whole[runner].append(cost)
            idle[runner] = bench.idle(runner=runner)
            print(f"  {runner}: {cost.cpu:.2f}, idle {idle[runner]:.2f}", flush=True)
        stages.append(_stages(bench))
    shutil.rmtree(bench.folder)
    text = bare_kernels.table(spent, megabytes, whole, idle)
    kernels = measure.Spread.of([sum(run) for run in zip(*spent.values(), strict=True)])
    peaks = ", ".join(
        f"{max(cost.peak for cost in costs):,.0f} MB (`{runner}`)"
        for runner, costs in whole.items()
    )
    return (
        f"{n_docs:,} documents, {megabytes:.1f} MB of text, {given.runs} run(s). "
        f"{told}\n\n{text}\n\nLargest process of the whole job: {peaks}. Where the "
        "CPU seconds of the in-process loop go, once all is loaded:\n\n"
        f"{bare_kernels.stages_table(stages, kernels.middle)}"
    )


def _stages(bench):
    """Return CPU seconds by stage, from a process of its own."""
    words = [sys.executable, "-m", "benchmarks.stages", bench.data, bench.folder]
    cost = measure.run(words, bench.folder / "log.txt", tables.ROOT)
    if cost.code:
        raise SystemExit((bench.folder / "log.txt").read_text("utf-8")[-2000:])
    return json.loads(cost.told)


def start(given):
    """Measure what answers at once should: help, and one tiny file."""
    bench = _bench(given)
    one = bench.folder / "one.jsonl"
    one.write_text('{"text": "One short document."}\n', "ascii")
    program = "import sys; from audit.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {"PYTHONPATH": str(tables.ROOT)}

    def answer():
        words = [sys.executable, "-c", program, "--help"]
        return measure.run(words, bench.folder / "log.txt", None, environment)

    bench.job([str(one)])
    costs = measure.alternate(
        {
            "`corpus-audit --help`": answer,
            "one tiny file, `--runner local`": lambda: bench.job([str(one)], workers=2),
            "one tiny file, `--runner in-process`": lambda: bench.job(
                [str(one)], "in-process"
            ),
        },
        given.runs,
    )
    shutil.rmtree(bench.folder)
    spread = measure.Spread.of
    rows = [
        [
            name,
            spread([cost.wall for cost in found]).text(2),
            spread([cost.cpu for cost in found]).text(2),
            f"{max(cost.peak for cost in found):,.0f}",
        ]
        for name, found in costs.items()
    ]
    head = ["command, from start to end", "wall s", "CPU s", "peak MB"]
    return f"{given.runs} runs. {tables.machine()}\n\n{tables.markdown(head, rows)}"


def memory(given):
    """Measure the largest process of one large job, by runner and workers."""
    from benchmarks import growth

    table, bench = (
        corpus.documents(given.data, given.megabytes or _LARGE),
        _bench(given),
    )
    growth.spread_over(table, 8, bench.data)
    size, n_docs = corpus.megabytes_of(table), len(table)
    del table
    bench.runs = min(given.runs, given.points)
    points = [
        bench.point(f"`--runner {runner} --workers {count}`", n_docs, size,
                    runner=runner, workers=count)
        for runner, count in (("local", 2), ("local", 1), ("in-process", 2))
    ]  # fmt: skip
    shutil.rmtree(bench.folder)
    text = tables.markdown(["job", *growth.HEAD], [point.row() for point in points])
    return f"{bench.runs} run(s) of each. {tables.machine()}\n\n{text}"


def grow(given, name):
    """Measure growth along one dimension, workers, or modes."""
    from benchmarks import growth, modes, workers

    bench = _bench(given)
    size = given.megabytes or (20 if name in growth.DIMENSIONS else None)
    table = corpus.documents(given.data, size)
    if name == "modes":
        text = modes.compared(table, bench)
    elif name == "workers":
        text = f"{tables.machine()}\n\n{workers.compared(table, bench)}"
    else:
        bench.runs = min(given.runs, given.points)
        text, svg = growth.grown(name, table, bench, size, given.most)
        image = f"images/growth-{name}.svg"
        if not given.no_write:
            tables.write_image(image, svg)
        text = (
            f"{bench.runs} run(s) of each point. {tables.machine()}\n\n{text}\n\n"
            f"![CPU time a megabyte and memory by {name}]({image})"
        )
    shutil.rmtree(bench.folder)
    return text


WORK = {
    "limit": limit,
    "start": start,
    "memory": memory,
    **{name: lambda given, name=name: hold(name, given) for name in CONTESTS},
}


def main():
    """Run what was asked for."""
    given, failed = options(), False
    for name in given.names:
        print(f"== {name}", flush=True)
        if name == "guard":
            from benchmarks import guard

            text, good = guard.report()
            print(text, flush=True)
            failed |= not good
            continue
        text = WORK.get(name, lambda g, name=name: grow(g, name))(given)
        print(f"\n{text}\n", flush=True)
        if not given.no_write:
            print(f"{tables.publish(name, text)} page(s) written", flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
