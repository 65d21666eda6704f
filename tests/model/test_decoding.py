"""Overlap policies, and the order of results."""

from hypothesis import given
from hypothesis import strategies as st

from spert_hf.model.decoding import (
    in_text_order,
    resolve_overlaps,
    select_entities,
)
from spert_hf.model.predictions import PredictedEntity, PredictedRelation, Prediction


@st.composite
def predictions(draw):
    spans = draw(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5), st.floats(0, 1)), max_size=8))
    entities = [PredictedEntity(start, start + size, "T", score) for start, size, score in spans]
    count = len(entities)
    pairs = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=8))
    relations = [PredictedRelation(h, t, "r", 0.5) for h, t in pairs if h < count and t < count and h != t]
    return Prediction(entities, relations)


def ends_of(prediction):
    """Relations by their entities themselves, so that indices don't matter."""
    return [(id(prediction.entities[r.head]), id(prediction.entities[r.tail]), r.type) for r in prediction.relations]


def overlap(one, other):
    return one.start < other.end and other.start < one.end


@given(predictions(), st.sampled_from(["drop", "best"]))
def test_no_overlap_is_left_and_relations_follow(prediction, policy):
    resolved = resolve_overlaps(prediction, policy)
    for index, entity in enumerate(resolved.entities):
        assert not any(overlap(entity, other) for other in resolved.entities[index + 1 :])
    kept = {id(entity) for entity in resolved.entities}
    assert ends_of(resolved) == [ends for ends in ends_of(prediction) if ends[0] in kept and ends[1] in kept]


@given(predictions())
def test_drop_leaves_out_what_overlaps_and_nothing_else(prediction):
    kept = resolve_overlaps(prediction, "drop").entities
    for entity in prediction.entities:
        alone = not any(overlap(entity, other) for other in prediction.entities if other is not entity)
        assert any(entity is other for other in kept) == alone


@given(predictions())
def test_best_leaves_out_only_what_a_better_one_overlaps(prediction):
    kept = resolve_overlaps(prediction, "best").entities
    for entity in prediction.entities:
        if not any(entity is other for other in kept):
            assert any(overlap(entity, other) and other.score >= entity.score for other in kept)


@given(predictions())
def test_text_order_changes_only_the_order(prediction):
    ordered = in_text_order(prediction)
    spans = [(entity.start, entity.end) for entity in ordered.entities]
    assert spans == sorted(spans)
    assert sorted(ends_of(ordered)) == sorted(ends_of(prediction))


def test_selected_entities_keep_their_relations():
    entities = [PredictedEntity(index, index + 1, "T", 0.5) for index in range(3)]
    prediction = Prediction(entities, [PredictedRelation(0, 2, "r", 0.5), PredictedRelation(0, 1, "r", 0.5)])
    assert select_entities(prediction, [2, 0]).relations == [PredictedRelation(0, 1, "r", 0.5)]
