"""How far two corpora differ in what they refer to, source by source.

In: ``culture_mix`` and ``mix`` of two profiles as polars frames, with where languages
are spoken (`audit.resources.countries`). Out: for each key a `Gap`: the figure on both
sides with the standard error of the difference.

Errors come from leaving out one sampling unit at a time, on both sides at once where
both hold it (see `audit.measures.jackknife`): a step that keeps the sources of a corpus
is judged by what it did to them, not by how unlike they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from audit.measures.interval import Interval
from audit.measures.jackknife import share_differences
from audit.measures.outward import outward_by_unit
from audit.measures.significance import degrees, t_bound
from audit.measures.units import merge_units

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Gap", "outward_gaps", "ratio_gaps"]

Floats = NDArray[np.float64]
Frames = tuple[pl.DataFrame, pl.DataFrame]


class Gap(NamedTuple):
    """One figure on two sides.

    Attributes:
        a: The figure on side a.
        b: On side b.
        error: Standard error of ``b - a``; infinite where it cannot be told.
        freedom: Degrees of freedom of the error.
    """

    a: float
    b: float
    error: float
    freedom: float

    def interval(self, most: float = math.inf) -> Interval:
        """Return the difference with its 95 % bounds, within ``-most`` and ``most``."""
        value = self.b - self.a
        half = float(t_bound(np.array([self.freedom]))[0]) * self.error
        if not math.isfinite(half):
            half = math.inf
        return Interval(value, max(-most, value - half), min(most, value + half))


def outward_gaps(mixes: Frames, homes: pl.DataFrame) -> dict[str, Gap]:
    """Compare the outward share of documents by language.

    Args:
        mixes: ``culture_mix`` of both sides.
        homes: See `audit.measures.outward.home_countries`.

    Returns:
        By language (``""`` for all), where its countries are known and both
        sides have references in it.
    """
    units, _ = _common_units(mixes)
    parts = [
        outward_by_unit(mix.with_columns(unit=unit), homes)
        .filter("known")
        .with_columns(side=pl.lit(side))
        for side, (mix, unit) in enumerate(zip(mixes, units, strict=True))
    ]
    rows = pl.concat(parts)
    return {
        str(language): _outward_gap(part)
        for (language,), part in rows.sort("language").group_by(
            "language", maintain_order=True
        )
        if part["side"].n_unique() == 2
    }


def _outward_gap(part: pl.DataFrame) -> Gap:
    """Compare the outward share of one language from its counts by side and unit."""
    unit = part["unit"].rank("dense").to_numpy().astype(np.int64) - 1
    n_units = int(unit.max()) + 1
    outward = part["outward_documents"].to_numpy().astype(np.float64)
    values = np.concatenate([outward, part["documents"].to_numpy() - outward])
    cell = np.concatenate([unit, unit + n_units])
    second = np.tile(part["side"].to_numpy() == 1, 2)
    a, b = (
        np.bincount(cell, values * side, 2 * n_units).astype(np.float64)
        for side in (~second, second)
    )
    found = share_differences(
        np.tile(np.arange(n_units), 2), np.repeat(np.arange(2), n_units), a, b,
        n_units=n_units, n_keys=2,
    )  # fmt: skip
    gap = Gap(*(float(values[0]) for values in found))
    # Sums that cancel leave a rounding where nothing differs.
    return gap._replace(error=0.0) if np.array_equal(a, b) else gap


def ratio_gaps(
    mixes: Frames,
    spoken: pl.DataFrame | None = None,
    written: Frames | None = None,
) -> dict[str, Gap]:
    """Compare the log2 ratios of observed over expected shares of cultures.

    Args:
        mixes: ``culture_mix`` of both sides.
        spoken: ``language``, ``country``, ``share`` (of its speakers); None where what
            is expected is the same of every corpus, and does not matter.
        written: ``unit``, ``language``, ``located_documents`` of both sides: what the
            expected shares are made of. Given together with ``spoken``.

    Returns:
        By culture, where both sides refer to it and its ratio is known. Without
        ``spoken``, figures are log2 of the observed shares, whose difference is that
        of the ratios.
    """
    frames = [*mixes, *(written or ())]
    units, n_units = _common_units(frames)
    held = [set(mix["culture"].cast(pl.String).drop_nulls()) for mix in mixes]
    cultures = sorted(held[0] & held[1])
    sides = []
    for side, mix in enumerate(mixes):
        counts = mix.select(unit=units[side], key="culture", count="documents")
        parts = [_Parts.of(counts, cultures, n_units)]
        if written is not None and spoken is not None:
            counts = written[side].select(
                unit=units[2 + side], key="language", count="located_documents"
            )
            parts.append(_expected(counts, spoken, cultures, n_units))
        sides.append(parts)
    same = 1.0, np.zeros(n_units)
    gaps = {}
    for k, culture in enumerate(cultures):
        shares = [[part.share(k) for part in parts] for parts in sides]
        gap = _ratio_gap([(one[0], one[1] if len(one) > 1 else same) for one in shares])
        if gap is not None:
            gaps[culture] = gap
    return gaps


class _Parts(NamedTuple):
    """Counts by sampling unit of which each key is some part.

    Attributes:
        counts: Sparse float64[n_rows, n_units].
        rows: Sparse float64[n_keys, n_rows]: how much of each row is the key's.
        sizes: float64[n_units], what all keys together have.
    """

    counts: csr_array
    rows: csr_array
    sizes: Floats

    @staticmethod
    def of(table: pl.DataFrame, keys: Sequence[str], n_units: int) -> _Parts:
        """Return parts by key; what has another key counts in the sizes alone."""
        from scipy.sparse import csr_array, eye_array

        unit, count = table["unit"].to_numpy(), table["count"].to_numpy()
        number = {key: n for n, key in enumerate(keys)}
        names = table["key"].cast(pl.String).to_list()
        row = np.array([number.get(name, -1) for name in names], np.int64)
        kept = row >= 0
        cells = count[kept].astype(np.float64), (row[kept], unit[kept])
        return _Parts(
            csr_array(cells, shape=(len(keys), n_units)),
            eye_array(len(keys), format="csr"),
            np.bincount(unit, count, n_units).astype(np.float64),
        )

    def share(self, k: int) -> tuple[float, Floats]:
        """Return the share of key k, and by how much the loss of each unit moves it.

        To first order; NaN where one unit is everything.
        """
        own = self.counts.T @ self.rows[[k]].toarray()[0]
        total = self.sizes.sum()
        share = float(own.sum() / total) if total else 0.0
        rest = total - self.sizes
        with np.errstate(divide="ignore", invalid="ignore"):
            leverage = np.where(rest > 0, self.sizes / rest, math.nan)
            return share, share * leverage - own * (1 + leverage) / total


def _expected(
    table: pl.DataFrame, spoken: pl.DataFrame, cultures: Sequence[str], n_units: int
) -> _Parts:
    """Return what the speakers of the languages would have, by culture and unit."""
    from scipy.sparse import csr_array

    known = spoken.select(
        language=pl.col("language").cast(pl.String),
        culture=pl.col("country").cast(pl.String),
        share="share",
    ).filter(pl.col("language").is_in(table["key"].cast(pl.String).unique().implode()))
    languages = sorted(set(known["language"]))
    parts = _Parts.of(table, languages, n_units)
    at_culture = {name: n for n, name in enumerate(cultures)}
    at_language = {name: n for n, name in enumerate(languages)}
    places = [
        (at_culture[culture], at_language[language], share)
        for language, culture, share in known.iter_rows()
        if culture in at_culture
    ]
    row, column, share = zip(*places, strict=True) if places else ((), (), ())
    shape = len(cultures), len(languages)
    rows = csr_array((np.array(share, np.float64), (row, column)), shape=shape)
    whole = known.group_by("language").agg(pl.col("share").sum()).sort("language")
    sizes = parts.counts.T @ whole["share"].to_numpy()
    return _Parts(parts.counts, rows, sizes)


def _ratio_gap(sides: Sequence[Sequence[tuple[float, Floats]]]) -> Gap | None:
    """Compare the log2 ratios of two sides, None where one of them is not known.

    The ratios are equal where the observed share of each side times the expected one of
    the other are. That difference of products is judged, and its error brought to the
    log scale by the slope of the chord (test-based: Miettinen 1976): on that scale
    itself a side without the one site that speaks a language looks sure of it.

    Args:
        sides: Of each side the observed and the expected share with what the loss of
            each unit moves.
    """
    ((o_a, do_a), (e_a, de_a)), ((o_b, do_b), (e_b, de_b)) = sides
    if min(o_a, e_a, o_b, e_b) <= 0:
        return None
    before, after = o_a * e_b, o_b * e_a
    moved = (e_a * do_b + o_b * de_a) - (e_b * do_a + o_a * de_b)
    squares = moved * moved
    second, fourth = float(squares.sum()), float(squares @ squares)
    a, b = math.log2(o_a / e_a), math.log2(o_b / e_b)
    chord = (b - a) / (after - before) if after != before else 1 / after / math.log(2)
    error = chord * math.sqrt(second) if math.isfinite(second) else math.inf
    freedom = degrees(np.array([second]), np.array([fourth]), len(moved))
    return Gap(a, b, error, float(freedom[0]))


def _common_units(frames: Sequence[pl.DataFrame]) -> tuple[list[pl.Series], int]:
    """Return each row's sampling unit as a number, int64, and how many there are.

    A unit of the same name is the same in all frames.
    """
    names = pl.concat([frame["unit"].cast(pl.String) for frame in frames])
    merged = pl.Series(merge_units(names.to_arrow()), dtype=pl.String)
    codes = merged.rank("dense").cast(pl.Int64) - 1
    ends = np.cumsum([len(frame) for frame in frames]).tolist()
    parts = [codes[end - len(one) : end] for end, one in zip(ends, frames, strict=True)]
    return parts, merged.n_unique()
