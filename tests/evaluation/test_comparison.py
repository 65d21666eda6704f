import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation import score_documents
from spert_hf.evaluation.comparison import Status, compare_document
from tests.evaluation.evaluation_records import documents_with_predictions, record


@given(documents_with_predictions(), st.booleans())
def test_items_add_up_to_the_scores(pairs, no_overlapping):
    documents, predictions = pairs
    result = score_documents(documents, predictions, no_overlapping=no_overlapping, symmetric_relation_types=["S"])
    compared = [
        compare_document(*pair, no_overlapping=no_overlapping, symmetric=frozenset("S"))
        for pair in zip(documents, predictions, strict=True)
    ]
    for task, field in (("ner", "entities"), ("rel_plus", "relations")):
        statuses = [item.status for comparison in compared for item in getattr(comparison, field)]
        score = result.tasks[task].micro
        counts = [statuses.count(status) for status in (Status.RIGHT, Status.SPURIOUS, Status.MISSED)]
        assert counts == [score.tp, score.fp, score.fn]
        if not no_overlapping:
            assert Status.LEFT_OUT not in statuses


@given(documents_with_predictions(), st.booleans())
def test_every_item_is_listed_once_in_text_order(pairs, no_overlapping):
    for document, prediction in zip(*pairs, strict=True):
        compared = compare_document(document, prediction, no_overlapping=no_overlapping)
        every = {
            (entity["start"], entity["end"], entity["type"])
            for one in (document, prediction)
            for entity in one["entities"]
        }
        assert [entity.item for entity in compared.entities] == sorted(every)


def _notes(items):
    return [(item.status.value, item.note) for item in items]


def test_near_misses_of_entities_are_explained():
    gold = record(("P", 0, 1), ("P", 2, 4), ("P", 5, 6))
    predicted = record(("Q", 0, 1), ("P", 3, 4), ("Q", 5, 7))
    assert _notes(compare_document(gold, predicted).entities) == [
        ("missed", "same span is Q"),
        ("spurious", "same span is P"),
        ("missed", "type right, span differs"),
        ("spurious", "type right, span differs"),
        ("missed", ""),
        ("spurious", ""),
    ]


@pytest.mark.parametrize(
    ("entity_type", "relation", "note"),
    [
        ("Q", ("R", 0, 1), "entity types differ: right in REL, not in REL+"),
        ("P", ("R", 1, 0), "direction differs"),
        ("P", ("S", 0, 1), "same spans are R"),
        ("P", ("S", 1, 0), ""),
    ],
)
def test_near_misses_of_relations_are_explained(entity_type, relation, note):
    gold = record(("P", 0, 1), ("P", 2, 3), relations=(("R", 0, 1),))
    predicted = record(("P", 0, 1), (entity_type, 2, 3), relations=(relation,))
    (spurious,) = [r for r in compare_document(gold, predicted).relations if r.status is Status.SPURIOUS]
    assert spurious.note == note


def test_what_overlaps_is_left_out_and_says_where_it_stood():
    gold = record(("P", 0, 2), ("Q", 1, 2), ("P", 4, 5), ("P", 6, 7))
    predicted = record(("P", 0, 2), ("P", 4, 5), ("Q", 4, 5), ("P", 6, 7))
    compared = compare_document(gold, predicted, no_overlapping=True)
    assert [(item.item, item.status.value, item.note) for item in compared.entities] == [
        ((0, 2, "P"), "spurious", "in gold, but overlaps another"),
        ((1, 2, "Q"), "left out", "in gold"),
        ((4, 5, "P"), "missed", "predicted, but overlaps another"),
        ((4, 5, "Q"), "left out", "predicted"),
        ((6, 7, "P"), "right", ""),
    ]


def test_scores_are_the_predictions_and_of_duplicates_the_first():
    gold = record(("P", 0, 1), ("P", 2, 3))
    predicted = record(("P", 0, 1), ("P", 0, 1))
    predicted["entities"][0]["score"] = 0.9
    predicted["entities"][1]["score"] = 0.8
    assert [entity.score for entity in compare_document(gold, predicted).entities] == [0.9, None]
    predicted["entities"][1]["score"] = "high"
    with pytest.raises(ValueError, match=r"predictions\[4\].entities\[1\].score must be a number, given 'high'"):
        compare_document(gold, predicted, index=4)
