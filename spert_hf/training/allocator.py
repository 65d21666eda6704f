"""Settings of the C library's allocator that make it keep the memory a training step frees, for the next step."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# From glibc's <malloc.h>.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_MMAP_MAX = -4
_LARGEST = 2**31 - 1
_KEPT = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _LARGEST))
_USUAL = ((_M_MMAP_THRESHOLD, 32 * 2**20), (_M_TRIM_THRESHOLD, 64 * 2**20), (_M_MMAP_MAX, 65_536))
"""The values that glibc's own settings, which adapt to the blocks that a program frees, end up at."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory inside the context; see [`keep_freed_memory`]. On leaving, unused memory is given back."""
    keep_freed_memory()
    try:
        yield
    finally:
        free_memory_as_usual()
        library = _glibc()
        if library is not None:
            library.malloc_trim(0)


def keep_freed_memory() -> bool:
    """Make this process keep freed memory, if its C library is glibc.

    By default glibc gives large blocks back to the system at once. A step frees and allocates tens of MB for the
    gradient of the word embeddings alone, and the system has to clear every page again: a fifth of a step's time on a
    CPU at the paper's batch size. The process's peak memory stays the same.

    Returns:
        Whether it took effect.
    """
    return _set(_KEPT)


def free_memory_as_usual() -> None:
    """Make glibc give large blocks back to the system again."""
    _set(_USUAL)


def _set(settings: tuple[tuple[int, int], ...]) -> bool:
    library = _glibc()
    if library is None:
        return False
    taken = [bool(library.mallopt(name, value)) for name, value in settings]
    return all(taken)


def _glibc() -> Any:
    """Return the C library, if it has these settings."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
