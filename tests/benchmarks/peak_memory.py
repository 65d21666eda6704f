"""Peak resident memory of this process, as Linux counts it."""

import os
from collections.abc import Callable
from pathlib import Path

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")
RESET_PEAK = "5"


def is_available() -> bool:
    """Whether the system counts and lets the count be reset."""
    return STATUS.is_file() and os.access(RESET, os.W_OK)


def peak_growth(run: Callable[[], object]) -> int:
    """By how many bytes the process grows at most, while it runs something, beyond what it held before."""
    RESET.write_text(RESET_PEAK)
    before = _status("VmRSS")
    run()
    return max(0, _status("VmHWM") - before)


def _status(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
