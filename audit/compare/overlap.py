"""Overlap of corpora from their stored signatures, without the text.

In: profiles that were made with ``--keep signatures``. Out: for each ordered pair of
corpora the documents that have an exact or a near copy in the other, in all and by
language and domain. Near copies are told by the estimate of a MinHash signature, whose
standard error at similarity J is sqrt(J (1 - J) / 128): 0.035 at 0.8 (Broder 1997).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from audit.annotate.signature import signature_matrix
from audit.compare.fingerprint import require_mergeable
from audit.compare.load import Profile
from audit.errors import ProfileError
from audit.kernels.minhash import jaccard_estimate
from audit.link.blocks import BandBlock, ExactBlock, pack_bands, pack_exact
from audit.link.exact import EXACT, NEAR, Shared, exact_groups
from audit.link.layout import DEFAULT_LAYOUT, BandLayout, doc_keys, task_of
from audit.link.nodes import as_near, corpora_of, merge_shared, reach, shared_of_pairs
from audit.link.pairs import candidates, corpus_of, merge_pairs
from audit.link.units import UnitGatherer, Units
from audit.link.verify import Verified
from audit.measures.overlap import Held, distinct_corpora, overlap_table

__all__ = ["OverlapResult", "overlap"]

# A pass over the files holds the bands of so many documents, about a gigabyte, and
# compares them one partition after the other.
_DOCUMENTS_AT_ONCE = 4_000_000
_PARTITIONS = 64
_PAIRS_AT_ONCE = 1 << 18
_KINDS = {"exact": EXACT, "near": NEAR}


@dataclass(frozen=True)
class OverlapResult:
    """What the signatures say.

    Attributes:
        table: in the ``overlap`` schema.
        detail: corpus_a, corpus_b, kind, facet (language, domain), key, documents_a
            (of A with a copy in B), characters_a, of_documents (of that key in A).
        distinct: effective number of distinct documents of all corpora over that of
            the mean corpus: 1 where all are the same, their number where none overlap.
    """

    table: pa.Table
    detail: pl.DataFrame
    distinct: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "overlap": self.table.to_pylist(),
            "detail": self.detail.to_dicts(),
            "distinct": self.distinct,
        }


@dataclass(frozen=True)
class _Part:
    """One stored file of signatures: a task of this comparison."""

    path: Path
    corpus: int


def overlap(profiles: Sequence[Profile]) -> OverlapResult:
    """Compare corpora by their stored signatures.

    Args:
        profiles: two or more, made with the same layout and ``--keep signatures``.

    Raises:
        ProfileError: signatures are missing, or were made differently.
    """
    require_mergeable(profiles)
    parts = list(_parts(profiles))
    layout = _layout(profiles[0])
    starts = _starts(parts, len(profiles))
    wholes = {
        p.label: Held(int(p.summary["documents"]), int(p.summary["characters"]))
        for p in profiles
    }
    documents = [whole.documents for whole in wholes.values()]
    passes = -(-sum(documents) // _DOCUMENTS_AT_ONCE) or 1
    found = [
        part
        for number in range(passes)
        for part in _linked(parts, starts, layout, number, passes)
    ]
    exact = merge_shared([shared for shared, _ in found])
    near = _near(merge_pairs(pairs for _, pairs in found), parts, starts, layout)
    shared = reach(merge_shared([exact, as_near(exact), near]), _copies(parts))
    detail = _detail(shared, parts, list(wholes))
    return OverlapResult(
        overlap_table(_pair_counts(detail), wholes),
        detail,
        _distinct(shared, starts, documents),
    )


def _parts(profiles: Sequence[Profile]) -> Iterator[_Part]:
    for number, profile in enumerate(profiles):
        files = sorted((profile.folder / "signatures").glob("part-*.parquet"))
        if not files and profile.summary["documents"]:
            raise ProfileError(
                "Overlap without the text needs stored signatures",
                value=profile.label,
                where=str(profile.folder),
                next_step="Audit it again with --keep signatures.",
            )
        yield from (_Part(path, number) for path in files)


def _layout(profile: Profile) -> BandLayout:
    stored = profile.layout
    return BandLayout(stored["threshold"], stored["num_bands"], stored["rows_per_band"])


def _starts(parts: Sequence[_Part], n_corpora: int) -> tuple[int, ...]:
    corpora = [part.corpus for part in parts]
    return tuple(
        sum(corpus < number for corpus in corpora) for number in range(n_corpora)
    )


def _units(part: _Part, layout: BandLayout) -> Units:
    """Return the distinct contents of a stored file."""
    columns = ["signature", "content_hash", "characters"]
    table = pq.read_table(part.path, columns=columns).combine_chunks()
    gatherer = UnitGatherer(layout)
    if table.num_rows:
        hashes = table.column("content_hash").combine_chunks()
        raw = np.frombuffer(hashes.buffers()[1], np.uint8).reshape(-1, 16)
        gatherer.add(
            np.arange(table.num_rows, dtype=np.uint32),
            _signatures(table),
            raw[hashes.offset : hashes.offset + len(hashes)],
            np.asarray(table.column("characters")),
        )
    return gatherer.whole()


def _signatures(table: pa.Table) -> NDArray[np.uint32]:
    return signature_matrix(table.column("signature").combine_chunks())


def _linked(
    parts: Sequence[_Part],
    starts: Sequence[int],
    layout: BandLayout,
    number: int,
    passes: int,
) -> Iterator[tuple[Shared, NDArray[np.uint64]]]:
    """Yield units of equal content, and candidate pairs, of one share of all hashes.

    Each pass reads all files and holds only its share, so that memory does not grow
    with the number of corpora.
    """
    bands: dict[int, list[BandBlock]] = {}
    contents: dict[int, list[ExactBlock]] = {}
    mine = range(number * _PARTITIONS, (number + 1) * _PARTITIONS)
    for task, part in enumerate(parts):
        units = _units(part, layout)
        every = passes * _PARTITIONS
        for partition, block in pack_bands(units.rows, units.keys, task, every).items():
            if partition in mine:
                bands.setdefault(partition, []).append(block)
        for partition, copies in pack_exact(units, task, every).items():
            if partition in mine:
                contents.setdefault(partition, []).append(copies)
    for partition in mine:
        groups = exact_groups(contents.pop(partition, []), starts)
        pairs = candidates(bands.pop(partition, []), starts).pairs
        across = corpora_of(pairs, starts)
        # A unit stands for the other units of its content within its corpus.
        yield (
            reach(groups.shared, groups.aliases),
            pairs[across[:, 0] != across[:, 1]],
        )


def _near(
    pairs: NDArray[np.uint64],
    parts: Sequence[_Part],
    starts: Sequence[int],
    layout: BandLayout,
) -> Shared:
    """Return the units of pairs whose signatures agree often enough."""
    found = []
    for begin in range(0, len(pairs), _PAIRS_AT_ONCE):
        some = pairs[begin : begin + _PAIRS_AT_ONCE]
        likeness, lengths = _estimated(some, parts)
        near = Verified(some, likeness, lengths).at_least(layout.threshold)
        found.append(shared_of_pairs(near, corpora_of(near.pairs, starts)))
    return merge_shared(found)


def _estimated(
    pairs: NDArray[np.uint64], parts: Sequence[_Part]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Read the signatures that pairs name, and return likeness and lengths."""
    keys = np.unique(pairs)
    tasks = task_of(keys)
    signatures, lengths = [], []
    for task in np.unique(tasks).tolist():
        rows = keys[tasks == task] & np.uint64(0xFFFFFFFF)
        table = pq.read_table(parts[task].path, columns=["signature", "characters"])
        chosen = table.take(pa.array(rows.astype(np.int64))).combine_chunks()
        signatures.append(_signatures(chosen))
        lengths.append(np.asarray(chosen.column("characters")))
    if not signatures:
        return np.zeros(0), np.zeros((0, 2), np.int64)
    places = np.searchsorted(keys, pairs).astype(np.int64)
    likeness = jaccard_estimate(np.concatenate(signatures), places)
    return likeness, np.concatenate(lengths)[places]


