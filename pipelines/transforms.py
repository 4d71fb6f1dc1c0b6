"""The stages of an audit as Beam transforms; each only calls the core.

In and out: blocks, pairs of an int (a task, a partition or a corpus) and bytes (arrays
that the core packs and unpacks), so that Beam's own coders for ints and bytes are all
that is needed and nothing is pickled on the way. No arithmetic happens here: what a
stage does stands in `audit.job`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Tuple  # noqa: UP035 Beam reads this spelling

import apache_beam as beam
from apache_beam import pvalue
from apache_beam.metrics.metric import Metrics

from audit.job import clustering, linking, stages
from audit.job.books import Book, close_books, merge_books
from audit.job.describe import describe_stage, detail_stage
from audit.job.finish import FINISHED, finish_stage
from audit.job.overlap import overlap_stage
from audit.job.plan import Task
from pipelines.corpus_io import storage_of
from pipelines.handing import HANDED, shelf_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from audit.job.spec import JobSpec

__all__ = [
    "CloseBooks",
    "CountClusters",
    "DescribeTask",
    "FindCandidates",
    "FinishCorpus",
    "GroupExact",
    "LookAgain",
    "MergeBooks",
    "MergeCounts",
    "NameClusters",
    "ReadPlan",
    "RoutePairs",
    "ScanTasks",
    "SendBands",
    "SettleUnits",
    "StepStar",
    "VerifyPairs",
    "WriteDetail",
    "WriteOverlap",
]

_NAMESPACE = "corpus_audit"

# One element: (task, partition or corpus, packed arrays).
Block = Tuple[int, bytes]  # noqa: UP006


class _Stage(beam.DoFn):
    """A stage of a job: knows the job and where to read and write."""

    def __init__(self, spec: JobSpec) -> None:
        self.spec = spec

    def setup(self) -> None:
        """Open the filesystems on the worker, and what its threads share."""
        self.filesystem, self.output = storage_of(self.spec.remote)
        self.shelf = shelf_of(self.spec.shelf) if self.spec.shelf else None

    def tagged(self, outputs: Iterable[tuple[str, int, bytes]]) -> Iterator[Any]:
        """Send each block, or its name on the shelf, to the output of its tag."""
        for tag, key, block in outputs:
            if self.shelf is not None and tag in HANDED:
                block = self.shelf.leave(block)
            yield pvalue.TaggedOutput(tag, (key, block))

    def taken(self, blocks: Iterable[bytes]) -> Iterable[bytes]:
        """Return the blocks of a tag that is handed on: they may be on the shelf."""
        return blocks if self.shelf is None else list(map(self.shelf.take, blocks))


class ReadPlan(_Stage):
    """From the name of a plan to its tasks, largest first."""

    def process(self, path: str) -> Iterator[Block]:
        """Yield every task of the plan at this path."""
        for line in (self.output.read(path) or b"").splitlines():
            yield Task.from_json(line).ordinal, line


class ScanTasks(_Stage):
    """The first look at the documents of a task."""

    def __init__(self, spec: JobSpec) -> None:
        super().__init__(spec)
        self.documents = Metrics.counter(_NAMESPACE, "documents")

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        """Yield counts by corpus, content hashes by partition."""
        for text in element[1]:
            task = Task.from_json(text)
            early = self.shelf.early if self.shelf is not None else None
            found = early.found(task) if early is not None else None
            if found is None:
                found = stages.scan_stage(task, self.spec, self.filesystem, self.output)
            self.documents.inc(found.documents)
            yield from self.tagged(found.blocks)


class GroupExact(_Stage):
    """Documents of one content, by partition of the content hash."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        """Yield units with copies by partition, and by task which send no bands."""
        yield from self.tagged(linking.exact_stage(self.taken(element[1]), self.spec))


class SendBands(_Stage):
    """The bands of a task's units, but for contents that earlier tasks send."""

    def process(self, element: tuple[int, dict[str, list[bytes]]]) -> Iterator[Any]:
        """Yield bands by partition of the band."""
        _, found = element
        task = Task.from_json(found["task"][0])
        yield from self.tagged(
            linking.bands_stage(
                task, self.taken(found["drops"]), self.spec, self.output
            )
        )


