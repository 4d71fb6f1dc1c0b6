"""The command line: words in, one call of the library out.

This module imports click and nothing heavy: ``corpus-audit --help`` answers at once.
Each command lives in `audit.commands` and is imported when it is called.
"""

from __future__ import annotations

import gc
import importlib
import sys
from difflib import get_close_matches
from typing import Any

import click

from audit.errors import CorpusAuditError
from audit.startup import loading, own_process

__all__ = ["main"]

# What `corpus-audit --help` says of each command, so that it need not be imported.
COMMANDS = {
    "profile": "Audit one or many corpora and write their diversity profiles.",
    "compare": "Show how profiles differ, with intervals.",
    "gate": "Apply a policy to profiles; exit 0 passed, 1 failed.",
    "report": "Write one self-contained page about profiles.",
    "mix": "Find sampling weights for a target mix of corpora.",
    "merge": "Make one profile from many, as if audited together.",
    "overlap": "Compute the overlap of corpora from kept signatures.",
    "inspect": "Show what files look like: layout, fields, first documents.",
    "export": "Write a dataset card, Croissant or EU summary of a profile.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's
        """Return the names of the commands, in reading order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        if ctx.invoked_subcommand is None and ctx.resilient_parsing:
            return click.Command(cmd_name, help=COMMANDS[cmd_name])
        with loading():
            module = importlib.import_module(f"audit.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            near = get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(
                f"No command is called {name!r}.{hint} There are: "
                f"{', '.join(COMMANDS)}.",
                ctx,
            )
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 the signature is click's
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="corpus-audit", prog_name="corpus-audit")
def cli() -> None:
    """Measure the diversity of a training corpus before a model is trained on it.

    Languages and scripts, sources, near-duplicates, cultural references: counted
    exactly, stored as a small Parquet profile for each corpus, then compared, gated
    and planned with.

    Exit codes: 0 done, 1 a gate failed, 2 wrong use, 3 too much bad input, 4 the run
    failed.
    """


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = (
        "--debug" in words[: words.index("--")]
        if "--" in words
        else ("--debug" in words)
    )
    # What follows a bare -- belongs to the Beam runner, not to click.
    engine_words: list[str] = []
    if "--" in words:
        at = words.index("--")
        words, engine_words = words[:at], words[at + 1 :]
    words = [word for word in words if word != "--debug"]
    try:
        return _run(words, engine_words)
    except CorpusAuditError as error:
        if debug:
            raise
        click.echo(f"corpus-audit: {error}", err=True)
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("corpus-audit: stopped by the keyboard.", err=True)
        return 130
    except Exception as error:
        if debug:
            raise
        click.echo(
            f"corpus-audit: the run failed: {type(error).__name__}: {error}\n"
            "Run again with --debug to see where.",
            err=True,
        )
        return 4


def _run(words: list[str], engine_words: list[str]) -> int:
    try:
        result: Any = cli.main(
            words,
            prog_name="corpus-audit",
            standalone_mode=False,
            obj={"engine_words": engine_words},
        )
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        return 130
    return result if isinstance(result, int) else 0


def entry_point() -> None:
    """Run the command line and leave the process with its exit code."""
    own_process()
    code = main()
    # The process ends without a last look for garbage: all of it goes anyway.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    entry_point()
