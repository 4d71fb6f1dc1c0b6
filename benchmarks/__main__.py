"""Measure, and write the tables that the docs quote.

    python -m benchmarks [job] [duplicates] [language] [limit] [growth] [guard]

Without a name all but the guard are run. ``--data FOLDER`` holds ``*.jsonl.zst``; the
sample corpora are multiplied where there is none. Tables are printed and put between
the markers ``<!-- bench:NAME -->`` of docs/benchmarks.md and README.md, unless
``--no-write``. ``guard`` compares kernels with their baseline and fails where one is
slower.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import contests, corpus, environments, measure, tables

NAMES = ("job", "duplicates", "language", "limit", "growth", "workers", "guard")


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
    parser.add_argument("--most", type=int, default=200_000, help="growth: documents")
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


def limit(given):
    """Measure the kernels and the whole job in turn."""
    from benchmarks import growth
    from benchmarks import limit as bare_kernels

    table = corpus.documents(given.data, given.megabytes)
    folder = Path(tempfile.mkdtemp(prefix="corpus-audit-bench-"))
    growth.spread_over(table, 4, folder / "data")
    paths = sorted((folder / "data").iterdir())
    corpus.write(table.head(20), folder / "few" / "few.jsonl")
    corpus.write(table.head(1), folder / "one" / "one.jsonl")
    env = {"PYTHONPATH": str(tables.ROOT)}
    bare_kernels.bare([folder / "few" / "few.jsonl"])
    spent = {stage: [] for stage in bare_kernels.STAGES}
    whole, idle = {"in-process": [], "local": []}, {"in-process": [], "local": []}
    for turn in range(given.runs):
        found, megabytes = bare_kernels.bare(paths)
        for stage in spent:
            spent[stage].append(found[stage])
        print(
            f"  {turn + 1}/{given.runs} kernels: {sum(found.values()):.2f}", flush=True
        )
        for runner in whole:
            one = growth.job([f"all={folder / 'one'}"], folder, env, runner)
            many = growth.job([f"all={folder / 'data'}"], folder, env, runner)
            if one.code or many.code:
                raise SystemExit(one.told if one.code else many.told)
            idle[runner].append(one)
            whole[runner].append(many)
            print(f"  {runner}: {many.cpu:.2f}, idle {one.cpu:.2f}", flush=True)
    text = bare_kernels.table(spent, megabytes, whole, idle)
    peak = max(cost.peak for costs in whole.values() for cost in costs)
    walls = measure.Spread.of([cost.wall for cost in idle["local"]]).text(1)
    return (
        f"{len(table):,} documents, {megabytes:.1f} MB of text, {given.runs} runs. "
        f"{tables.machine()}\n\n{text}\n\n"
        f"One tiny file from start to end: {walls} s of wall time (`local`). Largest "
        f"process of the whole job: {peak:,.0f} MB."
    )


def grow(given, what):
    """Measure growth, or workers."""
    from benchmarks import growth

    folder = Path(tempfile.mkdtemp(prefix="corpus-audit-bench-"))
    env = {"PYTHONPATH": str(tables.ROOT)}
    if what == "workers":
        text = growth.with_workers(given.data, folder, env, given.runs, given.megabytes)
    else:
        size = given.megabytes or 20
        text = growth.grown(
            given.data, folder, env, min(given.runs, 3), size, given.most
        )
    return f"{tables.machine()}\n\n{text}"


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
        if name in ("growth", "workers"):
            text = grow(given, name)
        else:
            text = limit(given) if name == "limit" else hold(name, given)
        print(f"\n{text}\n", flush=True)
        if not given.no_write:
            print(f"{tables.publish(name, text)} page(s) written", flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
