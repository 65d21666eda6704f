"""Temperatures: what is observed is what is shown, the fit finds them, and the same is found with them."""

import copy
import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from spert_hf import SpertConfig, SpertModel, SpertProcessor
from spert_hf.data.documents import Document
from spert_hf.evaluation.calibration import (
    FITTED_TEMPERATURES,
    Calibration,
    Temperatures,
    calibrate,
    fit_entity_temperature,
    fit_relation_temperature,
    fit_temperatures,
)
from spert_hf.evaluation.observation import (
    LOW_SCORE,
    EntityObservations,
    Observations,
    RelationObservations,
    observe,
)
from spert_hf.model.decoding import decode, tempered_score
from spert_hf.model.inference import candidate_scores
from spert_hf.model.output import SpertScores
from tests.support.predictions import annotate_in_part, predict_documents
from tests.support.tiny_models import SENTENCES, make_tiny_checkpoint


def load(checkpoint, **settings):
    from transformers import AutoTokenizer

    model = SpertModel.from_pretrained(checkpoint).eval()
    for name, value in settings.items():
        setattr(model.config, name, value)
    return model, SpertProcessor.for_config(AutoTokenizer.from_pretrained(checkpoint), model.config)


@pytest.fixture
def documents(tiny_checkpoint):
    """Of the entities and relations that the tiny model finds in them, some are right."""
    documents = annotate_in_part(*load(tiny_checkpoint), SENTENCES)
    assert any(document.relations for document in documents)
    return documents


def synthetic_relations(temperature, count=4000, found=True):
    generator = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(count, generator=generator)
    right = torch.rand(count, generator=generator) < (logits / temperature).sigmoid()
    return RelationObservations(logits, right, torch.full((count,), found))


def synthetic_entities(temperature, count=4000):
    """Spans of five types or none, some right; as the model finds no entity where *none* is likeliest, it is not."""
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(count, 6, generator=generator)
    logits = logits[logits.argmax(-1) > 0]
    types = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator).squeeze(-1)
    return EntityObservations(logits, types)


class TestFit:
    @pytest.mark.parametrize("temperature", [0.6, 1.0, 1.7, 3.0])
    def test_a_known_temperature_is_recovered(self, temperature):
        assert fit_relation_temperature(synthetic_relations(temperature)) == pytest.approx(temperature, rel=0.08)
        assert fit_entity_temperature(synthetic_entities(temperature)) == pytest.approx(temperature, rel=0.08)

    @pytest.mark.parametrize("temperature", [0.6, 2.3])
    def test_no_temperature_of_many_is_better(self, temperature):
        tried = torch.logspace(-1.5, 3.5, 400, base=2, dtype=torch.float64)
        entities, relations = synthetic_entities(temperature), synthetic_relations(temperature)

        def entity_loss(t):
            return functional.cross_entropy(entities.logits.double() / t, entities.types).item()

        def relation_loss(t):
            scores = (relations.logits.double() / t).sigmoid()
            return -torch.where(relations.right, scores, 1 - scores).log().mean().item()

        assert entity_loss(fit_entity_temperature(entities)) <= min(map(entity_loss, tried))
        assert relation_loss(fit_relation_temperature(relations)) <= min(map(relation_loss, tried))

    def test_a_fit_lowers_the_error_of_scores_that_are_too_sure(self):
        relations = synthetic_relations(3.0)
        before, after = (relations.reliability(t) for t in (1.0, fit_relation_temperature(relations)))
        assert after.expected_calibration_error < before.expected_calibration_error / 3

    def test_relations_below_the_threshold_are_left_out(self):
        found, below = synthetic_relations(3.0), synthetic_relations(0.5, found=False)
        both = RelationObservations(*map(torch.cat, zip(parts(found), parts(below), strict=True)))
        assert fit_relation_temperature(both) == fit_relation_temperature(found)

    @pytest.mark.parametrize("right", [torch.ones(9), torch.zeros(9), torch.ones(0)])
    def test_what_is_all_right_or_all_wrong_settles_nothing(self, right):
        relations = RelationObservations(torch.ones(len(right)), right.bool(), torch.ones(len(right)).bool())
        types = right.long() if len(right) else torch.empty(0, dtype=torch.int64)
        entities = EntityObservations(torch.tensor([[0.0, 1.0]]).repeat(len(right), 1), types)
        assert fit_temperatures(Observations(entities, relations)) == Temperatures(1.0, 1.0)
        given_ones = Temperatures(1.5, 2.5)
        assert fit_temperatures(Observations(entities, relations), unfitted=given_ones) == given_ones
        calibration = Calibration({"dev": Observations(entities, relations)}, given_ones, given_ones, 0.4, 0.4)
        notes = calibration.notes()
        assert [note.partition(":")[0] for note in notes] == ["entities", "relations"]
        assert "stays 1.5" in notes[0]

    def test_the_bounds_hold_and_are_told(self):
        lowest, highest = FITTED_TEMPERATURES
        surely_right = RelationObservations(
            torch.tensor([-1.0, 1.0]), torch.tensor([False, True]), torch.tensor([True, True])
        )
        surely_wrong = RelationObservations(surely_right.logits, ~surely_right.right, surely_right.found)
        assert fit_relation_temperature(surely_right) == pytest.approx(lowest)
        assert fit_relation_temperature(surely_wrong) == pytest.approx(highest)
        observed = Observations(synthetic_entities(1.0), surely_wrong)
        after = fit_temperatures(observed)
        (note,) = Calibration({"dev": observed}, Temperatures(), after, 0.4, 0.4).notes()
        assert note.startswith("relations: ")
        assert "16" in note


