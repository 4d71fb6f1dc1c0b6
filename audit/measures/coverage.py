"""How the cultures a corpus refers to compare with the world it may serve.

In: tables of a profile (`schemas.profile`: ``summary``, ``culture_mix``, ``reference``,
``culture``) as polars frames, with the tables of `audit.resources.countries`. Out:
polars frames. The unlocated share comes first everywhere: shares of cultures are among
located references only. Nothing here says that a text is of a culture, only that it
refers to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from audit.measures.interval import (
    REPLICATES,
    SEED,
    centred_interval,
    unit_hashes,
    weight_chunks,
    wilson_interval,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MIN_UNITS",
    "breadth",
    "erased",
    "first_sources",
    "language_culture_matrix",
    "located_share",
    "lowest_sources",
    "representation",
    "speaker_shares",
    "world_shares",
]

# A reference counts as covered where this many units (sources) have it.
MIN_UNITS = 3
# A culture is erased when it has less than this part of its expected share, surely.
_ERASED = 0.1


def located_share(summary: pl.DataFrame) -> pl.DataFrame:
    """Return how many documents have a counted reference, by corpus.

    Args:
        summary: ``corpus``, ``documents``, ``located_documents``.

    Returns:
        ``corpus``, ``unlocated`` (share, first), ``located``, ``low``, ``high``
        (Wilson's interval of the located share).
    """
    rows = []
    for corpus, documents, located in summary.select(
        "corpus", "documents", "located_documents"
    ).iter_rows():
        share = wilson_interval(located, documents)
        rows.append((corpus, 1 - share.value, *share))
    names = ["corpus", "unlocated", "located", "low", "high"]
    return pl.DataFrame(rows, schema=names, orient="row")


def lowest_sources(sources: pl.DataFrame, kept: int = MIN_UNITS) -> pl.DataFrame:
    """Return the lowest sources of each reference, which tables of them merge to.

    Args:
        sources: ``reference``, ``culture``, ``category``, ``source`` (int64, a hash);
            rows may repeat.
        kept: sources of a reference that are kept.

    Returns:
        The same columns, at most ``kept`` rows a reference, sorted.
    """
    keys = ["reference", "culture", "category"]
    ranked = sources.select(*keys, "source").unique().sort([*keys, "source"])
    return ranked.filter(pl.int_range(pl.len()).over(keys) < kept)


def first_sources(
    sources: pl.DataFrame, hashes: NDArray[np.int64], number: int
) -> pl.DataFrame:
    """Return the lowest sources of each reference as a part of the corpus has them.

    The part is the ``number`` sources of lowest hash, which is a draw of sources. Those
    of the lowest few of a reference that are in it are the lowest few there, so what is
    counted of them is exact.

    Args:
        sources: as `lowest_sources` returns it.
        hashes: int64[n_sources], hashes of all sources of the corpus.
        number: sources of the part, from 1 to n_sources.
    """
    bound = int(np.partition(hashes, number - 1)[number - 1])
    return sources.filter(pl.col("source") <= bound)


def breadth(
    sources: pl.DataFrame, known: pl.DataFrame, min_units: int = MIN_UNITS
) -> pl.DataFrame:
    """Return distinct references seen out of those known, by culture and category.

    One source can name every dish of a country; a reference counts for breadth where
    several do.

    Args:
        sources: as `lowest_sources` returns it: one row a reference and source.
        known: the gazetteer's references by cell: ``culture``, ``region``,
            ``category``, ``references_known``.
        min_units: sources a reference must come from.

    Returns:
        ``culture``, ``region``, ``category``, ``references_seen``,
        ``references_in_three_sources``, ``references_known``; cells of which nothing
        was seen are rows too, so that sums over any of them are right.
    """
    cell = ["culture", "category"]
    counts = ["references_seen", "references_in_three_sources"]
    seen = (
        sources.group_by("reference", *cell)
        .agg(n=pl.col("source").n_unique())
        .group_by(cell)
        .agg(
            references_seen=pl.len().cast(pl.Int64),
            references_in_three_sources=(pl.col("n") >= min_units).sum().cast(pl.Int64),
        )
    )
    joined = known.join(seen, on=cell, how="left", nulls_equal=True)
    return joined.select(
        "culture",
        "region",
        "category",
        pl.col(counts).fill_null(0),
        "references_known",
    ).sort("culture", "region", "category")


def world_shares(countries: pl.DataFrame) -> pl.DataFrame:
    """Return ``culture`` and ``expected``, its share of the world's population."""
    people = countries.filter(pl.col("population") > 0)
    return people.select(
        culture=pl.col("country").cast(pl.String),
        expected=pl.col("population") / pl.col("population").sum(),
    ).sort("culture")


def speaker_shares(
    mix: pl.DataFrame, language_countries: pl.DataFrame, weight: str = "documents"
) -> pl.DataFrame:
    """Return the share each culture would have by the speakers of the languages used.

    Every located document is shared out over the countries of its language by their
    speakers (Faisal et al. 2022); languages without figures are left out.

    Args:
        mix: ``language`` and the weight column, as of ``mix`` or ``culture_mix``.
        language_countries: ``language``, ``country``, ``share`` (of its speakers).
        weight: the column that says how much of each language there is.

    Returns:
        ``culture``, ``expected``; the shares sum to one. No rows where nothing is in a
        language with figures.
    """
    used = mix.group_by(pl.col("language").cast(pl.String)).agg(pl.col(weight).sum())
    used = used.filter(pl.col(weight) > 0)
    spoken = language_countries.select(
        pl.col("language").cast(pl.String),
        pl.col("country").cast(pl.String).alias("culture"),
        "share",
    )
    # Added up in one order, so that equal counts give equal bits.
    table = used.join(spoken, on="language").sort("culture", "language")
    cultures = table["culture"].unique().sort()
    people = table.select(pl.col(weight) * pl.col("share")).to_series().to_numpy()
    at = cultures.search_sorted(table["culture"]).to_numpy()
    sums = np.bincount(at, people, len(cultures))
    return pl.DataFrame({"culture": cultures, "expected": sums / sums.sum()})


def _by_unit(
    mix: pl.DataFrame, cultures: list[str], weight: str
) -> tuple[Any, NDArray[np.uint64]]:
    """Return counts, sparse float64[n_cultures, n_units], and uint64[n_units] hashes.

    Few units refer to many cultures: dense, a million units would take 2 GB.
    """
    from scipy.sparse import coo_array

    table = mix.group_by("unit", pl.col("culture").cast(pl.String)).agg(
        pl.col(weight).sum()
    )
    units = table["unit"].cast(pl.String).unique().sort()
    rows = {name: n for n, name in enumerate(cultures)}
    columns = units.search_sorted(table["unit"].cast(pl.String)).to_numpy()
    at = np.array([rows.get(c, -1) for c in table["culture"].to_list()], np.int64)
    kept = at >= 0
    values = table[weight].to_numpy().astype(np.float64)[kept]
    shape = (len(cultures), len(units))
    counts = coo_array((values, (at[kept], columns[kept])), shape=shape).tocsr()
    return counts, unit_hashes(units.to_arrow())


def representation(
    mix: pl.DataFrame,
    expected: pl.DataFrame,
    weight: str = "documents",
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> pl.DataFrame:
    """Return observed over expected share of every culture, on a log scale.

    The intervals are bootstrapped over units: pages of one site are not independent.

    Args:
        mix: ``culture_mix`` of one corpus: ``unit``, ``culture``, and the weight.
        expected: ``culture``, ``expected`` (see `world_shares`, `speaker_shares`).
        weight: ``documents``, ``characters`` or ``mentions``.
        replicates: bootstrap resamples.
        seed: seed of their weights.

    Returns:
        ``culture``, ``count``, ``observed``, ``expected``, ``log2_ratio`` (minus
        infinity where the culture never occurs), ``low``, ``high`` (of log2_ratio).
    """
    names = expected["culture"].to_list()
    counts, hashes = _by_unit(mix, names, weight)
    total = float(counts.sum())
    share = expected["expected"].to_numpy()
    observed = counts.sum(axis=1) / total if total else np.zeros(len(names))
    drawn = [counts @ w for w in weight_chunks(hashes, replicates, seed)]
    draws = np.concatenate(drawn, axis=1) if len(hashes) else np.zeros((len(names), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log2(observed / share)
        draws = draws / draws.sum(axis=0)
        bounds = [
            centred_interval(float(o), d, positive=True)[1:]
            for o, d in zip(observed, draws, strict=True)
        ]
        low, high = np.log2(np.array(bounds, np.float64).reshape(-1, 2).T / share)
    return pl.DataFrame(
        {
            "culture": names,
            "count": counts.sum(axis=1),
            "observed": observed,
            "expected": share,
            "log2_ratio": ratio,
            "low": low,
            "high": high,
        },
        schema_overrides={"culture": pl.String},
    ).sort("culture")


def language_culture_matrix(
    mix: pl.DataFrame, kept: int = 10, weight: str = "documents"
) -> pl.DataFrame:
    """Return how much of each language refers to which culture, empty cells too.

    Args:
        mix: ``culture_mix`` of one corpus: ``language``, ``culture``, and the weight.
        kept: languages and cultures that keep a row and a column of their own, those
            with most of the weight; the others of each are added up.
        weight: ``documents``, ``characters`` or ``mentions``.

    Returns:
        ``language``, ``culture`` (null: all others), ``count`` and its ``share`` within
        the language; a row a cell, languages and cultures by their weight, others last.
    """
    table = mix.select(
        pl.col("language", "culture").cast(pl.String), count=pl.col(weight)
    ).filter(pl.col("count") > 0)
    orders = {key: _largest(table, key, kept) for key in ("language", "culture")}
    sums = table.with_columns(
        pl.when(pl.col(key).is_in(order["key"].to_list())).then(pl.col(key)).alias(key)
        for key, order in orders.items()
    )
    sums = sums.group_by("language", "culture").agg(pl.col("count").sum())
    cells = (
        orders["language"]
        .rename({"key": "language"})
        .join(orders["culture"].rename({"key": "culture"}), how="cross")
        .join(
            sums,
            on=["language", "culture"],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .with_columns(pl.col("count").fill_null(0))
    )
    total = pl.col("count").sum().over("language")
    return cells.with_columns(share=pl.col("count") / total)


def _largest(table: pl.DataFrame, key: str, kept: int) -> pl.DataFrame:
    """Return the largest values of ``key``, and null where there are more."""
    sizes = table.group_by(key=pl.col(key)).agg(pl.col("count").sum())
    order = sizes.sort("count", "key", descending=[True, False]).select("key")
    others = pl.DataFrame({"key": [None]}, schema={"key": pl.String})
    return order if len(order) <= kept else pl.concat([order.head(kept), others])


def erased(
    ratios: pl.DataFrame, expected_at_least: float = 0.001, part: float = _ERASED
) -> pl.DataFrame:
    """Return the cultures that are expected but nearly absent, most expected first.

    Args:
        ratios: from `representation`.
        expected_at_least: smallest expected share that is looked at.
        part: a culture is erased when the upper bound of its ratio (the ratio where
            there is no interval) is below this.
    """
    bound = pl.col("high").fill_nan(None).fill_null(pl.col("log2_ratio"))
    return ratios.filter(
        (pl.col("expected") >= expected_at_least) & (bound < float(np.log2(part)))
    ).sort("expected", "culture", descending=[True, False])
