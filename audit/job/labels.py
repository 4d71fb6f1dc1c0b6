"""What a scan remembers of each document for the stages that tell where things lie.

In: annotated batches of a task. Out: in staging, language, domain and length of every
document, and a few mentions of cultures as they stand in the text.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audit.annotate.culture_evidence import ExampleGatherer
from audit.job.output import write_bytes, write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.batch import Batch
    from audit.job.output import Output
    from audit.job.plan import Task
    from audit.job.spec import JobSpec

__all__ = ["FACETS", "Labels", "staged_path", "stream_of"]

FACETS = ("language", "domain")
# Excerpts of references are taken from the first documents of a task. Counted in rows,
# not in batches, because formats cut their batches in different places.
_SHOWN_ROWS = 4096


class Labels:
    """Gathers language and domain of a task's documents, for later stages."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._cultures = ExampleGatherer()

    def add(self, rows: NDArray[np.uint32], batch: Batch) -> None:
        """Add the documents of a batch."""
        names = (*FACETS, "characters")
        table = pa.table({name: batch.columns[name] for name in names})
        self._tables.append(table.append_column("row", pa.array(rows, pa.uint32())))
        if len(rows) and rows[0] < _SHOWN_ROWS:
            n_docs = int(np.searchsorted(rows, _SHOWN_ROWS))
            self._cultures.add(batch, first=n_docs)

    def write(self, task: Task, spec: JobSpec, output: Output) -> None:
        """Leave the labels in staging."""
        if self._tables:
            shown = staged_path(task.ordinal, "cultures", spec, output)
            write_bytes(output, shown, stream_of(self._cultures.table()))
            table = pa.concat_tables(self._tables).unify_dictionaries()
            path = staged_path(task.ordinal, "labels", spec, output)
            write_whole(
                output,
                path,
                lambda file: pq.write_table(table, file, compression="lz4"),
            )


def stream_of(table: pa.Table) -> bytes:
    """Return a table as an Arrow stream."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def staged_path(task: int, kind: str, spec: JobSpec, output: Output) -> str:
    """Return where a task leaves a file of a kind."""
    return output.join(spec.staging, "tasks", f"{task:08d}.{kind}")
