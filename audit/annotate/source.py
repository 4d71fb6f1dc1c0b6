"""The source of each document: domain, suffix, platform, operator, category, country.

In: batches with ``url``, ``source_declared`` and a file name. Out: the source columns
of `schemas.annotation`. Hosts are cut from the URLs by one kernel; only the unique
hosts and declared names of a batch meet Python, through a bounded cache.

``country`` is the home country of the platform where the registry knows it, else the
country of the suffix. A document without usable URL has domain "" and is attributed by
its declared source, then by its file's name; ``attributed_by`` says which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit.kernels.url import extract_hosts
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
        rows, sources = self._by_url(batch.documents.column("url"))
        unknown = np.flatnonzero(rows < 0)
        if len(unknown):
            declared = batch.documents.column("source_declared")
            more, field_sources = self._by_field(
                declared.take(pa.array(unknown)), batch.file
            )
            rows[unknown] = more + len(sources)
            sources += field_sources
        return (
            {
                column: _spread(rows, values)
                for column, values in zip(
                    Source._fields, zip(*sources, strict=True), strict=True
                )
            }
            if sources
            else _empty()
        )

    def _by_url(self, urls: pa.Array) -> tuple[NDArray[np.int64], list[Source]]:
        """Return the row of each document in the list of sources, -1 without one."""
        block = pc.fill_null(urls.cast(pa.large_string()), "")
        _, offsets, data = block.buffers()
        if len(block) == 0:
            return np.empty(0, np.int64), []
        starts = np.frombuffer(offsets, np.int64)[
            block.offset : block.offset + len(block) + 1
        ]
        content = np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)
        host_bytes, host_offsets = extract_hosts(content, starts)
        hosts = pa.LargeStringArray.from_buffers(
            len(block), pa.py_buffer(host_offsets), pa.py_buffer(host_bytes)
        ).dictionary_encode()
        found = [
            self._cached(self._hosts, host, source_of_host) if host else None
            for host in hosts.dictionary.to_pylist()
        ]
        return _compact(hosts.indices.to_numpy(), found)

    def _by_field(
        self, declared: pa.Array, file: str
    ) -> tuple[NDArray[np.int64], list[Source]]:
        """Return the row of each document in the list of sources; every one has one."""
        fallback = _source_of_field(platform_of_file(file)) or _NOWHERE
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


def _compact(
    codes: NDArray[np.int32], found: Sequence[Source | None]
) -> tuple[NDArray[np.int64], list[Source]]:
    """Drop the sources that are None; their documents get row -1."""
    kept = [source for source in found if source is not None]
    row_of = np.full(len(found), -1, np.int64)
    row_of[[source is not None for source in found]] = np.arange(len(kept))
    return row_of[codes], kept


def _spread(rows: NDArray[np.int64], values: tuple[str | None, ...]) -> pa.Array:
    """Return values[rows] as a dictionary array, without a string a document."""
    encoded = pa.array(values, pa.string()).dictionary_encode()
    indices = encoded.indices.take(pa.array(rows))
    return pa.DictionaryArray.from_arrays(indices, encoded.dictionary)


def _empty() -> dict[str, pa.Array]:
    empty = pa.array([], pa.string()).dictionary_encode()
    return dict.fromkeys(Source._fields, empty)