def _copies(parts: Sequence[_Part]) -> NDArray[np.uint64]:
    """Return uint64[n, 2], (unit, document that repeats it) of all files, ascending."""
    layout = DEFAULT_LAYOUT
    found = [np.zeros((0, 2), np.uint64)]
    for task, part in enumerate(parts):
        units = _units(part, layout)
        keys = (doc_keys(task, units.copy_units), doc_keys(task, units.copy_rows))
        found.append(np.stack(keys, axis=1))
    return merge_pairs(found)


def _pair_counts(detail: pl.DataFrame) -> dict[str, dict[tuple[str, str], Held]]:
    """Return by kind and (a, b) what of a is in b, from the rows of all languages."""
    counts: dict[str, dict[tuple[str, str], Held]] = {"exact": {}, "near": {}}
    keys = ["kind", "corpus_a", "corpus_b"]
    sums = detail.filter(facet="language").group_by(keys).agg(
        pl.col("documents_a").sum(), pl.col("characters_a").sum()
    )  # fmt: skip
    for kind, a, b, documents, characters in sums.iter_rows():
        counts[kind][a, b] = Held(documents, characters)
    return counts


def _detail(
    shared: Shared,
    parts: Sequence[_Part],
    names: Sequence[str],
) -> pl.DataFrame:
    """Break shared documents down by language and domain of their own corpus."""
    frames = []
    for task, part in enumerate(parts):
        labels = pl.from_arrow(
            pq.read_table(part.path, columns=["language", "domain", "characters"])
        )
        if not isinstance(labels, pl.DataFrame):  # a table never gives a series
            continue
        own = labels.with_columns(
            pl.col("language", "domain").cast(pl.String),
            key=pl.Series(doc_keys(task, np.arange(len(labels), dtype=np.uint32))),
            corpus_a=pl.lit(names[part.corpus]),
        )
        frames.append(own)
    every = pl.concat(frames)
    totals = every.unpivot(
        ["language", "domain"], index=["corpus_a"], variable_name="facet",
        value_name="key_name",
    ).group_by("corpus_a", "facet", "key_name").agg(of_documents=pl.len())  # fmt: skip
    rows = [_shared(every, kind, shared, names) for kind in _KINDS]
    return (
        pl.concat(rows)
        .join(totals, on=["corpus_a", "facet", "key_name"])
        .rename({"key_name": "key"})
        .sort("corpus_a", "corpus_b", "kind", "facet", "key")
    )


