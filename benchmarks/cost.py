"""What a job too large to run here would take: the table of docs/scale.md in, two out.

The last two plain rows of that table give the CPU time and the shuffled bytes of one
document more. One table has the resources (docs/scale.md), one what Dataflow would ask
for them (docs/dataflow.md). Prices are list prices as they were known (`PRICES`);
copies of a block while it is sorted (`COPIES`) and bytes of a line of the plan
(`PLAN_LINE`) are assumptions; the rest is arithmetic.

    python -m benchmarks.cost [--write] [--sizes 1e9 1e11]
"""

import argparse
import sys
from typing import NamedTuple

from audit.job.request import RunRequest
from audit.job.spec import fitting_partitions
from benchmarks import tables

SCALE = tables.ROOT / "docs" / "scale.md"
# USD in us-central1: a vCPU hour, a GB hour of memory, a GB through Dataflow Shuffle.
PRICES = {"vcpu": 0.056, "memory": 0.003557, "shuffle": 0.011}
UTILISATION, MEMORY_GB, WORKERS = 0.7, 4, 1_000
SIZES = (1e6, 1e9, 1e11)
# What a worker holds of the bands it sorts, and what the plan says of one task.
COPIES, PLAN_LINE = 3, 300
PLAIN = "as made"


class Document(NamedTuple):
    """What one document more takes: CPU seconds, bytes of text, shuffle, its bands."""

    cpu: float
    size: float
    sent: float
    bands: float


def measured(page):
    """Return the `Document` of the last two plain rows."""
    block = page.partition("<!-- bench:scale -->")[2].partition("<!-- /bench -->")[0]
    lines = [line for line in block.splitlines() if line.startswith("|")]
    head, _, *rows = (
        [c.strip() for c in line.strip("| ").split("|")] for line in lines
    )
    plain = [row for row in rows if PLAIN in row]

    def cells(name):
        return [float(row[head.index(name)].replace(",", "")) for row in plain[-2:]]

    few, many = cells("documents")
    cpu, size = cells("CPU s"), cells("MB")
    more = many - few
    return Document(
        (cpu[1] - cpu[0]) / more,
        (size[1] - size[0]) * 1e6 / more,
        cells("sent, B a document")[1],
        cells("of it bands")[1],
    )


def resources(page, sizes):
    """Return Markdown: text, time, shuffle and tasks of so many documents."""
    one = measured(page)

    def partitions(n):
        return fitting_partitions(n * one.size)

    def tasks(n):
        return n * one.size / RunRequest.task_bytes

    rows = {
        "text, GB": lambda n: n * one.size / 1e9,
        "CPU hours": lambda n: n * one.cpu / 3600,
        f"wall hours with {WORKERS:,} vCPUs": lambda n: (
            n * one.cpu / 3600 / UTILISATION / WORKERS
        ),
        "shuffle, GB": lambda n: n * one.sent / 1e9,
        "of it bands, GB": lambda n: n * one.bands / 1e9,
        "partitions of the duplicate shuffle": partitions,
        "bands of one partition, GB": lambda n: n * one.bands / 1e9 / partitions(n),
        f"memory to sort them ({COPIES} copies), GB": lambda n: (
            COPIES * n * one.bands / 1e9 / partitions(n)
        ),
        "tasks": tasks,
        f"plan ({PLAN_LINE} bytes a task), GB": lambda n: tasks(n) * PLAN_LINE / 1e9,
        "blocks of bands": lambda n: tasks(n) * partitions(n),
    }
    head = ["", *(f"{count:,.0f} documents" for count in sizes)]
    lines = [[name, *(shown(of(n)) for n in sizes)] for name, of in rows.items()]
    return (
        f"{tables.markdown(head, lines)}\n\n"
        f"One document more: {one.cpu * 1e6:,.0f} µs of CPU, {one.size:,.0f} bytes, "
        f"{one.sent:,.0f} bytes of shuffle; {UTILISATION:.0%} utilisation."
    )


def prices(page, sizes):
    """Return Markdown: what so many documents would take and cost."""
    cpu, size, sent, _ = measured(page)
    head = ["", *(f"{count:,.0f} documents" for count in sizes)]
    rows = {
        "input, GB": lambda n: n * size / 1e9,
        "vCPU hours": lambda n: n * cpu / 3600 / UTILISATION,
        f"wall hours with {WORKERS:,} vCPUs": lambda n: (
            n * cpu / 3600 / UTILISATION / WORKERS
        ),
        "shuffle, GB": lambda n: n * sent / 1e9,
        "vCPUs, USD": lambda n: n * cpu / 3600 / UTILISATION * PRICES["vcpu"],
        "memory, USD": lambda n: (
            n * cpu / 3600 / UTILISATION * MEMORY_GB * PRICES["memory"]
        ),
        "shuffle, USD": lambda n: n * sent / 1e9 * PRICES["shuffle"],
    }
    lines = [[name, *(shown(of(n)) for n in sizes)] for name, of in rows.items()]
    sums = [sum(of(n) for name, of in rows.items() if "USD" in name) for n in sizes]
    lines.append(["sum, USD", *map(shown, sums)])
    return (
        f"{tables.markdown(head, lines)}\n\n"
        f"One document more: {cpu * 1e6:,.0f} µs of CPU, {size:,.0f} bytes of input, "
        f"{sent:,.0f} bytes of shuffle. Prices: {PRICES['vcpu']} USD a vCPU hour, "
        f"{PRICES['memory']} a GB hour of memory, {PRICES['shuffle']} a GB of shuffle; "
        f"{MEMORY_GB} GB a vCPU, {UTILISATION:.0%} utilisation."
    )


def shown(value):
    """Return a figure with two or three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def main():
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=float, nargs="+", default=SIZES)
    parser.add_argument("--write", action="store_true", help="into the docs")
    given = parser.parse_args()
    page, docs = SCALE.read_text("utf-8"), tables.ROOT / "docs"
    made = {
        "extrapolation": (resources(page, given.sizes[-2:]), SCALE),
        "cost": (prices(page, given.sizes), docs / "dataflow.md"),
    }
    for name, (text, where) in made.items():
        sys.stdout.write(f"{text}\n\n")
        if given.write:
            tables.publish(name, text, [where])


if __name__ == "__main__":
    main()
