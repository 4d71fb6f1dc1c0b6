"""The tables of a diversity profile, as they lie on disk.

In: nothing (this module imports pyarrow only). Out: one Arrow schema a table, its keys,
and which of its columns are additive: those of a merged profile equal the sum over its
parts exactly. All counts are int64, all tables start with ``corpus``.
"""

from typing import NamedTuple

import pyarrow as pa

__all__ = ["MEANINGS", "SCHEMA_VERSION", "TABLES", "TableContract"]

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


def _made(keys: tuple[str, ...], *columns: tuple[pa.DataType, str]) -> TableContract:
    """Return a table that is made anew from others: none of its columns add up.

    Args:
        keys: the columns that identify a row.
        columns: all columns in their order, as runs of one type: the type and the names
            between blanks.
    """
    fields = [pa.field(name, kind) for kind, run in columns for name in run.split()]
    return TableContract(pa.schema(fields), keys, ())


_TEXT, _COUNT, _REAL, _FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_TEXTS, _REALS = pa.list_(_TEXT), pa.list_(_REAL)

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
    "language_estimates": _made(
        ("language",),
        (_TEXT, "corpus language"),
        (_COUNT, "documents"),
        (_REAL, "share estimated_share estimated_low estimated_high"),
        (_FLAG, "explained_by_confusion"),
        (_COUNT, "speakers"),
        (_REAL, "expected_share ratio"),
    ),
    # Documents that a second engine was asked about, and those it agrees on; apart from
    # them, those in languages that it does not know.
    "language_opinions": _table(
        ("language",), ("documents", "agreeing", "unknown_to_engine")
    ),
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
    "concentration": _made(
        ("facet", "language", "weight"),
        (_TEXT, "corpus facet language weight"),
        (_COUNT, "total unattributed keys"),
        (
            _REAL,
            "top_1_share top_10_share top_100_share top_tenth_share "
            "hill_1 hill_2 hill_inf hhi gini",
        ),
        (_REALS, "lorenz"),
    ),
    # Groups of registered domains of one shape under cheap suffixes, nearly equal in
    # size: what machine-made farms look like. Made of `source`.
    "source_farms": _made(
        ("kind", "shape"),
        (_TEXT, "corpus kind shape"),
        (_COUNT, "domains documents"),
        (_REAL, "share score cheap_share evenness"),
        (_TEXTS, "examples"),
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
    "monoculture": _made(
        ("kind",),
        (_TEXT, "kind"),
        (_COUNT, "corpora"),
        (_REAL, "distinct"),
    ),
    # Shared documents of corpus A with B by language and domain of A's document.
    "overlap_detail": _made(
        ("corpus_a", "corpus_b", "kind", "facet", "key"),
        (_TEXT, "corpus_a corpus_b kind facet key"),
        (_COUNT, "documents_a characters_a of_documents of_characters"),
    ),
    # A few mentions of each culture for a person to judge, as they stand in the text.
    "culture_examples": _made(
        ("culture", "category", "reference", "form", "doc_id", "excerpt"),
        (_TEXT, "corpus culture category reference form doc_id excerpt"),
    ),
    # Located documents by culture beside the population of the world: log2_ratio is
    # observed over expected, with a 95 % interval over units; erased where even its
    # upper end is below a tenth.
    "coverage": _made(
        ("culture",),
        (_TEXT, "corpus culture"),
        (_COUNT, "documents"),
        (_REAL, "observed expected log2_ratio low high"),
        (_FLAG, "erased"),
    ),
    # The same beside the speakers of the languages the corpus is written in: every
    # located document is shared out over the countries of its language. `expected` is
    # zero, and the ratio null, where none of the languages is spoken.
    "coverage_by_speakers": _made(
        ("culture",),
        (_TEXT, "corpus culture"),
        (_COUNT, "documents"),
        (_REAL, "observed expected log2_ratio low high"),
        (_FLAG, "erased"),
    ),
    # References outside the countries of the document's language, by language; "" is
    # all languages whose countries are known. A document counts once for every culture
    # it refers to. The interval is of `outward_share`, over units.
    "outward": _made(
        ("language",),
        (_TEXT, "corpus language"),
        (_COUNT, "documents outward_documents"),
        (_REAL, "outward_share low high"),
        (_COUNT, "mentions outward_mentions"),
        (_REAL, "outward_mention_share"),
    ),
    # References that several sources share, of those known; a source is a domain, or
    # the file of documents without one. Recounted on a merge from reference_sources.
    "breadth": _made(
        ("culture", "region", "category"),
        (_TEXT, "corpus culture region category"),
        (_COUNT, "references_seen references_in_three_sources references_known"),
    ),
    # Pairs for a person to judge: up to ten of each band of similarity.
    "duplicate_examples": _made(
        ("band", "jaccard", "doc_id_a", "doc_id_b"),
        (_TEXT, "corpus"),
        (_REAL, "band jaccard"),
        (_TEXT, "doc_id_a doc_id_b excerpt_a excerpt_b"),
    ),
    # What stands behind the near-duplicate count: verified pairs, documents directly
    # similar to their representative or only connected through others, the largest
    # cluster, and the count corrected for pairs that banding misses.
    "near_figures": _made(
        ("figure",),
        (_TEXT, "corpus figure"),
        (_REAL, "value low high"),
    ),
    # Items of evaluation sets (`--against`) that the corpus holds, one row an item:
    # windows of 13 words or 22 characters of a script without spaces (or the whole item
    # where it is shorter), how many of them were found, and the share of the item's
    # tokens that found windows cover. `documents` is the most that hold one window.
    "contamination": _made(
        ("evaluation_set", "item"),
        (_TEXT, "corpus evaluation_set"),
        (_COUNT, "item"),
        (_TEXT, "item_id"),
        (_COUNT, "tokens windows windows_found"),
        (_REAL, "containment coverage"),
        (_FLAG, "contaminated"),
        (_COUNT, "documents"),
        (_TEXT, "example_doc_id"),
    ),
    # One row an evaluation set. Short items are those that are one window as a whole.
    "contamination_sets": _made(
        ("evaluation_set",),
        (_TEXT, "corpus evaluation_set"),
        (_REAL, "threshold"),
        (_COUNT, "items contaminated_items"),
        (_REAL, "share low high"),
        (_COUNT, "touched_items short_items contaminated_short_items rejected_items"),
    ),
    "diversity": _made(
        ("facet", "weight", "measure"),
        (_TEXT, "corpus facet weight measure"),
        (_REAL, "value low high"),
    ),
    "rejects": _made(
        ("file", "position", "reason", "detail"),
        (_TEXT, "corpus file"),
        (_COUNT, "position"),
        (_TEXT, "reason detail"),
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
    "reference_sources": _made(
        ("reference", "culture", "category", "source"),
        (_TEXT, "corpus reference culture category"),
        (_COUNT, "source"),
    ),
    "overlap": _made(
        ("corpus_a", "corpus_b", "kind"),
        (_TEXT, "corpus_a corpus_b kind"),
        (_COUNT, "documents_a documents_b"),
        (_REAL, "share_a share_b low_a high_a low_b high_b"),
        (_COUNT, "characters_a characters_b"),
        (_REAL, "character_share_a character_share_b"),
    ),
    "documents": _made(
        ("doc_id",),
        (_TEXT, "corpus doc_id language script"),
        (_REAL, "confidence"),
        (_COUNT, "characters bytes words"),
        (_TEXT, "domain platform"),
        (_TEXTS, "cultures"),
        (_TEXT, "content_hash cluster_id"),
        (_COUNT, "cluster_size"),
    ),
}

# What a row of each table is, in a sentence.
MEANINGS: dict[str, str] = {
    "summary": "Totals of the corpus: one row.",
    "language": "Documents and volume by language and script. `confidence_micros` is "
    "the sum of the confidence of each document times a million.",
    "language_estimates": "Each language beside the errors of the model and the "
    "speakers of the world; the hundred largest languages have a row even without "
    "documents. `ratio` is the share of documents over that of the speakers.",
    "language_opinions": "Documents that a second engine was asked about, those it "
    "agrees on, and those in languages that it does not know.",
    "language_segments": "Characters by language of the paragraph; they sum to those "
    "of the corpus.",
    "attribution": "What sources rest on, by language: an address (`url`), a declared "
    "field or file name (`field`), or nothing (`none`).",
    "source": "Documents and volume by registered domain, platform, operator, category "
    "and country; a domain is empty where a document has no usable address.",
    "concentration": "How few sources hold how much, in all (`language` is empty) and "
    "inside each language of 20 documents or more.",
    "source_farms": "Groups of registered domains of one shape that look like one "
    "publisher.",
    "culture": "Documents and mentions by culture referred to, category of reference "
    "and language of the document; the different references seen, of those known.",
    "duplicates": "Clusters of exact and near copies by size.",
    "duplicates_detail": "Which languages and domains deduplication would take from; "
    "`wiped_out` where it would take nine tenths of 20 documents or more.",
    "monoculture": "How many effectively distinct corpora the corpora of a run are.",
    "overlap_detail": "Documents of one corpus that another holds too, by language and "
    "domain.",
    "culture_examples": "A few mentions of each culture as they stand in the text.",
    "coverage": "Located documents by culture beside the population of the world, "
    "`log2_ratio` of observed over expected share with an interval; `erased` where "
    "even its upper end is below a tenth.",
    "coverage_by_speakers": "The same beside the speakers of the languages that the "
    "corpus is written in.",
    "outward": "References outside the countries of the document's language, by "
    "language; the empty one is all of them.",
    "breadth": "References that three sources share, of those seen and those known.",
    "duplicate_examples": "Pairs of documents for a person to judge, by band of "
    "similarity.",
    "near_figures": "What stands behind the count of near-duplicates, one figure a "
    "row.",
    "contamination": "Items of evaluation sets, and how much of each the corpus holds.",
    "contamination_sets": "Contamination by evaluation set, with intervals.",
    "diversity": "Effective numbers and concentration of each facet with 95 % "
    "intervals.",
    "rejects": "Records that could not be audited: where, and why.",
    "mix": "Joint counts by sampling unit, source, language and script: what the "
    "tables above and their intervals are made from.",
    "culture_mix": "Joint counts by sampling unit, culture and language.",
    "reference": "Every cultural reference that was seen.",
    "reference_sources": "Hashes of up to three sources of each reference: what makes "
    "`breadth` exact on a merge.",
    "overlap": "Documents that two corpora share, as a share of each.",
    "documents": "One row a document (`--keep documents`): labels, size, cluster.",
}
