"""datasketch: bulk MinHash with its fastest hash, its LSH, verified by the estimate."""

from common import arguments, done, keep_pairs, shingles, texts
from datasketch import MinHash, MinHashLSH
from xxhash import xxh32_intdigest

options = arguments()
lsh = MinHashLSH(threshold=0.8, num_perm=128)
sets = (
    [s.encode() for s in shingles(text, options.unit)]
    for text in texts(options.documents)
)
sketches = list(MinHash.generator(sets, num_perm=128, hashfunc=xxh32_intdigest))
pairs = []
for row, sketch in enumerate(sketches):
    pairs += [
        (row, other)
        for other in lsh.query(sketch)
        if sketch.jaccard(sketches[other]) >= 0.8
    ]
    lsh.insert(row, sketch, check_duplication=False)
done(documents=len(sketches), pairs=keep_pairs(options.work, pairs))
