"""Two profiles side by side, unit by unit.

In: profiles and a facet. Out: counts by key of all of them, and for two of them
the counts of every unit and key as arrays, ready for the jackknife; a sampling unit
that both hold is one unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audit.compare.load import Profile
from audit.measures.facets import FACETS, NO_KEY, WEIGHTS, Facet
from audit.measures.jackknife import Differences, hill_differences, share_differences
from audit.measures.units import merge_units

__all__ = ["SOURCES", "FacetReader", "Pair", "regions_of"]

# Facets whose keys are sources: what both sides hold was not drawn anew.
SOURCES = frozenset({"domain", "platform"})

Floats = NDArray[np.float64]


class Pair(NamedTuple):
    """Counts of one facet on two sides; row arrays have one entry a unit and key.

    Attributes:
        facet: What the keys are.
        keys: Names of the keys.
        unit: int64[n_rows].
        key: int64[n_rows].
        counts: For each weight float64[n_rows] on side a and on side b.
        n_units: Number of units.
    """

    facet: Facet
    keys: list[str]
    unit: NDArray[np.int64]
    key: NDArray[np.int64]
    counts: dict[str, tuple[Floats, Floats]]
    n_units: int

    def differences(self, weight: str) -> Differences:
        """Return the shares and their differences; arrays run along ``keys``."""
        a, b = self.counts[weight]
        fixed = None
        if self.facet.name in SOURCES:
            held = [np.bincount(self.unit, side, self.n_units) > 0 for side in (a, b)]
            fixed = held[0] & held[1]
        return share_differences(
            self.unit,
            self.key,
            a,
            b,
            n_units=self.n_units,
            n_keys=len(self.keys),
            fixed=fixed,
        )

    def grouped(self, keys: Sequence[str]) -> Pair:
        """Return the same pair with several keys counted as one, named by the first."""
        names = {name: number for number, name in enumerate(self.keys)}
        members = [names[key] for key in keys if key in names]
        if not members:
            return self
        code = np.arange(len(self.keys))
        code[members] = members[0]
        cell, at = np.unique(
            self.unit * len(self.keys) + code[self.key], return_inverse=True
        )
        counts = {
            weight: tuple(_sums(at, side, len(cell)) for side in sides)
            for weight, sides in self.counts.items()
        }
        renamed = [*self.keys]
        renamed[members[0]] = keys[0]
        if members[0] != names.get(keys[0], members[0]):
            renamed[names[keys[0]]] = self.keys[members[0]]
        width = len(self.keys)
        return self._replace(
            keys=renamed,
            unit=cell // width,
            key=cell % width,
            counts=counts,  # type: ignore[arg-type]
        )

    def hill(self, weight: str) -> dict[int, tuple[float, float, float]]:
        """Return by order (1, 2): log ratio of Hill numbers, its error, its freedom."""
        inside = np.array([k not in self.facet.outside for k in self.keys], np.float64)
        a, b = self.counts[weight]
        if not inside.all():
            kept = inside[self.key]
            a, b = a * kept, b * kept
        return hill_differences(
            self.unit,
            self.key,
            a,
            b,
            n_units=self.n_units,
            n_keys=len(self.keys),
        )

    def totals(self, weight: str) -> tuple[Floats, Floats]:
        """Return the counts by key on both sides."""
        a, b = self.counts[weight]
        size = len(self.keys)
        return _sums(self.key, a, size), _sums(self.key, b, size)


def _sums(key: NDArray[np.int64], counts: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(key, counts, size), np.float64)


class _Stack(NamedTuple):
    """A table of all profiles, one below the other, with names as numbers."""

    table: pa.Table
    side: NDArray[np.int64]
    unit: NDArray[np.int64]
    n_units: int


class FacetReader:
    """Reads the facets of several profiles; names are matched once for all of them.

    Args:
        profiles: In the order of the command line.
    """

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self.profiles = profiles
        self.regions = regions_of(profiles)
        self._stacks: dict[str, _Stack] = {}
        self._codes: dict[str, tuple[NDArray[np.int64], list[str]]] = {}

    def keys(self, name: str) -> list[str]:
        """Return the names of a facet's keys over all profiles."""
        return self._coded(name)[1]

    def totals(self, name: str) -> dict[str, NDArray[np.int64]]:
        """Return for each weight the counts, int64[n_profiles, n_keys]."""
        stack, (code, keys) = self._stack(FACETS[name].table), self._coded(name)
        shape = len(self.profiles), len(keys)
        place = stack.side * len(keys) + code
        # Sums of counts stay below 2^53, where float64 is exact.
        return {
            weight: np.bincount(place, self._weight(stack, weight), shape[0] * shape[1])
            .reshape(shape)
            .astype(np.int64)
            for weight in WEIGHTS
        }

    def pair(self, name: str, other: int) -> Pair:
        """Return a facet of the first profile beside that of another."""
        facet = FACETS[name]
        stack, (code, keys) = self._stack(facet.table), self._coded(name)
        rows = np.flatnonzero((stack.side == 0) | (stack.side == other))
        cell = stack.unit[rows] * len(keys) + code[rows]
        cells, at = _compact(cell, stack.n_units * len(keys))
        second = stack.side[rows] == other
        counts = {}
        for weight in WEIGHTS:
            values = self._weight(stack, weight)[rows]
            counts[weight] = (
                np.bincount(at, values * ~second, len(cells)).astype(np.float64),
                np.bincount(at, values * second, len(cells)).astype(np.float64),
            )
        width = max(len(keys), 1)
        return Pair(facet, keys, cells // width, cells % width, counts, stack.n_units)

    def _stack(self, table: str) -> _Stack:
        if table not in self._stacks:
            columns = {f.column for f in FACETS.values() if f.table == table}
            parts = [
                profile.table(table)
                .select([*sorted(columns), "unit", *WEIGHTS])
                .replace_schema_metadata(None)
                for profile in self.profiles
            ]
            whole = pa.concat_tables(parts).combine_chunks()
            units = _encode(merge_units(whole["unit"]))
            side = np.repeat(np.arange(len(parts)), [part.num_rows for part in parts])
            self._stacks[table] = _Stack(whole, side, units[0], len(units[1]))
        return self._stacks[table]

    def _coded(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        if name not in self._codes:
            facet = FACETS[name]
            if name == "region":
                self._codes[name] = self._region_codes()
            else:
                column = self._stack(facet.table).table[facet.column]
                self._codes[name] = _encode(column)
        return self._codes[name]

    def _region_codes(self) -> tuple[NDArray[np.int64], list[str]]:
        codes, cultures = self._coded("culture")
        names = [self.regions.get(culture, culture) for culture in cultures]
        keys = list(dict.fromkeys(names))
        number = {key: i for i, key in enumerate(keys)}
        region = np.array([number[name] for name in names], np.int64)
        return (region[codes] if len(codes) else codes), keys

    @staticmethod
    def _weight(stack: _Stack, weight: str) -> NDArray[np.int64]:
        return np.asarray(stack.table[weight].to_numpy())


def _encode(column: pa.ChunkedArray | pa.Array) -> tuple[NDArray[np.int64], list[str]]:
    """Return numbers and names of a text column; null is `NO_KEY`."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    coded = whole.cast(pa.string()).fill_null(NO_KEY).dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()


def _compact(
    cell: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct cells, ascending, and each row's place among them."""
    if size > 8_000_000:
        cells, at = np.unique(cell, return_inverse=True)
        return cells, at
    held = np.zeros(size, bool)
    held[cell] = True
    return np.flatnonzero(held), (np.cumsum(held) - 1)[cell]


def regions_of(profiles: Iterable[Profile]) -> dict[str, str]:
    """Return the region of every culture that the profiles name."""
    found: dict[str, str] = {}
    for profile in profiles:
        rows = profile.frame("culture").select("culture", "region").unique()
        found |= {c: r for c, r in rows.drop_nulls().iter_rows()}
    return found
