"""Source columns: laws over any URLs, and one table of the cases that matter."""

import pickle
from collections import Counter
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_source import EVERY, raw_host, registered

from audit.annotate.source import Source, SourceAnnotator, source_of_host
from audit.batch import Batch
from audit.resources.platforms import registry
from audit.resources.suffixes import place_of
from schemas.annotation import ANNOTATION
from schemas.document import DOCUMENT

EMPTY = Source("", None, None, None, None, None, "none")
BULK = Path(__file__).parents[3] / "shared" / "data" / "bulk"


def batch(urls, declared=None, file=""):
    n = len(urls)
    rows = {
        "doc_id": [str(i) for i in range(n)],
        "text": ["text"] * n,
        "url": urls,
        "language_declared": [None] * n,
        "source_declared": declared or [None] * n,
        "date": [None] * n,
        "position": list(range(1, n + 1)),
    }
    return Batch(pa.RecordBatch.from_pydict(rows, schema=DOCUMENT), file)


def rows(one_batch, annotator=None):
    columns = (annotator or SourceAnnotator()).annotate(one_batch)
    return [
        Source(*row)
        for row in zip(
            *(columns[name].to_pylist() for name in Source._fields), strict=True
        )
    ]


def source(url):
    return rows(batch([url]))[0]


@pytest.mark.parametrize(
    ("url", "domain", "suffix", "country"),
    [
        ("http://www.example.co.uk/x", "example.co.uk", "co.uk", "GB"),
        ("https://EXAMPLE.COM./", "example.com", "com", None),
        ("//user:pw@a.b.example.de:8080?x", "example.de", "de", "DE"),
        ("example.fr/x", "example.fr", "fr", "FR"),
        ("http://ex%61mple.fr/", "example.fr", "fr", "FR"),
        # one form for both spellings of an international name
        ("http://пример.рф/x", "xn--e1afmkfd.xn--p1ai", "xn--p1ai", "RU"),
        ("http://XN--E1AFMKFD.xn--p1ai/", "xn--e1afmkfd.xn--p1ai", "xn--p1ai", "RU"),
        ("http://例え。jp/", "xn--r8jz45g.jp", "jp", "JP"),
        ("http://ｅｘａｍｐｌｅ.jp/", "example.jp", "jp", "JP"),
        # repurposed domains are nobody's; their institutions are the country's
        ("http://example.io", "example.io", "io", None),
        ("http://example.co", "example.co", "co", None),
        ("http://example.gov.co", "example.gov.co", "gov.co", "CO"),
        ("http://example.eu", "example.eu", "eu", None),
        ("http://example.su", "example.su", "su", "RU"),
        # a site under a private suffix is a domain of its own; the service is not
        ("http://someone.github.io/x", "someone.github.io", "github.io", "US"),
        ("http://github.io/", "github.io", "io", "US"),
        ("http://a.b.wordpress.com/", "b.wordpress.com", "wordpress.com", "US"),
        ("https://gov.uk/x", "gov.uk", "gov.uk", "GB"),
        # rules with a star and their exceptions
        ("http://a.b.c.ck/", "b.c.ck", "c.ck", "CK"),
        ("http://a.www.ck/", "www.ck", "ck", "CK"),
        ("http://a.city.kawasaki.jp/", "city.kawasaki.jp", "kawasaki.jp", "JP"),
        # addresses
        ("http://8.8.8.8:80/x", "8.8.8.8", None, None),
        ("http://[2001:0db8::0001]/", "2001:db8::1", None, None),
        ("http://[::ffff:8.8.8.8]/", "8.8.8.8", None, None),
    ],
)
def test_usable_urls(url, domain, suffix, country):
    found = source(url)
    assert (found.domain, found.suffix, found.country) == (domain, suffix, country)
    assert found.attributed_by == "url"


