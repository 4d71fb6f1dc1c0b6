"""Local runners side by side: which mode of Beam's in-process runner is the default.

In: documents as files of one folder. Out: a table of CPU and wall seconds and memory.
Each run is a process of its own with a fresh output folder; the first round fills
caches and is not counted.
"""

import shutil

from benchmarks import corpus, growth, measure, tables

MODES = {
    "in-process loop, 1 worker": ["--runner", "in-process", "--workers", "1"],
    "in-process loop, 2 workers": ["--runner", "in-process", "--workers", "2"],
    "Beam in_memory, 1 worker": ["--workers", "1"],
    "Beam multi_threading, 2 workers": ["--workers", "2"],
    "Beam multi_processing, 2 workers": [
        "--", "--direct_num_workers=2", "--direct_running_mode=multi_processing",
    ],
}  # fmt: skip


def compared(table, bench):
    """Measure all modes in turn and return the table as Markdown."""
    growth.spread_over(table, 8, bench.data)
    words = [f"all={bench.data}"]
    costs = measure.alternate(
        {
            mode: lambda options=options: bench.job([*words, *options], runner=None)
            for mode, options in MODES.items()
        },
        bench.runs,
    )
    shutil.rmtree(bench.data, ignore_errors=True)
    rows = []
    for mode, found in costs.items():
        if found[-1].code:
            rows.append([mode, f"failed: {found[-1].told[:80]}", "", ""])
            continue
        spread = measure.Spread.of
        rows.append(
            [
                mode,
                spread([cost.cpu for cost in found]).text(1),
                spread([cost.wall for cost in found]).text(1),
                f"{max(cost.peak for cost in found):,.0f}",
            ]
        )
    head = ["mode", "CPU s", "wall s", "peak MB (largest process)"]
    about = (
        f"{len(table):,} documents, {corpus.megabytes_of(table):,.1f} MB of text, "
        f"{bench.runs} run(s) each, taking turns; middle (least–most), start-up "
        f"included. {tables.machine()}"
    )
    return f"{tables.markdown(head, rows)}\n\n{about}"
