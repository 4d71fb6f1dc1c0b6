"""Profiles for the tests of the report: ordinary, empty and hostile ones.

In: a folder. Out: profiles as `profiles_factory` writes them, with rows and names
replaced where a test needs the unusual.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from profiles_factory import make_profile, write_overlap, write_profile

from audit.fold.breadth import breadth_table
from audit.fold.coverage import (
    coverage_by_speakers_table,
    coverage_table,
    outward_table,
)
from audit.fold.profile import conform
from schemas.profile import TABLES

HOSTILE = (
    "</script><script>window.hacked=1</script><img src=x onerror=hack()>&\"'`{{7*7}}"
)
LANGUAGES = {
    "eng": 0.3, "fra": 0.12, "spa": 0.11, "cmn": 0.1, "rus": 0.08, "arb": 0.08,
    "yor": 0.06, "hin": 0.05, "jpn": 0.04, "swh": 0.03, "tha": 0.02, "und": 0.01,
}  # fmt: skip


def three_profiles(folder: Path) -> list[Path]:
    """Write three corpora of different size, one named in Chinese, one in Arabic."""
    profiles = [
        make_profile(folder, "web", 1, documents=5000, domains=80, replicates=30),
        make_profile(
            folder, "新闻语料", 2, documents=9000, languages=LANGUAGES, replicates=30
        ),
        make_profile(
            folder, "مدونة", 3, documents=2000, domains=30, rejected=40, replicates=30
        ),
    ]
    for number, profile in enumerate(profiles, start=1):
        _count_twice(profile / "culture.parquet")
        _add_tables(profile, number)
    pairs = [("web", "新闻语料", 0.2), ("web", "مدونة", 0.004)]
    write_overlap(
        folder,
        [
            {"corpus_a": a, "corpus_b": b, "kind": kind, "share_a": x,
             "share_b": x / 2, "characters_a": 700, "characters_b": 600,
             "character_share_a": x * 0.9, "character_share_b": x * 0.7}
            for a, b, x in pairs
            for kind in ("near", "exact")
        ],
    )  # fmt: skip
    distinct = [
        {"kind": kind, "corpora": 3, "distinct": value}
        for kind, value in (("exact", 2.87), ("near", 2.61))
    ]
    alike = pa.Table.from_pylist(distinct, TABLES["monoculture"].schema)
    footer = pq.read_schema(folder / "overlap.parquet").metadata
    pq.write_table(
        alike.replace_schema_metadata(footer), folder / "monoculture.parquet"
    )
    return profiles


def _add_tables(profile: Path, number: int) -> None:
    """Add what only some runs have: coverage, details of duplicates, contamination."""
    detail = [
        {"facet": facet, "key": key, "documents": 400, "characters": 9000,
         "duplicate_documents": part * number, "duplicate_characters": 800,
         "wiped_out": part * number > 360}
        for facet, key, part in (
            ("language", "eng", 40), ("language", "fra", 0), ("domain", "x.org", 130),
            ("domain", "", 7),
        )
    ]  # fmt: skip
    sets = [
        {"evaluation_set": name, "threshold": 0.8, "items": 50,
         "contaminated_items": found, "share": found / 50, "low": found / 60,
         "high": found / 40, "touched_items": found + 3, "short_items": 0,
         "contaminated_short_items": 0, "rejected_items": 0}
        for name, found in (("quiz", number), ("sums", 0))
    ]  # fmt: skip
    farms = [
        {"kind": "letters", "shape": f"aaaa-{number}", "domains": 40 * number,
         "documents": 900, "share": 0.09 * number, "score": 0.8, "cheap_share": 0.9,
         "evenness": 0.97, "examples": ["qwer-1.top", "asdf-2.top"]}
    ]  # fmt: skip
    _add(profile, {
        "duplicates_detail": pa.Table.from_pylist(detail),
        "source_farms": pa.Table.from_pylist(farms),
        "contamination_sets": pa.Table.from_pylist(sets),
        **_culture_tables(profile),
    })  # fmt: skip
    add_examples(profile)


def add_examples(profile: Path) -> None:
    """Add the most evidence that a run keeps: pairs, and mentions of each culture."""
    english = "The ferry to the island leaves the old pier at nine in the morning. " * 4
    arabic = "تغادر العبارة إلى الجزيرة من الرصيف القديم في التاسعة صباحا. " * 5
    pairs = [
        {"band": band, "jaccard": band + 0.001 * n, "doc_id_a": f"a-{n:02}",
         "doc_id_b": f"b-{n:02}" + "x" * 200, "excerpt_a": text[:240],
         "excerpt_b": text.replace(*edit, 1)[:240]}
        for band in (0.8, 0.85, 0.9, 0.95, 0.99)
        for n in range(10)
        for text, edit in [
            ((english, ("old pier", "new quay")), (arabic, ("القديم", "الجديد")))[n % 2]
        ]
    ]  # fmt: skip
    mix = pq.read_table(profile / "culture_mix.parquet")
    mentions = [
        {"culture": culture, "category": "food", "reference": f"dish {n // 2}",
         "form": "stew", "doc_id": f"d-{n}",
         "excerpt": f"a stew of beans, then the stew of {culture}, once more a stew"}
        for culture in sorted(set(mix.column("culture").to_pylist()))
        for n in range(5)
    ]  # fmt: skip
    schema = TABLES["culture_examples"].schema
    fields = [field for field in schema if field.name != "corpus"]
    shown = pa.Table.from_pylist(mentions, pa.schema(fields))
    _add(profile, {
        "duplicate_examples": pa.Table.from_pylist(pairs), "culture_examples": shown,
    })  # fmt: skip


def _add(profile: Path, extra: dict[str, pa.Table]) -> None:
    footer = pq.read_schema(profile / "mix.parquet").metadata
    for name, table in extra.items():
        whole = conform(name, profile.name, table)
        pq.write_table(
            whole.replace_schema_metadata(footer), profile / f"{name}.parquet"
        )


def _culture_tables(profile: Path) -> dict[str, pa.Table]:
    """Make what is made of the joint counts; a document is a source of its own."""
    mix, located = (
        pq.read_table(profile / f"{n}.parquet") for n in ("mix", "culture_mix")
    )
    culture, reference = (
        pl.read_parquet(profile / f"{n}.parquet") for n in ("culture", "reference")
    )
    cell = ["culture", "region", "category"]
    known = culture.group_by(cell).agg(pl.col("references_known").max())
    sources = (
        reference.with_columns(source=pl.int_ranges(pl.col("documents").clip(0, 3)))
        .explode("source")
        .drop_nulls("source")
    )
    return {
        "coverage": coverage_table(located),
        "coverage_by_speakers": coverage_by_speakers_table(located, mix),
        "outward": outward_table(located),
        "breadth": breadth_table(sources, known),
    }


def _count_twice(path: Path) -> None:
    """Let every document refer to each culture in two categories."""
    table = pq.read_table(path)
    place = table.schema.get_field_index("documents")
    doubled = pc.multiply(table.column(place), 2)
    pq.write_table(table.set_column(place, table.schema.field(place), doubled), path)


def empty_profile(folder: Path) -> Path:
    """Write a corpus without any document."""
    mix = pl.DataFrame(schema=_schema("mix"))
    culture = pl.DataFrame(
        schema=_schema("culture_mix") | {"category": pl.String, "reference": pl.String}
    )
    return write_profile(folder, "nothing", mix, culture, replicates=2)


def poisoned_profile(folder: Path) -> Path:
    """Write a corpus whose every name is an attempt to break out of the page."""
    profile = make_profile(folder, "poisoned", 4, documents=800, domains=30)
    add_examples(profile)
    for path in profile.glob("*.parquet"):
        table = pq.read_table(path)
        metadata = dict(table.schema.metadata)
        metadata[b"corpus_audit.corpus"] = HOSTILE.encode()
        metadata[b"corpus_audit.tool_version"] = HOSTILE.encode()
        for place, field in enumerate(table.schema):
            if field.type == pa.string() and field.name not in _ENUMERATED:
                texts = [
                    text and HOSTILE + text for text in table.column(place).to_pylist()
                ]
                table = table.set_column(place, field, pa.array(texts, pa.string()))
        pq.write_table(table.replace_schema_metadata(metadata), path)
    return profile


# Columns whose values are the names of measures; all others come from data.
_ENUMERATED = {"facet", "measure", "weight", "kind"}


def _schema(table: str) -> dict[str, type[pl.DataType]]:
    contract = TABLES[table]
    return dict.fromkeys(contract.keys, pl.String) | dict.fromkeys(
        contract.additive, pl.Int64
    )
