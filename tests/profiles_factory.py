"""Small synthetic profiles on disk, made by a generator that a test controls.

In: a folder, a corpus name, a seed, shares of languages and cultures, numbers of
domains and documents. Out: ``folder/corpus`` with every table of a profile, consistent
in itself: language, source and culture are sums of ``mix``, ``culture_mix`` and
``reference``. The same arguments give the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from audit.fold.coverage import (
    coverage_by_speakers_table,
    coverage_table,
    outward_table,
)
from audit.fold.sources import source_tables
from audit.measures.profile_diversity import diversity_table
from schemas.profile import SCHEMA_VERSION, TABLES

METADATA = {
    "corpus_audit.schema_version": SCHEMA_VERSION,
    "corpus_audit.tool_version": "0.1.0",
    "corpus_audit.config_fingerprint": "0123456789abcdef",
    "corpus_audit.resources": json.dumps(
        {"language@1": {"model": "aa11"}, "culture@1": {"gazetteer": "bb22"}}
    ),
    "corpus_audit.layout": json.dumps({"num_perm": 128, "bands": 14, "seed": 1}),
}
SCRIPTS = {
    "eng": "Latn", "fra": "Latn", "spa": "Latn", "yor": "Latn", "swa": "Latn",
    "hau": "Latn", "deu": "Latn", "rus": "Cyrl", "arb": "Arab", "hin": "Deva",
    "cmn": "Hans", "jpn": "Jpan", "kor": "Kore", "tha": "Thai", "amh": "Ethi",
}  # fmt: skip
REGIONS = {
    "US": "Northern America", "GB": "Northern Europe", "FR": "Western Europe",
    "DE": "Western Europe", "RU": "Eastern Europe", "CN": "Eastern Asia",
    "JP": "Eastern Asia", "KR": "Eastern Asia", "IN": "Southern Asia",
    "NG": "Western Africa", "KE": "Eastern Africa", "ET": "Eastern Africa",
    "EG": "Northern Africa", "BR": "South America", "MX": "Central America",
}  # fmt: skip
CATEGORIES = ("food", "holiday", "literature", "person", "place")
LANGUAGES = {"eng": 0.5, "fra": 0.12, "spa": 0.1, "cmn": 0.1, "rus": 0.08,
             "arb": 0.05, "yor": 0.03, "hin": 0.02}  # fmt: skip
CULTURES = {"US": 0.45, "GB": 0.15, "FR": 0.1, "CN": 0.12, "RU": 0.08, "NG": 0.04,
            "IN": 0.06}  # fmt: skip
_PLACES = (("com", None), ("org", None), ("net", None), ("fr", "FR"), ("cn", "CN"),
           ("ru", "RU"), ("ng", "NG"), ("in", "IN"))  # fmt: skip
_PLATFORMS = (("Reddit", "social"), ("Wikipedia", "encyclopedia"), ("Zhihu", "forum"))
_REFERENCES = 12


def make_profile(
    folder: Path | str,
    corpus: str,
    seed: int = 1,
    *,
    languages: dict[str, float] | None = None,
    cultures: dict[str, float] | None = None,
    domains: int = 200,
    documents: int = 20_000,
    purity: float = 0.9,
    located: float = 0.3,
    without_url: float = 0.1,
    platforms: float = 0.1,
    near_duplicates: float = 0.05,
    rejected: int = 3,
    replicates: int = 50,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write one profile and return its folder.

    Args:
        folder: The OUT folder; the profile is written to ``folder/corpus``.
        corpus: Name of the corpus.
        seed: Decides everything that is drawn.
        languages: Share of each language over documents (expected, not exact).
        cultures: Share of each culture over located documents.
        domains: Registered domains; their sizes follow a power law.
        documents: Documents of the corpus, exact.
        purity: Share of a domain's documents in its home language.
        located: Share of documents with at least one reference.
        without_url: Share of documents without a domain, in groups of a file.
        platforms: Share of domains that belong to a named platform.
        near_duplicates: Share of documents that are a near copy of another.
        rejected: Rows of ``rejects``.
        replicates: Bootstrap replicates behind ``diversity``.
        metadata: Footer keys that replace the standard ones.
    """
    rng = np.random.default_rng(seed)
    mix = _mix(
        rng, languages or LANGUAGES, domains, documents, purity, without_url, platforms
    )
    culture = _references(rng, mix, cultures or CULTURES, located)
    return write_profile(
        Path(folder),
        corpus,
        with_located(mix, culture),
        culture,
        near_duplicates=near_duplicates,
        rejected=rejected,
        replicates=replicates,
        metadata=metadata,
    )


