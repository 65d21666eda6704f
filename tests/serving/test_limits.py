import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from spert_hf.serving import limits
from spert_hf.serving.limits import RateLimitMiddleware, RequestLimiter


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


def test_a_network_of_ipv6_is_one_subscriber():
    limiter = RequestLimiter(1, Clock())
    addresses = ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1", "::ffff:192.0.2.7", "192.0.2.7", "testclient")
    assert [limiter.seconds_to_wait(address) for address in addresses] == [0, 60, 0, 0, 60, 0]


def test_zero_is_any_number():
    limiter = RequestLimiter(0, Clock())
    assert not any(limiter.seconds_to_wait("a") for _ in range(1000))


def test_memory_is_bounded_whoever_calls(monkeypatch):
    monkeypatch.setattr(limits, "REMEMBERED_ADDRESSES", 10)
    limiter = RequestLimiter(1, Clock())
    for number in range(1000):
        limiter.seconds_to_wait(str(number))
    assert len(limiter._buckets) == 10


def test_too_frequent_requests_are_told_when_to_come_back():
    app = Starlette(routes=[Route("/{path:path}", lambda request: PlainTextResponse("done"), methods=["GET", "POST"])])
    app.add_middleware(RateLimitMiddleware, limiter=RequestLimiter(1, Clock()))
    client = TestClient(app)
    assert client.post("/gradio_api/call/extract").text == "done"
    refused = client.post("/gradio_api/queue/join")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert refused.json() == {"detail": "too many requests: try again in 60 s"}
    assert client.get("/view/main.js").text == "done", "the page's files are not counted"
