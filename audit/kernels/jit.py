"""The one place that decides how kernels are compiled.

In: plain Python functions over arrays. Out: the same functions compiled by numba.
Kernels release the GIL, so that worker threads run them side by side; they never start
threads of their own, because they already run inside workers. Fast-math stays off:
profiles must not depend on how a sum was reassociated.
"""

import hashlib
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

__all__ = ["compiled_before", "kernel"]

_F = TypeVar("_F", bound=Callable[..., Any])

# numba's on-disk cache has crashed when several processes filled it at once (numba
# issues 4807 and 10128). The launching process fills it before any local worker starts;
# CORPUS_AUDIT_JIT_CACHE=0 turns it off.
_CACHE = os.environ.get("CORPUS_AUDIT_JIT_CACHE", "1") != "0"


_HERE = Path(__file__).parent
_IMPORTED = re.compile(r"^\s*from audit\.kernels\.(\w+) import", re.MULTILINE)


def _sources(module: str, found: dict[str, bytes]) -> dict[str, bytes]:
    """Return the sources of a kernel module and of all that it calls."""
    if module not in found:
        found[module] = (_HERE / f"{module}.py").read_bytes()
        for name in _IMPORTED.findall(found[module].decode()):
            _sources(name, found)
    return found


@cache
def _folder(module: str) -> str:
    """Return the folder of a module's compiled kernels, one a state of its sources.

    numba looks only at the file a kernel stands in; a change in a kernel that it calls
    from another file would go unnoticed.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return os.environ["NUMBA_CACHE_DIR"]
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for name, source in sorted(_sources(module, {}).items()):
        digest.update(name.encode() + source)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return str(base / "corpus-audit" / f"{module}-{digest.hexdigest()}")


def compiled_before() -> bool:
    """Say whether an earlier process has left compiled kernels to load."""
    return _CACHE and any(Path(_folder("tokens")).rglob("*.nbi"))


def kernel(function: _F) -> _F:
    """Compile a function over arrays; it releases the GIL and runs on one thread."""
    # The folder is asked for when caching is enabled, that is here; other users of
    # numba in this process keep their own.
    settings: Any = numba.config
    folder = _folder(Path(function.__code__.co_filename).stem)
    before, settings.CACHE_DIR = settings.CACHE_DIR, folder
    try:
        compile_: Any = numba.njit(
            nogil=True, cache=_CACHE, parallel=False, fastmath=False
        )
        compiled: _F = compile_(function)
        return compiled
    finally:
        settings.CACHE_DIR = before