def parts(observed):
    return observed.logits, observed.right, observed.found


class TestObservations:
    @pytest.mark.parametrize("policy", ["keep", "drop", "best"])
    @pytest.mark.parametrize(("entity", "relation"), [(1.0, 1.0), (1.7, 2.5)])
    def test_they_are_what_is_shown(self, tiny_checkpoint, documents, policy, entity, relation):
        settings = {"overlap": policy, "entity_temperature": entity, "relation_temperature": relation}
        model, processor = load(tiny_checkpoint, **settings)
        observed = observe(model, processor, documents, batch_size=3)
        shown = predict_documents(model, processor, documents)
        right = {"entities": 0, "relations": 0}
        for document, found in zip(documents, shown, strict=True):
            gold = document.to_record()
            symmetric = model.config.symmetric_relation_types
            right["entities"] += len(entity_keys(gold) & entity_keys(found))
            right["relations"] += len(relation_keys(gold, symmetric) & relation_keys(found, symmetric))
        scores = {kind: sorted(item["score"] for one in shown for item in one[kind]) for kind in right}
        assert policy != "keep" or all(len(scores[kind]) > right[kind] > 0 for kind in right)
        tempered = (observed.entities.logits / entity).softmax(-1).amax(-1)
        assert sorted(tempered.tolist()) == pytest.approx(scores["entities"], abs=1e-6)
        assert observed.entities.right.sum() == right["entities"]
        found_only = observed.relations.only_found()
        assert sorted((found_only.logits / relation).sigmoid().tolist()) == pytest.approx(scores["relations"], abs=1e-6)
        assert found_only.right.sum() == right["relations"]

    def test_relations_below_the_threshold_have_a_low_score_or_more(self, tiny_checkpoint, documents):
        scores = observe(*load(tiny_checkpoint), documents).relations.logits.sigmoid().unique()
        place = scores.diff().argmax()  # between two scores that no rounding brings together
        threshold = scores[place : place + 2].mean().item()
        model, processor = load(tiny_checkpoint, relation_threshold=threshold)
        relations = observe(model, processor, documents).relations
        assert 0 < relations.found.sum() < len(relations.found)
        below = relations.logits[~relations.found].sigmoid()
        assert below.min() >= LOW_SCORE - 1e-6
        assert below.max() < threshold
        Temperatures(relation_temperature=2.0).apply_to(model.config)
        again = observe(model, processor, documents).relations
        assert torch.equal(again.found, relations.found)
        assert torch.equal(again.right, relations.right)
        torch.testing.assert_close(again.logits.sigmoid(), relations.logits.sigmoid(), atol=1e-5, rtol=0)

    def test_windows_of_a_long_text(self, tiny_checkpoint, documents):
        """Spans are compared with the document's, wherever their window starts."""
        model, processor = load(tiny_checkpoint)
        whole = joined(documents * 4)
        assert len(processor.windows(processor.encode([whole.tokens])[0])) > 1
        (found,) = predict_documents(model, processor, [whole])
        annotated = Document.from_record({**found, "tokens": whole.tokens})
        observed = observe(model, processor, [annotated]).entities
        assert observed.right.sum() >= len(entity_keys(found)) > 0

    def test_of_two_types_on_a_span_either_is_right(self, tiny_checkpoint, documents):
        model, processor = load(tiny_checkpoint)
        wrong = [Document(document.tokens, []) for document in documents]
        assert not observe(model, processor, wrong).entities.right.any()
        found = predict_documents(model, processor, documents)
        every_type = [
            Document.from_record(
                {
                    "tokens": document.tokens,
                    "entities": [
                        {"type": name, "start": entity["start"], "end": entity["end"]}
                        for entity in one["entities"]
                        for name in model.config.entity_types
                    ],
                }
            )
            for document, one in zip(documents, found, strict=True)
        ]
        assert observe(model, processor, every_type).entities.right.all()

    def test_without_relation_types(self, tmp_path):
        model, processor = load(make_tiny_checkpoint("bert", tmp_path, relation_types=[], symmetric_relation_types=[]))
        documents = [Document(words) for words in SENTENCES]
        observed = observe(model, processor, documents)
        assert len(observed.relations.logits) == 0
        assert len(observed.entities.logits) > 0

    def test_no_document_is_refused(self, tiny_checkpoint):
        with pytest.raises(ValueError, match="documents must be one or more, got none"):
            observe(*load(tiny_checkpoint), [])


