"""Models and tables are what was packaged, checked before any of them is read.

In: the record of the installed package, which holds the SHA-256 of each of its files.
Out: nothing, or an error that names the file. A working copy that is not installed has
no record: there is nothing to compare with, and its files are the developer's own.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import RunError

if TYPE_CHECKING:
    from importlib.metadata import PackagePath

__all__ = ["check_resources"]

_CODE = frozenset({".py", ".pyc", ".pyi"})


@lru_cache(maxsize=1)
def check_resources() -> int:
    """Compare every packaged model and table with the package's record, once a process.

    Returns:
        How many files were compared.

    Raises:
        RunError: a file is missing, or is not what was packaged.
    """
    here = Path(__file__).resolve().parent
    try:
        recorded = files("corpus-audit") or []
    except PackageNotFoundError:
        return 0
    found = [
        entry
        for entry in recorded
        if entry.parts[:2] == ("audit", "resources") and entry.suffix not in _CODE
    ]
    # A record of another place says nothing of the files that are read from here.
    mine = [e for e in found if here in Path(str(e.locate())).resolve().parents]
    for entry in mine:
        _check(entry)
    return len(mine)


def _check(entry: PackagePath) -> None:
    path = Path(str(entry.locate()))
    problem = None
    if not path.is_file():
        problem = "missing"
    elif entry.hash is not None and entry.hash.value != _sha256(path):
        problem = "changed"
    if problem:
        raise RunError(
            "A packaged model or table has the checksum it was packaged with",
            value=problem,
            where=str(path),
            next_step="Install corpus-audit again.",
        )


def _sha256(path: Path) -> str:
    """Return the checksum as a package's record writes it."""
    digest = hashlib.sha256(path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
