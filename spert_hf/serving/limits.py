"""Rate limiting: excess requests are refused before any work is done."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

REMEMBERED_ADDRESSES = 10_000
"""The maximum number of addresses to keep track of, which bounds memory."""

UNCOUNTED_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods that only read; all others are counted, whatever their path."""


class RequestLimiter:
    """A token bucket per address: bursts of up to one minute's requests, then a steady rate.

    Args:
        per_minute: maximum number of requests from one address; 0 for no limit.
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def seconds_to_wait(self, address: str) -> float:
        """Count a request from an address; returns 0 if it is allowed, else the seconds until the next one is."""
        if not self._per_minute:
            return 0.0
        address = subscriber(address)
        now = self._clock()
        left, seen = self._buckets.pop(address, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - seen) * self._per_minute / 60)
        allowed = left >= 1
        self._buckets[address] = (left - 1 if allowed else left, now)
        if len(self._buckets) > REMEMBERED_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) * 60 / self._per_minute


def subscriber(address: str) -> str:
    """Reduce an address to its subscriber: an IPv6 address to its /64 network, all of which a subscriber can use."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ip_network((int(parsed) >> 64 << 64, 64)))


class RateLimitMiddleware:
    """Responds with 429 to requests beyond the rate limit.

    Args:
        app: handles the others.
        limiter: counts the requests, except those that only read.
    """

    def __init__(self, app: ASGIApp, limiter: RequestLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        seconds = 0.0
        if scope["type"] == "http" and scope["method"] not in UNCOUNTED_METHODS:
            seconds = self._limiter.seconds_to_wait(scope["client"][0] if scope["client"] else "")
        if not seconds:
            await self._app(scope, receive, send)
            return
        rounded = math.ceil(seconds)
        # The page and the clients show `detail`.
        refusal = JSONResponse(
            {"detail": f"too many requests: try again in {rounded} s"}, 429, {"Retry-After": str(rounded)}
        )
        await refusal(scope, receive, send)
