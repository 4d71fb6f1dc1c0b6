"""What is stored on request beside a profile: one row a document, or its signature.

In: annotated batches of a task. Out: ``documents/part-*.parquet`` and
``signatures/part-*.parquet`` of its corpus, one file a task. The cluster columns of
documents are filled in when all clusters are known.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit.annotate.culture import document_cultures
from audit.fold.store import write_table
from audit.job.describe import Labels
from audit.job.output import write_bytes, write_whole
from audit.job.packing import pack, unpack
from audit.link.layout import doc_keys, task_of
from schemas.profile import TABLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.batch import Batch
    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec

__all__ = ["Keeper", "add_clusters", "store_clusters"]

_CONFIDENCE = pa.scalar(1e-6, pa.float64())


class Keeper:
    """Gathers rows of a task's documents, batch by batch.

    Args:
        kinds: what to keep: ``documents``, ``signatures``.
        task: the task.
    """

    def __init__(self, kinds: frozenset[str], task: Task) -> None:
        self._task = task
        self._tables: dict[str, list[pa.Table]] = {kind: [] for kind in sorted(kinds)}
        self._labels = Labels()

    def add(self, rows: NDArray[np.uint32], batch: Batch) -> None:
        """Add the documents of a batch."""
        self._labels.add(rows, batch)
        makers = {"documents": _documents, "signatures": _signatures}
        for kind, tables in self._tables.items():
            table = makers[kind](batch)
            tables.append(table.append_column("row", pa.array(rows, pa.uint32())))

    def write(self, spec: JobSpec, output: Output) -> None:
        """Write one file a kind into staging, and the labels for later stages."""
        self._labels.write(self._task, spec, output)
        for kind, tables in self._tables.items():
            if tables:
                table = pa.concat_tables(tables).unify_dictionaries()
                _write_part(kind, table, self._task, spec, output)


def _documents(batch: Batch) -> pa.Table:
    columns = batch.columns
    n_docs = batch.documents.num_rows
    micros = columns["confidence_micros"].cast(pa.float64())
    found = {
        "doc_id": batch.documents.column("doc_id"),
        "confidence": pc.multiply(micros, _CONFIDENCE),
        "cultures": document_cultures(columns["references"]),
        "content_hash": _hex(columns["content_hash"]),
        "cluster_id": pa.nulls(n_docs, pa.string()),
        "cluster_size": pa.nulls(n_docs, pa.int64()),
    }
    schema = TABLES["documents"].schema
    return pa.table(
        {
            field.name: found.get(field.name, columns.get(field.name))
            for field in schema
            if field.name != "corpus"
        }
    ).cast(pa.schema([f for f in schema if f.name != "corpus"]))


def _hex(hashes: pa.FixedSizeBinaryArray) -> pa.Array:
    """Return fixed-size binary as lower-case hexadecimal text."""
    width = hashes.type.byte_width
    raw = hashes.buffers()[1].slice(hashes.offset * width, len(hashes) * width)
    digits = np.frombuffer(raw.to_pybytes().hex().encode(), f"S{2 * width}")
    return pa.array(digits, pa.binary(2 * width)).cast(pa.binary()).cast(pa.string())


def _signatures(batch: Batch) -> pa.Table:
    names = ("content_hash", "signature", "characters", "words", "language", "domain")
    return pa.table({name: batch.columns[name] for name in names})


def _part_path(kind: str, task: Task, spec: JobSpec, output: Output) -> str:
    # Numbered within the corpus: what else the job audits leaves no trace.
    first = spec.corpus_starts[spec.corpora.index(task.corpus)]
    name = f"part-{task.ordinal - first:06d}.parquet"
    return output.join(spec.staging, task.corpus, kind, name)


def _write_part(
    kind: str, table: pa.Table, task: Task, spec: JobSpec, output: Output
) -> None:
    whole = table.add_column(
        0, "corpus", pa.array([task.corpus] * table.num_rows, pa.string())
    )
    write_whole(
        output,
        _part_path(kind, task, spec, output),
        lambda file: write_table(whole, file, task.corpus, spec.metadata),
    )


def store_clusters(
    nodes: NDArray[np.uint64],
    representatives: NDArray[np.uint64],
    spec: JobSpec,
    output: Output,
) -> None:
    """Leave for each task the clusters of its documents.

    Args:
        nodes: uint64[n], document keys, ascending.
        representatives: uint64[n], smallest key of each one's cluster.
        spec: the job.
        output: where staging is.
    """
    _, cluster, sizes = np.unique(
        representatives, return_inverse=True, return_counts=True
    )
    size_of = sizes[cluster.reshape(-1)].astype(np.int64)
    tasks = task_of(nodes)
    for task in np.unique(tasks).tolist():
        low, high = np.searchsorted(tasks, [task, task + 1])
        block = pack([nodes[low:high], representatives[low:high], size_of[low:high]])
        path = output.join(spec.staging, "tasks", f"{task:08d}.clusters")
        write_bytes(output, path, block)


def add_clusters(task: Task, spec: JobSpec, output: Output) -> None:
    """Fill in the cluster columns of a task's documents."""
    data = output.read(_part_path("documents", task, spec, output))
    if data is None:
        return
    table = pq.read_table(io.BytesIO(data))
    block = output.read(
        output.join(spec.staging, "tasks", f"{task.ordinal:08d}.clusters")
    )
    cluster = pa.nulls(table.num_rows, pa.string())
    size = pa.nulls(table.num_rows, pa.int64())
    if block is not None:
        nodes, representatives, sizes = unpack(block)
        keys = doc_keys(task.ordinal, np.asarray(table.column("row")))
        at = pa.array(
            np.searchsorted(nodes, keys), mask=~np.isin(keys, nodes), type=pa.int64()
        )
        first = spec.corpus_starts[spec.corpora.index(task.corpus)]
        names = pa.array(
            [
                f"{(r >> 32) - first:06d}-{r & 0xFFFFFFFF:010d}"
                for r in representatives.tolist()
            ],
            pa.string(),
        )
        cluster, size = names.take(at), pa.array(sizes).take(at)
    fields = TABLES["documents"].schema.names
    filled = (
        table.drop_columns(["cluster_id", "cluster_size"])
        .append_column("cluster_id", cluster)
        .append_column("cluster_size", size)
        .select(fields)
    )
    write_whole(
        output,
        _part_path("documents", task, spec, output),
        lambda file: write_table(filled, file, task.corpus, spec.metadata),
    )