@pytest.mark.parametrize(
    "url",
    [
        None, "", " ", "localhost", "http://localhost:8000/x", "http://intranet/",
        "http://10.0.0.1/", "http://127.0.0.1/", "http://192.168.1.1/x", "http://[::1]/",
        "http://256.1.1.1/", "http://a..example.com/", "http://exa mple.com/",
        "http://server.lan/", "mailto:a@example.com", "/index.html", "main.py",
        "README.md", "com", "http://com/", "data:text/html,x", "C:\\a\\b.txt",
        "http://%ff.com/", "http://" + "a" * 64 + ".com/", "urn:uuid:1", "http://",
        "http://\ud7ff\u0378.com/", "file:///etc/passwd", "http://[fe80::1%eth0]/",
    ],
)  # fmt: skip
def test_unusable_urls_have_no_domain(url):
    assert source(url) == Source("", None, None, None, None, None, "none")


@pytest.mark.parametrize(
    ("url", "platform", "category", "country"),
    [
        ("https://zh.wikipedia.org/wiki/X", "Wikipedia", "encyclopedia", "US"),
        ("https://mp.weixin.qq.com/s/x", "WeChat", "social", "CN"),
        ("https://www.qq.com/", "QQ", "news", "CN"),
        ("https://tieba.baidu.com/p/1", "Baidu Tieba", "forum", "CN"),
        ("https://baike.baidu.com/item/x", "Baidu Baike", "encyclopedia", "CN"),
        ("https://t.cn/abc", "Weibo", "social", "CN"),
        ("https://docs.python.org/3/", "Python Documentation", "documentation", "US"),
        ("https://www.amazon.co.jp/dp/1", "Amazon Japan", "e-commerce", "US"),
        ("https://x.blogspot.com.br/", "Blogger", "blog", "US"),
        ("https://www.mit.edu/", None, "academic", "US"),
        ("https://www.ox.ac.uk/", "University of Oxford", "academic", "GB"),
        ("https://www.u-tokyo.ac.jp/", None, "academic", "JP"),
        ("https://www.uni-bonn.de/", None, "academic", "DE"),
        ("https://x.gob.mx/", None, "government", "MX"),
        ("https://nobody-knows-this.net/", None, None, None),
        # what calls itself a place of its members, named by its domain
        ("https://forum.nobody-knows.de/x", "nobody-knows.de", "forum", "DE"),
        ("https://a.nobodysforums.net/x", "nobodysforums.net", "forum", None),
        ("https://wiki.nobody-knows.fr/x", "nobody-knows.fr", "encyclopedia", "FR"),
        ("https://forum.mit.edu/x", None, "academic", "US"),
        ("https://nobody-knows.forum/x", None, None, None),
    ],
)
def test_platforms(url, platform, category, country):
    found = source(url)
    assert (found.platform, found.category, found.country) == (
        platform,
        category,
        country,
    )


def test_documents_without_url_are_attributed_by_their_fields():
    declared = ["Wikipedia (en)", "小说", "https://www.bbc.co.uk/x", "nonsense", None]
    found = rows(batch(["not a url", None, "", None, None], declared))
    assert [row.platform for row in found] == ["Wikipedia", None, "BBC", None, None]
    assert found[2].operator == "BBC"
    assert [row.category for row in found][:3] == ["encyclopedia", "books", "news"]
    assert [row.attributed_by for row in found] == ["field"] * 3 + ["none"] * 2
    assert {row.domain for row in found} == {""}


def test_a_url_wins_over_the_declared_source():
    (found,) = rows(batch(["http://example.com/"], ["Wikipedia (en)"]))
    assert (found.domain, found.platform) == ("example.com", None)


def test_the_file_name_comes_last():
    found = rows(batch([None, None], ["zhihu", None], "corpus/arxiv_0001.jsonl.gz"))
    assert [row.platform for row in found] == ["Zhihu", "arXiv"]
    (found,) = rows(batch([None], None, "github_and_arxiv.jsonl"))
    assert found.attributed_by == "none"


PIECES = [
    "http://", "https://", "//", "", "www.", "example", ".com", ".co.uk", ".io",
    ".github.io", ".рф", "пример", "/", "?a", "#b", "@", ":80", "..", "%41", " ",
    "8.8.8.8",
]  # fmt: skip
urls = (
    st.none() | st.lists(st.sampled_from(PIECES), max_size=7).map("".join) | st.text()
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(urls, st.sampled_from([None, "c4", "GitHub"])), max_size=12))
def test_a_batch_is_its_documents_one_by_one(documents):
    addresses = [url for url, _ in documents]
    declared = [name for _, name in documents]
    together = rows(batch(addresses, declared))
    for found, url, name in zip(together, addresses, declared, strict=True):
        by_url = source_of_host(raw_host(url)) if url and raw_host(url) else None
        if by_url is not None:
            assert found == by_url
        else:
            assert found.domain == ""
            assert (found.attributed_by == "field") == (name == "GitHub")


