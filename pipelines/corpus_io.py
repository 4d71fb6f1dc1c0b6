"""Any filesystem that Beam knows, as the core's readers and writers want it.

In: paths such as ``gs://``, ``s3://``, ``hdfs://`` or local ones. Out: `BeamFileSystem`
(list, open) and `BeamOutput` (create, move, remove), thin covers over Beam's
`FileSystems`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from audit.errors import InputError
from audit.job.output import LocalOutput
from audit.read.files import FileInfo, LocalFileSystem, relative_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audit.job.output import Output
    from audit.read import FileSystem

__all__ = ["BeamFileSystem", "BeamOutput", "storage_of"]

_WILDCARDS = "*?["


class BeamFileSystem:
    """Files of any filesystem that Beam knows."""

    def match(self, pattern: str) -> list[FileInfo]:
        """Return the files of a name, a glob, or a folder (everything below it)."""
        patterns = [pattern]
        if not any(mark in pattern for mark in _WILDCARDS):
            patterns.append(pattern.rstrip("/") + "/**")
        try:
            results = FileSystems.match(patterns)
        except (BeamIOError, ValueError) as error:
            raise InputError(
                "The input can be listed",
                value=str(error),
                where=pattern,
                next_step="Check the address and your credentials.",
            ) from error
        return [
            FileInfo(m.path, relative_name(m.path, pattern), m.size_in_bytes)
            for result in results
            for m in result.metadata_list
        ]

    def open(self, path: str) -> BinaryIO:
        """Return the raw bytes of a file, without decompression."""
        return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


class _Upload(io.BytesIO):
    """Holds a file until it is whole, then writes it: remote files appear at once."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            with FileSystems.create(
                self._path, compression_type=CompressionTypes.UNCOMPRESSED
            ) as file:
                file.write(self.getvalue())
        super().__exit__(kind, error, trace)


class BeamOutput:
    """Folders of any filesystem that Beam knows."""

    def exists(self, path: str) -> bool:
        """Say whether there is a file or a folder that holds one."""
        return FileSystems.exists(path) or any(True for _ in self._below(path))

    def create(self, path: str) -> BinaryIO:
        """Open a new file for writing; it appears when it is closed."""
        return _Upload(path)

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None where there is no such file."""
        if not FileSystems.exists(path):
            return None
        with FileSystems.open(
            path, compression_type=CompressionTypes.UNCOMPRESSED
        ) as file:
            data: bytes = file.read()
            return data

    def list(self, folder: str) -> list[str]:
        """Return the paths of all files below a folder, sorted."""
        return sorted(self._below(folder))

    def move(self, source: str, target: str) -> None:
        """Give a file or all files of a folder another name.

        Object stores rename one file after the other, so ``run.json``, which tells
        that a profile is complete, goes last.
        """
        files = sorted(self._below(source), key=lambda p: p.endswith("/run.json"))
        if not files:
            FileSystems.rename([source], [target])
            return
        goal = target.rstrip("/")
        if files_before := list(self._below(goal)):
            FileSystems.delete(files_before)
        for path in files:
            FileSystems.rename([path], [goal + path[len(source.rstrip("/")) :]])

    def remove(self, path: str) -> None:
        """Remove a folder and all in it, or a file; nothing there is no error."""
        files = list(self._below(path))
        if not files and FileSystems.exists(path):
            files = [path]
        if files:
            FileSystems.delete(files)

    def join(self, *parts: str) -> str:
        """Join parts of a path."""
        path: str = FileSystems.join(*parts)
        return path

    def _below(self, folder: str) -> Iterator[str]:
        for result in FileSystems.match([folder.rstrip("/") + "/**"]):
            yield from (m.path for m in result.metadata_list)


def storage_of(remote: bool) -> tuple[FileSystem, Output]:
    """Return where to read and write: Beam's filesystems where paths need them."""
    if remote:
        return BeamFileSystem(), BeamOutput()
    return LocalFileSystem(), LocalOutput()
