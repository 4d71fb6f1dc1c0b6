"""Pairs that contenders have reported in, recall and precision by script out.

Truth is brute force: the exact Jaccard similarity of every two documents that share a
shingle, over word 3-grams, or character 5-grams where a script has no spaces (the
shingles of this project: peers that cut text otherwise are judged by what a reader
would call the same text, and say so in their row).
"""

import numpy as np

from audit.kernels.script import SCRIPT_EXTRA, read_scripts
from audit.link.verify import merge_shingles, pack_shingles, verify
from audit.resources.han import script_table
from benchmarks import tables
from benchmarks.duplicates import brute_force, sketch
from benchmarks.signatures import pack

SURE, NEAR = 0.8, 0.7
_FEWEST = 20


def judged(work, table, names):
    """Return a Markdown table of recall (J >= 0.8) and precision (J >= 0.7).

    Args:
        work: folder with a folder for each contender.
        table: the documents, in the order of their rows.
        names: contenders.
    """
    texts = table["text"].to_list()
    tasks, sets, _ = sketch(texts)
    scripts = scripts_of(texts)
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
    kinds = _kinds(scripts, truth)
    rows = []
    for name in names:
        path = work / "".join(c if c.isalnum() else "-" for c in name) / "pairs.txt"
        if not path.exists():
            continue
        text = path.read_text("ascii").split()
        pairs = np.array(text, np.int64).reshape(-1, 2)
        rows.append([name, *_judge(pairs, truth, shingles, scripts, kinds, n)])
    head = ["contender"]
    for kind in kinds:
        size = int((scripts[truth] == kind).all(axis=1).sum())
        head += [f"{kind} ({size:,} pairs): recall", "precision"]
    return (
        f"Recall of the pairs whose similarity is at least {SURE} by brute force, by "
        "the script that both are written in (of 20 pairs and more); precision is the "
        f"share of reported pairs of at least {NEAR}. A pair is found where both stand "
        "in one cluster of reported pairs.\n\n" + tables.markdown(head, rows)
    )


def scripts_of(texts):
    """Return the main script of each text, Han and kana taken together as CJK."""
    table, codes = script_table()
    names = np.array([*codes, *SCRIPT_EXTRA], object)
    writing = read_scripts(*pack(texts), table, codes)
    found = names[writing.script]
    found[np.isin(found, ["Hani", "Hans", "Hant", "Jpan", "Hira", "Kana"])] = "CJK"
    return found


def _kinds(scripts, truth):
    """Return the scripts that enough pairs are written in, most first."""
    both = scripts[truth[:, 0]] == scripts[truth[:, 1]]
    names, counts = np.unique(scripts[truth[both, 0]].astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [str(names[i]) for i in order if counts[i] >= _FEWEST]


def _judge(pairs, truth, shingles, scripts, kinds, n):
    """Return recall and precision for each script."""
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
    for kind in kinds:
        mine = (scripts[truth] == kind).all(axis=1)
        here = (scripts[found] == kind).all(axis=1)
        recall = together[mine].mean() if mine.any() else float("nan")
        right = (similar.jaccard[here] >= NEAR).mean() if here.any() else float("nan")
        cells += [f"{recall:.3f}", f"{right:.3f}"]
    return cells