REGISTERED = sorted(registry().by_host)
many_hosts = st.tuples(
    st.lists(
        st.sampled_from(
            ["a", "www", "forum", "wiki", "xwiki", "uni-x", "gov", "k12", "github"]
        ),
        max_size=3,
    ),
    st.sampled_from(REGISTERED)
    | st.sampled_from([suffix.lstrip("*!.") for suffix in EVERY.tlds])
    | st.sampled_from(["cz", "us", "ca.us", "uni-bonn.de", "www.ck", "no-such-tld"]),
).map(lambda parts: ".".join([*parts[0], parts[1]]))


@settings(deadline=None, max_examples=300)
@given(st.lists(many_hosts, min_size=1, max_size=30))
def test_hosts_in_bulk_are_found_as_one_by_one(names):
    together = rows(batch([f"http://{name}/" for name in names]))
    for found, name in zip(together, names, strict=True):
        assert found == (source_of_host(name) or EMPTY)


def test_every_host_of_the_registry_is_found_in_bulk():
    together = rows(batch([f"http://{name}/" for name in REGISTERED]))
    assert together == [source_of_host(name) for name in REGISTERED]


SUFFIXES = [suffix.lstrip("*!.") for suffix in EVERY.tlds]
hosts = st.tuples(
    st.lists(st.from_regex(r"\A[a-z][a-z0-9]{0,6}\Z"), max_size=3),
    st.sampled_from([*SUFFIXES, "com", "co.uk", "www.ck", "city.kawasaki.jp"]),
).map(lambda parts: ".".join([*parts[0], parts[1]]))


@settings(deadline=None, max_examples=400)
@given(hosts)
def test_registered_domains_equal_tldextract(host):
    found = place_of(host)
    name = host if host.isascii() else host.encode("idna").decode()
    expected = registered(name) if "." in name else None
    assert (found and (found.domain, found.suffix)) == expected


def test_columns_have_the_types_of_the_contract():
    for one_batch in (batch([]), batch([None]), batch(["http://a.com"] * 3)):
        columns = SourceAnnotator().annotate(one_batch)
        assert list(columns) == list(Source._fields)
        for name, column in columns.items():
            field = ANNOTATION.field(name)
            assert column.type == field.type
            assert len(column) == one_batch.documents.num_rows
            assert field.nullable or column.null_count == 0
            values = column.dictionary.to_pylist()
            assert len(values) == len(set(values))


def test_a_slice_a_pickle_and_a_full_cache_change_nothing():
    addresses = [f"http://x{i % 7}.example{i % 5}.org/" for i in range(40)] + [None]
    whole = rows(batch(addresses))
    assert rows(Batch(batch(addresses).documents.slice(9, 20))) == whole[9:29]
    small = pickle.loads(pickle.dumps(SourceAnnotator(cache_size=2)))
    assert rows(batch(addresses), small) == whole
    assert len(small._hosts) <= 2


def test_the_fingerprint_names_every_resource():
    fingerprint = SourceAnnotator().fingerprint()
    assert set(fingerprint) == {
        "public_suffix_list", "suffixes", "platforms", "declared",
    }  # fmt: skip
    assert fingerprint == SourceAnnotator().fingerprint()


def test_real_urls_equal_one_by_one():
    path = BULK / "bulk-00.jsonl.zst"
    if not path.exists():
        pytest.skip(f"no real documents at {path}")
    frame = pl.read_ndjson(path).select("url", "source").slice(30_000, 12_000)
    found = rows(batch(frame["url"].to_list(), frame["source"].to_list()))
    slow = [source_of_host(raw_host(u)) if u else None for u in frame["url"].to_list()]
    assert Counter(row.domain for row in found) == Counter(
        row.domain if row else "" for row in slow
    )
    assert all(a == b for a, b in zip(found, slow, strict=True) if b is not None)
