"""What every worker knows of its job.

In: an `EngineRun`. Out: a `JobSpec`, small and picklable however large the input is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audit.kernels.minhash import MINHASH_SEED
from audit.kernels.shingle import SHINGLE_LAYOUT
from audit.link.layout import BandLayout, choose_layout, match_probability
from audit.signature_key import key_check
from schemas.annotation import NUM_PERM

if TYPE_CHECKING:
    from audit.config import AuditConfig, LinkOptions
    from audit.job.request import EngineRun

__all__ = ["JobSpec", "describe_linking", "spec_of"]

# A partition of the duplicate shuffle should hold about this much input: one worker
# sorts its bands in memory, and small sorts stay near the processor.
_PARTITION_BYTES = 64 << 20
_MIN_PARTITIONS, _MAX_PARTITIONS = 8, 4096
_VERIFICATION = {
    "exact": "exact Jaccard of the shingle sets",
    "estimate": "share of equal signature values",
}


@dataclass(frozen=True)
class JobSpec:
    """What every worker knows of its job; small and picklable.

    Attributes:
        config: all that decides what the profiles say.
        staging: folder for what one stage leaves to another, and for the tables.
        metadata: footer of every table.
        corpora: names, by number.
        corpus_starts: first task of each corpus.
        tasks: how many there are in all.
        partitions: of the duplicate shuffle.
        remote: whether paths need Beam's filesystems.
        evaluation: fingerprint of the evaluation items in staging; "": none.
        shelf: where workers that are threads of one process leave blocks for each
            other; "": blocks go through the engine's shuffle.
        spare: threads that the last stage of one corpus starts for itself.
    """

    config: AuditConfig
    staging: str
    metadata: dict[str, str]
    corpora: tuple[str, ...]
    corpus_starts: tuple[int, ...]
    tasks: int
    partitions: int
    remote: bool = False
    evaluation: str = ""
    shelf: str = ""
    spare: int = 1

    def tasks_of(self, corpus: int) -> range:
        """Return the tasks of a corpus, by its number."""
        ends = (*self.corpus_starts[1:], self.tasks)
        return range(self.corpus_starts[corpus], ends[corpus])

    @property
    def layout(self) -> BandLayout:
        """Bands and threshold of near-duplicates."""
        return choose_layout(self.config.link.threshold)


def fitting_partitions(size: float) -> int:
    """Return the partitions of the duplicate shuffle for so many bytes on disk."""
    wanted = int(-(-size // _PARTITION_BYTES))
    return max(_MIN_PARTITIONS, min(_MAX_PARTITIONS, wanted))


def spec_of(run: EngineRun, *, remote: bool, threads: int = 1) -> JobSpec:
    """Return the job of a run.

    Args:
        run: what the engine was given.
        remote: whether paths need Beam's filesystems.
        threads: workers that are threads of this process.
    """
    return JobSpec(
        config=run.config,
        staging=run.staging,
        metadata=run.metadata,
        corpora=run.plan.corpora,
        corpus_starts=run.plan.corpus_starts,
        tasks=len(run.plan.tasks),
        partitions=fitting_partitions(run.plan.size),
        remote=remote,
        evaluation=run.evaluation,
        spare=max(1, threads // len(run.plan.corpora)),
    )


def describe_linking(options: LinkOptions) -> dict[str, Any]:
    """Return how duplicates are found, for the footer of every table.

    Duplicate figures made in two ways are not comparable, so all of it stands there:
    shingles, permutations, bands, the S-curve, verification and the rule for clusters.
    """
    layout = choose_layout(options.threshold)
    curve = np.linspace(0.5, 1.0, 11)
    found = match_probability(curve, layout)
    return {
        "shingle": SHINGLE_LAYOUT,
        "num_perm": NUM_PERM,
        "seed": MINHASH_SEED,
        "threshold": layout.threshold,
        "num_bands": layout.num_bands,
        "rows_per_band": layout.rows_per_band,
        "s_curve": {
            f"{s:.2f}": round(float(p), 6) for s, p in zip(curve, found, strict=True)
        },
        "verification": _VERIFICATION[options.verify],
        "clusters": "connected components of verified pairs",
        **({"key_check": key_check(options.key)} if options.key else {}),
    }
