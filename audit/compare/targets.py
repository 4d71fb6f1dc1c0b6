"""What a mix should come near to.

In: a name or a table. Out: shares over the keys that the corpora have.
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audit.errors import ConfigError
from audit.resources.language_codes import member_languages
from audit.resources.speakers import speakers

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["read_target", "target_shares"]

Floats = NDArray[np.float64]


def read_target(path: Path) -> dict[str, float]:
    """Read a target: a CSV file of key and share, or a JSON or TOML table.

    Raises:
        ConfigError: A row is not a key and a number that is not negative.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            rows = _pairs(json.loads(text), path)
        elif path.suffix == ".toml":
            rows = _pairs(tomllib.loads(text), path)
        else:
            rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except (OSError, ValueError) as error:
        raise ConfigError(
            "a target is 'uniform', 'speakers', 'diversity' or a readable file of "
            "shares (CSV, JSON or TOML)",
            value=str(path),
            where="--target",
        ) from error
    return _shares(rows, path)


def _pairs(table: object, path: Path) -> list[list[str]]:
    if not isinstance(table, dict):
        raise ConfigError(
            "a target is a table of key and share", value=str(path), where="--target"
        )
    return [["key", "share"], *([str(k), str(v)] for k, v in table.items())]


def _shares(rows: list[list[str]], path: Path) -> dict[str, float]:
    shares: dict[str, float] = {}
    for number, row in enumerate(rows, 1):
        try:
            key, share = row[0].strip(), float(row[1])
        except (IndexError, ValueError) as error:
            if number == 1:
                continue
            raise ConfigError(
                "a row of a target is a key and a share",
                value=",".join(row),
                where=f"{path}, line {number}",
            ) from error
        if not share >= 0 or not math.isfinite(share) or key in shares:
            raise ConfigError(
                "a share is a number from 0, once a key",
                value=",".join(row),
                where=f"{path}, line {number}",
            )
        shares[key] = share
    return shares


def target_shares(
    target: str | Mapping[str, float],
    keys: Sequence[str],
    inside: NDArray[np.bool_],
    facet: str,
) -> tuple[Floats | None, str, float]:
    """Return target shares over the keys, the target's name, the mass out of reach."""
    if target == "diversity":
        return None, "diversity", 0.0
    if target == "uniform":
        return inside / max(int(inside.sum()), 1), "uniform", 0.0
    if target == "speakers":
        if facet != "language":
            raise ConfigError(
                "speakers are a target for languages", value=facet, where="--facet"
            )
        shares = _speakers()
    elif isinstance(target, str):
        raise ConfigError(
            "a target is 'uniform', 'speakers', 'diversity' or a table",
            value=target,
            where="--target",
        )
    else:
        shares = {k: float(v) for k, v in target.items()}
        if facet == "language":
            shares = _by_member(shares, set(keys))
    name = target if isinstance(target, str) else "table"
    whole = sum(shares.values())
    goal = np.array([shares.get(key, 0.0) for key in keys], np.float64)
    if whole <= 0 or goal.sum() <= 0:
        raise ConfigError(
            "a target shares at least one key with the corpora",
            value=sorted(shares)[:10],
            where="--target",
        )
    return goal / goal.sum(), name, float(1 - goal.sum() / whole)


def _speakers() -> dict[str, float]:
    table = speakers()
    names, figures = (table[c].to_pylist() for c in ("language", "speakers"))
    return dict(zip(names, map(float, figures), strict=True))


def _by_member(shares: Mapping[str, float], held: set[str]) -> dict[str, float]:
    """Return shares of individual languages, those of macrolanguages parted.

    The share of a macrolanguage goes to the members that the corpora hold, by their
    speakers (evenly where none of them has any on record). One of which nothing is held
    stays whole, and out of reach.

    Raises:
        ConfigError: A language has a share of its own and one in its macrolanguage.
    """
    spoken = _speakers()
    out: dict[str, float] = {}
    for key, share in shares.items():
        members = [m for m in member_languages(key) if m in held] or [key]
        weights = [spoken.get(m, 0.0) for m in members]
        if not sum(weights):
            weights = [1.0] * len(members)
        for member, weight in zip(members, weights, strict=True):
            if member in out:
                raise ConfigError(
                    "a language has one share in a target, alone or in a macrolanguage",
                    value=member,
                    where="--target",
                )
            out[member] = share * weight / sum(weights)
    return out
