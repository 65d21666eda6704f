"""How time and memory grow, measured so that a busy machine does not decide."""

import gc
import os
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path


def processor_seconds(work: Callable[[], object], attempts: int = 3) -> float:
    """Least processor time of several attempts: other processes can only add to it."""
    return min(_processor_seconds(work) for _ in range(attempts))


def _processor_seconds(work: Callable[[], object]) -> float:
    # A full garbage collection goes over all that was ever imported, and would hide what the work takes.
    gc.collect()
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


def resident_bytes() -> int:
    """Memory of this process, all of it (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def slope(values: Sequence[float]) -> float:
    """Increase from one value to the next, by least squares."""
    middle = (len(values) - 1) / 2
    mean = sum(values) / len(values)
    covariance = sum((place - middle) * (value - mean) for place, value in enumerate(values))
    return covariance / sum((place - middle) ** 2 for place in range(len(values)))
