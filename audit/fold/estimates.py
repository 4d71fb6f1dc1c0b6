"""Languages beside what is to be expected: error of the model, speakers of the world.

In: the ``language`` table of a profile. Out: its ``language_estimates`` table: for each
language the share counted, the share estimated from the model's confusions with its
95 % interval, whether confusion alone explains the count, and the share of the world's
speakers. The hundred largest languages of the world have a row even where no document
is in them.

``share`` is of all documents. Estimated shares are of the documents in some language:
text without language and text in doubt is nobody's language, so its rows have none.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audit.fold.counts import merge_counts
from audit.measures.prevalence import corrected_prevalence
from audit.resources.confusion import confusion_counts
from audit.resources.speakers import speakers

__all__ = ["language_estimates"]

_LARGEST = 100
# No language of the world has these codes, so nothing is expected of them.
_NO_LANGUAGE = ("und", "zxx", "mul", "mis")


def language_estimates(language: pa.Table, *, packaged_model: bool) -> pa.Table:
    """Return one row a language.

    Args:
        language: in the ``language`` schema.
        packaged_model: whether the confusions that are known are those of the model
            that counted; the estimates are null otherwise.
    """
    counted = merge_counts([language], ("language",), ("documents",))
    documents = dict(
        zip(
            counted.column("language").to_pylist(),
            counted.column("documents").to_pylist(),
            strict=True,
        )
    )
    world = speakers()
    spoken = dict(
        zip(
            world.column("language").to_pylist(),
            world.column("speakers").to_pylist(),
            strict=True,
        )
    )
    largest = sorted(spoken, key=lambda code: (-spoken[code], code))[:_LARGEST]
    names = sorted({*documents, *largest})
    counts = np.array([documents.get(name, 0) for name in names], np.int64)
    expected = _expected(names, spoken)
    share = counts / max(1, counts.sum())
    table = {
        "language": names,
        "documents": counts,
        "share": share,
        **_estimated(names, counts, packaged_model),
        "speakers": pa.array([spoken.get(name) for name in names], pa.int64()),
        "expected_share": pa.array(expected, pa.float64()),
        "ratio": pa.array(
            [s / e if e else None for s, e in zip(share, expected, strict=True)],
            pa.float64(),
        ),
    }
    return pa.table(table)


def _expected(names: list[str], spoken: dict[str, int]) -> list[float | None]:
    total = sum(spoken.values())
    return [
        None if name in _NO_LANGUAGE else spoken.get(name, 0) / total for name in names
    ]


def _estimated(
    names: list[str], counts: np.ndarray, packaged_model: bool
) -> dict[str, pa.Array]:
    columns = ("estimated_share", "estimated_low", "estimated_high")
    if not packaged_model:
        empty = {name: pa.nulls(len(names), pa.float64()) for name in columns}
        return {**empty, "explained_by_confusion": pa.nulls(len(names), pa.bool_())}
    real = np.array([name not in _NO_LANGUAGE for name in names], np.bool_)
    codes = [name for name in names if name not in _NO_LANGUAGE]
    found = corrected_prevalence(counts[real], confusion_counts(codes))
    values = dict(zip(columns, (found.share, found.low, found.high), strict=True))
    return {
        **{name: _placed(value, real) for name, value in values.items()},
        "explained_by_confusion": _placed(found.explained, real),
    }


def _placed(values: np.ndarray, rows: np.ndarray) -> pa.Array:
    """Return values at the rows that are true, null at the others."""
    spread = np.zeros(len(rows), values.dtype)
    spread[rows] = values
    return pa.array(spread, mask=~rows)
