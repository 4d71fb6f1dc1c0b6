"""``corpus-audit compare``: how profiles differ, with intervals."""

from __future__ import annotations

import click

from audit.commands.output_format import emit, format_option
from audit.compare.diff import compare
from audit.compare.filtering import filter_view
from audit.compare.load import load_profiles
from audit.compare.sections import comparison_sections, filter_sections
from audit.errors import ConfigError

__all__ = ["command"]


@click.command("compare")
@click.argument("profiles", nargs=-1, required=True, metavar="PROFILE PROFILE...")
@click.option(
    "--as",
    "view",
    type=click.Choice(["difference", "filter"]),
    default="difference",
    show_default=True,
    help="filter: what the step from the first to the second profile removed.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="False discovery rate of the findings.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Most findings to print; JSON holds all of them.",
)
@format_option()
def command(
    profiles: tuple[str, ...],
    view: str,
    alpha: float,
    limit: int,
    output_format: str,
    out: str | None,
) -> int:
    """Show how profiles differ: only differences beyond noise are findings.

    A PROFILE is the folder of one corpus, or an output folder with several.
    """
    found = load_profiles(profiles, least=2)
    if view == "difference":
        result = compare(found, alpha=alpha)
        emit(
            comparison_sections(result, limit=limit),
            result.as_dict(), output_format, out,
        )  # fmt: skip
        return 0
    if len(found) != 2:
        raise ConfigError(
            "A filter has one profile before it and one after it",
            value=", ".join(profile.label for profile in found),
            where="compare --as filter",
            next_step="Give two profiles: BEFORE AFTER.",
        )
    removed = filter_view(found[0], found[1], alpha=alpha)
    emit(filter_sections(removed, limit=limit), removed.as_dict(), output_format, out)
    return 0
