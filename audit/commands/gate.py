"""``corpus-audit gate``: a policy applied to profiles."""

from __future__ import annotations

import datetime

import click

from audit.commands.output_format import emit, format_option, write_text
from audit.compare.gate import apply_policy
from audit.compare.gate_sections import gate_junit, gate_sections
from audit.compare.load import load_profile, load_profiles
from audit.compare.policy import load_policy, preset_names

__all__ = ["command"]


@click.command("gate")
@click.argument("profiles", nargs=-1, required=True, metavar="PROFILE...")
@click.option(
    "--policy",
    required=True,
    metavar="FILE",
    help="TOML file of rules, or "
    + ", ".join(f"preset:{name}" for name in preset_names())
    + ".",
)
@click.option(
    "--baseline",
    metavar="PROFILE",
    help="What rules on drift compare with, where they name no baseline themselves.",
)
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Judge expiry as on this day, as 2027-01-31.  [default: today, UTC]",
)
@format_option("junit")
def command(
    profiles: tuple[str, ...],
    policy: str,
    baseline: str | None,
    today: datetime.datetime | None,
    output_format: str,
    out: str | None,
) -> int:
    """Apply a policy to profiles; exit 0 passed, 1 failed, 2 wrong use.

    Rules judge the end of the interval that speaks against the corpus.
    """
    rules = load_policy(policy)
    day = (today or datetime.datetime.now(datetime.timezone.utc)).date()
    base = load_profile(baseline) if baseline else None
    result = apply_policy(rules, load_profiles(profiles), today=day, baseline=base)
    if output_format == "junit":
        write_text(gate_junit(result), out)
    else:
        emit(gate_sections(result), result.as_dict(), output_format, out)
    return result.exit_code
