"""How a process of this program asks the system for memory.

In: nothing. Out: settings of the C library and of Arrow, made before any work. glibc
gives each thread a heap of its own, which keeps what a thread has freed; with two
workers that handed arrays to each other, such heaps held a quarter of a job's peak.
Arrow's own pool keeps freed memory likewise. Arrays are large and are asked for a few
hundred times a second, so that one heap for all costs no time that can be measured.

Only the command does this: a program that calls `audit.profile` keeps its settings.
"""

from __future__ import annotations

import ctypes
import os

import pyarrow as pa

__all__ = ["share_one_heap"]

# Number of glibc's parameter in malloc.h.
_ARENA_MAX = -8
_CHOSEN = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")


def share_one_heap() -> bool:
    """Let all threads share one heap; return whether the C library can be told.

    What the user has chosen in the environment stands.
    """
    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())
    if any(name in os.environ for name in _CHOSEN):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # no glibc: other systems, musl
        return False
    return bool(mallopt(_ARENA_MAX, 1))
