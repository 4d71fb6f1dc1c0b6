"""Overlap of the corpora of one job: shared documents in, two tables out.

In: for exact and near copies, how many documents and characters of each corpus another
one holds too, from each partition. Out: ``overlap.parquet``: for each ordered pair of
corpora the documents they share and what share of each corpus that is, with 95 % Wilson
intervals (Wilson 1927); and ``monoculture.parquet``: how many effectively distinct
corpora they are.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audit.fold.store import write_table
from audit.job.output import write_whole
from audit.job.packing import unpack
from audit.link.exact import EXACT, NEAR
from audit.measures.overlap import Held, distinct_corpora, overlap_table
from schemas.profile import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audit.job.output import Output
    from audit.job.spec import JobSpec

__all__ = ["overlap_stage"]


def overlap_stage(blocks: Iterable[bytes], spec: JobSpec, output: Output) -> str:
    """Write the overlap of all pairs of corpora, and how distinct they are.

    Args:
        blocks: ``overlaps`` of all partitions.
        spec: the job; the profiles of its corpora are written already.
        output: where staging is.

    Returns:
        The path of the former.
    """
    n = len(spec.corpora)
    sums = np.zeros((2, n, n, 2), np.int64)
    held = np.zeros((2, n, n), np.int64)
    for block in blocks:
        groups, values, holders, documents = unpack(block)
        np.add.at(sums, (groups[:, 2], groups[:, 0], groups[:, 1]), values)
        np.add.at(held, (holders[:, 2], holders[:, 0], holders[:, 1]), documents)
    shared = {
        name: {
            (a, b): Held(*sums[kind, i, j].tolist())
            for i, a in enumerate(spec.corpora)
            for j, b in enumerate(spec.corpora)
            if i != j
        }
        for name, kind in (("exact", EXACT), ("near", NEAR))
    }
    wholes = dict(zip(spec.corpora, _wholes(spec, output), strict=True))
    every = np.array([whole.documents for whole in wholes.values()])
    held[:, :, 0] = every - held.sum(axis=2)
    rows = [
        {"kind": kind, "corpora": n, "distinct": distinct_corpora(held[number])}
        for kind, number in (("exact", EXACT), ("near", NEAR))
    ]
    alike = pa.Table.from_pylist(rows, schema=TABLES["monoculture"].schema)
    _write("monoculture", alike, spec, output)
    return _write("overlap", overlap_table(shared, wholes), spec, output)


def _write(name: str, table: pa.Table, spec: JobSpec, output: Output) -> str:
    path = output.join(spec.staging, f"{name}.parquet")
    write_whole(output, path, lambda file: write_table(table, file, "", spec.metadata))
    return path


def _wholes(spec: JobSpec, output: Output) -> list[Held]:
    """Return documents and characters of each corpus."""
    wholes = []
    for corpus in spec.corpora:
        path = output.join(spec.staging, corpus, "summary.parquet")
        summary = pq.read_table(io.BytesIO(output.read(path) or b""))
        names = ("documents", "characters")
        wholes.append(Held(*(summary.column(name)[0].as_py() for name in names)))
    return wholes
