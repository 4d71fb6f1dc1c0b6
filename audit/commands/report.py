"""``corpus-audit report``: one self-contained page about profiles."""

from __future__ import annotations

from pathlib import Path

import click

from audit.compare.load import load_profiles
from audit.report import build_page

__all__ = ["command"]


@click.command("report")
@click.argument("profiles", nargs=-1, required=True, metavar="PROFILE...")
@click.option("--out", required=True, metavar="FILE.html", help="The page to write.")
def command(profiles: tuple[str, ...], out: str) -> int:
    """Write one self-contained page about profiles.

    A PROFILE is the folder of one corpus, or an output folder with several.
    """
    folders = [profile.folder for profile in load_profiles(profiles)]
    build_page(folders, Path(out))
    number = "1 corpus" if len(folders) == 1 else f"{len(folders)} corpora"
    click.echo(f"{out}: {number}, {Path(out).stat().st_size:,} bytes")
    return 0
