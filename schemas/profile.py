"""The tables of a diversity profile, as they lie on disk.

In: nothing (this module imports pyarrow only). Out: one Arrow schema a table, its keys,
and which of its columns are additive: those of a merged profile equal the sum over its
parts exactly. All counts are int64, all tables start with ``corpus``.
"""

from typing import NamedTuple

import pyarrow as pa

__all__ = ["SCHEMA_VERSION", "TABLES", "TableContract"]

SCHEMA_VERSION = "1"

_COUNTS = ("documents", "characters", "bytes", "words")


class TableContract(NamedTuple):
    """One table: its schema, the columns that identify a row, the additive columns."""

    schema: pa.Schema
    keys: tuple[str, ...]
    additive: tuple[str, ...]


def _table(
    keys: tuple[str, ...],
    additive: tuple[str, ...],
    other: tuple[pa.Field, ...] = (),
    key_types: dict[str, pa.DataType] | None = None,
) -> TableContract:
    types = key_types or {}
    fields = [pa.field(k, types.get(k, pa.string())) for k in ("corpus", *keys)]
    fields += [pa.field(name, pa.int64(), nullable=False) for name in additive]
    return TableContract(pa.schema([*fields, *other]), keys, additive)


_SOURCE_KEYS = ("domain", "suffix", "platform", "operator", "category", "country")

