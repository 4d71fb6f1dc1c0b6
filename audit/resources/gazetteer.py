"""The cultural gazetteer: references, and their forms compiled for matching.

In: `culture/references.parquet` and the index compiled from `culture/forms.parquet`
(see `build_culture`). Out: one `Gazetteer` a process. The forms themselves, as text,
are there to build from and are not installed.
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
from audit.kernels.claims import AMBIGUOUS, SHARED, Claims
from audit.kernels.distinct import distinct
from audit.kernels.forms import Index, build_index
from audit.kernels.tokens import tokenize
from audit.resources.countries import countries, language_countries
from audit.resources.gazetteer_index import (
    CHECKSUM_KEY,
    VERSION_KEY,
    index_metadata,
    load_index,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "CATEGORIES",
    "FOLDER",
    "INDEX",
    "NOTHING",
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

# Reference of a phrase that stands for nothing (`MIT License`): it takes its tokens
# from the names inside it and never counts.
NOTHING = -1

FOLDER = Path(__file__).parent / "culture"
INDEX = FOLDER / "index"
# A language is a culture's own when that country has this share of its speakers.
_HOME_SHARE = 0.6
# Or when it is official there and this share of the population speaks it.
_SPOKEN_SHARE = 0.4


@dataclass(frozen=True)
class Gazetteer:
    """References and compiled forms.

    Attributes:
        cultures: codes of the cultures, ascending; their numbers in ``claims``.
        index: compiled forms.
        claims: what each form may stand for.
        languages: row of a language (ISO 639-3) in ``homes``; others have the last row.
        homes: uint8[n_languages + 1, n_cultures]: 2 own language of a culture, 1 one
            that is spoken there, 0 another.
    """

    cultures: tuple[str, ...]
    index: Index
    claims: Claims
    languages: dict[str, int]
    homes: NDArray[np.uint8]

    @property
    def references(self) -> pa.Table:
        """Table of ``name``, ``culture``, ``category``, ``weight``.

        The row number is the reference's number. Read when first asked for.
        """
        return _references()


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
        flags: uint8[n_forms], see `audit.kernels.claims`.
        reference_cultures: int16[n_references].

    """
    reference_cultures = with_nothing(reference_cultures)
    index, groups = build_index(tokenize(*text_block(forms)))
    order = np.argsort(groups, kind="stable")
    order = order[groups[order] >= 0]
    offsets = np.zeros(len(index.case) + 1, np.int64)
    np.cumsum(np.bincount(groups[order], minlength=len(index.case)), out=offsets[1:])
    claimed = references[order]
    cultures = reference_cultures[claimed]
    marks = _disputed(groups[order], cultures, flags[order])
    return index, Claims(offsets, claimed, cultures, marks)


def with_nothing(reference_cultures: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the cultures of references, and of `NOTHING` one above all others."""
    nowhere = np.int16(reference_cultures.max(initial=-1) + 1)
    return np.append(reference_cultures, nowhere)


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
    """Return the gazetteer, read once a process."""
    cultures = tuple(sorted(countries()["country"].to_pylist()))
    numbers = {code: n for n, code in enumerate(cultures)}
    labels = _read(["culture"])["culture"].combine_chunks()
    codes = np.array([numbers[c] for c in labels.dictionary.to_pylist()], np.int16)
    reference_cultures = with_nothing(codes[labels.indices.to_numpy()])
    index, claims = load_index(INDEX, SCHEMA_VERSION, reference_cultures)
    return Gazetteer(cultures, index, claims, *_homes(numbers))


@cache
def references() -> pa.Table:
    """Return what the gazetteer knows, one row a reference.

    Returns:
        Columns ``reference`` (int32, ascending from 0), ``name``, ``culture`` (ISO
        3166-1 alpha-2), ``region`` (UN M49 subregion), ``category``.
    """
    table = _references()
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
    return (index_metadata(INDEX).get(CHECKSUM_KEY) or b"").decode()


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


@cache
def _references() -> pa.Table:
    return _read()


def _read(columns: list[str] | None = None) -> pa.Table:
    """Return the table of references, which belongs to the index or is refused."""
    path = FOLDER / "references.parquet"
    table = pq.read_table(path, columns=columns)
    found = table.schema.metadata or {}
    expected = {
        VERSION_KEY: (SCHEMA_VERSION, "the gazetteer has the schema version in use"),
        CHECKSUM_KEY: (
            gazetteer_checksum(),
            "references and index were built together",
        ),
    }
    for key, (value, rule) in expected.items():
        if found.get(key, b"").decode() != value:
            raise RunError(
                f"{rule} ({value})",
                value=found.get(key, b"").decode(),
                where=str(path),
                next_step="Remake it with python -m audit.resources.build_culture.",
            )
    return table
