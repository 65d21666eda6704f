"""The reference computes what the published code computed, and what the package computes."""

import copy

import pytest
import torch

from spert_hf.model.cpu_linear import OneDnnLinear
from spert_hf.model.decoding import to_records
from spert_hf.model.inference import predict
from tests.benchmarks.agreement import same_prediction
from tests.benchmarks.reference import ReferenceSpert, as_transformers_has_it, reference_losses
from tests.conftest import read_golden

DOCUMENTS = read_golden("documents")
INFERENCE = read_golden("inference")
TRAINING = read_golden("training")
SENTENCES = [document["tokens"] for document in DOCUMENTS]


@pytest.mark.parametrize("batch_size", [1, 3])
def test_predictions_are_those_of_the_published_code(golden_model, batch_size):
    model, processor = golden_model
    records = ReferenceSpert(model).eval().predict(processor, SENTENCES, batch_size)
    for record, published in zip(records, INFERENCE, strict=True):
        spans = [(entity["start"], entity["end"]) for entity in record["entities"]]
        with_spans = {
            "entities": record["entities"],
            "relations": [
                relation | {"head": list(spans[relation["head"]]), "tail": list(spans[relation["tail"]])}
                for relation in record["relations"]
            ],
        }
        assert same_prediction(with_spans, published)


def test_predictions_are_those_of_the_package(golden_model):
    model, processor = golden_model
    ours = [to_records(prediction) for prediction in predict(model, processor, SENTENCES)]
    theirs = ReferenceSpert(model).eval().predict(processor, SENTENCES)
    assert sum(len(record["relations"]) for record in ours) > 0
    assert all(map(same_prediction, ours, theirs))


def test_more_pairs_than_one_chunk_holds(golden_model, monkeypatch):
    model, processor = golden_model
    reference = ReferenceSpert(model).eval()
    at_once = reference.predict(processor, SENTENCES)
    monkeypatch.setattr("tests.benchmarks.reference.PAIRS_PER_CHUNK", 2)
    assert all(map(same_prediction, reference.predict(processor, SENTENCES), at_once))


def test_a_sentence_of_one_word_has_no_pairs(golden_model):
    model, processor = golden_model
    (record,) = ReferenceSpert(model).eval().predict(processor, [["Oslo"]])
    assert record["relations"] == []


def test_its_encoder_is_transformers_own_over_the_same_weights(golden_model):
    model, _ = golden_model
    twin = as_transformers_has_it(model)
    assert {type(layer) for layer in twin.modules() if isinstance(layer, torch.nn.Linear)} == {torch.nn.Linear}
    assert {type(layer) for layer in model.encoder.modules() if isinstance(layer, torch.nn.Linear)} == {OneDnnLinear}
    ours = dict(model.encoder.named_parameters())
    assert ours and all(weight is ours[name] for name, weight in twin.named_parameters())


@pytest.mark.parametrize("number", range(len(TRAINING)))
def test_losses_are_those_of_the_published_code(golden_model, number):
    model, processor = golden_model
    expected = TRAINING[number]
    inputs = processor.collate(processor.encode([SENTENCES[number]]))
    pairs = torch.tensor(expected["pairs"], dtype=torch.long).view(1, -1, 2)
    entity_logits, relation_logits = ReferenceSpert(model).eval()(
        **inputs, spans=torch.tensor([expected["spans"]]), pairs=pairs
    )
    entity_loss, relation_loss = reference_losses(
        entity_logits,
        torch.tensor([expected["span_types"]]),
        relation_logits,
        torch.tensor(expected["pair_types"]).view(1, -1, 3),
    )
    assert entity_loss.item() == pytest.approx(expected["entity_loss"], rel=1e-4)
    if expected["relation_loss"] is None:
        assert relation_loss is None
    else:
        assert relation_loss.item() == pytest.approx(expected["relation_loss"], rel=1e-4)


def test_other_choices_than_the_papers_are_refused(golden_model):
    model, _ = golden_model
    config = copy.deepcopy(model.config)
    config.span_pooling = "mean"
    with pytest.raises(ValueError, match="max pooling"):
        ReferenceSpert(type(model)(config))
