"""Matrices of a fastText model file, dense or as codes.

In: a `Reader` that stands at a matrix. Out: a `Matrix`; quantised ones stay codes where
the kernel reads them, and are written out where it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audit.annotate.fasttext_reader import UnsupportedModelError
from audit.kernels.fasttext_tables import decode_rows
from audit.kernels.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audit.annotate.fasttext_reader import Reader

__all__ = [
    "LONGEST_NGRAM", "LONGEST_ROW", "LONGEST_RUN", "Matrix", "read_matrix", "scale_of",
    "unsupported",
]  # fmt: skip

# What the kernel runs: quantised matrices that fit into memory when written out, and
# rows, n-grams and runs of words within what its loops were measured on.
_DECODED_BYTES = 4 << 30
LONGEST_ROW, LONGEST_NGRAM, LONGEST_RUN = 4096, 64, 64
# Rows of a dense matrix that are looked at to see how large its values are.
_SOME_ROWS = 1 << 14


class Matrix(NamedTuple):
    """A matrix as float32[m, dim] rows, or as codes with what they stand for."""

    rows: NDArray[np.float32]
    codes: NDArray[np.uint8]
    values: NDArray[np.float32]
    norm_codes: NDArray[np.uint8]
    norms: NDArray[np.float32]

    def ordered(self, order: NDArray[np.int64]) -> Matrix:
        """Return the matrix with its rows in another order."""
        return self._replace(
            rows=self.rows[order],
            codes=self.codes[order],
            norm_codes=self.norm_codes[order],
        )

    def decoded(self, dim: int) -> NDArray[np.float32]:
        """Return float32[m, dim], whatever the matrix is stored as."""
        if not self.codes.size:
            return self.rows
        norms = self.norms[self.norm_codes]
        return decode_rows(self.codes.reshape(-1), norms, self.values, dim, 2)


def read_matrix(
    reader: Reader, quantised: bool, n_rows: int, dim: int, what: str
) -> Matrix:
    """Return the matrix that the reader stands at.

    Raises:
        ConfigError: it does not fit the file, or is not of ``n_rows`` by ``dim``.
        UnsupportedModelError: the kernel does not run it.
    """
    with_norms = quantised and bool(reader.unpack("?", what)[0])
    m, n = reader.unpack("qq", what)
    if m != n_rows or n != dim:
        raise reader.fail(what, f"{m} x {n}, not {n_rows} x {dim}")
    no_codes, nothing = np.zeros((m, 0), np.uint8), np.zeros(0, np.float32)
    if not quantised:
        rows = reader.floats(m * n, what).reshape(m, n)
        return Matrix(rows, no_codes, nothing, np.zeros(m, np.uint8), nothing)
    (n_codes,) = reader.unpack("i", what)
    codes = np.array(reader.take(n_codes, what))
    dsub, centroids = _read_centroids(reader, dim, what)
    if n_codes != m * ((dim + dsub - 1) // dsub):
        raise reader.fail(what, n_codes)
    if m * dim * 4 > _DECODED_BYTES:
        raise unsupported(reader, f"{what} of {m} x {dim} values")
    norms, norm_codes = np.ones(256, np.float32), np.zeros(m, np.uint8)
    if with_norms:
        norm_codes = np.array(reader.take(m, what))
        norms = _read_centroids(reader, 1, what)[1]
    if dsub == 2 and dim % LANES == 0 and m:
        none = np.zeros((m, 0), np.float32)
        return Matrix(none, codes.reshape(m, -1), centroids, norm_codes, norms)
    rows = decode_rows(codes, norms[norm_codes], centroids, dim, dsub)
    return Matrix(rows, no_codes, nothing, norm_codes, nothing)


def _read_centroids(
    reader: Reader, dim: int, what: str
) -> tuple[int, NDArray[np.float32]]:
    stored, nsub, dsub, last = reader.unpack("4i", what)
    fits = stored == dim and 1 <= dsub <= dim and nsub == (dim + dsub - 1) // dsub
    if not fits or last != dim - (nsub - 1) * dsub:
        raise reader.fail(what, (stored, nsub, dsub, last))
    return dsub, reader.floats(dim * 256, what)


def scale_of(matrix: Matrix) -> float:
    """Return the power of two by which sums of rows become whole numbers.

    The largest value among some rows becomes 2^19 to 2^20: fine enough to tell what
    float32 tells of a sum, with room for sums of hundreds of such rows.
    """
    if matrix.codes.size:
        some = np.abs(matrix.values).max()
        some *= np.abs(matrix.norms[matrix.norm_codes]).max()
    else:
        some = np.abs(matrix.rows[:: max(1, len(matrix.rows) // _SOME_ROWS)]).max()
    if not 0 < some < np.inf:
        return 1.0
    return float(2.0 ** (20 - np.clip(np.frexp(some)[1], -60, 60)))


def unsupported(reader: Reader, value: str) -> UnsupportedModelError:
    """Return the error to raise for a model that is whole, but not for the kernel."""
    return UnsupportedModelError(
        "fastText models are read without fasttext-wheel if their loss is known, rows "
        f"have up to {LONGEST_ROW} values, n-grams {LONGEST_NGRAM} characters, runs "
        f"{LONGEST_RUN} words, and decoded rows fit in {_DECODED_BYTES >> 30} GiB",
        value=value,
        where=str(reader.path),
        next_step="Install fasttext-wheel (up to Python 3.11), or name another model.",
    )
