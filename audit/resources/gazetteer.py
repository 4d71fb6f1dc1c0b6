"""The cultural gazetteer: references, and their forms compiled for matching.

In: `culture/references.parquet` and `culture/forms.parquet` (see `build_culture`). Out:
one `Gazetteer` a process. The files hold the forms as text, so a change of tokens or
hashes never makes them stale; compiling them takes a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit.batch import text_block
from audit.errors import RunError
from audit.kernels.distinct import distinct
from audit.kernels.gazetteer import AMBIGUOUS, SHARED, Claims, Index, build_index
from audit.kernels.tokens import tokenize
from audit.resources.countries import countries, language_countries

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "CATEGORIES",
    "SCHEMA_VERSION",
    "Gazetteer",
    "compile_forms",
    "gazetteer",
    "gazetteer_checksum",
    "references",
]

SCHEMA_VERSION = "1"

CATEGORIES = (
    "place",
    "person",
    "organisation",
    "holiday",
    "food",
    "clothing",
    "currency",
    "language",
    "religion",
    "literature",
    "music",
    "film_media",
    "sport",
    "education",
    "institution",
    "history",
    "nature",
)

_FOLDER = Path(__file__).parent / "culture"
_VERSION_KEY = b"corpus_audit.schema_version"
_CHECKSUM_KEY = b"corpus_audit.checksum"
# A language is a culture's own when that country has this share of its speakers.
_HOME_SHARE = 0.6
# Or when it is official there and this share of the population speaks it.
_SPOKEN_SHARE = 0.4


@dataclass(frozen=True)
class Gazetteer:
    """References and compiled forms.

    Attributes:
        references: Table of ``name``, ``culture``, ``category``, ``weight``; the row
            number is the reference's number.
        cultures: codes of the cultures, ascending; their numbers in ``claims``.
        index: compiled forms.
        claims: what each form may stand for.
        languages: row of a language (ISO 639-3) in ``homes``; others have the last row.
        homes: uint8[n_languages + 1, n_cultures]: 2 own language of a culture, 1 one
            that is spoken there, 0 another.
    """

    references: pa.Table
    cultures: tuple[str, ...]
    index: Index
    claims: Claims
    languages: dict[str, int]
    homes: NDArray[np.uint8]


def compile_forms(
    forms: pa.Array,
    references: NDArray[np.int32],
    flags: NDArray[np.uint8],
    reference_cultures: NDArray[np.int16],
) -> tuple[Index, Claims]:
    """Return the index and the claims of forms.

    Args:
        forms: large_string array; the forms of one token sequence in the order of
            preference of their references.
        references: int32[n_forms], the reference that each form stands for.
        flags: uint8[n_forms], see `audit.kernels.gazetteer`.
        reference_cultures: int16[n_references].
    """
    index, groups = build_index(tokenize(*text_block(forms)))
    order = np.argsort(groups, kind="stable")
    order = order[groups[order] >= 0]
    offsets = np.zeros(len(index.case) + 1, np.int64)
    np.cumsum(np.bincount(groups[order], minlength=len(index.case)), out=offsets[1:])
    claimed = references[order]
    cultures = reference_cultures[claimed]
    marks = _disputed(groups[order], cultures, flags[order])
    return index, Claims(offsets, claimed, cultures, marks)


def _disputed(
    groups: NDArray[np.int64], cultures: NDArray[np.int16], flags: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return flags with `AMBIGUOUS` where spellings of one token sequence disagree.

    The build settles who claims a form; spellings (``a-b``, ``a b``) only meet here.

    Args:
        groups: int64[n_claims], ascending.
        cultures: int16[n_claims].
        flags: uint8[n_claims].
    """
    silent = np.flatnonzero((flags & (AMBIGUOUS | SHARED)) == 0)
    pairs = distinct(groups[silent] << 16 | cultures[silent])
    # Groups ascend in pairs: one with two cultures follows itself.
    named = pairs >> 16
    disputed = np.zeros(int(groups[-1]) + 1 if len(groups) else 0, np.bool_)
    disputed[named[1:][named[1:] == named[:-1]]] = True
    marked = flags.copy()
    marked[silent[disputed[groups[silent]]]] |= AMBIGUOUS
    return marked


@cache
def gazetteer() -> Gazetteer:
    """Return the gazetteer, read and compiled once a process."""
    table = _read("references.parquet")
    forms = _read("forms.parquet", ["form", "reference", "flags"])
    cultures = tuple(sorted(countries()["country"].to_pylist()))
    numbers = {code: n for n, code in enumerate(cultures)}
    labels = table["culture"].combine_chunks()
    codes = np.array([numbers[c] for c in labels.dictionary.to_pylist()], np.int16)
    index, claims = compile_forms(
        forms["form"].combine_chunks(),
        forms["reference"].to_numpy(),
        forms["flags"].to_numpy(),
        codes[labels.indices.to_numpy()],
    )
    return Gazetteer(table, cultures, index, claims, *_homes(numbers))


@cache
def references() -> pa.Table:
    """Return what the gazetteer knows, one row a reference.

    Returns:
        Columns ``reference`` (int32, ascending from 0), ``name``, ``culture`` (ISO
        3166-1 alpha-2), ``region`` (UN M49 subregion), ``category``.
    """
    table = _read("references.parquet")
    known = countries()
    at = pc.index_in(table["culture"].cast(pa.string()), known["country"])
    return pa.table(
        {
            "reference": pa.array(np.arange(len(table), dtype=np.int32)),
            "name": table["name"],
            "culture": table["culture"],
            "region": known["subregion"].take(at).combine_chunks().dictionary_encode(),
            "category": table["category"],
        }
    )


@cache
def gazetteer_checksum() -> str:
    """Return the SHA-256 of references and forms, as the build has stored it."""
    metadata = pq.read_schema(_FOLDER / "forms.parquet").metadata or {}
    return (metadata.get(_CHECKSUM_KEY) or b"").decode()


def _homes(numbers: dict[str, int]) -> tuple[dict[str, int], NDArray[np.uint8]]:
    table = language_countries()
    names = pc.unique(table["language"]).to_pylist()
    rows = {name: n for n, name in enumerate(names)}
    homes = np.zeros((len(names) + 1, len(numbers)), np.uint8)
    columns = ("language", "country", "share", "population_share", "official")
    for language, country, share, spoken, official in zip(
        *(table[c].to_pylist() for c in columns), strict=True
    ):
        if country not in numbers:
            continue
        own = share >= _HOME_SHARE or (official and spoken >= _SPOKEN_SHARE)
        # English is written everywhere: being in English makes no name likelier.
        level = 2 if own and language != "eng" else 1
        if own or spoken >= _SPOKEN_SHARE / 2:
            homes[rows[language], numbers[country]] = level
    return rows, homes


def _read(name: str, columns: list[str] | None = None) -> pa.Table:
    path = _FOLDER / name
    table = pq.read_table(path, columns=columns)
    version = (table.schema.metadata or {}).get(_VERSION_KEY, b"").decode()
    if version != SCHEMA_VERSION:
        raise RunError(
            f"the gazetteer has schema version {SCHEMA_VERSION}",
            value=version,
            where=str(path),
            next_step="Remake it with python -m audit.resources.build_culture.",
        )
    return table
