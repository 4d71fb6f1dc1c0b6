"""Overlap of corpora from their stored signatures, without the text.

In: profiles that were made with ``--keep signatures``. Out: for each ordered pair of
corpora the documents that have an exact or a near copy in the other, in all and by
language and domain. Near copies are told by the estimate of a MinHash signature, whose
standard error at similarity J is sqrt(J (1 - J) / 128): 0.035 at 0.8 (Broder 1997).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from audit.link.exact import Members, exact_groups
from audit.link.figures import overlap_members
from audit.link.layout import BandLayout, doc_keys, task_of
from audit.link.pairs import candidates, corpus_of, merge_pairs
from audit.link.verify import Verified
from audit.measures.overlap import overlap_table

__all__ = ["OverlapResult", "overlap"]

# Bands of all corpora are compared one partition after the other.
_PARTITIONS = 64
_PAIRS_AT_ONCE = 1 << 20


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
    bands, contents = _packed(parts, layout)
    exact = _exact(contents, starts)
    near = _near(bands, parts, starts, layout)
    members = {
        "exact": exact.members,
        "near": _joined(
            exact.members,
            overlap_members(near, exact.edges, exact.characters, starts),
        ),
    }
    names = [profile.label for profile in profiles]
    counts = {
        kind: _pair_counts(found, starts, names) for kind, found in members.items()
    }
    documents = {p.label: int(p.summary["documents"]) for p in profiles}
    return OverlapResult(
        overlap_table(counts, documents),
        _detail(members, parts, names),
        _distinct(members["near"], starts, list(documents.values())),
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


def _packed(
    parts: Sequence[_Part], layout: BandLayout
) -> tuple[list[list[BandBlock]], list[list[ExactBlock]]]:
    """Return bands and content hashes of all documents by partition."""
    bands: list[list[BandBlock]] = [[] for _ in range(_PARTITIONS)]
    contents: list[list[ExactBlock]] = [[] for _ in range(_PARTITIONS)]
    for task, part in enumerate(parts):
        columns = ["signature", "content_hash", "characters"]
        table = pq.read_table(part.path, columns=columns).combine_chunks()
        rows = np.arange(table.num_rows, dtype=np.uint32)
        signatures = _signatures(table)
        hashes = table.column("content_hash").combine_chunks()
        raw = np.frombuffer(hashes.buffers()[1], np.uint8).reshape(-1, 16)
        raw = raw[hashes.offset : hashes.offset + len(hashes)]
        packed = pack_bands(rows, signatures, raw, task, _PARTITIONS, layout)
        for partition, block in packed.items():
            bands[partition].append(block)
        characters = np.asarray(table.column("characters"))
        for partition, copies in pack_exact(
            rows, signatures, raw, characters, task, _PARTITIONS
        ).items():
            contents[partition].append(copies)
    return bands, contents


def _signatures(table: pa.Table) -> NDArray[np.uint32]:
    return signature_matrix(table.column("signature").combine_chunks())


@dataclass(frozen=True)
class _Copies:
    """Exact copies of all partitions."""

    edges: NDArray[np.uint64]
    characters: NDArray[np.int64]
    members: Members


def _exact(contents: list[list[ExactBlock]], starts: Sequence[int]) -> _Copies:
    groups = [exact_groups(blocks, starts) for blocks in contents]
    return _Copies(
        np.concatenate([group.edges for group in groups]),
        np.concatenate([group.characters for group in groups]),
        _joined(*(group.members for group in groups)),
    )


def _near(
    bands: list[list[BandBlock]],
    parts: Sequence[_Part],
    starts: Sequence[int],
    layout: BandLayout,
) -> Verified:
    """Return the pairs of two corpora whose signatures agree often enough."""
    found = []
    for blocks in bands:
        pairs = candidates(blocks, starts).pairs
        corpora = corpus_of(pairs.reshape(-1), starts).reshape(-1, 2)
        found.append(pairs[corpora[:, 0] != corpora[:, 1]])
    pairs = merge_pairs(found)
    lengths = np.zeros((len(pairs), 2), np.int64)
    likeness = np.zeros(len(pairs))
    for begin in range(0, len(pairs), _PAIRS_AT_ONCE):
        some = slice(begin, begin + _PAIRS_AT_ONCE)
        likeness[some], lengths[some] = _estimated(pairs[some], parts)
    return Verified(pairs, likeness, lengths).at_least(layout.threshold)


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


def _joined(*parts: Members) -> Members:
    """Return the members of all parts, each (document, corpus) once, ascending."""
    keys = np.concatenate([part.keys for part in parts])
    other = np.concatenate([part.other for part in parts])
    lengths = np.concatenate([part.characters for part in parts])
    order = np.lexsort((other, keys))
    keys, other, lengths = keys[order], other[order], lengths[order]
    fresh = np.ones(len(keys), bool)
    fresh[1:] = (keys[1:] != keys[:-1]) | (other[1:] != other[:-1])
    return Members(keys[fresh], other[fresh], lengths[fresh])


def _pair_counts(
    found: Members, starts: Sequence[int], names: Sequence[str]
) -> dict[tuple[str, str], int]:
    own = corpus_of(found.keys, starts)
    pairs, counts = np.unique(
        np.stack([own, found.other], axis=1), axis=0, return_counts=True
    )
    return {
        (names[a], names[b]): int(count)
        for (a, b), count in zip(pairs.tolist(), counts, strict=True)
    }


def _detail(
    members: Mapping[str, Members],
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
    rows = [_shared(every, kind, found, names) for kind, found in members.items()]
    return (
        pl.concat(rows)
        .join(totals, on=["corpus_a", "facet", "key_name"])
        .rename({"key_name": "key"})
        .sort("corpus_a", "corpus_b", "kind", "facet", "key")
    )


def _shared(
    every: pl.DataFrame, kind: str, found: Members, names: Sequence[str]
) -> pl.DataFrame:
    shared = pl.DataFrame(
        {"key": found.keys, "corpus_b": np.array(names, object)[found.other].tolist()},
        schema={"key": pl.UInt64, "corpus_b": pl.String},
    ).join(every, on="key")
    return (
        shared.unpivot(
            ["language", "domain"],
            index=["corpus_a", "corpus_b", "characters"],
            variable_name="facet",
            value_name="key_name",
        )
        .group_by("corpus_a", "corpus_b", "facet", "key_name")
        .agg(documents_a=pl.len(), characters_a=pl.col("characters").sum())
        .with_columns(kind=pl.lit(kind))
    )


def _distinct(near: Members, starts: Sequence[int], documents: Sequence[int]) -> float:
    """Return how many effectively distinct corpora the set holds.

    Beta diversity of order 1 with documents as types and corpora weighted alike
    (Jost 2007): exp of the mean, over corpora and their documents, of the logarithm of
    the number of corpora over those that hold the document.
    """
    n_corpora = len(documents)
    own = corpus_of(near.keys, starts)
    total = 0.0
    for number, count in enumerate(documents):
        if not count:
            continue
        _, held = np.unique(near.keys[own == number], return_counts=True)
        alone = count - len(held)
        surprise = float(np.log(n_corpora / (held + 1)).sum())
        total += (surprise + alone * float(np.log(n_corpora))) / count
    return float(np.exp(total / n_corpora)) if n_corpora else 0.0
