"""The HTTP server: what uvicorn lacks for a server that nobody keeps waiting, and that says how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..model.messages import must_be
from ..termination import sigterm_raises
from .app import make_app
from .batching import Batcher
from .metrics import Metrics
from .models import ModelSource
from .settings import ServerLimits
from .workers import ProcessWorker, ThreadWorker, Worker, finish_loading

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def bind(host: str, port: int) -> socket.socket:
    """Take a port without listening, so that whether it is free is known before the model is loaded.

    Raises:
        ValueError: it can't be had; the message names the option.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ValueError(must_be("--host", "an address of this machine", f"{host!r}: {error.strerror}")) from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _not_free(host, port, error) from error
    return bound


def _not_free(host: str, port: int, error: OSError) -> ValueError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno == errno.EADDRNOTAVAIL:
        return ValueError(must_be("--host", "an address of this machine", f"{host!r}: {reason}"))
    return ValueError(must_be("--port", f"one that is free at {host}", f"{port}: {reason}"))


class TimedH11Protocol(H11Protocol):
    """Closes connections that begin a request and do not go on, or whose client does not read its response."""

    head_seconds = 10.0
    _head_timer: asyncio.TimerHandle | None = None
    _unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Handle what arrives; a request's first lines stop the clock."""
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        super().connection_lost(exc)
        self._stop_head_timer()

    def _watch_head(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop_head_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self.timeout_keep_alive_handler)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, but first give a slow client as long as it reads."""
        left = self.transport.get_write_buffer_size()
        if not left:
            super().timeout_keep_alive_handler()
        elif left == self._unread:
            self.transport.abort()
        else:
            self._unread = left
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP in the form of all other refusals."""
        body = json.dumps({"detail": msg}).encode()
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class GracefulServer(uvicorn.Server):
    """Stops when it is told to: what was accepted is finished, and nothing new is accepted.

    Args:
        app: the application.
        batcher: predicts.
        limits: of the service.
        announce: called as soon as the server listens.
    """

    def __init__(self, app: ASGIApp, batcher: Batcher, limits: ServerLimits, announce: Callable[[], None]) -> None:
        protocol = type("Protocol", (TimedH11Protocol,), {"head_seconds": limits.head_seconds})
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]
            timeout_graceful_shutdown=limits.grace_seconds + 1,  # type: ignore[arg-type]
        )
        super().__init__(config)
        self._batcher, self._limits, self._announce = batcher, limits, announce
        self.has_ended = True
        """Whether nothing computes any more once the server has run."""
        batcher.when_failed = self._stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Refuse new calls from now on; the second signal is not waited for."""
        if self.should_exit:
            self.force_exit = True
        self._batcher.is_stopping = True
        self._stop()

    def _stop(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what was accepted, within the time that there is."""
        self._batcher.is_stopping = True
        asyncio.get_running_loop().call_later(self._limits.grace_seconds, self._batcher.give_up)
        await super().shutdown(sockets)
        self._batcher.give_up()  # after a second signal there may be something left
        self.has_ended = await self._batcher.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals, without raising them again at the end: the exit code says what became of the requests."""
        if threading.current_thread() is not threading.main_thread():  # which gets no signals
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run_server(
    source: ModelSource, workers: int, limits: ServerLimits, host: str, port: int, say: Callable[[str], Any]
) -> int:
    """Load a model and serve it until a signal.

    Args:
        source: the model.
        workers: number of processes that predict; with 1, a thread of this process does.
        limits: of the service.
        host: address to listen on.
        port: port to listen on; 0 for any that is free.
        say: writes the line that says where the server listens.

    Returns:
        The exit code: 0 if everything that was accepted was answered, else 1.

    Raises:
        ValueError: the port is taken, or the model can't be loaded.
    """
    source.check()
    bound = bind(host, port)
    # For while the model is loaded: the first process of a container ignores signals that it does not handle.
    with sigterm_raises():
        return _serve(source, workers, limits, host, bound, say)


def _serve(
    source: ModelSource, workers: int, limits: ServerLimits, host: str, bound: socket.socket, say: Callable[[str], Any]
) -> int:
    port = bound.getsockname()[1]
    team: Sequence[Worker] = (
        [ProcessWorker(source) for _ in range(workers)] if workers > 1 else [ThreadWorker(source.load)]
    )
    try:
        finish_loading([worker.start_loading() for worker in team])
    except BaseException:
        for worker in team:
            worker.kill()
            worker.close()
        raise
    metrics = Metrics(source.name, source.backend)
    batcher = Batcher(team, limits, metrics)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    how = [source.backend, *([source.dtype] if source.dtype else []), f"workers: {workers}"]
    line = f"Serving {source.name} at {address} ({', '.join(how)}, threads of each: {source.threads})"
    server = GracefulServer(make_app(batcher, limits, source.name, metrics), batcher, limits, lambda: say(line))
    try:
        server.run([bound])
    except OSError as error:  # it was taken between binding and listening
        raise _not_free(host, port, error) from error
    if not server.has_ended:
        # A thread that still computes can't be ended, and Python would wait for it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
    return 1 if batcher.cut_off or batcher.failure else 0
