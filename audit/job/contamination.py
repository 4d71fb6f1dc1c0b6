"""How much of evaluation sets a corpus holds: found windows in, two tables out.

In: the items of a run and the windows of them that one corpus holds. Out: one row an
item, and one a set. Containment is the share of an item's windows that were found,
coverage the share of its tokens that stand in a found window. Coverage decides: one
changed word takes thirteen windows from an item, but only itself from its coverage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from audit.measures.interval import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.job.evaluation import Evaluation

__all__ = ["contamination_tables"]


def contamination_tables(
    found: pa.Table, evaluation: Evaluation
) -> dict[str, pa.Table]:
    """Return the tables ``contamination`` and ``contamination_sets`` of one corpus.

    Args:
        found: `audit.fold.found.FOUND` rows, one a window.
        evaluation: the items that were looked for.
    """
    items = _items(found, evaluation)
    return {"contamination": items, "contamination_sets": _sets(items, evaluation)}


def _items(found: pa.Table, evaluation: Evaluation) -> pa.Table:
    windows, tokens = evaluation.windows, evaluation.tokens
    n_items, n_distinct = len(tokens), len(evaluation.index.hashes)
    held = np.zeros(n_distinct, np.int64)
    held[np.asarray(found.column("window"))] = np.asarray(found.column("documents"))
    number = np.searchsorted(evaluation.index.hashes, windows.hashes)
    item = np.repeat(np.arange(n_items), np.diff(windows.offsets))
    documents = held[number]
    hit = documents > 0
    n_windows = np.diff(windows.offsets)
    n_found = np.bincount(item[hit], minlength=n_items).astype(np.int64)
    most = np.zeros(n_items, np.int64)
    np.maximum.at(most, item, documents)
    covered = _covered(evaluation, item, hit)
    empty = tokens == 0
    whole = np.maximum(tokens, 1)
    coverage = covered / whole
    order = np.searchsorted(evaluation.set_of, evaluation.set_of)
    return pa.table(
        {
            "evaluation_set": pa.array(evaluation.names, pa.string()).take(
                pa.array(evaluation.set_of)
            ),
            # From 1 within its set, as rows and lines are counted.
            "item": np.arange(n_items) - order + 1,
            "item_id": evaluation.ids,
            "tokens": tokens,
            "windows": n_windows,
            "windows_found": n_found,
            "containment": pa.array(n_found / np.maximum(n_windows, 1), mask=empty),
            "coverage": pa.array(coverage, mask=empty),
            "contaminated": pa.array(~empty & (coverage >= evaluation.threshold)),
            "documents": most,
            "example_doc_id": _examples(found, number[hit], item[hit], n_items),
        }
    )


def _covered(
    evaluation: Evaluation, item: NDArray[np.int64], hit: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the tokens of each item that stand in a window that was found."""
    windows, tokens = evaluation.windows, evaluation.tokens
    ends = np.cumsum(tokens)
    # Window k of an item begins at its token k.
    rank = np.arange(len(item)) - windows.offsets[item]
    begin = (ends - tokens)[item] + rank
    steps = np.zeros(int(tokens.sum()) + 1, np.int64)
    np.add.at(steps, begin[hit], 1)
    np.add.at(steps, begin[hit] + windows.lengths[hit].astype(np.int64), -1)
    inside = np.concatenate([[0], np.cumsum(np.cumsum(steps)[:-1] > 0)])
    return np.asarray(inside[ends] - inside[ends - tokens]).astype(np.int64)


def _examples(
    found: pa.Table,
    number: NDArray[np.int64],
    item: NDArray[np.int64],
    n_items: int,
) -> pa.Array:
    """Return for each item the document shown for most of its windows.

    Args:
        found: `FOUND` rows, ascending by window.
        number: int64[n], windows that were found, item by item.
        item: int64[n], the item of each.
        n_items: of all sets.
    """
    row = np.searchsorted(np.asarray(found.column("window")), number)
    lottery = np.asarray(found.column("lottery"))
    # Rank of each window's document; documents of one hash are told apart by id.
    ids = found.column("doc_id").combine_chunks().dictionary_encode()
    code = np.asarray(ids.indices).astype(np.int64)
    names = ids.dictionary
    by_name = np.argsort(np.argsort(np.asarray(names.to_pylist(), dtype=object)))
    ranked = np.lexsort((by_name[code], lottery)) if len(code) else code
    place = np.empty(len(code), np.int64)
    fresh = np.diff(code[ranked], prepend=-1) != 0
    place[ranked] = np.cumsum(fresh)
    pairs, counts = np.unique(
        np.column_stack([item, place[row], code[row]]), axis=0, return_counts=True
    )
    # Most windows first, then the lowest lottery; the first of each item is shown.
    order = np.lexsort((pairs[:, 1], -counts, pairs[:, 0]))
    chosen = pairs[order]
    first = chosen[np.flatnonzero(np.diff(chosen[:, 0], prepend=-1))]
    shown = np.full(n_items, -1, np.int64)
    shown[first[:, 0]] = first[:, 2]
    return names.take(pa.array(shown, mask=shown < 0))


def _sets(items: pa.Table, evaluation: Evaluation) -> pa.Table:
    contaminated = np.asarray(items.column("contaminated"))
    touched = np.asarray(items.column("windows_found")) > 0
    short = evaluation.windows.anchors != 0
    rows = []
    for number, name in enumerate(evaluation.names):
        mine = evaluation.set_of == number
        n_items, n_bad = int(mine.sum()), int((mine & contaminated).sum())
        share = wilson_interval(n_bad, n_items)
        rows.append(
            {
                "evaluation_set": name,
                "threshold": evaluation.threshold,
                "items": n_items,
                "contaminated_items": n_bad,
                "share": share.value,
                "low": share.low,
                "high": share.high,
                "touched_items": int((mine & touched).sum()),
                "short_items": int((mine & short).sum()),
                "contaminated_short_items": int((mine & short & contaminated).sum()),
                "rejected_items": evaluation.rejected[number],
            }
        )
    return pa.Table.from_pylist(rows)
