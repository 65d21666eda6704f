"""Processes that are forked off one that computes: they have its memory, and none of its threads.

What OpenMP keeps of torch's threads says that they are there, and whoever shares work out to them waits for ever. So
does whoever meets a lock that one of them held, or a kernel of oneDNN's that one of them was compiling.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

LONGEST_WAIT = 30.0
"""Seconds that a fork waits for batches under way: far more than one takes, but a thread may be stuck in its own."""


class _State:
    """Who computes and who forks in this process.

    Args:
        is_forked: whether this process was forked off one that had made a model.
        computing: threads that compute.
    """

    def __init__(self, is_forked: bool = False, computing: int = 0) -> None:
        self.is_forked = is_forked
        self.computing = computing
        self.forking = 0
        self.changed = threading.Condition()


_state = _State()
_this_thread = threading.local()
_registered = False


def make_forks_safe() -> None:
    """Have what this process forks off from now on compute with one thread of torch, as a data loader's workers do.

    A process with a model calls it; others, which may have no use for it, are left as they are.
    """
    global _registered
    if not _registered and hasattr(os, "register_at_fork"):
        _registered = True
        os.register_at_fork(before=_close, after_in_parent=_open, after_in_child=_start_alone)


def is_forked() -> bool:
    """Whether this process was forked off one with a model: if so, only threads begun here may use several of torch."""
    return _state.is_forked


@contextmanager
def computing() -> Iterator[None]:
    """What is done while a fork in another thread has to wait."""
    outermost = not _is_computing()
    if outermost:
        state = _state
        with state.changed:
            state.changed.wait_for(lambda: not state.forking, LONGEST_WAIT)
            state.computing += 1
        _this_thread.is_computing = True
    try:
        yield
    finally:
        if outermost:
            _this_thread.is_computing = False
            state = _state  # another one, if this process was forked off meanwhile
            with state.changed:
                state.computing -= 1
                state.changed.notify_all()


def _is_computing() -> bool:
    return getattr(_this_thread, "is_computing", False)


def _close() -> None:
    """Wait until no other thread computes, and let none begin."""
    state = _state
    state.changed.acquire()
    state.forking += 1
    state.changed.wait_for(lambda: state.computing <= _is_computing(), LONGEST_WAIT)


def _open() -> None:
    state = _state
    state.forking -= 1
    state.changed.notify_all()
    state.changed.release()


def _start_alone() -> None:
    global _state
    _state = _State(is_forked=True, computing=int(_is_computing()))
    torch.set_num_threads(1)
