"""The API of `spert-hf serve`: the demo's, without its page."""

import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.space.test_bodies import REFUSED
from tests.support.predictions import assert_same
from tests.support.serving import PATIENCE, WatchedPipeline, serve_pipelines, until
from tests.support.tiny_models import SENTENCES

TEXT = " ".join(SENTENCES[0])  # in which the tiny model is sure to find something


@pytest.fixture(scope="module")
def server(tiny_pipeline):
    with serve_pipelines(tiny_pipeline, body_seconds=0.5, head_seconds=0.5, idle_seconds=0.5) as running:
        yield running


@pytest.fixture
def http(server):
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        yield client


def extract(http, **parameters):
    return http.post("/extract", json={"text": TEXT, **parameters})


def test_answers_are_those_of_the_pipeline(http, tiny_pipeline):
    for parameters in ({}, {"relation_threshold": 0.2, "overlap": "best"}, {"text": ""}, {"text": "字" * 40}):
        given = {"text": TEXT, **parameters}
        answer = extract(http, **given)
        assert (answer.status_code, answer.json()) == (200, tiny_pipeline(given.pop("text"), **given))
    assert extract(http, relation_threshold=None, overlap=None, entity_score=None).json() == tiny_pipeline(TEXT)
    best = max(entity["score"] for entity in tiny_pipeline(TEXT)["entities"])
    assert {entity["score"] for entity in extract(http, entity_score=best).json()["entities"]} == {best}


@pytest.mark.parametrize(("body", "message"), [refusal[1:] for refusal in REFUSED if refusal[0] == "/extract"])
def test_wrong_bodies_are_refused_as_the_demo_refuses_them(http, body, message):
    answer = http.post("/extract", content=body)
    assert answer.status_code == 400
    assert answer.json().keys() == {"detail"}
    assert answer.json()["detail"].startswith(message)


def test_long_texts_and_large_bodies_are_refused(http):
    answer = extract(http, text="x" * 100_000)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("text must be at most 20,000 characters long, got 100,000.")
    answer = extract(http, text="x" * 2_000_000)
    assert answer.status_code == 413
    assert answer.json() == {"detail": "the body must be at most 2,000,000 bytes, got 2,000,011"}
    chunks = http.post("/extract", content=iter([b"x" * 500_000] * 5))
    assert chunks.status_code == 413
    assert chunks.json() == {"detail": "the body must be at most 2,000,000 bytes, got more"}


