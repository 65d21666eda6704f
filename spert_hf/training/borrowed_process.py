"""What a run changes in its process while it computes, and gives back: it may be a notebook's, or a server's."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from accelerate.utils import set_seed

from .allocator import freed_memory_kept


class BorrowedProcess:
    """Random states, torch's threads, and how the C library frees memory: a run's own while it is entered.

    A run draws the same numbers whatever its process draws in between.

    Args:
        seed: of the run's random states.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._own: dict[str, Any] | None = None
        self._threads: int | None = None
        self._depth = 0

    def take_threads(self, count: int) -> None:
        """Compute with so many threads of torch from now on, wherever the process is borrowed."""
        self._threads = count
        torch.set_num_threads(count)

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """Have the run's own state inside, and after it what was before; inside another one it does nothing."""
        if self._depth:
            yield
            return
        with ExitStack() as stack:
            stack.callback(_restore_random_state, _random_state())
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            stack.enter_context(freed_memory_kept())
            self._enter()
            try:
                yield
            finally:
                self._depth = 0
                self._own = _random_state()

    def _enter(self) -> None:
        self._depth = 1
        if self._threads is not None:
            torch.set_num_threads(self._threads)
        if self._own is None:
            set_seed(self._seed)
        else:
            _restore_random_state(self._own)


def _random_state() -> dict[str, Any]:
    """State of all generators that [`set_seed`] seeds, of the device that this process uses."""
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def _restore_random_state(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"])
