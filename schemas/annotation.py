"""What annotators add to a DOCUMENT batch, column by column.

In: nothing (this module imports pyarrow only). Out: the types of the columns. Text
labels are dictionary arrays: the values are written once a batch, the codes are what
the fold groups by.
"""

import pyarrow as pa

__all__ = ["ANNOTATION", "NUM_PERM", "REFERENCE"]

# Values of one MinHash signature (uint32 each).
NUM_PERM = 128

_LABEL = pa.dictionary(pa.int32(), pa.string())

# One matched reference of one document: `reference` is its number in the gazetteer.
REFERENCE = pa.struct(
    [
        pa.field("reference", pa.int32(), nullable=False),
        pa.field("mentions", pa.int32(), nullable=False),
    ]
)

ANNOTATION = pa.schema(
    [
        # language@1
        pa.field("language", _LABEL, nullable=False),
        pa.field("script", _LABEL, nullable=False),
        pa.field("confidence_micros", pa.int64(), nullable=False),
        # source@2; `domain` is "" where there is no usable URL, the others null
        pa.field("domain", _LABEL, nullable=False),
        pa.field("suffix", _LABEL),
        pa.field("platform", _LABEL),
        pa.field("operator", _LABEL),
        pa.field("category", _LABEL),
        pa.field("country", _LABEL),
        # "url", "field" (declared source or file name) or "none": what the platform,
        # category and country of the document rest on
        pa.field("attributed_by", _LABEL, nullable=False),
        # signature@1
        pa.field("characters", pa.int64(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("words", pa.int64(), nullable=False),
        # 128-bit hash of the normalised text
        pa.field("content_hash", pa.binary(16), nullable=False),
        pa.field("signature", pa.list_(pa.uint32(), NUM_PERM), nullable=False),
        # mojibake@1
        pa.field("mojibake", pa.bool_(), nullable=False),
        # culture@1; references that count, each once a document, ascending
        pa.field("references", pa.list_(REFERENCE), nullable=False),
    ]
)
