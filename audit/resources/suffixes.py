"""From a raw host name to its registered domain, public suffix, country and kind.

In: raw hosts as `audit.kernels.url` cuts them. Out: a `Place`, or None where the host
is no public name. The public suffix list is the one bundled with tldextract, together
with the hosting services of the platform registry; what a suffix says of country and
institution stands in suffixes.csv. Nothing is downloaded.

One form is stored: lower case, international names as A-labels (``xn--...``), because
a table must not depend on the Unicode version of whoever reads it.
"""

from __future__ import annotations

import csv
import ipaddress
import re
from dataclasses import dataclass
from fnmatch import translate
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import idna

from audit.errors import RunError

__all__ = [
    "Place", "SuffixRules", "Suffixes", "normalise_host", "place_of",
    "private_suffixes", "suffix_list", "suffix_rules",
]  # fmt: skip

_PRIVATE = "// ===BEGIN PRIVATE DOMAINS==="
# A rule ends at the first blank; a line that starts with // says something else.
_RULE = re.compile(r"^([.*!]*\w\S*)", re.MULTILINE)
_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")

# Addresses of nobody in particular: this machine, private networks, link-local,
# multicast. Listed here because Python's own lists differ from version to version.
_NOWHERE = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    )
]  # fmt: skip


class Place(NamedTuple):
    """Where a host stands: its registered domain and what its suffix says.

    Attributes:
        domain: registered domain, or the address of an IP host.
        suffix: public suffix, None for an IP host.
        country: ISO 3166-1 alpha-2 of the suffix, None where it names no one country.
        category: ``academic`` or ``government`` by rule, else None.
    """

    domain: str
    suffix: str | None
    country: str | None
    category: str | None


def normalise_host(raw: str) -> str:
    """Return one spelling of a host name or address, "" where it is broken.

    Args:
        raw: The host as it stands in the URL, in lower case; an IPv6 address in
            square brackets.
    """
    if raw.startswith("["):
        return _address(raw[1:-1])
    try:
        name = unquote(raw, errors="strict").lower() if "%" in raw else raw
        name = name if name.isascii() else _to_ascii(name)
    except (UnicodeError, idna.IDNAError):
        return ""
    name = name.removesuffix(".")
    if _IPV4.fullmatch(name):
        return _address(name)
    return name if len(name) <= 253 and _NAME.fullmatch(name) else ""


@lru_cache(maxsize=4096)
def _to_ascii(name: str) -> str:
    """Map a name as browsers do (UTS 46, not transitional), label by label."""
    mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
    labels = mapped.split(".")
    return ".".join(
        label if label.isascii() else idna.alabel(label).decode() for label in labels
    )


def _address(text: str) -> str:
    """Return the shortest spelling of a public IP address, "" of any other."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return "" if any(address in network for network in _NOWHERE) else str(address)


@dataclass(frozen=True)
class SuffixRules:
    """What suffixes.csv says, indexed for look-ups.

    Attributes:
        country: country by top-level domain, where it is not the label itself.
        generic: two-letter and other country domains that name no one country.
        institution: category by public suffix; ``ac.*`` is any country's ``ac``.
        names: pattern over registered domains and its category.
        file_endings: top-level domains that are file endings as well.
        cheap: suffixes sold at a loss or given away, where farms of domains grow.
        looked_at: names below which a pattern of ``names`` may fit: exact ones, and
            what stands behind the last ``*``.
        looked_at_starts: how the other patterns begin.
        member: category by label of places where members write (``forum``).
        member_ending: the same by the ending of a domain's own label.
    """

    country: dict[str, str]
    generic: frozenset[str]
    institution: dict[str, str]
    names: tuple[tuple[re.Pattern[str], str], ...]
    file_endings: frozenset[str]
    cheap: frozenset[str]
    looked_at: frozenset[str]
    looked_at_starts: tuple[str, ...]
    member: dict[str, str]
    member_ending: dict[str, str]

    def category_of(self, domain: str, suffix: str) -> str | None:
        """Return the category that a suffix, or the form of the name, implies."""
        found = self.institution.get(suffix)
        head, _, tld = suffix.partition(".")
        if found is None and len(tld) == 2:
            found = self.institution.get(f"{head}.*")
        if found is None:
            found = next((c for p, c in self.names if p.fullmatch(domain)), None)
        return found

    def member_category(self, host: str, place: Place) -> str | None:
        """Return the category of a host that calls itself a place of its members.

        Institutions run theirs themselves: a host with a category has no other.
        """
        if place.category or not place.suffix:
            return None
        for label in host[: -len(place.suffix) - 1].split("."):
            found = self.member.get(label)
            if found is not None:
                return found
        name = place.domain[: -len(place.suffix) - 1]
        return next(
            (c for end, c in self.member_ending.items() if name.endswith(end)), None
        )

    def country_of(self, icann_suffix: str) -> str | None:
        """Return the country of an ICANN suffix.

        A repurposed domain is generic for names right under it; ``gov.co`` and
        ``com.co`` are Colombia's all the same.
        """
        tld = icann_suffix.rpartition(".")[2]
        if tld in self.generic and ("." not in icann_suffix or len(tld) != 2):
            return None
        if tld in self.country:
            return self.country[tld]
        return tld.upper() if len(tld) == 2 else None


def _one_pattern_each(
    names: dict[str, str],
) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Join the patterns of each category: one look a host, not one a pattern."""
    categories = sorted(set(names.values()))
    return tuple(
        (re.compile("|".join(translate(k) for k, v in names.items() if v == c)), c)
        for c in categories
    )


