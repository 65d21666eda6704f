"""A text's result depends on the text alone: not on order, batch, padding, process, thread or what came before."""

import copy
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spert_hf.model import inference
from spert_hf.model.cpu_runtime import CpuRuntime
from spert_hf.model.decoding import to_prediction
from spert_hf.model.inference import predict, predict_at_thresholds
from tests.support.mixed_documents import mixed_documents
from tests.support.predictions import assert_same

ROOT = Path(__file__).parents[2]
TEXTS = list(mixed_documents(40, most_sentences=4))


@pytest.fixture(scope="module")
def one_by_one(tiny_pipeline):
    return [tiny_pipeline([text], batch_size=1)[0] for text in TEXTS]


@given(st.permutations(range(len(TEXTS))), st.sampled_from([1, 2, 3, 7, 32, 1000]))
@settings(max_examples=settings().max_examples // 3)  # each reads all texts
def test_order_and_batch_size(tiny_pipeline, one_by_one, order, batch_size):
    found = tiny_pipeline([TEXTS[index] for index in order], batch_size=batch_size)
    assert_same(found, [one_by_one[index] for index in order])


@pytest.mark.usefixtures("several_threads")
@pytest.mark.parametrize("batch_size", [1, 5, 32])
def test_batches_side_by_side(tiny_pipeline, one_by_one, batch_size, monkeypatch):
    monkeypatch.setattr(CpuRuntime, "workers_pay_from", 0.0)  # these texts are short
    seen = set()
    with tiny_pipeline.model.register_forward_pre_hook(lambda *_: seen.add(threading.get_ident())):
        assert_same(tiny_pipeline(TEXTS, batch_size=batch_size), one_by_one)
    assert len(seen) > 1


@pytest.mark.usefixtures("several_threads")
def test_decoding_leaves_the_workers_their_cores(tiny_pipeline, one_by_one, monkeypatch):
    """With several of torch's threads it would wake them, and they stay awake for a while."""
    monkeypatch.setattr(CpuRuntime, "workers_pay_from", 0.0)
    threads = set()

    def decode(*arguments):
        threads.add(torch.get_num_threads())
        return real(*arguments)

    real = inference.decode_arrays
    monkeypatch.setattr(inference, "decode_arrays", decode)
    assert_same(tiny_pipeline(TEXTS), one_by_one)
    assert threads == {1}


@pytest.mark.usefixtures("several_threads")
def test_an_autocast_of_the_caller_holds(tiny_pipeline):
    seen = []
    with (
        tiny_pipeline.model.register_forward_pre_hook(lambda *_: seen.append(torch.is_autocast_enabled("cpu"))),
        torch.autocast("cpu", torch.bfloat16),
    ):
        tiny_pipeline(TEXTS)
    assert set(seen) == {True}


def test_the_sentences_of_a_text_are_found_as_if_they_stood_alone(tiny_pipeline):
    parts = ["Marian Pell works in Duluth, Minn.", "It rained.", "Per Lund met Mr. Ash."]
    whole, alone = tiny_pipeline(" ".join(parts)), tiny_pipeline(parts)
    assert [entity["text"] for entity in whole["entities"]] == [e["text"] for part in alone for e in part["entities"]]
    assert len(whole["relations"]) == sum(len(part["relations"]) for part in alone)


def test_a_text_that_is_not_split_is_one_sentence(tiny_pipeline):
    pipe = copy.deepcopy(tiny_pipeline)
    with torch.no_grad():
        pipe.model.entity_classifier.bias[0] = -1e3  # every span is an entity
    text = "It rained. Per met Ash."
    found = {
        sequences: [entity["text"] for entity in pipe(text, sequences=sequences, overlap="keep")["entities"]]
        for sequences in ("sentences", "document")
    }
    assert "rained. Per" in found["document"]
    assert not any("rained. Per" in mention for mention in found["sentences"])


def test_several_thresholds_at_once_are_each_by_itself(tiny_pipeline):
    words = [text.split() for text in TEXTS if isinstance(text, str)]
    model, processor = tiny_pipeline.model, tiny_pipeline.spert_processor
    thresholds = [0.9, None, 0.0, 0.51]
    at_once = [
        [to_prediction(one, model.config) for one in found]
        for found in predict_at_thresholds(model, processor, words, thresholds, batch_size=7)
    ]
    assert at_once == [predict(model, processor, words, 7, threshold) for threshold in thresholds]
    counts = [sum(len(prediction.relations) for prediction in found) for found in at_once]
    assert counts[0] < counts[3] < counts[2]


def test_calls_before_change_nothing(tiny_pipeline, one_by_one):
    for _ in range(5):
        tiny_pipeline(TEXTS, relation_threshold=0.0, overlap="drop", sequences="document", batch_size=3)
        with pytest.raises(ValueError, match="input 1"):
            tiny_pipeline(["It rained.", 3])
    assert_same(tiny_pipeline(TEXTS), one_by_one)


def test_threads_share_a_pipeline(tiny_pipeline, one_by_one):
    """Each thread with its own order, batch size and settings, and with the tokenizer in other use meanwhile."""
    one_at_a_time = threading.Lock()  # with tokenizers 0.22, not even texts can be cut by two threads at once

    def work(number):
        order = random.Random(number).sample(range(len(TEXTS)), len(TEXTS))
        with one_at_a_time:
            tiny_pipeline.tokenizer("Oslo " * number, truncation=True, max_length=4 + number, padding="max_length")
        found = tiny_pipeline([TEXTS[index] for index in order], batch_size=1 + number % 5)
        tiny_pipeline(TEXTS[:3], overlap="drop", relation_threshold=0.9, sequences="document")
        return order, found

    with ThreadPoolExecutor(8) as threads:
        for order, found in threads.map(work, range(16)):
            assert_same(found, [one_by_one[index] for index in order])


@pytest.mark.e2e
@pytest.mark.usefixtures("several_threads")
def test_threads_share_a_pipeline_and_its_workers(tiny_pipeline, one_by_one):
    test_threads_share_a_pipeline(tiny_pipeline, one_by_one)


@pytest.mark.e2e
def test_another_process_finds_the_same(warm_python, tiny_checkpoint, one_by_one):
    code = (
        "import json, sys; from transformers import pipeline; import spert_hf;"
        "pipe = pipeline('spert-extraction', model=sys.argv[1]); print(json.dumps(pipe(json.loads(sys.argv[2]))))"
    )
    done = warm_python.run(["-c", code, tiny_checkpoint, json.dumps(TEXTS)], ROOT, {})
    assert done.returncode == 0, done.stderr
    assert_same(json.loads(done.stdout.splitlines()[-1]), json.loads(json.dumps(one_by_one)))
