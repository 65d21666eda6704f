"""State of the process that a run changes while it computes and restores afterwards, for notebooks and servers."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from accelerate.utils import set_seed

from .allocator import freed_memory_kept


class BorrowedProcess:
    """The run's own random states, number of torch threads, and setting of the allocator.

    They apply only inside `borrowed`, so that a run draws the same numbers whatever its process draws in between.

    Args:
        seed: seed of the run's random states.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._own: dict[str, Any] | None = None
        self._threads: int | None = None
        self._depth = 0

    def take_threads(self, count: int) -> None:
        """Set the number of torch threads that apply inside `borrowed` from now on."""
        self._threads = count
        torch.set_num_threads(count)

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """Apply the run's own state inside the context, and restore the former one after it, unless nested."""
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
    """Return the states of all generators that [`set_seed`] seeds, for the device of this process."""
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
