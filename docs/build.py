"""Remake the parts of the documentation that a program can know.

In: the Markdown files of this repository. Out: the same files, where each block
between ``<!-- run: WORDS -->`` and ``<!-- end -->`` holds what those words print now,
and each block between ``<!-- table: NAME -->`` and ``<!-- end -->`` what the code says
of itself. A block between ``<!-- file: NAME -->`` and ``<!-- end -->`` stays as it is
and lies beside the commands of its page as a file.
``python docs/build.py --check`` changes nothing and fails where a block is stale.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"<!-- (run|table): (.+?) -->\n.*?<!-- end -->", re.DOTALL)
_FILE = re.compile(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```\n<!-- end -->", re.DOTALL)
_WIDTH = "80"


def documents() -> list[Path]:
    """Return the Markdown files with such blocks."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in found if _BLOCK.search(path.read_text("utf-8"))]


def command_output(words: str, folder: Path) -> str:
    """Run words as a shell would and return what a person sees."""
    environment = {**os.environ, "COLUMNS": _WIDTH, "NO_COLOR": "1", "TERM": "dumb"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    stages = "planning|loading|compiling.*|reading|comparing|verifying|writing"
    progress = re.compile(rf"^({stages}): .*\n", re.M)
    shown = done.stdout + progress.sub("", done.stderr)
    if "Traceback (most recent call last)" in shown:
        raise RuntimeError(f"what a page shows has failed: {words}\n{shown}")
    exit_line = f"\n(exit code {done.returncode})" if done.returncode else ""
    lines = [line.rstrip() for line in (shown.rstrip() + exit_line).splitlines()]
    return f"```console\n$ {words}\n" + "\n".join(lines) + "\n```"


def reference() -> str:
    """Return the help of every command."""
    from audit.cli import COMMANDS

    parts = []
    for name in COMMANDS:
        words = f"corpus-audit {name} --help"
        parts += [f"## {name}", "", command_output(words, ROOT), ""]
    return "\n".join(parts).rstrip()


def tables() -> str:
    """Return the columns of every table of a profile."""
    from schemas.profile import MEANINGS, TABLES

    parts = []
    for name, contract in TABLES.items():
        parts += [f"### {name}", "", MEANINGS[name], ""]
        parts += ["| column | type | role |", "| --- | --- | --- |"]
        for field in contract.schema:
            role = (
                "key"
                if field.name in contract.keys or field.name == "corpus"
                else "adds up on a merge"
                if field.name in contract.additive
                else ""
            )
            kind = str(field.type).replace("<", "&lt;").replace(">", "&gt;")
            parts.append(f"| {field.name} | {kind} | {role} |")
        parts.append("")
    return "\n".join(parts).rstrip()


def reasons() -> str:
    """Return the vocabulary of rejects."""
    from schemas.document import REJECT_REASONS

    rows = [f"| {name} | {text} |" for name, text in REJECT_REASONS.items()]
    return "\n".join(["| reason | what it says |", "| --- | --- |", *rows])


def layouts() -> str:
    """Return the names of the field layouts."""
    from audit.read.layouts import layout_names

    return ", ".join(f"`{name}`" for name in layout_names()) + "."


def table_figures() -> str:
    """Return what a policy can name of single tables."""
    from audit.compare.table_figures import TABLE_FIGURES

    rows = [
        f"| `{table}.{name}` | {figure.key and f'`key`: {figure.takes}'} "
        f"| {figure.meaning} |"
        for table, figures in TABLE_FIGURES.items()
        for name, figure in figures.items()
    ]
    return "\n".join(["| measure | needs | figure |", "| --- | --- | --- |", *rows])


def presets() -> str:
    """Return the ready policies with their rules and reasons."""
    from audit.compare.policy import load_policy, preset_names

    heads = ["| rule | measure | bounds | level | why |", "| --- " * 5 + "|"]
    parts = []
    for name in preset_names():
        policy = load_policy(f"preset:{name}")
        parts += [f"### {name}", "", " ".join(policy.description.split()), "", *heads]
        for rule in policy.rules:
            limits = (("at least", rule.minimum), ("at most", rule.maximum))
            bounds = ", ".join(f"{word} {x:g}" for word, x in limits if x is not None)
            several = f"{len(rule.keys)} keys" if len(rule.keys) > 3 else ""
            keys = several or ", ".join(rule.keys)
            measure = f"`{rule.path}`" + (f" of {keys}" if keys else "")
            cells = (rule.name, measure, bounds, rule.level, rule.reason)
            parts.append(f"| {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts).rstrip()


TABLES_BY_NAME: dict[str, Callable[[], str]] = {
    "commands": reference,
    "profile": tables,
    "rejects": reasons,
    "layouts": layouts,
    "table figures": table_figures,
    "presets": presets,
}


def rebuilt(text: str, folder: Path) -> str:
    """Return a document with its blocks made anew."""
    for name, content in _FILE.findall(text):
        (folder / name).write_text(content, "utf-8")

    def block(match: re.Match[str]) -> str:
        kind, what = match.groups()
        made = command_output(what, folder) if kind == "run" else TABLES_BY_NAME[what]()
        return f"<!-- {kind}: {what} -->\n{made}\n<!-- end -->"

    return _BLOCK.sub(block, text)


def stale() -> Iterator[tuple[Path, str]]:
    """Yield each document whose blocks are not what they would be now."""
    for path in documents():
        before = path.read_text("utf-8")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "sample_corpora").symlink_to(ROOT / "sample_corpora")
            after = rebuilt(before, Path(folder))
        if after != before:
            yield path, after


def main() -> int:
    """Rewrite stale documents, or name them with ``--check``."""
    check = "--check" in sys.argv[1:]
    found = list(stale())
    for path, text in found:
        name = path.relative_to(ROOT)
        sys.stdout.write(f"{'stale' if check else 'rewritten'}: {name}\n")
        if not check:
            path.write_text(text, "utf-8")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
