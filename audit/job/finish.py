"""The last stages: counts and edges in, the tables of profiles on disk.

In: merged counts of one corpus, of its documents and of its clusters. Out: one Parquet
file a table in staging. Only here do figures become shares and intervals.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from audit.errors import AccountingError
from audit.fold.accumulator import Accumulator
from audit.fold.coverage import (
    coverage_by_speakers_table,
    coverage_table,
    outward_table,
)
from audit.fold.diversity import profile_diversity
from audit.fold.estimates import language_estimates
from audit.fold.found import merge_found
from audit.fold.profile import conform, finish_tables
from audit.fold.store import write_table
from audit.job.books import check_tasks
from audit.job.contamination import contamination_tables
from audit.job.evaluation import evaluation_of
from audit.job.examples import merge_examples
from audit.job.output import write_whole
from audit.job.packing import unpack
from audit.job.stages import merge_count_blocks
from audit.job.toolbox import toolbox
from audit.link.clusters import STAR_STEPS
from audit.link.figures import Tally, corrected
from audit.link.pairs import BucketStats
from audit.resources.countries import countries
from schemas.profile import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from audit.job.output import Output
    from audit.job.spec import JobSpec

__all__ = ["FINISHED", "NearFigures", "finish_stage", "write_profile_table"]


# What a corpus is finished from.
FINISHED = (
    "counts", "examples", "exact_sizes", "near_sizes", "tallies", "bucket_stats",
)  # fmt: skip


class NearFigures(NamedTuple):
    """Near-duplicates of one corpus; exact copies belong to their cluster too.

    Attributes:
        sizes: columns cluster_size, clusters, documents, characters.
        total: figures of all partitions.
        buckets: what its buckets held.
    """

    sizes: list[NDArray[np.int64]]
    total: Tally
    buckets: BucketStats

    @classmethod
    def of(cls, blocks: Mapping[str, Iterable[bytes]]) -> NearFigures:
        """Return the sums of all partitions."""
        total, buckets = Tally(), BucketStats()
        for block in blocks["tallies"]:
            total = total.merge(Tally(*unpack(block)[0].tolist()))
        for block in blocks["bucket_stats"]:
            buckets = buckets.merge(BucketStats(*unpack(block)[0].tolist()))
        return cls(_sum_sizes(blocks["near_sizes"]), total, buckets)

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return int(self.sizes[1].sum())

    @property
    def documents(self) -> int:
        """Documents that are not the representative of their cluster."""
        return int((self.sizes[2] - self.sizes[1]).sum())

    @property
    def largest_cluster(self) -> int:
        """Documents of the largest cluster, 0 where there is none."""
        return int(self.sizes[0].max(initial=0))


def finish_stage(
    corpus: int,
    blocks: Mapping[str, Iterable[bytes]],
    spec: JobSpec,
    output: Output,
) -> str:
    """Write the tables of one corpus.

    Args:
        corpus: its number in the job.
        blocks: those of `FINISHED` that are about it.
        spec: the job.
        output: where staging is.

    Returns:
        The corpus's name.
    """
    name = spec.corpora[corpus]
    accumulator = Accumulator.from_bytes(merge_count_blocks(blocks["counts"]))
    check_tasks(
        accumulator.totals, "scan", spec.tasks_of(corpus), f"counts of corpus {name}"
    )
    near = NearFigures.of(blocks)
    exact_sizes = _sum_sizes(blocks["exact_sizes"])
    duplicates = _duplicate_figures(near, exact_sizes)
    if duplicates["near_duplicate_documents"] > accumulator.totals["documents"]:
        raise AccountingError(
            "A corpus has no more duplicates than documents",
            value=duplicates["near_duplicate_documents"],
            where=f"corpus {name}",
            next_step="Do not use this output; run again, and report it if it stays.",
        )
    references = toolbox(spec.config).references
    tables = finish_tables(name, accumulator, duplicates, references)
    tables |= _measured(name, tables, spec)
    tables["duplicate_examples"] = conform(
        "duplicate_examples", name, merge_examples(blocks["examples"])
    )
    tables["near_figures"] = conform("near_figures", name, _near_table(near))
    evaluation = evaluation_of(spec, output)
    if evaluation is not None:
        found = contamination_tables(merge_found(accumulator.found), evaluation)
        tables |= {key: conform(key, name, table) for key, table in found.items()}
    with ThreadPoolExecutor(spec.spare) as pool:
        written = [
            pool.submit(write_profile_table, key, table, name, spec, output)
            for key, table in tables.items()
        ]
    for one in written:
        one.result()
    return name


def write_profile_table(
    name: str, table: pa.Table, corpus: str, spec: JobSpec, output: Output
) -> None:
    """Write one table of a corpus into staging."""
    path = output.join(spec.staging, corpus, f"{name}.parquet")
    write_whole(
        output, path, lambda file: write_table(table, file, corpus, spec.metadata)
    )


def _measured(
    name: str, tables: Mapping[str, pa.Table], spec: JobSpec
) -> dict[str, pa.Table]:
    """Return what is computed from other tables, side by side if threads are free.

    They hold most of the arithmetic of finishing, and know nothing of each other.
    """
    language = spec.config.language
    packaged = language.model is None and language.engine == "fasttext"

    def against_the_world() -> dict[str, pa.Table]:
        return _against_the_world(tables)

    def diversity() -> dict[str, pa.Table]:
        mix, cultures = tables["mix"], tables["culture_mix"]
        return {"diversity": profile_diversity(mix, cultures, name, _regions())}

    def estimates() -> dict[str, pa.Table]:
        found = language_estimates(tables["language"], packaged_model=packaged)
        return {"language_estimates": found}

    with ThreadPoolExecutor(spec.spare) as pool:
        parts = [
            pool.submit(part) for part in (estimates, diversity, against_the_world)
        ]
    return {
        key: conform(key, name, table)
        for part in parts
        for key, table in part.result().items()
    }


def _against_the_world(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the tables that hold references against people and languages."""
    located = tables["culture_mix"]
    return {
        "coverage": coverage_table(located),
        "coverage_by_speakers": coverage_by_speakers_table(located, tables["mix"]),
        "outward": outward_table(located),
    }


