"""``corpus-audit export``: a profile in the forms that others ask for."""

from __future__ import annotations

import click

from audit.commands.config_file import read_toml
from audit.commands.output_format import write_text
from audit.compare.export import FORMATS, ExportOptions, export_profile
from audit.compare.load import load_profile

__all__ = ["command"]


@click.command("export")
@click.argument("profile", metavar="PROFILE")
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    required=True,
    help="Dataset card, Croissant metadata, or the EU summary of training content.",
)
@click.option("--out", metavar="FILE", help="Write to a file.")
@click.option("--licence", default="", help="SPDX identifier or URL of the corpus.")
@click.option("--url", default="", help="Where the corpus is described.")
@click.option("--published", default="", metavar="DATE", help="ISO 8601 day.")
@click.option(
    "--small-provider",
    is_flag=True,
    help="The provider is an SME: fewer domains have to be listed.",
)
@click.option(
    "--answers",
    metavar="FILE.toml",
    help="Texts for the fields that only the provider can fill.",
)
def command(
    profile: str,
    style: str,
    out: str | None,
    licence: str,
    url: str,
    published: str,
    small_provider: bool,
    answers: str | None,
) -> int:
    """Write a dataset card, Croissant metadata or the EU summary of a profile."""
    options = ExportOptions(
        small_provider=small_provider,
        licence=licence,
        url=url,
        date_published=published,
        answers=read_toml(answers) if answers else {},
    )
    write_text(export_profile(load_profile(profile), style, options), out)
    return 0
