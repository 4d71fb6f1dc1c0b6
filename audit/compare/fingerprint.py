"""Which profiles may be set side by side, and which may become one.

In: opened profiles. Out: nothing, or a refusal that names both values: figures that
were measured differently differ for that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from audit.compare.load import Profile
from audit.errors import ProfileError

__all__ = ["require_comparable", "require_mergeable"]

_AGAIN = "Profile the corpus again with this version of corpus-audit."


def require_comparable(profiles: Sequence[Profile]) -> None:
    """Refuse profiles whose figures do not mean the same.

    Languages, sources and cultures depend on the annotators' models and tables,
    duplicates on the shingle and band layout. The config fingerprint as a whole is not
    compared: it also covers how the input was read, which two corpora need not share.

    Raises:
        ProfileError: Names the first part that differs and both values.
    """
    first = profiles[0]
    parts: tuple[tuple[str, Callable[[Profile], Any], str], ...] = (
        ("schema version", lambda p: p.metadata.get("schema_version"), _AGAIN),
        (
            "models and tables",
            lambda p: p.resources,
            "Profile both with the same models and the same version of corpus-audit.",
        ),
        (
            "shingle and band layout",
            lambda p: p.layout,
            "Duplicate rates of two layouts cannot be set side by side: profile both "
            "with the same layout and seed.",
        ),
    )
    for other in profiles[1:]:
        for what, part, next_step in parts:
            one, two = part(first), part(other)
            if one != two:
                detail, one, two = _first_difference(what, one, two)
                raise ProfileError(
                    f"profiles must share their {detail}",
                    value=f"{one} and {two}",
                    where=f"{first.folder} and {other.folder}",
                    next_step=next_step,
                )


def require_mergeable(profiles: Sequence[Profile]) -> None:
    """Refuse profiles that could not have come from one run.

    The same parts must match as for a comparison, and the sampling rate.

    Raises:
        ProfileError: Names the first part that differs and both values.
    """
    require_comparable(profiles)
    for other in profiles[1:]:
        one, two = (p.metadata.get("sample", "1.0") for p in (profiles[0], other))
        if one != two:
            raise ProfileError(
                "profiles to merge sampled their documents at the same rate",
                value=f"{one} and {two}",
                where=f"{profiles[0].folder} and {other.folder}",
                next_step="Profile both with the same --sample.",
            )


def _first_difference(what: str, one: Any, two: Any) -> tuple[str, Any, Any]:
    """Walk into nested metadata to the first key whose values differ."""
    while isinstance(one, dict) and isinstance(two, dict):
        key = min(k for k in one.keys() | two.keys() if one.get(k) != two.get(k))
        what, one, two = f"{what}, {key}", one.get(key), two.get(key)
    return what, one, two
