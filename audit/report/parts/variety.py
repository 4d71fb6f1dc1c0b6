"""Effective numbers with their intervals, corpora side by side.

In: corpora. Out: one small chart a facet: nothing but rows of ``diversity``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from audit.report.charts import Dot, dots
from audit.report.corpora import Corpus
from audit.report.figures import effective, interval, isolated
from audit.report.vega import SHAPES

__all__ = ["Panel", "variety"]

_FACETS = (
    ("language", "languages"),
    ("domain", "domains"),
    ("platform", "platforms"),
    ("culture", "cultures"),
)


class Panel(NamedTuple):
    """One facet: what is counted, and its chart."""

    facet: str
    label: str
    chart: str


def variety(corpora: Sequence[Corpus]) -> list[Panel]:
    """Return a panel for each facet that is measured; none for a single corpus."""
    if len(corpora) < 2:
        return []
    panels = []
    for facet, label in _FACETS:
        marks = []
        for corpus in corpora:
            estimate = corpus.estimate(facet, "hill_1")
            if not estimate.known or estimate.value <= 0:
                continue
            span = interval(estimate)
            amount = effective(estimate.value)
            hint = f"{isolated(corpus.label)}: {amount} effective {label}"
            marks.append(
                Dot(
                    corpus.label,
                    estimate.value,
                    f"var(--s{corpus.slot})",
                    f"{hint} ({span})" if span else hint,
                    estimate.low,
                    estimate.high,
                    shape=SHAPES[corpus.slot - 1],
                )
            )
        if marks:
            title = f"Effective number of {label} by corpus"
            chart = dots(marks, title, f"effective {label}", share=False, small=True)
            panels.append(Panel(facet, label, chart))
    return panels
