"""The registry: every row keeps its rules, every region has its services."""

import csv
import re
from importlib.resources import files

import pycountry
import pytest
import tldextract

from audit.errors import UsageError
from audit.resources.platforms import (
    CATEGORIES,
    operator,
    platform_table,
    registry,
    registry_checksum,
)
from audit.resources.platforms.build import compile_entries, main, read_sources
from audit.resources.platforms.declared import (
    declared_names,
    platform_of_file,
    platform_of_name,
    tokens_of,
)
from audit.resources.platforms.schema import COLUMNS, expand, parse
from audit.resources.suffixes import normalise_host, place_of, suffix_rules

COUNTRIES = {country.alpha_2 for country in pycountry.countries} | {"XK"}
HEADER = ",".join(COLUMNS) + "\n"


def csv_rows(name):
    text = files("audit.resources").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_the_compiled_registry_is_what_its_sources_say(capsys):
    assert main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_the_registry_reaches_its_size_and_every_category():
    table = platform_table()
    assert table.num_rows >= 8_000
    assert len(registry().by_host) >= 12_000
    assert set(table["category"].to_pylist()) == set(CATEGORIES)
    assert table["platform"].to_pylist() == sorted(registry().by_name)
    assert table["operator"].null_count == 0
    assert not [name for name in table["platform"].to_pylist() if "*" in name]
    assert re.fullmatch("[0-9a-f]{64}", registry_checksum())


def test_countries_are_real_and_all_regions_are_there():
    used = {p.country for p in registry().by_host.values() if p.country}
    assert used <= COUNTRIES
    assert len(used) >= 180
    for name, text in read_sources().items():
        platforms = {entry.platform.platform for entry in parse({name: text})[0]}
        assert len(platforms) >= 40, name


@pytest.mark.parametrize(
    ("host", "platform"),
    [
        ("m.weibo.cn", "Weibo"), ("zhihu.com", "Zhihu"), ("toutiao.com", "Toutiao"),
        ("v.douyin.com", "Douyin"), ("b23.tv", "Bilibili"),
        ("xhslink.com", "Xiaohongshu"),
        ("movie.douban.com", "Douban"), ("blog.csdn.net", "CSDN"),
        ("www.jianshu.com", "Jianshu"), ("old.reddit.com", "Reddit"),
        ("math.stackexchange.com", "Stack Exchange"), ("vk.com", "VK"),
        ("cafe.naver.com", "Naver Cafe"), ("x.tistory.com", "Tistory"),
        ("line.me", "LINE"), ("yahoo.co.jp", "Yahoo! Japan"),
        ("kaskus.co.id", "Kaskus"), ("jagran.com", "Jagran"),
        ("aljazeera.net", "Al Jazeera"), ("g1.globo.com", "Globo"),
        ("nairaland.com", "Nairaland"), ("pantip.com", "Pantip"),
        ("clarin.com", "Clarin"), ("news24.com", "News24"),
    ],
)  # fmt: skip
def test_services_that_must_be_known(host, platform):
    found = registry().find(host)
    assert found is not None
    assert found.platform == platform
    assert operator(platform) == found.operator


def test_a_host_takes_its_nearest_parent():
    assert registry().find("a.b.tieba.baidu.com").platform == "Baidu Tieba"
    assert registry().find("x.baidu.com").platform == "Baidu"
    assert registry().find("notbaidu.com") is None
    assert registry().find("") is None


def test_an_unknown_platform_is_refused_with_its_name():
    with pytest.raises(UsageError, match="'Nowhere'"):
        operator("Nowhere")


def test_braces_expand_to_every_combination():
    assert list(expand("{a|b}.x.{c|d}")) == ["a.x.c", "a.x.d", "b.x.c", "b.x.d"]
    assert list(expand("plain.com")) == ["plain.com"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("A,O,US,social,a.com\nA,O,US,social,b.com", "stands twice"),
        ("A,O,US,social,a.com\nB,O,US,social,a.com", "in the registry already"),
        ("A,O,USA,social,a.com", "ISO 3166-1"),
        ("A,O,US,gossip,a.com", "closed list"),
        ("A,,US,social,a.com", "both be given"),
        ("A,O,US,social,", "hosts is empty"),
        ("A ,O,US,social,a.com", "blanks"),
        ("A,O,US,social,nowhere", "no host name"),
        ("A,O,US,social,www.a.com", "without www"),
        ("A,O,US,social,gov.uk", "write '*.gov.uk'"),
        ("A,O,US,social", "not 5 fields"),
    ],
)
def test_bad_rows_are_named(row, problem):
    (message, *_) = parse({"x.csv": HEADER + row})[1]
    assert message.startswith("x.csv:")
    assert problem in message


