"""Refusals before any work is done: requests that are too large or come too often."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REMEMBERED_ADDRESSES = 10_000
"""Addresses whose last requests are remembered; bounds the memory of the limit whoever calls."""

COUNTED_PATHS = ("/gradio_api/call/", "/gradio_api/queue/join", "/gradio_api/run/", "/gradio_api/upload")
UPLOAD_PATH = "/gradio_api/upload"


class RequestLimiter:
    """A token bucket for each address: bursts up to a minute's share, then a steady rate.

    Args:
        per_minute: requests of one address; 0 for any number.
        clock: seconds that only ever grow.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def seconds_to_wait(self, address: str) -> float:
        """Count a request of the address; 0 if it may go on, else the seconds after which one may."""
        if not self._per_minute:
            return 0.0
        now = self._clock()
        left, seen = self._buckets.pop(address, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - seen) * self._per_minute / 60)
        allowed = left >= 1
        self._buckets[address] = (left - 1 if allowed else left, now)
        if len(self._buckets) > REMEMBERED_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) * 60 / self._per_minute


class LimitMiddleware:
    """Answers 413 to requests that are too large and 429 to those that come too often.

    Args:
        app: what handles the others.
        limiter: of requests to the API; the page's own files are not counted.
        max_body_bytes: of a request.
        max_upload_bytes: of an upload's request.
    """

    def __init__(self, app: ASGIApp, limiter: RequestLimiter, max_body_bytes: int, max_upload_bytes: int) -> None:
        self._app = app
        self._limiter = limiter
        self._max_body_bytes = max_body_bytes
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(COUNTED_PATHS):
            seconds = self._limiter.seconds_to_wait(scope["client"][0] if scope["client"] else "")
            if seconds:
                message = f"too many requests: try again in {seconds:.0f} s"
                await _refuse(send, 429, message, {"retry-after": f"{seconds + 1:.0f}"})
                return
        limit = self._max_upload_bytes if scope["path"].startswith(UPLOAD_PATH) else self._max_body_bytes
        await _BoundedBody(limit, receive, send).run(self._app, scope)


class _BoundedBody:
    """One request whose body is counted as it comes in, so that its announced length need not be believed."""

    def __init__(self, limit: int, receive: Receive, send: Send) -> None:
        self._limit = limit
        self._receive = receive
        self._send = send
        self._left = limit
        self._answered = False

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self._limit:
            await self._refuse()
            return
        try:
            await app(scope, self._counted, self._send_once)
        except _TooLargeError:
            if not self._answered:
                await self._refuse()

    async def _counted(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLargeError
        return message

    async def _send_once(self, message: Message) -> None:
        self._answered = True
        await self._send(message)

    async def _refuse(self) -> None:
        await _refuse(self._send, 413, f"request too large: allowed {self._limit:,} bytes", {"connection": "close"})


class _TooLargeError(Exception):
    """The body is longer than allowed."""


async def _refuse(send: Send, status: int, message: str, headers: dict[str, str]) -> None:
    """Answer with JSON whose `detail` the page and the clients show."""
    body = json.dumps({"detail": message}).encode()
    pairs = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
