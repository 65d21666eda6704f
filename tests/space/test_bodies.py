"""Bodies that cannot be meant: one line for whoever sent them."""

import httpx
import pytest

from tests.support.demo import serve

JOIN, CALL, CALL_BY_NAME = "/gradio_api/queue/join", "/gradio_api/call/extract", "/gradio_api/call/v2/extract"

OBJECT = "the body must be an object with text, relation_threshold, entity_score, overlap"
REFUSED = [
    ("/extract", b"", "the body must be a JSON object, got what is not JSON, at character 0"),
    ("/extract", b"\xff\xfe", "the body must be a JSON object, got what is not UTF-8, at byte 0"),
    ("/extract", b"[" * 100_000, "the body must be a JSON object, got one that is nested too deep"),
    ("/extract", b'{"text": "\\ud83d"}', "the body must be a JSON object, got one with half of a surrogate pair"),
    (
        "/extract",
        b'{"text": "a", "relation_threshold": NaN}',
        "the body must be a JSON object, got NaN, which is not JSON",
    ),
    (
        "/extract",
        b'{"text": ' + b"1" * 5_000 + b"}",
        "the body must be a JSON object, got one with a number of too many digits",
    ),
    ("/extract", '{"text": "a"}'.encode("utf-16"), "the body must be a JSON object, got what is not UTF-8, at byte 0"),
    ("/extract", b'"text"', f"{OBJECT}, got a string"),
    ("/extract", b"{}", f"{OBJECT}, got no text"),
    (
        "/extract",
        b'{"text": "a", "threshold": 1}',
        f"{OBJECT} and nothing else, got 'threshold'",
    ),
    ("/extract", b'{"text": 7}', "text must be a string"),
    ("/extract", b'{"text": "a", "relation_threshold": "high"}', "relation_threshold must be a number from 0 to 1"),
    ("/extract", b'{"text": "a", "entity_score": true}', "entity_score must be a number from 0 to 1"),
    ("/extract", b'{"text": "a", "overlap": ["keep"]}', "overlap must be 'keep', 'drop' or 'best'"),
    (
        CALL_BY_NAME,
        b"{}",
        f"{OBJECT}, got no text",
    ),
    (
        CALL_BY_NAME,
        b'{"text": "a", "other": 1}',
        f"{OBJECT} and nothing else, got 'other'",
    ),
    (CALL, b'{"data": ["a"]}', "data must be an array of 4, got 1 values"),
    (CALL, b'{"data": {"text": "a"}}', "data must be an array of 4, got an object"),
    (JOIN, b'{"data": [], "fn_index": 99, "session_hash": "s"}', "fn_index must be the number of a function"),
    (JOIN, b'{"data": [], "fn_index": "1", "session_hash": "s"}', "fn_index must be the number of a function"),
    (JOIN, b'{"data": ["a"], "fn_index": 1}', "session_hash must be a string"),
    ("/gradio_api/cancel", b"[]", "the body must be a JSON object, got an array"),
]


@pytest.mark.parametrize(("path", "body", "message"), REFUSED)
def test_wrong_bodies_are_refused_in_one_line(http, path, body, message):
    answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(message)


def test_what_fails_while_handled_is_one_line(tiny_pipeline, caplog):
    with serve(tiny_pipeline) as url, httpx.Client(base_url=url) as http:
        answer = http.post("/gradio_api/upload", content=b"--x", headers={"Content-Type": "multipart/form-data"})
    assert answer.status_code in (400, 500)
    assert "Traceback" not in answer.text
    assert all(record.exc_info is None for record in caplog.records)
