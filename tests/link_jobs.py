"""Small link jobs: texts cut into tasks, linked as a run would, named by place."""

from itertools import pairwise

import numpy as np
from reference_text import pack

from audit.kernels.hashing import content_hash
from audit.kernels.minhash import sign
from audit.kernels.shingle import shingle, shingle_sets
from audit.kernels.tokens import tokenize
from audit.link.local import TaskSketches, link_tasks
from audit.link.verify import pack_shingles


def sketches(texts, task):
    data, offsets = pack(texts)
    tokens = tokenize(data, offsets)
    rows = np.arange(len(texts), dtype=np.uint32)
    hashes = content_hash(data, offsets)
    return TaskSketches(task, rows, sign(shingle(tokens)), hashes, tokens.characters)


def link(tasks, **options):
    """Link tasks, each a list of texts."""

    def reread(task, wanted):
        tokens = tokenize(*pack(tasks[task]))
        rows = np.arange(len(tasks[task]), dtype=np.uint32)
        return pack_shingles(
            task, rows, shingle_sets(tokens), tokens.characters, wanted
        )

    return link_tasks(
        [sketches(texts, task) for task, texts in enumerate(tasks)], reread, **options
    )


def split(texts, sizes):
    """Cut texts into tasks of these sizes; the last takes the rest."""
    cuts = np.cumsum([0, *sizes, len(texts)]).clip(max=len(texts))
    return [texts[a:b] for a, b in pairwise(cuts)]


def place(keys, tasks):
    """Return document keys as places in all texts, one after the other."""
    starts = np.cumsum([0, *map(len, tasks)])
    keys = np.asarray(keys, np.uint64)
    task = (keys >> np.uint64(32)).astype(np.int64)
    return starts[task] + (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def words(random, n):
    """Return n invented words."""
    return [f"w{i}" for i in random.integers(0, 5000, n)]
