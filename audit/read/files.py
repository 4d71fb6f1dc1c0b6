"""Find the files of a corpus on any filesystem.

In: names, folders and globs, and a `FileSystem`. Out: `FileInfo` values sorted by name,
each file once, whatever the order in which the filesystem lists them.
"""

from __future__ import annotations

import glob
import os
import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol

from audit.errors import InputError

__all__ = [
    "FileInfo",
    "FileSystem",
    "LocalFileSystem",
    "find_files",
    "relative_name",
]

_MAGIC = "*?["

# What lies beside data: written by engines, transfers and checksum tools. A file that
# is named outright is read whatever its name.
_BESIDE_SUFFIXES = (
    ".crc", ".md5", ".sha1", ".sha256", ".sha512", ".sig", ".asc", ".lock", ".tmp",
    ".part", ".partial", ".swp", "~", ".idx", ".cdx", ".cdxj", ".py", ".sh", ".ipynb",
)  # fmt: skip
_BESIDE_NAMES = {
    "md5sums", "sha256sums", "sha1sums", "checksums.txt", "thumbs.db",
    "readme", "readme.md", "readme.txt", "readme.rst", "license", "license.md",
    "license.txt", "notice", "changelog.md", "manifest.json", "manifest.txt",
    "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json",
}  # fmt: skip


@dataclass(frozen=True)
class FileInfo:
    """One file of a corpus.

    Attributes:
        path: what the filesystem opens.
        name: path relative to the corpus root, with forward slashes; the same wherever
            the corpus lies, so document ids and rejects are built on it.
        size: bytes as stored.
    """

    path: str
    name: str
    size: int


class FileSystem(Protocol):
    """Where files are listed and opened; readers use nothing else."""

    def match(self, pattern: str) -> list[FileInfo]:
        """Return the files of a name, a glob, or a folder (everything below it)."""

    def open(self, path: str) -> BinaryIO:
        """Return the raw bytes of a file, without decompression."""


def relative_name(path: str, pattern: str) -> str:
    """Return a matched path relative to the root that its pattern names.

    The root is the folder itself for a folder, the part before the first wildcard for
    a glob, and the file's folder for a file named outright.
    """
    path = path.replace("\\", "/")
    pattern = pattern.replace("\\", "/")
    head = pattern
    for position, char in enumerate(pattern):
        if char in _MAGIC:
            head = pattern[: pattern[:position].rfind("/") + 1]
            break
    root = head.rstrip("/")
    if root and path.startswith(root + "/"):
        return path[len(root) + 1 :]
    if not root and head != pattern:
        return path.lstrip("/")
    return posixpath.basename(path)


class LocalFileSystem:
    """Files of this machine."""

    def match(self, pattern: str) -> list[FileInfo]:
        """Return the files of a name, a glob, or a folder (everything below it)."""
        paths: Iterable[str]
        if os.path.isdir(pattern):
            paths = self._below(pattern)
        elif os.path.exists(pattern):
            paths = [pattern]
        else:
            paths = glob.iglob(pattern, recursive=True)
        return [
            FileInfo(path, relative_name(path, pattern), self._size(path))
            for path in paths
            if not os.path.isdir(path)
        ]

    @staticmethod
    def _below(folder: str) -> Iterable[str]:
        for root, _, names in os.walk(folder, followlinks=True):
            for name in names:
                yield os.path.join(root, name)

    @staticmethod
    def _size(path: str) -> int:
        # A dangling link has no size; opening it makes an `unreadable_file` reject.
        try:
            return os.stat(path).st_size
        except OSError:
            return 0

    def open(self, path: str) -> BinaryIO:
        """Return the raw bytes of a file, without decompression."""
        return open(path, "rb")  # the reader that asked closes it


def find_files(patterns: Sequence[str], filesystem: FileSystem) -> list[FileInfo]:
    """Return the files of a corpus, sorted by name, each once.

    Files that lie beside data (hidden ones, ``_SUCCESS``, checksums, read-me files) are
    left out unless they are named outright.

    Raises:
        InputError: a pattern matches nothing that could be read.
    """
    found: dict[str, FileInfo] = {}
    for pattern in patterns:
        matched = filesystem.match(pattern)
        kept = [f for f in matched if f.path == pattern or not _is_beside(f.name)]
        if not kept:
            raise _nothing_found(pattern, len(matched))
        for file in kept:
            found.setdefault(file.path, file)
    return sorted(_with_unique_names(list(found.values())), key=lambda f: f.name)


def _nothing_found(pattern: str, n_beside: int) -> InputError:
    beside = (
        f" Only hidden files, checksums and the like were there ({n_beside})."
        if n_beside
        else ""
    )
    return InputError(
        "a corpus needs at least one file",
        value=pattern,
        next_step="Give a file, a folder or a glob that exists (quote a glob so that"
        f" the shell leaves it alone).{beside}",
    )


def _is_beside(name: str) -> bool:
    parts = name.split("/")
    last = parts[-1].lower()
    return (
        any(part[:1] in (".", "_") for part in parts)
        or last.endswith(_BESIDE_SUFFIXES)
        or last in _BESIDE_NAMES
    )


def _with_unique_names(files: list[FileInfo]) -> list[FileInfo]:
    # Two patterns may both hold `part-0.jsonl`; as names stand in document ids, take
    # as many folders into the name as it needs to be unique.
    depth = 1
    while True:
        counts = Counter(file.name for file in files)
        clashing = [i for i, file in enumerate(files) if counts[file.name] > 1]
        if not clashing:
            return files
        for i in clashing:
            parts = files[i].path.replace("\\", "/").split("/")
            kept = files[i].name.count("/") + 2
            files[i] = replace(files[i], name="/".join(parts[-kept:]))
        depth += 1
        if depth > max(file.path.count("/") for file in files) + 2:
            return [
                replace(file, name=file.path) if counts[file.name] > 1 else file
                for file in files
            ]
