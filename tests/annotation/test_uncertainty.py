"""How unsure a model is of texts, against a slow reckoning span by span and pair by pair."""

import math

import pytest
import torch

import spert_hf
from spert_hf.annotation.uncertainty import doubts, score_texts
from spert_hf.model.output import SpertScores
from tests.support.tiny_models import SENTENCES

TEXTS = [" ".join(words) for words in SENTENCES]


@pytest.fixture(scope="module")
def pipe(tiny_checkpoint):
    return spert_hf.load(tiny_checkpoint, sequences="document")


def softmax(logits):
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    return [power / sum(powers) for power in powers]


def sigmoid(logit):
    return 1 / (1 + math.exp(-logit))


def reckon(pipe, words, threshold=None, temperature=2.0):
    """Doubt of entities and of relations of one text, from the model's output for it alone."""
    config = pipe.model.config
    inputs = pipe.spert_processor.collate(pipe.spert_processor.encode([words]))
    with torch.inference_mode():
        hidden = pipe.model.encode(inputs["input_ids"], inputs["attention_mask"], inputs.get("letter_cases"))
        output = pipe.model.score_all(hidden, inputs["word_offsets"])
    entities = 0.0
    for size in range(output.entity_logits.shape[1]):
        for start in range(len(words) - size):
            entities += 1 - max(
                softmax([logit / temperature for logit in output.entity_logits[0, size, start].tolist()])
            )
    relations = 0.0
    for (head, tail), logits in zip(output.pairs.tolist(), output.relation_logits.tolist(), strict=True):
        types = [config.entity_types[output.entities[end, 3] - 1] for end in (head, tail)]
        for name, logit in zip(config.relation_types, logits, strict=True):
            signatures = (config.relation_signatures or {}).get(name)
            if signatures is not None and tuple(types) not in {tuple(pair) for pair in signatures}:
                continue
            lowest = config.relation_threshold if threshold is None else threshold
            lowest = sigmoid(math.log(lowest / (1 - lowest)) / temperature)
            score = sigmoid(logit / temperature)
            relations += (score / lowest if score < lowest else (1 - score) / (1 - lowest)) / 2
    return entities, relations, hidden[0].mean(0)


def test_a_sentence_without_neighbours_is_as_unsure_in_a_context_window(pipe, monkeypatch):
    expected = [scores.entities for _, scores in score_texts(pipe, [{"tokens": words} for words in SENTENCES])]
    monkeypatch.setattr(pipe.spert_processor, "context_window", 64)
    found = [scores for _, scores in score_texts(pipe, [{"tokens": words} for words in SENTENCES])]
    assert [scores.entities for scores in found] == pytest.approx(expected, abs=1e-4)
    words = {"text": "It rained . Overnight it rained ."}
    ((_, scores),) = score_texts(pipe, [words])
    assert scores.words == 7
    assert scores.vector.isfinite().all()


@pytest.mark.parametrize(("threshold", "temperature"), [(None, 1.0), (0.2, 1.0), (None, 2.0), (0.8, 3.0)])
def test_a_text_s_doubt_is_the_sum_over_its_spans_and_pairs(pipe, threshold, temperature):
    records = [{"tokens": words} for words in SENTENCES]
    scored = [scores for _, scores in score_texts(pipe, records, 2, threshold, temperature)]
    assert any(scores.relations for scores in scored)
    for words, scores in zip(SENTENCES, scored, strict=True):
        entities, relations, vector = reckon(pipe, words, threshold, temperature)
        assert (scores.entities, scores.relations) == pytest.approx((entities, relations), rel=1e-3, abs=1e-4)
        assert scores.words == len(words)
        torch.testing.assert_close(scores.vector, vector, rtol=1e-3, atol=1e-4)


def test_records_are_given_back_in_order_with_their_scores_from_a_generator(pipe):
    records = [{"text": text, "number": number} for number, text in enumerate(TEXTS * 3)]
    scored = [*score_texts(pipe, iter(records), batch_size=1)]
    assert [record for record, _ in scored] == records
    first, second = scored[: len(TEXTS)], scored[len(TEXTS) : 2 * len(TEXTS)]
    for (_, one), (_, other) in zip(first, second, strict=True):
        assert one.entities == pytest.approx(other.entities, rel=1e-4)


def test_a_text_without_words_has_no_doubt(pipe):
    ((_, scores),) = score_texts(pipe, [{"text": "  "}])
    assert (scores.entities, scores.relations, scores.words) == (0.0, 0.0, 0)
    assert not scores.vector.any()


def test_a_text_in_several_sequences_has_the_sum_of_theirs(tiny_checkpoint):
    pipe = spert_hf.load(tiny_checkpoint, sequences="lines")
    (_, joined), (_, one), (_, other) = score_texts(
        pipe, [{"text": f"{TEXTS[0]}\n{TEXTS[1]}"}, {"text": TEXTS[0]}, {"text": TEXTS[1]}]
    )
    assert joined.entities == pytest.approx(one.entities + other.entities, rel=1e-3)
    assert joined.relations == pytest.approx(one.relations + other.relations, rel=1e-3, abs=1e-4)
    assert joined.words == one.words + other.words


def test_what_is_no_text_is_refused(pipe):
    with pytest.raises(ValueError, match="input 0: text must be a string"):
        next(score_texts(pipe, [{"text": 3}]))


@pytest.mark.parametrize(("score", "doubt"), [(0.0, 0.0), (0.3, 0.25), (0.6, 0.5), (0.8, 0.25), (1.0, 0.0)])
def test_a_pair_counts_most_at_the_threshold(pipe, score, doubt):
    config = pipe.model.config
    config = type(config)(**{**config.to_dict(), "relation_threshold": 0.6, "relation_signatures": None})
    logits = torch.full((1, len(config.relation_types)), -40.0)
    logits[0, 0] = torch.logit(torch.tensor(score)).clamp(-40, 40)
    sure = torch.zeros(1, 1, 2, 1 + len(config.entity_types))
    sure[..., 1] = 60.0
    output = SpertScores(sure, logits, torch.tensor([[0, 0, 1, 1], [0, 1, 2, 1]]), torch.tensor([[0, 1]]))
    entities, relations = doubts(output, config, 1, temperature=1.0)
    assert entities.tolist() == pytest.approx([0.0], abs=1e-5)
    assert relations.tolist() == pytest.approx([doubt], abs=1e-4)
