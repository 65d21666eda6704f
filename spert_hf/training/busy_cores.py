"""Cores that other processes need, too: threads that wait for each other are made to sleep there.

OpenMP's threads share the work of each product, and wait for each other at its end: actively for some milliseconds, as
that is fastest where cores are free. Where they are not, a thread waits with its core for another one that has none,
and a step takes several times the time. Fewer threads would compute other sums in the last bit, and so other weights;
how threads wait changes nothing that is computed.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Protocol

import torch
from transformers.utils import logging

from ..cores import usable_cores

logger = logging.get_logger(__name__)

_WINDOW = 1.0
"""Seconds over which is measured how long threads wait for a core."""

_BUSY, _FREE = 0.2, 0.05
"""Seconds a second that all threads together wait for a core, above and below which cores are busy and free."""

_FREE_WINDOWS = 3
"""Windows with free cores, one after the other, after which threads wait actively again."""

_ELEMENTS_OF_A_THREAD = 1 << 16
"""Elements of which torch gives each thread some."""


class Waits(Protocol):
    """How threads wait for each other."""

    def be_passive(self) -> None:
        """Make them sleep."""

    def be_active(self) -> None:
        """Make them wait actively."""


class OpenMPWaits:
    """How OpenMP's threads wait for each other, as long as torch uses GNU's library, as its packages for Linux do.

    That library has them sleep almost at once where a process has more threads of OpenMP than cores (its manual,
    `GOMP_SPINCOUNT`; unless `OMP_WAIT_POLICY` is set). So a few more are made, which do nothing.

    Args:
        threads: how many torch computes with; one alone waits for nobody.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._end: threading.Event | None = None
        self._idle: list[threading.Thread] = []

    def be_passive(self) -> None:
        """Make more threads than there are cores."""
        if self._threads == 1:
            return
        self._end = threading.Event()
        teams = math.ceil((usable_cores() - self._threads + 1) / (self._threads - 1))
        for _ in range(max(teams, 1)):
            begun = threading.Event()
            thread = threading.Thread(target=self._hold_team, args=(begun, self._end), daemon=True)
            thread.start()
            self._idle.append(thread)
            begun.wait()

    def be_active(self) -> None:
        """End them."""
        if self._end is not None:
            self._end.set()
            for thread in self._idle:
                thread.join()
        self._end, self._idle = None, []

    def _hold_team(self, begun: threading.Event, end: threading.Event) -> None:
        """Each thread that computes something gets a team of its own, which stays with it."""
        torch.ones(self._threads * _ELEMENTS_OF_A_THREAD).add_(1)
        begun.set()
        end.wait()


class BusyCores:
    """Notices whether other processes need the cores of this one, and has its threads wait accordingly.

    Args:
        waits: how they wait; actively to begin with.
        waited: gives the seconds that all threads of this process have waited for a core so far, or `None` if that is
            not known: then they wait actively.
        clock: gives seconds.
    """

    def __init__(
        self,
        waits: Waits,
        waited: Callable[[], float | None] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._waits, self._waited, self._clock = waits, waited or seconds_without_core, clock
        self._is_passive = False
        self._free_windows = 0
        self._begin_window()

    def __enter__(self) -> BusyCores:
        self._begin_window()
        return self

    def __exit__(self, *error: object) -> None:
        self._set_passive(False)

    def look(self) -> None:
        """Measure, once a window is over, and have threads wait in the way that fits; called after each step."""
        seconds = self._clock() - self._begun
        if seconds < _WINDOW:
            return
        now = self._waited()
        share = 0.0 if now is None or self._before is None else (now - self._before) / seconds
        self._free_windows = self._free_windows + 1 if share < _FREE else 0
        if share > _BUSY:
            self._set_passive(True)
        elif self._free_windows >= _FREE_WINDOWS:
            self._set_passive(False)
        self._begin_window()

    def _set_passive(self, is_passive: bool) -> None:
        if is_passive == self._is_passive:
            return
        self._is_passive = is_passive
        if is_passive:
            logger.info(
                "other processes need the cores, too: threads that wait for each other sleep until they are free"
            )
            self._waits.be_passive()
        else:
            self._waits.be_active()

    def _begin_window(self) -> None:
        self._begun, self._before = self._clock(), self._waited()


def seconds_without_core() -> float | None:
    """Return how long the threads of this process could have run and had no core; `None` if the system does not tell.

    Linux tells it in nanoseconds, as the second number of each thread's `schedstat`.
    """
    waited = []
    with suppress(FileNotFoundError):  # on another system
        for thread in Path("/proc/self/task").iterdir():
            with suppress(OSError, ValueError, IndexError):  # it has just ended
                waited.append(int((thread / "schedstat").read_text().split()[1]))
    return sum(waited) / 1e9 if waited else None
