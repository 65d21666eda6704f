"""The demo in a process of its own, as it runs on the Hub.

Of clients that call it all at once none fails, each gets the answer to its own text, memory stays; and what strangers
send leaves no traceback in its log.
"""

import json
import os

import httpx
import pytest
import torch
from transformers import pipeline

from spert_hf import SpertModel
from tests.space.test_bodies import JOIN, REFUSED
from tests.support.mixed_documents import mixed_documents
from tests.support.predictions import assert_same
from tests.support.space_process import send_requests, serve_process
from tests.support.tiny_models import make_tiny_checkpoint

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

REQUESTS = int(os.environ.get("SPERT_SOAK_REQUESTS", "2000"))
GROWTH_ALLOWED = 10_000
"""Bytes a request: a text's answer alone takes more."""


def texts_to_send(count):
    """Texts that JSON can carry, most with an answer of their own."""
    documents = mixed_documents(count, most_sentences=4)
    texts = (document if isinstance(document, str) else " ".join(document) for document in documents)
    return [text.encode("utf-8", "replace").decode() for text in texts]


def assert_answers_are_of_their_texts(answers, texts, pipe):
    expected = {text: pipe(text) for text in set(texts)}
    # Enough different answers that one for another text would be seen.
    assert len({json.dumps(result) for result in expected.values()}) > len(expected) / 2
    assert_same(answers, [expected[text] for text in texts])


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    """A model that takes every word for an entity: texts of different words have different answers."""
    folder = tmp_path_factory.mktemp("telling")
    model = SpertModel.from_pretrained(make_tiny_checkpoint("bert", folder, max_span_size=1))
    with torch.no_grad():
        model.entity_classifier.bias[0] = -1e3
    model.save_pretrained(folder / "checkpoint")
    return pipeline("spert-extraction", model=str(folder / "checkpoint"))


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("server") / "log"


@pytest.fixture(scope="module")
def server(pipe, log):
    """Its address and its process id."""
    with serve_process(pipe.model.name_or_path, log) as address_and_pid:
        yield address_and_pid


@pytest.mark.e2e
def test_each_of_several_clients_gets_its_own_answers(server, pipe):
    texts = texts_to_send(40)
    report = send_requests(*server, texts, clients=4, every=10)
    assert_answers_are_of_their_texts(report.answers, texts, pipe)


@pytest.mark.nightly
def test_thousands_of_requests_from_eight_clients(server, pipe):
    texts = (texts_to_send(200) * (REQUESTS // 200 + 1))[:REQUESTS]
    report = send_requests(*server, texts, clients=8, every=100)
    resident = [round(value / 1e6) for value in report.resident]
    print(
        f"{len(texts)} requests in {report.seconds:.0f} s, {report.growth_a_request():.0f} bytes a request of the "
        f"second half; resident MB at every {report.every}: {resident}"
    )
    assert_answers_are_of_their_texts(report.answers, texts, pipe)
    assert report.growth_a_request() < GROWTH_ALLOWED


WRONG_VALUES = (None, 7, [], {}, "x", {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}})


@pytest.mark.e2e
def test_the_log_has_no_traceback_of_what_strangers_send(server, log):
    url, _ = server
    with httpx.Client(base_url=url, timeout=120) as http:
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
