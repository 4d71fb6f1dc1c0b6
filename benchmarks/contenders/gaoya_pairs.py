"""gaoya: a MinHash index over word 5-grams, all documents asked for their like."""

from common import arguments, done, keep_pairs, texts
from gaoya.minhash import MinHashStringIndex

options = arguments()
found = list(texts(options.documents))
analyzer = "char" if options.unit == "char" else "word"
index = MinHashStringIndex(
    32, 0.8, 18, 7, None, analyzer, True, (5, 5), "smallvec"
)  # fmt: skip
index.par_bulk_insert_docs(list(range(len(found))), found)
answers = index.par_bulk_query(found)
pairs = ((row, other) for row, others in enumerate(answers) for other in others)
done(documents=len(found), pairs=keep_pairs(options.work, pairs))
