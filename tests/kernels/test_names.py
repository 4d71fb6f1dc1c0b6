"""The walk over host names against a slow twin, on small tables and odd names."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_text import pack

from audit.kernels import names as kernel
from audit.kernels.names import cut, name_table, walk_hosts

PLAIN = re.compile(r"\??[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+", re.ASCII)
TABLE = {
    "com": kernel.PUBLIC | kernel.SUFFIX,
    "uk": kernel.PUBLIC | kernel.SUFFIX,
    "co.uk": kernel.PUBLIC | kernel.SUFFIX,
    "ck": kernel.PUBLIC_PARENT | kernel.SUFFIX_PARENT,
    "www.ck": kernel.PUBLIC_EXCEPTION | kernel.EXCEPTION,
    "py": kernel.PUBLIC | kernel.SUFFIX | kernel.FILE,
    "blog.com": kernel.SUFFIX | kernel.HOST,
    "a.com": kernel.HOST,
    "b.a.com": kernel.HOST,
    "sch.uk": kernel.LOOK,
    "co": 0,
}
KEYS = list(TABLE)
WORDS = dict(labels=["forum"], starts=["uni-"], ends=["wiki"])


def longest(tails, bits, rule, star, exception):
    """The public suffix by one list, "" where no rule fits."""
    for tail, parent in zip(tails, [*tails[1:], ""], strict=True):
        if bits[tail] & exception:
            return parent
        if bits[tail] & rule or bits[parent] & star:
            return tail
    return ""


def is_left(raw, tails, bits):
    """Whether marks of the table leave a host to the caller."""
    looked = any(bits[tail] & kernel.LOOK for tail in tails)
    return looked or (raw[0] == "?" and bits[tails[-1]] & kernel.FILE != 0)


def twin(raw):
    """Domain, suffix and registry host of one raw host; None: look at it yourself."""
    host = raw.removeprefix("?")
    if not PLAIN.fullmatch(raw) or len(host) > 253 or host[-1].isdigit():
        return None
    parts = host.split(".")
    tails = [".".join(parts[i:]) for i in range(len(parts))]
    bits = {tail: TABLE.get(tail, 0) for tail in [*tails, ""]}
    public = longest(
        tails, bits, kernel.PUBLIC, kernel.PUBLIC_PARENT, kernel.PUBLIC_EXCEPTION
    )
    every = longest(tails, bits, kernel.SUFFIX, kernel.SUFFIX_PARENT, kernel.EXCEPTION)
    every = public if every == host else every
    known = next((tail for tail in tails if bits[tail] & kernel.HOST), None)
    if is_left(raw, tails, bits) or (public and not {every, public} <= set(TABLE)):
        return None
    rest = host[: -len(every) - 1] if every else host
    name = rest.rpartition(".")[2] if every else ""
    tells = "forum" in parts or name.startswith("uni-") or name.endswith("wiki")
    if known is None and tells:
        return None
    if not public:
        return ("", "", known)
    return (f"{name}.{every}" if rest else every, every, known)


def walked(texts):
    data, offsets = pack(texts)
    walk = walk_hosts(data, offsets, name_table(TABLE, **WORDS))
    for i, text in enumerate(texts):
        if not walk.plain[i]:
            yield text, None
            continue
        known = KEYS[walk.host[i]] if walk.host[i] >= 0 else None
        if walk.suffix[i] < 0:
            yield text, ("", "", known)
            continue
        domain = bytes(data[walk.domain[i] : offsets[i + 1]]).decode()
        yield text, (domain, KEYS[walk.suffix[i]], known)


labels = st.sampled_from(
    ["a", "b", "x", "com", "uk", "co", "ck", "www", "py", "blog", "sch", "forum",
     "uni-x", "mywiki", "wiki", "", "1", "é", "a" * 63, "a" * 64, "_a", "B", "a b"]
)  # fmt: skip
hosts = st.tuples(st.sampled_from(["", "", "?"]), st.lists(labels, max_size=6)).map(
    lambda parts: parts[0] + ".".join(parts[1])
)


def close(found, expected):
    """A name left to the caller is always right; the twin leaves the fewest."""
    return found is None or found == expected


@settings(deadline=None, max_examples=1500)
@given(st.lists(hosts, min_size=1, max_size=6))
def test_the_walk_equals_its_slow_twin(texts):
    for text, found in walked(texts):
        assert close(found, twin(text)), text


@pytest.mark.parametrize(
    "host",
    ["a.com", "x.y.co.uk", "co.uk", "z.blog.com", "blog.com", "q.b.a.com", "no.where",
     "x.www.ck", "forum.b.a.com", "?a.com", "x.py"],
)  # fmt: skip
def test_ordinary_names_are_not_left_to_the_caller(host):
    ((_, found),) = walked([host])
    assert found is not None
    assert found == twin(host)


@pytest.mark.parametrize(
    "host",
    ["", "?", "com", "a..com", ".com", "a.com.", "1.2.3.4", "[::1]", "é.com", "A.com",
     "?x.py", "a.sch.uk", "a.b.ck", "forum.x.com", "uni-a.com", "mywiki.com",
     "a" * 64 + ".com", ".".join(["a" * 50] * 6) + ".com"],
)  # fmt: skip
def test_other_names_are_left_to_the_caller(host):
    ((_, found),) = walked([host])
    assert found is None


def test_cut_copies_parts_in_order():
    data = np.frombuffer(b"abcdef", np.uint8)
    out, offsets = cut(data, np.array([4, 0, 2]), np.array([6, 1, 2]))
    assert bytes(out) == b"efa"
    assert offsets.tolist() == [0, 2, 3, 3]


def test_an_empty_table_and_no_hosts():
    walk = walk_hosts(np.empty(0, np.uint8), np.zeros(1, np.int64), name_table({}))
    assert len(walk.plain) == 0
