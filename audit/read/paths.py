"""Reach fields inside nested records.

In: decoded records and paths such as ``meta.url``. Out: values, names of fields, and
the keys that lead to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["MISSING", "field_keys", "field_names", "get_path", "present_paths"]

# Stands for a field that is not there, where null is a value.
MISSING = object()

# Fields nested deeper are not looked for, unless they are named.
_DEEPEST = 3


def get_path(record: Any, path: str, default: Any = None) -> Any:
    """Return the value at ``a.b`` in nested objects, or the default.

    A field whose own name holds the dots wins over the nested one.
    """
    if not isinstance(record, dict):
        return default
    if path in record:
        return record[path]
    head, _, rest = path.partition(".")
    while rest:
        if head in record:
            found = get_path(record[head], rest, MISSING)
            if found is not MISSING:
                return found
        more, _, rest = rest.partition(".")
        head = f"{head}.{more}"
    return default


def field_names(records: Sequence[dict[str, Any]]) -> list[str]:
    """Return the fields of some records, nested ones as ``a.b``, in order."""
    names: dict[str, None] = {}

    def walk(value: dict[str, Any], prefix: str, depth: int) -> None:
        for key, inner in value.items():
            if isinstance(inner, dict) and inner and depth < _DEEPEST:
                walk(inner, f"{prefix}{key}.", depth + 1)
            else:
                names[f"{prefix}{key}"] = None

    for record in records:
        walk(record, "", 0)
    return list(names)


def present_paths(records: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Return the paths at which any of some records has a value that is not null."""
    found: set[str] = set()

    def walk(value: dict[str, Any], prefix: str, depth: int) -> None:
        for key, inner in value.items():
            if inner is not None:
                path = f"{prefix}{key}"
                found.add(path)
                if isinstance(inner, dict) and depth < _DEEPEST:
                    walk(inner, f"{path}.", depth + 1)

    for record in records:
        walk(record, "", 0)
    return frozenset(found)


def field_keys(
    records: Sequence[dict[str, Any]], paths: Iterable[str]
) -> Mapping[str, tuple[str, ...]] | None:
    """Return the keys that lead to each field in all of some records, or None.

    A dot in a path nearly always means nesting, but a key may have dots itself.
    """
    keys: dict[str, tuple[str, ...]] = {}
    for path in paths:
        candidates = [tuple(path.split(".")), (path,)]
        fitting = [c for c in candidates if all(_leads(r, path, c) for r in records)]
        if not fitting:
            return None
        keys[path] = fitting[0]
    return keys


def _leads(record: dict[str, Any], path: str, keys: tuple[str, ...]) -> bool:
    value: Any = record
    for key in keys:
        value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return value is get_path(record, path, MISSING)
