"""Kernels that look at 64 bytes at a time: wherever a block ends, they miss nothing."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.kernels.charsets import BEHIND, begins, character_set, copy_tail
from audit.kernels.jit import kernel
from audit.kernels.newlines import line_feeds
from audit.kernels.utf8 import is_utf8

GOOD = "aé\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffffж한\n"
WRONG = [
    b"\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf5",
    b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xc3", b"\xe4\xb8", b"\xf0\x9f\x8e",
    b"\xc3\xc3\xa9", b"\xe4\xb8\xad\xad", b"\xff", b"\xf8\x88\x80\x80\x80",
]  # fmt: skip


def as_python(content):
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def array(content):
    return np.frombuffer(content, np.uint8)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_found_at_any_place(wrong):
    for before in range(140):
        for after in ("", "b" * 70, "é" * 40, "中" * 30, "🎉" * 20):
            content = b"a" * before + wrong + after.encode()
            assert not is_utf8(array(content), 0, len(content))


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.text(GOOD, max_size=80).map(str.encode)
        | st.binary(max_size=3)
        | st.sampled_from(WRONG),
        max_size=4,
    ),
    st.integers(0, 5),
)
def test_utf8_is_what_python_reads(parts, skip):
    content = b"".join(parts)
    begin = min(skip, len(content))
    expected = as_python(content[begin:])
    assert is_utf8(array(content), begin, len(content)) == expected
    # What stands around it does not count.
    around = b"\xff" * begin + content[begin:] + b"\xff"
    assert is_utf8(array(around), begin, len(content)) == expected


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 90), max_size=12), st.integers(0, 70))
def test_lines_end_where_line_feeds_are(sizes, rest):
    content = b"".join(b"x" * size + b"\n" for size in sizes) + b"\r" * rest
    found = line_feeds(array(content))
    assert found.tolist() == [i for i, byte in enumerate(content) if byte == 10]


@kernel
def _begins(data, wanted):
    tail = np.zeros(64 + BEHIND, np.uint8)
    found = np.empty((len(data) + 63) // 64, np.uint64)
    for i in range(len(found)):
        copy_tail(data, 64 * i, tail)
        found[i] = begins(tail, 0, wanted)
    return found


def places(content, points):
    masks = _begins(array(content), character_set(points))
    return np.flatnonzero(np.unpackbits(masks.view(np.uint8), bitorder="little"))


def test_no_character_of_a_set_is_missed_and_few_others_are_found():
    wanted = [*range(0x300, 0x370), 0x3099, 0x309A, *range(0x1100, 0x1120), 0x1F600]
    every = [c for c in range(0x80, sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    text = "".join(map(chr, every))
    sizes = np.array([len(chr(c).encode()) for c in every])
    starts = dict(zip((np.cumsum(sizes) - sizes).tolist(), every, strict=True))
    found = {starts[place] for place in places(text.encode(), wanted).tolist()}
    assert found >= set(wanted)
    # Of what has three bytes, only neighbours are found beside them.
    assert found & set(range(0x80, 0x4000)) - set(range(0x1100, 0x1140)) == {
        point for point in wanted if not 0x1100 <= point < 0x1140 and point < 0x4000
    }
