"""The C library's allocator, told to keep what a training step frees: the next step needs the same again."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Of glibc's <malloc.h>.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_MMAP_MAX = -4
_LARGEST = 2**31 - 1
_KEPT = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _LARGEST))
_USUAL = ((_M_MMAP_THRESHOLD, 32 * 2**20), (_M_TRIM_THRESHOLD, 64 * 2**20), (_M_MMAP_MAX, 65_536))
"""Where glibc's own settings, which follow the blocks that a program frees, end up."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory while inside; see [`keep_freed_memory`]. On leaving, what is not used is given back."""
    keep_freed_memory()
    try:
        yield
    finally:
        free_memory_as_usual()
        library = _glibc()
        if library is not None:
            library.malloc_trim(0)


def keep_freed_memory() -> bool:
    """Have this process keep freed memory for itself, where its C library is glibc.

    By default glibc gives large blocks back to the system at once. A step frees and takes the gradient of the word
    embeddings alone as tens of MB, and the system clears every page of it anew: at the paper's batch size a fifth of a
    step on a CPU. The most that the process holds stays the same.

    Returns:
        Whether it took effect.
    """
    return _set(_KEPT)


def free_memory_as_usual() -> None:
    """Have large blocks given back to the system again."""
    _set(_USUAL)


def _set(settings: tuple[tuple[int, int], ...]) -> bool:
    library = _glibc()
    if library is None:
        return False
    taken = [bool(library.mallopt(name, value)) for name, value in settings]
    return all(taken)


def _glibc() -> Any:
    """The C library, if it is one with these settings."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