@cache
def suffix_rules() -> SuffixRules:
    """Read suffixes.csv, once per process."""
    text = files("audit.resources").joinpath("suffixes.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    of_kind = {
        kind: {row["key"]: row["value"] for row in rows if row["kind"] == kind}
        for kind in (
            "country", "generic", "institution", "name", "file", "cheap", "member",
        )
    }  # fmt: skip
    member = of_kind["member"]
    return SuffixRules(
        of_kind["country"],
        frozenset(of_kind["generic"]),
        of_kind["institution"],
        _one_pattern_each(of_kind["name"]),
        frozenset(of_kind["file"]),
        frozenset(of_kind["cheap"]),
        frozenset(
            name.rpartition("*")[2].removeprefix(".")
            for name in of_kind["name"]
            if name[0] == "*" or "*" not in name
        ),
        tuple(
            sorted(
                {n.partition("*")[0] for n in of_kind["name"] if "*" in n[1:]} - {""}
            )
        ),
        {key: value for key, value in member.items() if key[0] != "*"},
        {key[1:]: value for key, value in member.items() if key[0] == "*"},
    )


class Suffixes(NamedTuple):
    """A public suffix list: plain rules, parents of ``*`` rules, ``!`` exceptions."""

    rules: frozenset[str]
    wild: frozenset[str]
    exceptions: frozenset[str]

    def of(self, host: str) -> str:
        """Return the longest suffix of a host, "" where no rule fits."""
        name = host
        while name:
            parent = name.partition(".")[2]
            if name in self.exceptions:
                return parent
            if name in self.rules or parent in self.wild:
                return name
            name = parent
        return ""


@cache
def _bundled() -> tuple[list[str], list[str]]:
    """Return the rules of registries and of companies that tldextract bundles.

    The file is read without the package, which would import what it downloads with.
    """
    package = find_spec("tldextract")
    folders = (package and package.submodule_search_locations) or []
    found = [path for f in folders if (path := Path(f, ".tld_set_snapshot")).is_file()]
    if not found:
        raise RunError(
            "tldextract bundles the public suffix list",
            value="no .tld_set_snapshot",
            where=", ".join(folders) or "no package",
            next_step="Install tldextract again.",
        )
    public, _, private = found[0].read_text("utf-8").partition(_PRIVATE)
    return _RULE.findall(public), _RULE.findall(private)


@cache
def suffix_list(hosting: frozenset[str], private: bool) -> Suffixes:
    """Index the list that tldextract bundles, in A-labels, once per process."""
    public, others = _bundled()
    rules, wild, exceptions = set(hosting), set[str](), set[str]()
    for rule in public + others if private else public:
        name = rule.removeprefix("!").removeprefix("*.")
        name = name if name.isascii() else _to_ascii(name)
        kind = {"!": exceptions, "*": wild}.get(rule[0], rules)
        kind.add(name)
    return Suffixes(frozenset(rules), frozenset(wild), frozenset(exceptions))


@cache
def private_suffixes() -> frozenset[str]:
    """Return the suffixes that a company, not a registry, gives names below."""
    every = suffix_list(frozenset(), private=True)
    public = suffix_list(frozenset(), private=False)
    return (every.rules | every.wild) - (public.rules | public.wild)


def place_of(raw: str, hosting: frozenset[str] = frozenset()) -> Place | None:
    """Return the place of a raw host, None where it is no public name.

    A site under a private suffix (``someone.github.io``) is a registered domain of
    its own; the host of the service itself falls back to the suffixes of ICANN. A
    suffix that answers under its own name (``gov.uk``) is its own domain.

    Args:
        raw: Host from `audit.kernels.url.extract_hosts`; a leading ``?`` marks a name
            that stood alone, refused where its ending is that of a file.
        hosting: Suffixes beyond the public suffix list under which each name is a
            site of its own (blog hosts), in A-labels.
    """
    host = normalise_host(raw.removeprefix("?"))
    if not host or "." not in host.replace(":", "."):
        return None
    if host[-1].isdigit() or ":" in host:
        # No top-level domain ends in a digit: an address, or no public name.
        return Place(host, None, None, None) if _is_address(host) else None
    if raw[0] == "?" and host.rpartition(".")[2] in suffix_rules().file_endings:
        return None
    return _place_of_name(host, hosting)


def _is_address(host: str) -> bool:
    return ":" in host or _IPV4.fullmatch(host) is not None


def _place_of_name(host: str, hosting: frozenset[str]) -> Place | None:
    icann = suffix_list(frozenset(), private=False).of(host)
    if not icann:
        return None
    suffix = suffix_list(hosting, private=True).of(host)
    suffix = icann if suffix == host else suffix
    # One label more than the suffix; the suffix itself where nothing stands before it.
    rest = host[: -len(suffix) - 1]
    domain = f"{rest.rpartition('.')[2]}.{suffix}" if rest else suffix
    rules = suffix_rules()
    return Place(
        domain, suffix, rules.country_of(icann), rules.category_of(domain, icann)
    )
