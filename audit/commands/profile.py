"""``corpus-audit profile``: corpora in, diversity profiles out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from audit.commands.config_file import config_option
from audit.commands.memory import share_one_heap
from audit.commands.progress import shown_progress
from audit.config import KEEPABLE, AuditConfig, LanguageOptions, LinkOptions
from audit.errors import ConfigError, RejectRateError
from audit.job.request import Against, RunRequest, RunResult
from audit.read import ReadOptions
from audit.read.layouts import layout_names
from audit.signature_key import read_key

__all__ = ["command", "corpora_of", "read_options"]

_FIELDS = ("text", "url", "id", "language", "date", "source")
_NAME = re.compile(r"^([\w.-]+)=(.+)$")


def corpora_of(words: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the patterns of each corpus from words like ``NAME=PATH`` or ``PATH``.

    A path without a name is called after its last part, without its endings. The same
    name given twice adds a path to that corpus; two paths that would get one name by
    themselves are an error.
    """
    named: dict[str, tuple[str, ...]] = {}
    by_itself: dict[str, str] = {}
    for word in words:
        match = _NAME.match(word)
        if match:
            name, path = match.groups()
        else:
            path = word
            last = re.split(r"[/\\]", word.rstrip("/\\"))[-1]
            name = re.sub(r"[*?\[\]{}]", "", last.lstrip("."))
            name = re.split(r"\.(?=[A-Za-z])", name)[0].strip("-_.") or "corpus"
            if name in by_itself or name in named:
                raise ConfigError(
                    "Two corpora of one job cannot have the same name",
                    value=name,
                    where=f"{by_itself.get(name, name)} and {word}",
                    next_step=f"Name one of them: NAME={word}",
                )
            by_itself[name] = word
        named[name] = (*named.get(name, ()), path)
    return named


def read_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how the input is laid out."""
    for role in reversed(_FIELDS):
        function = click.option(
            f"--{role}-field",
            metavar="NAME",
            help=f"Field that holds the {role}, as in meta.{role}.",
        )(function)
    function = click.option(
        "--text-unit",
        type=click.Choice(["file", "paragraph"]),
        default="file",
        show_default=True,
        help="What one document of a plain-text file is.",
    )(function)
    return click.option(
        "--layout",
        metavar="NAME",
        help=f"Field layout, instead of detecting it: {', '.join(layout_names())}.",
    )(function)


def read_options_of(options: dict[str, Any]) -> ReadOptions:
    """Return the read options among the options of a command."""
    fields = {f"{role}_field": options[f"{role}_field"] for role in _FIELDS}
    return ReadOptions(
        layout=options["layout"], text_unit=options["text_unit"], **fields
    )


def _keep(_: click.Context, __: click.Parameter, value: str | None) -> frozenset[str]:
    return frozenset(v.strip() for v in (value or "").split(",") if v.strip())


@click.command("profile")
@click.argument("paths", nargs=-1, required=True, metavar="[NAME=]PATH...")
@click.option("--out", required=True, metavar="DIR", help="Folder for the profiles.")
@read_options
@click.option(
    "--language-model",
    metavar="FILE",
    help="Another fastText model (.bin, .ftz), or lid.176 from an installed package.",
)
@click.option(
    "--language-engine",
    type=click.Choice(["fasttext", "langdetect"]),
    default="fasttext",
    show_default=True,
    help="What identifies languages.",
)
@click.option(
    "--language-threshold",
    type=float,
    help="Confidence under which a document is `und`.",
)
@click.option(
    "--second-opinion",
    type=float,
    default=0.0,
    show_default=True,
    metavar="RATE",
    help="Share of documents that langdetect is asked about as well.",
)
@click.option(
    "--near-threshold",
    type=float,
    default=0.8,
    show_default=True,
    help="Jaccard similarity from which two documents are near-duplicates.",
)
@click.option(
    "--verify",
    type=click.Choice(["exact", "estimate"]),
    default="exact",
    show_default=True,
    help="How candidates become near-duplicates: by their shingles, read again, or by "
    "an estimate from their signatures, which reads the input once.",
)
@click.option(
    "--sample",
    type=float,
    default=1.0,
    show_default=True,
    metavar="RATE",
    help="Share of documents to audit, chosen by a hash of their ids.",
)
@click.option(
    "--keep",
    callback=_keep,
    metavar="KINDS",
    help=f"What else to store, of {','.join(KEEPABLE)}.",
)
@click.option(
    "--against",
    multiple=True,
    metavar="NAME=PATH",
    help="Evaluation items to look for in the corpora; may be repeated.",
)
@click.option(
    "--against-field",
    multiple=True,
    metavar="[NAME=]FIELD",
    help="Field that holds the text of the items, of one set or of all.",
)
@click.option(
    "--against-threshold",
    type=float,
    default=0.8,
    show_default=True,
    metavar="SHARE",
    help="Share of an item's tokens in windows that a corpus holds, from which the "
    "item is contaminated.",
)
@click.option(
    "--signature-key",
    metavar="FILE",
    help="Secret that signatures are made with: only who has it can test what is in "
    "them.",
)
@click.option(
    "--max-reject-rate",
    type=float,
    default=0.1,
    show_default=True,
    help="Share of records that may be rejected before the exit code is 3.",
)
@click.option(
    "--runner",
    default="local",
    show_default=True,
    metavar="NAME",
    help="local, in-process, or a Beam runner such as DataflowRunner, FlinkRunner, "
    "SparkRunner; words after -- go to it unchanged.",
)
@click.option(
    "--workers",
    type=click.IntRange(0),
    default=0,
    help="Workers of the local runner.  [default: one a processor]",
)
@click.option("--overwrite", is_flag=True, help="Replace an output folder.")
@click.option("--resume", is_flag=True, help="Go on with a run that was cut off.")
@click.option("--dry-run", is_flag=True, help="Show the plan and an estimate only.")
@click.option("--no-progress", is_flag=True, help="Show no progress.")
@config_option
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Audit one or many corpora and write their diversity profiles.

    A PATH is a file, a folder or a glob, local or on any filesystem Beam knows; NAME is
    what the corpus is called in every table. Formats and fields are detected from the
    files; `corpus-audit inspect PATH` shows what is found.
    """
    share_one_heap()
    request = _request(ctx, options)
    if options["dry_run"]:
        from audit.commands.dry_run import show_plan

        show_plan(request)
        return 0
    from audit.run import plan_of, run, storage

    size = plan_of(request, storage(request)[0]).size
    late_error: RejectRateError | None = None
    with shown_progress(size, show=not options["no_progress"]):
        try:
            result = run(request)
        except RejectRateError as error:
            # The profiles are there all the same: show them, then say what is wrong.
            late_error = error
            result = RunResult(
                request.out, {n: f"{request.out}/{n}" for n in request.corpora}
            )
    _finish(result)
    if late_error is not None:
        raise late_error
    return 0


