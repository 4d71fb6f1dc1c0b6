"""The signature annotator: columns of the contract, over the text as it was given."""

import pickle

import numpy as np
import pyarrow as pa
from reference_text import content_hash, minhash, nfc, shingles

from audit.annotate.signature import SignatureAnnotator, signature_matrix
from audit.batch import Batch
from audit.kernels.minhash import permutations
from schemas.annotation import ANNOTATION, NUM_PERM
from schemas.document import DOCUMENT

TEXTS = [
    "one two three four",
    "",
    "cafe\u0301 noir",
    "北京是中国的首都。",
    " \n",
    "one two  three four",
]


def batch(texts):
    n = len(texts)
    columns = {
        "doc_id": pa.array([str(i) for i in range(n)], pa.string()),
        "text": pa.array(texts, pa.large_string()),
        "position": pa.array(range(1, n + 1), pa.int64()),
    }
    empty = pa.nulls(n, pa.string())
    arrays = [columns.get(name, empty) for name in DOCUMENT.names]
    return Batch(pa.record_batch(arrays, schema=DOCUMENT))


def test_columns_have_the_types_of_the_contract():
    for texts in (TEXTS, []):
        made = SignatureAnnotator().annotate(batch(texts))
        assert list(made) == [
            "characters",
            "bytes",
            "words",
            "content_hash",
            "signature",
        ]
        for name, column in made.items():
            assert column.type == ANNOTATION.field(name).type
            assert len(column) == len(texts)
            column.validate(full=True)


def test_values_by_the_slow_twins():
    made = SignatureAnnotator().annotate(batch(TEXTS))
    assert made["characters"].to_pylist() == [len(text) for text in TEXTS]
    assert made["bytes"].to_pylist() == [len(text.encode()) for text in TEXTS]
    assert made["words"].to_pylist() == [4, 0, 2, 8, 0, 4]
    hashes = [content_hash(nfc(text)) for text in TEXTS]
    assert made["content_hash"].to_pylist() == hashes
    assert hashes[0] == hashes[5]
    signatures = [
        minhash(shingles(nfc(t).encode()), *permutations(NUM_PERM)) for t in TEXTS
    ]
    assert made["signature"].to_pylist() == signatures


def test_a_slice_of_a_batch_gives_the_slice_of_its_columns():
    whole = SignatureAnnotator().annotate(batch(TEXTS))
    part = batch(TEXTS)
    part.documents = part.documents.slice(2, 3)
    made = SignatureAnnotator().annotate(part)
    for name, column in made.items():
        assert column.to_pylist() == whole[name].to_pylist()[2:5]


def test_the_matrix_is_a_view():
    column = SignatureAnnotator().annotate(batch(TEXTS))["signature"]
    matrix = signature_matrix(column)
    assert matrix.tolist() == column.to_pylist()
    assert signature_matrix(column.slice(2, 2)).tolist() == matrix[2:4].tolist()
    assert not matrix.flags.owndata
    assert matrix.dtype == np.uint32


def test_the_fingerprint_names_what_decides_the_values():
    annotator = SignatureAnnotator()
    fingerprint = annotator.fingerprint()
    assert annotator.name == "signature@1"
    assert set(fingerprint) == {"minhash", "shingle", "content_hash", "unicode"}
    assert all(isinstance(value, str) and value for value in fingerprint.values())
    assert pickle.loads(pickle.dumps(annotator)).fingerprint() == fingerprint
