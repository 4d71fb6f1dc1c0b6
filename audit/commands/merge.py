"""``corpus-audit merge``: one profile from many, as if audited together."""

from __future__ import annotations

from pathlib import Path

import click

from audit.compare.load import load_profiles
from audit.compare.merge import merge_profiles
from audit.fold.diversity import profile_diversity

__all__ = ["command"]


@click.command("merge")
@click.argument("profiles", nargs=-1, required=True, metavar="PROFILE PROFILE...")
@click.option("--out", required=True, metavar="DIR", help="Folder for the profile.")
@click.option("--name", help="Name of the merged corpus.  [default: A+B]")
@click.option("--overwrite", is_flag=True, help="Replace a profile of that name.")
def command(
    profiles: tuple[str, ...], out: str, name: str | None, overwrite: bool
) -> int:
    """Make one profile from many, as if their corpora had been audited together.

    All additive columns are exact. Duplicates between the parts cannot be known from
    profiles: duplicate figures are sums of what was found within each part.
    """
    folder = merge_profiles(
        load_profiles(profiles, least=2),
        Path(out),
        name=name,
        overwrite=overwrite,
        diversity=profile_diversity,
    )
    click.echo(folder)
    return 0