def write_profile(
    folder: Path,
    corpus: str,
    mix: pl.DataFrame,
    culture: pl.DataFrame,
    *,
    near_duplicates: float = 0.05,
    rejected: int = 0,
    replicates: int = 50,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write the profile of a ``mix`` frame and a frame of references by unit."""
    out = folder / corpus
    out.mkdir(parents=True, exist_ok=True)
    tables = profile_tables(mix, culture, near_duplicates, rejected)
    footer = METADATA | (metadata or {}) | {"corpus_audit.corpus": corpus}
    arrow = {name: _fit(frame, name, corpus) for name, frame in tables.items()}
    arrow["diversity"] = diversity_table(
        arrow["mix"], arrow["culture_mix"], corpus, REGIONS, replicates=replicates
    )
    for name, table in arrow.items():
        schema = TABLES[name].schema.with_metadata(footer)
        pq.write_table(table.cast(schema), out / f"{name}.parquet")
    return out


def culture_tables(culture_mix: pa.Table, mix: pa.Table) -> dict[str, pa.Table]:
    """Return the tables that are made of the joint counts, in their contracts."""
    made = {
        "coverage": coverage_table(culture_mix),
        "coverage_by_speakers": coverage_by_speakers_table(culture_mix, mix),
        "outward": outward_table(culture_mix),
    }
    return {
        name: _fit(pl.DataFrame(pl.from_arrow(table)), name, "")
        for name, table in made.items()
    }


def with_culture_tables(folder: Path) -> Path:
    """Add those tables to a profile on disk and return its folder."""
    mix = pq.read_table(folder / "mix.parquet")
    made = culture_tables(pq.read_table(folder / "culture_mix.parquet"), mix)
    for name, table in made.items():
        footer = table.schema.with_metadata(mix.schema.metadata)
        pq.write_table(table.cast(footer), folder / f"{name}.parquet")
    return folder


def write_overlap(folder: Path | str, rows: list[dict[str, Any]]) -> Path:
    """Write ``overlap.parquet`` beside the profiles; missing columns are derived."""
    full = []
    for row in rows:
        base: dict[str, Any] = {
            "kind": "near", "documents_a": 100, "documents_b": 120,
            "share_a": 0.1, "share_b": 0.12,
        } | row  # fmt: skip
        for side in "ab":
            share = base[f"share_{side}"]
            base.setdefault(f"low_{side}", max(0.0, share - 0.01))
            base.setdefault(f"high_{side}", min(1.0, share + 0.01))
        full.append(base)
    path = Path(folder) / "overlap.parquet"
    schema = TABLES["overlap"].schema.with_metadata(METADATA)
    pq.write_table(pa.Table.from_pylist(full, schema=schema), path)
    return path


def profile_tables(
    mix: pl.DataFrame, culture: pl.DataFrame, near_duplicates: float, rejected: int
) -> dict[str, pl.DataFrame]:
    """Return every table but ``diversity``, summed from the two joint frames."""
    mix = mix.with_columns(pl.col(TABLES["mix"].additive).fill_null(0))
    counts = ["documents", "characters", "bytes", "words"]
    located = culture.group_by("unit", "culture", "language").agg(
        pl.col("documents").max(), pl.col("characters").max(), pl.col("mentions").sum()
    )
    by_reference = culture.group_by("reference", "culture", "category", "language").agg(
        pl.col("documents", "mentions").sum()
    )
    cells = by_reference.group_by("culture", "category", "language").agg(
        pl.col("documents", "mentions").sum(),
        references_seen=pl.col("reference").n_unique().cast(pl.Int64),
        references_known=pl.lit(_REFERENCES, pl.Int64),
        region=pl.col("culture").first().replace_strict(REGIONS, default="Elsewhere"),
    )
    source = list(TABLES["source"].keys)
    language = mix.group_by("language", "script").agg(
        pl.col(*counts, "confidence_micros").sum()
    )
    total = {name: int(mix[name].sum()) for name in counts}
    copies = int(total["documents"] * near_duplicates)
    with_url = mix.filter(pl.col("domain") != "")["documents"].sum()
    summary = total | {
        "empty_documents": 0, "rejected": rejected, "files": 4,
        "exact_duplicate_documents": copies // 3,
        "near_duplicate_documents": copies, "near_duplicate_clusters": copies // 2,
        "located_documents": int(mix["located_documents"].sum()),
        "documents_with_url": int(with_url),
        "first_date": "2020-01-05", "last_date": "2024-11-30",
    }  # fmt: skip
    return {
        "summary": pl.DataFrame([summary]),
        "language": language,
        "language_segments": language.select(
            "language", "script", "characters", segments="documents"
        ),
        "source": mix.group_by(source).agg(pl.col(counts).sum()),
        "culture": cells,
        "duplicates": _clusters(copies),
        "near_figures": _near_figures(copies),
        "rejects": _rejects(rejected),
        "mix": mix,
        **{k: pl.from_arrow(v) for k, v in source_tables(mix.to_arrow()).items()},
        "culture_mix": located,
        "reference": by_reference,
    }


def with_located(mix: pl.DataFrame, culture: pl.DataFrame) -> pl.DataFrame:
    """Fill in the located counts: a drawn document refers to one culture."""
    found = culture.group_by("unit", "language").agg(most=pl.col("documents").sum())
    joined = mix.join(found, on=["unit", "language"], how="left", maintain_order="left")
    located = pl.min_horizontal(pl.col("most").fill_null(0), "documents")
    return joined.with_columns(
        located_documents=located, located_characters=located * 300
    ).drop("most")


def _fit(frame: pl.DataFrame, name: str, corpus: str) -> pa.Table:
    contract = TABLES[name]
    full = frame.with_columns(corpus=pl.lit(corpus, pl.String))
    # Columns that came to the contract later count nothing here.
    full = full.with_columns(
        pl.lit(0, pl.Int64).alias(c) for c in contract.additive if c not in full.columns
    )
    # Counts that a later contract added are zero until a test is about them.
    absent = [key for key in contract.additive if key not in full.columns]
    full = full.with_columns(pl.lit(0, pl.Int64).alias(key) for key in absent)
    keys = [key for key in contract.keys if key in full.columns]
    ordered = full.sort(keys, nulls_last=True) if keys else full
    table = ordered.select(contract.schema.names).to_arrow()
    return table.cast(contract.schema)


def _mix(
    rng: np.random.Generator,
    languages: dict[str, float],
    domains: int,
    documents: int,
    purity: float,
    without_url: float,
    platforms: float,
) -> pl.DataFrame:
    names = sorted(languages)
    shares = np.array([languages[name] for name in names], float)
    shares /= shares.sum()
    groups = max(4, domains // 10) if without_url else 0
    sizes = rng.permutation(1.0 / np.arange(3, domains + 3) ** 0.8)
    weights = sizes / sizes.sum() * (1 - without_url if groups else 1)
    if groups:
        weights = np.append(weights, np.full(groups, without_url / groups))
    per_unit = rng.multinomial(documents, weights / weights.sum())
    rows = []
    for unit, count in enumerate(per_unit):
        if count == 0:
            continue
        profile = purity * np.eye(len(names))[rng.choice(len(names), p=shares)]
        profile = profile + (1 - purity) * shares
        drawn = rng.multinomial(count, profile / profile.sum())
        source = _source(rng, unit, platforms) if unit < domains else {
            "unit": f"part-{(unit - domains) % 4}.jsonl#{unit - domains}",
            "domain": "", "suffix": None, "platform": None, "operator": None,
            "category": None, "country": None,
        }  # fmt: skip
        rows += [
            source | _counts(rng, names[code], int(drawn[code]))
            for code in np.flatnonzero(drawn)
        ]
    keys = TABLES["mix"].keys
    schema = {key: pl.String for key in keys}
    numbers = {name: pl.Int64 for name in TABLES["mix"].additive}
    drawn = pl.DataFrame(rows, schema=schema | numbers).sort(keys, nulls_last=True)
    return drawn.with_columns(pl.col(TABLES["mix"].additive).fill_null(0))


def _source(rng: np.random.Generator, unit: int, platforms: float) -> dict[str, Any]:
    suffix, country = _PLACES[rng.integers(len(_PLACES))]
    domain = f"site{unit}.{suffix}"
    platform, operator = None, None
    category = ("news", "blog", None)[rng.integers(3)]
    if rng.random() < platforms:
        platform, category = _PLATFORMS[rng.integers(len(_PLATFORMS))]
        operator = f"{platform} Inc."
    return {
        "unit": domain, "domain": domain, "suffix": suffix, "platform": platform,
        "operator": operator, "category": category, "country": country,
    }  # fmt: skip


def _counts(rng: np.random.Generator, language: str, documents: int) -> dict[str, Any]:
    words = int(documents * rng.lognormal(5.5, 0.4))
    characters = words * 6
    return {
        "language": language, "script": SCRIPTS.get(language, "Latn"),
        "documents": documents, "characters": characters,
        "bytes": characters + characters // 5, "words": words,
        "confidence_micros": documents * 930_000,
    }  # fmt: skip


def _references(
    rng: np.random.Generator,
    mix: pl.DataFrame,
    cultures: dict[str, float],
    located: float,
) -> pl.DataFrame:
    names = sorted(cultures)
    shares = np.array([cultures[name] for name in names], float)
    shares /= shares.sum()
    rows = []
    for row in mix.select("unit", "language", "documents", "characters").rows():
        unit, language, documents, characters = row
        found = rng.multinomial(rng.binomial(documents, located), shares)
        for code in np.flatnonzero(found):
            category = CATEGORIES[rng.integers(len(CATEGORIES))]
            number = rng.integers(_REFERENCES)
            rows.append(
                {
                    "unit": unit,
                    "culture": names[code],
                    "language": language,
                    "category": category,
                    "reference": f"{names[code]}:{category}:{number}",
                    "documents": int(found[code]),
                    "characters": int(characters * found[code] // documents),
                    "mentions": int(found[code] + rng.poisson(found[code])),
                }
            )
    schema = {
        name: pl.String
        for name in ("unit", "culture", "language", "category", "reference")
    }
    numbers = {name: pl.Int64 for name in ("documents", "characters", "mentions")}
    return pl.DataFrame(rows, schema=schema | numbers)


def _clusters(copies: int) -> pl.DataFrame:
    rows = [
        {"kind": kind, "cluster_size": size, "clusters": count,
         "documents": size * count, "characters": size * count * 900}
        for kind, part in (("exact", 6), ("near", 2))
        for size, count in ((2, copies // part), (3, copies // part // 4), (17, 1))
    ]  # fmt: skip
    numbers = ("cluster_size", "clusters", "documents", "characters")
    schema = {"kind": pl.String} | dict.fromkeys(numbers, pl.Int64)
    return pl.DataFrame(rows, schema=schema)


def _near_figures(copies: int) -> pl.DataFrame:
    figures = {
        "connected_only_documents": copies // 5,
        "corrected_documents": copies * 1.01,
        "directly_similar_documents": copies - copies // 5,
        "duplicate_documents": copies,
        "largest_cluster": 17 if copies else 0,
        "verified_pairs": copies * 2,
    }
    rows = [
        {"figure": figure, "value": float(value), "low": None, "high": None}
        for figure, value in figures.items()
    ]
    rows[1] |= {"low": float(copies), "high": copies * 1.02}
    numbers = dict.fromkeys(("value", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema={"figure": pl.String} | numbers)


def _rejects(count: int) -> pl.DataFrame:
    rows = [
        {"file": f"part-{i % 4}.jsonl", "position": 10 + i,
         "reason": ("malformed_record", "missing_text")[i % 2],
         "detail": "unexpected end of data"}
        for i in range(count)
    ]  # fmt: skip
    schema = {
        "file": pl.String, "position": pl.Int64, "reason": pl.String,
        "detail": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)
