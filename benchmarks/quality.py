"""Pairs that contenders have reported in, recall and precision by script out.

Truth is brute force: the exact Jaccard similarity of every two documents that share a
shingle, over word 3-grams, or character 5-grams where a script has no spaces (the
shingles of this project: peers that cut text otherwise are judged by what a reader
would call the same text, and say so in their row).
"""

import numpy as np

from audit.link.verify import merge_shingles, pack_shingles, verify
from benchmarks import tables
from benchmarks.duplicates import brute_force, sketch

SURE, NEAR = 0.8, 0.7


def judged(work, table, names):
    """Return a Markdown table of recall (J >= 0.8) and precision (J >= 0.7).

    Args:
        work: folder with a folder for each contender.
        table: the documents, in the order of their rows.
        names: contenders.
    """
    tasks, sets, unspaced = sketch(table["text"].to_list())
    starts = np.r_[0, np.cumsum([len(task.rows) for task in tasks])]
    truth = brute_force(sets)
    truth.sort(axis=1)
    truth = np.unique(truth, axis=0)
    shingles = merge_shingles(
        pack_shingles(0, rows + np.uint32(starts[task]), made, lengths,
                      rows + np.uint32(starts[task]))
        for task, (rows, made, lengths) in enumerate(sets)
    )  # fmt: skip
    n = int(starts[-1])
    rows = []
    for name in names:
        path = work / "".join(c if c.isalnum() else "-" for c in name) / "pairs.txt"
        if not path.exists():
            continue
        text = path.read_text("ascii").split()
        pairs = np.array(text, np.int64).reshape(-1, 2)
        rows.append([name, *_judge(pairs, truth, shingles, unspaced, n)])
    head = ["contender"]
    for script in ("with spaces", "without spaces"):
        head += [f"{script}: pairs reported", "recall", "precision"]
    sizes = [int((unspaced[truth].sum(axis=1) == 2 * kind).sum()) for kind in (0, 1)]
    return (
        f"Recall of the {sizes[0]:,} pairs with spaces and the {sizes[1]:,} without "
        f"whose similarity is at least {SURE} by brute force; precision is the share "
        f"of reported pairs of at least {NEAR}. A pair is found where both stand "
        "in one cluster of reported pairs.\n\n" + tables.markdown(head, rows)
    )


def _judge(pairs, truth, shingles, unspaced, n):
    """Return pairs, recall and precision for each kind of script."""
    root = np.arange(n)
    for a, b in pairs.tolist():
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        root[max(a, b)] = min(a, b)
    while not np.array_equal(root, root[root]):
        root = root[root]
    together = root[truth[:, 0]] == root[truth[:, 1]]
    similar = verify(np.unique(pairs, axis=0).astype(np.uint64), shingles)
    found = similar.pairs.astype(np.int64)
    cells = []
    for kind in (0, 1):
        mine = unspaced[truth].sum(axis=1) == 2 * kind
        here = unspaced[found].sum(axis=1) == 2 * kind
        recall = together[mine].mean() if mine.any() else float("nan")
        right = (similar.jaccard[here] >= NEAR).mean() if here.any() else float("nan")
        cells += [f"{int(here.sum()):,}", f"{recall:.3f}", f"{right:.3f}"]
    return cells
