"""Which languages the packaged model takes documents for, on held-out text.

In: ``language/confusion.npz`` (`build_language_calibration` makes it with the model).
Out: counts in the order of any list of languages, for
`audit.measures.prevalence.corrected_prevalence`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["confusion_counts"]

_FILE = Path(__file__).parent / "language" / "confusion.npz"


@lru_cache(maxsize=1)
def _stored() -> tuple[dict[str, int], NDArray[np.int64]]:
    with np.load(_FILE, allow_pickle=False) as stored:
        codes = [code.decode() for code in stored["languages"].tolist()]
        counts = stored["counts"].astype(np.int64)
    return {code: i for i, code in enumerate(codes)}, counts


def confusion_counts(languages: Sequence[str]) -> NDArray[np.int64]:
    """Return int64[n, n]: held-out documents in row i taken for language j.

    Args:
        languages: ISO 639-3 codes; those the model has never been measured on get a row
            and a column of zeros.
    """
    number, counts = _stored()
    places = np.array([number.get(code, -1) for code in languages], np.int64)
    out = counts[np.ix_(places, places)].copy()
    out[places < 0, :] = 0
    out[:, places < 0] = 0
    result: NDArray[np.int64] = out
    return result
