"""The server of `spert-hf serve` in a thread of the test's own process."""

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import Any

from spert_hf.serving.app import make_app
from spert_hf.serving.batching import Batcher
from spert_hf.serving.metrics import Metrics
from spert_hf.serving.server import GracefulServer, bind
from spert_hf.serving.settings import ServerLimits
from spert_hf.serving.workers import ThreadWorker, finish_loading

PATIENCE = 120
"""Seconds after which something counts as hanging, however busy the machine is."""


@dataclass
class RunningServer:
    """A server and what is behind it."""

    url: str
    port: int
    server: GracefulServer
    batcher: Batcher
    metrics: Metrics


@contextlib.contextmanager
def serve_pipelines(*pipes: Any, **limits: Any):
    """A server with one worker for each pipeline, which tests may hold or have fail."""
    limits = ServerLimits(**{"grace_seconds": 5, **limits})
    workers = [ThreadWorker(lambda pipe=pipe: pipe) for pipe in pipes]
    finish_loading([worker.start_loading() for worker in workers])
    metrics = Metrics("some/model", "torch")
    batcher = Batcher(workers, limits, metrics)
    listening = threading.Event()
    server = GracefulServer(make_app(batcher, limits, "some/model", metrics), batcher, limits, listening.set)
    bound = bind("127.0.0.1", 0)
    port = bound.getsockname()[1]
    thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    while not listening.wait(0.05):
        assert thread.is_alive(), "the server did not start"
    try:
        yield RunningServer(f"http://127.0.0.1:{port}", port, server, batcher, metrics)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the server did not stop"


def until(condition):
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


class WatchedPipeline:
    """A pipeline that notes its calls, waits for as long as it is held, and fails for some texts.

    Args:
        pipe: does the work.
    """

    def __init__(self, pipe: Any) -> None:
        self.model = getattr(pipe, "model", None)
        self.calls: list[list[str]] = []
        self._pipe = pipe
        self._open = threading.Event()
        self._open.set()

    def hold(self) -> None:
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    def __call__(self, inputs, **settings):
        self.calls.append(list(inputs))
        assert self._open.wait(PATIENCE), "held for too long"
        if any("fail" in text for text in inputs):
            raise RuntimeError("/secret/path")
        return self._pipe(inputs, **settings)