def entity_keys(record):
    return {(entity["start"], entity["end"], entity["type"]) for entity in record["entities"]}


def relation_keys(record, symmetric):
    spans = [(entity["start"], entity["end"]) for entity in record["entities"]]
    keys = [(spans[one["head"]], spans[one["tail"]], one["type"]) for one in record["relations"]]
    return {(*sorted(key[:2], key=lambda span: span[0]), key[2]) if key[2] in symmetric else key for key in keys}


def joined(documents):
    return Document([token for document in documents for token in document.tokens])


class TestSameFound:
    @given(
        threshold=st.floats(0.02, 0.98),
        temperature=st.floats(*FITTED_TEMPERATURES),
        entity_temperature=st.floats(*FITTED_TEMPERATURES),
        logits=st.lists(st.floats(-30, 30, width=32), min_size=4, max_size=4),
        entity_logits=st.lists(st.floats(-30, 30, width=32), min_size=9, max_size=9),
    )
    def test_whatever_the_temperatures(self, threshold, temperature, entity_temperature, logits, entity_logits):
        """But for relations whose score is the threshold, where rounding decides."""
        border = torch.tensor(threshold).logit()
        logits = torch.tensor(logits).view(2, 2)
        logits = torch.where((logits - border).abs() < 1e-3, border + 1, logits)
        spans = torch.tensor([[0, 0, 1], [0, 1, 2]])
        by_word = torch.tensor(entity_logits).view(1, 1, 3, 3)
        types = by_word[0, 0, :2].argmax(-1, keepdim=True).clamp(min=1)
        output = SpertScores(
            entity_logits=by_word,
            entities=torch.cat([spans, types], dim=1),
            pairs=torch.tensor([[0, 1], [1, 0]]),
            relation_logits=logits,
        )
        config = SpertConfig(
            entity_types=["A", "B"],
            relation_types=["r", "s"],
            symmetric_relation_types=["s"],
            relation_threshold=threshold,
        )
        (before,) = decode(candidate_scores(output), config, 1)
        Temperatures(entity_temperature, temperature).apply_to(config)
        (after,) = decode(candidate_scores(output), config, 1)
        assert [(e.start, e.end, e.type) for e in after.entities] == [(e.start, e.end, e.type) for e in before.entities]
        assert [(r.head, r.tail, r.type) for r in after.relations] == [
            (r.head, r.tail, r.type) for r in before.relations
        ]

    @given(st.floats(0.001, 0.999), st.floats(*FITTED_TEMPERATURES), st.floats(*FITTED_TEMPERATURES))
    def test_a_threshold_moves_there_and_back(self, threshold, first, second):
        there = tempered_score(threshold, first, second)
        assert 0 < there <= 1
        if there < 1 - 1e-9:
            assert tempered_score(there, second, first) == pytest.approx(threshold, rel=1e-4)
        assert tempered_score(threshold, first, first) == threshold
        assert tempered_score(0.5, first, second) == 0.5
        # Ten thousand times the logit, further than exponentials of it reach.
        surest = torch.tensor(threshold, dtype=torch.float64).logit().mul(10_000).sigmoid().item()
        assert tempered_score(threshold, 100, 0.01) == pytest.approx(surest, rel=1e-6, abs=1e-300)
        assert (tempered_score(0, first, second), tempered_score(1, first, second)) == (0, 1)

    def test_of_a_model(self, tiny_checkpoint, documents):
        model, processor = load(tiny_checkpoint)
        before = predict_documents(model, processor, documents)
        calibration = calibrate(model, processor, {"dev": documents, "test": documents[:2]})
        after = predict_documents(model, processor, documents)
        assert Temperatures.of(model.config) == calibration.after != Temperatures()
        assert model.config.relation_threshold == calibration.threshold_after != calibration.threshold_before
        symmetric = model.config.symmetric_relation_types
        for found, expected in zip(after, before, strict=True):
            assert entity_keys(found) == entity_keys(expected)
            assert relation_keys(found, symmetric) == relation_keys(expected, symmetric)
        assert [e["score"] for one in after for e in one["entities"]] != [
            e["score"] for one in before for e in one["entities"]
        ]

    def test_calibrated_again_it_is_the_same(self, tiny_checkpoint, documents):
        model, processor = load(tiny_checkpoint)
        first = calibrate(model, processor, {"dev": documents})
        second = calibrate(model, processor, {"dev": documents})
        assert second.after.entity_temperature == pytest.approx(first.after.entity_temperature)
        assert second.after.relation_temperature == pytest.approx(first.after.relation_temperature, rel=1e-3)
        assert second.threshold_after == pytest.approx(first.threshold_after, abs=1e-4)


