"""Models and tables are what was packaged, checked before any of them is read.

In: the record of the installed package, which holds the SHA-256 of each of its files.
Out: nothing, or an error that names the file. A working copy that is not installed has
no record: there is nothing to compare with, and its files are the developer's own.
"""

from __future__ import annotations

import base64
import csv
import hashlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

from audit.errors import RunError

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
        package = distribution("corpus-audit")
    except PackageNotFoundError:
        return 0
    # Not `package.files`: from Python 3.12 on it leaves out what is missing.
    record = csv.reader((package.read_text("RECORD") or "").splitlines())
    checked = 0
    for name, checksum, _ in record:
        place = PurePosixPath(name)
        if place.parts[:2] != ("audit", "resources") or place.suffix in _CODE:
            continue
        path = Path(str(package.locate_file(place)))
        # A record of another place says nothing of the files that are read from here.
        if here in path.resolve().parents:
            _check(path, checksum)
            checked += 1
    return checked


def _check(path: Path, checksum: str) -> None:
    """Compare a file with ``algorithm=value``; empty: only whether it is there."""
    problem = None
    if not path.is_file():
        problem = "missing"
    elif checksum and checksum.partition("=")[2] != _sha256(path):
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