def test_a_client_that_sends_all_before_it_reads_gets_the_refusal_of_a_large_body(server):
    body = b"x" * 6_000_000
    with connect(server) as connection:
        connection.sendall(b"POST /extract HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 1_000_000):
            connection.sendall(body[start : start + 1_000_000])
            time.sleep(0.01)  # as a refusal before the end would close the connection meanwhile
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")
    with connect(server) as connection:  # what is far beyond is not read
        connection.sendall(b"POST /extract HTTP/1.1\r\nHost: a\r\nContent-Length: 20000001\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")


def test_other_paths_and_methods_are_not_there(http):
    for path in ("/", "/extract/", "/docs", "/gradio_api/call/extract", "/health/x"):
        answer = http.post(path, json={})
        assert (answer.status_code, answer.json()) == (404, {"detail": "not found"}), path
    answer = http.get("/extract")
    assert (answer.status_code, answer.json()) == (405, {"detail": "the method must be POST, got GET"})


def test_health_and_headers(http):
    assert http.get("/health").json() == {"status": "ok"}
    assert http.get("/ready").json() == {"status": "ready"}
    for answer in (http.get("/health"), http.get("/nothing"), extract(http)):
        assert answer.headers["content-security-policy"] == "default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def read_all(connection):
    """What is received until the server closes the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_half_sent_bodies_are_refused_in_time(server):
    with connect(server) as connection:
        connection.sendall(b'POST /extract HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"text": "')
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b'{"detail":"the body must arrive within 0.5 s, got 10 bytes until then"}')


@pytest.mark.parametrize("sent", [b"", b"POST /ext", b"POST /extract HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_half_sent_heads_are_not_waited_for(server, sent):
    with connect(server) as connection:
        connection.sendall(sent)
        assert read_all(connection) == b""


def test_a_head_that_trickles_in_has_no_more_time(server):
    with connect(server) as connection, pytest.raises(OSError):
        for _ in range(100):
            connection.sendall(b"P")
            time.sleep(0.1)


def test_idle_connections_are_closed(server):
    with connect(server) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_all(connection).endswith(b'{"status":"ok"}')


def test_what_is_not_http_is_refused(server):
    with connect(server) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b'{"detail": "Invalid HTTP request received."}')


def test_requests_that_wait_together_are_predicted_together(tiny_pipeline):
    pipe = WatchedPipeline(tiny_pipeline)
    texts = [" ".join(words) for words in SENTENCES[:4]]
    with serve_pipelines(pipe) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
        pipe.hold()
        with ThreadPoolExecutor(6) as threads:
            first = threads.submit(extract, http)
            until(lambda: len(pipe.calls) == 1)
            others = [threads.submit(extract, http, text=text) for text in texts]
            other = threads.submit(extract, http, text=texts[0], overlap="best")
            until(lambda: queue_size(http) == 5)
            pipe.let_go()
            answers = [one.result().json() for one in (first, *others, other)]
    assert_same(answers, [*tiny_pipeline([TEXT, *texts]), tiny_pipeline(texts[0], overlap="best")])
    assert [sorted(call) for call in pipe.calls] == [[TEXT], sorted(texts), texts[:1]]


def queue_size(http):
    return metric(http, "spert_queue_size")


def metric(http, name, **labels):
    """The value of a metric; 0 if there is none."""
    families = text_string_to_metric_families(http.get("/metrics").text)
    samples = (sample for family in families for sample in family.samples)
    return next((one.value for one in samples if one.name == name and one.labels == labels), 0)


def test_a_failure_is_one_line_and_costs_itself_only(tiny_pipeline):
    pipe = WatchedPipeline(tiny_pipeline)
    with serve_pipelines(pipe) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
        pipe.hold()
        with ThreadPoolExecutor(3) as threads:
            first = threads.submit(extract, http)
            until(lambda: len(pipe.calls) == 1)
            bad, good = threads.submit(extract, http, text="fail"), threads.submit(extract, http)
            until(lambda: queue_size(http) == 2)
            pipe.let_go()
        assert (bad.result().status_code, bad.result().json()) == (500, {"detail": "the extraction failed"})
        assert first.result().json() == good.result().json() == tiny_pipeline(TEXT)


def test_the_queue_is_bounded_and_whoever_hangs_up_frees_the_place(tiny_pipeline):
    pipe = WatchedPipeline(tiny_pipeline)
    with serve_pipelines(pipe, queue_size=1) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
        pipe.hold()
        with ThreadPoolExecutor(2) as threads:
            running = threads.submit(extract, http)
            until(lambda: len(pipe.calls) == 1)
            with pytest.raises(httpx.ReadTimeout):
                http.post("/extract", json={"text": "left"}, timeout=0.3)
            until(lambda: queue_size(http) == 0)
            waiting = threads.submit(extract, http)
            until(lambda: queue_size(http) == 1)
            refused = extract(http)
            assert refused.headers["retry-after"] == "1"
            assert (refused.status_code, refused.json()) == (
                503,
                {"detail": "the queue is full, with 1 waiting: try again in 1 s"},
            )
            pipe.let_go()
            assert running.result().json() == waiting.result().json() == tiny_pipeline(TEXT)
    assert ["left"] not in pipe.calls


def test_too_frequent_requests_are_refused(tiny_pipeline):
    with serve_pipelines(tiny_pipeline, requests_per_minute=2) as server, httpx.Client(base_url=server.url) as http:
        answers = [extract(http) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert re.fullmatch("too many requests: try again in [0-9]+ s", answers[2].json()["detail"])
        assert 0 < int(answers[2].headers["retry-after"]) <= 61
        assert http.get("/health").status_code == 200, "those that read are not counted"


def test_metrics_count_what_happened(tiny_pipeline):
    with serve_pipelines(tiny_pipeline) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
        extract(http)
        extract(http, text=7)
        http.get("/some/where")
        http.get("/some/where/else")
        assert metric(http, "spert_requests_total", path="/extract", status="200") == 1
        assert metric(http, "spert_requests_total", path="/extract", status="400") == 1
        assert metric(http, "spert_requests_total", path="other", status="404") == 2, "no label for each path"
        assert metric(http, "spert_request_seconds_count") == 1, "a refusal is no result"
        assert metric(http, "spert_batch_size_sum") == metric(http, "spert_batch_seconds_count") == 1
        assert metric(http, "spert_characters_total") == len(TEXT)
        assert metric(http, "process_resident_memory_bytes") > 1e6
        answer = http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert 'model="some/model"' in answer.text


def test_the_openapi_document_describes_what_is_answered(http):
    validate = pytest.importorskip("jsonschema").validate
    document = http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"].keys() == {"/extract", "/health", "/ready", "/metrics", "/openapi.json"}
    assert {http.request(method, path).status_code for path in document["paths"] for method in ("HEAD",)} <= {200, 405}
    responses = document["paths"]["/extract"]["post"]["responses"]

    def check(answer):
        schema = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
        validate(answer.json(), {**schema, "components": document["components"]})

    for parameters in ({}, {"overlap": "some"}, {"text": "x" * 30_000}):
        check(extract(http, **parameters))
    call = {"$ref": "#/components/schemas/Call", "components": document["components"]}
    validate({"text": TEXT, "relation_threshold": None, "entity_score": 0.5, "overlap": "best"}, call)
    for wrong in ({}, {"text": 7}, {"text": "a", "other": 1}, {"text": "a", "overlap": "x"}, {"text": "x" * 20_001}):
        with pytest.raises(Exception, match=r"valid|is a required|unexpected|too long|not of type|not one of"):
            validate(wrong, call)
        assert http.post("/extract", content=json.dumps(wrong)).status_code == 400


def test_what_was_accepted_is_finished_when_the_server_stops(tiny_pipeline):
    pipe = WatchedPipeline(tiny_pipeline)
    with serve_pipelines(pipe) as server, httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
        pipe.hold()
        with ThreadPoolExecutor(2) as threads:
            running = threads.submit(extract, http)
            until(lambda: len(pipe.calls) == 1)
            waiting = threads.submit(extract, http, text=" ".join(SENTENCES[1]))
            until(lambda: queue_size(http) == 1)
            server.server.handle_exit(15, None)
            until(lambda: is_refused(server))
            pipe.let_go()
            assert running.result().json() == tiny_pipeline(TEXT)
            assert waiting.result().status_code == 200
    assert server.batcher.cut_off == 0
    assert server.server.has_ended


def is_refused(server):
    try:
        with httpx.Client(base_url=server.url, timeout=PATIENCE) as http:
            return extract(http).status_code == 503
    except httpx.TransportError:
        return True


def test_there_is_an_end_to_waiting_when_the_server_stops(tiny_pipeline):
    pipe = WatchedPipeline(tiny_pipeline)
    with (
        serve_pipelines(pipe, grace_seconds=0.3) as server,
        httpx.Client(base_url=server.url, timeout=PATIENCE) as http,
    ):
        pipe.hold()
        with ThreadPoolExecutor(2) as threads:
            running = threads.submit(extract, http)
            until(lambda: len(pipe.calls) == 1)
            waiting = threads.submit(extract, http)
            until(lambda: queue_size(http) == 1)
            server.server.handle_exit(15, None)
            for answer in (running.result(), waiting.result()):
                assert (answer.status_code, answer.json()) == (503, {"detail": "the server is stopping"})
        until(lambda: not server.server.has_ended)
        pipe.let_go()
    assert server.batcher.cut_off == 2
