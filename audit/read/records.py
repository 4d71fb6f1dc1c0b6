"""Turn one decoded record into a document or the reason why it is none.

In: a decoded JSON or tabular record and a layout. Out: a `Row`, or a `Refusal`. JSON
Lines that the fast path cannot judge, JSON arrays, tables and conversations all come
through here, so that a record means the same in every format.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from audit.read.batches import Refusal, Row
from audit.read.chat import render_parts, render_turns
from audit.read.layouts import Layout
from audit.read.paths import MISSING, get_path

__all__ = ["as_label", "decode", "extract"]


def decode(line: bytes | memoryview, layout: Layout | None = None) -> Any:
    """Return the value of one JSON text, or a `Refusal` that says what is wrong.

    NaN and Infinity, which Python writes, are accepted; numbers in fields of the layout
    stay as they are written, however many digits they have.
    """
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return _decode_again(bytes(line), error)
    if layout and any(
        isinstance(get_path(value, path), float) for path in layout.fields.values()
    ):
        # The float may be an id of twenty digits: read it again with all of them.
        value = json.loads(bytes(line), parse_float=_Number, parse_int=_Number)
    return value


class _Number(str):
    """A number as the input writes it."""

    __slots__ = ()


def _decode_again(line: bytes, error: Exception) -> Any:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as bad:
        return Refusal(
            "invalid_unicode", f"not UTF-8 at byte {bad.start} of the record"
        )
    try:
        value = json.loads(text, parse_float=_Number, parse_int=_Number)
    except (ValueError, RecursionError):
        return Refusal("malformed_record", _explain(error))
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return Refusal("invalid_unicode", "a surrogate stands alone in a string")
    except RecursionError:
        return Refusal("malformed_record", "nested too deeply")
    return value


def _explain(error: Exception) -> str:
    return str(error).partition(": line")[0].partition(" at line")[0]


def extract(record: Any, layout: Layout) -> Row | Refusal:
    """Return the document in a decoded record, or why there is none."""
    if isinstance(record, Refusal):
        return record
    if not isinstance(record, dict):
        return Refusal("not_an_object", f"the record is {_kind(record)}")
    text = _text(record, layout)
    if isinstance(text, Refusal):
        return text
    fields = layout.fields
    found = {role: as_label(get_path(record, path)) for role, path in fields.items()}
    url = found.get("url")
    return Row(
        text,
        found.get("id") or None,
        url or None,
        found.get("language") or None,
        found.get("source") or None,
        found.get("date") or None,
    )


def _text(record: dict[str, Any], layout: Layout) -> str | Refusal:
    if layout.shape == "parts":
        return render_parts(record, layout.text)
    path = layout.text[0]
    value = get_path(record, path, MISSING)
    if value is MISSING:
        return Refusal("missing_text", f"no field {path}")
    if value is None:
        return Refusal("null_text", f"{path} is null")
    if layout.shape == "messages":
        return render_turns(value, path)
    if type(value) is not str:
        return Refusal("not_text", f"{path} is {_kind(value)}")
    return value


def as_label(value: Any) -> str | None:
    """Return a field that is not the text as text: numbers as they are written."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (date, Decimal)):
        return str(value)
    if isinstance(value, list) and value and isinstance(value[0], str):
        return value[0]
    return None


def _kind(value: Any) -> str:
    if isinstance(value, _Number) or type(value) in (int, float):
        return "a number"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (bytes, memoryview)):
        return "binary content"
    kinds = {str: "a string", list: "a list", dict: "an object", type(None): "null"}
    return kinds.get(type(value), f"a value of type {type(value).__name__}")
