"""How few sources hold how much of a corpus, and of each of its languages.

In: the joint counts ``mix``. Out: one row a facet, language and weight: the shares of
the largest keys, effective numbers, HHI, Gini, and points of the Lorenz curve.

Shares of the largest are of everything in scope, so that a corpus half of which has no
source cannot look like a monopoly of the other half; what describes inequality among
sources (effective numbers, HHI, Gini, Lorenz) leaves out what has none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from audit.measures import diversity
from audit.measures.facets import FACETS, NO_KEY, WEIGHTS
from schemas.profile import TABLES

__all__ = [
    "CONCENTRATED", "LORENZ_PLACES", "MIN_DOCUMENTS", "concentration_of",
    "concentration_table", "top_keys",
]  # fmt: skip

# From the narrowest view to the widest.
CONCENTRATED = ("domain", "platform", "operator", "category", "source_country")
# A language with fewer documents has no row of its own: its shares would be noise.
# With it the table has at most ten rows a language of the model.
MIN_DOCUMENTS = 20
# Shares of keys, smallest first, at which the Lorenz curve is stored. It bends at its
# right end, where few keys hold much, so that is where the points lie close.
LORENZ_PLACES = (
    0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98,
    0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 1.0,
)  # fmt: skip
_TOP = {"top_1_share": 1, "top_10_share": 10, "top_100_share": 100}


def top_keys(n_keys: int, fraction: float) -> int:
    """Return how many keys are the top ``fraction`` of n: rounded up, at least one."""
    # 0.1 * 30 is 3.0000000000000004: a hair above a whole number is that number.
    return max(1, math.ceil(round(n_keys * fraction, 9))) if n_keys else 0


def concentration_of(sizes: NDArray[np.int64], total: int) -> dict[str, Any]:
    """Return the measures of one scope.

    Args:
        sizes: int64[n], documents or characters of each key; zeros are absent keys.
        total: All that is in scope, at least the sum of ``sizes``.

    Returns:
        The measure columns of the table ``concentration``: ``keys``; ``top_1_share``,
        ``top_10_share``, ``top_100_share`` and ``top_tenth_share`` (the largest tenth
        of the keys, rounded up), all of ``total``; ``hill_1``, ``hill_2``,
        ``hill_inf``, ``hhi``, ``gini`` and ``lorenz`` among the keys. Without keys the
        shares are zero and the others None.
    """
    ordered = np.sort(sizes[sizes > 0])
    n_keys = len(ordered)
    cumulated = np.concatenate([[0], np.cumsum(ordered)])
    held = int(cumulated[-1])
    largest = {**_TOP, "top_tenth_share": top_keys(n_keys, 0.1)}
    row: dict[str, Any] = {"keys": n_keys, "unattributed": total - held}
    row |= {
        name: (held - int(cumulated[max(0, n_keys - top)])) / total if total else 0.0
        for name, top in largest.items()
    }
    if not held:
        return row
    row |= {
        "hill_1": float(diversity.hill(ordered, 1)),
        "hill_2": float(diversity.hill(ordered, 2)),
        "hill_inf": held / int(ordered[-1]),
        "hhi": float(diversity.hhi(ordered)),
        "gini": float(diversity.gini(ordered)),
    }
    # Between two keys the curve is a straight line.
    places = np.array(LORENZ_PLACES) * n_keys
    curve = np.interp(places, np.arange(n_keys + 1), cumulated / held)
    row = {k: _rounded(v) if isinstance(v, float) else v for k, v in row.items()}
    return row | {"lorenz": [_rounded(float(point)) for point in curve]}


def concentration_table(
    mix: pa.Table, *, min_documents: int = MIN_DOCUMENTS
) -> pa.Table:
    """Return the ``concentration`` table of a corpus, without the column ``corpus``.

    Args:
        mix: Joint counts in the ``mix`` schema.
        min_documents: Languages with fewer documents have no rows of their own.
    """
    columns = {FACETS[name].column for name in CONCENTRATED} | {"language", *WEIGHTS}
    frame = pl.DataFrame(pl.from_arrow(mix.select(sorted(columns))))
    rows = [
        {"facet": name, **row}
        for name in CONCENTRATED
        for row in _facet_rows(frame, FACETS[name].column, min_documents)
    ]
    schema = TABLES["concentration"].schema.remove(0)
    return pa.Table.from_pylist(rows, schema=schema)


def _facet_rows(
    frame: pl.DataFrame, column: str, min_documents: int
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one facet: the whole corpus first, then each language."""
    key = pl.col(column).fill_null(NO_KEY).alias("key")
    cells = frame.group_by("language", key).agg(pl.col(WEIGHTS).sum())
    whole = cells.group_by("key").agg(pl.col(WEIGHTS).sum())
    yield from _scope_rows("", _sizes(whole), slice(None))
    enough = pl.col("documents").sum().over("language") >= min_documents
    kept = cells.filter(enough).sort("language")
    sizes, begin = _sizes(kept), 0
    # Languages are many and most of them small: a query for each would cost the most.
    for run in kept["language"].rle().to_list():
        yield from _scope_rows(run["value"], sizes, slice(begin, begin + run["len"]))
        begin += run["len"]


def _sizes(cells: pl.DataFrame) -> tuple[NDArray[np.bool_], dict[str, NDArray[Any]]]:
    """Return whether each cell has a key, and its sizes by weight."""
    named = (cells["key"] != NO_KEY).to_numpy()
    return named, {weight: cells[weight].to_numpy() for weight in WEIGHTS}


def _scope_rows(
    language: str,
    sizes: tuple[NDArray[np.bool_], dict[str, NDArray[Any]]],
    scope: slice,
) -> Iterator[dict[str, Any]]:
    named, by_weight = sizes
    for weight, column in by_weight.items():
        here = column[scope]
        total = int(here.sum())
        measured = concentration_of(here[named[scope]], total)
        yield {"language": language, "weight": weight, "total": total, **measured}


def _rounded(figure: float) -> float:
    # Sums of floats differ in their last bits between processors; a profile must not.
    return float(f"{figure:.10g}")
