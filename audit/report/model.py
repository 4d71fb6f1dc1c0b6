"""The view model: everything the page shows, computed from profile tables.

In: folders of profiles. Out: one `Page` of plain values, texts and drawings. Templates
only lay it out; no number is computed after this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audit.compare.load import load_profiles
from audit.report.corpora import (
    Corpus,
    load_corpora,
    load_monoculture,
    load_overlap,
)
from audit.report.parts.contamination import contamination
from audit.report.parts.copies import Copies, copies
from audit.report.parts.culture_depth import Depth, culture_depth
from audit.report.parts.cultures import Cultures, cultures
from audit.report.parts.evidence import Evidence, evidence
from audit.report.parts.languages import Languages, languages
from audit.report.parts.limits import (
    Rejects,
    diversity_sheet,
    limits,
    provenance,
    rejects,
)
from audit.report.parts.overlaps import Overlaps, overlaps
from audit.report.parts.overview import Overview, overview
from audit.report.parts.sources import Sources, sources
from audit.report.parts.variety import Panel, variety
from audit.report.sheet import Sheet

__all__ = ["Page", "build_model"]


@dataclass(frozen=True)
class Page:
    """The whole page, in reading order."""

    title: str
    n_left: int
    corpora: list[Corpus]
    overviews: list[Overview]
    variety: list[Panel]
    languages: Languages
    sources: Sources
    cultures: Cultures
    depth: list[Depth]
    copies: Copies
    overlaps: Overlaps
    evidence: list[Evidence]
    contamination: Sheet | None
    rejects: Rejects
    diversity: Sheet
    limits: list[tuple[str, str]]
    provenance: Sheet


def build_model(profiles: list[Path], *, largest: bool = False) -> Page:
    """Return the view model of one to ten profiles, or of the ten largest."""
    corpora = load_corpora(profiles, largest=largest)
    n_left = len(load_profiles(profiles)) - len(corpora) if largest else 0
    return Page(
        n_left=n_left,
        title=_title([corpus.label for corpus in corpora]),
        corpora=corpora,
        overviews=[overview(corpus) for corpus in corpora],
        variety=variety(corpora),
        languages=languages(corpora),
        sources=sources(corpora),
        cultures=cultures(corpora),
        depth=culture_depth(corpora),
        copies=copies(corpora),
        overlaps=overlaps(corpora, load_overlap(corpora), load_monoculture(corpora)),
        evidence=evidence(corpora),
        contamination=contamination(corpora),
        rejects=rejects(corpora),
        diversity=diversity_sheet(corpora),
        limits=limits(corpora),
        provenance=provenance(corpora),
    )


def _title(labels: list[str]) -> str:
    if len(labels) == 1:
        return labels[0]
    if len(labels) <= 3:
        return f"{', '.join(labels[:-1])} and {labels[-1]}"
    return f"{len(labels)} corpora side by side"
