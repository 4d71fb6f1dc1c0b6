"""What a classifier's counts say of the true mix, given how often it errs.

In: counts by predicted language, and the confusion counts of the classifier on labelled
text. Out: estimated shares with intervals, and which languages may be error alone.

Method: predicted shares q follow from true shares p through q = p C, where row i of C
says what texts of language i are taken for. p is found by expectation maximisation (the
maximum-likelihood mixture; shares stay between 0 and 1 and sum to 1). Intervals are the
2.5 and 97.5 percentiles of p over draws in which both the counts (multinomial) and each
row of C (Dirichlet over its observed counts) vary. See Saerens, Latinne and
Decaestecker 2002 for the fixed point, Forman 2008 for adjusted counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Prevalence", "corrected_prevalence"]

_STEPS = 200
_TOLERANCE = 1e-9
# Of a draw: what it differs by from the next one is a thousand times as much.
_DRAWN_TOLERANCE = 1e-6
# Labelled text is never quite like the text that is audited: its confusion counts are
# trusted as if there were this many of them a language at most.
_TRUSTED_TEXTS = 60
# Share of a row of C that goes to any other language, seen there or not.
_UNSEEN = 0.5
_DRAWS = 200
_SEED = 20261123


class Prevalence(NamedTuple):
    """Corrected shares, one entry a language.

    Attributes:
        share: float64[n], estimated true share.
        low: float64[n], lower end of the 95 % interval.
        high: float64[n], upper end.
        explained: bool[n], true where the raw count is no more than what errors on the
            other languages would give: it is no evidence that the language is there.
    """

    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    explained: NDArray[np.bool_]


def corrected_prevalence(
    counts: NDArray[np.int64], confusion: NDArray[np.int64], draws: int = _DRAWS
) -> Prevalence:
    """Return the estimated true shares behind the counts of a classifier.

    Args:
        counts: int64[n], texts taken for each language.
        confusion: int64[n, n], labelled texts of the row's language taken for the
            column's; a row of zeros is a language that nothing is known of, and counts
            as always recognised.
        draws: how many draws the intervals rest on.

    Returns:
        Shares of all counted texts; all zero where nothing was counted.
    """
    total = int(counts.sum())
    n = len(counts)
    if total == 0:
        zero = np.zeros(n)
        return Prevalence(zero, zero, zero, np.zeros(n, np.bool_))
    # Languages that nothing was taken for have no share: the best mixture is among the
    # others, whatever the errors.
    seen = np.flatnonzero(counts)
    dirichlet = _posterior(confusion)[seen]
    mean = dirichlet / dirichlet.sum(axis=1, keepdims=True)
    share = _mixture(counts[seen] / total, mean[:, seen])
    rng = np.random.default_rng(_SEED)
    drawn = np.empty((draws, len(seen)))
    # Columns without a share are drawn as one: merged parts of a Dirichlet draw are one
    # part, whose parameter is their sum.
    merged = np.empty((len(seen), len(seen) + 1))
    merged[:, :-1] = dirichlet[:, seen]
    merged[:, -1] = dirichlet.sum(axis=1) - merged[:, :-1].sum(axis=1)
    np.maximum(merged, 0, out=merged)
    for i in range(draws):
        q = rng.multinomial(total, counts[seen] / total) / total
        gamma = rng.gamma(merged)
        rows = gamma[:, :-1] / gamma.sum(axis=1, keepdims=True)
        drawn[i] = _mixture(q, rows, share, _DRAWN_TOLERANCE)
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    return Prevalence(
        _spread(share, seen, n),
        _spread(np.minimum(low, share), seen, n),
        _spread(np.maximum(high, share), seen, n),
        _spread(_explained(counts[seen], share, mean[:, seen]), seen, n) > 0,
    )


def _posterior(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the Dirichlet parameters of each row of C."""
    matrix = confusion.astype(np.float64)
    known = matrix.sum(axis=1)
    scale = np.minimum(1.0, _TRUSTED_TEXTS / np.maximum(known, 1))
    matrix *= scale[:, None]
    matrix += _UNSEEN / len(matrix)
    unknown = np.flatnonzero(known == 0)
    matrix[unknown, unknown] += _TRUSTED_TEXTS
    return matrix


def _mixture(
    q: NDArray[np.float64],
    rows: NDArray[np.float64],
    start: NDArray[np.float64] | None = None,
    tolerance: float = _TOLERANCE,
) -> NDArray[np.float64]:
    """Return the shares p that make q = p C likeliest."""
    p = q.copy() if start is None else 0.5 * (start + q)
    p /= p.sum()
    for _ in range(_STEPS):
        expected = np.maximum(p @ rows, 1e-300)
        after = p * (rows @ (q / expected))
        after /= after.sum()
        if np.abs(after - p).sum() < tolerance:
            return after
        p = after
    return p


def _explained(
    counts: NDArray[np.int64], share: NDArray[np.float64], rows: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return 1 where errors on other languages account for the count."""
    total = counts.sum()
    others = share @ rows - share * np.diag(rows)
    errors = others * total
    # Two standard deviations of a Poisson count above what errors give on average.
    return (counts <= errors + 2 * np.sqrt(errors)).astype(np.float64)


def _spread(
    values: NDArray[np.float64], seen: NDArray[np.intp], n: int
) -> NDArray[np.float64]:
    out = np.zeros(n)
    out[seen] = values
    return out
