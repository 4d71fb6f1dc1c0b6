"""What is stored on request beside a profile: one row a document, or its signature.

In: annotated batches of a task. Out: ``documents/part-*.parquet`` and
``signatures/part-*.parquet`` of its corpus, one file a task. The cluster columns of
documents are filled in when all clusters are known.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit.annotate.culture import document_cultures
from audit.fold.store import write_table
from audit.job.labels import Labels
from audit.job.output import write_whole
from audit.job.sketched import units_of_rows
from audit.link.layout import doc_keys
from schemas.profile import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audit.batch import Batch
    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec

__all__ = ["Keeper", "add_clusters"]

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
                # Documents wait beside their task for their clusters, so that these can
                # be added again: after a kill, or where an engine does it twice.
                path = (
                    _waiting_path(self._task, spec, output)
                    if kind == "documents"
                    else _part_path(kind, self._task, spec, output)
                )
                _write_part(path, table, self._task, spec, output)


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


def _waiting_path(task: Task, spec: JobSpec, output: Output) -> str:
    return output.join(spec.staging, "tasks", f"{task.ordinal:08d}.documents")


def _write_part(
    path: str, table: pa.Table, task: Task, spec: JobSpec, output: Output
) -> None:
    whole = table.add_column(
        0, "corpus", pa.array([task.corpus] * table.num_rows, pa.string())
    )
    write_whole(
        output,
        path,
        lambda file: write_table(whole, file, task.corpus, spec.metadata),
    )


def add_clusters(
    task: Task, clusters: Sequence[NDArray[Any]], spec: JobSpec, output: Output
) -> None:
    """Write a task's documents with their clusters; done twice, it is the same.

    Args:
        task: the task.
        clusters: uint64[n] units ascending, uint64[n] their representatives, int64[n]
            documents of their cluster.
        spec: the job.
        output: where staging is.
    """
    data = output.read(_waiting_path(task, spec, output))
    if data is None:
        return
    table = pq.read_table(io.BytesIO(data))
    units, representatives, sizes = clusters
    rows = np.asarray(table.column("row"))
    keys = doc_keys(task.ordinal, units_of_rows(rows, task, spec, output))
    at = pa.array(
        np.searchsorted(units, keys), mask=~np.isin(keys, units), type=pa.int64()
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
