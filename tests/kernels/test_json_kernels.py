"""JSON kernels against plain parsers, and never out of the bounds of their buffers."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.kernels.json_lines import (
    ARRAY,
    BLANK,
    BOOLEAN,
    ESCAPED,
    ESCAPED_ELEMENT,
    GOOD,
    MISSING,
    NULL,
    NUMBER,
    OBJECT,
    ODD,
    PLAIN,
    PLAIN_ELEMENT,
    scan_lines,
)
from audit.kernels.json_paths import compile_paths
from audit.kernels.json_strings import copy_values
from audit.kernels.json_values import BEGIN, IN_ARRAY, new_state, split_values

PATHS = [("text",), ("meta", "url"), ("meta",)]


def scan(*lines, paths=PATHS, check_utf8=True):
    data = np.frombuffer(b"\n".join(lines) + b"\n", np.uint8)
    ends = np.flatnonzero(data == 10)[: len(lines)]
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)
    found = scan_lines(data, starts, ends, compile_paths(paths), check_utf8=check_utf8)
    return data, found


def value(data, found, field=0, line=0):
    size = found.sizes[field, line : line + 1]
    kinds = found.kinds[field, line : line + 1]
    escaped = (kinds == ESCAPED) | (kinds == ESCAPED_ELEMENT)
    out, offsets = copy_values(
        data, found.begins[field, line : line + 1], size, escaped
    )
    return out[: offsets[1]].tobytes()


@pytest.mark.parametrize(
    ("line", "kind", "content"),
    [
        (b'{"text": "a b"}', PLAIN, b"a b"),
        (b'{"text": ""}', PLAIN, b""),
        (
            rb'{"text": "a\n\"\u00e9\ud83d\ude00\/"}',
            ESCAPED,
            'a\n"é\U0001f600/'.encode(),
        ),
        (b'{"text": -1.5e+7}', NUMBER, b"-1.5e+7"),
        (b'{"text": true}', BOOLEAN, b"true"),
        (b'{"text": null}', NULL, b"null"),
        (b'{"text": {"text": "x"}}', OBJECT, b""),
        (b'{"text": [1, "x"]}', ARRAY, b""),
        (b'{"text": []}', ARRAY, b""),
        (b'{"text": ["x", "y"]}', PLAIN_ELEMENT, b"x"),
        (rb'{"text": ["\t", 1]}', ESCAPED_ELEMENT, b"\t"),
        (b'{"text": [["x"]]}', ARRAY, b""),
        (b'{"other": "text"}', MISSING, b""),
        (b'{"a": {"text": "x"}}', MISSING, b""),
        (b'{"a": [{"text": "x"}]}', MISSING, b""),
        (b'{"text": "x", "text": "y"}', PLAIN, b"y"),
    ],
)
def test_kinds_and_places_of_values(line, kind, content):
    data, found = scan(line)
    assert found.status[0] == GOOD
    assert found.kinds[0, 0] == kind
    assert value(data, found) == content


def test_nested_fields_are_found_at_their_level_only():
    data, found = scan(
        b'{"meta": {"x": {"url": "no"}, "url": "yes"}, "url": "no"}',
        b'{"meta": [{"url": "no"}]}',
        b'{"meta": {"url": "old"}, "meta": {"y": 1}}',
    )
    assert found.status.tolist() == [GOOD] * 3
    assert found.kinds[1].tolist() == [PLAIN, MISSING, MISSING]
    assert found.kinds[2].tolist() == [OBJECT, ARRAY, OBJECT]
    assert value(data, found, field=1) == b"yes"


@pytest.mark.parametrize(
    "line",
    [b"[]", b"x", b'{"text": "x"', b'{"text": "x"}}', b'{"text": "x"} x', b"{,}",
     b'{"text": "x",}', b'{"text" "x"}', b'{"text": 01}', b'{"text": 1.}',
     b'{"text": .5}', b'{"text": 1e}', b'{"text": -}', b'{"text": -0}',
     b'{"text": nul}', b'{"text": True}', b'{"text": "\\q"}', b'{"text": "\\u12g4"}',
     b'{"text": "\\ud800"}', b'{"text": "\\ud800\\u0041"}', b'{"text": "\\udc00"}',
     b'{"text": "\x01"}', b'{"text": "\xff"}', b'{"text": "\xc0\x80"}',
     b'{"text": "\xed\xa0\x80"}', b'{"text": "\xf4\x90\x80\x80"}',
     b'{"text": "\xe2\x82"}',
     b'{"te\\u0078t": 1}', b'{"text": [1,]}', b'{"text": [1}', b'{"text": {]}',
     b'{"text": ' + b"[" * 61 + b"]" * 61 + b"}"],
)  # fmt: skip
def test_what_is_wrong_or_unusual_is_odd(line):
    assert scan(line)[1].status[0] == ODD


def test_blank_lines():
    assert scan(b"", b" \t\r", b"{}")[1].status.tolist() == [BLANK, BLANK, GOOD]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
documents = st.recursive(
    st.none()
    | st.booleans()
    | texts
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(texts, documents, max_size=4), texts, st.booleans())
def test_whatever_json_writes_is_good_and_its_strings_come_out_right(
    record, text, ascii_only
):
    record = {**record, "text": text}
    line = json.dumps(record, ensure_ascii=ascii_only, allow_nan=False).encode()
    data, found = scan(line)
    if found.status[0] == GOOD:
        assert value(data, found) == text.encode()
    else:
        # Keys with escapes, -0 and the like: nothing else is left to the full parser.
        assert b"\\" in line or b"-0" in line


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=60), st.booleans())
def test_a_good_line_is_json_whatever_the_bytes(noise, check_utf8):
    line = b'{"text":"' + noise.replace(b"\n", b"") + b'"}'
    data, found = scan(line)
    if found.status[0] == GOOD:
        told = json.loads(line.decode())["text"]
        assert not isinstance(told, str) or value(data, found) == told.encode()
    if not check_utf8:
        # Whatever it says, it stays inside the line.
        data, found = scan(line, check_utf8=False)
        ends = found.begins[:, 0] + found.sizes[:, 0]
        assert found.begins.min() >= 0
        assert ends.max() <= len(line)


@settings(deadline=None)
@given(st.lists(documents, max_size=6), st.integers(1, 20), st.booleans())
def test_values_are_found_wherever_the_blocks_end(values, block, spaced):
    text = json.dumps(values, indent=1 if spaced else None).encode()
    state, carry, found = new_state(), b"", []
    for first in range(0, len(text), block):
        joined = carry + text[first : first + block]
        data = np.frombuffer(joined, np.uint8)
        begins, ends = split_values(data, len(carry), state)
        found += [joined[b:e] for b, e in zip(begins, ends, strict=True)]
        begin = int(state[BEGIN])
        carry = joined[begin:] if begin >= 0 else b""
        state[BEGIN] = 0 if begin >= 0 else -1
    assert [json.loads(part) for part in found] == values
    assert not state[IN_ARRAY]
    assert state[BEGIN] == -1


def test_objects_without_an_array_around_them_are_values_too():
    data = np.frombuffer(b'{"a":\n1}\n{"b": "}"}  7\n', np.uint8)
    begins, ends = split_values(data, 0, new_state())
    found = [data[b:e].tobytes() for b, e in zip(begins, ends, strict=True)]
    assert found == [b'{"a":\n1}', b'{"b": "}"}', b"7"]


def test_too_many_fields_are_refused():
    with pytest.raises(ValueError, match="60"):
        compile_paths([("a",)] * 61)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.text(st.sampled_from('ab"\\/\n\t\x1f é中🎉'), max_size=150), max_size=5
    ),
    st.booleans(),
    st.booleans(),
)
def test_a_block_that_goes_on_changes_nothing(texts, ascii_only, check_utf8):
    lines = [json.dumps({"text": t}, ensure_ascii=ascii_only).encode() for t in texts]
    lines.append(b'{"text": "cut off')
    _, alone = scan(*lines, check_utf8=check_utf8)
    data, longer = scan(*lines, b'"' * 200, check_utf8=check_utf8)
    for line, text in enumerate(texts):
        assert longer.status[line] == GOOD
        assert value(data, longer, line=line) == text.encode()
    assert longer.status[len(texts)] == alone.status[len(texts)] == ODD
    assert (longer.kinds[:, :-1] == alone.kinds).all()
    assert (longer.begins[:, :-1] == alone.begins).all()
    assert (longer.sizes[:, :-1] == alone.sizes).all()
