"""Safe forking of a process that computes: the child has its memory, but none of its threads.

OpenMP's state in the child says that torch's threads exist, so parallel work would wait for them forever. So would code
that needs a lock that one of them held, or a oneDNN kernel that one of them was compiling.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

LONGEST_WAIT = 30.0
"""Seconds that a fork waits for running batches: far more than one takes, as a thread may be stuck."""


class _State:
    """The state of forking and computation in this process.

    Args:
        is_forked: whether this process was forked from one with a model.
        computing: the number of computing threads.
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
    """Make processes forked from now on compute with one torch thread, like the workers of a data loader.

    Called when a process creates a model; other processes are not affected.
    """
    global _registered
    if not _registered and hasattr(os, "register_at_fork"):
        _registered = True
        os.register_at_fork(before=_close, after_in_parent=_open, after_in_child=_start_alone)


def is_forked() -> bool:
    """Whether this process was forked from one with a model: if so, only new threads may use several torch threads."""
    return _state.is_forked


@contextmanager
def computing() -> Iterator[None]:
    """Context in which forks in other threads wait."""
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
            state = _state  # a different object if this process was forked in the meantime
            with state.changed:
                state.computing -= 1
                state.changed.notify_all()


def _is_computing() -> bool:
    return getattr(_this_thread, "is_computing", False)


def _close() -> None:
    """Wait until no other thread computes, and block new computations."""
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
