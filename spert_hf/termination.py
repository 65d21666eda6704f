"""SIGTERM, with which schedulers end a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def sigterm_raises() -> Iterator[Any]:
    """Have SIGTERM end the process as an exception does, so that what was begun is cleared away, and said.

    Yields:
        A function that does so again, for what sets a handler of its own, as Ray's start does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return

    stopped_by: list[int] = []

    def stop(number: int, _: Any) -> None:
        stopped_by.append(number)
        raise SystemExit(128 + number)

    def renew() -> None:
        signal.signal(signal.SIGTERM, stop)

    before = signal.getsignal(signal.SIGTERM)
    renew()
    try:
        yield renew
    except SystemExit:
        if not stopped_by:
            raise
        raise SystemExit(128 + stopped_by[0]) from None  # Ray makes another exit code of it
    finally:
        with suppress(TypeError):  # a handler that was not set in Python cannot be set again
            signal.signal(signal.SIGTERM, before)
