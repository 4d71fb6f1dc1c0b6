"""One profile from many, as if their corpora had been audited together.

In: profiles made with the same models, tables and layout. Out: one profile on disk.
Additive columns are sums over equal keys, so that any order and any grouping of merges
gives the same bytes; references seen are counted again; intervals, effective numbers
and concentration are computed again from the merged counts.

What cannot be known without the text or its signatures: copies that stand in two of the
corpora. The duplicate figures of a merged profile are therefore sums of what was found
within each part, a lower bound, and the footer and ``run.json`` say so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from audit.compare.fingerprint import require_mergeable
from audit.compare.load import Profile
from audit.compare.pairs import regions_of
from audit.compare.remake import remade_tables
from audit.compare.tables import PREFIX
from audit.errors import ProfileError
from audit.fold.diversity import profile_diversity
from audit.fold.profile import conform
from audit.fold.sources import source_tables
from audit.fold.store import write_table
from schemas.profile import TABLES

__all__ = ["DUPLICATES_NOTE", "Diversity", "merge_profiles", "merge_tables"]

DUPLICATES_NOTE = (
    "Duplicate figures are sums over the merged parts: copies that stand in two parts "
    "are not counted. Run corpus-audit overlap on kept signatures to find them."
)

# Tables of single records: a merge lays them one below the other.
_STACKED = ("rejects", "documents")

# Tables with columns that are no sums, and that this module makes anew.
_REMADE = ("summary", "culture")

# Makes the diversity table from mix, culture_mix, corpus and regions.
Diversity = Callable[[pa.Table, pa.Table, str, Mapping[str, str]], pa.Table]


def merge_profiles(
    profiles: Sequence[Profile],
    out: Path,
    *,
    name: str | None = None,
    overwrite: bool = False,
    diversity: Diversity = profile_diversity,
) -> Path:
    """Merge profiles into ``out/name``.

    Args:
        profiles: At least two of different documents (that is not checked here).
        out: The OUT folder; it is made where it is missing.
        name: The merged corpus; by default the parts' names joined by ``+``.
        overwrite: Replace a profile that is already there.
        diversity: Makes the ``diversity`` table of the merged counts.

    Returns:
        The folder of the new profile. It appears whole or not at all.

    Raises:
        ProfileError: Parts that were measured differently (both values are named), too
            few parts, or a profile in the way.
    """
    if len(profiles) < 2:
        raise ProfileError(
            "a merge takes at least two profiles",
            value=[str(profile.folder) for profile in profiles],
            next_step="Name two folders, or an OUT folder that holds two.",
        )
    require_mergeable(profiles)
    corpus = name or "+".join(dict.fromkeys(profile.corpus for profile in profiles))
    folder = out / _folder_name(corpus)
    if folder.exists() and not overwrite:
        raise ProfileError(
            "a merge does not write over a profile",
            value=str(folder),
            next_step="Take another --out or name, or allow --overwrite.",
        )
    tables = merge_tables(profiles, corpus, diversity=diversity)
    metadata = _footer(profiles)
    partial = out / f".{folder.name}.partial"
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    for table_name, table in tables.items():
        path = partial / f"{table_name}.parquet"
        if table_name == "documents":
            path = partial / table_name / "part-00000.parquet"
            path.parent.mkdir()
        with path.open("wb") as file:
            write_table(table, file, corpus, metadata)
    if folder.exists():
        shutil.rmtree(folder)
    os.replace(partial, folder)
    _write_run(out, corpus, profiles, tables)
    return folder


def merge_tables(
    profiles: Sequence[Profile],
    corpus: str,
    *,
    diversity: Diversity = profile_diversity,
) -> dict[str, pa.Table]:
    """Return the tables of the merged profile, conformed and sorted.

    A table is there where every part has it. Examples and contamination are left out,
    because they are drawn from text, and so is ``overlap``, which belongs to the OUT
    folder.
    """
    tables: dict[str, pa.Table] = {}
    for name, contract in TABLES.items():
        if not _can_merge(name) or not all(p.has(name) for p in profiles):
            continue
        parts = pl.concat([profile.frame(name) for profile in profiles], how="vertical")
        parts = parts.select(contract.schema.names)
        if name == "summary":
            merged = _merged_summary(parts)
        elif name == "culture":
            merged = _merged_culture(parts, profiles)
        elif contract.additive:
            merged = _summed(parts, contract.keys, contract.additive)
        else:
            merged = parts
        tables[name] = conform(
            name, corpus, merged.drop("corpus", strict=False).to_arrow()
        )
    counted = diversity(
        tables["mix"], tables["culture_mix"], corpus, regions_of(profiles)
    )
    remade = {"diversity": counted} | source_tables(tables["mix"])
    remade |= remade_tables(profiles, tables)
    return tables | {
        name: conform(name, corpus, table) for name, table in remade.items()
    }


def _can_merge(name: str) -> bool:
    """Say whether sums, or what this module makes anew, fill all of a table."""
    contract = TABLES[name]
    summed = {"corpus", *contract.keys, *contract.additive}
    whole = summed.issuperset(contract.schema.names)
    return name in (*_STACKED, *_REMADE) or bool(contract.additive and whole)


def _summed(
    parts: pl.DataFrame, keys: Sequence[str], additive: Sequence[str]
) -> pl.DataFrame:
    # Sums of int64 do not depend on the order of the rows.
    return parts.group_by(keys).agg(pl.col(additive).sum())


def _merged_summary(parts: pl.DataFrame) -> pl.DataFrame:
    return parts.select(
        pl.col(TABLES["summary"].additive).sum(),
        pl.col("first_date").min(),
        pl.col("last_date").max(),
    )


def _merged_culture(parts: pl.DataFrame, profiles: Sequence[Profile]) -> pl.DataFrame:
    """Sum documents and mentions; count the references again from ``reference``."""
    contract = TABLES["culture"]
    cell = ["culture", "category", "language"]
    reference = pl.concat([profile.frame("reference") for profile in profiles])
    seen = reference.group_by(cell).agg(
        references_seen=pl.col("reference").n_unique().cast(pl.Int64)
    )
    known = parts.group_by("culture", "category").agg(pl.col("references_known").max())
    return (
        _summed(parts, contract.keys, contract.additive)
        .join(seen, on=cell, how="left", nulls_equal=True)
        .join(known, on=["culture", "category"], how="left", nulls_equal=True)
        .with_columns(pl.col("references_seen").fill_null(0))
    )


def _footer(profiles: Sequence[Profile]) -> dict[str, str]:
    """Return the footer of the parts; what differs between them is said as a list."""
    prints = [profile.metadata.get("config_fingerprint", "") for profile in profiles]
    fingerprint = prints[0]
    if len(set(prints)) > 1:
        joined = "\n".join(sorted(set(prints)))
        fingerprint = hashlib.sha256(joined.encode()).hexdigest()[: len(prints[0])]
    parts = sorted({(p.corpus, f) for p, f in zip(profiles, prints, strict=True)})
    metadata = {f"{PREFIX}{key}": value for key, value in profiles[0].metadata.items()}
    return metadata | {
        f"{PREFIX}config_fingerprint": fingerprint,
        f"{PREFIX}merged_from": json.dumps(parts, ensure_ascii=False),
        f"{PREFIX}duplicates": DUPLICATES_NOTE,
    }


def _write_run(
    out: Path, corpus: str, profiles: Sequence[Profile], tables: Mapping[str, pa.Table]
) -> None:
    """Write ``run.json``: what was merged, and what the figures cannot say."""
    row = tables["summary"].to_pylist()[0]
    held = {name for p in profiles for name in TABLES if p.has(name)}
    left = sorted(held - set(tables))
    run: dict[str, Any] = {
        "command": "merge",
        "corpora": {
            corpus: {
                "merged_from": [str(profile.folder) for profile in profiles],
                **{k: row[k] for k in ("documents", "characters", "rejected")},
            }
        },
        "notes": [DUPLICATES_NOTE, *(f"Not merged: {name}." for name in left)],
    }
    partial = out / ".run.json.partial"
    partial.write_text(json.dumps(run, indent=2, ensure_ascii=False) + "\n", "utf-8")
    os.replace(partial, out / "run.json")


def _folder_name(corpus: str) -> str:
    if not corpus or corpus.startswith(".") or any(c in corpus for c in "/\\\0"):
        raise ProfileError(
            "a corpus has a name that can be a folder",
            value=corpus,
            next_step="Give another --name.",
        )
    return corpus
