from __future__ import annotations

import pytest
from starlette.testclient import TestClient

import spert_hf
from spert_hf.annotation.label_studio_backend import Backend, Controls, InterfaceError, make_app
from tests.support.tiny_models import SENTENCES

OWN = """<View><Labels name="entity" toName="body"><Label value="PER"/></Labels>
<Choices name="topic" toName="body"><Choice value="x"/></Choices><Text name="body" value="$content"/></View>"""


@pytest.fixture(scope="module")
def pipe(tiny_checkpoint):
    return spert_hf.load(tiny_checkpoint)


@pytest.fixture(scope="module")
def client(pipe):
    return TestClient(make_app(Backend(pipe, "tiny")))


def test_it_says_that_it_is_there(client):
    assert client.get("/health").json()["status"] == "UP"
    assert client.post("/setup", json={"project": "1", "schema": OWN}).json() == {"model_version": "tiny"}
    assert client.post("/versions", json={}).json() == {"versions": ["tiny"]}


def test_predictions_are_what_the_model_finds_under_the_project_s_names(client, pipe):
    texts = [" ".join(words) for words in SENTENCES]
    tasks = [{"id": number, "data": {"content": text, "other": "?"}} for number, text in enumerate(texts)]
    answer = client.post("/predict", json={"tasks": tasks, "label_config": OWN}).json()
    assert answer["model_version"] == "tiny"
    for result, found in zip(answer["results"], pipe(texts), strict=True):
        regions = [each for each in result["result"] if each["type"] == "labels"]
        assert [(each["value"]["text"], each["value"]["labels"]) for each in regions] == [
            (each["text"], [each["type"]]) for each in found["entities"]
        ]
        assert all((each["from_name"], each["to_name"]) == ("entity", "body") for each in regions)
        relations = [each for each in result["result"] if each["type"] == "relation"]
        assert sum(len(each["labels"]) for each in relations) == len(found["relations"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "the body must be a JSON object"),
        (b"[]", "the body must be a JSON object, got []"),
        (b"{}", "tasks must be a list of tasks, got None"),
        (b'{"tasks": [{"data": {"text": 3}}]}', "tasks[0].data.text must be a string of valid Unicode, got 3"),
        (
            b'{"tasks": [{"data": {}}], "label_config": "<View/>"}',
            "must be one with <Labels> of a <Text>, got one with View",
        ),
        (b'{"tasks": [], "label_config": "<View"}', "the labelling interface must be XML"),
    ],
)
def test_bad_requests_are_told_in_a_line(body, message, client):
    answer = client.post("/predict", content=body)
    assert answer.status_code == 400
    assert message in answer.json()["detail"]


def test_a_labelling_interface_with_declarations_is_refused():
    with pytest.raises(InterfaceError, match="without declarations"):
        Controls.of('<!DOCTYPE View [<!ENTITY a "b">]><View/>')
