"""What a server tells Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from ..version import __version__

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The metrics of one server, in a registry of their own.

    Args:
        model: the name of the model.
        backend: what computes it.
    """

    def __init__(self, model: str, backend: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        server = Info("spert_server", "The server and its model", registry=self.registry)
        server.info({"version": __version__, "model": model, "backend": backend})
        self.requests = Counter("spert_requests", "Responses to requests", ["path", "status"], registry=self.registry)
        self.request_seconds = Histogram(
            "spert_request_seconds",
            "Seconds from a call of /extract to its result",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.batch_size = Histogram(
            "spert_batch_size", "Texts that were predicted together", registry=self.registry, buckets=_SIZES
        )
        self.batch_seconds = Histogram(
            "spert_batch_seconds", "Seconds that a batch took", registry=self.registry, buckets=_SECONDS
        )
        self.characters = Counter(
            "spert_characters", "Characters of the texts that were predicted", registry=self.registry
        )
        self.worker_restarts = Counter(
            "spert_worker_restarts", "Worker processes that ended and were started again", registry=self.registry
        )
        self._queue = Gauge("spert_queue_size", "Calls that wait for a worker", registry=self.registry)

    def watch_queue(self, size: Callable[[], int]) -> None:
        """Take the size of the queue from a function."""
        self._queue.set_function(size)

    @contextmanager
    def batch(self, lengths: Sequence[int]) -> Iterator[None]:
        """Measure a batch of texts of these lengths."""
        self.batch_size.observe(len(lengths))
        self.characters.inc(sum(lengths))
        with self.batch_seconds.time():
            yield

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format, whose type is `CONTENT_TYPE`."""
        return generate_latest(self.registry)


class MetricsMiddleware:
    """Counts responses.

    Args:
        app: handles the requests.
        metrics: counts them.
        paths: paths that are told apart; all others are `other`.
        timed: the path whose results are timed.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Sequence[str], timed: str) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = frozenset(paths)
        self._timed = timed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = "none"  # nobody was left to respond to

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        path, start = scope["path"], perf_counter()
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._metrics.requests.labels(path if path in self._paths else "other", status).inc()
            if path == self._timed and status == "200":  # refusals are quick, and would hide slow results
                self._metrics.request_seconds.observe(perf_counter() - start)
