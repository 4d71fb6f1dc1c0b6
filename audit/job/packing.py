"""Arrays as bytes: what travels between workers and what lies in staging.

In: numpy arrays. Out: one bytes object that is read back without a copy. The layout is
a count, then for each array its type, shape and buffer, so that equal arrays give equal
bytes on every machine.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from audit.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["pack", "unpack"]

_MAGIC = b"CAP1"
_ALIGN = 8


def pack(arrays: Sequence[NDArray[Any]]) -> bytes:
    """Return arrays of up to two dimensions as bytes, little-endian."""
    parts = [_MAGIC, struct.pack("<I", len(arrays))]
    for array in arrays:
        flat = np.ascontiguousarray(array)
        kind = flat.dtype.newbyteorder("<").str.encode().ljust(4)
        rows, width = flat.shape if flat.ndim == 2 else (len(flat), 0)
        data = flat.tobytes()
        padding = b"\0" * (-len(data) % _ALIGN)
        parts += [kind, struct.pack("<IQ", width, rows), data, padding]
    return b"".join(parts)


def unpack(data: bytes) -> list[NDArray[Any]]:
    """Return the arrays that `pack` wrote, as views of the bytes.

    Raises:
        RunError: the bytes are cut off or were not written by `pack`.
    """
    try:
        return _unpack(data)
    except (struct.error, ValueError, TypeError) as error:
        raise RunError(
            "Packed arrays are whole",
            value=str(error),
            next_step="Remove the staging folder and run again without --resume.",
        ) from error


def _unpack(data: bytes) -> list[NDArray[Any]]:
    if data[:4] != _MAGIC:
        raise ValueError(f"unknown mark {data[:4]!r}")
    (count,) = struct.unpack_from("<I", data, 4)
    place, arrays = 8, []
    for _ in range(count):
        dtype = np.dtype(data[place : place + 4].decode().strip())
        width, rows = struct.unpack_from("<IQ", data, place + 4)
        place += 16
        n_values = rows * (width or 1)
        array = np.frombuffer(data, dtype, n_values, place)
        arrays.append(array.reshape(rows, width) if width else array)
        size = n_values * dtype.itemsize
        place += size + (-size % _ALIGN)
    return arrays
