"""The stages of an audit on bytes: what engines distribute, without an engine.

In and out: blocks, that is (name of the next stage's input, key, bytes). Beam's DoFns
and the in-process loop call these functions and nothing else, so that both give the
same profile. Keys are a task, a partition, or a corpus by its number in the job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from audit.fold.accumulator import Accumulator
from audit.job.books import Book, booked
from audit.job.evaluation import evaluation_of
from audit.job.examples import (
    choose_pairs,
    example_pairs,
    excerpts_of,
    pack_excerpts,
)
from audit.job.keep import Keeper
from audit.job.packing import pack, unpack
from audit.job.progress import PROGRESS
from audit.job.scan import Columns, documents_of, scan
from audit.job.staged import load_blocks, store_blocks, task_key
from audit.kernels.distinct import distinct
from audit.kernels.shingle import shingle_sets
from audit.link.blocks import BandBlock, ExactBlock, pack_bands, pack_exact
from audit.link.exact import exact_groups
from audit.link.pairs import candidates, corpus_of, merge_pairs, requests, route_pairs
from audit.link.verify import (
    ShingleBlock,
    Verified,
    merge_shingles,
    pack_shingles,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from audit.job.evaluation import Evaluation
    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec
    from audit.read import FileSystem

__all__ = [
    "Block",
    "Edges",
    "candidate_stage",
    "exact_stage",
    "look_again_stage",
    "merge_count_blocks",
    "scan_stage",
    "verified_of",
    "verify_stage",
]

Block = tuple[str, int, bytes]


class Scanned(NamedTuple):
    """What the first look at a task sends on."""

    documents: int
    blocks: list[Block]


class Edges(NamedTuple):
    """Pairs of near or exact duplicates.

    Attributes:
        pairs: uint64[n, 2], document keys.
        characters: int64[n, 2], code points of both.
    """

    pairs: NDArray[np.uint64]
    characters: NDArray[np.int64]

    def to_bytes(self) -> bytes:
        """Return the edges packed."""
        return pack(self)

    @classmethod
    def of(cls, blocks: Iterable[bytes]) -> Edges:
        """Return the edges of many packed blocks; an empty block holds none."""
        parts = [unpack(block) for block in blocks if block]
        none = (np.zeros((0, 2), np.uint64), np.zeros((0, 2), np.int64))
        return cls(
            np.concatenate([none[0], *(p[0].reshape(-1, 2) for p in parts)]),
            np.concatenate([none[1], *(p[1].reshape(-1, 2) for p in parts)]),
        )


def scan_stage(
    task: Task, spec: JobSpec, filesystem: FileSystem, output: Output
) -> Scanned:
    """Look at the documents of a task for the first time.

    What is found is stored in staging under the fingerprint of the task's input, so
    that a run that is resumed does not look again.

    Returns:
        Blocks ``counts`` by corpus, ``bands`` and ``exact`` by partition.
    """
    key = task_key(task, filesystem)
    found = load_blocks(key, spec.staging, output)
    if found is None:
        keeper = Keeper(spec.config.keep, task)
        found = _scan(task, spec, filesystem, keeper, evaluation_of(spec, output))
        # Before the blocks: where those are, all of the task is there.
        keeper.write(spec, output)
        store_blocks(key, found, spec.staging, output)
    else:
        PROGRESS.add(found.documents, task.size)
    book = Book()
    book.task("scan", task.ordinal)
    return Scanned(found.documents, [*book.sent(found.blocks), book.block()])


def _scan(
    task: Task,
    spec: JobSpec,
    filesystem: FileSystem,
    keeper: Keeper,
    evaluation: Evaluation | None,
) -> Scanned:
    result = scan(task, spec.config, filesystem, keeper, evaluation)
    # Which tasks are in a sum of counts, so that none is lost or added twice.
    book = Book()
    book.task("scan", task.ordinal)
    result.accumulator.totals.update(book.totals())
    corpus = spec.corpora.index(task.corpus)
    blocks: list[Block] = [("counts", corpus, result.accumulator.to_bytes())]
    blocks += _duplicate_blocks(task.ordinal, result.columns, spec)
    return Scanned(result.accumulator.totals["documents"], blocks)


def _duplicate_blocks(task: int, columns: Columns, spec: JobSpec) -> Iterator[Block]:
    if not columns.rows:
        return
    rows, signatures, hashes, characters = columns.whole()
    bands = pack_bands(rows, signatures, hashes, task, spec.partitions, spec.layout)
    for partition, band in bands.items():
        yield "bands", partition, pack([_one(task), band.keys, band.rows])
    exact = pack_exact(rows, signatures, hashes, characters, task, spec.partitions)
    for partition, copies in exact.items():
        yield "exact", partition, pack([_one(task), *copies[1:]])


def _one(number: int) -> NDArray[np.int64]:
    return np.array([number], np.int64)


@booked(exact=0)
def exact_stage(blocks: Iterable[bytes], spec: JobSpec) -> Iterator[Block]:
    """Group the documents of one partition of content hashes.

    Returns:
        Blocks ``exact_edges`` and ``exact_sizes`` by corpus, ``exact_members`` (of
        documents with a copy in another corpus) under key 0.
    """
    unpacked = (unpack(block) for block in blocks)
    parts = [
        ExactBlock(int(b[0][0]), b[1].reshape(-1, 2), b[2], b[3]) for b in unpacked
    ]
    groups = exact_groups(parts, spec.corpus_starts)
    edges = Edges(groups.edges, groups.characters)
    yield from _edges_by_corpus("exact_edges", edges, spec)
    sizes = groups.sizes
    for corpus in np.unique(sizes.corpus).tolist():
        chosen = sizes.corpus == corpus
        yield "exact_sizes", corpus, pack([column[chosen] for column in sizes[1:]])
    if len(groups.members.keys):
        yield "exact_members", 0, pack(groups.members)


def _edges_by_corpus(tag: str, edges: Edges, spec: JobSpec) -> Iterator[Block]:
    """Send edges to the corpus of their first document."""
    corpora = corpus_of(edges.pairs[:, 0], spec.corpus_starts)
    for corpus in np.unique(corpora).tolist():
        chosen = corpora == corpus
        part = Edges(edges.pairs[chosen], edges.characters[chosen])
        yield tag, corpus, part.to_bytes()


@booked(bands=0)
def candidate_stage(blocks: Iterable[bytes], spec: JobSpec) -> Iterator[Block]:
    """Find the pairs of one partition of bands that are worth verifying.

    Returns:
        Blocks ``pairs`` by pair partition; ``needs`` (pair partition, rows, rows to
        excerpt) by task; ``pair_stats`` under key 0.
    """
    unpacked = (unpack(block) for block in blocks)
    parts = [BandBlock(int(b[0][0]), b[1], b[2]) for b in unpacked]
    found = candidates(parts, spec.corpus_starts)
    yield "pair_stats", 0, pack([np.array(found.stats, np.int64)])
    for partition, pairs in route_pairs(found.pairs, spec.partitions).items():
        yield "pairs", partition, pack([pairs])
        shown = requests(choose_pairs(pairs).reshape(-1, 1))
        for task, rows in requests(pairs).items():
            excerpted = shown.get(task, rows[:0])
            yield "needs", task, pack([_one(partition), rows, excerpted])


@booked(needs=1)
def look_again_stage(
    task: Task, needs: Iterable[bytes], spec: JobSpec, filesystem: FileSystem
) -> Iterator[Block]:
    """Read again the documents of a task that stand in a candidate pair.

    Returns:
        Blocks ``sets`` (shingle sets) and ``excerpts`` by pair partition.
    """
    wanted: dict[int, list[list[NDArray[np.uint32]]]] = {}
    for block in needs:
        partition, *rows_twice = unpack(block)
        wanted.setdefault(int(partition[0]), []).append(rows_twice)
    rows_of = {p: _union(part[0] for part in parts) for p, parts in wanted.items()}
    shown_of = {p: _union(part[1] for part in parts) for p, parts in wanted.items()}
    sets: dict[int, list[ShingleBlock]] = {number: [] for number in rows_of}
    excerpts: dict[int, list[pa.Table]] = {number: [] for number in rows_of}
    every, shown = _union(rows_of.values()), _union(shown_of.values())
    for rows, batch in documents_of(task, spec.config, filesystem, only=every):
        found, characters = shingle_sets(batch.tokens), batch.tokens.characters
        chosen = np.isin(rows, shown)
        texts = excerpts_of(task.ordinal, rows, batch).filter(pa.array(chosen))
        for number, mine in rows_of.items():
            part = pack_shingles(task.ordinal, rows, found, characters, mine)
            if len(part.keys):
                sets[number].append(part)
            excerpted = np.isin(rows[chosen], shown_of[number])
            if excerpted.any():
                excerpts[number].append(texts.filter(pa.array(excerpted)))
    for number in rows_of:
        if sets[number]:
            yield "sets", number, pack(merge_shingles(sets[number]))
        if excerpts[number]:
            yield "excerpts", number, pack_excerpts(excerpts[number])


def _union(parts: Iterable[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    return distinct(np.concatenate([np.zeros(0, np.uint32), *parts]))


@booked(pairs=0, sets=1, excerpts=2)
def verify_stage(
    pairs: Iterable[bytes],
    sets: Iterable[bytes],
    excerpts: Iterable[bytes],
    spec: JobSpec,
) -> Iterator[Block]:
    """Compute the similarity of the pairs of one partition.

    Returns:
        Blocks ``near_edges`` and ``examples`` by corpus, ``near_across`` (pairs of two
        corpora) under key 0.
    """
    merged = merge_pairs(unpack(block)[0] for block in pairs)
    if not len(merged):
        return
    shingles = merge_shingles(ShingleBlock(*unpack(block)) for block in sets)
    verified = verify(merged, shingles).at_least(spec.config.link.threshold)
    corpora = corpus_of(verified.pairs.reshape(-1), spec.corpus_starts).reshape(-1, 2)
    texts = list(excerpts)
    for corpus in np.unique(corpora[:, 0]).tolist():
        part = verified_part(verified, (corpora == corpus).all(axis=1))
        yield "near_edges", corpus, pack(part)
        for block in example_pairs(part, texts):
            yield "examples", corpus, block
    across = corpora[:, 0] != corpora[:, 1]
    if across.any():
        yield "near_across", 0, pack(verified_part(verified, across))


def verified_part(verified: Verified, chosen: NDArray[Any]) -> Verified:
    """Return some of the pairs, by a mask or by their numbers."""
    return Verified(
        verified.pairs[chosen], verified.jaccard[chosen], verified.characters[chosen]
    )


def verified_of(blocks: Iterable[bytes]) -> Verified:
    """Return the pairs of many packed blocks, ascending."""
    parts = [Verified(*unpack(block)) for block in blocks]
    none = Verified(
        np.zeros((0, 2), np.uint64), np.zeros(0), np.zeros((0, 2), np.int64)
    )
    parts.append(none)
    joined = Verified(
        np.concatenate([part.pairs for part in parts]),
        np.concatenate([part.jaccard for part in parts]),
        np.concatenate([part.characters for part in parts]),
    )
    order = np.lexsort((joined.pairs[:, 1], joined.pairs[:, 0]))
    return verified_part(joined, order)


def merge_count_blocks(blocks: Iterable[bytes]) -> bytes:
    """Add up packed accumulators; an empty block is nothing counted."""
    result = Accumulator()
    for block in blocks:
        if block:
            result.merge(Accumulator.from_bytes(block))
    return result.to_bytes()
