"""Where results go: written beside, shown at once.

In: tables and texts by name. Out: files in a staging folder, which takes the place of
the output folder in one step when the run is complete, so that a reader never meets
half a profile.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from audit.errors import ConfigError, RunError

if TYPE_CHECKING:
    from collections.abc import Callable

# A call was right and the disk was not: what is full, too large, broken or gone.
_NO_ROOM = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE, errno.ENODEV}
)

__all__ = ["LocalOutput", "Output", "write_bytes", "write_whole"]


class Output(Protocol):
    """A filesystem that can be written to."""

    def exists(self, path: str) -> bool:
        """Say whether there is a file or a folder that holds one."""

    def create(self, path: str) -> BinaryIO:
        """Open a new file for writing, with the folders above it."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None where there is no such file."""

    def list(self, folder: str) -> list[str]:
        """Return the paths of all files below a folder, sorted."""

    def move(self, source: str, target: str) -> None:
        """Give a file or a folder another name, in place of what has that name."""

    def remove(self, path: str) -> None:
        """Remove a folder and all in it, or a file; nothing there is no error."""

    def join(self, *parts: str) -> str:
        """Join parts of a path."""


class LocalOutput:
    """Folders of this machine."""

    def exists(self, path: str) -> bool:
        """Say whether there is a file or a folder that holds one."""
        target = Path(path)
        return target.is_file() or (target.is_dir() and any(target.iterdir()))

    def create(self, path: str) -> BinaryIO:
        """Open a new file for writing, with the folders above it."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return open(path, "wb")

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None where there is no such file."""
        try:
            return Path(path).read_bytes()
        except FileNotFoundError:
            return None

    def list(self, folder: str) -> list[str]:
        """Return the paths of all files below a folder, sorted."""
        return sorted(str(p) for p in Path(folder).rglob("*") if p.is_file())

    def move(self, source: str, target: str) -> None:
        """Give a file or a folder another name, in place of what has that name.

        A folder that was there is first moved aside and removed last: at no moment is
        there half of either.
        """
        goal = Path(target)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if not goal.is_dir():
            os.replace(source, target)
            return
        aside = goal.with_name(f".{goal.name}.old-{uuid.uuid4().hex[:8]}")
        os.replace(goal, aside)
        os.replace(source, goal)
        shutil.rmtree(aside)

    def remove(self, path: str) -> None:
        """Remove a folder and all in it, or a file; nothing there is no error."""
        target = Path(path)
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)

    def join(self, *parts: str) -> str:
        """Join parts of a path."""
        return os.path.join(*parts)


def write_whole(output: Output, path: str, write: Callable[[BinaryIO], object]) -> None:
    """Write a file under another name and give it its own when it is complete.

    Args:
        output: where to.
        path: the file's final name.
        write: writes the content to the open file.
    """
    part = f"{path}.part-{uuid.uuid4().hex[:8]}"
    try:
        with output.create(part) as file:
            write(file)
            _settle(file)
        output.move(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            output.remove(part)
        kind = RunError if error.errno in _NO_ROOM else ConfigError
        raise kind(
            "The output folder can be written to",
            value=str(error.strerror or error),
            where=path,
            next_step="Check free space and permissions, then run with --resume.",
        ) from error


def _settle(file: BinaryIO) -> None:
    """Have a file of this machine on its disk before it gets its name.

    A rename can outlive a power cut that the content did not.
    """
    file.flush()
    with contextlib.suppress(io.UnsupportedOperation, AttributeError):
        os.fsync(file.fileno())


def write_bytes(output: Output, path: str, data: bytes) -> None:
    """Write bytes as a file that appears when it is complete."""
    write_whole(output, path, lambda file: file.write(data))
