"""The demo's API over HTTP and with Gradio's client, and what it refuses."""

import json
import re
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from functools import partial

import httpx
import pytest

from tests.support.demo import HeldPipeline, serve
from tests.support.serving import PATIENCE, until
from tests.support.tiny_models import SENTENCES

TEXT = " ".join(SENTENCES[0])  # in which the tiny model is sure to find something


def enter_queue(http, **parameters):
    return http.post("/gradio_api/call/v2/extract", json={"text": TEXT, **parameters})


def result(http, event):
    """The last event of a call's stream and what it says."""
    lines = http.get(f"/gradio_api/call/extract/{event}").text.strip().splitlines()
    return lines[-2].removeprefix("event: "), json.loads(lines[-1].removeprefix("data: "))


@pytest.fixture(scope="module")
def client(demo):
    from gradio_client import Client

    return Client(demo, verbose=False)


def test_http_and_client_give_what_the_pipeline_gives(http, client, tiny_pipeline):
    expected = tiny_pipeline(TEXT, relation_threshold=0.2, overlap="best")
    event = enter_queue(http, relation_threshold=0.2, overlap="best").json()["event_id"]
    assert result(http, event) == ("complete", [expected])
    assert client.predict(text=TEXT, relation_threshold=0.2, overlap="best", api_name="/extract") == expected


def test_defaults_are_those_of_the_pipeline(http, client, tiny_pipeline):
    assert client.predict(text=TEXT, api_name="/extract") == tiny_pipeline(TEXT)
    assert result(http, enter_queue(http).json()["event_id"]) == ("complete", [tiny_pipeline(TEXT)])


def test_one_plain_request_gives_the_same(http, tiny_pipeline):
    answer = http.post("/extract", json={"text": TEXT})
    assert (answer.status_code, answer.json()) == (200, tiny_pipeline(TEXT))
    answer = http.post("/extract", json={"text": TEXT, "relation_threshold": 0.2, "overlap": "best"})
    assert answer.json() == tiny_pipeline(TEXT, relation_threshold=0.2, overlap="best")
    best = max(entity["score"] for entity in tiny_pipeline(TEXT)["entities"])
    found = http.post("/extract", json={"text": TEXT, "entity_score": best, "relation_threshold": None}).json()
    assert {entity["score"] for entity in found["entities"]} == {best}
    refused = http.post("/extract", json={"text": "x" * 100_000})
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("text must be at most 20,000 characters long, got 100,000.")


def test_entity_score_filters(client, tiny_pipeline):
    everything = tiny_pipeline(TEXT)["entities"]
    best = max(entity["score"] for entity in everything)
    found = client.predict(text=TEXT, entity_score=best, api_name="/extract")
    assert found["entities"] == [entity for entity in everything if entity["score"] >= best]
    assert len(found["entities"]) < len(everything)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"text": "x" * 100_000}, "text must be at most 20,000 characters long, got 100,000."),
        ({"text": TEXT, "overlap": "<b>some</b>"}, "overlap must be 'keep', 'drop' or 'best'"),
        ({"text": TEXT, "relation_threshold": 2}, "relation_threshold must be a number from 0 to 1"),
        ({"text": TEXT, "entity_score": "high"}, "entity_score must be a number from 0 to 1"),
        ({"text": 7}, "text must be a string"),
    ],
)
def test_wrong_requests_are_refused_clearly(client, http, parameters, message):
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError) as caught:
        client.predict(**parameters, api_name="/extract")
    assert str(caught.value).startswith(message)
    kind, content = result(http, enter_queue(http, **parameters).json()["event_id"])
    assert kind == "error"
    assert content["error"] == str(caught.value)
    assert "Traceback" not in json.dumps(content)


def failing(pipe):
    """The pipeline, but for a failure of the model where a text is *fail*."""

    class Failing:
        model = pipe.model

        def __call__(self, inputs, **parameters):
            if "fail" in inputs:
                raise RuntimeError("/secret/path")
            return pipe(inputs, **parameters)

    return Failing()


def test_failures_are_reported_without_a_traceback(tiny_pipeline):
    with serve(failing(tiny_pipeline)) as url, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        event = enter_queue(http, text="fail").json()["event_id"]
        answer = http.get(f"/gradio_api/call/extract/{event}").text
    assert "event: error" in answer
    assert "secret" not in answer
    assert "Traceback" not in answer


def test_a_huge_request_is_refused_unread(http):
    answer = enter_queue(http, text="x" * 6_000_000)
    assert answer.status_code == 413
    assert "Traceback" not in answer.text


