"""Figures in, Markdown between markers out: nobody types a number.

A block is what stands between ``<!-- bench:NAME -->`` and ``<!-- /bench -->``.
"""

import contextlib
import io
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "docs" / "benchmarks.md",
    ROOT / "docs" / "decisions" / "0002-local-workers-are-threads.md",
    ROOT / "README.md",
)
PACKAGES = ("apache-beam", "numba", "numpy", "pyarrow", "polars")


def markdown(head, rows):
    """Return a table; figures are aligned right, the first column left."""
    rule = ["---", *("---:" for _ in head[1:])]
    lines = [head, rule, *rows]
    return "\n".join("| " + " | ".join(str(c) for c in line) + " |" for line in lines)


def machine():
    """Return one sentence on where and with what the figures were made."""
    model = "CPU of unknown model"
    memory = 0
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*:\s*(.+)", info.read_text())
        model = found.group(1).strip() if found else model
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} cores ({model}), {memory} GB of memory, "
        f"Python {platform.python_version()}, {packages}."
    )


def publish(name, text, pages=PAGES):
    """Put a text into the blocks of this name; pages without such a block stay."""
    mark = re.compile(
        rf"(<!-- bench:{re.escape(name)} -->\n).*?(<!-- /bench -->)", re.DOTALL
    )
    written = 0
    for page in pages:
        if not page.exists():
            continue
        before = page.read_text("utf-8")
        after = mark.sub(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", before)
        if after != before:
            page.write_text(after, "utf-8")
            written += 1
    return written


def told(page, name, write):
    """Print what a function prints, and publish it in docs/duplicates.md on request."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        page()
    sys.stdout.write(out.getvalue())
    if write:
        publish(name, out.getvalue().strip(), [ROOT / "docs" / "duplicates.md"])


def write_image(name, svg):
    """Put an image where the docs show it."""
    path = ROOT / "docs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(svg, "utf-8")
