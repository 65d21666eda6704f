"""Entities and pairs from logits, against the obvious way."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.onnx import candidates
from spert_hf.onnx.candidates import likeliest_pairs, pairs_to_score, predicted_entities
from spert_hf.onnx.record import OnnxSettings

SETTINGS = OnnxSettings.of(
    {
        "entity_types": ["Loc", "Org"],
        "relation_types": ["In", "Near"],
        "symmetric_relation_types": ["Near"],
        "relation_signatures": {"In": [["Org", "Loc"]]},
        "max_span_size": 3,
        "relation_threshold": 0.4,
        "overlap": "keep",
        "entity_temperature": 1.0,
        "relation_temperature": 1.0,
        "text_reading": None,
    }
)


@st.composite
def logits(draw):
    shape = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 5)), 3
    return np.random.default_rng(draw(st.integers(0, 999))).normal(size=shape).astype(np.float32)


@given(logits())
def test_entities_are_the_spans_whose_best_type_is_not_none(scores):
    expected = [
        [row, start, start + size + 1, int(scores[row, size, start].argmax())]
        for row in range(scores.shape[0])
        for size in range(scores.shape[1])
        for start in range(scores.shape[2])
        if scores[row, size, start].argmax()
    ]
    assert predicted_entities(scores).tolist() == expected


@given(logits(), st.sampled_from([2, 512]))
def test_pairs_are_all_those_of_the_surest_entities_of_a_sentence(scores, most):
    entities = predicted_entities(scores)
    own = scores[entities[:, 0], entities[:, 2] - entities[:, 1] - 1, entities[:, 1]]
    sureness = np.exp(own - own.max(-1, keepdims=True))
    sureness = (sureness / sureness.sum(-1, keepdims=True)).max(-1) if len(own) else own
    expected = []
    for row in range(scores.shape[0]):
        of_row = [place for place in range(len(entities)) if entities[place, 0] == row]
        surest = sorted(sorted(of_row, key=lambda place: -sureness[place])[:most])
        expected += [[head, tail] for head in surest for tail in surest if head != tail]
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(candidates, "MOST_PAIRED_ENTITIES", most)
        assert pairs_to_score(entities, own).tolist() == expected


def test_a_given_mention_with_two_types_has_no_relation_to_itself():
    entities = np.array([[0, 1, 2, 1], [0, 1, 2, 2], [0, 3, 4, 1]])
    assert pairs_to_score(entities, np.zeros((3, 3), np.float32)).tolist() == [[0, 2], [1, 2], [2, 0], [2, 1]]


def test_of_too_many_pairs_the_likeliest_are_kept(monkeypatch):
    monkeypatch.setattr(candidates, "PAIR_SCORES_AT_ONCE", 4)
    monkeypatch.setattr(candidates, "MOST_RELATIONS", 1)
    entities = np.array([[0, 0, 1, 2], [0, 1, 2, 1], [0, 2, 3, 2]])
    pairs = np.array([[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]])
    scores = {(0, 1): [5, 0], (0, 2): [9, 1], (1, 0): [8, 2], (1, 2): [7, 3], (2, 0): [6, 4], (2, 1): [0, 0]}
    kept = likeliest_pairs(SETTINGS, entities, pairs, lambda some: np.array([scores[tuple(p)] for p in some.tolist()]))
    assert kept.tolist() == [[0, 1], [2, 0]]  # *In* is possible from Org to Loc only
