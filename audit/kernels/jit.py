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

from audit.startup import absent, cache_folder

# numba asks whether there are foreign functions and a BLAS; no kernel calls either.
with absent("cffi", "scipy.linalg"):
    import numba
    import numba.np.arraymath

__all__ = ["compiled_before", "inlined", "kernel", "step"]

_F = TypeVar("_F", bound=Callable[..., Any])

# numba's on-disk cache has crashed when several processes filled it at once (numba
# issues 4807 and 10128). The launching process fills it before any local worker starts;
# CORPUS_AUDIT_JIT_CACHE=0 turns it off.
_CACHE = os.environ.get("CORPUS_AUDIT_JIT_CACHE", "1") != "0"


_HERE = Path(__file__).parent
_IMPORTED = re.compile(r"^\s*from audit\.kernels\.(\w+) import", re.MULTILINE)


def _sources(file: Path, found: dict[str, bytes]) -> dict[str, bytes]:
    """Return the sources of a file with kernels and of all kernels that it calls."""
    if file.stem not in found:
        found[file.stem], calls = _source(file)
        for name in calls:
            _sources(_HERE / f"{name}.py", found)
    return found


@cache
def _source(file: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return the source of a file, and which files with kernels it imports."""
    source = file.read_bytes()
    return source, tuple(_IMPORTED.findall(source.decode()))


@cache
def _folder(file: Path) -> str:
    """Return the folder of a file's compiled kernels, one a state of its sources.

    numba looks only at the file a kernel stands in; a change in a kernel that it calls
    from another file would go unnoticed.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return os.environ["NUMBA_CACHE_DIR"]
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for name, source in sorted(_sources(file, {}).items()):
        digest.update(name.encode() + source)
    return str(cache_folder() / f"{file.stem}-{digest.hexdigest()}")


def compiled_before() -> bool:
    """Say whether an earlier process has left compiled kernels to load."""
    return _CACHE and any(Path(_folder(_HERE / "tokens.py")).rglob("*.nbi"))


def kernel(function: _F) -> _F:
    """Compile a function over arrays; it releases the GIL and runs on one thread."""
    return _compiled(function)


def step(function: _F) -> _F:
    """Compile a part of a kernel, which makes no arrays and keeps none.

    Arrays are only lent to it. A `kernel` counts how many hold an array it is given,
    in two atomic additions an array: for a step of a few cycles, most of its time.
    """
    return _compiled(function, _nrt=False)


def inlined(function: _F) -> _F:
    """Compile a `step` into each place that calls it, whatever its size.

    A call of a step that is not inlined passes each field of its arrays, eight words an
    array, and of tuples of them. For steps of a few cycles, and those with one caller.
    """
    # Nothing outside calls it: without an entry for Python it compiles in less time.
    return _compiled(function, _nrt=False, forceinline=True, no_cpython_wrapper=True)


def _compiled(function: _F, **options: Any) -> _F:
    # The folder is asked for when caching is enabled, that is here; other users of
    # numba in this process keep their own.
    settings: Any = numba.config
    folder = _folder(Path(function.__code__.co_filename))
    # No kernel is called from C; its entry would be a tenth of the time to compile.
    options["no_cfunc_wrapper"] = True
    before, settings.CACHE_DIR = settings.CACHE_DIR, folder
    try:
        compile_: Any = numba.njit(
            nogil=True, cache=_CACHE, parallel=False, fastmath=False, **options
        )
        compiled: _F = compile_(function)
        return compiled
    finally:
        settings.CACHE_DIR = before
