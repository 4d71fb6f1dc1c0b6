"""Sampling weights for a mix of corpora, from their profiles alone.

In: profiles, a target, a budget, bounds. Out: how much to take of each corpus, the mix
that results, what binds, and what each corpus is worth.

The mix is convex in its weights (see `audit.compare.optimum`), so that the answer is
the best one and can be proved to be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.compare.fingerprint import require_comparable
from audit.compare.load import Profile
from audit.compare.optimum import MixProblem, solve_mix
from audit.compare.recipe import Recipe, recipe_counts
from audit.compare.targets import target_shares
from audit.errors import ConfigError
from audit.measures.diversity import hill
from audit.measures.facets import FACETS

__all__ = ["MixResult", "best_mix"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MixResult:
    """The result of `best_mix`.

    Attributes:
        facet: What was balanced.
        unit: ``characters`` or ``words``.
        target: Name of the target.
        budget: Size of the mix in ``unit``, None where it was left open.
        corpora: One row a corpus: label, weight, amount, epochs, low, high, binds,
            marginal (bits gained per unit of weight moved to it; 0 inside its bounds),
            worth (bits lost if it were not there; None where the rest cannot do).
        predicted: One row a key, largest first: key, share, target, counts where a
            budget is given.
        objective: Bits: divergence from the target, or entropy.
        by_size: The same figure for corpora mixed by their sizes.
        effective: Effective number of keys (order 1) of the mix; ``effective_by_size``
            of the corpora mixed by their sizes.
        effective_by_size: See ``effective``.
        unreachable: Share of the target on keys that no corpus has.
        gap: Bits by which the best answer could be better.
    """

    facet: str
    unit: str
    target: str
    budget: int | None
    corpora: list[dict[str, Any]]
    predicted: list[dict[str, Any]]
    objective: float
    by_size: float
    effective: float
    effective_by_size: float
    unreachable: float
    gap: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return dict(vars(self))


def best_mix(
    profiles: Sequence[Profile],
    target: str | Mapping[str, float],
    *,
    facet: str = "language",
    unit: str = "characters",
    budget: int | None = None,
    max_epochs: float | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> MixResult:
    """Find the weights that come nearest to a target, or are the most diverse.

    Args:
        profiles: At least one; each is a corpus to draw from.
        target: ``uniform`` (over the keys that any corpus has), ``speakers`` (of the
            world, for languages), ``diversity`` (greatest effective number), or shares
            by key.
        facet: What to balance.
        unit: ``characters`` or ``words`` (words for facets of sources and languages).
        budget: Size of the mix in ``unit``.
        max_epochs: No corpus is repeated more often; needs a budget.
        bounds: Least and greatest weight by label.

    Raises:
        ConfigError: An unknown facet, unit, target or label, or bounds that no mix
            can keep; the message says what the corpora can give.
    """
    require_comparable(profiles)
    keys, counts = recipe_counts(profiles, facet, unit)
    labels = [profile.label for profile in profiles]
    sizes = counts.sum(axis=1).astype(np.float64)
    if (sizes == 0).any():
        raise ConfigError(
            f"a corpus to mix has {unit} by {facet}",
            value=[lb for lb, s in zip(labels, sizes, strict=True) if s == 0],
            next_step="Leave it out, or balance another facet.",
        )
    inside = np.array([key not in FACETS[facet].outside for key in keys], bool)
    goal, name, unreachable = target_shares(target, keys, inside, facet)
    low, high, caps = _limits(labels, sizes, budget, max_epochs, bounds or {}, unit)
    problem = MixProblem(counts / sizes[:, None], inside, goal, low, high)
    weights, gap = solve_mix(problem)
    sign = -1.0 if goal is None else 1.0
    by_size = sizes / sizes.sum()
    return MixResult(
        facet,
        unit,
        name,
        budget,
        _corpora(labels, problem, weights, sizes, budget, caps),
        _predicted(keys, problem, weights, Recipe(labels, weights, sizes, budget)),
        sign * problem.value(weights),
        sign * problem.value(by_size),
        float(hill((weights @ problem.shares)[inside], 1)),
        float(hill((by_size @ problem.shares)[inside], 1)),
        unreachable,
        gap,
    )


def _limits(
    labels: Sequence[str],
    sizes: Floats,
    budget: int | None,
    max_epochs: float | None,
    bounds: Mapping[str, tuple[float, float]],
    unit: str,
) -> tuple[Floats, Floats, Floats]:
    """Return least and greatest weights, and the greatest that epochs allow."""
    for label, (least, most) in bounds.items():
        if label not in labels:
            raise ConfigError(f"bounds name a corpus: {', '.join(labels)}", value=label)
        if not 0 <= least <= most <= 1:
            raise ConfigError(
                "bounds are 0 <= least <= most <= 1", value=(least, most), where=label
            )
    if max_epochs is not None and budget is None:
        raise ConfigError(
            "a cap on epochs needs a budget", value=max_epochs, where="--max-epochs"
        )
    if (budget is not None and budget <= 0) or (max_epochs or 1) <= 0:
        raise ConfigError("budget and epochs are above 0", value=(budget, max_epochs))
    caps = np.full(len(labels), math.inf)
    if budget is not None and max_epochs is not None:
        caps = max_epochs * sizes / budget
    low = np.array([bounds.get(lb, (0.0, 1.0))[0] for lb in labels])
    high = np.array([bounds.get(lb, (0.0, 1.0))[1] for lb in labels])
    high = np.minimum(high, caps)
    short = [lb for lb, a, b in zip(labels, low, high, strict=True) if a > b]
    if short or low.sum() > 1 + 1e-12 or high.sum() < 1 - 1e-12:
        reach = "" if budget is None else (
            f"With these bounds the corpora give at most "
            f"{int(min(high.sum(), 1) * budget):,} {unit}. "
        )  # fmt: skip
        raise ConfigError(
            "bounds leave room for weights that sum to 1",
            value=f"least weights sum to {low.sum():.4g}, greatest to {high.sum():.4g}"
            + (f"; least above greatest for {', '.join(short)}" if short else ""),
            next_step=reach + "Lower the budget, or allow more epochs.",
        )
    return low, np.minimum(high, 1.0), caps


def _corpora(
    labels: Sequence[str],
    problem: MixProblem,
    weights: Floats,
    sizes: Floats,
    budget: int | None,
    caps: Floats,
) -> list[dict[str, Any]]:
    """Return one row a corpus."""
    slope = problem.gradient(weights)
    free = (weights > problem.low + 1e-9) & (weights < problem.high - 1e-9)
    level = float(slope[free].mean()) if free.any() else float(slope @ weights)
    rows = []
    for i, label in enumerate(labels):
        amount = None if budget is None else round(float(weights[i]) * budget)
        rows.append(
            {
                "label": label,
                "weight": float(weights[i]),
                "amount": amount,
                "epochs": None
                if budget is None
                else float(weights[i] * budget / sizes[i]),
                "low": float(problem.low[i]),
                "high": float(problem.high[i]),
                "binds": _binds(problem, weights, caps, i),
                "marginal": 0.0 if free[i] else round(float(level - slope[i]), 9) + 0.0,
                "worth": _worth(problem, weights, i),
            }
        )
    return rows


def _binds(problem: MixProblem, weights: Floats, caps: Floats, i: int) -> str:
    if problem.high[i] - problem.low[i] < 1e-12:
        return "fixed"
    if weights[i] >= problem.high[i] - 1e-9:
        return "epochs" if caps[i] <= problem.high[i] + 1e-12 else "most"
    if weights[i] <= problem.low[i] + 1e-9:
        return "least" if problem.low[i] > 0 else "unused"
    return ""


def _worth(problem: MixProblem, weights: Floats, i: int) -> float | None:
    """Return what the best mix would lose without corpus i, in bits."""
    if weights[i] <= 0:
        return 0.0
    low, high = problem.low.copy(), problem.high.copy()
    low[i] = high[i] = 0.0
    if high.sum() < 1 - 1e-12:
        return None
    without, _ = solve_mix(problem._replace(low=low, high=high))
    return max(0.0, problem.value(without) - problem.value(weights))


def _predicted(
    keys: Sequence[str], problem: MixProblem, weights: Floats, recipe: Recipe
) -> list[dict[str, Any]]:
    m = weights @ problem.shares
    return [
        {
            "key": keys[k],
            "share": float(m[k]),
            "target": None if problem.target is None else float(problem.target[k]),
            "counts": None
            if recipe.budget is None
            else round(float(m[k]) * recipe.budget),
        }
        for k in np.argsort(-m, kind="stable")
    ]
