"""Where duplicates lie: languages and domains of the documents that others repeat.

In: the labels that each scan left in staging, and the clusters and shared documents
that linking has found since. Out: ``duplicates_detail.parquet`` for each corpus, which
shows the sources that deduplication would wipe out, and ``overlap_detail.parquet``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit.annotate.culture_evidence import merge_examples
from audit.errors import AccountingError
from audit.fold.accumulator import CountLayout
from audit.fold.counts import count_by, merge_counts
from audit.fold.duplicates import wiped_out
from audit.fold.profile import conform
from audit.fold.store import write_table
from audit.job.books import Book
from audit.job.keep import add_clusters
from audit.job.labels import FACETS, staged_path, stream_of
from audit.job.output import write_whole
from audit.job.packing import unpack
from audit.job.sketched import units_of_rows
from audit.link.exact import EXACT, NEAR
from audit.link.layout import doc_keys
from schemas.profile import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec
    from audit.job.stages import Block

__all__ = ["describe_stage", "detail_stage"]

# Counted: documents and characters that repeat another, out of all of that key.
_LAYOUT = CountLayout(
    ("other", "kind", "facet", "key"),
    ("documents", "characters", "of_documents", "of_characters"),
)


def describe_stage(
    task: Task,
    clusters: Iterable[bytes],
    shares: Iterable[bytes],
    spec: JobSpec,
    output: Output,
) -> Iterator[Block]:
    """Count by language and domain which documents of a task repeat others.

    Where documents are kept, their cluster columns are filled in.

    Args:
        task: the task.
        clusters: units of the task, their representatives, documents of their cluster.
        shares: units of the task that another corpus holds, that corpus, the kind.
        spec: the job.
        output: where staging is.

    Returns:
        Blocks ``detail`` by corpus: tables of counts as Arrow streams.
    """
    book = Book()
    book.task("describe", task.ordinal)
    linked = Linked(
        _columns(book.received("clusters", clusters), np.uint64),
        _columns(book.received("shares", shares), np.int64),
    )
    yield from book.sent(_described(task, linked, spec, output))
    if "documents" in spec.config.keep:
        add_clusters(task, linked.clusters, spec, output)
    yield book.block()


class Linked(NamedTuple):
    """What linking has found about the units of a task.

    Attributes:
        clusters: units, representatives, documents of the cluster; by ascending unit.
        shares: units, other corpus, kind; by ascending unit.
    """

    clusters: list[NDArray[Any]]
    shares: list[NDArray[Any]]


def _columns(blocks: Iterable[bytes], second: type) -> list[NDArray[Any]]:
    """Return three columns of many blocks, by ascending unit."""
    none: list[NDArray[Any]] = [
        np.zeros(0, kind) for kind in (np.uint64, second, np.int64)
    ]
    parts = [none, *map(unpack, blocks)]
    first = [np.concatenate([part[i] for part in parts]) for i in range(3)]
    order = np.argsort(first[0], kind="stable")
    return [column[order] for column in first]


def _described(
    task: Task, linked: Linked, spec: JobSpec, output: Output
) -> Iterator[Block]:
    data = output.read(staged_path(task.ordinal, "labels", spec, output))
    if data is None:
        return
    # What the writer called a dictionary comes back as one.
    labels = pq.read_table(io.BytesIO(data)).combine_chunks()
    rows = np.asarray(labels.column("row"))
    units = units_of_rows(rows, task, spec, output)
    keys = doc_keys(task.ordinal, units)
    parts: list[pa.Table] = []
    for (other, kind), repeated in _repeated(task, rows, keys, linked, spec):
        parts += _counts(labels, repeated, other, kind)
    if parts:
        table = merge_counts(parts, *_LAYOUT)
        yield "detail", spec.corpora.index(task.corpus), stream_of(table)


def _repeated(
    task: Task,
    rows: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    linked: Linked,
    spec: JobSpec,
) -> Iterator[tuple[tuple[str, str], NDArray[np.bool_]]]:
    """Yield for each (other corpus or "", kind) which documents repeat one.

    ``keys`` are those of the documents' units.
    """
    units, representatives, _ = linked.clusters
    first = np.isin(doc_keys(task.ordinal, rows), representatives)
    yield ("", "near"), np.isin(keys, units) & ~first
    held, others, kinds = linked.shares
    for kind, number in (("exact", EXACT), ("near", NEAR)):
        for other, name in enumerate(spec.corpora):
            if name != task.corpus:
                mine = held[(others == other) & (kinds == number)]
                yield (name, kind), np.isin(keys, mine)


def _counts(
    labels: pa.Table, repeated: NDArray[np.bool_], other: str, kind: str
) -> Iterator[pa.Table]:
    characters = np.asarray(labels.column("characters"))
    values = {
        "documents": repeated.astype(np.int64),
        "characters": np.where(repeated, characters, 0),
        "of_documents": np.ones(len(repeated), np.int64),
        "of_characters": characters,
    }
    for facet in FACETS:
        column = labels.column(facet).combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        table = count_by({"key": column}, values)
        n_rows = table.num_rows
        for name, value in (("other", other), ("kind", kind), ("facet", facet)):
            table = table.append_column(name, pa.array([value] * n_rows, pa.string()))
        yield table


def detail_stage(
    blocks: Mapping[int, Iterable[bytes]], spec: JobSpec, output: Output
) -> str:
    """Write the details of all corpora.

    Args:
        blocks: what `describe_stage` gave, by corpus.
        spec: the job.
        output: where staging is.

    Returns:
        The name of the last table written.
    """
    across = []
    for number, corpus in enumerate(spec.corpora):
        tables = [pa.ipc.open_stream(block).read_all() for block in blocks[number]]
        none = pa.table(
            {n: pa.array([], pa.string()) for n in _LAYOUT.keys}
            | {n: pa.array([], pa.int64()) for n in _LAYOUT.values}
        )
        whole = merge_counts([none, *tables], *_LAYOUT)
        inside = pc.equal(whole.column("other"), "")
        within = _inside(whole.filter(inside))
        _check(within, corpus, spec, output)
        _write("duplicates_detail", within, corpus, spec, output)
        across.append(_across(whole.filter(pc.invert(inside)), corpus))
        shown = _culture_examples(number, spec, output)
        _write("culture_examples", shown, corpus, spec, output)
    if len(spec.corpora) > 1:
        schema = TABLES["overlap_detail"].schema
        table = pa.concat_tables(across).select(schema.names).cast(schema)
        path = output.join(spec.staging, "overlap_detail.parquet")
        write_whole(
            output, path, lambda file: write_table(table, file, "", spec.metadata)
        )
    return "overlap_detail"


def _culture_examples(corpus: int, spec: JobSpec, output: Output) -> pa.Table:
    """Return the excerpts of all tasks of a corpus, a few a culture."""
    ends = [*spec.corpus_starts[1:], spec.tasks]
    tables = []
    for task in range(spec.corpus_starts[corpus], ends[corpus]):
        data = output.read(staged_path(task, "cultures", spec, output))
        if data is not None:
            tables.append(pa.ipc.open_stream(data).read_all())
    return merge_examples(tables)


def _check(detail: pa.Table, corpus: str, spec: JobSpec, output: Output) -> None:
    """Check that the details of a corpus add up to its summary.

    Raises:
        AccountingError: labels or clusters of some task were lost.
    """
    data = output.read(output.join(spec.staging, corpus, "summary.parquet")) or b""
    summary = pq.read_table(io.BytesIO(data)).to_pylist()[0]
    for facet in FACETS:
        rows = detail.filter(pc.equal(detail.column("facet"), facet))
        for column, total in (
            ("documents", "documents"),
            ("duplicate_documents", "near_duplicate_documents"),
        ):
            found = pc.sum(rows.column(column)).as_py() or 0
            if found != summary[total]:
                raise AccountingError(
                    f"The {column} of every {facet} sum to the {total} of the corpus",
                    value=f"{found} by {facet}, {summary[total]} in all",
                    where=f"corpus {corpus}",
                    next_step="Do not use this output; run again, and report it if "
                    "it stays.",
                )


def _write(
    name: str, table: pa.Table, corpus: str, spec: JobSpec, output: Output
) -> None:
    path = output.join(spec.staging, corpus, f"{name}.parquet")
    whole = conform(name, corpus, table)
    write_whole(
        output, path, lambda file: write_table(whole, file, corpus, spec.metadata)
    )


def _inside(counts: pa.Table) -> pa.Table:
    documents = np.asarray(counts.column("of_documents"))
    repeated = np.asarray(counts.column("documents"))
    gone = wiped_out(documents, repeated)
    return pa.table(
        {
            "facet": counts.column("facet"),
            "key": counts.column("key"),
            "documents": counts.column("of_documents"),
            "characters": counts.column("of_characters"),
            "duplicate_documents": counts.column("documents"),
            "duplicate_characters": counts.column("characters"),
            "wiped_out": pa.array(gone),
        }
    )


def _across(counts: pa.Table, corpus: str) -> pa.Table:
    named = pa.table(
        {
            "corpus_a": pa.array([corpus] * counts.num_rows, pa.string()),
            "corpus_b": counts.column("other"),
            "kind": counts.column("kind"),
            "facet": counts.column("facet"),
            "key": counts.column("key"),
            "documents_a": counts.column("documents"),
            "characters_a": counts.column("characters"),
            "of_documents": counts.column("of_documents"),
            "of_characters": counts.column("of_characters"),
        }
    )
    return named.filter(pc.greater(named.column("documents_a"), 0))
