"""Workers that load a model and predict with it: a thread of this process, or processes beside each other."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Any, Protocol

from ..model.errors import CheckpointError
from .calls import Call, Extract, extract_calls
from .models import ModelSource

Results = list[dict[str, Any] | None]

WORKER_ENDED = BrokenProcessPool
"""What a future of a worker raises if its process ends before it is done."""


class LoadingError(ValueError):
    """The model could not be loaded; the message is one line for the user."""


class Worker(Protocol):
    """Loads a model, and predicts batches one after the other."""

    def start_loading(self) -> Future[str | None]:
        """Begin to load the model; the result is a message for the user if that fails."""

    def submit(self, calls: Sequence[Call]) -> Future[Results]:
        """Begin to predict; see [`extract_calls`]."""

    def restart(self) -> Future[str | None]:
        """Put a new process in the place of one that has ended, and begin to load the model."""

    def close(self) -> None:
        """End when nothing is computed any more."""

    def kill(self) -> bool:
        """End at once, before `close`; returns whether that is possible."""


class ThreadWorker:
    """A [`Worker`] in one thread of this process, as torch keeps memory and threads for each one that computes.

    Args:
        load: returns the extractor.
    """

    def __init__(self, load: Callable[[], Extract]) -> None:
        self._load = load
        self._executor = ThreadPoolExecutor(1, "model")
        self._extract: Extract | None = None

    def start_loading(self) -> Future[str | None]:
        """See [`Worker`]."""
        return self._executor.submit(self._load_once)

    def _load_once(self) -> str | None:
        self._extract, message = _try_to_load(self._load)
        return message

    def submit(self, calls: Sequence[Call]) -> Future[Results]:
        """See [`Worker`]."""
        assert self._extract is not None, "it is loaded first"
        return self._executor.submit(extract_calls, self._extract, list(calls))

    def restart(self) -> Future[str | None]:
        """See [`Worker`]: a thread never needs it."""
        return self.start_loading()

    def close(self) -> None:
        """See [`Worker`]."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def kill(self) -> bool:
        """See [`Worker`]: a thread can't be ended."""
        return False


class ProcessWorker:
    """A [`Worker`] in a process of its own.

    Args:
        source: the model.
    """

    def __init__(self, source: ModelSource) -> None:
        self._source = source
        self._executor = _one_process()

    def start_loading(self) -> Future[str | None]:
        """See [`Worker`]."""
        return self._executor.submit(_load_in_process, self._source)

    def submit(self, calls: Sequence[Call]) -> Future[Results]:
        """See [`Worker`]."""
        try:
            return self._executor.submit(_extract_in_process, list(calls))
        except BrokenProcessPool as error:  # it ended while it was idle
            ended: Future[Results] = Future()
            ended.set_exception(error)
            return ended

    def restart(self) -> Future[str | None]:
        """See [`Worker`]."""
        self.close()
        self._executor = _one_process()
        return self.start_loading()

    def close(self) -> None:
        """See [`Worker`]."""
        # At its exit, Python waits for the executor's thread anyway, and may wake it just when it closes its pipe.
        self._executor.shutdown(cancel_futures=True)

    def kill(self) -> bool:
        """See [`Worker`]."""
        for process in list((self._executor._processes or {}).values()):
            process.kill()
        return True


def finish_loading(loading: Sequence[Future[str | None]]) -> None:
    """Wait for workers that load the model side by side.

    Raises:
        LoadingError: one can't load it.
    """
    for future in loading:
        try:
            message = future.result()
        except BrokenProcessPool:
            message = "a worker process ended while it loaded the model; is there memory for as many as --workers?"
        if message is not None:
            raise LoadingError(message)


def _one_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, get_context("spawn"), initializer=_become_worker)


def _try_to_load(load: Callable[[], Extract]) -> tuple[Extract | None, str | None]:
    """Load an extractor; a failure gives a message instead, as other processes may be unable to read the error."""
    try:
        return load(), None
    except (ValueError, OSError, ImportError, CheckpointError) as error:
        return None, str(error)


_loaded: dict[str, Extract] = {}
"""The extractor of a worker process."""


def _become_worker() -> None:
    """Leave signals to the main process, which says when to stop, and end with it however it ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _load_in_process(source: ModelSource) -> str | None:
    extract, message = _try_to_load(source.load)
    if extract is not None:
        _loaded["extract"] = extract
    return message


def _extract_in_process(calls: list[Call]) -> Results:
    return extract_calls(_loaded["extract"], calls)
