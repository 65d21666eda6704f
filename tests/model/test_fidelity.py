"""The golden figures, computed by the published implementation: same weights, same predictions, digit for digit."""

import pytest
import torch

from spert_hf.model.decoding import decode
from spert_hf.model.inference import candidate_scores, predict
from tests.conftest import read_golden

DOCUMENTS = read_golden("documents")
INFERENCE = read_golden("inference")
TRAINING = read_golden("training")
NUMBERS = range(len(DOCUMENTS))


@torch.no_grad()
def score(golden_model, number):
    model, processor = golden_model
    inputs = processor.collate(processor.encode([DOCUMENTS[number]["tokens"]]))
    return inputs, model(**inputs)


@pytest.mark.parametrize("number", NUMBERS)
def test_sub_words_are_those_of_the_published_code(golden_model, number):
    inputs, _ = score(golden_model, number)
    assert inputs["input_ids"][0].tolist() == INFERENCE[number]["input_ids"]


@pytest.mark.parametrize("number", NUMBERS)
def test_span_probabilities(golden_model, number):
    _, output = score(golden_model, number)
    probabilities = output.entity_logits[0].softmax(-1)
    ours = torch.stack([probabilities[end - start - 1, start] for start, end in INFERENCE[number]["spans"]])
    torch.testing.assert_close(ours, torch.tensor(INFERENCE[number]["span_probabilities"]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("number", NUMBERS)
def test_pair_probabilities(golden_model, number):
    _, output = score(golden_model, number)
    spans = output.entities[:, 1:3].tolist()
    assert [[spans[head], spans[tail]] for head, tail in output.pairs.tolist()] == INFERENCE[number]["pairs"]
    expected = torch.tensor(INFERENCE[number]["relation_probabilities"]).view(-1, 3)
    torch.testing.assert_close(output.relation_logits.sigmoid(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_predictions_in_any_batch(golden_model, batch_size):
    model, processor = golden_model
    predictions = predict(model, processor, [document["tokens"] for document in DOCUMENTS], batch_size)
    for ours, published in zip(predictions, INFERENCE, strict=True):
        assert [(e.start, e.end, e.type) for e in ours.entities] == [
            (e["start"], e["end"], e["type"]) for e in published["entities"]
        ]
        spans = [[e.start, e.end] for e in ours.entities]
        assert [(spans[r.head], spans[r.tail], r.type) for r in ours.relations] == [
            (r["head"], r["tail"], r["type"]) for r in published["relations"]
        ]
        scores = [item.score for item in [*ours.entities, *ours.relations]]
        expected = [item["score"] for item in [*published["entities"], *published["relations"]]]
        assert scores == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("number", NUMBERS)
def test_losses_and_gradients(golden_model, number):
    model, processor = golden_model
    expected = TRAINING[number]
    inputs = processor.collate(processor.encode([DOCUMENTS[number]["tokens"]]))
    model.zero_grad()
    output = model(
        **inputs,
        spans=torch.tensor([expected["spans"]]),
        entity_labels=torch.tensor([expected["span_types"]]),
        pairs=torch.tensor(expected["pairs"], dtype=torch.long).view(1, -1, 2),
        relation_labels=torch.tensor(expected["pair_types"]).view(1, -1, 3),
    )
    output.loss.backward()
    assert output.loss.item() == pytest.approx(expected["loss"], rel=1e-4)
    assert output.entity_loss.item() == pytest.approx(expected["entity_loss"], rel=1e-4)
    if expected["relation_loss"] is None:
        assert output.relation_loss is None
    else:
        assert output.relation_loss.item() == pytest.approx(expected["relation_loss"], rel=1e-4)
    for name, norm in expected["gradient_norms"].items():
        assert gradient_norm(model, name) == pytest.approx(norm, rel=1e-4), name
    model.zero_grad()


def gradient_norm(model, published_name):
    """Norm of one of our gradients under its published name; `bert` stands for the whole encoder."""
    name = {"bert": "encoder."}.get(published_name, published_name.replace("rel_", "relation_"))
    gradients = [
        weight.grad.norm()
        for key, weight in model.named_parameters()
        if key.startswith(name) and weight.grad is not None
    ]
    return torch.stack(gradients).norm().item()


def test_decoding_honours_another_threshold(golden_model):
    _, output = score(golden_model, 0)
    model, _ = golden_model
    few = decode(candidate_scores(output), model.config, 1, relation_threshold=0.9)[0].relations
    many = decode(candidate_scores(output), model.config, 1, relation_threshold=0.0)[0].relations
    assert [r.score >= 0.9 for r in few] == [True] * len(few)
    assert len(few) == 1  # as the golden scores 0.757, 0.877 and 0.945 say
    assert len(many) > 3
