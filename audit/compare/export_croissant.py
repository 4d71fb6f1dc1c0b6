"""Croissant metadata (MLCommons, JSON-LD) of a profile, with responsible-AI fields.

In: a profile. Out: a JSON-LD object: the corpus as a dataset, the profile's Parquet
tables as its files with their checksums, every column as a field, and what the profile
knows of collection, bias and limits in the RAI vocabulary.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from audit.compare.facts import effective, share_rows, shortfalls, span
from audit.compare.load import Profile
from audit.measures.facets import FACETS
from schemas.profile import MEANINGS, TABLES

__all__ = ["croissant"]

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
# Tables that lie beside the profiles, because they are about several.
_BESIDE = frozenset({"overlap", "overlap_detail", "monoculture"})


def croissant(
    profile: Profile, *, licence: str = "", url: str = "", date_published: str = ""
) -> dict[str, Any]:
    """Return the metadata as a JSON-LD object (Croissant 1.0 with RAI 1.0).

    Fields that neither the profile nor the caller knows are left out.
    """
    known = {"license": licence, "url": url, "datePublished": date_published}
    tables = [name for name in TABLES if name not in _BESIDE and profile.has(name)]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": profile.corpus,
        "description": _description(profile),
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "identifier": profile.metadata.get("config_fingerprint", ""),
        **{key: value for key, value in known.items() if value},
        "inLanguage": _languages(profile),
        "keywords": ["text corpus", "diversity profile", "corpus-audit"],
        **_responsible(profile),
        "distribution": [_file(profile, name) for name in tables],
        "recordSet": [_records(profile, name) for name in tables],
    }


def _description(profile: Profile) -> str:
    summary = profile.summary
    value, low, high = effective(profile, "language")
    bounds = "" if low is None or high is None else f" (95 %: {low:.1f} to {high:.1f})"
    return (
        f"Diversity profile of the text corpus {profile.corpus}: "
        f"{summary['documents']:,} documents, {summary['characters']:,} characters, "
        f"{value:.1f} effective languages{bounds}."
    )


def _languages(profile: Profile) -> list[str]:
    rows = share_rows(profile, "language").filter(pl.col("share_documents") >= 0.001)
    return sorted(set(rows["key"]) - FACETS["language"].outside)


def _responsible(profile: Profile) -> dict[str, Any]:
    """Return what the profile knows in the RAI vocabulary."""
    summary = profile.summary
    biases = []
    for facet in ("language", "platform", "source_country", "culture"):
        rows = share_rows(profile, facet).filter(pl.col("key") != "").head(1)
        if len(rows):
            row = rows.row(0, named=True)
            biases.append(
                f"The most common of its {FACETS[facet].plural} is {row['key']}: "
                f"{100 * row['share_documents']:.1f} % of what is counted by documents."
            )
    known = profile.frame("source").filter(pl.col("domain").fill_null("") != "")
    found: dict[str, Any] = {
        "rai:dataCollection": "Documents with a URL: "
        f"{summary['documents_with_url']:,} of {summary['documents']:,}, from "
        f"{known['domain'].n_unique():,} registered domains.",
        "rai:dataCollectionTimeframe": [
            day for day in (summary["first_date"], summary["last_date"]) if day
        ],
        "rai:dataBiases": biases,
        "rai:dataLimitations": shortfalls(profile),
        "rai:dataPreprocessingProtocol": [
            f"Exact copies: {summary['exact_duplicate_documents']:,} documents; near "
            f"copies: {summary['near_duplicate_documents']:,} (layout "
            f"{profile.metadata.get('layout', 'unknown')}); dates: {span(profile)}."
        ],
    }
    return {key: value for key, value in found.items() if value}


def _file(profile: Profile, name: str) -> dict[str, Any]:
    path = profile.folder / f"{name}.parquet"
    if not path.exists():
        return {
            "@type": "cr:FileSet",
            "@id": f"{name}.parquet",
            "name": f"{name}.parquet",
            "description": MEANINGS[name],
            "encodingFormat": "application/x-parquet",
            "includes": f"{name}/*.parquet",
        }
    return {
        "@type": "cr:FileObject",
        "@id": f"{name}.parquet",
        "name": f"{name}.parquet",
        "description": MEANINGS[name],
        "contentUrl": f"{name}.parquet",
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": _sha256(path),
    }


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _records(profile: Profile, name: str) -> dict[str, Any]:
    single = (profile.folder / f"{name}.parquet").exists()
    source = {"fileObject" if single else "fileSet": {"@id": f"{name}.parquet"}}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": MEANINGS[name],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column.name}",
                "name": column.name,
                **_data_type(column.type),
                "source": {**source, "extract": {"column": column.name}},
            }
            for column in TABLES[name].schema
        ],
    }


def _data_type(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return _data_type(kind.value_type) | {"repeated": True}
    if pa.types.is_boolean(kind):
        return {"dataType": "sc:Boolean"}
    if pa.types.is_integer(kind):
        return {"dataType": "sc:Integer"}
    return {"dataType": "sc:Float" if pa.types.is_floating(kind) else "sc:Text"}
