"""Rows derived from maintained lists: readers take facts, rules keep false ones out."""

import csv
import io
import json
from importlib.resources import files

import pytest

from audit.resources.platforms.build import join, read_sources
from audit.resources.platforms.derive import Found, derive, to_csv
from audit.resources.platforms.lists import READERS, Site
from audit.resources.platforms.schema import (
    CATEGORIES,
    DERIVED_COLUMNS,
    Entry,
    Platform,
    parse,
    parse_derived,
)

PLATFORMS = files("audit.resources.platforms")


def table(name):
    text = PLATFORMS.joinpath(name).read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_each_list_has_a_reader_a_licence_a_version_and_rows():
    lists = table("lists.csv")
    assert len({row["list"] for row in lists}) == len(lists)
    assert {row["list"] for row in lists} == set(READERS)
    assert all(all(row.values()) for row in lists)
    used = {name for row in table("derived.csv") for name in row["list"].split()}
    assert used == set(READERS)


def test_derived_rows_keep_the_rules_of_the_registry():
    text = PLATFORMS.joinpath("derived.csv").read_text("utf-8")
    entries, problems = parse_derived(text)
    assert problems == []
    assert len(entries) > 20_000
    assert parse_derived("a,b\n")[1] == [
        f"derived.csv: columns are not {DERIVED_COLUMNS}"
    ]


def test_rows_by_hand_win_with_all_names_below_them():
    by_hand = [Entry("a.com", False, Platform("A", "A", "US", "qa"))]
    other = Platform("B", "B", None, "forum")
    derived = [
        Entry("a.com", False, other),
        Entry("x.a.com", False, other),
        Entry("b.com", False, other),
        Entry("c.com", False, Platform("a.", "C", None, "forum")),
    ]
    joined = {entry.host: entry.platform.platform for entry in join(by_hand, derived)}
    assert joined == {"a.com": "A", "b.com": "B", "c.com": "c.com"}


def test_nothing_written_by_hand_is_lost():
    by_hand, _ = parse(read_sources())
    compiled = {row["host"]: row for row in table("platforms.csv")}
    for host, _, platform in by_hand:
        row = compiled[host]
        assert (row["platform"] or None, row["category"]) == (
            platform.platform,
            platform.category,
        )


def found(*sites):
    return {row.host: row for row in derive(sites)}


def test_the_first_list_wins_and_a_name_of_two_lists_gives_way_to_the_domain():
    rows = found(
        ("one", Site("www.a.com", "Alpha", "Owner", "DE", "forum")),
        ("two", Site("a.com", "Other")),
        ("two", Site("b.com", "Alpha")),
        ("one", Site("a.net", "Alpha")),
    )
    assert rows["a.com"] == Found("a.com", "Alpha", "Owner", "DE", "forum", "one")
    assert rows["b.com"].platform == "b.com"
    # hosts of one name in one list are one platform, with its first facts
    assert rows["a.net"] == Found("a.net", "Alpha", "Owner", "DE", "forum", "one")


@pytest.mark.parametrize(
    "site",
    [
        Site("nowhere"), Site("10.0.0.1"), Site(""), Site("co.uk"),
        # institutions are found by their suffix, pages of authors have their own domain
        Site("forum.mit.edu"), Site("someone.github.io"), Site("a.gov.uk"),
        # one list of news alone, and the press room of a company
        Site("acme.com", category="news"),
        Site("news.acme.com", category="news", exact=True),
    ],
)  # fmt: skip
def test_what_is_no_platform_stays_out(site):
    assert found(("one", site)) == {}


def test_publications_need_two_lists_or_a_name_that_says_so():
    acme = Site("acme.com", category="news")
    assert set(found(("one", acme), ("two", acme))) == {"acme.com"}
    post = Site("acmepost.com", category="news")
    assert set(found(("one", post))) == {"acmepost.com"}
    assert set(found(("one", acme._replace(name="Acme Weekly")))) == {"acme.com"}


def test_hosts_of_one_platform_share_a_row_and_nobodys_do_not():
    rows = derive(
        [
            ("one", Site("a.com", "A")), ("one", Site("b.com", "A")),
            ("one", Site("c.com", category="academic", named=False)),
            ("one", Site("d.com", category="academic", named=False)),
            ("one", Site("*.e.com", "E", category="blog", exact=True)),
        ]
    )  # fmt: skip
    assert to_csv(rows).splitlines()[1:] == [
        ",,,academic,c.com,one",
        ",,,academic,d.com,one",
        "A,A,,other,a.com b.com,one",
        "E,E,,blog,*.e.com,one",
    ]