TABLES: dict[str, TableContract] = {
    "summary": _table(
        (),
        (
            *_COUNTS,
            "empty_documents",
            "rejected",
            "files",
            "exact_duplicate_documents",
            "near_duplicate_documents",
            "near_duplicate_clusters",
            "located_documents",
            "documents_with_url",
            # Attributed by a declared source, not by their URL.
            "documents_attributed_by_field",
            # More than a tenth of their characters is in paragraphs of another
            # language than their own.
            "mixed_documents",
            "characters_outside_main_language",
            # Documents of text that was decoded with the wrong table.
            "mojibake",
        ),
        (pa.field("first_date", pa.string()), pa.field("last_date", pa.string())),
    ),
    "language": _table(("language", "script"), (*_COUNTS, "confidence_micros")),
    # Each language beside the error of the model and the speakers of the world; the
    # hundred largest languages have a row even without documents. Made of `language`.
    "language_estimates": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("language", pa.string()),
                pa.field("documents", pa.int64()),
                pa.field("share", pa.float64()),
                pa.field("estimated_share", pa.float64()),
                pa.field("estimated_low", pa.float64()),
                pa.field("estimated_high", pa.float64()),
                pa.field("explained_by_confusion", pa.bool_()),
                pa.field("speakers", pa.int64()),
                pa.field("expected_share", pa.float64()),
                pa.field("ratio", pa.float64()),
            ]
        ),
        ("language",),
        (),
    ),
    # Documents that a second engine was asked about, and those it agrees on.
    "language_opinions": _table(("language",), ("documents", "agreeing")),
    # Languages by paragraph; the characters sum to those of the corpus.
    "language_segments": _table(("language", "script"), ("characters", "segments")),
    # What the source of a document rests on: its URL (`url`), its declared source or
    # file name (`field`), or nothing (`none`); made of `mix`, sums to the corpus.
    "attribution": _table(("attributed_by", "language"), _COUNTS),
    "source": _table(_SOURCE_KEYS, _COUNTS),
    # How few hold how much, in the whole corpus (language is empty) and inside each
    # language of 20 documents or more. Shares of the largest are of all that is in
    # scope; effective numbers, HHI, Gini and the Lorenz curve are among the keys, and
    # `unattributed` has none. `lorenz` gives the share that the smallest keys hold, at
    # the shares of keys of `audit.measures.concentration.LORENZ_PLACES`.
    "concentration": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("facet", pa.string()),
                pa.field("language", pa.string()),
                pa.field("weight", pa.string()),
                pa.field("total", pa.int64()),
                pa.field("unattributed", pa.int64()),
                pa.field("keys", pa.int64()),
                *(
                    pa.field(name, pa.float64())
                    for name in (
                        "top_1_share",
                        "top_10_share",
                        "top_100_share",
                        "top_tenth_share",
                        "hill_1",
                        "hill_2",
                        "hill_inf",
                        "hhi",
                        "gini",
                    )
                ),
                pa.field("lorenz", pa.list_(pa.float64())),
            ]
        ),
        ("facet", "language", "weight"),
        (),
    ),
    # Groups of registered domains of one shape under cheap suffixes, nearly equal in
    # size: what machine-made farms look like. Made of `source`.
    "source_farms": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("kind", pa.string()),
                pa.field("shape", pa.string()),
                pa.field("domains", pa.int64()),
                pa.field("documents", pa.int64()),
                pa.field("share", pa.float64()),
                pa.field("score", pa.float64()),
                pa.field("cheap_share", pa.float64()),
                pa.field("evenness", pa.float64()),
                pa.field("examples", pa.list_(pa.string())),
            ]
        ),
        ("kind", "shape"),
        (),
    ),
    # references_seen is not additive: it is recounted from `reference` on a merge.
    "culture": _table(
        ("culture", "region", "category", "language"),
        ("documents", "mentions"),
        (
            pa.field("references_seen", pa.int64(), nullable=False),
            pa.field("references_known", pa.int64(), nullable=False),
        ),
    ),
    "duplicates": _table(
        ("kind", "cluster_size"),
        ("clusters", "documents", "characters"),
        key_types={"cluster_size": pa.int64()},
    ),
    # Which languages and domains deduplication would take from; a source is wiped out
    # where it has 20 documents or more and over 90 % of them would go.
    "duplicates_detail": _table(
        ("facet", "key"),
        ("documents", "characters", "duplicate_documents", "duplicate_characters"),
        (pa.field("wiped_out", pa.bool_(), nullable=False),),
    ),
    # How many effectively distinct corpora the corpora of a job are: beta diversity of
    # order 1, from 1 (all hold the same documents) to their number (none shares any).
    "monoculture": TableContract(
        pa.schema(
            [
                pa.field("kind", pa.string()),
                pa.field("corpora", pa.int64()),
                pa.field("distinct", pa.float64()),
            ]
        ),
        ("kind",),
        (),
    ),
    # Shared documents of corpus A with B by language and domain of A's document.
    "overlap_detail": TableContract(
        pa.schema(
            [
                pa.field("corpus_a", pa.string()),
                pa.field("corpus_b", pa.string()),
                pa.field("kind", pa.string()),
                pa.field("facet", pa.string()),
                pa.field("key", pa.string()),
                pa.field("documents_a", pa.int64()),
                pa.field("characters_a", pa.int64()),
                pa.field("of_documents", pa.int64()),
                pa.field("of_characters", pa.int64()),
            ]
        ),
        ("corpus_a", "corpus_b", "kind", "facet", "key"),
        (),
    ),
    # A few mentions of each culture for a person to judge, as they stand in the text.
    "culture_examples": TableContract(
        pa.schema(
            [
                pa.field(name, pa.string())
                for name in (
                    "corpus",
                    "culture",
                    "category",
                    "reference",
                    "form",
                    "doc_id",
                    "excerpt",
                )
            ]
        ),
        ("culture", "category", "reference", "form", "doc_id", "excerpt"),
        (),
    ),
    # Located documents by culture beside the population of the world: log2_ratio is
    # observed over expected, with a 95 % interval over units; erased where even its
    # upper end is below a tenth.
    "coverage": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("culture", pa.string()),
                pa.field("documents", pa.int64()),
                pa.field("observed", pa.float64()),
                pa.field("expected", pa.float64()),
                pa.field("log2_ratio", pa.float64()),
                pa.field("low", pa.float64()),
                pa.field("high", pa.float64()),
                pa.field("erased", pa.bool_()),
            ]
        ),
        ("culture",),
        (),
    ),
    # The same beside the speakers of the languages the corpus is written in: every
    # located document is shared out over the countries of its language. `expected` is
    # zero, and the ratio null, where none of the languages is spoken.
    "coverage_by_speakers": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("culture", pa.string()),
                pa.field("documents", pa.int64()),
                pa.field("observed", pa.float64()),
                pa.field("expected", pa.float64()),
                pa.field("log2_ratio", pa.float64()),
                pa.field("low", pa.float64()),
                pa.field("high", pa.float64()),
                pa.field("erased", pa.bool_()),
            ]
        ),
        ("culture",),
        (),
    ),
    # References outside the countries of the document's language, by language; "" is
    # all languages whose countries are known. A document counts once for every culture
    # it refers to. The interval is of `outward_share`, over units.
    "outward": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("language", pa.string()),
                pa.field("documents", pa.int64()),
                pa.field("outward_documents", pa.int64()),
                pa.field("outward_share", pa.float64()),
                pa.field("low", pa.float64()),
                pa.field("high", pa.float64()),
                pa.field("mentions", pa.int64()),
                pa.field("outward_mentions", pa.int64()),
                pa.field("outward_mention_share", pa.float64()),
            ]
        ),
        ("language",),
        (),
    ),
    # References that several sources share, of those known; a source is a domain, or
    # the file of documents without one. Recounted on a merge from reference_sources.
    "breadth": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("culture", pa.string()),
                pa.field("region", pa.string()),
                pa.field("category", pa.string()),
                pa.field("references_seen", pa.int64()),
                pa.field("references_in_three_sources", pa.int64()),
                pa.field("references_known", pa.int64()),
            ]
        ),
        ("culture", "region", "category"),
        (),
    ),
    # Pairs for a person to judge: up to ten of each band of similarity.
    "duplicate_examples": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("band", pa.float64()),
                pa.field("jaccard", pa.float64()),
                pa.field("doc_id_a", pa.string()),
                pa.field("doc_id_b", pa.string()),
                pa.field("excerpt_a", pa.string()),
                pa.field("excerpt_b", pa.string()),
            ]
        ),
        ("band", "jaccard", "doc_id_a", "doc_id_b"),
        (),
    ),
    # What stands behind the near-duplicate count: verified pairs, documents directly
    # similar to their representative or only connected through others, the largest
    # cluster, and the count corrected for pairs that banding misses.
    "near_figures": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("figure", pa.string()),
                pa.field("value", pa.float64()),
                pa.field("low", pa.float64()),
                pa.field("high", pa.float64()),
            ]
        ),
        ("figure",),
        (),
    ),
    # Items of evaluation sets (`--against`) that the corpus holds, one row an item:
    # windows of 13 words or 22 characters of a script without spaces (or the whole item
    # where it is shorter), how many of them were found, and the share of the item's
    # tokens that found windows cover. `documents` is the most that hold one window.
    "contamination": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("evaluation_set", pa.string()),
                pa.field("item", pa.int64()),
                pa.field("item_id", pa.string()),
                pa.field("tokens", pa.int64()),
                pa.field("windows", pa.int64()),
                pa.field("windows_found", pa.int64()),
                pa.field("containment", pa.float64()),
                pa.field("coverage", pa.float64()),
                pa.field("contaminated", pa.bool_()),
                pa.field("documents", pa.int64()),
                pa.field("example_doc_id", pa.string()),
            ]
        ),
        ("evaluation_set", "item"),
        (),
    ),
    # One row an evaluation set. Short items are those that are one window as a whole.
    "contamination_sets": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("evaluation_set", pa.string()),
                pa.field("threshold", pa.float64()),
                pa.field("items", pa.int64()),
                pa.field("contaminated_items", pa.int64()),
                pa.field("share", pa.float64()),
                pa.field("low", pa.float64()),
                pa.field("high", pa.float64()),
                pa.field("touched_items", pa.int64()),
                pa.field("short_items", pa.int64()),
                pa.field("contaminated_short_items", pa.int64()),
                pa.field("rejected_items", pa.int64()),
            ]
        ),
        ("evaluation_set",),
        (),
    ),
    "diversity": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("facet", pa.string()),
                pa.field("weight", pa.string()),
                pa.field("measure", pa.string()),
                pa.field("value", pa.float64()),
                pa.field("low", pa.float64()),
                pa.field("high", pa.float64()),
            ]
        ),
        ("facet", "weight", "measure"),
        (),
    ),
    "rejects": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("file", pa.string()),
                pa.field("position", pa.int64()),
                pa.field("reason", pa.string()),
                pa.field("detail", pa.string()),
            ]
        ),
        ("file", "position", "reason", "detail"),
        (),
    ),
    # The joint counts from which language, source and their intervals are made. `unit`
    # is the sampling unit of the bootstrap: the domain, or a group of the file's
    # documents where there is no URL.
    # Located documents are those with a cultural reference.
    "mix": _table(
        ("unit", *_SOURCE_KEYS, "language", "script"),
        (*_COUNTS, "confidence_micros", "located_documents", "located_characters"),
    ),
    # Counts of documents and characters that refer to a culture, by sampling unit.
    "culture_mix": _table(
        ("unit", "culture", "language"), ("documents", "characters", "mentions")
    ),
    # Every reference seen: what makes `references_seen` exact on a merge.
    "reference": _table(
        ("reference", "culture", "category", "language"), ("documents", "mentions")
    ),
    # Up to three sources of every reference, those whose hash is lowest: what makes
    # `breadth` exact on a merge.
    "reference_sources": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("reference", pa.string()),
                pa.field("culture", pa.string()),
                pa.field("category", pa.string()),
                pa.field("source", pa.int64()),
            ]
        ),
        ("reference", "culture", "category", "source"),
        (),
    ),
    "overlap": TableContract(
        pa.schema(
            [
                pa.field("corpus_a", pa.string()),
                pa.field("corpus_b", pa.string()),
                pa.field("kind", pa.string()),
                pa.field("documents_a", pa.int64()),
                pa.field("documents_b", pa.int64()),
                pa.field("share_a", pa.float64()),
                pa.field("share_b", pa.float64()),
                pa.field("low_a", pa.float64()),
                pa.field("high_a", pa.float64()),
                pa.field("low_b", pa.float64()),
                pa.field("high_b", pa.float64()),
                pa.field("characters_a", pa.int64()),
                pa.field("characters_b", pa.int64()),
                pa.field("character_share_a", pa.float64()),
                pa.field("character_share_b", pa.float64()),
            ]
        ),
        ("corpus_a", "corpus_b", "kind"),
        (),
    ),
    "documents": TableContract(
        pa.schema(
            [
                pa.field("corpus", pa.string()),
                pa.field("doc_id", pa.string()),
                pa.field("language", pa.string()),
                pa.field("script", pa.string()),
                pa.field("confidence", pa.float64()),
                pa.field("characters", pa.int64()),
                pa.field("bytes", pa.int64()),
                pa.field("words", pa.int64()),
                pa.field("domain", pa.string()),
                pa.field("platform", pa.string()),
                pa.field("cultures", pa.list_(pa.string())),
                pa.field("content_hash", pa.string()),
                pa.field("cluster_id", pa.string()),
                pa.field("cluster_size", pa.int64()),
            ]
        ),
        ("doc_id",),
        (),
    ),
}