class FindCandidates(_Stage):
    """Pairs that share a band, by partition of the band key."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        """Yield by partition of the unit whom it meets."""
        yield from self.tagged(
            linking.candidate_stage(self.taken(element[1]), self.spec)
        )


class RoutePairs(_Stage):
    """Where pairs are verified, by partition of the unit."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        """Yield pairs by pair partition, and the rows that are needed by task."""
        yield from self.tagged(linking.route_stage(self.taken(element[1]), self.spec))


class LookAgain(_Stage):
    """The second look: the shingles of documents that are in a candidate pair."""

    def process(self, element: tuple[int, dict[str, list[bytes]]]) -> Iterator[Any]:
        """Yield shingle sets and excerpts by pair partition."""
        _, found = element
        if found["needs"]:
            task = Task.from_json(found["task"][0])
            yield from self.tagged(
                linking.look_again_stage(
                    task,
                    self.taken(found["needs"]),
                    self.spec,
                    self.filesystem,
                    self.output,
                )
            )


class VerifyPairs(_Stage):
    """Jaccard similarity of the pairs of one partition."""

    def process(self, element: tuple[int, dict[str, list[bytes]]]) -> Iterator[Any]:
        """Yield links and what is known of units by partition, examples by corpus."""
        _, found = element
        yield from self.tagged(
            linking.verify_stage(
                self.taken(found["pairs"]),
                self.taken(found["sets"]),
                self.taken(found["excerpts"]),
                self.spec,
            )
        )


class StepStar(_Stage):
    """One step towards connected components, by partition of the unit."""

    def __init__(self, spec: JobSpec, step: int = 0) -> None:
        super().__init__(spec)
        self.step = step

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        """Yield links by partition of the unit, for the next step."""
        yield from self.tagged(clustering.star_stage(self.step, element[1], self.spec))


class SettleUnits(_Stage):
    """Where units hang after the last step, by partition of the unit."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        """Yield homes by partition, and what the steps have left open."""
        yield from self.tagged(clustering.settle_stage(element[1], self.spec))


class NameClusters(_Stage):
    """The representative of each unit, by partition of the unit."""

    def process(
        self,
        element: tuple[int, dict[str, list[bytes]]],
        open_links: list[Block],
    ) -> Iterator[Any]:
        """Yield members by partition of the representative, shared units by task."""
        still_open = [block for _, block in open_links]
        found = {
            tag: self.taken(blocks) if tag in HANDED else blocks
            for tag, blocks in element[1].items()
        }
        yield from self.tagged(clustering.node_stage(found, still_open, self.spec))


class CountClusters(_Stage):
    """Sizes of clusters, by partition of the representative."""

    def process(self, element: tuple[int, dict[str, list[bytes]]]) -> Iterator[Any]:
        """Yield counts by corpus, and the clusters of units by task."""
        _, found = element
        yield from self.tagged(
            clustering.cluster_stage(
                self.taken(found["members"]), self.taken(found["root_arcs"]), self.spec
            )
        )


@beam.typehints.with_input_types(bytes)
@beam.typehints.with_output_types(bytes)
class MergeCounts(beam.CombineFn):
    """Adds up accumulators; all of it happens in the fold."""

    def create_accumulator(self) -> bytes:
        """Return nothing counted."""
        return b""

    def add_input(self, mutable_accumulator: bytes, element: bytes) -> bytes:
        """Add one accumulator."""
        return stages.merge_count_blocks([mutable_accumulator, element])

    def merge_accumulators(self, accumulators: Iterable[bytes]) -> bytes:
        """Add up many."""
        return stages.merge_count_blocks(accumulators)

    def extract_output(self, accumulator: bytes) -> bytes:
        """Return the sum."""
        return accumulator


@beam.typehints.with_input_types(Block)
@beam.typehints.with_output_types(bytes)
class MergeBooks(beam.CombineFn):
    """Adds up books; all of it happens in the core."""

    def create_accumulator(self) -> bytes:
        """Return an empty book."""
        return b""

    def add_input(self, mutable_accumulator: bytes, element: Block) -> bytes:
        """Add one book."""
        return merge_books([mutable_accumulator, element[1]])

    def merge_accumulators(self, accumulators: Iterable[bytes]) -> bytes:
        """Add up many."""
        return merge_books(accumulators)

    def extract_output(self, accumulator: bytes) -> bytes:
        """Return the sum."""
        return accumulator


class CloseBooks(_Stage):
    """Compares all that was sent with all that was received."""

    def process(self, element: bytes) -> None:
        """Fail the job where the two are not the same."""
        close_books([element], self.spec, self.output)


class FinishCorpus(_Stage):
    """From counts and edges to the tables of one corpus, on disk."""

    def process(self, element: tuple[int, dict[str, list[bytes]]]) -> Iterator[Any]:
        """Write the corpus and say that it is done."""
        (corpus, found), book = element, Book()
        blocks = {t: book.received(t, found[t]) for t in FINISHED if t != "counts"}
        blocks["counts"] = found["counts"]
        name = finish_stage(corpus, blocks, self.spec, self.output)
        yield from self.tagged([("done", corpus, name.encode()), book.block()])


class DescribeTask(_Stage):
    """Tells which documents of a task repeat others, once all clusters are known."""

    def process(self, element: tuple[int, dict[str, list[bytes]]]) -> Iterator[Any]:
        """Yield counts by corpus; fill in the cluster columns of stored documents."""
        _, found = element
        task = Task.from_json(found["task"][0])
        clusters, shares = self.taken(found["clusters"]), self.taken(found["shares"])
        yield from self.tagged(
            describe_stage(task, clusters, shares, self.spec, self.output)
        )


class WriteDetail(_Stage):
    """From counts to the tables that say where duplicates lie."""

    def process(
        self,
        _: bytes,
        details: list[Block],
        finished: list[Block],  # noqa: ARG002 a barrier: what this reads is written
    ) -> Iterator[Any]:
        """Write the tables of all corpora."""
        found: dict[int, list[bytes]] = {n: [] for n in range(len(self.spec.corpora))}
        for corpus, block in details:
            found[corpus].append(block)
        book = Book()
        blocks = {n: book.received("detail", mine) for n, mine in found.items()}
        detail_stage(blocks, self.spec, self.output)
        yield from self.tagged([book.block()])


class WriteOverlap(_Stage):
    """From shared documents to the overlap of corpora, on disk."""

    def process(
        self, _: bytes, finished: list[Block], overlaps: list[Block]
    ) -> Iterator[Any]:
        """Write the table, once all corpora are there, and say that it is done."""
        if len(finished) > 1:
            book = Book()
            blocks = book.received("overlaps", [block for _, block in overlaps])
            path = overlap_stage(blocks, self.spec, self.output)
            yield from self.tagged([("done", 0, path.encode()), book.block()])
