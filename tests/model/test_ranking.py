"""What a model that knows nothing asks for is bounded, and the best of it is kept; what others find stays as it is."""

import warnings
from collections import defaultdict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from spert_hf import SpertConfig, SpertModel, SpertProcessor, SpertScores
from spert_hf.model import decoding, span_scoring
from spert_hf.model.decoding import decode, to_prediction
from spert_hf.model.inference import candidate_scores, predict, predict_at_thresholds
from spert_hf.model.ranking import MOST_RELATIONS, best_of_each
from tests.support.tiny_models import SENTENCES, make_encoder_folder

CONFIG = SpertConfig(
    entity_types=["Loc", "Org", "Peop"],
    relation_types=["Work_For", "Near", "Other"],
    symmetric_relation_types=["Near"],
    relation_signatures={"Work_For": [["Peop", "Org"], ["Peop", "Loc"], ["Org", "Loc"]]},
)


@st.composite
def outputs(draw):
    """Scores of a batch of two rows with entities of one word or two, and all their pairs."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    counts = draw(st.tuples(st.integers(0, 6), st.integers(1, 6)))
    entities, pairs = [], []
    for row, count in enumerate(counts):
        first = len(entities)
        for _ in range(count):
            start, size, kind = (int(torch.randint(low, high, (), generator=generator)) for low, high in _RANGES)
            entities.append([row, start, start + size, kind])
        pairs += [(h, t) for h in range(first, first + count) for t in range(first, first + count) if h != t]
    return SpertScores(
        entity_logits=torch.randn(2, 2, 9, 4, generator=generator),
        entities=torch.tensor(entities),
        pairs=torch.tensor(pairs, dtype=torch.int64).view(-1, 2),
        relation_logits=torch.randn(len(pairs), 3, generator=generator),
    )


_RANGES = ((0, 8), (1, 3), (1, 4))


def expected_relations(output, threshold, most):
    """What is to be found, one by one: (row, head, tail, type, score)."""
    found = defaultdict(dict)
    entities = output.entities.tolist()
    first = {row: [entity[0] for entity in entities].index(row) for row in {entity[0] for entity in entities}}
    for (head, tail), logits in zip(output.pairs.tolist(), output.relation_logits, strict=True):
        for name, score in zip(CONFIG.relation_types, logits.sigmoid().tolist(), strict=True):
            ends, row = (head, tail), entities[head][0]
            types = [CONFIG.entity_types[entities[end][3] - 1] for end in ends]
            if score < threshold or types not in CONFIG.relation_signatures.get(name, [types]):
                continue
            if name == "Near" and entities[tail][1] < entities[head][1]:
                ends = (tail, head)
            found[row].setdefault((ends[0] - first[row], ends[1] - first[row], name), score)
    for row, relations in found.items():
        best = sorted(relations, key=lambda key: -relations[key])[:most]
        found[row] = [(*key, pytest.approx(score)) for key, score in relations.items() if key in best]
    return found


@given(outputs(), st.sampled_from([0.0, 0.3, 0.7]), st.sampled_from([1, 3, 1000]), st.booleans())
@pytest.mark.filterwarnings("ignore:more than")
def test_the_surest_relations_of_each_row_are_decoded(output, threshold, most, row_by_row):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "MOST_RELATIONS", most)
        patch.setattr(decoding, "PAIR_SCORES_AT_ONCE", 1 if row_by_row else 10_000)
        found = decode(candidate_scores(output), CONFIG, 2, threshold)
    expected = expected_relations(output, threshold, most)
    for row, prediction in enumerate(found):
        assert [(r.head, r.tail, r.type, r.score) for r in prediction.relations] == expected.get(row, [])


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), max_size=20), st.integers(1, 6))
def test_the_best_of_each_row(items, most):
    items = sorted(items, key=lambda item: item[0])
    rows = torch.tensor([row for row, _ in items], dtype=torch.int64)
    scores = [score for _, score in items]
    kept = best_of_each(rows, torch.tensor(scores, dtype=torch.float64), most).tolist()
    assert kept == sorted(kept)
    for row in range(4):
        places = [place for place, (of, _) in enumerate(items) if of == row]
        chosen = [scores[place] for place in kept if place in places]
        assert sorted(chosen, reverse=True) == sorted((scores[place] for place in places), reverse=True)[:most]


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """A model that takes every span for an entity, and relates about half of all pairs in each of its types."""
    folder = make_encoder_folder("bert", tmp_path_factory.mktemp("untrained"))
    torch.manual_seed(0)
    types = {
        "entity_types": [f"E{number}" for number in range(50)],
        "relation_types": [f"R{number}" for number in range(100)],
    }
    model = SpertModel.from_encoder(str(folder), **types, symmetric_relation_types=["R0", "R7"]).eval()
    with torch.no_grad():
        model.relation_classifier.weight.normal_(0, 0.4)
        model.entity_classifier.bias[0] = -1e3
    return model, SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), model.config)


def test_relations_of_an_untrained_model_are_bounded(untrained):
    """Its millions would each be an object."""
    words = (SENTENCES[0] * 30)[:30]
    with pytest.warns(UserWarning, match=f"more than {MOST_RELATIONS} relations .* only the surest") as warned:
        arrays = predict_at_thresholds(*untrained, [words, words[:2], words], [None, 0.6])
    found = [[to_prediction(one, untrained[0].config) for one in at_threshold] for at_threshold in arrays]
    for at_threshold in found:
        assert [len(prediction.relations) for prediction in at_threshold[::2]] == [MOST_RELATIONS] * 2
        assert 0 < len(at_threshold[1].relations) <= 6 * 100
    assert len({str(one.message) for one in warned}) == 1
    assert min(relation.score for relation in found[0][0].relations) > 0.6  # so that both thresholds give the same
    assert found[0] == found[1][:1] + found[0][1:2] + found[1][2:]


@pytest.mark.filterwarnings("ignore:more than")
@pytest.mark.parametrize("most", [20, 10_000_000])
def test_pairs_that_are_not_held_at_once_give_the_same_relations(untrained, monkeypatch, most):
    monkeypatch.setattr(decoding, "MOST_RELATIONS", most)
    monkeypatch.setattr(span_scoring, "MOST_RELATIONS", most)
    monkeypatch.setattr(span_scoring, "PAIR_SCORES_AT_ONCE", 10_000_000)
    sentences = [SENTENCES[0][:5], SENTENCES[1][:3]]
    whole = predict(*untrained, sentences)
    monkeypatch.setattr(span_scoring, "PAIR_SCORES_AT_ONCE", 1000)
    parts = predict(*untrained, sentences)
    for one, other in zip(whole, parts, strict=True):
        assert [(r.head, r.tail, r.type) for r in one.relations] == [(r.head, r.tail, r.type) for r in other.relations]
        assert [r.score for r in one.relations] == pytest.approx([r.score for r in other.relations], abs=1e-6)


def test_a_model_that_has_learned_something_is_not_warned_of(tiny_pipeline):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert any(found["relations"] for found in tiny_pipeline(SENTENCES, relation_threshold=0.0))
