"""Overlap of the corpora of one job: shared documents in, one table out.

In: for exact and near copies, the documents of each corpus that another corpus holds
too. Out: ``overlap.parquet``: for each ordered pair of corpora the documents they share
and what share of each corpus that is, with 95 % Wilson intervals (Wilson 1927).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from audit.fold.store import write_table
from audit.job.describe import store_shared
from audit.job.output import write_whole
from audit.job.packing import unpack
from audit.job.stages import Edges, verified_of
from audit.link.exact import Members
from audit.link.figures import overlap_members
from audit.link.pairs import corpus_of
from audit.measures.overlap import overlap_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from audit.job.output import Output
    from audit.job.spec import JobSpec

__all__ = ["overlap_stage"]

_Shared = tuple["NDArray[np.uint64]", "NDArray[np.int64]"]


def overlap_stage(
    blocks: Mapping[str, Iterable[bytes]], spec: JobSpec, output: Output
) -> str:
    """Write the overlap of all pairs of corpora.

    Args:
        blocks: ``exact_members``, ``near_across`` and the ``exact_edges`` of all
            corpora.
        spec: the job; the profiles of its corpora are written already.
        output: where staging is.

    Returns:
        The table's path.
    """
    edges = Edges.of(blocks["exact_edges"])
    exact = _members(Members(*unpack(block)) for block in blocks["exact_members"])
    close = overlap_members(
        verified_of(blocks["near_across"]),
        edges.pairs,
        edges.characters,
        spec.corpus_starts,
    )
    near = _members([Members(*exact, np.zeros(0, np.int64)), close])
    store_shared({"exact": exact, "near": near}, spec, output)
    table = overlap_table(
        {"exact": _pair_counts(exact, spec), "near": _pair_counts(near, spec)},
        dict(zip(spec.corpora, _documents(spec, output), strict=True)),
    )
    path = output.join(spec.staging, "overlap.parquet")
    write_whole(output, path, lambda file: write_table(table, file, "", spec.metadata))
    return path


def _members(parts: Iterable[Members]) -> _Shared:
    """Return (document keys, other corpus) of all parts, each pair once, ascending."""
    found = list(parts)
    none = np.zeros(0, np.uint64)
    return _distinct(
        np.concatenate([none, *(part.keys for part in found)]),
        np.concatenate([none.astype(np.int64), *(part.other for part in found)]),
    )


def _distinct(keys: NDArray[np.uint64], other: NDArray[np.int64]) -> _Shared:
    order = np.lexsort((other, keys))
    keys, other = keys[order], other[order]
    fresh = np.ones(len(keys), bool)
    fresh[1:] = (keys[1:] != keys[:-1]) | (other[1:] != other[:-1])
    return keys[fresh], other[fresh]


def _pair_counts(shared: _Shared, spec: JobSpec) -> dict[tuple[str, str], int]:
    """Return the documents of a that b holds too, by (a, b)."""
    own = corpus_of(shared[0], spec.corpus_starts)
    pairs, counts = np.unique(
        np.stack([own, shared[1]], axis=1), axis=0, return_counts=True
    )
    return {
        (spec.corpora[a], spec.corpora[b]): int(n)
        for (a, b), n in zip(pairs.tolist(), counts, strict=True)
    }


def _documents(spec: JobSpec, output: Output) -> list[int]:
    counts = []
    for corpus in spec.corpora:
        path = output.join(spec.staging, corpus, "summary.parquet")
        summary = pq.read_table(io.BytesIO(output.read(path) or b""))
        counts.append(summary.column("documents")[0].as_py())
    return counts
