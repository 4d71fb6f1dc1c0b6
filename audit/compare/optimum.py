"""The best weights of a mix, and the proof that they are.

In: shares of each corpus, a target, bounds on the weights. Out: weights and a bound on
how much better any others could be.

The mix ``m = sum of w_i p_i`` is linear in the weights, and both objectives are convex
in m: the Jensen-Shannon divergence from a target, or minus the entropy. SciPy's SLSQP
solves it; the Frank-Wolfe gap then bounds the distance from the best answer, whatever
the solver believed.
"""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audit.errors import RunError
from audit.measures import divergence

__all__ = ["MixProblem", "cheapest", "optimality_gap", "solve_mix"]

Floats = NDArray[np.float64]
# The answer is at most this far (in bits) from the best one.
_TOLERANCE = 1e-6
_TINY = 1e-12


class MixProblem(NamedTuple):
    """Minimise ``value(w)`` over ``low <= w <= high``, ``sum w = 1``.

    Attributes:
        shares: float64[n_corpora, n_keys], each row sums to 1.
        inside: bool[n_keys], keys that are kinds of their own.
        target: float64[n_keys], or None for greatest diversity.
        low: float64[n_corpora].
        high: float64[n_corpora].
    """

    shares: Floats
    inside: NDArray[np.bool_]
    target: Floats | None
    low: Floats
    high: Floats

    def value(self, weights: Floats) -> float:
        """Return the divergence from the target, or minus the entropy, in bits."""
        m = weights @ self.shares
        if self.target is None:
            kept = np.maximum(m[self.inside], _TINY)
            return float((kept * np.log2(kept)).sum())
        return float(divergence.jsd_terms(m, self.target).sum())

    def gradient(self, weights: Floats) -> Floats:
        """Return the derivative of `value` by each weight."""
        m = np.maximum(weights @ self.shares, _TINY)
        if self.target is None:
            slope = np.where(self.inside, np.log2(m) + 1 / math.log(2), 0.0)
        else:
            slope = np.log2(2 * m / (m + self.target)) / 2
        return np.asarray(self.shares @ slope)


def cheapest(cost: Floats, low: Floats, high: Floats) -> Floats:
    """Return the weights of least linear cost: the cheapest corpora filled first."""
    weights, left = low.copy(), 1.0 - low.sum()
    for i in np.argsort(cost, kind="stable"):
        more = min(high[i] - low[i], left)
        weights[i] += more
        left -= more
    return weights


def optimality_gap(problem: MixProblem, weights: Floats) -> float:
    """Return the Frank-Wolfe gap: no weights are better by more than this."""
    slope = problem.gradient(weights)
    return float(slope @ (weights - cheapest(slope, problem.low, problem.high)))


def solve_mix(problem: MixProblem) -> tuple[Floats, float]:
    """Solve by SLSQP from the middle of the feasible weights; prove the answer."""
    n = len(problem.low)
    corners = [cheapest(-np.eye(n)[i], problem.low, problem.high) for i in range(n)]
    weights, best = np.mean(corners, axis=0), math.inf
    for _ in range(5):
        found = _slsqp(problem, weights)
        answer = _feasible(found, problem)
        if problem.value(answer) < problem.value(weights):
            weights = answer
        weights = _polish(problem, weights)
        gap = optimality_gap(problem, weights)
        if gap <= _TOLERANCE or gap >= best:
            break
        best = gap
    if gap > 1e-3:
        raise RunError(
            "the mix is solved to a thousandth of a bit",
            value=gap,
            next_step="Report this with the profiles; other bounds may solve.",
        )
    return weights, max(gap, 0.0)


def _slsqp(problem: MixProblem, weights: Floats) -> Floats:
    """Return what SciPy's solver makes of weights; it may miss a bound by a rounding.

    SciPy before 1.16 warns of that, and clips it.
    """
    from scipy.optimize import minimize

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Values in x were outside bounds")
        found = minimize(
            problem.value,
            weights,
            jac=problem.gradient,
            method="SLSQP",
            bounds=list(zip(problem.low, problem.high, strict=True)),
            constraints={
                "type": "eq",
                "fun": lambda w: w.sum() - 1,
                "jac": lambda w: np.ones(len(w)),
            },
            options={"ftol": 1e-14, "maxiter": 1000},
        )
    return np.asarray(found.x)


def _feasible(weights: Floats, problem: MixProblem) -> Floats:
    """Put a solver's answer exactly on the constraints."""
    clipped = np.clip(weights, problem.low, problem.high)
    clipped[clipped < problem.low + 1e-9] = problem.low[clipped < problem.low + 1e-9]
    missing = 1.0 - clipped.sum()
    room = (problem.high - clipped) if missing > 0 else (clipped - problem.low)
    if room.sum() > 0:
        clipped += missing * room / room.sum()
    return np.asarray(np.clip(clipped, problem.low, problem.high))


def _polish(problem: MixProblem, weights: Floats, steps: int = 200) -> Floats:
    """Move weight from the corpus where it costs most to where it costs least."""
    from scipy.optimize import minimize_scalar

    for _ in range(steps):
        slope = problem.gradient(weights)
        can_fall = weights > problem.low + 1e-12
        can_rise = weights < problem.high - 1e-12
        if not can_fall.any() or not can_rise.any():
            break
        worst = int(np.argmax(np.where(can_fall, slope, -np.inf)))
        best = int(np.argmin(np.where(can_rise, slope, np.inf)))
        if slope[worst] - slope[best] < _TOLERANCE / 10:
            break
        move = np.zeros(len(weights))
        move[best], move[worst] = 1.0, -1.0
        most = min(
            weights[worst] - problem.low[worst], problem.high[best] - weights[best]
        )
        found = minimize_scalar(
            lambda t, w=weights, d=move: problem.value(w + t * d),
            bounds=(0.0, most),
            method="bounded",
            options={"xatol": 1e-12},
        )
        step = most if problem.value(weights + most * move) <= found.fun else found.x
        if problem.value(weights + step * move) >= problem.value(weights):
            break
        weights = np.clip(weights + step * move, problem.low, problem.high)
    return weights
