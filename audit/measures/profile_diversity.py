"""The ``diversity`` table of a profile, with intervals over sources.

In: the joint counts ``mix`` and ``culture_mix``. Out: Hill numbers and concentration
for every facet and weight, each with a bootstrap interval whose sampling unit is the
source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from audit.measures import interval
from audit.measures.facets import FACETS, WEIGHTS, Facet, facet_frame
from audit.measures.jackknife import unit_share
from audit.measures.resampled import (
    MEASURES,
    Figures,
    Floats,
    Prepared,
    resampled_measures,
)
from audit.measures.similarity import GroupLevel
from audit.measures.units import merge_units
from schemas.profile import TABLES

__all__ = [
    "DIVERSITY_FACETS",
    "MEASURES",
    "REGION_SIMILARITY",
    "Grouping",
    "diversity_table",
]

DIVERSITY_FACETS = (
    "language",
    "script",
    "domain",
    "platform",
    "operator",
    "category",
    "source_country",
    "culture",
    "region",
)

# Fewer effective units than this say nothing of how others would differ: drawing one
# source again and again gives the same figure each time, which is no certainty.
LEAST_UNITS = 2.0

# Two cultures of one UN subregion count as half alike in `hill_1_similarity`: a
# convention, stated in the docs; 0 is the plain Hill number, 1 counts regions.
REGION_SIMILARITY = 0.5


class Grouping(NamedTuple):
    """A level of likeness between keys: those of one group are alike by ``within``.

    Attributes:
        groups: Group of each key; keys that are missing are like no other.
        within: Similarity in [0, 1].
    """

    groups: Mapping[str, str]
    within: float


def diversity_table(
    mix: pa.Table,
    culture_mix: pa.Table,
    corpus: str,
    regions: Mapping[str, str],
    *,
    families: Sequence[Grouping] = (),
    replicates: int = interval.REPLICATES,
    seed: int = interval.SEED,
) -> pa.Table:
    """Return the ``diversity`` table of a corpus.

    Args:
        mix: Joint counts in the ``mix`` schema (at least unit, the facets' columns,
            documents and characters; with the located counts, the facet ``culture``
            also has ``located_share``).
        culture_mix: In the ``culture_mix`` schema.
        corpus: Name written to every row.
        regions: UN subregion of each culture (ISO 3166-1 alpha-2).
        families: Likeness of languages from wide to narrow; adds ``hill_1_similarity``
            to the facet ``language``.
        replicates: Bootstrap replicates.
        seed: Seed of the bootstrap.

    Returns:
        Facets x weights x measures in the order of `DIVERSITY_FACETS` and `MEASURES`.
        A facet without keys has Hill numbers of 0 and nulls elsewhere; one whose text
        stands in fewer than `LEAST_UNITS` effective sources has no bounds.
    """
    alike = {
        "language": list(families),
        "culture": [Grouping(regions, REGION_SIMILARITY)],
    }
    frames = {"mix": mix, "culture_mix": culture_mix}
    rows: list[dict[str, Any]] = []
    for table, arrow in frames.items():
        facets = [f for f in DIVERSITY_FACETS if FACETS[f].table == table]
        columns = {FACETS[f].column for f in facets} | {"unit", *WEIGHTS}
        frame = pl.DataFrame(pl.from_arrow(arrow.select(sorted(columns))))
        frame = frame.with_columns(pl.Series("unit", merge_units(arrow["unit"])))
        units = frame.select(pl.col("unit").unique().sort())["unit"]
        numbers = pl.DataFrame({"unit": units}).with_row_index("row")
        prepared = [
            _prepare(
                facet_frame(frame, FACETS[name], regions),
                FACETS[name],
                numbers,
                alike.get(name, []),
            )
            for name in facets
        ]
        hashes = interval.unit_hashes(units.to_arrow())
        if table == "mix" and "located_documents" in arrow.column_names:
            located = arrow.select([f"located_{weight}" for weight in WEIGHTS])
            rows += _located_rows(frame.hstack(pl.DataFrame(pl.from_arrow(located))))
        rows += _measure_all(prepared, hashes, replicates, seed)
    for row in rows:
        row["corpus"] = corpus
    return pa.Table.from_pylist(rows, schema=TABLES["diversity"].schema)


def _located_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the share of text that refers to any culture, with its interval.

    A share has a closed form of leaving out one source at a time, which also knows what
    to say where no source, or every one, has any (`audit.measures.jackknife`).
    """
    unit = frame["unit"].rank("dense").to_numpy().astype(np.int64) - 1
    rows = []
    for weight in WEIGHTS:
        part, whole = (
            frame[name].to_numpy().astype(np.float64)
            for name in (f"located_{weight}", weight)
        )
        found = unit_share(unit, part, whole, int(unit.max(initial=-1)) + 1)
        rows.append(
            _figures("culture", weight, "located_share", interval.Interval(*found))
        )
    return rows


