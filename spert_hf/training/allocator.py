"""The C library's allocator, told to keep what a training step frees: the next step needs the same again."""

import ctypes
import sys

# Of glibc's <malloc.h>.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Have this process keep freed memory for itself, where its C library is glibc.

    By default glibc gives large blocks back to the system at once. A step frees and takes the gradient of the word
    embeddings alone as tens of MB, and the system clears every page of it anew: at the paper's batch size a fifth of a
    step on a CPU. The most that the process holds stays the same.

    Returns:
        Whether it took effect.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, _LARGEST))
