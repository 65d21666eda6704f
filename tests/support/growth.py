"""How time and memory grow, measured so that a busy machine does not decide."""

import ctypes
import gc
import math
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence

import psutil

TIMES = 16
"""How many times as large the large work is: neither caches nor what each call costs tell n from n² then."""

BELOW_THE_SQUARE = 1.5
"""An exponent below it is that of time in proportion (64 times as long for 16 times as much, at most)."""


def exponent(work: Callable[[int], Callable[[], object]], largest: int, attempts: int = 5) -> float:
    """Measure how the processor time of work grows with its size: 1 in proportion, 2 by the square.

    It is the least of several attempts, which end as soon as one is below the square. In each of them, the small work
    is done anew, right before the large one: a shared machine changes its speed from one second to the next.

    Args:
        work: makes the work of a size, which is not measured, and returns what does it.
        largest: the size of the large work; the small one is a sixteenth of it.
        attempts: how often to measure at most.
    """
    small, large = work(largest // TIMES), work(largest)
    least = math.inf
    for _ in range(attempts):
        seconds = min(_processor_seconds(small) for _ in range(3))
        least = min(least, math.log(_processor_seconds(large) / seconds, TIMES))
        if least < BELOW_THE_SQUARE:
            break
    return least


def _processor_seconds(work: Callable[[], object]) -> float:
    # A full garbage collection goes over all that was ever imported, and would hide what the work takes.
    gc.disable()
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        gc.enable()


def peak_bytes(work: Callable[[], object]) -> int:
    """Most bytes of Python objects that the work holds at once, beside those there before."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def traced_bytes() -> int:
    """Bytes of Python objects that live now, while `tracemalloc` traces."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def resident_bytes(pid: int | None = None) -> int:
    """Memory of a process (of this one), with the free memory that its allocators keep for reuse."""
    return psutil.Process(pid).memory_info().rss


class _MallocState(ctypes.Structure):
    """What glibc's `mallinfo2` gives."""

    _fields_ = (
        ("arena", ctypes.c_size_t),
        ("ordblks", ctypes.c_size_t),
        ("smblks", ctypes.c_size_t),
        ("hblks", ctypes.c_size_t),
        ("hblkhd", ctypes.c_size_t),  # given out in mappings of their own
        ("usmblks", ctypes.c_size_t),
        ("fsmblks", ctypes.c_size_t),
        ("uordblks", ctypes.c_size_t),  # given out of the heaps
        ("fordblks", ctypes.c_size_t),
        ("keepcost", ctypes.c_size_t),
    )


def malloc_bytes() -> int:
    """Bytes that `malloc` gave out in this process and that nothing has freed (Linux with glibc 2.33 or later).

    Beside Python's small objects, which have an allocator of their own, that is all the process holds. Free memory
    does not count, so allocators that keep some for reuse do not blur it.
    """
    state_of_malloc = ctypes.CDLL(None).mallinfo2
    state_of_malloc.restype = _MallocState
    gc.collect()
    state = state_of_malloc()
    return state.uordblks + state.hblkhd


def python_blocks() -> int:
    """Small Python objects of this process, free ones left out."""
    gc.collect()
    return sys.getallocatedblocks()


def slope(values: Sequence[float]) -> float:
    """Increase from one value to the next, by least squares."""
    middle = (len(values) - 1) / 2
    mean = sum(values) / len(values)
    covariance = sum((place - middle) * (value - mean) for place, value in enumerate(values))
    return covariance / sum((place - middle) ** 2 for place in range(len(values)))
