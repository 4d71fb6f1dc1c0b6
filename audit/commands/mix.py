"""``corpus-audit mix``: sampling weights for a target mix of corpora."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click

from audit.commands.output_format import emit, format_option
from audit.compare.load import load_profiles
from audit.compare.mix import best_mix
from audit.compare.sections import mix_sections
from audit.compare.targets import read_target
from audit.errors import ConfigError

__all__ = ["command"]

_BOUND = re.compile(r"^(.+)=([0-9.]+)?:([0-9.]+)?$")
_NAMED = ("uniform", "speakers", "diversity")


@click.command("mix")
@click.argument("profiles", nargs=-1, required=True, metavar="PROFILE...")
@click.option(
    "--target",
    required=True,
    metavar="TARGET",
    help="uniform, speakers (of the world), diversity (the greatest), or a file of "
    "shares by key (CSV, JSON or TOML).",
)
@click.option(
    "--facet", default="language", show_default=True, help="What is to be balanced."
)
@click.option(
    "--unit",
    type=click.Choice(["characters", "words"]),
    default="characters",
    show_default=True,
)
@click.option("--budget", type=click.IntRange(1), help="Size of the mix in the unit.")
@click.option(
    "--max-epochs",
    type=click.FloatRange(0, min_open=True),
    help="No corpus is repeated more often; needs --budget.",
)
@click.option(
    "--bound",
    "bounds",
    multiple=True,
    metavar="CORPUS=LOW:HIGH",
    help="Least and greatest weight of a corpus, as web=0.1:0.5; repeatable.",
)
@format_option()
def command(
    profiles: tuple[str, ...],
    target: str,
    facet: str,
    unit: str,
    budget: int | None,
    max_epochs: float | None,
    bounds: tuple[str, ...],
    output_format: str,
    out: str | None,
) -> int:
    """Find sampling weights for a target mix, from profiles alone.

    Prints the weights, the predicted profile, what binds, and what each corpus is
    worth to the mix.
    """
    wanted: str | Mapping[str, float] = (
        target if target in _NAMED else read_target(Path(target))
    )
    result = best_mix(
        load_profiles(profiles),
        wanted,
        facet=facet,
        unit=unit,
        budget=budget,
        max_epochs=max_epochs,
        bounds=_bounds(bounds),
    )
    emit(mix_sections(result), result.as_dict(), output_format, out)
    return 0


def _bounds(words: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for word in words:
        match = _BOUND.match(word)
        if not match:
            raise ConfigError(
                "A bound is CORPUS=LOW:HIGH with weights between 0 and 1",
                value=word,
                where="--bound",
                next_step="For example web=0.1:0.5, or web=:0.5.",
            )
        name, low, high = match.groups()
        found[name] = (float(low or 0), float(high or 1))
    return found