def test_too_frequent_requests_are_refused(tiny_pipeline):
    with serve(tiny_pipeline, requests_per_minute=2) as url, httpx.Client(base_url=url) as http:
        answers = [enter_queue(http) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert re.fullmatch("too many requests: try again in [0-9]+ s", answers[2].json()["detail"])
        assert 0 < int(answers[2].headers["retry-after"]) <= 61


def test_the_queue_is_bounded_and_whoever_hangs_up_frees_the_place(tiny_pipeline):
    pipe = HeldPipeline(tiny_pipeline)
    with serve(pipe, queue_size=1) as url, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        pipe.hold()
        running = enter_queue(http).json()["event_id"]
        until(lambda: pipe.calls == 2)  # the first call was for the page's own example
        waiting = enter_queue(http).json()["event_id"]
        refused = enter_queue(http)
        assert refused.status_code == 503
        assert refused.json()["detail"] == "Queue is full. Max size is 1 and size is 1."
        with http.stream("GET", f"/gradio_api/call/extract/{waiting}"):
            pass  # the server has begun to answer, and the client leaves
        until(lambda: enter_queue(http).status_code == 200)
        pipe.let_go()
        assert result(http, running)[0] == "complete"


def test_plain_requests_wait_in_the_same_queue(tiny_pipeline):
    pipe = HeldPipeline(tiny_pipeline)
    with serve(pipe, queue_size=2) as url, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        pipe.hold()
        with ThreadPoolExecutor(4) as threads:
            ask = partial(threads.submit, http.post, "/extract", json={"text": TEXT})
            running = ask()
            until(lambda: pipe.calls == 2)  # the first call was for the page's own example
            done, waiting = wait([ask() for _ in range(3)], return_when=FIRST_COMPLETED)  # two wait, one is refused
            (refused,) = (answer.result() for answer in done)
            assert (refused.status_code, refused.json()) == (
                503,
                {"detail": "Queue is full. Max size is 2 and size is 2."},
            )
            assert pipe.calls == 2, "one at a time, whichever way they came"
            pipe.let_go()
            assert [answer.result().json() for answer in (running, *waiting)] == [tiny_pipeline(TEXT)] * 3


def test_whoever_hangs_up_a_plain_request_frees_the_place(tiny_pipeline):
    pipe = HeldPipeline(tiny_pipeline)
    with serve(pipe, queue_size=1) as url, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        pipe.hold()
        running = enter_queue(http).json()["event_id"]
        until(lambda: pipe.calls == 2)
        with pytest.raises(httpx.ReadTimeout):
            http.post("/extract", json={"text": TEXT}, timeout=1)
        until(lambda: enter_queue(http).status_code == 200)
        pipe.let_go()
        assert result(http, running)[0] == "complete"


def test_a_failure_of_the_model_is_one_line_for_plain_requests(tiny_pipeline):
    with serve(failing(tiny_pipeline)) as url, httpx.Client(base_url=url, timeout=PATIENCE) as http:
        answer = http.post("/extract", json={"text": "fail"})
    assert (answer.status_code, answer.json()) == (500, {"detail": "the extraction failed"})


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file={here}",
        "/gradio_api/file=pyproject.toml",
        "/gradio_api/file=../../etc/passwd",
        "/view/../app.py",
        "/view/%2e%2e/app.py",
        "/view//etc/passwd",
        "/static/..%2f..%2fapp.py",
        "/assets/..%2f..%2f..%2fpackage.json",
    ],
)
def test_no_path_of_the_server_can_be_read(http, path):
    answer = http.get(path.format(here=__file__))
    assert answer.status_code in (403, 404), answer.text[:200]


def test_files_of_the_server_are_no_input(http):
    """A call of the page's own functions with a path that was never uploaded reads nothing."""
    config = http.get("/config").json()
    number = next(dependency["id"] for dependency in config["dependencies"] if dependency["api_name"] == "extract_file")
    upload = {"path": __file__, "meta": {"_type": "gradio.FileData"}}
    body = {"data": [upload, 0.5, "keep"], "fn_index": number, "session_hash": "someone"}
    assert http.post("/gradio_api/queue/join", json=body).status_code == 200
    with http.stream("GET", "/gradio_api/queue/data?session_hash=someone") as stream:
        events = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    completed = next(event for event in events if event["msg"] == "process_completed")
    assert completed["success"] is False
    assert "test_api" not in json.dumps(completed["output"].get("data", []))


@pytest.mark.parametrize("path", ["/", "/view/main.js", "/gradio_api/info"])
def test_browsers_are_told_to_load_nothing_from_elsewhere(http, path):
    answer = http.get(path)
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_only_the_documented_call_is_public(http):
    assert set(http.get("/gradio_api/info").json()["named_endpoints"]) == {"/extract"}


def test_the_guide_documents_what_works(http, demo, tmp_path):
    """The page's curl commands, run as they stand there."""
    import subprocess

    from spert_space.api_guide import api_guide
    from spert_space.settings import Settings

    blocks = re.findall("```bash\n(.*?)```", api_guide(demo, Settings()), re.DOTALL)
    assert len(blocks) == 2  # one request, and two steps
    for commands in blocks:
        run = subprocess.run(["bash", "-c", commands], capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
        assert '"entities"' in run.stdout
    assert "event: complete" in run.stdout
