"""Dynamic batching: what waits when a worker becomes free is predicted together."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from .calls import Call
from .errors import STOPPING
from .metrics import Metrics
from .settings import ServerLimits
from .workers import WORKER_ENDED, LoadingError, Worker, finish_loading

logger = logging.getLogger(__name__)

LINGERING = 0.25
"""The part of a batch's time for which its worker then waits for as many calls as the batch had: clients that were just
answered call again in a moment, and if the worker took what is there at once, batches of one and of all others would
alternate."""

LONGEST_LINGERING = 0.05
"""The maximum of that time in seconds."""

FAILED = "the extraction failed"

RESTART_PAUSES = (0.0, 1.0, 5.0)
"""Seconds before each attempt to start a worker again, after which it is given up."""


class RefusedError(Exception):
    """A call without a result.

    Args:
        status: of the response.
        detail: one line for the client.
        retry_after: seconds after which the client may try again, if that is worth it.
    """

    def __init__(self, status: int, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after = retry_after


@dataclass(eq=False, slots=True)
class _Waiting:
    """A call and the future of its result."""

    call: Call
    result: asyncio.Future[dict[str, Any]]

    def refuse(self, status: int, detail: str) -> None:
        if not self.result.done():
            self.result.set_exception(RefusedError(status, detail))


class Batcher:
    """A bounded queue of calls in front of workers.

    Args:
        workers: have loaded the model.
        limits: of the queue and of batches.
        metrics: what is counted.
    """

    def __init__(self, workers: Sequence[Worker], limits: ServerLimits, metrics: Metrics) -> None:
        self._workers = list(workers)
        self._limits = limits
        self._metrics = metrics
        self._waiting: deque[_Waiting] = deque()
        self._running: set[_Waiting] = set()
        self._arrived = asyncio.Event()
        self._idle = 0
        self._alive = len(self._workers)
        self._tasks: list[asyncio.Task[None]] = []
        self.is_stopping = False
        """Whether new calls are refused."""
        self.cut_off = 0
        """The number of calls that were accepted and then given up."""
        self.failure: LoadingError | None = None
        """Why there is no worker left."""
        self.when_failed: Callable[[], None] = lambda: None
        """Called when there is no worker left."""
        metrics.watch_queue(lambda: len(self._waiting))

    @property
    def is_ready(self) -> bool:
        """Whether calls are accepted and there is a worker for them."""
        return not self.is_stopping and self._alive > 0

    def start(self) -> None:
        """Let the workers take calls; in the event loop."""
        self._tasks = [asyncio.create_task(self._work(worker)) for worker in self._workers]

    async def close(self) -> bool:
        """Let the workers end; returns whether they do so by themselves."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        has_ended = True
        for worker in self._workers:
            has_ended &= not self.cut_off or worker.kill()
            worker.close()
        return has_ended

    async def extract(self, call: Call) -> dict[str, Any]:
        """Wait for the result of a call. A cancelled call leaves the queue.

        Raises:
            RefusedError: the queue is full, the server is stopping, or the text can't be predicted.
        """
        most = self._limits.queue_size
        if self.is_stopping:
            raise RefusedError(503, STOPPING)
        if len(self._waiting) >= most + self._idle:  # an idle worker takes at least one in a moment
            raise RefusedError(503, f"the queue is full, with {most} waiting: try again in 1 s", retry_after=1)
        one = _Waiting(call, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._arrived.set()
        try:
            return await one.result
        except asyncio.CancelledError:
            if one in self._waiting:
                self._waiting.remove(one)
            raise

    def give_up(self) -> None:
        """Refuse all that has no result yet: there is no more time."""
        self.is_stopping = True
        left = [one for one in (*self._running, *self._waiting) if not one.result.done()]
        self._waiting.clear()
        self.cut_off += len(left)
        for one in left:
            one.refuse(503, STOPPING)

    async def _work(self, worker: Worker) -> None:
        try:
            expected, seconds = 1, 0.0
            while True:
                batch = await self._take(expected, seconds)
                start = perf_counter()
                self._running.update(batch)
                try:
                    await self._predict(worker, batch)
                except LoadingError:
                    raise
                except Exception:  # else nobody would take what waits, without a word
                    logger.exception("a batch of %d texts has failed", len(batch))
                    for one in batch:
                        one.refuse(500, FAILED)
                finally:
                    self._running.difference_update(batch)
                expected, seconds = len(batch), perf_counter() - start
        except LoadingError as error:
            logger.error("a worker could not be started again: %s", error)
            self._alive -= 1
            if not self._alive:
                self.failure = error
                self.give_up()
                self.when_failed()

    async def _take(self, expected: int, seconds: float) -> list[_Waiting]:
        """Take what waits, as far as it makes one batch.

        Args:
            expected: the size of the batch before.
            seconds: the time that it took.
        """
        if len(self._waiting) < expected > 1 and not self.is_stopping:
            await self._linger(expected, min(seconds * LINGERING, LONGEST_LINGERING))
        while not self._waiting:
            await self._next_arrival()
        batch = [self._waiting.popleft()]
        characters = len(batch[0].call.text)
        while self._waiting and len(batch) < self._limits.batch_size:
            characters += len(self._waiting[0].call.text)
            if characters > self._limits.max_characters:
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _linger(self, expected: int, seconds: float) -> None:
        """Wait until so many calls wait, but no longer than so many seconds."""

        async def wait() -> None:
            while len(self._waiting) < expected:
                await self._next_arrival()

        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(wait(), seconds)

    async def _next_arrival(self) -> None:
        self._arrived.clear()
        self._idle += 1
        try:
            await self._arrived.wait()
        finally:
            self._idle -= 1

    async def _predict(self, worker: Worker, batch: Sequence[_Waiting]) -> None:
        batch = [one for one in batch if not one.result.done()]  # some may have left meanwhile
        if not batch:
            return
        try:
            with self._metrics.batch([len(one.call.text) for one in batch]):
                results = await asyncio.wrap_future(worker.submit([one.call for one in batch]))
        except WORKER_ENDED:
            await self._restart(worker, batch)
            if len(batch) == 1:
                batch[0].refuse(500, FAILED)
                return
            for one in batch:  # only what ends a worker by itself fails
                await self._predict(worker, [one])
            return
        for one, result in zip(batch, results, strict=True):
            if result is None:
                one.refuse(500, FAILED)
            elif not one.result.done():
                one.result.set_result(result)

    async def _restart(self, worker: Worker, batch: Sequence[_Waiting]) -> None:
        """Start a worker again.

        Raises:
            LoadingError: it can't be.
        """
        logger.error("a worker process has ended while it predicted %d texts; it is started again", len(batch))
        self._metrics.worker_restarts.inc()
        for number, pause in enumerate(RESTART_PAUSES, start=1):
            await asyncio.sleep(pause)
            loading = worker.restart()
            try:
                await asyncio.to_thread(finish_loading, [loading])
                return
            except LoadingError:
                if number == len(RESTART_PAUSES):
                    for one in batch:
                        one.refuse(500, FAILED)
                    raise