def test_wrong_columns_are_named():
    (message,) = parse({"x.csv": "a,b\n1,2\n"})[1]
    assert "columns" in message


def test_good_rows_have_no_problem_and_compile_sorted():
    entries, problems = parse(
        {"x.csv": HEADER + "Z,O,US,blog,*.z.com a.com\n,,DE,academic,пример.рф"}
    )
    assert problems == []
    assert compile_entries(entries).splitlines()[1:] == [
        "a.com,,Z,O,US,blog",
        "xn--e1afmkfd.xn--p1ai,,,,DE,academic",
        "z.com,1,Z,O,US,blog",
    ]


def test_hosts_are_stored_in_the_form_they_are_looked_up_in():
    for host in registry().by_host:
        assert normalise_host(host) == host
        assert place_of(host, registry().hosting) is not None


def test_every_country_domain_of_the_suffix_list_is_decided():
    rules = suffix_rules()
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tops = {tld.rpartition(".")[2] for tld in extract.tlds}
    for tld in {tld for tld in tops if len(tld) == 2 and tld.isascii()}:
        country = rules.country_of(tld)
        assert country in COUNTRIES or tld in rules.generic, tld


def test_suffix_rows_give_reasons_and_fit_together():
    rows = csv_rows("suffixes.csv")
    assert len({(row["kind"], row["key"]) for row in rows}) == len(rows)
    for row in rows:
        if row["kind"] == "country":
            assert row["value"] in COUNTRIES, row
        if row["kind"] == "generic":
            assert row["reason"], row
        if row["kind"] in ("institution", "name"):
            assert row["value"] in CATEGORIES, row


@pytest.mark.parametrize(
    ("host", "category"),
    [
        ("a.edu", "academic"), ("a.edu.cn", "academic"), ("a.ac.uk", "academic"),
        ("a.gov", "government"), ("a.gov.in", "government"), ("a.gob.ar", "government"),
        ("a.gouv.fr", "government"), ("a.go.kr", "government"), ("a.mil", "government"),
        ("a.govt.nz", "government"), ("a.gv.at", "government"),
        ("a.go.com", None), ("ac.com", None), ("education.com", None),
    ],
)  # fmt: skip
def test_institutions_by_rule(host, category):
    assert place_of(host).category == category


def test_declared_names_are_normal_and_name_known_platforms():
    rows = csv_rows("platforms/declared.csv")
    for row in rows:
        assert " ".join(tokens_of(row["name"])) == row["name"]
        assert not row["platform"] or row["platform"] in registry().by_name
        assert not row["category"] or row["category"] in CATEGORIES
    assert len({row["name"] for row in rows}) == len(rows)
    assert len(declared_names()) > len(rows)


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("Wikipedia (en)", "Wikipedia"), ("StackExchange", "Stack Exchange"),
        ("Github", "GitHub"), ("ArXiv", "arXiv"), ("PubMed Central", "PubMed Central"),
        ("RedPajamaArXiv", "arXiv"), ("豆瓣话题", "Douban"), ("知乎", "Zhihu"),
        ("HackerNews", "Hacker News"), ("Gutenberg (PG-19)", "Project Gutenberg"),
        ("zhihu_qa_0012", "Zhihu"), ("www.nytimes.com", "New York Times"),
        ("Al Jazeera", "Al Jazeera"),
    ],
)  # fmt: skip
def test_declared_sources(name, platform):
    assert platform_of_name(name).platform == platform


@pytest.mark.parametrize(
    "name", ["", "Pile-CC", "c4", "common-crawl", "medium quality", "part-0001", "."]
)
def test_names_of_nobody(name):
    assert platform_of_name(name) is None
    assert platform_of_file(name) is None
