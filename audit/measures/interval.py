"""How far a figure would move had other sources been drawn.

In: counts by sampling unit and key. Out: bootstrap weights and intervals. The sampling
unit is the source (a registered domain, or a group of a file's documents where there is
no URL), because pages of one site are not independent. A unit's weights depend on its
name, the seed and nothing else: it gets the same ones in every profile, so that two
profiles that share sources are compared in pairs, and a merge changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "REPLICATES",
    "SEED",
    "Interval",
    "centred_interval",
    "poisson_weights",
    "unit_hashes",
    "weight_chunks",
    "wilson_interval",
]

REPLICATES = 200
SEED = 20_230_901

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]


class Interval(NamedTuple):
    """A figure and the bounds of its interval."""

    value: float
    low: float
    high: float


def wilson_interval(
    successes: int, trials: int, z: float = 1.959963984540054
) -> Interval:
    """Return a share with Wilson's score interval (1927); NaN without trials."""
    if trials == 0:
        return Interval(math.nan, math.nan, math.nan)
    share, square = successes / trials, z * z
    middle = share + square / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    scale = 1 + square / trials
    low = 0.0 if successes == 0 else max(0.0, (middle - half) / scale)
    high = 1.0 if successes == trials else min(1.0, (middle + half) / scale)
    return Interval(share, low, high)


def _mix64(values: Hashes) -> Hashes:
    """Scramble 64-bit integers (the finaliser of splitmix64), modulo 2^64."""
    x = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def unit_hashes(names: pa.Array | pa.ChunkedArray) -> Hashes:
    """Return a 64-bit hash of each unit name, uint64[n].

    Multilinear over bytes: each byte times an odd random number of its place, summed
    modulo 2^64, then scrambled with the length. Vectorised over the Arrow buffer.
    """
    column = names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names
    column = pc.fill_null(column.cast(pa.large_string()), "")
    _, offset_buffer, data_buffer = column.buffers()
    if not len(column):
        return np.zeros(0, np.uint64)
    offsets = np.frombuffer(offset_buffer, np.int64)[
        column.offset : column.offset + len(column) + 1
    ]
    lengths = np.diff(offsets)
    data = np.frombuffer(data_buffer or b"", np.uint8)[offsets[0] : offsets[-1]]
    place = np.arange(len(data)) - np.repeat(offsets[:-1] - offsets[0], lengths)
    longest = int(lengths.max()) if len(lengths) else 0
    with np.errstate(over="ignore"):
        step = np.uint64(0x9E3779B97F4A7C15)
        factors = _mix64(np.arange(1, longest + 2, dtype=np.uint64) * step)
        terms = (data.astype(np.uint64) + np.uint64(1)) * (
            factors[place] | np.uint64(1)
        )
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms)])
        edges = offsets - offsets[0]
        return _mix64(sums[edges[1:]] - sums[edges[:-1]] + lengths.astype(np.uint64))


@cache
def _poisson_table() -> NDArray[np.uint8]:
    """Map 16 random bits to a draw of Poisson(1), uint8[65536]."""
    cumulative = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(12)])
    levels = (np.arange(65536) + 0.5) / 65536
    return np.searchsorted(cumulative, levels, side="right").astype(np.uint8)


def poisson_weights(
    hashes: Hashes, replicates: int = REPLICATES, seed: int = SEED, first: int = 0
) -> NDArray[np.uint8]:
    """Return bootstrap weights of units: independent draws of Poisson(1).

    Counter-based: weight (unit, replicate) is a function of the unit's hash, the
    replicate's number and the seed. One 64-bit hash gives four draws.

    Args:
        hashes: uint64[n_units] from `unit_hashes`.
        replicates: How many columns.
        seed: Another seed, other draws.
        first: Number of the first replicate, a multiple of four.

    Returns:
        uint8[n_units, replicates].
    """
    blocks = -(-replicates // 4)
    with np.errstate(over="ignore"):
        numbers = np.arange(first // 4, first // 4 + blocks, dtype=np.uint64)
        salt = _mix64((numbers + np.uint64(1)) * np.uint64(0xD1342543DE82EF95))
        salt = _mix64(salt + np.uint64(seed))
        bits = _mix64(hashes[:, None] ^ salt[None, :])
    draws = bits.astype("<u8").view("<u2")
    return _poisson_table()[draws][:, :replicates]


def weight_chunks(
    hashes: Hashes, replicates: int = REPLICATES, seed: int = SEED
) -> Iterator[Floats]:
    """Yield the bootstrap weights a chunk of replicates at a time.

    ``counts[n_keys, n_units] @ weights`` gives replicates of the counts. A chunk stays
    near 16 MB whatever the number of units (four replicates is the least).

    Args:
        hashes: uint64[n_units].
        replicates: Replicates in all.
        seed: Seed of the weights.

    Yields:
        float64[n_units, chunk]; together ``replicates`` columns.
    """
    step = max(4, 2_000_000 // max(1, len(hashes)) // 4 * 4)
    for first in range(0, replicates, step):
        width = min(step, replicates - first)
        yield poisson_weights(hashes, width, seed, first).astype(np.float64)


def centred_interval(
    value: float,
    replicates: ArrayLike,
    *,
    level: float = 0.95,
    positive: bool = False,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    """Return a bootstrap interval around a figure that resampling shifts.

    A resample sees fewer keys than the sample did, so that plain percentiles of Hill
    numbers lie below the figure itself. The replicates' own mean is taken off first
    (as Chao et al. 2014 do through the bootstrap's standard error), on the log scale
    where the figure is positive.

    Args:
        value: The figure of the sample itself.
        replicates: float64[n], its values in the resamples; NaN are left out.
        level: Share of the intervals that hold the truth, about.
        positive: Work on the log scale, so that the bounds stay above zero.
        bounds: The bounds are cut to these.

    Returns:
        The interval; bounds are NaN where there is nothing to resample.
    """
    draws = np.asarray(replicates, np.float64)
    draws = draws[np.isfinite(draws)]
    if positive:
        draws = draws[draws > 0]
    if len(draws) < 2 or not math.isfinite(value):
        return Interval(value, math.nan, math.nan)
    tail = (1 - level) / 2
    if positive and value > 0:
        logs = np.log(draws)
        low, high = value * np.exp(np.quantile(logs, [tail, 1 - tail]) - logs.mean())
    else:
        low, high = value + np.quantile(draws, [tail, 1 - tail]) - draws.mean()
    low, high = min(low, value), max(high, value)
    return Interval(value, max(bounds[0], float(low)), min(bounds[1], float(high)))
