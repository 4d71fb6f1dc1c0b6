"""Turn conversations and instruction records into the text that a person would read.

In: the turns or parts of a record, in any of the layouts of instruction data. Out: what
was said, in order, parted by blank lines. Names of roles are left out: they would count
as English words in every language.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from audit.read.batches import Refusal
from audit.read.paths import get_path

__all__ = ["render_parts", "render_turns"]

# Where a turn keeps what was said: OpenAI, ShareGPT, and other layouts in use.
_SAID = ("content", "value", "text", "message", "utterance", "parts", "body")
_CALLS = ("tool_calls", "function_call")
_REASONING = ("reasoning_content", "reasoning", "thinking")
# Kinds of content that are no text.
_MEDIA = {"image", "image_url", "audio", "input_audio", "audio_url", "video",
          "video_url", "file", "input_image"}  # fmt: skip
_GAP = "\n\n"


def render_turns(value: Any, path: str) -> str | Refusal:
    """Return the readable conversation in a list of turns."""
    if isinstance(value, str):  # some tables hold the turns as JSON text
        value = _from_json(value)
        if isinstance(value, str):
            return value
    if not isinstance(value, list):
        return Refusal("not_text", f"{path} is no list of turns")
    said = [part for turn in value for part in _turn(turn)]
    if value and not said and not any(_is_turn(turn) for turn in value):
        return Refusal("not_text", f"{path} holds no turns with content")
    return _GAP.join(said)


def render_parts(record: dict[str, Any], paths: Sequence[str]) -> str | Refusal:
    """Return several fields of a record as one text, in the order of ``paths``.

    What an earlier field has said already is not repeated, so that a preference pair
    whose answers both hold the prompt has it once.
    """
    values = [get_path(record, path) for path in paths]
    if all(value is None for value in values):
        there = any(get_path(record, path, ...) is not ... for path in paths)
        return Refusal(
            "null_text" if there else "missing_text",
            f"{' and '.join(paths)} are {'null' if there else 'not there'}",
        )
    said: list[str] = []
    for path, value in zip(paths, values, strict=True):
        parts = _part(value)
        if parts is None:
            return Refusal("not_text", f"{path} is no text and no list of turns")
        said += [part for part in parts if part not in said]
    return _GAP.join(said)


def _part(value: Any) -> list[str] | None:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return _turn(value) if _is_turn(value) else None
    if isinstance(value, list):
        if value and not any(_is_turn(turn) or isinstance(turn, str) for turn in value):
            return None
        return [part for turn in value for part in _turn(turn)]
    return None


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and any(key in turn for key in (*_SAID, *_CALLS))


def _turn(turn: Any) -> list[str]:
    # Everything that one turn says, empty strings left out.
    if isinstance(turn, str):
        return [turn] if turn else []
    if isinstance(turn, list):
        return [part for inner in turn for part in _turn(inner)]
    if not isinstance(turn, dict):
        return []
    if turn.get("type") in _MEDIA:
        return []
    said: list[str] = []
    for key in (*_REASONING, *_SAID):
        if key in turn and turn[key] is not None:
            said += _turn(turn[key])
            if key in _SAID:
                break
    for key in _CALLS:
        said += _calls(turn.get(key))
    return said


def _calls(calls: Any) -> list[str]:
    # A tool call reads as `name(arguments)`.
    said = []
    for call in calls if isinstance(calls, list) else [calls]:
        if not isinstance(call, dict):
            continue
        function = call.get("function", call)
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            arguments = function.get("arguments", "")
            if not isinstance(arguments, str):
                arguments = json.dumps(arguments, ensure_ascii=False)
            said.append(f"{function['name']}({arguments})")
    return said


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