CASES = {
    "maigret": (
        {"maigret/resources/data.json": json.dumps({"sites": {
            "One": {"urlMain": "http://a.com", "url": "http://talk.a.com/{username}",
                    "engine": "Discourse", "tags": ["de", "tech"]},
            "Two": {"urlMain": "http://b.com", "url": "http://{username}.b.com",
                    "tags": ["porn", "in", "us"]},
            "Three": {"urlMain": "http://c.com", "engine": "uCoz"},
        }})},
        [Site("talk.a.com", "", "", "DE", "forum", True, True),
         Site("b.com", category="adult")],
    ),
    "sherlock": (
        {"sherlock_project/resources/data.json": json.dumps(
            {"$schema": "x", "One": {"urlMain": "https://www.a.com/"}})},
        [Site("a.com", "One", category="social")],
    ),
    "oembed": (
        {"package/providers.json": json.dumps([{"provider_name": "One ",
            "provider_url": "https://a.com/", "endpoints": [
                {"schemes": ["https://*.b.com/x/*", "https://*/x"]}]}])},
        [Site("a.com", "One"), Site("b.com", "One")],
    ),
    "third-party-web": (
        {"package/dist/entities.json": json.dumps([
            {"name": "One", "company": "Inc", "category": "cdn",
             "domains": ["*.a.com"]},
            {"name": "Two", "category": "content", "domains": ["www.b.com"]},
            {"name": "Three", "category": "ad", "domains": ["c.com"]}])},
        [Site("a.com", "One", "Inc", exact=True), Site("b.com", "", "Two", exact=True)],
    ),
    "suffixes": (
        {"tldextract/.tld_set_snapshot": "com\n// ===BEGIN PRIVATE DOMAINS===\n\n"
            "// One Inc. (x) : https://a.com\n// Submitted by x\na.com\n*.b.com\n\n"
            "// Reseller : https://c\nuk.com\nco.nl\n\n// .pl domains\nart.pl\n"},
        [Site(f"*.{h}.com", "One Inc.", "One Inc.", category="blog", exact=True)
         for h in "ab"],
    ),
    "fundus": (
        {"fundus/publishers/uk/__init__.py":
            "A = Publisher(name='One', domain='https://www.a.co.uk/', parser=P)"},
        [Site("a.co.uk", "One", "", "GB", "news")],
    ),
    "newscatcher": ({"newscatcher": "a.com\tNone\nB.de\tDE"},
        [Site("a.com", category="news"), Site("b.de", "", "", "DE", "news")]),
    "newspaper": (
        {"newspaper/resources/misc/google_sources.txt": "www.a.com\na.com\n"},
        [Site("a.com", category="news", exact=True)] * 2,
    ),
    "fanficfare": (
        {"fanficfare/adapters/a.py":
            "class A:\n    def getSiteDomain():\n        return 'www.a.com'\n"},
        [Site("a.com", category="books")],
    ),
    "recipes": (
        {"recipe_scrapers/a.py":
            "class A:\n    @classmethod\n    def host(cls):\n        return 'a.com'\n"},
        [Site("a.com", category="reference", named=False)],
    ),
    "manga-py": (
        {"manga_py/providers/__init__.py": "x = {'a_com': [r'a\\.com/manga/.']}"},
        [Site("a.com", category="books")],
    ),
    "yt-dlp": (
        {"yt_dlp/extractor/a.py": "class AIE(X):\n"
            "    _VALID_URL = r'https?://(?:www\\.)?a\\.com/(?P<id>x)'\n"
            "    _TESTS = [{'url': 'https://www.a.com/x'}, {'url': 'https://b.com/x'}]\n"},
        [Site("a.com", category="video")],
    ),
    "streamlink": (
        {"streamlink/plugins/a.py": '"""\n$description x\n$url a.com\n"""\n'},
        [Site("a.com", category="video")],
    ),
    "interwiki": (
        {"package/src/_data/interwiki.js": "x: 'wiki.a.com/$1', y: 'b.com/$1',"},
        [Site("wiki.a.com", category="encyclopedia", exact=True)],
    ),
    "swot": (
        {"package/data/lib/domains/com/a.txt": "A", "package/x.txt": ""},
        [Site("a.com", category="academic", named=False)],
    ),
    "link-services": (
        {f"pymispwarninglists/data/misp-warninglists/lists/{part}/list.json":
            json.dumps({"list": [f"{part}.com"]})
         for part in ("link-in-bio", "url-shortener")},
        [Site("link-in-bio.com", category="social", exact=True),
         Site("url-shortener.com", exact=True)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_readers_take_the_facts_of_their_list(name):
    texts, expected = CASES[name]
    sites = list(READERS[name](texts))
    assert sites == expected
    assert {site.category for site in sites} <= set(CATEGORIES)
