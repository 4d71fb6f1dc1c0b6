"""The stages that find near-duplicates, on bytes: from units to verified pairs.

In and out: blocks, that is (name of the next stage's input, key, bytes). Keys are a
task, a partition of the shuffle, or a corpus by its number in the job. Beam's DoFns and
the in-process loop call these functions and nothing else.

    exact -> which units send bands -> bands -> candidates -> meetings -> pairs
    pairs + second look -> verified pairs -> links, nodes, arcs, shared units
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from audit.batch import Batch
from audit.job.books import Book, booked
from audit.job.examples import (
    choose_pairs,
    example_pairs,
    excerpts_of,
    pack_excerpts,
)
from audit.job.packing import pack, unpack
from audit.job.scan import documents_again
from audit.job.sketched import load_bands, load_places, load_sketches
from audit.job.staged import check_inputs
from audit.kernels.distinct import distinct
from audit.kernels.shingle import shingle_sets
from audit.link.blocks import BandBlock, ExactBlock, pack_bands, split_by
from audit.link.clusters import STAR_STEPS, route_star, spanning_forest
from audit.link.exact import exact_groups
from audit.link.figures import Tally
from audit.link.layout import doc_keys
from audit.link.nodes import (
    arcs_of,
    corpora_of,
    nodes_of,
    nodes_of_pairs,
    shared_of_pairs,
)
from audit.link.pairs import (
    candidates,
    meetings,
    merge_pairs,
    pair_partitions,
    requests,
    spread,
)
from audit.link.verify import (
    ShingleBlock,
    Verified,
    coded,
    decoded,
    estimate,
    merge_shingles,
    pack_signatures,
    shingle_block,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec
    from audit.job.stages import Block
    from audit.read import FileSystem

__all__ = [
    "bands_stage",
    "candidate_stage",
    "exact_stage",
    "look_again_stage",
    "packed_by",
    "route_stage",
    "verify_stage",
]


def packed_by(
    tag: str,
    keys: NDArray[np.uint64],
    columns: Sequence[NDArray[Any]],
    spec: JobSpec,
) -> Iterator[Block]:
    """Yield columns by partition of the unit that each row is about."""
    for partition, mine in split_by(spread(keys), spec.partitions).items():
        yield tag, partition, pack([column[mine] for column in columns])


def _one(number: int) -> NDArray[np.int64]:
    return np.array([number], np.int64)


@booked(exact=0)
def exact_stage(blocks: Iterable[bytes], spec: JobSpec) -> Iterator[Block]:
    """Group the units of one partition of content hashes.

    Returns:
        Blocks ``nodes``, ``aliases`` and ``shared`` by partition of the unit; ``drops``
        (units whose content an earlier task of the corpus holds) by task;
        ``exact_sizes`` by corpus.
    """
    unpacked = (unpack(block) for block in blocks)
    parts = [ExactBlock(int(b[0][0]), b[1].reshape(-1, 2), *b[2:]) for b in unpacked]
    groups = exact_groups(parts, spec.corpus_starts)
    nodes = nodes_of(groups.weights)
    yield from packed_by("nodes", nodes.keys, nodes, spec)
    yield from packed_by("aliases", groups.aliases[:, 0], [groups.aliases], spec)
    yield from packed_by("shared", groups.shared.keys, groups.shared, spec)
    for task, rows in requests(groups.aliases[:, 1]).items():
        yield "drops", task, pack([rows])
    sizes = groups.sizes
    for corpus in np.unique(sizes.corpus).tolist():
        chosen = sizes.corpus == corpus
        yield "exact_sizes", corpus, pack([column[chosen] for column in sizes[1:]])


def bands_stage(
    task: Task, drops: Iterable[bytes], spec: JobSpec, output: Output
) -> Iterator[Block]:
    """Send the bands of the units of a task, but for contents sent by earlier tasks.

    Returns:
        Blocks ``bands`` by partition of the band.
    """
    book = Book()
    book.task("bands", task.ordinal)
    gone = [unpack(block)[0] for block in book.received("drops", drops)]
    rows, keys = load_bands(task, spec, output)
    if gone:
        kept = ~np.isin(rows, np.concatenate(gone))
        rows, keys = rows[kept], keys[kept]
    packed = pack_bands(rows, keys, task.ordinal, spec.partitions)
    yield from book.sent(
        ("bands", partition, pack([_one(task.ordinal), band.keys, band.rows]))
        for partition, band in packed.items()
    )
    yield book.block()


@booked(bands=0)
def candidate_stage(blocks: Iterable[bytes], spec: JobSpec) -> Iterator[Block]:
    """Find the pairs of one partition of bands that are worth verifying.

    Returns:
        Blocks ``meetings`` by partition of either unit; ``bucket_stats`` by corpus.
    """
    unpacked = (unpack(block) for block in blocks)
    parts = [BandBlock(int(b[0][0]), b[1], b[2]) for b in unpacked]
    found = candidates(parts, spec.corpus_starts)
    for corpus, stats in found.stats.items():
        yield "bucket_stats", corpus, pack([np.array(stats, np.int64)])
    for partition, block in meetings(found, spec.partitions).items():
        yield "meetings", partition, pack(block)


@booked(meetings=0)
def route_stage(blocks: Iterable[bytes], spec: JobSpec) -> Iterator[Block]:
    """Tell for one partition of units where each of their pairs is verified.

    Returns:
        Blocks ``pairs`` by pair partition; ``needs`` (pair partition, rows, rows to
        excerpt) by task.
    """
    unpacked = (unpack(block) for block in blocks)
    parts = [(b[0].reshape(-1, 2), b[1]) for b in unpacked]
    routed = pair_partitions(parts, spec.partitions)
    every = merge_pairs(routed.values())
    chosen = choose_pairs(every)
    for partition, pairs in routed.items():
        yield "pairs", partition, pack([pairs])
        shown = requests(np.intersect1d(chosen, pairs))
        for task, rows in requests(pairs).items():
            excerpted = shown.get(task, rows[:0])
            yield "needs", task, pack([_one(partition), rows, excerpted])


@booked(needs=1)
def look_again_stage(
    task: Task,
    needs: Iterable[bytes],
    spec: JobSpec,
    filesystem: FileSystem,
    output: Output,
) -> Iterator[Block]:
    """Give what verification needs of the documents that stand in a candidate pair.

    Returns:
        Blocks ``sets`` (shingle sets, or signatures where similarity is estimated) and
        ``excerpts`` by pair partition.

    Raises:
        ConfigError: the input is no longer what the first look has seen.
    """
    wanted: dict[int, list[list[NDArray[np.uint32]]]] = {}
    for block in needs:
        partition, *rows_twice = unpack(block)
        wanted.setdefault(int(partition[0]), []).append(rows_twice)
    rows_of = {p: _union(part[0] for part in parts) for p, parts in wanted.items()}
    shown_of = {p: _union(part[1] for part in parts) for p, parts in wanted.items()}
    if spec.config.link.verify == "estimate":
        yield from _sketched(task, rows_of, shown_of, spec, output)
    else:
        check_inputs(task, filesystem, spec.staging, output)
        again = _Again(task, spec, filesystem, output)
        yield from again.blocks(rows_of, shown_of)


_Wanted = dict[int, "NDArray[np.uint32]"]


class _Again:
    # Reads documents of a task again and shingles them.

    def __init__(
        self, task: Task, spec: JobSpec, filesystem: FileSystem, output: Output
    ) -> None:
        self._task, self._config, self._filesystem = task, spec.config, filesystem
        self._places = load_places(task, spec, output)

    def blocks(self, rows_of: _Wanted, shown_of: _Wanted) -> Iterator[Block]:
        """Yield sets and excerpts by pair partition."""
        every, shown = _union(rows_of.values()), _union(shown_of.values())
        sets, excerpts = self._read(every, shown)
        for number, mine in rows_of.items():
            yield (
                "sets",
                number,
                pack(coded(sets.of(doc_keys(self._task.ordinal, mine)))),
            )
            if excerpts and len(shown_of[number]):
                keys = doc_keys(self._task.ordinal, shown_of[number])
                texts = pa.concat_tables(excerpts)
                chosen = np.isin(np.asarray(texts.column("key")), keys)
                yield (
                    "excerpts",
                    number,
                    pack_excerpts([texts.filter(pa.array(chosen))]),
                )

    def _read(
        self, every: NDArray[np.uint32], shown: NDArray[np.uint32]
    ) -> tuple[ShingleBlock, list[pa.Table]]:
        sets, excerpts = [], []
        config, files = self._config, self._filesystem
        for rows, batch in documents_again(
            self._task, config, files, every, self._places
        ):
            made, characters = shingle_sets(batch.tokens), batch.tokens.characters
            task = self._task.ordinal
            sets.append(shingle_block(task, rows, made, characters))
            chosen = np.flatnonzero(np.isin(rows, shown, assume_unique=True))
            if len(chosen):
                part = Batch(batch.documents.take(pa.array(chosen)))
                excerpts.append(excerpts_of(task, rows[chosen], part))
        return merge_shingles(sets), excerpts


def _sketched(
    task: Task, rows_of: _Wanted, shown_of: _Wanted, spec: JobSpec, output: Output
) -> Iterator[Block]:
    """Take the signatures that the first look has left."""
    rows, signatures, characters, texts = load_sketches(task, spec, output)
    keys = np.asarray(texts.column("key"))
    for number, mine in rows_of.items():
        at = np.searchsorted(rows, mine)
        block = pack_signatures(task.ordinal, mine, signatures[at], characters[at])
        yield "sets", number, pack(block)
        shown = np.isin(keys, doc_keys(task.ordinal, shown_of[number]))
        if shown.any():
            yield "excerpts", number, pack_excerpts([texts.filter(pa.array(shown))])


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
        Blocks ``nodes``, ``arcs``, ``shared`` and ``links0`` by partition of the unit;
        ``examples`` and ``tallies`` by corpus.
    """
    merged = merge_pairs(unpack(block)[0] for block in pairs)
    if not len(merged):
        return
    if spec.config.link.verify == "estimate":
        sketches = merge_shingles(ShingleBlock(*unpack(block)) for block in sets)
        found = estimate(merged, sketches)
    else:
        shingles = merge_shingles(decoded(unpack(block)) for block in sets)
        found = verify(merged, shingles)
    verified = found.at_least(spec.config.link.threshold)
    corpora = corpora_of(verified.pairs, spec.corpus_starts)
    inside = verified.where(corpora[:, 0] == corpora[:, 1])
    yield from _linked(verified, inside, corpora, spec)
    texts, own = list(excerpts), corpora[corpora[:, 0] == corpora[:, 1], 0]
    for corpus in np.unique(own).tolist():
        part = inside.where(own == corpus)
        count = Tally(verified_pairs=int((part.jaccard < 1).sum()))
        yield "tallies", corpus, pack([np.array(count, np.int64)])
        for block in example_pairs(part, texts):
            yield "examples", corpus, block


def _linked(
    verified: Verified, inside: Verified, corpora: NDArray[np.int64], spec: JobSpec
) -> Iterator[Block]:
    """Send what clusters are made of."""
    nodes = nodes_of_pairs(verified, corpora)
    yield from packed_by("nodes", nodes.keys, nodes, spec)
    arcs = arcs_of(inside, spec.layout)
    yield from packed_by("arcs", arcs.pairs[:, 0], arcs, spec)
    shared = shared_of_pairs(verified, corpora)
    yield from packed_by("shared", shared.keys, shared, spec)
    forest = spanning_forest([inside.pairs])
    for partition, links in route_star(forest, spec.partitions, STAR_STEPS[0]).items():
        yield "links0", partition, pack([links])