def _request(ctx: click.Context, options: dict[str, Any]) -> RunRequest:
    config = AuditConfig(
        read=read_options_of(options),
        language=LanguageOptions(
            model=options["language_model"],
            engine=options["language_engine"],
            threshold=options["language_threshold"],
            opinion_rate=options["second_opinion"],
        ),
        link=LinkOptions(
            threshold=options["near_threshold"],
            verify=options["verify"],
            key=read_key(options["signature_key"]) if options["signature_key"] else b"",
        ),
        sample=options["sample"],
        keep=options["keep"],
        max_reject_rate=options["max_reject_rate"],
    )
    return RunRequest(
        corpora=corpora_of(options["paths"]),
        out=options["out"],
        config=config,
        runner=options["runner"],
        workers=options["workers"],
        runner_words=tuple((ctx.obj or {}).get("engine_words", ())),
        overwrite=options["overwrite"],
        resume=options["resume"],
        against=_against(options),
    )


def _against(options: dict[str, Any]) -> Against | None:
    fields = dict(
        word.split("=", 1) if "=" in word else ("", word)
        for word in options["against_field"]
    )
    if not options["against"]:
        if fields:
            raise ConfigError(
                "--against-field goes with --against",
                value=", ".join(options["against_field"]),
                next_step="Name the evaluation items: --against NAME=PATH.",
            )
        return None
    sets = corpora_of(options["against"])
    return Against(sets, fields, options["against_threshold"])


def _finish(result: RunResult) -> None:
    """Print the summary of what is now on disk."""
    from rich.console import Console

    from audit.commands.contamination import contamination_lines
    from audit.report import summary_table

    folders = [Path(folder) for folder in result.corpora.values()]
    if all(folder.is_dir() for folder in folders):
        Console().print(summary_table(folders))
        for line in contamination_lines(folders):
            click.echo(line)
    click.echo(f"Report: {result.out.rstrip('/')}/report.html")
