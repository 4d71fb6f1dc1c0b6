"""Conversations read as a person would read them, whatever their layout."""

import pytest

from audit.read.batches import Refusal
from audit.read.chat import render_parts, render_turns

TURNS = [
    ([{"role": "user", "content": "a"}, {"role": "bot", "content": "b"}], "a\n\nb"),
    ([{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}], "a\n\nb"),
    ([{"role": "user", "content": [{"type": "text", "text": "a"},
      {"type": "image_url", "image_url": {"url": "data:..."}}]}], "a"),
    ([{"role": "user", "content": [{"type": "text", "value": "a"}]}], "a"),
    ([{"role": "assistant", "content": None, "tool_calls": [
        {"function": {"name": "f", "arguments": '{"q": "x"}'}}]}], 'f({"q": "x"})'),
    ([{"role": "assistant", "content": "", "function_call": {
        "name": "find", "arguments": {"q": "é"}}}], 'find({"q": "é"})'),
    ([{"role": "assistant", "reasoning_content": "hm", "content": "b"}], "hm\n\nb"),
    ([{"role": "user", "content": ""}], ""),
    ([], ""),
    (["a", "b"], "a\n\nb"),
    ([["a", "b"], ["c", "d"]], "a\n\nb\n\nc\n\nd"),
    ('[{"role": "user", "content": "a"}]', "a"),
    ("User: a", "User: a"),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "text"), TURNS)
def test_turns(turns, text):
    assert render_turns(turns, "messages") == text


@pytest.mark.parametrize("turns", [5, {"role": "user"}, [1, 2], [{"role": "user"}]])
def test_what_is_no_conversation_is_refused(turns):
    found = render_turns(turns, "messages")
    assert isinstance(found, Refusal)
    assert found.reason == "not_text"


def test_parts_are_said_once_and_in_order():
    record = {"prompt": "a", "chosen": "b", "rejected": "c", "system": None}
    assert render_parts(record, ("prompt", "chosen", "rejected")) == "a\n\nb\n\nc"
    both = {"chosen": [{"role": "user", "content": "a"}, {"content": "b"}],
            "rejected": [{"role": "user", "content": "a"}, "c"]}  # fmt: skip
    assert render_parts(both, ("chosen", "rejected")) == "a\n\nb\n\nc"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "missing_text"),
        ({"a": None}, "null_text"),
        ({"a": 5, "b": "x"}, "not_text"),
    ],
)
def test_parts_that_are_no_text(record, reason):
    found = render_parts(record, ("a", "b"))
    assert isinstance(found, Refusal)
    assert found.reason == reason
