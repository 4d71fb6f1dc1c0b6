"""How a process of the command starts and ends: nothing is done that it has no use for.

In: nothing. Out: the process's own settings, and parts of libraries left out. Starting
makes some hundred thousand objects that live to the end; Python's collector would look
through them again and again while they are made, at every full collection of the job,
and twice when the process ends. Libraries look for optional parts that no audit uses.

Only the command does this: in a program that imports ``audit`` nothing here has any
effect, because what the program uses beside it is not known.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["absent", "cache_folder", "loading", "own_process"]


class _Process:
    """Whether this process is the command's own."""

    own = False


def own_process() -> None:
    """Say that this process runs one command and then ends."""
    _Process.own = True


@contextmanager
def loading() -> Iterator[None]:
    """Keep the collector still while objects are made that stay; then set them aside.

    Nothing that was made by then is looked at again. Without effect inside another
    `loading`, and in processes of others.
    """
    if not _Process.own or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Let modules be missing while others that can do without them are imported.

    Args:
        names: of modules; one that is imported already stays.
    """
    hidden = [n for n in names if _Process.own and n not in sys.modules]
    # An entry of None is Python's own way to say that a module is not to be had.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def cache_folder() -> Path:
    """Return the folder for what is made once and read by later processes."""
    from pathlib import Path  # not at the top: --help has no use for it

    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "corpus-audit"
