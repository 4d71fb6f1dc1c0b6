"""Profiles on disk: tables in, Parquet files with a certificate of birth out.

In: the tables of one corpus and what they were made with. Out: one Parquet file a
table, whose footer tells schema version, tool version, config fingerprint, checksums of
models and tables, and the layout of shingles and bands, so that profiles made
differently are told apart before they are merged or compared.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow.parquet as pq

from schemas.profile import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

__all__ = ["footer", "write_table"]

_PREFIX = "corpus_audit."


def footer(
    config_fingerprint: str,
    resources: Mapping[str, Mapping[str, str]],
    layout: Mapping[str, Any],
    sample: float,
) -> dict[str, str]:
    """Return the metadata that every table of a run carries."""
    return {
        f"{_PREFIX}schema_version": SCHEMA_VERSION,
        f"{_PREFIX}tool_version": version("corpus-audit"),
        f"{_PREFIX}config_fingerprint": config_fingerprint,
        f"{_PREFIX}resources": json.dumps(resources, sort_keys=True),
        f"{_PREFIX}layout": json.dumps(layout, sort_keys=True),
        f"{_PREFIX}sample": repr(sample),
    }


def write_table(
    table: pa.Table, file: BinaryIO, corpus: str, metadata: Mapping[str, str]
) -> None:
    """Write one table as Parquet; equal tables give equal bytes.

    Args:
        table: in the contract's columns (see `audit.fold.profile.conform`).
        file: open for writing.
        corpus: the corpus it belongs to, for the footer.
        metadata: what `footer` returned.
    """
    whole = {**metadata, f"{_PREFIX}corpus": corpus}
    pq.write_table(
        table.replace_schema_metadata(whole), file, compression="zstd", version="2.6"
    )
