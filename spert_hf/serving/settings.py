"""Limits of a service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """Limits of a service, which the demo has, too.

    Attributes:
        max_characters: maximum length of a text.
        queue_size: maximum number of waiting requests; further ones are refused.
        requests_per_minute: maximum number of requests from one address, 0 for no limit.
    """

    max_characters: int = 20_000
    queue_size: int = 64
    requests_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class ServerLimits(ServiceLimits):
    """Limits of `spert-hf serve`.

    Attributes:
        max_body_bytes: maximum size of a request's body.
        body_seconds: time for a body to arrive.
        head_seconds: time for the lines before a body to arrive.
        idle_seconds: time after which a connection without a request, or whose client reads no response, is closed.
        grace_seconds: time that running and waiting requests get when the server is stopped.
        batch_size: maximum number of texts that are predicted together. They have at most `max_characters` together,
            so that no request waits for more than one text of the maximum length and the batch before it.
    """

    max_body_bytes: int = 2_000_000
    body_seconds: float = 20.0
    head_seconds: float = 10.0
    idle_seconds: float = 15.0
    grace_seconds: float = 30.0
    batch_size: int = 32