def _prepare(
    frame: pl.DataFrame,
    facet: Facet,
    numbers: pl.DataFrame,
    alike: Sequence[Grouping],
) -> Prepared:
    """Turn the counts of a facet into sparse matrices."""
    from scipy.sparse import coo_array, csr_array

    inside = frame.filter(~pl.col("key").is_in(list(facet.outside)))
    keys = inside.group_by("key").agg(pl.col(WEIGHTS).sum()).sort("key")
    keys = keys.with_row_index("number")
    joined = (
        inside.join(keys.select("key", "number", total="documents"), on="key")
        .join(numbers, on="unit")
        .select("number", "row", "total", *WEIGHTS)
    )
    shape = (len(keys), len(numbers))
    row = joined["row"].to_numpy()
    values = [joined[weight].to_numpy().astype(np.float64) for weight in WEIGHTS]
    # Where each count goes is found once: both weights have the same places.
    order = np.arange(1, len(row) + 1)
    places = coo_array((order, (joined["number"].to_numpy(), row)), shape=shape).tocsr()
    matrices = tuple(
        csr_array((v[places.data - 1], places.indices, places.indptr), shape=shape)
        for v in values
    )
    total = joined["total"].to_numpy()
    once, twice = np.flatnonzero(total == 1), np.flatnonzero(total == 2)
    documents = values[0]
    # A key seen twice may lie in two units: each holds half of it.
    entries = [(0, once, documents), (1, once, values[1])]
    entries += [(2, once, documents), (3, twice, documents / 2)]
    rare = coo_array(
        (
            np.concatenate([column[at] for _, at, column in entries]),
            (
                np.concatenate([np.full(len(at), i) for i, at, _ in entries]),
                np.concatenate([row[at] for _, at, _ in entries]),
            ),
        ),
        shape=(4, len(numbers)),
    ).tocsr()
    levels = [_level(keys["key"].to_list(), grouping) for grouping in alike]
    return Prepared(facet.name, matrices, rare, levels)


def _level(keys: Sequence[str], grouping: Grouping) -> GroupLevel:
    names = sorted({grouping.groups[key] for key in keys if key in grouping.groups})
    code = {name: number for number, name in enumerate(names)}
    groups = [code.get(grouping.groups.get(key, ""), -1) for key in keys]
    return GroupLevel(np.array(groups, np.int64), grouping.within)


def _measure_all(
    prepared: Sequence[Prepared],
    hashes: NDArray[np.uint64],
    replicates: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Return the rows of all prepared facets; the weights are drawn once for all."""
    drawn: list[list[Figures]] = [[] for _ in prepared]
    for weights in interval.weight_chunks(hashes, replicates, seed):
        for facet, chunks in zip(prepared, drawn, strict=True):
            chunks.append(resampled_measures(facet, weights))
    once = np.ones((len(hashes), 1))
    rows = []
    for facet, chunks in zip(prepared, drawn, strict=True):
        told = {
            weight: _effective_units(np.asarray(matrix.sum(axis=0))) >= LEAST_UNITS
            for weight, matrix in zip(WEIGHTS, facet.matrices, strict=True)
        }
        for (weight, measure), value in resampled_measures(facet, once).items():
            replicate = [chunk[weight, measure] for chunk in chunks if told[weight]]
            rows.append(_row(facet.facet, weight, measure, float(value[0]), replicate))
    return rows


def _effective_units(mass: Floats) -> float:
    """Return how many equal units would be as spread, by Simpson's index."""
    total = float(mass.sum())
    return total * total / float(mass @ mass) if total else 0.0


def _row(
    facet: str, weight: str, measure: str, value: float, replicates: Sequence[Floats]
) -> dict[str, Any]:
    draws = np.concatenate(replicates) if replicates else np.zeros(0)
    effective = measure.startswith("hill")
    found = interval.centred_interval(
        value,
        draws,
        positive=effective,
        bounds=(0.0, math.inf) if effective else (0.0, 1.0),
    )
    return _figures(facet, weight, measure, found)


def _figures(
    facet: str, weight: str, measure: str, found: interval.Interval
) -> dict[str, Any]:
    """Return a row of the table."""
    return {
        "facet": facet,
        "weight": weight,
        "measure": measure,
        **{
            name: None if math.isnan(figure) else _rounded(figure)
            for name, figure in found._asdict().items()
        },
    }


def _rounded(figure: float) -> float:
    # Sums of floats differ in their last bits between CPUs; a profile must not.
    return float(f"{figure:.10g}")
