"""rensa: RMinHash and its LSH, candidates verified by the signature's estimate."""

from common import arguments, done, keep_pairs, shingles, texts
from rensa import RMinHash, RMinHashLSH

options = arguments()
lsh = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16)
sketches = []
for row, text in enumerate(texts(options.documents)):
    sketch = RMinHash(num_perm=128, seed=42)
    sketch.update(list(shingles(text, options.unit)))
    lsh.insert(row, sketch)
    sketches.append(sketch)
pairs = [
    (row, other)
    for row, sketch in enumerate(sketches)
    for other in lsh.query(sketch)
    if other < row and sketch.jaccard(sketches[other]) >= 0.8
]
done(documents=len(sketches), pairs=keep_pairs(options.work, pairs))
