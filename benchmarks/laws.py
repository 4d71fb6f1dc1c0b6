"""What a profile must obey, on real shards: copies in another format, merges, engines.

    python -m benchmarks.laws SHARD SHARD SHARD

Shards are JSON Lines, compressed or not. Prints one line a law with what was compared;
exits 1 where one does not hold.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from audit.compare.load import load_profiles
from audit.compare.merge import merge_profiles
from audit.read import LocalFileSystem, ReadOptions, find_files, plan_splits, read_split
from audit.run import profile
from schemas.profile import TABLES


def tables(folder: Path) -> dict[str, bytes]:
    """Return the Parquet files of a profile by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


def parquet_copy(shard: str, folder: Path) -> str:
    """Write a shard's documents as Parquet under the same name, and return its path."""
    files, options = LocalFileSystem(), ReadOptions()
    splits = plan_splits(find_files([shard], files), options, files)
    parts = [
        read.documents.select(["doc_id", "text", "url", "source_declared"])
        for split in splits
        for read in read_split(split, options, files)
    ]
    table = pa.Table.from_batches(parts).rename_columns(["id", "text", "url", "source"])
    # The units of documents without URL hang on the file's name.
    path = folder / Path(shard).name
    pq.write_table(table, path, compression="zstd", row_group_size=10_000)
    return str(path)


def additive_equal(left: Path, right: Path) -> list[str]:
    """Return the tables whose additive columns differ between two profiles."""
    differing = []
    for name, contract in TABLES.items():
        if not contract.additive or name in {"duplicates", "duplicates_detail"}:
            continue
        columns = [
            c for c in (*contract.keys, *contract.additive) if "duplicate" not in c
        ]
        frames = [
            pl.read_parquet(folder / f"{name}.parquet").select(columns)
            for folder in (left, right)
        ]
        if not frames[0].equals(frames[1]):
            differing.append(name)
    return differing


def main() -> int:
    """Check the laws on the shards of the command line."""
    shards = sys.argv[1:]
    failed = 0

    def tell(law: str, differing: list[str]) -> None:
        nonlocal failed
        failed += bool(differing)
        found = f"DIFFERENT: {', '.join(differing)}" if differing else "equal"
        sys.stdout.write(f"{law}: {found}\n")

    with tempfile.TemporaryDirectory() as temporary:
        here = Path(temporary)
        copy = parquet_copy(shards[0], here)
        for name, paths in {"jsonl": shards[:1], "parquet": [copy]}.items():
            profile({"c": paths}, str(here / name))
        one, two = tables(here / "jsonl" / "c"), tables(here / "parquet" / "c")
        tell(
            "Parquet copy of a shard, all tables", [n for n in one if one[n] != two[n]]
        )
        for number, shard in enumerate(shards):
            profile({"c": shard}, str(here / f"part{number}"))
        profile({"c": shards}, str(here / "loop"))
        profile({"c": shards[::-1]}, str(here / "beam"), runner="local", workers=2)
        one, two = tables(here / "loop" / "c"), tables(here / "beam" / "c")
        tell(
            "Beam with two workers, files in another order, all tables",
            [n for n in one if one[n] != two[n]],
        )
        parts = load_profiles([here / f"part{i}" for i in range(len(shards))])
        merged = merge_profiles(parts, here / "merged", name="c")
        tell(
            f"Merge of {len(shards)} shards, additive columns but duplicates",
            additive_equal(merged, here / "loop" / "c"),
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
