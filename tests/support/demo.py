"""The demo served from a thread of the test's own process, and pipelines to put behind it."""

import contextlib
import threading
import time

import uvicorn

from spert_space.extraction import Extractor
from spert_space.settings import Settings
from tests.support.serving import PATIENCE

UNBOUNDED_RATE = {"requests_per_minute": 0}
"""All requests of a test come from one address."""


@contextlib.contextmanager
def serve(pipe, model_name="some/model", **settings):
    """The address at which the demo shows a pipeline."""
    from spert_space.server import build_server  # imports Gradio: not in workers that serve nothing

    settings = Settings(**{**UNBOUNDED_RATE, **settings})
    app = build_server(Extractor(pipe), settings, model_name, "http://127.0.0.1:7860")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the server did not stop"


class HeldPipeline:
    """A pipeline whose calls wait until they are let go; what it found before `hold` is not held.

    Args:
        pipe: that does the work.
    """

    def __init__(self, pipe):
        self.model = pipe.model
        self.calls = 0
        self._pipe = pipe
        self._open = threading.Event()
        self._open.set()

    def hold(self):
        self._open.clear()

    def let_go(self):
        self._open.set()

    def __call__(self, inputs, **parameters):
        self.calls += 1
        assert self._open.wait(120), "held for too long"
        return self._pipe(inputs, **parameters)
