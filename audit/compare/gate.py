"""Policies applied: profiles and rules in, verdicts out.

A rule judges the bound of the interval that is unfavourable: a minimum must hold for
the low bound, a maximum for the high one. A corpus that is too small to tell does not
pass by luck. The day is a parameter, so that a verdict can be repeated.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from audit.compare.figures import figure
from audit.compare.load import Profile, load_profile
from audit.compare.policy import Policy, Rule
from audit.compare.policy_grammar import counted_keys
from audit.measures.facets import FACETS

__all__ = ["GateResult", "Verdict", "apply_policy"]


@dataclass(frozen=True)
class Verdict:
    """What one rule says of one profile.

    Attributes:
        profile: Label of the profile.
        rule: The rule.
        status: ``pass``, ``warn`` or ``fail``.
        value: The figure, None where the profile has none.
        low: Lower bound of its interval.
        high: Upper bound.
        bound: The figure that was judged: low, high or both.
        message: Why, in a sentence.
    """

    profile: str
    rule: Rule
    status: str
    value: float | None
    low: float | None
    high: float | None
    bound: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        rule = self.rule
        return {
            "profile": self.profile,
            "rule": rule.name,
            "status": self.status,
            "measure": rule.path,
            "key": list(rule.keys),
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "minimum": rule.minimum,
            "maximum": rule.maximum,
            "judged": self.bound,
            "level": rule.level,
            "reason": rule.reason,
            "expires": rule.expires.isoformat() if rule.expires else None,
            "message": self.message,
        }


@dataclass(frozen=True)
class GateResult:
    """All verdicts of a policy.

    Attributes:
        policy: Name of the policy.
        description: What it is for.
        verdicts: One for each profile and rule, in that order.
        today: The day that expiry was judged by.
    """

    policy: str
    description: str
    verdicts: tuple[Verdict, ...]
    today: datetime.date

    @property
    def passed(self) -> bool:
        """Whether no rule failed."""
        return all(verdict.status != "fail" for verdict in self.verdicts)

    @property
    def exit_code(self) -> int:
        """0 passed (warnings allowed), 1 failed."""
        return 0 if self.passed else 1

    def count(self, status: str) -> int:
        """Return how many verdicts have a status."""
        return sum(verdict.status == status for verdict in self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "policy": self.policy,
            "description": self.description,
            "today": self.today.isoformat(),
            "passed": self.passed,
            "counts": {s: self.count(s) for s in ("pass", "warn", "fail")},
            "verdicts": [verdict.as_dict() for verdict in self.verdicts],
        }


def apply_policy(
    policy: Policy,
    profiles: Sequence[Profile],
    *,
    today: datetime.date,
    baseline: Profile | None = None,
) -> GateResult:
    """Judge profiles by a policy.

    Args:
        policy: From `audit.compare.policy.load_policy`.
        profiles: One or more.
        today: Decides which rules have expired.
        baseline: For rules on drift that name none themselves.

    Raises:
        ConfigError: A rule cannot be judged as written: no baseline, no overlap rows.
        ProfileError: A baseline is unreadable or was measured differently.
    """
    opened: dict[str, Profile] = {}
    verdicts = []
    for profile in profiles:
        for rule in policy.rules:
            base = baseline
            if rule.baseline is not None:
                if rule.baseline not in opened:
                    path = Path(rule.baseline)
                    path = path if path.is_absolute() else policy.folder / path
                    opened[rule.baseline] = load_profile(path)
                base = opened[rule.baseline]
            verdicts.append(_judge(rule, profile, base if rule.drifts else None, today))
    return GateResult(policy.name, policy.description, tuple(verdicts), today)


def _judge(
    rule: Rule, profile: Profile, baseline: Profile | None, today: datetime.date
) -> Verdict:
    found = figure(rule, profile, baseline)
    expired = rule.expires is not None and today > rule.expires
    bound = "low" if rule.minimum is not None else "high"
    bound = "both" if rule.minimum is not None and rule.maximum is not None else bound
    values: tuple[float | None, float | None, float | None]
    if math.isnan(found.value):
        status, message = rule.level, "the profile holds nothing to judge this by"
        values = (None, None, None)
    else:
        broken = _broken(rule, found.low, found.high)
        values = (float(found.value), float(found.low), float(found.high))
        status, message = (rule.level, broken) if broken else ("pass", "within bounds")
        if broken and not _broken(rule, found.value, found.value):
            message += "; the figure itself is within, but not surely"
    if expired and status == "warn":
        status, message = "fail", f"{message}; tolerated until {rule.expires}"
    elif expired and status == "pass":
        status, message = "warn", f"the rule expired on {rule.expires}: renew or remove"
    absent = _absent(rule, profile)
    if absent:
        message += f"; not in the profile: {', '.join(absent)}"
    value, low, high = values
    return Verdict(profile.label, rule, status, value, low, high, bound, message)


def _broken(rule: Rule, low: float, high: float) -> str:
    parts = []
    if rule.minimum is not None and low < rule.minimum:
        parts.append(f"may be as low as {low:.4g}, below {rule.minimum:g}")
    if rule.maximum is not None and high > rule.maximum:
        parts.append(f"may be as high as {high:.4g}, above {rule.maximum:g}")
    return " and ".join(parts)


def _absent(rule: Rule, profile: Profile) -> list[str]:
    """Return a rule's keys that the profile has nothing of: a typo shows."""
    if rule.facet not in FACETS or not rule.keys or len(rule.keys) > 5:
        return []
    facet = FACETS[rule.facet]
    if rule.facet == "region":
        held = profile.frame("culture").select(pl.col("region").unique())
    else:
        held = profile.frame(facet.table).select(pl.col(facet.column).unique())
    names = set(held.to_series().to_list())
    return [
        key for key in rule.keys if names.isdisjoint(counted_keys(rule.facet, (key,)))
    ]
