"""The Parquet files of a profile: bytes on disk to checked tables.

In: a path and the name of a table. Out: an Arrow table in its contract's columns, and
what the footer says of how it was made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audit.errors import ProfileError
from schemas.profile import TABLES

__all__ = ["AGAIN", "PREFIX", "json_footer", "read_footer", "read_table"]

PREFIX = "corpus_audit."
AGAIN = "Profile the corpus again with this version of corpus-audit."


def read_footer(path: Path) -> dict[str, str]:
    """Return the footer keys of this project, without their prefix."""
    try:
        raw = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    return {
        key.decode()[len(PREFIX) :]: value.decode()
        for key, value in raw.items()
        if key.decode("utf-8", "replace").startswith(PREFIX)
    }


def read_table(path: Path, name: str, expected: dict[str, str] | None) -> pa.Table:
    """Read a table and check it.

    Args:
        path: A Parquet file, or a folder of them.
        name: Its name among the contracts.
        expected: Footer of the profile it must belong to, None for no check.

    Raises:
        ProfileError: Missing, unreadable, without a column, or of another run.
    """
    contract = TABLES[name]
    if not path.exists():
        raise ProfileError(
            f"the profile holds the table {name}",
            value="none there",
            where=str(path),
            next_step="Some tables depend on options of the run (as --keep).",
        )
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    lacking = [c for c in contract.schema.names if c not in table.column_names]
    if lacking:
        raise ProfileError(
            f"table {name} has all its columns; missing",
            value=", ".join(lacking),
            where=str(path),
            next_step=AGAIN,
        )
    if expected is not None:
        _same_run(path, table.schema.metadata or {}, expected)
    added = [c for c in table.column_names if c not in contract.schema.names]
    schema = pa.schema([*contract.schema, *(table.schema.field(c) for c in added)])
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowException, ValueError) as error:
        raise _unreadable(path, error) from error


def _same_run(path: Path, raw: dict[bytes, bytes], expected: dict[str, str]) -> None:
    for key in ("schema_version", "config_fingerprint", "corpus"):
        found = raw.get((PREFIX + key).encode(), b"").decode()
        if found != expected.get(key, ""):
            raise ProfileError(
                f"the tables of a profile come from one run; {key} differs",
                value=f"{expected.get(key, '')} and {found}",
                where=str(path),
                next_step=AGAIN,
            )


def _unreadable(path: Path, error: Exception) -> ProfileError:
    return ProfileError(
        "a profile's tables are Parquet files in the format of this version",
        value=str(error).splitlines()[0][:200],
        where=str(path),
        next_step=AGAIN,
    )


def json_footer(text: str | None, folder: Path, key: str) -> dict[str, Any]:
    """Return a footer key that holds JSON; what is no object stands under "value"."""
    try:
        value = json.loads(text or "{}")
    except ValueError as error:
        raise ProfileError(
            f"footer key {PREFIX}{key} holds JSON",
            value=(text or "")[:80],
            where=str(folder),
            next_step=AGAIN,
        ) from error
    return value if isinstance(value, dict) else {"value": value}
