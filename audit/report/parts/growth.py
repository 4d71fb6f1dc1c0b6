"""What more documents of the same kind would bring: rarefaction of domains.

In: corpora. Out: one chart an order of Hill numbers: how many domains (all, equally
common, dominant) a smaller or a larger sample of each corpus shows. Corpora of unlike
size are compared where their curves stand above the same number of documents.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audit.measures.rarefaction import Frequencies, coverage_at, frequencies, hill_at
from audit.report.charts import Growth, growth
from audit.report.corpora import Corpus
from audit.report.figures import count, effective, isolated, percent
from audit.report.vega import SHAPES, dashes

__all__ = ["ORDERS", "curves_of"]

# Order of the Hill number: name of its tab, what it counts.
ORDERS = (
    (0, "All domains", "domains"),
    (1, "Equally common", "effective domains (order 1)"),
    (2, "Dominant", "effective domains (order 2)"),
)
_POINTS = 16
# Estimates are trusted to about twice the sample (Chao et al. 2014).
_BEYOND = 2


def curves_of(corpora: Sequence[Corpus]) -> list[tuple[str, str]]:
    """Return tab names and charts; none where no corpus knows two domains."""
    samples = [
        (corpus, frequencies(corpus.domains["documents"].to_numpy()))
        for corpus in corpora
    ]
    kept = [(corpus, sample) for corpus, sample in samples if sample.keys.sum() > 1]
    if not kept:
        return []
    return [
        (
            name,
            growth(
                [_line(corpus, sample, order, what) for corpus, sample in kept],
                f"{what.capitalize()} that a sample of each size shows",
                "documents with a known source",
                what,
            ),
        )
        for order, name, what in ORDERS
    ]


def _line(corpus: Corpus, sample: Frequencies, order: int, what: str) -> Growth:
    n = int(sample.n)
    inside = np.unique(np.geomspace(1, n, _POINTS).round().astype(int)).tolist()
    here = hill_at(sample, n, order)
    most = hill_at(sample, _BEYOND * n, order)
    hint = (
        f"{isolated(corpus.label)}: {count(n)} documents show {effective(here)} {what} "
        f"and cover {percent(coverage_at(sample, n))}; twice as many would show "
        f"{effective(most)}"
    )
    steps = np.linspace(n, _BEYOND * n, 5).round().astype(int).tolist()
    return Growth(
        f"var(--s{corpus.slot})",
        [(size, hill_at(sample, size, order)) for size in inside],
        [(size, hill_at(sample, size, order)) for size in steps],
        hint,
        tuple(dashes(corpus.slot)),
        SHAPES[corpus.slot - 1],
    )
