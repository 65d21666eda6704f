"""What is answered is listed, whatever routes the server and Gradio's application in it have."""

import re
from itertools import product

import pytest
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from spert_space.extraction import Extractor
from spert_space.routes import ALLOWED_ROUTES, is_allowed
from spert_space.settings import Settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

OF_THE_PAGE = {
    "/",
    "/assets/{path:path}",
    "/config",
    "/extract",
    "/favicon.ico",
    "/gradio_api/call/v2/{api_name}",
    "/gradio_api/call/v2/{api_name}/{event_id}",
    "/gradio_api/call/{api_name}",
    "/gradio_api/call/{api_name}/{event_id}",
    "/gradio_api/cancel",
    "/gradio_api/file={path_or_url:path}",
    "/gradio_api/info",
    "/gradio_api/queue/data",
    "/gradio_api/queue/join",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/robots.txt",
    "/static/{path:path}",
    "/theme.css",
    "/view/{path:path}",
}


@pytest.fixture(scope="module")
def server(tiny_pipeline):
    from spert_space.server import build_server

    return build_server(Extractor(tiny_pipeline), Settings(requests_per_minute=3), "some/model", "http://127.0.0.1")


def routes_of(app, prefix=""):
    """Every route's path and methods, those of mounted and included applications, too."""
    for route in app.routes:
        if isinstance(route, Mount):
            if not route.routes:  # files
                yield prefix + route.path + "/{path:path}", METHODS
            yield from routes_of(route, prefix + route.path)
        elif isinstance(route, Route):
            yield prefix + route.path, sorted(route.methods or METHODS)
        elif hasattr(route, "original_router"):  # FastAPI keeps a router that was included as it was
            yield from routes_of(route.original_router, prefix + getattr(route, "prefix", ""))
        else:
            raise AssertionError(f"what is {route}?")


def examples(path):
    """Paths that a route takes: with the name of the API's one function in it, and with anything."""
    return {re.sub(r"\{[^}]*\}", name, path) or "/" for name in ("extract", "x")} | {
        re.sub(r"\{[^}]*\}", "x", path.replace("{api_name}", "extract")) or "/"
    }


def test_every_route_is_listed_or_not_there(server):
    open_routes, closed = set(), []
    for path, methods in routes_of(server):
        for method, example in product(methods, examples(path)):
            if is_allowed(method, example):
                open_routes.add(path)
            else:
                closed.append((method, example))
    assert open_routes == OF_THE_PAGE
    assert {("POST", "/gradio_api/run/extract"), ("POST", "/gradio_api/api/extract"), ("GET", "/monitoring")} <= set(
        closed
    ), "the walk sees Gradio's routes"
    with TestClient(server) as client:
        for method, path in closed:
            answer = client.request(method, path, json={"data": ["text", 0.5, 0, "keep"], "fn_index": 0})
            assert answer.status_code == 404, (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/queue/join/",
        "//gradio_api/queue/join",
        "/gradio_api/call/view",
        "/gradio_api/call/extract/",
        "/gradio_api/call/v2/extract_file",
        "/gradio_api/component_server",
        "/extract/",
        "/EXTRACT",
    ],
)
def test_other_spellings_are_not_there(path):
    assert not is_allowed("POST", path)


@pytest.mark.parametrize("address", ["http://example.com/x.png", "HTTPS://example.com/x.png"])
def test_files_of_other_hosts_are_not_fetched(address):
    assert is_allowed("GET", "/gradio_api/file=/tmp/gradio/x.png")
    assert not is_allowed("GET", f"/gradio_api/file={address}")


def test_whatever_sends_something_is_counted(server):
    """Three requests a minute, by whichever allowed route: the fourth is refused."""
    sending = (
        "/extract",
        "/gradio_api/call/extract",
        "/gradio_api/call/v2/extract",
        "/gradio_api/cancel",
        "/gradio_api/queue/join",
        "/gradio_api/upload",
    )
    for route in ALLOWED_ROUTES:
        assert set(route.methods) <= {"GET", "HEAD"} or any(map(route.path.fullmatch, sending)), "all are tried"
    with TestClient(server) as client:
        answers = {path: [client.post(path, json=[]).status_code for _ in range(4)] for path in sending}
    first, *others = answers.values()
    assert first[3] == 429 and 429 not in first[:3]
    assert all(set(codes) == {429} for codes in others)


def test_web_sockets_are_closed(server):
    from starlette.websockets import WebSocketDisconnect

    with TestClient(server) as client, pytest.raises(WebSocketDisconnect), client.websocket_connect("/"):
        pass