def test_the_description_is_json_and_adds_up(tiny_checkpoint, documents):
    model, processor = load(tiny_checkpoint)
    described = calibrate(model, processor, {"dev": documents, "test": documents[:2]}).to_dict()
    assert json.loads(json.dumps(described)) == described
    assert described["fitted_on"] == "dev"
    assert described["before"] == {
        "entity_temperature": 1.0,
        "relation_temperature": 1.0,
        "relation_threshold": SpertConfig().relation_threshold,
    }
    assert described["after"]["relation_threshold"] == model.config.relation_threshold
    assert list(described["measured_on"]) == ["dev", "test"]
    found = predict_documents(model, processor, documents[:2])
    test = described["measured_on"]["test"]
    assert test["low_score"] == LOW_SCORE
    for kind in ("entities", "relations"):
        for when in ("before", "after"):
            assert test[kind][when]["count"] == sum(len(one[kind]) for one in found)
            assert sum(part["count"] for part in test[kind][when]["bins"]) == test[kind][when]["count"]
    assert test["scored_relations"]["before"]["count"] >= test["relations"]["before"]["count"]


def test_temperatures_are_kept_with_the_model_and_absent_from_older_files(tiny_checkpoint, documents, tmp_path):
    model, processor = load(tiny_checkpoint)
    calibrate(model, processor, {"dev": documents})
    model.save_pretrained(tmp_path)
    assert Temperatures.of(SpertModel.from_pretrained(tmp_path).config) == Temperatures.of(model.config)
    older = copy.deepcopy(model.config.to_dict())
    del older["entity_temperature"], older["relation_temperature"]
    assert Temperatures.of(SpertConfig.from_dict(older)) == Temperatures(1.0, 1.0)
