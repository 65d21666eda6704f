"""Clients that call the demo all at once: none fails, each gets the answer to its own text, memory stays."""

import json
import os

import pytest
import torch
from transformers import pipeline

from spert_hf import SpertModel
from tests.support.mixed_documents import mixed_documents
from tests.support.predictions import assert_same
from tests.support.space_process import send_requests, serve_process
from tests.support.tiny_models import make_tiny_checkpoint

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
def server(pipe, tmp_path_factory):
    with serve_process(pipe.model.name_or_path, tmp_path_factory.mktemp("server") / "log") as address_and_pid:
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