def _regions() -> dict[str, str]:
    table = countries()
    return dict(
        zip(
            table.column("country").to_pylist(),
            table.column("subregion").to_pylist(),
            strict=True,
        )
    )


def _duplicate_figures(
    near: NearFigures, exact: list[NDArray[np.int64]]
) -> dict[str, Any]:
    """Return the summary's duplicate figures and the rows of `duplicates`."""
    rows = [
        pa.table(
            {
                "kind": pa.array([kind] * len(sizes[0]), pa.string()),
                **dict(zip(_SIZE_COLUMNS, map(pa.array, sizes), strict=True)),
            }
        )
        for kind, sizes in (("exact", exact), ("near", near.sizes))
    ]
    return {
        "exact_duplicate_documents": int((exact[2] - exact[1]).sum()),
        "near_duplicate_documents": near.documents,
        "near_duplicate_clusters": near.clusters,
        "clusters": pa.concat_tables(rows),
    }


def _near_table(near: NearFigures) -> pa.Table:
    """Return the figures that say how far the near-duplicates can be trusted."""
    total, buckets = near.total, near.buckets
    estimate = corrected(near.documents, total)
    low, high = estimate.low, estimate.high
    rows: list[tuple[str, float, float | None, float | None]] = [
        ("verified_pairs", total.verified_pairs, None, None),
        ("duplicate_documents", near.documents, None, None),
        ("directly_similar_documents", total.direct_documents, None, None),
        (
            "connected_only_documents",
            near.documents - total.direct_documents,
            None,
            None,
        ),
        ("largest_cluster", near.largest_cluster, None, None),
        ("corrected_documents", estimate.value, low, high),
        ("largest_bucket", buckets.largest_bucket, None, None),
        ("cut_buckets", buckets.cut_buckets, None, None),
        ("pairs_left_out", buckets.pairs_left_out, None, None),
        ("star_steps", len(STAR_STEPS), None, None),
        ("links_left_open", total.open_links, None, None),
    ]
    names = ("figure", "value", "low", "high")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


_SIZE_COLUMNS = ("cluster_size", *TABLES["duplicates"].additive)


def _sum_sizes(blocks: Iterable[bytes]) -> list[NDArray[np.int64]]:
    """Add up clusters by size from many partitions, ascending by size."""
    none, parts = np.zeros(0, np.int64), [unpack(block) for block in blocks]
    columns = [np.concatenate([none, *(p[i] for p in parts)]) for i in range(4)]
    sizes, row = np.unique(columns[0], return_inverse=True)
    sums = [np.zeros(len(sizes), np.int64) for _ in range(3)]
    for total, column in zip(sums, columns[1:], strict=True):
        np.add.at(total, row.reshape(-1), column)
    return [sizes, *sums]
