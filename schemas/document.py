"""What flows from readers to annotators: DOCUMENT batches and REJECT rows.

In: nothing (this module imports pyarrow only). Out: the Arrow schemas that every reader
yields, whatever the layout of its input.
"""

import pyarrow as pa

__all__ = ["DOCUMENT", "REJECT", "REJECT_REASONS"]

DOCUMENT = pa.schema(
    [
        # The input's own id, or "<file name>@<place>" where it has none.
        pa.field("doc_id", pa.string(), nullable=False),
        # Valid UTF-8, exactly as the input has it (normalisation comes later).
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("url", pa.string()),
        # What the input says of itself; never trusted as truth.
        pa.field("language_declared", pa.string()),
        pa.field("source_declared", pa.string()),
        # ISO 8601 day, "2026-11-23".
        pa.field("date", pa.string()),
        # Line, row or record number in its file or split, from 1.
        pa.field("position", pa.int64(), nullable=False),
    ]
)

REJECT = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        # At most 200 characters, printable.
        pa.field("detail", pa.string(), nullable=False),
    ]
)

# The fixed vocabulary of REJECT.reason.
REJECT_REASONS: dict[str, str] = {
    "malformed_record": "the record does not parse in the file's format",
    "not_an_object": "the record is JSON, but not an object",
    "missing_text": "the record has no text field",
    "null_text": "the text field is null",
    "not_text": "the text field holds a number, a list, an object or binary content",
    "invalid_unicode": "the bytes are not valid UTF-8, or hold a lone surrogate",
    "too_long": "the record is longer than the limit for one record",
    "truncated": "the file ends in the middle of a record or of a compressed block",
    "unreadable_file": "the file cannot be opened or read",
    "unsupported_format": "the file is in no format that can be read",
    "no_text_field": "no field of the file can be told to be the text",
    "decompression_limit": "the file expands beyond the allowed ratio",
}
