"""What deduplication would take from a source.

In: counts by source or language. Out: which of them would be wiped out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["wiped_out"]

_LEAST_DOCUMENTS, _PART = 20, 0.9


def wiped_out(
    documents: NDArray[np.int64], repeated: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say which keys would lose over nine tenths of 20 documents or more, bool[n].

    Args:
        documents: int64[n], documents of each key.
        repeated: int64[n], those that repeat another one.
    """
    return (documents >= _LEAST_DOCUMENTS) & (repeated > _PART * documents)
