"""Policies: what a corpus must fulfil, as TOML.

In: a file, or ``preset:NAME`` for one of the policies in the package. Out: a `Policy`
of checked rules. Everything that is not understood is an error that names the nearest
right word: a rule with a typo must never pass silently.
"""

from __future__ import annotations

import datetime
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.compare.policy_grammar import (
    DIFFERENCE,
    DRIFT,
    checked_keys,
    checked_language,
    counted_keys,
    nearest,
    only_keys,
    split_difference,
    split_measure,
)
from audit.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Policy", "Rule", "load_policy", "parse_policy", "preset_names"]

_PRESETS = Path(__file__).parent / "policies"
_RULE_KEYS = (
    "name", "measure", "key", "within", "minimum", "maximum", "level", "reason",
    "expires", "baseline",
)  # fmt: skip
LEVELS = ("fail", "warn")


@dataclass(frozen=True)
class Rule:
    """One line of a policy.

    Attributes:
        name: Unique within the policy.
        facet: A facet, ``summary`` or ``overlap``.
        measure: What is measured of it.
        weight: ``documents`` or ``characters``; empty for ``summary``.
        keys: The keys whose share counts together; the other corpus for overlap.
        minimum: The figure must not surely or possibly lie below.
        maximum: Nor above.
        level: ``fail`` or ``warn``.
        reason: Why the rule is there.
        expires: Last day on which the rule stands as it is.
        baseline: Folder of the profile to hold against, as written.
        within: Language inside which concentration is judged, "" for the corpus.
        differs: Whether the figure is what it is above the baseline's.
    """

    name: str
    facet: str
    measure: str
    weight: str
    keys: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    level: str
    reason: str
    expires: datetime.date | None
    baseline: str | None
    within: str = ""
    differs: bool = False

    @property
    def path(self) -> str:
        """The measure as the policy writes it."""
        path = ".".join(
            part for part in (self.facet, self.measure, self.weight) if part
        )
        path += DIFFERENCE * self.differs
        return f"{path} within {self.within}" if self.within else path

    @property
    def counted_keys(self) -> tuple[str, ...]:
        """The keys that profiles count: those of a macrolanguage are its members'."""
        return counted_keys(self.facet, self.keys)

    @property
    def drifts(self) -> bool:
        """Whether the rule needs a baseline."""
        return self.differs or self.measure in DRIFT


@dataclass(frozen=True)
class Policy:
    """A checked policy.

    Attributes:
        name: From ``[policy]``, or the file's name.
        description: From ``[policy]``.
        rules: At least one.
        folder: Where relative baselines are looked for.
    """

    name: str
    description: str
    rules: tuple[Rule, ...]
    folder: Path


def preset_names() -> list[str]:
    """Return the names of the policies in the package."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def load_policy(source: str | Path) -> Policy:
    """Read a policy from a file, or a preset by ``preset:NAME``.

    Raises:
        ConfigError: The file is missing, is no TOML, or holds anything not understood.
    """
    text = str(source)
    if text.startswith("preset:"):
        name = text.removeprefix("preset:")
        if name not in preset_names():
            raise ConfigError(
                "a preset policy has a known name",
                value=name,
                where="--policy",
                next_step=nearest(name, preset_names()),
            )
        path = _PRESETS / f"{name}.toml"
    else:
        path = Path(source)
    try:
        raw = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "a policy is a readable TOML file",
            value=str(path),
            where="--policy",
            next_step=f"Name a file, or one of: {_presets()}.",
        ) from error
    return parse_policy(raw, name=path.stem, folder=path.parent, where=str(path))


def parse_policy(text: str, *, name: str, folder: Path, where: str) -> Policy:
    """Check the text of a policy; see `load_policy`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            "a policy is valid TOML", value=str(error), where=where
        ) from error
    only_keys(document, ("policy", "rule"), where)
    about = document.get("policy", {})
    if not isinstance(about, dict):
        raise ConfigError("[policy] is a table", value=about, where=where)
    only_keys(about, ("name", "description"), f"{where}, [policy]")
    entries = document.get("rule", [])
    if not isinstance(entries, list) or not entries:
        raise ConfigError(
            "a policy has at least one [[rule]]",
            where=where,
            next_step=f"For examples see the presets: {_presets()}.",
        )
    rules = tuple(_rule(e, f"{where}, rule {i}") for i, e in enumerate(entries, 1))
    names = [rule.name for rule in rules]
    for rule_name in names:
        if names.count(rule_name) > 1:
            raise ConfigError(
                "every rule has a name of its own", value=rule_name, where=where
            )
    return Policy(
        str(about.get("name", name)), str(about.get("description", "")), rules, folder
    )


def _rule(entry: Any, where: str) -> Rule:
    if not isinstance(entry, dict):
        raise ConfigError("a rule is a [[rule]] table", value=entry, where=where)
    only_keys(entry, _RULE_KEYS, where)
    name = _text(entry, "name", where)
    where = f"{where} {name!r}" if name else where
    for needed in ("name", "measure"):
        if not _text(entry, needed, where):
            raise ConfigError(f"a rule has a {needed}", where=where)
    path, differs = split_difference(entry["measure"], where)
    facet, measure, weight = split_measure(path, where)
    keys = checked_keys(entry, facet, measure, where)
    bounds = [_number(entry, bound, where) for bound in ("minimum", "maximum")]
    if bounds == [None, None]:
        raise ConfigError("a rule has a minimum, a maximum or both", where=where)
    if None not in bounds and bounds[0] > bounds[1]:  # type: ignore[operator]
        raise ConfigError(
            "a rule's minimum is at most its maximum", value=bounds, where=where
        )
    level = entry.get("level", "fail")
    if level not in LEVELS:
        raise ConfigError(
            "a rule's level is 'fail' or 'warn'", value=level, where=where
        )
    baseline = _text(entry, "baseline", where) or None
    if baseline and measure not in DRIFT and not differs:
        raise ConfigError(
            "a baseline goes with a measure of drift",
            value=entry["measure"],
            where=where,
            next_step=f"Measures of drift are: {', '.join(DRIFT)}, and any figure that "
            f"ends in '{DIFFERENCE}'.",
        )
    return Rule(
        name, facet, measure, weight, keys, bounds[0], bounds[1], level,
        _text(entry, "reason", where), _date(entry, where), baseline,
        checked_language(_text(entry, "within", where), facet, measure, where),
        differs,
    )  # fmt: skip


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{key} is a text", value=value, where=where)
    return value.strip()


def _number(entry: dict[str, Any], key: str, where: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ConfigError(f"{key} is a number", value=value, where=where)
    return float(value)


def _date(entry: dict[str, Any], where: str) -> datetime.date | None:
    value = entry.get("expires")
    if value is None or (
        isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    ):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            "expires is a day as 2027-01-31", value=str(value), where=where
        ) from error


def _presets() -> str:
    return ", ".join(f"preset:{name}" for name in preset_names())
