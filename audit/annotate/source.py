"""The source of each document: domain, suffix, platform, operator, category, country.

In: batches with ``url``, ``source_declared`` and a file name. Out: the source columns
of `schemas.annotation`. Hosts are cut from the URLs by one kernel and looked up by
another; Python sees one host of each kind, hosts that are no plain names, and declared
names, through bounded caches.

``country`` is the home country of the platform where the registry knows it, else the
country of the suffix. A document without usable URL has domain "" and is attributed by
its declared source, then by its file's name; ``attributed_by`` says which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit.kernels.names import cut, walk_hosts
from audit.kernels.url import extract_hosts
from audit.resources.known_names import known_names
from audit.resources.platforms import registry, registry_checksum
from audit.resources.platforms.declared import (
    Declared,
    platform_of_file,
    platform_of_name,
)
from audit.resources.suffixes import normalise_host, place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.batch import Batch

__all__ = ["Source", "SourceAnnotator", "source_of_host"]

_CACHE_SIZE = 1 << 17
_V = TypeVar("_V")


class Source(NamedTuple):
    """The columns of one document, in their order."""

    domain: str
    suffix: str | None
    platform: str | None
    operator: str | None
    category: str | None
    country: str | None
    attributed_by: str


_NOWHERE = Source("", None, None, None, None, None, "none")


def source_of_host(raw: str) -> Source | None:
    """Return the source of a raw host (see `audit.kernels.url`), None if unusable."""
    known = registry()
    place = place_of(raw, known.hosting)
    if place is None:
        return None
    host = raw if raw in known.by_host else normalise_host(raw.removeprefix("?"))
    platform = known.at(host, place)
    if platform is None:
        return Source(
            place.domain, place.suffix, None, None, place.category, place.country, "url"
        )
    return Source(
        place.domain,
        place.suffix,
        platform.platform,
        platform.operator,
        platform.category,
        platform.country or place.country,
        "url",
    )


def _source_of_field(found: Declared | None) -> Source | None:
    if found is None:
        return None
    name = found.platform
    who = registry().by_name[name].operator if name else None
    return Source("", None, name, who, found.category, found.country, "field")


class _Places(NamedTuple):
    """The places of a batch: those of plain host names, then all others.

    Attributes:
        domains: string[n_plain], registered domains.
        suffixes: int64[n_plain], key of the public suffix in `KnownNames`.
        hosts: int64[n_plain], key of the nearest registry host, -1 without one.
        others: what Python found, one row a place.
    """

    domains: pa.StringArray
    suffixes: NDArray[np.int64]
    hosts: NDArray[np.int64]
    others: list[Source]


class SourceAnnotator:
    """Attributes documents to domains and platforms.

    Attributes:
        name: ``source@3``.
        cache_size: hosts (and declared names) kept between batches; the cache starts
            afresh when it is full, so memory stays bounded on any crawl.
    """

    name = "source@3"

    def __init__(self, cache_size: int = _CACHE_SIZE) -> None:
        self.cache_size = cache_size
        self._hosts: dict[str, Source | None] = {}
        self._names: dict[str, Source | None] = {}

    def __getstate__(self) -> dict[str, int]:
        return {"cache_size": self.cache_size}

    def __setstate__(self, state: dict[str, int]) -> None:
        self.__init__(state["cache_size"])  # type: ignore[misc]

    def fingerprint(self) -> Mapping[str, str]:
        """Return versions and checksums of everything that decides the output."""
        resources = files("audit.resources")
        return {
            "public_suffix_list": f"tldextract {version('tldextract')}",
            "suffixes": _sha256(resources.joinpath("suffixes.csv").read_bytes()),
            "platforms": registry_checksum(),
            "declared": _sha256(
                resources.joinpath("platforms", "declared.csv").read_bytes()
            ),
        }

    def annotate(self, batch: Batch) -> Mapping[str, pa.Array]:
        """Return the columns of `Source`, one dictionary array each."""
        rows, places = self._by_url(batch.documents.column("url"))
        unknown = np.flatnonzero(rows < 0)
        if len(unknown):
            declared = batch.documents.column("source_declared")
            for platform, mine in _by_platform_of_file(batch, unknown):
                more, field_sources = self._by_field(
                    declared.take(pa.array(mine)), platform
                )
                rows[mine] = more + len(places.suffixes) + len(places.others)
                places.others.extend(field_sources)
        spread = pa.array(rows)
        return {
            name: pa.DictionaryArray.from_arrays(
                column.indices.take(spread), column.dictionary
            )
            for name, column in _columns(places)
        }

    def _by_url(self, urls: pa.Array) -> tuple[NDArray[np.int64], _Places]:
        """Return the row of each document in the table of places, -1 without one."""
        block = pc.fill_null(urls.cast(pa.large_string()), "")
        _, offsets, data = block.buffers()
        if len(block) == 0:
            none = np.empty(0, np.int64)
            return none, _Places(pa.array([], pa.string()), none, none, [])
        starts = np.frombuffer(offsets, np.int64)[
            block.offset : block.offset + len(block) + 1
        ]
        content = np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)
        host_bytes, host_offsets = extract_hosts(content, starts)
        hosts = pa.LargeStringArray.from_buffers(
            len(block), pa.py_buffer(host_offsets), pa.py_buffer(host_bytes)
        ).dictionary_encode()
        row_of, places = self._places(hosts.dictionary)
        return row_of[hosts.indices.to_numpy()], places

    def _places(self, hosts: pa.LargeStringArray) -> tuple[NDArray[np.int64], _Places]:
        """Return the row of each host, -1 without a place, and the places."""
        _, raw_offsets, raw = hosts.buffers()
        offsets = np.frombuffer(raw_offsets, np.int64)[
            hosts.offset : hosts.offset + len(hosts) + 1
        ]
        data = np.frombuffer(raw, np.uint8) if raw else np.empty(0, np.uint8)
        walk = walk_hosts(data, offsets, known_names().table)
        plain = np.flatnonzero(walk.plain & (walk.suffix >= 0))
        odd = np.flatnonzero(~walk.plain)
        found = [
            self._cached(self._hosts, host, source_of_host) if host else None
            for host in hosts.take(pa.array(odd)).to_pylist()
        ]
        usable = odd[[source is not None for source in found]]
        row_of = np.full(len(hosts), -1, np.int64)
        row_of[plain] = np.arange(len(plain))
        row_of[usable] = np.arange(len(plain), len(plain) + len(usable))
        copied, copied_offsets = cut(data, walk.domain[plain], offsets[plain + 1])
        return row_of, _Places(
            pa.StringArray.from_buffers(
                len(plain), pa.py_buffer(copied_offsets), pa.py_buffer(copied)
            ),
            walk.suffix[plain],
            walk.host[plain],
            [source for source in found if source is not None],
        )

    def _by_field(
        self, declared: pa.Array, platform: Declared | None
    ) -> tuple[NDArray[np.int64], list[Source]]:
        """Return the row of each document in the list of sources; every one has one."""
        fallback = _source_of_field(platform) or _NOWHERE
        names = pc.fill_null(declared, "").dictionary_encode()
        found = [
            self._cached(self._names, name, _source_of_name) or fallback
            for name in names.dictionary.to_pylist()
        ]
        return _compact(names.indices.to_numpy(), found)

    def _cached(self, cache: dict[str, _V], key: str, make: Callable[[str], _V]) -> _V:
        # Two threads may both compute a value; it is the same value.
        try:
            return cache[key]
        except KeyError:
            if len(cache) >= self.cache_size:
                cache.clear()
            value = cache[key] = make(key)
            return value


def _source_of_name(name: str) -> Source | None:
    return _source_of_field(platform_of_name(name)) if name else None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _by_platform_of_file(
    batch: Batch, rows: NDArray[np.intp]
) -> Iterator[tuple[Declared | None, NDArray[np.intp]]]:
    """Yield each platform that names of files stand for, and which rows are from it."""
    names, file_of = batch.origins()
    platforms = [platform_of_file(name) for name in names]
    distinct = list(dict.fromkeys(platforms))
    number = np.array([distinct.index(platform) for platform in platforms])
    platform_of = number[file_of[rows]]
    for i, platform in enumerate(distinct):
        if (mine := rows[platform_of == i]).size:
            yield platform, mine


def _compact(
    codes: NDArray[np.int32], found: Sequence[Source | None]
) -> tuple[NDArray[np.int64], list[Source]]:
    """Drop the sources that are None; their documents get row -1."""
    kept = [source for source in found if source is not None]
    row_of = np.full(len(found), -1, np.int64)
    row_of[[source is not None for source in found]] = np.arange(len(kept))
    return row_of[codes], kept


def _columns(places: _Places) -> Iterator[tuple[str, pa.DictionaryArray]]:
    """Yield each column of `Source` over the places."""
    known = known_names()
    platforms = np.where(places.hosts < 0, -1, known.platform[places.hosts])
    named = platforms >= 0
    suffixes = pa.array(places.suffixes)
    category = np.where(
        named, known.platform_category[platforms], known.category[places.suffixes]
    )
    country = known.platform_country[platforms]
    country = np.where(named & (country >= 0), country, known.country[places.suffixes])
    plain = {
        "domain": places.domains,
        "suffix": known.names.take(suffixes),
        "platform": _take(known.platforms, platforms),
        "operator": _take(known.operators, platforms),
        "category": _take(known.labels, category),
        "country": _take(known.labels, country),
        "attributed_by": pa.repeat("url", len(suffixes)),
    }
    for i, name in enumerate(Source._fields):
        others = pa.array([source[i] for source in places.others], pa.string())
        column = pa.concat_arrays([plain[name], others])
        yield name, column.dictionary_encode()


def _take(values: pa.StringArray, codes: NDArray[np.int64]) -> pa.StringArray:
    """Return values[codes], null for code -1."""
    return values.take(pa.array(codes, mask=codes < 0))
