"""What a job would cost on Dataflow: the measured table of docs/scale.md in, USD out.

The last two plain rows of that table give the CPU time and the shuffled bytes of one
document more. Prices are list prices as they were known (`PRICES`), the rest is
arithmetic.

    python -m benchmarks.cost [--write] [--sizes 1e9 1e11]
"""

import argparse
import re
import sys

from benchmarks import tables

SCALE = tables.ROOT / "docs" / "scale.md"
# USD in us-central1: a vCPU hour, a GB hour of memory, a GB through Dataflow Shuffle.
PRICES = {"vcpu": 0.056, "memory": 0.003557, "shuffle": 0.011}
UTILISATION, MEMORY_GB, WORKERS = 0.7, 4, 1_000
SIZES = (1e6, 1e9, 1e11)
PLAIN = "as made"


def measured(page):
    """Return CPU seconds, bytes of text and bytes of shuffle of one document more."""
    block = page.partition("<!-- bench:scale -->")[2].partition("<!-- /bench -->")[0]
    lines = [line for line in block.splitlines() if line.startswith("|")]
    head, _, *rows = (
        [c.strip() for c in line.strip("| ").split("|")] for line in lines
    )
    plain = [row for row in rows if PLAIN in row]
    shuffle = next(i for i, h in enumerate(head) if re.match(r"shuffle B|sent, B", h))

    def cells(name):
        at = head.index(name) if isinstance(name, str) else name
        return [float(row[at].replace(",", "")) for row in plain[-2:]]

    few, many = cells("documents")
    cpu, size = cells("CPU s"), cells("MB")
    more = many - few
    return (
        (cpu[1] - cpu[0]) / more,
        (size[1] - size[0]) * 1e6 / more,
        cells(shuffle)[1],
    )


def table(page, sizes):
    """Return Markdown: what so many documents would take and cost."""
    cpu, size, sent = measured(page)
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
    parser.add_argument("--write", action="store_true", help="into docs/dataflow.md")
    given = parser.parse_args()
    text = table(SCALE.read_text("utf-8"), given.sizes)
    sys.stdout.write(text + "\n")
    if given.write:
        tables.publish("cost", text, [tables.ROOT / "docs" / "dataflow.md"])


if __name__ == "__main__":
    main()
