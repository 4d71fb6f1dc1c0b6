"""A cursor over a model file that refuses to read past its end.

In: the path of a file. Out: numbers and arrays, in the order they lie in it.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

import numpy as np

from audit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Reader", "UnsupportedModelError", "checksum"]

# Dense matrices below this are copied into aligned memory, larger ones stay mapped.
_COPY_BYTES = 64 << 20


class UnsupportedModelError(ConfigError):
    """The file is a fastText model, but of a kind that the kernel does not run."""


class Reader:
    """A cursor over the mapped file that refuses to read past its end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.data: NDArray[np.uint8] = np.memmap(path, np.uint8, mode="r")
        except (OSError, ValueError) as error:
            raise ConfigError(
                "a language model must be a readable, non-empty file",
                value=str(path),
                next_step=f"Check the path ({error}).",
            ) from error
        self.at = 0

    def fail(self, what: str, value: object) -> ConfigError:
        """Return the error to raise where a part does not fit the file."""
        return ConfigError(
            f"{what} of a fastText model must fit its file",
            value=value,
            where=f"{self.path}, byte {self.at}",
            next_step="The file is truncated or damaged: fetch it again.",
        )

    def unpack(self, layout: str, what: str) -> tuple[int, ...]:
        """Return the next numbers, by a layout of `struct` (little-endian)."""
        size = struct.calcsize("<" + layout)
        raw = self.take(size, what).tobytes()
        return struct.unpack("<" + layout, raw)

    def take(self, n_bytes: int, what: str) -> NDArray[np.uint8]:
        """Return the next bytes, without a copy."""
        if n_bytes < 0 or self.at + n_bytes > len(self.data):
            raise self.fail(what, n_bytes)
        piece = self.data[self.at : self.at + n_bytes]
        self.at += n_bytes
        return piece

    def floats(self, count: int, what: str) -> NDArray[np.float32]:
        """Return the next floats: copied if they are few, left in the file if many."""
        piece = self.take(count * 4, what)
        if piece.nbytes <= _COPY_BYTES:
            return np.frombuffer(piece.tobytes(), "<f4").astype(np.float32)
        return np.frombuffer(piece, "<f4")


def checksum(data: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of a file, or above 256 MB of its head, tail and size."""
    digest = hashlib.sha256()
    if data.nbytes <= 256 << 20:
        digest.update(data.data)
    else:
        digest.update(data[: 16 << 20].data)
        digest.update(data[-(16 << 20) :].data)
        digest.update(str(data.nbytes).encode())
    return digest.hexdigest()
