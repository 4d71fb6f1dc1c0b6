"""This project: near-duplicates alone, from the file to verified pairs and clusters."""

import numpy as np
from common import arguments, done, keep_pairs

from audit.annotate.signature import SignatureAnnotator, signature_matrix
from audit.batch import Batch
from audit.kernels.shingle import shingle_sets
from audit.link.clusters import components
from audit.link.layout import DEFAULT_LAYOUT
from audit.link.local import TaskSketches, link_tasks
from audit.link.verify import merge_shingles, pack_shingles
from audit.read import LocalFileSystem, ReadOptions, find_files, plan_splits, read_split

options = arguments()
files, chosen = LocalFileSystem(), ReadOptions()
annotator = SignatureAnnotator()
(file,) = find_files([str(options.documents)], files)
splits = plan_splits([file], chosen, files, target_bytes=1 << 40)


def batches():
    """Yield the first row and the documents of every batch."""
    row = 0
    for split in splits:
        for read in read_split(split, chosen, files):
            if read.documents.num_rows:
                yield row, read.documents
                row += read.documents.num_rows


def sketches():
    """Return what banding needs of all documents."""
    parts = []
    for row, documents in batches():
        columns = annotator.annotate(Batch(documents))
        n_docs = documents.num_rows
        hashes = np.frombuffer(columns["content_hash"].buffers()[1], np.uint8)
        parts.append(
            (
                np.arange(row, row + n_docs, dtype=np.uint32),
                signature_matrix(columns["signature"]),
                hashes[: n_docs * 16].reshape(n_docs, 16),
                np.asarray(columns["characters"]),
            )
        )
    return TaskSketches(0, *(np.concatenate(c) for c in zip(*parts, strict=True)))


def reread(task, wanted):
    """Return the shingle sets of some rows, from a second look at the file."""
    import pyarrow as pa

    found = []
    for row, documents in batches():
        rows = np.arange(row, row + documents.num_rows, dtype=np.uint32)
        mine = np.isin(rows, wanted)
        if mine.any():
            batch = Batch(documents.filter(pa.array(mine)))
            lengths = batch.tokens.characters
            sets = shingle_sets(batch.tokens)
            found.append(pack_shingles(task, rows[mine], sets, lengths, wanted))
    return merge_shingles(found)


whole = sketches()
links = link_tasks([whole], reread, partitions=1)
near = links.verified.at_least(DEFAULT_LAYOUT.threshold)
edges = np.concatenate([near.pairs, links.copies])
clusters = components(edges)
pairs = (edges & np.uint64(0xFFFFFFFF)).astype(np.int64).tolist()
n_pairs = keep_pairs(options.work, pairs)
done(documents=len(whole.rows), pairs=n_pairs, clustered=len(clusters.nodes))
