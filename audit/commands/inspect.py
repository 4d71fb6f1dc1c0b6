"""``corpus-audit inspect``: what files look like to the readers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from audit.commands.profile import read_options, read_options_of
from audit.errors import UsageError
from audit.read import LocalFileSystem, find_files
from audit.read.inspect import Inspection, inspect_files
from audit.run import remote_filesystem

__all__ = ["command"]


@click.command("inspect")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@read_options
@click.option(
    "--documents",
    type=click.IntRange(0, 100),
    default=2,
    show_default=True,
    help="How many documents of each file to show.",
)
@click.option(
    "--files",
    "most_files",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="How many files to look into.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
def command(
    paths: tuple[str, ...],
    documents: int,
    most_files: int,
    output_format: str,
    **options: Any,
) -> int:
    """Show what files look like: format, layout, fields, first documents.

    Only the head of each file is read. Exit code 2 where no file can be read.
    """
    remote = any("://" in path for path in paths)
    filesystem = remote_filesystem() if remote else LocalFileSystem()
    for path in paths:
        if (Path(path) / "summary.parquet").is_file():
            raise UsageError(
                "inspect looks at text; a folder with summary.parquet is a profile",
                value=path,
                next_step=f"Read it with: corpus-audit report {path} --out report.html",
            )
    files = find_files(list(paths), filesystem)
    found = inspect_files(
        files[:most_files], read_options_of(options), filesystem, documents
    )
    if output_format == "json":
        from audit.compare.render import to_json

        click.echo(to_json({"files": [asdict(each) for each in found]}), nl=False)
    else:
        _show(found, len(files))
    return 0 if any(each.readable for each in found) else 2


def _show(found: list[Inspection], n_files: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for each in found:
        console.print(Text(each.file.name, style="bold"), f"({each.file.size:,} bytes)")
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in _facts(each):
            table.add_row(name, Text(value))
        console.print(table)
    if n_files > len(found):
        console.print(
            f"{n_files - len(found):,} more files; --files N looks into more."
        )


def _facts(each: Inspection) -> list[tuple[str, str]]:
    if not each.readable:
        return [
            ("cannot be read", f"{reject['reason']}: {reject['detail']}")
            for reject in each.rejects
        ]
    packed = f", {each.compression}" if each.compression else ""
    facts = [("format", f"{each.format}{packed}, {each.encoding} ({each.format_why})")]
    if each.layout:
        facts.append(("layout", f"{each.layout} ({each.layout_why})"))
    facts += [(role, f"from {name}") for role, name in each.fields]
    if each.names:
        facts.append(("fields there", ", ".join(each.names)))
    for document in each.documents:
        url = f" <{document['url']}>" if document.get("url") else ""
        text = " ".join(document["text"].split())
        facts.append(("document", f"{document['doc_id']}{url}: {text}"))
    facts += [
        ("reject", f"{r['position']}: {r['reason']}: {r['detail']}")
        for r in each.rejects
    ]
    return facts
