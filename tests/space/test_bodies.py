"""Bodies that cannot be meant: one line for whoever sent them, and no traceback in the server's log."""

import httpx
import pytest

from tests.support.demo import serve
from tests.support.space_process import serve_process

JOIN, CALL, CALL_BY_NAME = "/gradio_api/queue/join", "/gradio_api/call/extract", "/gradio_api/call/v2/extract"

REFUSED = [
    ("/extract", b"", "given what is no JSON in UTF-8"),
    ("/extract", b"\xff\xfe", "given what is no JSON in UTF-8"),
    ("/extract", b"[" * 100_000, "given what is no JSON in UTF-8"),
    ("/extract", b'{"text": "\\ud83d"}', "given what is no JSON in UTF-8"),
    ("/extract", b'{"text": "a", "relation_threshold": NaN}', "given what is no JSON in UTF-8"),
    ("/extract", b'"text"', "given str, allowed an object with text, relation_threshold, entity_score, overlap"),
    ("/extract", b"{}", "given no text, allowed an object with text, relation_threshold, entity_score, overlap"),
    ("/extract", b'{"text": "a", "threshold": 1}', "given 'threshold', allowed an object with text, relation_thr"),
    ("/extract", b'{"text": 7}', "text: allowed a string"),
    ("/extract", b'{"text": "a", "relation_threshold": "high"}', "relation_threshold: allowed a number from 0 to 1"),
    ("/extract", b'{"text": "a", "entity_score": true}', "entity_score: allowed a number from 0 to 1"),
    ("/extract", b'{"text": "a", "overlap": ["keep"]}', "overlap: allowed keep, drop, best"),
    (CALL_BY_NAME, b"{}", "given no text, allowed an object with text"),
    (CALL_BY_NAME, b'{"text": "a", "other": 1}', "given 'other', allowed an object with text"),
    (CALL, b'{"data": ["a"]}', "data: given 1 values, allowed a list of 4"),
    (CALL, b'{"data": {"text": "a"}}', "data: given dict, allowed a list of 4"),
    (JOIN, b'{"data": [], "fn_index": 99, "session_hash": "s"}', "fn_index: allowed the number of a function"),
    (JOIN, b'{"data": [], "fn_index": "1", "session_hash": "s"}', "fn_index: allowed the number of a function"),
    (JOIN, b'{"data": ["a"], "fn_index": 1}', "session_hash: allowed a string"),
    ("/gradio_api/cancel", b"[]", "given list, allowed an object"),
]

FAILING = [
    ("POST", JOIN, {"data": [], "session_hash": "s"}),
    ("POST", "/gradio_api/cancel", {"event_id": 7}),
    ("POST", "/gradio_api/upload", {"no": "form"}),
    ("GET", "/gradio_api/queue/data?session_hash=nobody", None),
    ("GET", "/gradio_api/queue/data", None),
    ("GET", "/gradio_api/call/extract/nothing", None),
    ("GET", "/gradio_api/file=%00", None),
    ("GET", "/gradio_api/file=/etc/passwd", None),
    ("GET", "/gradio_api/upload_progress", None),
    ("GET", "/view/%00", None),
    ("GET", "/static/%00", None),
    ("GET", "/assets/" + "x" * 5000, None),
    ("GET", "/?deep_link=../../x&view=none", None),
    ("GET", "/config?deep_link=%00", None),
    ("GET", "/gradio_api/info?all_endpoints=7", None),
]


@pytest.fixture(scope="module")
def logged(tiny_checkpoint, tmp_path_factory):
    """Address of a demo that runs as on the Hub, and the file of its log."""
    log = tmp_path_factory.mktemp("server") / "log"
    with serve_process(tiny_checkpoint, log) as (url, _):
        yield url, log


@pytest.mark.parametrize(("path", "body", "message"), REFUSED)
def test_wrong_bodies_are_refused_in_one_line(http, path, body, message):
    answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(message)


WRONG_VALUES = (None, 7, [], {}, "x", {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}})


@pytest.mark.e2e
def test_the_log_has_no_traceback_of_what_strangers_send(logged):
    url, log = logged
    with httpx.Client(base_url=url, timeout=30) as http:
        for path, body, _ in REFUSED:
            http.post(path, content=body, headers={"Content-Type": "application/json"})
        for method, path, body in FAILING:
            http.request(method, path, json=body)
        called = 0
        for function in http.get("/config").json()["dependencies"]:
            for number, wrong in enumerate(WRONG_VALUES if function["backend_fn"] else ()):
                session = f"{function['id']}-{number}"
                body = {"data": [wrong] * len(function["inputs"]), "fn_index": function["id"], "session_hash": session}
                extra = {"event_data": "x", "trigger_id": 10**30, "event_id": "x"} if number % 2 else {}
                assert http.post(JOIN, json=body | extra).status_code == 200
                called += "process_completed" in http.get(f"/gradio_api/queue/data?session_hash={session}").text
        assert called >= 3 * len(WRONG_VALUES), "the values reach the functions"
        assert http.post("/extract", json={"text": "It rained ."}).status_code == 200, "the server goes on"
    written = log.read_text(encoding="utf-8")
    assert "Traceback" not in written
    assert "ERROR" not in written


def test_what_fails_while_handled_is_one_line(tiny_pipeline, caplog):
    with serve(tiny_pipeline) as url, httpx.Client(base_url=url) as http:
        answer = http.post("/gradio_api/upload", content=b"--x", headers={"Content-Type": "multipart/form-data"})
    assert answer.status_code in (400, 500)
    assert "Traceback" not in answer.text
    assert all(record.exc_info is None for record in caplog.records)
