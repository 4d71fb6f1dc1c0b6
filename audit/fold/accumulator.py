"""The mergeable state of an audit: data only, integers only.

In: tables of counts of single batches. Out: one `Accumulator` a corpus, whose parts can
be merged in any order and any split with the same result, stored as bytes, and read
again. Logic that fills one stands in `audit.fold.fold`; floats appear only when a
profile is finished (`audit.fold.profile`).
"""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from audit.errors import RunError
from audit.fold.counts import empty_counts, merge_counts
from audit.fold.found import merge_found
from audit.fold.references import merge_sources
from schemas.document import REJECT
from schemas.profile import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COUNTED", "PART_REJECT", "TOTALS", "Accumulator", "CountLayout"]


class CountLayout(NamedTuple):
    """Keys and summed columns of one table of counts."""

    keys: tuple[str, ...]
    values: tuple[str, ...]


def _of(table: str) -> CountLayout:
    return CountLayout(TABLES[table].keys, TABLES[table].additive)


COUNTED: dict[str, CountLayout] = {
    "mix": _of("mix"),
    "culture": CountLayout(
        ("culture", "category", "language"), ("documents", "mentions")
    ),
    "culture_mix": _of("culture_mix"),
    "reference": CountLayout(("reference", "language"), ("documents", "mentions")),
    "language_segments": _of("language_segments"),
    "language_opinions": _of("language_opinions"),
    # Lines of each part of a file that was read in parts: what turns a line number
    # within a part into one within the file.
    "lines": CountLayout(("file", "start"), ("lines",)),
}

TOTALS = (
    "records",
    "bytes_read",
    "unsampled",
    "documents",
    "characters",
    "bytes",
    "words",
    "empty_documents",
    "rejected",
    "files",
    "located_documents",
    "documents_with_url",
    "documents_attributed_by_field",
    "mixed_documents",
    "characters_outside_main_language",
    "mojibake",
)

# Rejects as the readers give them; `start` is the place where the part of the file
# begins that `position` counts from, -1 where it counts from the file's beginning.
PART_REJECT = REJECT.insert(1, pa.field("start", pa.int64(), nullable=False))

_MAGIC = b"CAACC002"
# Tables of so many batches wait before they are added up: a merge costs as much for
# a short list as for one table.
_PENDING = 64


def _settled(
    parts: list[pa.Table], merge: Callable[[list[pa.Table]], pa.Table]
) -> list[pa.Table]:
    """Add up the parts at the end that together rival the part before them.

    A large table is not sorted again for every few batches: with a million domains the
    merges would cost more than the counts. What stays apart at least halves from part
    to part, so there are few parts.
    """
    waiting, start = 0, len(parts)
    while start and (
        len(parts) - start < 2 or parts[start - 1].num_rows <= 2 * waiting
    ):
        start -= 1
        waiting += parts[start].num_rows
    return [*parts[:start], merge(parts[start:])]


