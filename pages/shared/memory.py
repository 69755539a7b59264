"""The memory of a process that many visitors come to and leave: what is free is given back to the machine.

Each thread of Python's has its own store of memory at first, with glibc, and Arrow has another. Every click runs in a
new thread: free pieces in one store are no use to the next, and with each crowd that came and left the process grew.
Large pieces lie outside of the stores, or small ones between them would hold them.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable

import pyarrow as pa

from retention_core import remembered

STORES_AT_MOST = 2
LARGE = 1024**2  # bytes; left alone, glibc raises it to 32 MB
AT_HAND = 16 * LARGE  # free at the end of a store: given back after each move of a slider, the next asks for it again
_SETTINGS = {-8: STORES_AT_MOST, -3: LARGE, -1: AT_HAND}  # M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD of malloc.h


def share_stores() -> None:
    """Let all threads share few stores, and Arrow use them too. At the start of a server, before there are threads."""
    if limit := _of_glibc("mallopt"):
        for name, value in _SETTINGS.items():
            limit(name, value)
        pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Find what hangs together only with itself, and return free memory to the machine. Not in a script's thread."""
    remembered.forget()
    gc.collect()
    pa.default_memory_pool().release_unused()
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function that other C libraries do not have, or have under this name for nothing: musl, macOS, Windows."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
