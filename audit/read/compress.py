"""Read compressed files as a stream of bytes, with limits.

In: the raw bytes of a file. Out: a `Stream` of decompressed bytes that never holds more
than a block, counts the stored bytes it has used, and says afterwards what was wrong.
Nothing here raises for bad content: what lies before the damage is still read.
"""

from __future__ import annotations

import bz2
import codecs
import lzma
from collections.abc import Callable
from typing import Any, BinaryIO

import lz4.frame  # type: ignore[import-untyped]
from backports import zstd
from isal import igzip_lib

from audit.read.batches import Refusal

__all__ = ["MAGIC", "Stream", "sniff_compression"]

_CHUNK = 2**17
# A small file may expand to this much, whatever the ratio.
_FREE_EXPANSION = 2**20

MAGIC: dict[str, bytes] = {
    "gzip": b"\x1f\x8b",
    "zstd": b"\x28\xb5\x2f\xfd",
    "bzip2": b"BZh",
    "xz": b"\xfd7zXZ\x00",
    "lz4": b"\x04\x22\x4d\x18",
}

# All of these share one interface: decompress(data, max_length), eof, needs_input and
# unused_data, which holds what follows the end of a frame.
_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP),
    "zstd": zstd.ZstdDecompressor,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
    "lz4": lz4.frame.LZ4FrameDecompressor,
}
_DAMAGED: tuple[Any, ...] = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    lzma.LZMAError,
    zstd.ZstdError,
    igzip_lib.error,
)

# Skippable zstd frames open some files (written by parallel compressors).
_ZSTD_SKIPPABLE = tuple(bytes([b]) + b"\x2a\x4d\x18" for b in range(0x50, 0x60))

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UTF32 = {codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be"}


def sniff_compression(head: bytes) -> str | None:
    """Return the compression that the first bytes of a file show, or None."""
    if head.startswith(_ZSTD_SKIPPABLE):
        return "zstd"
    for name, magic in MAGIC.items():
        if head.startswith(magic):
            return name
    return None


class Stream:
    """The decompressed bytes of one file.

    Args:
        raw: the stored bytes, at the place where reading starts.
        max_expansion: most bytes that one stored byte may become.
        sniff: whether to look for compression and a byte order mark; off in the
            middle of a file.

    Attributes:
        compression: what was found, or None.
        encoding: the encoding that a byte order mark names; UTF-16 and UTF-32 are
            handed on as UTF-8.
        bom: bytes of a UTF-8 byte order mark, which is left out.
        consumed: stored bytes used so far.
        problem: what was wrong, once `read` has returned ``b""``.
    """

    def __init__(self, raw: BinaryIO, max_expansion: int, *, sniff: bool = True):
        self._raw = raw
        self._max_expansion = max_expansion
        self._pending = b""
        self._stored = b""
        self._done = False
        self.consumed = 0
        self._produced = 0
        self.problem: Refusal | None = None
        self.compression: str | None = None
        self.encoding = "utf-8"
        self.bom = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._engine: Any = None
        if sniff:
            self._open()

    def _open(self) -> None:
        self._stored = self._read_raw()
        self.compression = sniff_compression(self._stored)
        if self.compression:
            self._engine = _DECOMPRESSORS[self.compression]()
        head = self._more()
        while head and len(head) < 4 and (more := self._more()):
            head += more
        for bom, encoding in (*_UTF32.items(), *_UTF16.items()):
            if head.startswith(bom):
                self.encoding = encoding
                self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
                head = self._decode(head[len(bom) :])
                break
        if head.startswith(codecs.BOM_UTF8):
            head, self.bom = head[3:], 3
        self._pending = head

    def peek(self, n_bytes: int) -> bytes:
        """Return up to ``n_bytes`` from here without using them up."""
        parts, size = [self._pending], len(self._pending)
        while size < n_bytes and (block := self._next()):
            parts.append(block)
            size += len(block)
        self._pending = b"".join(parts)
        return self._pending[:n_bytes]

    def read(self, n_bytes: int) -> bytes:
        """Return up to ``n_bytes``, at least one unless the stream is at its end."""
        if not self._pending:
            self._pending = self._next()
        block, self._pending = self._pending[:n_bytes], self._pending[n_bytes:]
        return block

    def _next(self) -> bytes:
        block = self._more()
        if self._decoder is None:
            return block
        while block:
            if decoded := self._decode(block):
                return decoded
            block = self._more()
        return self._decode(b"", final=True)

    def _decode(self, block: bytes, *, final: bool = False) -> bytes:
        decoder = self._decoder
        if decoder is None:
            return block
        try:
            text = decoder.decode(block, final)
        except UnicodeDecodeError as error:
            self._done = True
            self._decoder = None
            self.problem = self.problem or Refusal(
                "truncated", f"{self.encoding} text ends inside a character: {error}"
            )
            return b""
        return text.encode("utf-8", "surrogatepass")

    def _read_raw(self) -> bytes:
        try:
            block = self._raw.read(_CHUNK)
        except (OSError, ValueError) as error:
            self.problem = Refusal("unreadable_file", f"reading stopped: {error}")
            return b""
        self.consumed += len(block)
        return block

    def _more(self) -> bytes:
        if self._done:
            return b""
        block = self._plain() if self._engine is None else self._decompressed()
        self._produced += len(block)
        self._done = not block
        return block

    def _plain(self) -> bytes:
        if self._stored:
            block, self._stored = self._stored, b""
            return block
        return self._read_raw()

    def _decompressed(self) -> bytes:
        limit = max(self._max_expansion * self.consumed, _FREE_EXPANSION)
        if self._produced >= limit:
            self.problem = Refusal(
                "decompression_limit",
                f"{self.consumed} stored bytes became more than {self._produced};"
                f" {self._max_expansion} to 1 is allowed",
            )
            return b""
        while True:
            if self._engine.eof and not self._next_frame():
                return b""
            data = self._feed()
            if data is None:
                return b""
            try:
                block: bytes = self._engine.decompress(data, 8 * _CHUNK)
            except _DAMAGED as error:
                self.problem = self.problem or Refusal(
                    "truncated", f"damaged {self.compression} data: {error}"
                )
                return b""
            if block:
                return block

    def _feed(self) -> bytes | None:
        # Bytes for the decompressor; None when the file ends inside a frame.
        if not self._engine.needs_input:
            return b""
        data, self._stored = self._stored or self._read_raw(), b""
        if data:
            return data
        self.problem = self.problem or Refusal(
            "truncated", f"the file ends inside a {self.compression} block"
        )
        return None

    def _next_frame(self) -> bool:
        rest = (
            bytes(self._engine.unused_data or b"") or self._stored or self._read_raw()
        )
        while rest and not rest.strip(b"\x00"):  # padding to a block of a tape or disk
            rest = self._read_raw()
        if not rest:
            return False
        if len(rest) < 6:
            rest += self._read_raw()
        if sniff_compression(rest) != self.compression:
            self.problem = Refusal(
                "truncated",
                f"after a complete {self.compression} block the file goes on with"
                " bytes that are not compressed",
            )
            return False
        self._stored = rest
        self._engine = _DECOMPRESSORS[str(self.compression)]()
        return True