@dataclass(slots=True)
class Accumulator:
    """What has been counted so far: totals, the span of dates, tables of counts.

    Attributes:
        totals: int by name in `TOTALS`.
        first_date: smallest ISO day seen, "" if none.
        last_date: largest ISO day seen, "" if none.
        tables: by name in `COUNTED`, parts that are still to be added up.
        rejects: tables of `PART_REJECT` rows.
        found: tables of windows of evaluation items, where some are looked for.
        sources: tables of the lowest sources of each reference.
    """

    totals: Counter[str] = field(default_factory=Counter)
    first_date: str = ""
    last_date: str = ""
    tables: dict[str, list[pa.Table]] = field(
        default_factory=lambda: {name: [] for name in COUNTED}
    )
    rejects: list[pa.Table] = field(default_factory=list)
    found: list[pa.Table] = field(default_factory=list)
    sources: list[pa.Table] = field(default_factory=list)

    def add_table(self, name: str, table: pa.Table) -> None:
        """Add the counts of one batch to the table of this name."""
        if table.num_rows == 0:
            return
        self.tables[name].append(table)
        if len(self.tables[name]) >= _PENDING:
            self.tables[name] = _settled(
                self.tables[name], lambda parts: merge_counts(parts, *COUNTED[name])
            )

    def add_found(self, table: pa.Table) -> None:
        """Add the windows of evaluation items that one batch holds."""
        if table.num_rows:
            self.found.append(table)
            if len(self.found) >= _PENDING:
                self.found = [merge_found(self.found)]

    def add_sources(self, table: pa.Table) -> None:
        """Add the sources of the references of one batch."""
        if table.num_rows:
            self.sources.append(table)
            if len(self.sources) >= _PENDING:
                self.sources = _settled(self.sources, merge_sources)

    def add_dates(self, first: str, last: str) -> None:
        """Widen the span of dates; "" is no date."""
        self.first_date = min((d for d in (self.first_date, first) if d), default="")
        self.last_date = max(self.last_date, last)

    def merge(self, other: Accumulator) -> Accumulator:
        """Add another accumulator to this one; the other is left as it was."""
        self.totals.update(other.totals)
        self.add_dates(other.first_date, other.last_date)
        for name, parts in other.tables.items():
            for part in parts:
                self.add_table(name, part)
        self.rejects.extend(other.rejects)
        for part in other.found:
            self.add_found(part)
        for part in other.sources:
            self.add_sources(part)
        return self

    def table(self, name: str) -> pa.Table:
        """Return the table of this name, added up and sorted by key."""
        layout, parts = COUNTED[name], self.tables[name]
        if not parts:
            return empty_counts(*layout)
        return merge_counts(parts, *layout)

    def compact(self) -> Accumulator:
        """Add up what waits; equal accumulators become equal in every byte."""
        self.tables = {
            name: [self.table(name)] if parts else []
            for name, parts in self.tables.items()
        }
        self.rejects = [self.reject_table()] if self.rejects else []
        self.found = [merge_found(self.found)] if self.found else []
        self.sources = [merge_sources(self.sources)] if self.sources else []
        return self

    def reject_table(self) -> pa.Table:
        """Return all rejects, sorted by file and place."""
        if not self.rejects:
            return PART_REJECT.empty_table()
        whole = pa.concat_tables(self.rejects)
        return whole.sort_by([(name, "ascending") for name in PART_REJECT.names])

    def to_bytes(self) -> bytes:
        """Serialise: a header in JSON, then one Arrow stream a table."""
        self.compact()
        streams: list[bytes] = []
        names: list[str] = []
        for name, parts in [*self.tables.items(), *self._single().items()]:
            for part in parts:
                sink = io.BytesIO()
                with pa.ipc.new_stream(sink, part.schema) as writer:
                    writer.write_table(part)
                streams.append(sink.getvalue())
                names.append(name)
        header = json.dumps(
            {
                "totals": {k: self.totals[k] for k in sorted(self.totals)},
                "dates": [self.first_date, self.last_date],
                "tables": [[n, len(s)] for n, s in zip(names, streams, strict=True)],
            }
        ).encode()
        return b"".join([_MAGIC, len(header).to_bytes(8, "little"), header, *streams])

    def _single(self) -> dict[str, list[pa.Table]]:
        """Return the parts of what is no table of counts, by name."""
        return {"rejects": self.rejects, "found": self.found, "sources": self.sources}

    @classmethod
    def from_bytes(cls, data: bytes) -> Accumulator:
        """Read what `to_bytes` wrote.

        Raises:
            RunError: the bytes are not an accumulator of this version.
        """
        if data[:8] != _MAGIC:
            raise RunError(
                "A stored accumulator begins with its format mark",
                value=data[:8],
                next_step="Remove the staging folder and run again without --resume.",
            )
        size = int.from_bytes(data[8:16], "little")
        header = json.loads(data[16 : 16 + size])
        result = cls(Counter(header["totals"]), *header["dates"])
        place = 16 + size
        for name, length in header["tables"]:
            with pa.ipc.open_stream(data[place : place + length]) as reader:
                table = reader.read_all()
            parts = result._single().get(name)
            (result.tables[name] if parts is None else parts).append(table)
            place += length
        return result
