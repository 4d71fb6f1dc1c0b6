"""The one place that decides how kernels are compiled.

In: plain Python functions over arrays. Out: the same functions compiled by numba.
Kernels release the GIL, so that worker threads run them side by side; they never start
threads of their own, because they already run inside workers. Fast-math stays off:
profiles must not depend on how a sum was reassociated.
"""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numba

__all__ = ["kernel"]

_F = TypeVar("_F", bound=Callable[..., Any])

# numba's on-disk cache has crashed when several processes filled it at once (numba
# issues 4807 and 10128). The launching process fills it before any worker starts;
# CORPUS_AUDIT_JIT_CACHE=0 turns it off.
_CACHE = os.environ.get("CORPUS_AUDIT_JIT_CACHE", "1") != "0"


def kernel(function: _F) -> _F:
    """Compile a function over arrays; it releases the GIL and runs on one thread."""
    compiled = numba.njit(nogil=True, cache=_CACHE, parallel=False, fastmath=False)
    return compiled(function)  # type: ignore[no-any-return]
