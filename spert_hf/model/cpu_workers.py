"""Threads that compute side by side on a CPU, each on cores of its own.

Batches go through faster that way than one after the other on all cores: no layer waits until the slower core has
finished the one before, and what Python does for one batch goes on beside the products of another.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

MOST_WORKERS = 8
"""Each holds a batch's memory; with more cores than that, each computes on several."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}
_pools_lock = threading.Lock()
_this_thread = threading.local()


def count_workers() -> int:
    """How many workers share the threads that torch has in this thread."""
    return min(torch.get_num_threads(), MOST_WORKERS)


def has_company() -> bool:
    """Whether this thread is one of several workers, and so should leave the other cores alone."""
    return getattr(_this_thread, "has_company", False)


def side_by_side(
    compute: Callable[[Item], Result], items: Iterable[Item], workers: int, threads: int | None = None
) -> Iterator[Result]:
    """Yield the result of each item, in order; what takes longest should come first.

    Args:
        compute: called by the workers, not in this thread.
        items: a few of them are computed ahead of the result that is asked for.
        workers: as many as [`count_workers`] says. Threads that share a pipeline share its workers, too.
        threads: of torch for each worker; by default an equal share of those that this thread has.

    Raises:
        Exception: what `compute` raises, in place of the result.
    """
    pool = _find_pool(workers, threads or max(1, torch.get_num_threads() // workers))
    ahead: deque[Future[Result]] = deque()
    try:
        for item in items:
            ahead.append(pool.submit(compute, item))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        for future in ahead:
            future.cancel()


def _find_pool(workers: int, threads: int) -> ThreadPoolExecutor:
    """The pool of so many workers with so many threads of torch each."""
    with _pools_lock:
        if (workers, threads) not in _pools:
            _pools[workers, threads] = _make_pool(workers, threads)
        return _pools[workers, threads]


def _make_pool(workers: int, threads: int) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(workers, "spert", initializer=_become_worker, initargs=(workers > 1, threads))
    # How many threads torch computes with is each thread's own, but a new thread takes what was set last, by whichever.
    before = torch.get_num_threads()
    all_there = threading.Barrier(workers + 1)
    for _ in range(workers):
        pool.submit(all_there.wait)
    all_there.wait()
    torch.set_num_threads(before)
    return pool


def _become_worker(has_company: bool, threads: int) -> None:
    _this_thread.has_company = has_company
    torch.get_num_threads()  # asked for the first time, it sets what is set for all
    torch.set_num_threads(threads)


def _forget_pools() -> None:
    """A child process has none of its parent's threads, and perhaps a lock that one of them held."""
    global _pools_lock
    _pools_lock = threading.Lock()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pools)
