"""The cores that a process may use."""

import os


def usable_cores() -> int:
    """Return the number of logical cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_physical_cores() -> int:
    """Return the number of physical cores that this process may run on, at least one.

    Of a process that may run on some cores only it is an estimate: with two logical cores to a physical one, half.
    """
    import psutil  # an installation without torch has none

    logical = os.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or logical  # unknown in some containers
    return max(1, usable_cores() * physical // logical)
