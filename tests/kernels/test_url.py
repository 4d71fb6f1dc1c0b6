"""Hosts cut by the kernel against a slow twin and against urllib."""

from urllib.parse import urlsplit

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_source import raw_host
from reference_text import pack

from audit.kernels.url import extract_hosts

PIECES = [
    *"/\\:?#@[]<>.%-_ \t\n\0Aa9é中",
    "http", "HTTPS", "ftp", "mailto", "://", "//", "example.com", "WWW.", "8080",
    "user:secret@", "[::1]", "пример.рф", "xn--p1ai", "..", "%2e", "main.py",
]  # fmt: skip
urls = st.lists(st.sampled_from(PIECES), max_size=10).map("".join) | st.text(
    max_size=20
)


def hosts(texts):
    data, offsets = extract_hosts(*pack(texts))
    return [
        bytes(data[offsets[i] : offsets[i + 1]]).decode() for i in range(len(texts))
    ]


@settings(deadline=None, max_examples=400)
@given(st.lists(urls, min_size=1, max_size=8))
def test_hosts_equal_the_slow_twin(texts):
    assert hosts(texts) == [raw_host(text) for text in texts]


labels = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9-]{0,8}\Z")


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["http", "https", "ftp", "HTTP"]),
    st.sampled_from(["", "user@", "user:p@", "u:a%40b@"]),
    st.lists(labels, min_size=1, max_size=4).map(".".join),
    st.sampled_from(["", ":80", ":"]),
    st.sampled_from(["", "/", "/a:b@c", "?q=//x.y", "#f@g", "/p?q#f"]),
)
def test_hosts_of_well_formed_urls_equal_urllib(scheme, user, host, port, rest):
    url = f"{scheme}://{user}{host}{port}{rest}"
    assert hosts([url]) == [urlsplit(url).hostname]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://EXAMPLE.com/x", "example.com"),
        ("example.com/x", "example.com"),
        ("example.com", "?example.com"),
        ("example.com:8080/x", "example.com"),
        ("//example.com", "example.com"),
        ("http:\\\\example.com\\x", "example.com"),
        ("http:/example.com", "example.com"),
        ("<http://example.com/>", "example.com"),
        ("https://u:p@example.com:443/", "example.com"),
        ("http://[2001:DB8::1]:80/", "[2001:db8::1]"),
        ("http://[::1", ""),
        ("mailto:a@example.com", ""),
        ("a@example.com", ""),
        ("urn:isbn:123", ""),
        ("s3://bucket.example.com/key", ""),
        ("/path/only", ""),
        ("", ""),
    ],
)
def test_known_cases(url, host):
    assert hosts([url]) == [host]


def test_a_slice_of_a_larger_buffer_is_read_in_place():
    data, offsets = pack(["http://a.com", "http://b.org/x", "c.net/"])
    found, found_offsets = extract_hosts(data, offsets[1:])
    assert found.tobytes() == b"b.orgc.net"
    assert found_offsets.tolist() == [0, 5, 10]


def test_a_host_beyond_any_name_is_none():
    assert hosts([f"http://{'a' * 1025}/", f"http://{'a' * 1024}/"]) == ["", "a" * 1024]


def test_no_urls():
    data, offsets = extract_hosts(np.zeros(0, np.uint8), np.zeros(1, np.int64))
    assert len(data) == 0
    assert offsets.tolist() == [0]
