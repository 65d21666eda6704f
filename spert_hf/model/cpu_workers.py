"""Worker threads that compute batches in parallel on a CPU, each on separate cores.

This is faster than one batch after the other on all cores: no layer waits for the slowest core, and Python code for one
batch runs in parallel with the matrix products of another.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

MOST_WORKERS = 8
"""The maximum number of workers, each of which needs the memory of a batch; with more cores, each uses several."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}
_pools_lock = threading.Lock()
_this_thread = threading.local()


def count_workers() -> int:
    """Return the number of workers that share the torch threads of this thread."""
    return min(torch.get_num_threads(), MOST_WORKERS)


def has_company() -> bool:
    """Whether this thread is one of several workers, and should not use other cores."""
    return getattr(_this_thread, "has_company", False)


def side_by_side(
    compute: Callable[[Item], Result], items: Iterable[Item], workers: int, threads: int | None = None
) -> Iterator[Result]:
    """Compute items in parallel, and yield the results in order.

    Args:
        compute: called in the workers.
        items: the items, preferably the most expensive first; a few are computed ahead.
        workers: the number of workers, see [`count_workers`]. Threads that share a pipeline share its workers.
        threads: number of torch threads per worker; default: an equal share of those of this thread.

    Yields:
        The result of each item.

    Raises:
        Exception: any exception raised by `compute`, in place of the result.
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
    """Return the pool with these numbers of workers and of torch threads per worker."""
    with _pools_lock:
        if (workers, threads) not in _pools:
            _pools[workers, threads] = _make_pool(workers, threads)
        return _pools[workers, threads]


def _make_pool(workers: int, threads: int) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(workers, "spert", initializer=_become_worker, initargs=(workers > 1, threads))
    # The number of torch threads is thread-local, but new threads start with the value set last in any thread.
    before = torch.get_num_threads()
    all_there = threading.Barrier(workers + 1)
    for _ in range(workers):
        pool.submit(all_there.wait)
    all_there.wait()
    torch.set_num_threads(before)
    return pool


def _become_worker(has_company: bool, threads: int) -> None:
    _this_thread.has_company = has_company
    torch.get_num_threads()  # the first call initializes the global value
    torch.set_num_threads(threads)


def _forget_pools() -> None:
    """Forget the pools in a child process, which has none of the parent's threads, but possibly their locks."""
    global _pools_lock
    _pools_lock = threading.Lock()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pools)