def _shared(
    every: pl.DataFrame, kind: str, shared: Shared, names: Sequence[str]
) -> pl.DataFrame:
    mine = shared.kind == _KINDS[kind]
    others = np.array(names, object)[shared.other[mine]].tolist()
    found = pl.DataFrame(
        {"key": shared.keys[mine], "corpus_b": others},
        schema={"key": pl.UInt64, "corpus_b": pl.String},
    ).join(every, on="key")
    return (
        found.unpivot(
            ["language", "domain"],
            index=["corpus_a", "corpus_b", "characters"],
            variable_name="facet",
            value_name="key_name",
        )
        .group_by("corpus_a", "corpus_b", "facet", "key_name")
        .agg(documents_a=pl.len(), characters_a=pl.col("characters").sum())
        .with_columns(kind=pl.lit(kind))
    )


def _distinct(shared: Shared, starts: Sequence[int], documents: Sequence[int]) -> float:
    """Return how many effectively distinct corpora the set holds."""
    n_corpora = len(documents)
    held = np.zeros((n_corpora, n_corpora), np.int64)
    keys, others = np.unique(shared.keys[shared.kind == NEAR], return_counts=True)
    np.add.at(held, (corpus_of(keys, starts), others), 1)
    held[:, 0] = np.array(documents) - held.sum(axis=1)
    return distinct_corpora(held)
