"""How numbers are written, on the page and in the terminal alike.

In: counts, shares in [0, 1], estimates with intervals. Out: short text. Percent exists
only here: everything before is a share.
"""

from __future__ import annotations

import math
import unicodedata
from typing import NamedTuple

__all__ = [
    "Estimate",
    "compact",
    "count",
    "effective",
    "interval",
    "isolated",
    "percent",
    "points",
]

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


class Estimate(NamedTuple):
    """A value with its interval; ``low`` and ``high`` are nan where there is none."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan

    @property
    def known(self) -> bool:
        """Whether there is a value at all."""
        return not math.isnan(self.value)

    @property
    def bounded(self) -> bool:
        """Whether there is an interval."""
        return not (math.isnan(self.low) or math.isnan(self.high))


def count(value: float | None) -> str:
    """Return a whole number with thousands separators."""
    return "–" if value is None else f"{value:,.0f}"


def compact(value: float | None) -> str:
    """Return a count in at most five characters: 950, 12.3k, 1.05M."""
    if value is None:
        return "–"
    for size, unit in _UNITS:
        # Rounding carries into the next unit: 999,999 is 1.00M, not 1000k.
        if abs(value) >= size * 0.9995:
            scaled = value / size
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{scaled:.{digits}f}{unit}"
    return f"{value:.0f}"


def percent(share: float | None) -> str:
    """Return a share as percent with as many digits as it needs, never a false zero."""
    if share is None or math.isnan(share):
        return "–"
    if share <= 0:
        return "0%"
    if share < 0.00001:
        return "<0.001%"
    if share < 0.001:
        return f"{share:.3%}"
    # What rounds to one percent is written as one: 1.0%, not 1.00%.
    if share < 0.00995:
        return f"{share:.2%}"
    # 100% is said only where nothing at all is missing.
    return (
        "100%" if share >= 1 else f"{min(share, 0.9999):.1%}".replace("100.0", "99.9")
    )


def effective(value: float | None) -> str:
    """Return an effective number with three significant digits: 2.71, 45.3, 1,234."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:,.{digits}f}"


def points(value: float) -> str:
    """Return an index between 0 and 1 with three decimals."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def interval(estimate: Estimate, write: object = effective) -> str:
    """Return "low to high" in the notation of ``write``.

    Nothing where the bounds are unknown, or too near each other to be told apart.
    """
    if not estimate.bounded or not callable(write):
        return ""
    low, high = write(estimate.low), write(estimate.high)
    return f"{low}–{high}" if low != high else ""


def isolated(text: str) -> str:
    """Return ``text`` in bidi isolates if it runs right to left, else unchanged.

    Where a name stands in a plain sentence, the numbers after it would otherwise change
    their order.
    """
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text):
        return f"\u2068{text}\u2069"
    return text
