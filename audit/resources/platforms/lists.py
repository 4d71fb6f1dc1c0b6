"""Readers of maintained lists of sites, one function a list.

In: the text files of one unpacked package by path. Out: `Site` rows, facts alone: a
host, and as far as the list carries them a name, an operator, a country, a category.
Nothing of a package is imported or run; Python sources are read as syntax trees.

A list knows hosts of its trade, so each reader states the category of its sites.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

__all__ = ["READERS", "Site"]

Files = Mapping[str, str]


class Site(NamedTuple):
    """One host of a list.

    Attributes:
        host: as the list writes it; a leading ``*.`` says that each name below is a
            site of its own.
        name: the service, "" where only its domain names it.
        operator: who runs it, "" where the list does not say.
        country: ISO 3166-1 alpha-2, "" where the list does not say.
        category: of the closed list.
        named: False where the host is nobody's platform (a university).
        exact: the host stands for itself; else for its registered domain.
    """

    host: str
    name: str = ""
    operator: str = ""
    country: str = ""
    category: str = "other"
    named: bool = True
    exact: bool = False


def _host(url: str) -> str:
    """Return the host of a URL, "" where a placeholder stands in it."""
    netloc = urlsplit(url).netloc.rpartition("@")[2].partition(":")[0].lower()
    return "" if "{" in netloc else netloc.removeprefix("www.")


# What sites with accounts say of themselves, the most telling first. A site whose tags
# say nothing of these has public profiles, so it counts as social.
_TAGS = {
    "porn": "adult", "erotic": "adult", "webcam": "adult", "q&a": "qa",
    "wiki": "encyclopedia", "forum": "forum", "discussion": "forum", "lemmy": "forum",
    "coding": "code", "blog": "blog", "video": "video", "streaming": "video",
    "news": "news", "shopping": "e-commerce", "classified": "e-commerce",
    "books": "books", "reading": "books", "writing": "books", "research": "academic",
    "religion": "religious", "review": "reference", "maps": "reference",
}  # fmt: skip
_FORUM_ENGINES = (
    "Discourse", "XenForo", "vBulletin", "phpBB", "Flarum", "Vanilla", "Lemmy",
)  # fmt: skip


def _country_tag(tags: list[str]) -> str:
    found = {tag.upper() for tag in tags if len(tag) == 2 and tag not in ("3d", "tv")}
    return found.pop() if len(found) == 1 else ""


def _maigret(files: Files) -> Iterator[Site]:
    sites = json.loads(files["maigret/resources/data.json"])["sites"]
    for facts in sites.values():
        engine = facts.get("engine") or ""
        # uCoz is a host of sites, and the list has its customers by the hundred.
        if engine == "uCoz":
            continue
        tags = facts.get("tags") or []
        category = next((c for tag, c in _TAGS.items() if tag in tags), "social")
        if engine.startswith(_FORUM_ENGINES):
            category = "forum"
        for key in ("url", "urlMain"):
            host = _host(facts.get(key) or "")
            if host:
                # A forum or a wiki beside a site is not the whole site.
                part = host.count(".") > 1 and category in ("forum", "encyclopedia")
                yield Site(host, "", "", _country_tag(tags), category, True, bool(part))
                break


def _sherlock(files: Files) -> Iterator[Site]:
    sites = json.loads(files["sherlock_project/resources/data.json"])
    for name, facts in sites.items():
        if isinstance(facts, dict) and "urlMain" in facts:
            adult = "adult" if facts.get("isNSFW") else "social"
            yield Site(_host(facts["urlMain"]), name, category=adult)


def _oembed(files: Files) -> Iterator[Site]:
    for provider in json.loads(files["package/providers.json"]):
        name = provider["provider_name"].strip()
        urls = [provider["provider_url"]]
        for endpoint in provider["endpoints"]:
            urls += endpoint.get("schemes", [])
        for url in urls:
            host = _host(url).replace("*.", "").strip("*.")
            if host and "*" not in host:
                yield Site(host, name, category="other")


_TRADES = {
    "hosting": "blog", "cdn": "other", "social": "social", "video": "video",
    "content": "other",
}  # fmt: skip


def _third_party_web(files: Files) -> Iterator[Site]:
    for entity in json.loads(files["package/dist/entities.json"]):
        category = _TRADES.get(entity["category"])
        if category is None:
            continue
        name, company = entity["name"], entity.get("company") or ""
        # Publishers of content have titles: each domain is one.
        title = "" if entity["category"] == "content" else name
        for host in entity["domains"]:
            host = host.removeprefix("*.").removeprefix("www.")
            yield Site(host, title, company or name, category=category, exact=True)


# Names sold below a second level as below a top-level domain are nobody's platform.
_RESELLERS = re.compile(
    r"(?:[a-z]{2,3}|[a-z]{2}\.[a-z]{2,3}|jpn|nom|inf|firm|mex|art|gob|info|mil)"
    r"\.(?:[a-z]{2}|com|net|org|pro|name)"
)
_COMPANY = re.compile(r"//\s*([^:]+?)(?:\s*:\s*(?:https?://|www\.)\S*.*)?\s*")


def _suffixes(files: Files) -> Iterator[Site]:
    text = files["tldextract/.tld_set_snapshot"]
    text = text.partition("===BEGIN PRIVATE DOMAINS===")[2]
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip().splitlines()
        found = _COMPANY.fullmatch(lines[0]) if lines else None
        if found is None or "domains" in found[1] or found[1].startswith("."):
            continue
        company = found[1].split(" (")[0].split(",")[0].strip()
        for rule in lines:
            rule = rule.strip()
            if rule and rule[0] not in "/!" and not _RESELLERS.fullmatch(rule):
                host = rule.removeprefix("*.")
                yield Site("*." + host, company, company, category="blog", exact=True)


def _link_services(files: Files) -> Iterator[Site]:
    folder = "pymispwarninglists/data/misp-warninglists/lists"
    for part, category in (("link-in-bio", "social"), ("url-shortener", "other")):
        for host in json.loads(files[f"{folder}/{part}/list.json"])["list"]:
            yield Site(host.strip("."), category=category, exact=True)


_FUNDUS_COUNTRIES = {"uk": "GB", "ind": "IN", "isl": "IS"}


def _keyword_text(call: ast.Call, name: str) -> str:
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return ""


def _fundus(files: Files) -> Iterator[Site]:
    for path, text in files.items():
        found = re.fullmatch(r"fundus/publishers/([a-z]{2,3})/__init__\.py", path)
        if found is None:
            continue
        country = _FUNDUS_COUNTRIES.get(found[1], found[1].upper())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                host = _host(_keyword_text(node, "domain"))
                if host:
                    name = _keyword_text(node, "name")
                    yield Site(host, name, "", country, "news")


def _newscatcher(files: Files) -> Iterator[Site]:
    # The database is read by the caller into lines "host TAB country".
    for line in files["newscatcher"].splitlines():
        host, country = line.split("\t")
        country = "" if country in ("None", "ZH") else country
        yield Site(host.lower(), "", "", country, "news")


def _newspaper(files: Files) -> Iterator[Site]:
    folder = "newspaper/resources/misc"
    for host in sorted(set(files[f"{folder}/google_sources.txt"].lower().split())):
        # Deeper names are the press rooms of companies and offices.
        yield Site(host.removeprefix("www."), category="news", exact=True)


def _constant_results(files: Files, folder: str, method: str) -> Iterator[str]:
    """Yield the strings that methods of one name return."""
    for path, text in files.items():
        if not path.startswith(folder) or not path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name == method:
                for part in ast.walk(node):
                    if isinstance(part, ast.Return) and isinstance(
                        part.value, ast.Constant
                    ):
                        yield str(part.value.value).lower().removeprefix("www.")


def _fanficfare(files: Files) -> Iterator[Site]:
    for host in _constant_results(files, "fanficfare/adapters/", "getSiteDomain"):
        yield Site(host, category="books")


def _recipes(files: Files) -> Iterator[Site]:
    for host in _constant_results(files, "recipe_scrapers/", "host"):
        yield Site(host, category="reference", named=False)


def _manga_py(files: Files) -> Iterator[Site]:
    text = files["manga_py/providers/__init__.py"]
    for host in re.findall(r"r'((?:[a-z0-9-]+\\\.)+[a-z]{2,})/", text):
        yield Site(host.replace("\\", "").removeprefix("www."), category="books")


def _strings(node: Any) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _yt_dlp(files: Files) -> Iterator[Site]:
    for path, text in sorted(files.items()):
        if not path.startswith("yt_dlp/extractor/") or not path.endswith(".py"):
            continue
        for node in ast.parse(text).body:
            if not isinstance(node, ast.ClassDef):
                continue
            values = {
                target.id: statement.value
                for statement in node.body
                if isinstance(statement, ast.Assign)
                for target in statement.targets
                if isinstance(target, ast.Name)
            }
            pattern = "".join(_strings(values.get("_VALID_URL", ast.Pass())))
            for value in _strings(values.get("_TESTS", ast.Pass())):
                host = _host(value) if value.startswith("http") else ""
                # Tests also name pages elsewhere that only embed the site.
                tail = ".".join(host.split(".")[-2:])
                if host and re.escape(tail) in pattern:
                    yield Site(host, category="video")


def _streamlink(files: Files) -> Iterator[Site]:
    for path, text in sorted(files.items()):
        if path.startswith("streamlink/plugins/"):
            for host in re.findall(r"^\$url ([a-z0-9.-]+)", text, re.MULTILINE):
                yield Site(host, category="video")


def _interwiki(files: Files) -> Iterator[Site]:
    text = files["package/src/_data/interwiki.js"]
    for host, path in re.findall(r"'((?:[a-z0-9-]+\.)+[a-z]{2,})(/[^']*)'", text):
        if "wiki" in host + path.lower():
            yield Site(host, category="encyclopedia", exact=host.count(".") > 1)


def _swot(files: Files) -> Iterator[Site]:
    for path in files:
        found = re.fullmatch(r"package/data/lib/domains/(.+)\.txt", path)
        if found is not None:
            host = ".".join(reversed(found[1].split("/")))
            yield Site(host, category="academic", named=False)


READERS: Mapping[str, Callable[[Files], Iterator[Site]]] = {
    "maigret": _maigret, "sherlock": _sherlock, "oembed": _oembed,
    "third-party-web": _third_party_web, "suffixes": _suffixes,
    "link-services": _link_services, "fundus": _fundus, "newscatcher": _newscatcher,
    "newspaper": _newspaper, "fanficfare": _fanficfare, "manga-py": _manga_py,
    "yt-dlp": _yt_dlp, "streamlink": _streamlink, "interwiki": _interwiki,
    "swot": _swot, "recipes": _recipes,
}  # fmt: skip
