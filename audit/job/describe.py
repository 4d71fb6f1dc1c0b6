"""Where duplicates lie: languages and domains of the documents that others repeat.

In: the labels that each scan left in staging, and the clusters and shared documents
that linking has found since. Out: ``duplicates_detail.parquet`` for each corpus, which
shows the sources that deduplication would wipe out, and ``overlap_detail.parquet``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit.annotate.culture_evidence import culture_examples, merge_examples
from audit.errors import AccountingError
from audit.fold.accumulator import CountLayout
from audit.fold.counts import count_by, merge_counts
from audit.fold.duplicates import wiped_out
from audit.fold.profile import conform
from audit.fold.store import write_table
from audit.job.books import Book
from audit.job.output import write_bytes, write_whole
from audit.job.packing import pack, unpack
from audit.link.layout import doc_keys, task_of
from schemas.profile import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from audit.batch import Batch
    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec
    from audit.job.stages import Block

__all__ = ["Labels", "describe_stage", "detail_stage", "store_shared"]

FACETS = ("language", "domain")
# Counted: documents and characters that repeat another, out of all of that key.
_LAYOUT = CountLayout(
    ("other", "kind", "facet", "key"),
    ("documents", "characters", "of_documents", "of_characters"),
)
# Excerpts of references are taken from the first documents of a task. Counted in rows,
# not in batches, because formats cut their batches in different places.
_SHOWN_ROWS = 4096


class Labels:
    """Gathers language and domain of a task's documents, for later stages."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._cultures: list[pa.Table] = []

    def add(self, rows: NDArray[np.uint32], batch: Batch) -> None:
        """Add the documents of a batch."""
        names = (*FACETS, "characters")
        table = pa.table({name: batch.columns[name] for name in names})
        self._tables.append(table.append_column("row", pa.array(rows, pa.uint32())))
        if len(rows) and rows[0] < _SHOWN_ROWS:
            n_docs = int(np.searchsorted(rows, _SHOWN_ROWS))
            self._cultures.append(culture_examples(batch, first=n_docs))

    def write(self, task: Task, spec: JobSpec, output: Output) -> None:
        """Leave the labels in staging."""
        if self._tables:
            shown = _path(task.ordinal, "cultures", spec, output)
            write_bytes(output, shown, _stream(merge_examples(self._cultures)))
            table = pa.concat_tables(self._tables).unify_dictionaries()
            path = _path(task.ordinal, "labels", spec, output)
            write_whole(
                output,
                path,
                lambda file: pq.write_table(table, file, compression="lz4"),
            )


def _stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _path(task: int, kind: str, spec: JobSpec, output: Output) -> str:
    return output.join(spec.staging, "tasks", f"{task:08d}.{kind}")


def store_shared(
    shared: Mapping[str, tuple[NDArray[np.uint64], NDArray[np.int64]]],
    spec: JobSpec,
    output: Output,
) -> None:
    """Leave for each task the documents that another corpus holds too.

    Args:
        shared: by kind (exact, near), document keys ascending and the other corpus.
        spec: the job.
        output: where staging is.
    """
    kinds = sorted(shared)
    tasks = np.unique(np.concatenate([task_of(shared[kind][0]) for kind in kinds]))
    for task in tasks.tolist():
        arrays: list[NDArray[np.uint64] | NDArray[np.int64]] = []
        for kind in kinds:
            keys, other = shared[kind]
            low, high = np.searchsorted(task_of(keys), [task, task + 1])
            arrays += [keys[low:high], other[low:high]]
        write_bytes(output, _path(task, "shared", spec, output), pack(arrays))


def describe_stage(task: Task, spec: JobSpec, output: Output) -> Iterator[Block]:
    """Count by language and domain which documents of a task repeat others.

    Returns:
        Blocks ``detail`` by corpus: tables of counts as Arrow streams.
    """
    book = Book()
    book.task("describe", task.ordinal)
    yield from book.sent(_described(task, spec, output))
    yield book.block()


def _described(task: Task, spec: JobSpec, output: Output) -> Iterator[Block]:
    data = output.read(_path(task.ordinal, "labels", spec, output))
    if data is None:
        return
    # What the writer called a dictionary comes back as one.
    labels = pq.read_table(io.BytesIO(data)).combine_chunks()
    keys = doc_keys(task.ordinal, np.asarray(labels.column("row")))
    parts: list[pa.Table] = []
    for (other, kind), repeated in _repeated(task, keys, spec, output):
        parts += _counts(labels, repeated, other, kind)
    if parts:
        table = merge_counts(parts, *_LAYOUT)
        yield "detail", spec.corpora.index(task.corpus), _stream(table)


def _repeated(
    task: Task, keys: NDArray[np.uint64], spec: JobSpec, output: Output
) -> Iterator[tuple[tuple[str, str], NDArray[np.bool_]]]:
    """Yield for each (other corpus or "", kind) which documents repeat one."""
    clusters = output.read(_path(task.ordinal, "clusters", spec, output))
    removed = np.zeros(0, np.uint64)
    if clusters is not None:
        nodes, representatives, _ = unpack(clusters)
        removed = nodes[nodes != representatives]
    yield ("", "near"), np.isin(keys, removed)
    shared = output.read(_path(task.ordinal, "shared", spec, output))
    found = unpack(shared) if shared is not None else [np.zeros(0, np.uint64)] * 4
    for kind, (held, other) in zip(
        ("exact", "near"), (found[:2], found[2:]), strict=True
    ):
        for number, name in enumerate(spec.corpora):
            if name != task.corpus:
                yield (name, kind), np.isin(keys, held[other == number])


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
        data = output.read(_path(task, "cultures", spec, output))
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
