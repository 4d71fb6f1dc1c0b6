"""How a command prints its result: text, JSON or Markdown, to stdout or a file.

In: sections and a plain value of the same result. Out: what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audit.compare.render import Section

__all__ = ["emit", "format_option", "write_text"]


def format_option(*more: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add ``--format`` and ``--out`` to a command."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        function = click.option(
            "--out", metavar="FILE", help="Write to a file instead of the terminal."
        )(function)
        return click.option(
            "--format",
            "output_format",
            type=click.Choice(["text", "json", "markdown", *more]),
            default="text",
            show_default=True,
        )(function)

    return add


def emit(
    sections: Sequence[Section],
    value: dict[str, Any],
    output_format: str,
    out: str | None,
) -> None:
    """Print a result, or write it to a file."""
    from rich.console import Console

    from audit.compare.render import to_json, to_markdown, to_text

    if output_format == "json":
        text = to_json(value)
    elif output_format == "markdown":
        text = to_markdown(sections)
    else:
        text = to_text(sections, width=100 if out else Console().width)
    write_text(text, out)


def write_text(text: str, out: str | None) -> None:
    """Print text, or write it to a file.

    Raises:
        ConfigError: the file cannot be written.
    """
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        Path(out).write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(
            "The output file can be written",
            value=error.strerror,
            where=out,
            next_step="Check the folder and its permissions.",
        ) from error
    click.echo(out)
