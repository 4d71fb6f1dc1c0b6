"""The annotators and the fold of a config, made once a process.

In: an `AuditConfig`. Out: a `Toolbox`, whose parts are safe to share between threads:
they read their tables and never change them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa

from audit.annotate.culture import CultureAnnotator
from audit.annotate.language import LanguageAnnotator
from audit.annotate.mojibake import MojibakeAnnotator
from audit.annotate.signature import SignatureAnnotator
from audit.annotate.source import SourceAnnotator
from audit.fold.fold import ProfileFold
from audit.resources.gazetteer import references as reference_table
from audit.resources.installed import check_resources

if TYPE_CHECKING:
    from audit.batch import Annotator, Batch
    from audit.config import AuditConfig

__all__ = ["Toolbox", "toolbox"]


@dataclass(frozen=True)
class Toolbox:
    """All that a worker needs to turn documents into counts.

    Attributes:
        language: runs first, because culture reads what it wrote.
        annotators: the others, in the order they run.
        fold: adds annotated batches to accumulators.
        references: the gazetteer's references, row i being number i.
        opinion_rate: share of documents that langdetect is asked about as well.
    """

    language: LanguageAnnotator
    annotators: tuple[Annotator, ...]
    fold: ProfileFold
    references: pa.Table
    opinion_rate: float = 0.0

    def annotate(self, batch: Batch) -> Batch:
        """Run all annotators over a batch, which is changed and returned."""
        columns, batch.segments = self.language.annotate_with_segments(batch)
        batch.columns.update(columns)
        if self.opinion_rate:
            batch.opinions = _opinions(batch, self.opinion_rate)
        for annotator in self.annotators:
            batch.columns.update(annotator.annotate(batch))
        return batch

    def fingerprints(self) -> dict[str, dict[str, str]]:
        """Return the checksums that decide each annotator's output, by its name."""
        every = (self.language, *self.annotators)
        return {a.name: dict(a.fingerprint()) for a in every}


# Several worker threads ask for the same toolbox at once; only one builds it.
_lock = threading.Lock()


def toolbox(config: AuditConfig) -> Toolbox:
    """Return the toolbox of a config; the same one for equal configs."""
    with _lock:
        return _build(config)


@lru_cache(maxsize=4)
def _build(config: AuditConfig) -> Toolbox:
    check_resources()
    references = _named_references()
    language = config.language
    return Toolbox(
        LanguageAnnotator(
            model=language.model,
            threshold=language.threshold,
            engine=language.engine,
        ),
        (
            SourceAnnotator(),
            SignatureAnnotator(config.link.key),
            MojibakeAnnotator(),
            CultureAnnotator(),
        ),
        ProfileFold(
            _labels(references, "culture"),
            _labels(references, "category"),
        ),
        references,
        language.opinion_rate,
    )


def _opinions(batch: Batch, rate: float) -> pa.Table:
    from audit.annotate.language_opinion import second_opinion

    found = second_opinion(batch, batch.columns["language"], rate)
    return pa.table(
        {
            "language": pa.array(found.language, pa.string()),
            "documents": pa.array(found.asked, pa.int64()),
            "agreeing": pa.array(found.agreed, pa.int64()),
            "unknown_to_engine": pa.array(found.unknown, pa.int64()),
        }
    )


def _named_references() -> pa.Table:
    """Return the gazetteer's references, called by their names instead of numbers."""
    table = reference_table()
    return pa.table(
        {
            "reference": table.column("name").cast(pa.string()),
            **{
                name: table.column(name).cast(pa.string())
                for name in ("culture", "region", "category")
            },
        }
    )


def _labels(table: pa.Table, name: str) -> pa.DictionaryArray:
    return table.column(name).combine_chunks().dictionary_encode()
