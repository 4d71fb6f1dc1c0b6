"""The gazetteer's forms as they are matched, laid out when it is built.

In: `Index` and `Claims` of compiled forms. Out: four Parquet files that hold their
arrays, and from these files the same index and claims again, in a tenth of the time
that compiling the forms takes. Sequences are stored in the order of their slots, so
that reading fills the hash table from one end to the other; groups are numbered in that
order. The files say which tables they were compiled from and how texts were cut into
tokens: an index that no longer fits is refused, never searched in vain.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audit.batch import text_block
from audit.errors import RunError
from audit.kernels.claims import Claims
from audit.kernels.forms import Index, restore_index, stored_index
from audit.kernels.gazetteer import find_matches
from audit.kernels.tokens import tokenize

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["CHECKSUM_KEY", "VERSION_KEY", "index_metadata", "load_index", "save_index"]

VERSION_KEY = b"corpus_audit.schema_version"
CHECKSUM_KEY = b"corpus_audit.checksum"
_PROBE_KEY = b"corpus_audit.probe"
_STATES, _GROUPS, _CLAIMS, _FILTERS = "states", "groups", "claims", "filters"
# Names in several scripts, with marks, borders and capitals. An index finds them as it
# did when it was compiled, or tokens are no longer cut and hashed as they were.
_PROBE = (
    "Rio de Janeiro", "St. John's", "Ḩamāh", "NASA", "l'Île-de-France", "北京大学",
    "とうきょう", "サンパウロ", "서울특별시", "กรุงเทพมหานคร", "القاهرة", "मुंबई",
    "Αθήνα", "አዲስ አበባ", "Việt Nam", "K-pop 2021", "U.S.",
)  # fmt: skip


def _found(index: Index) -> str:
    """Return a digest of the probe's tokens and of the forms found in it."""
    block = text_block(pa.array(_PROBE, pa.large_string()))
    tokens = tokenize(*block)
    matches = find_matches(block.data, tokens, index)
    digest = hashlib.sha256(tokens.hashes.tobytes() + tokens.flags.tobytes())
    digest.update(matches.tokens.tobytes() + matches.lengths.tobytes())
    return digest.hexdigest()


def save_index(
    folder: Path, index: Index, claims: Claims, version: str, checksum: str
) -> None:
    """Write an index and its claims.

    Args:
        folder: written to; made where it is not there.
        index: compiled forms.
        claims: what each form may stand for; its cultures are not stored.
        version: schema version.
        checksum: checksum of the tables that were compiled.
    """
    states, groups = stored_index(index)
    ends = groups >= 0
    order = groups[ends]
    sizes = np.diff(claims.offsets)[order]
    rows = np.repeat(claims.offsets[:-1][order] - np.cumsum(sizes) + sizes, sizes)
    rows += np.arange(len(rows))
    tables = {
        _STATES: {"state": states, "form": ends},
        _GROUPS: {"case": index.case[order], "claims": sizes.astype(np.uint8)},
        _CLAIMS: {"reference": claims.references[rows], "flags": claims.flags[rows]},
        _FILTERS: {"lower": index.first[0], "any": index.first[1], "deep": index.deep},
    }
    metadata = {
        VERSION_KEY: version.encode(),
        CHECKSUM_KEY: checksum.encode(),
        _PROBE_KEY: _found(index).encode(),
    }
    folder.mkdir(exist_ok=True)
    for name, columns in tables.items():
        ascending = ["state"] if name == _STATES else []
        pq.write_table(
            pa.table(columns).replace_schema_metadata(metadata),
            folder / f"{name}.parquet",
            compression="zstd",
            compression_level=19,
            use_dictionary=False,
            column_encoding={n: "DELTA_BINARY_PACKED" for n in ascending},
        )


def index_metadata(folder: Path) -> dict[bytes, bytes]:
    """Return what the index says of itself: version, checksum, tokens."""
    return pq.read_schema(folder / f"{_STATES}.parquet").metadata or {}


def load_index(
    folder: Path, version: str, reference_cultures: NDArray[np.int16]
) -> tuple[Index, Claims]:
    """Return the index and the claims that were stored.

    Args:
        folder: as given to `save_index`.
        version: schema version that is asked for.
        reference_cultures: int16[n_references + 1], the culture of each reference; the
            last is that of a phrase that stands for nothing (reference -1).

    Raises:
        RunError: the files are of another version, were compiled from different
            tables, or with tokens that are no longer the same.
    """
    states = _read(folder, _STATES, version)
    groups = _read(folder, _GROUPS, version)
    stored = _read(folder, _CLAIMS, version)
    filters = _read(folder, _FILTERS, version)
    first = np.stack([_array(filters, "lower"), _array(filters, "any")])
    index = restore_index(
        _array(states, "state"),
        states["form"].to_numpy(),
        first,
        _array(filters, "deep"),
        _array(groups, "case"),
    )
    found = (index_metadata(folder).get(_PROBE_KEY) or b"").decode()
    if found != _found(index):
        raise _stale("the gazetteer's index fits the tokens in use", found, folder)
    offsets = np.zeros(len(groups) + 1, np.int64)
    np.cumsum(_array(groups, "claims"), out=offsets[1:])
    references = _array(stored, "reference")
    cultures = reference_cultures[references]
    return index, Claims(offsets, references, cultures, _array(stored, "flags"))


def _array(table: pa.Table, name: str) -> NDArray[Any]:
    return table[name].to_numpy()


def _stale(rule: str, value: str, where: Path) -> RunError:
    return RunError(
        rule,
        value=value,
        where=str(where),
        next_step="Remake it with python -m audit.resources.build_culture --index.",
    )


def _read(folder: Path, name: str, version: str) -> pa.Table:
    """Return one file of the index; all have the metadata of the first."""
    path = folder / f"{name}.parquet"
    table = pq.read_table(path)
    found = table.schema.metadata or {}
    if found.get(VERSION_KEY) != version.encode():
        value = (found.get(VERSION_KEY) or b"").decode()
        raise _stale(f"the gazetteer's index has schema version {version}", value, path)
    if found.get(CHECKSUM_KEY) != index_metadata(folder).get(CHECKSUM_KEY):
        value = (found.get(CHECKSUM_KEY) or b"").decode()
        raise _stale("the files of the gazetteer's index are of one build", value, path)
    return table
