"""Which field of a record is the text, which the URL, and so on.

In: the first records of a file and the user's options. Out: a `Layout`, the mapping
that the readers apply to every record, or the reason why there is none. The presets are
in layouts.toml. Detection looks at the head of a file only, so that every split of one
file has the same layout.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from audit.read.options import ROLES, ReadOptions
from audit.read.paths import MISSING, field_keys, field_names, get_path, present_paths

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "Layout",
    "NoTextFieldError",
    "detect_layout",
    "layout_names",
]

_OTHER_ROLES = ROLES[1:]

# Where no preset fits: names that fields of these roles usually have, best first.
_USUAL: dict[str, tuple[str, ...]] = {
    "text": (
        "text", "content", "raw_content", "document", "body", "article", "raw_text",
        "plain_text", "markdown", "passage", "paragraph", "sentence", "review",
        "contents", "texts", "page_content", "text_content", "abstract", "story",
        "maintext", "main_text", "output", "completion", "code", "tweet", "comment",
        "正文", "内容", "文本",
    ),
    "id": ("id", "doc_id", "document_id", "docid", "_id", "uuid", "uid", "guid"),
    "url": (
        "url", "source_url", "page_url", "uri", "link", "canonical_url", "origin_url",
        "target_uri", "meta.url", "metadata.url", "meta.source_url",
        "metadata.source_url", "metadata.WARC-Target-URI", "warc-target-uri", "id",
    ),
    "language": (
        "language", "lang", "lang_code", "language_code", "locale", "meta.language",
        "meta.lang", "metadata.language", "metadata.lang",
    ),
    "date": (
        "date", "timestamp", "created", "created_at", "published", "publish_date",
        "date_published", "published_at", "crawl_date", "date_download", "added",
        "meta.timestamp", "meta.date", "metadata.date", "metadata.timestamp",
    ),
    "source": (
        "source", "subset", "dataset", "corpus", "origin", "domain", "meta.source",
        "meta.pile_set_name", "metadata.source", "data_source", "dataset_name",
    ),
}  # fmt: skip

_SHOWN_FIELDS = 40


class NoTextFieldError(Exception):
    """No field of a file can be told to be the text; the message lists the fields."""


@dataclass(frozen=True)
class Layout:
    """Where a record keeps what we need.

    Attributes:
        name: the preset's name, or ``fields`` where the mapping was put together.
        shape: ``field`` (one field is the text), ``messages`` (a list of turns) or
            ``parts`` (several fields make the text).
        text: the field of the text; for ``parts`` all of them, in order.
        fields: role to field, for the other roles that have one.
        why: how it was found, for people.
        keys: the keys that lead to each field; None where records differ in that.
    """

    name: str
    shape: str
    text: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    keys: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class _Preset:
    name: str
    shape: str
    requires: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def _presets() -> tuple[_Preset, ...]:
    text = files("audit.read").joinpath("layouts.toml").read_text("utf-8")
    return tuple(
        _Preset(
            entry["name"],
            entry.get("shape", "field"),
            tuple(entry.get("requires", ())),
            {role: tuple(entry.get(role, ())) for role in ROLES},
        )
        for entry in tomllib.loads(text)["layout"]
    )


def layout_names() -> tuple[str, ...]:
    """Return the names of the presets, in the order in which they are tried."""
    return tuple(preset.name for preset in _presets())


def detect_layout(records: Sequence[dict[str, Any]], options: ReadOptions) -> Layout:
    """Return the layout of a file whose first records are given.

    What the user named wins, then a named preset, then the most specific preset whose
    required fields are there, then fields with usual names.

    Args:
        records: the first records of the file, at least one.
        options: what the user says.

    Raises:
        NoTextFieldError: no field can be told to be the text.
    """
    head = _Head(records)
    layout = _found(head, options)
    named = {r: p for r in _OTHER_ROLES if (p := options.field(r)) is not None}
    if options.text_field is not None:
        layout = replace(
            layout, name="fields", shape=_shape_of(records, options.text_field),
            text=(options.text_field,), why="text field given",
        )  # fmt: skip
    if not layout.text:
        raise NoTextFieldError(_no_text(records, "no field looks like the text"))
    if not any(_present(records, path) for path in layout.text):
        given = ", ".join(layout.text)
        raise NoTextFieldError(_no_text(records, f"there is no field {given}"))
    if named:
        layout = replace(layout, fields={**layout.fields, **named})
    paths = (*layout.text, *layout.fields.values())
    return replace(layout, keys=field_keys(records, paths))


class _Head:
    # The first records, and the paths at which any of them has a value.

    def __init__(self, records: Sequence[dict[str, Any]]) -> None:
        self.records = records
        self.present = present_paths(records)


def _found(head: _Head, options: ReadOptions) -> Layout:
    presets = _presets()
    if options.layout is not None:
        preset = next(p for p in presets if p.name == options.layout)
        return _applied(preset, head, "layout given")
    fitting = [p for p in presets if p.requires and _fits(p, head)]
    if fitting:
        best = max(fitting, key=lambda p: len(p.requires))
        return _applied(best, head, f"has {', '.join(best.requires)}")
    text = _usual_text(head.records)
    roles = {role: _USUAL[role] for role in _OTHER_ROLES}
    preset = _Preset("fields", "field", (), {"text": text, **roles})
    return _applied(preset, head, f"text field {text[0]}" if text else "")


def _fits(preset: _Preset, head: _Head) -> bool:
    if not all(path in head.present for path in preset.requires):
        return False
    values = [get_path(r, p) for r in head.records for p in preset.roles["text"]]
    if preset.shape == "messages":
        return any(isinstance(value, (list, str)) and value for value in values)
    return any(isinstance(value, (str, list)) for value in values)


def _applied(preset: _Preset, head: _Head, why: str) -> Layout:
    fields = {}
    for role in _OTHER_ROLES:
        for path in preset.roles[role]:
            if path in head.present and _usable(head, role, path):
                fields[role] = path
                break
    text = preset.roles["text"]
    if preset.shape == "parts":
        text = tuple(path for path in text if path in head.present) or text[:1]
    else:
        text = tuple([p for p in text if p in head.present] or text)[:1]
    return Layout(preset.name, preset.shape, text, fields, why)


def _usable(head: _Head, role: str, path: str) -> bool:
    values = [v for r in head.records if (v := get_path(r, path)) is not None]
    if role == "url":
        # Some corpora use the URL as id; others have plain ids.
        return path != "id" or all(
            isinstance(v, str) and v.startswith(("http://", "https://")) for v in values
        )
    if role == "id":
        return any(isinstance(v, (str, int, float)) and v != "" for v in values)
    return any(isinstance(value, (str, int, float, list)) for value in values)


def _usual_text(records: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    by_lower = {str(name).lower(): name for r in records for name in r}
    for name in _USUAL["text"]:
        actual = by_lower.get(name)
        values = [r[actual] for r in records if actual in r] if actual else []
        if any(isinstance(v, str) for v in values) or (
            name == "text" and values and all(v is None for v in values)
        ):
            return (str(actual),)
    # The only field that holds prose is the text, whatever its name.
    prose = [n for n in by_lower.values() if _is_prose(records, n)]
    return tuple(prose) if len(prose) == 1 else ()


def _is_prose(records: Sequence[dict[str, Any]], name: str) -> bool:
    values = [v for r in records if isinstance(v := r.get(name), str)]
    if not values or any(v.startswith(("http://", "https://")) for v in values):
        return False
    return sum(len(v.encode("utf-8", "replace")) for v in values) / len(values) >= 80


def _shape_of(records: Sequence[dict[str, Any]], path: str) -> str:
    values = [v for r in records if (v := get_path(r, path)) is not None]
    turns = [v for v in values if isinstance(v, list) and v and isinstance(v[0], dict)]
    return "messages" if turns and len(turns) == len(values) else "field"


def _present(records: Sequence[dict[str, Any]], path: str) -> bool:
    return any(get_path(r, path, MISSING) is not MISSING for r in records)


def _no_text(records: Sequence[dict[str, Any]], what: str) -> str:
    names = field_names(records)
    shown = ", ".join(names[:_SHOWN_FIELDS])
    n_more = len(names) - _SHOWN_FIELDS
    more = f" and {n_more} more" if n_more > 0 else ""
    return f"{what}; fields there: {shown}{more}"
