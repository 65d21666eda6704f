import asyncio
import json

import pytest

from spert_space import limits
from spert_space.limits import LimitMiddleware, RequestLimiter


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_burst_is_allowed_and_then_a_steady_rate():
    clock = Clock()
    limiter = RequestLimiter(3, clock)
    assert [limiter.seconds_to_wait("a") for _ in range(4)] == [0, 0, 0, 20]
    clock.now = 19.9
    assert limiter.seconds_to_wait("a") == pytest.approx(0.1)
    clock.now = 20
    assert limiter.seconds_to_wait("a") == 0
    assert limiter.seconds_to_wait("a") == 20


def test_addresses_are_counted_apart():
    limiter = RequestLimiter(1, Clock())
    assert [limiter.seconds_to_wait(address) for address in ("a", "b", "a")] == [0, 0, 60]


def test_zero_is_any_number():
    limiter = RequestLimiter(0, Clock())
    assert not any(limiter.seconds_to_wait("a") for _ in range(1000))


def test_memory_is_bounded_whoever_calls(monkeypatch):
    monkeypatch.setattr(limits, "REMEMBERED_ADDRESSES", 10)
    limiter = RequestLimiter(1, Clock())
    for number in range(1000):
        limiter.seconds_to_wait(str(number))
    assert len(limiter._buckets) == 10


def call(middleware, path="/gradio_api/call/extract", headers=(), chunks=(b"",), method="POST"):
    """Status, headers and content that the middleware (or what is behind it) answers."""
    sent = []
    bodies = iter(chunks)

    async def receive():
        body = next(bodies, None)
        return {"type": "http.request", "body": body or b"", "more_body": body is not None}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers), "client": ("1.2.3.4", 5)}
    asyncio.run(middleware(scope, receive, send))
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1
    return starts[0]["status"], dict(starts[0]["headers"]), b"".join(message.get("body", b"") for message in sent)


async def echo(scope, receive, send):
    """Answers with the length of the body, which it reads to the end."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


def test_too_frequent_requests_are_told_when_to_come_back():
    middleware = LimitMiddleware(echo, RequestLimiter(1, Clock()), 100, 100)
    assert call(middleware)[0] == 200
    status, headers, content = call(middleware)
    assert (status, headers[b"retry-after"]) == (429, b"61")
    assert json.loads(content) == {"detail": "too many requests: try again in 60 s"}
    assert call(middleware, "/view/main.js", method="GET")[0] == 200, "the page's files are not counted"


@pytest.mark.parametrize(
    ("headers", "chunks"),
    [
        ([(b"content-length", b"101")], [b""]),
        ([(b"content-length", b"-1")], [b""]),
        ([(b"content-length", b"1")], [b"x" * 60, b"x" * 60]),
        ([], [b"x" * 60, b"x" * 60]),
    ],
    ids=["announced", "announced wrongly", "longer than announced", "not announced"],
)
def test_a_body_too_large_is_refused(headers, chunks):
    middleware = LimitMiddleware(echo, RequestLimiter(0), 100, 1000)
    status, _, content = call(middleware, headers=headers, chunks=chunks)
    assert status == 413
    assert json.loads(content) == {"detail": "request too large: allowed 100 bytes"}


def test_uploads_have_a_bound_of_their_own():
    middleware = LimitMiddleware(echo, RequestLimiter(0), 100, 1000)
    status, _, content = call(middleware, "/gradio_api/upload", chunks=[b"x" * 900])
    assert (status, content) == (200, b"900")
