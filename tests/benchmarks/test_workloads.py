"""Workloads are what they say: lengths, and entities a sentence, without a change to the code under test."""

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertProcessor
from spert_hf.data.loading import load_splits
from spert_hf.model.inference import predict
from spert_hf.model.sentences import sentence_ranges
from spert_hf.model.words import split_by_first_rules
from tests.benchmarks.recording import record_batches, record_calls, replay
from tests.benchmarks.variants import with_extras
from tests.benchmarks.workloads import (
    CONLL04_LENGTH_QUARTILES,
    CONLL04_LENGTH_RANGE,
    Subject,
    as_one_sentence,
    calibrated_model,
    make_workload,
    newspaper_lengths,
    newspaper_texts,
    texts_of_length,
    words_of,
)
from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_encoder_folder


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subject")
    splits = load_splits(make_dataset_folder(folder))
    encoder = make_encoder_folder("bert", tmp_path_factory.mktemp("encoder"))
    torch.manual_seed(0)
    model = SpertModel.from_encoder(str(encoder), entity_types=["Loc", "Org"], relation_types=["Near", "In"]).eval()
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    return Subject(model, tokenizer, SpertProcessor.for_config(tokenizer, model.config), splits, False)


def test_lengths_have_the_quartiles_of_conll04():
    lengths = newspaper_lengths(200)
    assert np.percentile(lengths, [25, 50, 75]) == pytest.approx(CONLL04_LENGTH_QUARTILES, abs=1)
    assert CONLL04_LENGTH_RANGE[0] <= min(lengths) < 12 < 60 < max(lengths) <= CONLL04_LENGTH_RANGE[1]
    assert lengths == newspaper_lengths(200)
    assert lengths != sorted(lengths)


def test_made_up_sentences_have_those_lengths(subject):
    lengths = newspaper_lengths(10)
    for text, length in zip(newspaper_texts(subject, 10), lengths, strict=True):
        sub_words = len(subject.processor.encode([words_of(text)])[0].input_ids)
        assert len(text.split()) == length or (length > 50 and sub_words > subject.processor.window_size - 8)


def test_conll04_itself_is_taken_as_it_is(subject):
    own = Subject(subject.model, subject.tokenizer, subject.processor, subject.splits, own_lengths=True)
    assert newspaper_texts(own, 2) == [" ".join(document.tokens) for document in subject.splits.test[:2]]


def test_a_text_is_read_as_one_sentence():
    text = 'It rained in Salem . "He left Ore. in May," she said. The end came soon ; Then DALLAS ( AP ) Police left .'
    words = split_by_first_rules(text)
    assert len(sentence_ranges(text, words)) > 1
    joined = as_one_sentence(text)
    assert len(sentence_ranges(joined, split_by_first_rules(joined))) == 1
    assert joined.replace(" and ", " ") == text


@pytest.mark.parametrize("wanted", [40, 100, 1000])
def test_long_texts_have_the_sub_words_asked_for_or_as_many_as_fit(subject, wanted):
    longest = subject.processor.window_size + 2
    for text in texts_of_length(subject, wanted, 2):
        inputs = subject.processor.collate(subject.processor.encode([words_of(text)]))
        assert min(wanted, longest) - 8 <= inputs["input_ids"].shape[1] <= min(wanted, longest)


@pytest.mark.parametrize("entities", [2, 20])
def test_the_calibrated_model_finds_the_entities_asked_for(subject, entities):
    workload = make_workload(subject, texts_of_length(subject, 60, 3), entities)
    found = predict(workload.pipeline.model, subject.processor, workload.words)
    assert [len(prediction.entities) for prediction in found] == [entities] * 3
    assert workload.entities == entities
    assert workload.pairs == entities * (entities - 1)
    assert workload.relations == entities / 2
    results = workload.pipeline(workload.texts)
    assert [len(result["entities"]) for result in results] == [entities] * 3


def test_calibrating_leaves_the_model_alone_and_shares_its_encoder(subject):
    before = {name: weight.clone() for name, weight in subject.model.state_dict().items()}
    model = calibrated_model(subject, [words_of(text) for text in texts_of_length(subject, 40, 2)], 3)
    assert model.encoder is subject.model.encoder
    assert all(torch.equal(weight, before[name]) for name, weight in subject.model.state_dict().items())


def test_recorded_calls_are_the_batches_of_the_pipeline(subject):
    workload = make_workload(subject, texts_of_length(subject, 40, 5), 2)
    pipeline, encoder = workload.pipeline, subject.model.encoder
    batches = record_batches(pipeline.model, lambda: pipeline(workload.texts, batch_size=2))
    assert sorted(len(batch["input_ids"]) for batch in batches) == [1, 2, 2]
    calls = record_calls(encoder, replay(encoder, batches))
    for batch, call in zip(batches, calls, strict=True):
        assert all(torch.equal(batch[name], call[name]) for name in ("input_ids", "attention_mask"))
        assert not call.keys() - batch.keys()


def test_a_module_that_is_not_called_cannot_be_timed(subject):
    with pytest.raises(RuntimeError, match="was not called"):
        record_calls(subject.model.encoder, lambda: None)


def test_extras_change_no_score(subject):
    workload = make_workload(subject, newspaper_texts(subject, 4), 6)
    richer = with_extras(workload.pipeline)
    assert richer(workload.texts, overlap="keep") == workload.pipeline(workload.texts)
    assert richer(workload.texts) == workload.pipeline(workload.texts, overlap="best")
