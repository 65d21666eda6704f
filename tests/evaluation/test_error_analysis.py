from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation import analyse_errors, score_documents
from spert_hf.evaluation.error_analysis import ERROR_KINDS, EntityErrorKind, RelationErrorKind
from tests.evaluation.evaluation_records import annotations, documents_with_predictions, record

SYMMETRIC = ("S",)


def _analyse(pairs, no_overlapping=False):
    return analyse_errors(*pairs, no_overlapping=no_overlapping, symmetric_relation_types=SYMMETRIC)


@given(documents_with_predictions(), st.booleans())
def test_the_kinds_add_up_to_the_scorers_false_positives_and_negatives_of_each_type(pairs, no_overlapping):
    analysis = _analyse(pairs, no_overlapping)
    result = score_documents(*pairs, no_overlapping=no_overlapping, symmetric_relation_types=SYMMETRIC)
    for task in ERROR_KINDS:
        counts = analysis.counts(task)
        micro = result.tasks[task].micro
        assert sum(count.false_positives for count in counts) == micro.fp
        assert sum(count.false_negatives for count in counts) == micro.fn
        gold_types, predicted_types = Counter(), Counter()
        for count in counts:
            assert sum(count.by_types.values()) == count.count
            for (gold, predicted), number in count.by_types.items():
                gold_types[gold] += number
                predicted_types[predicted] += number
        for name, score in result.tasks[task].per_type.items():
            assert (predicted_types[name], gold_types[name]) == (score.fp, score.fn)


@given(documents_with_predictions())
def test_shares_are_percentages_of_all_errors_of_the_task(pairs):
    analysis = _analyse(pairs)
    for task, errors in analysis.errors.items():
        assert sum(count.share for count in analysis.counts(task)) == pytest.approx(100 if errors else 0)


@given(documents_with_predictions())
def test_no_item_is_in_two_errors(pairs):
    for errors in _analyse(pairs).errors.values():
        for side in ("gold", "predicted"):
            items = [(error.document, getattr(error, side)) for error in errors if getattr(error, side) is not None]
            assert len(items) == len(set(items))


def _shuffled(one, random):
    """The same record with entities and relations in another order."""
    order = list(range(len(one["entities"])))
    random.shuffle(order)
    relations = [{**r, "head": order.index(r["head"]), "tail": order.index(r["tail"])} for r in one["relations"]]
    random.shuffle(relations)
    return {**one, "entities": [one["entities"][index] for index in order], "relations": relations}


@given(documents_with_predictions(), st.randoms(use_true_random=False))
def test_the_order_of_documents_and_items_plays_no_part(pairs, random):
    shuffled = [tuple(_shuffled(one, random) for one in pair) for pair in zip(*pairs, strict=True)]
    random.shuffle(shuffled)
    before = _analyse(pairs)
    after = _analyse(([document for document, _ in shuffled], [prediction for _, prediction in shuffled]))
    for task in ERROR_KINDS:
        assert before.counts(task) == after.counts(task)


def _share_a_token(first, second):
    return bool(set(range(*first[:2])) & set(range(*second[:2])))


@given(documents_with_predictions())
def test_kinds_of_entity_errors_are_what_they_say_and_no_pair_is_overlooked(pairs):
    errors = _analyse(pairs).errors["ner"]
    gold = [[(entity["start"], entity["end"]) for entity in document["entities"]] for document in pairs[0]]
    for error in errors:
        if error.gold is None:
            overlaps = any(_share_a_token(error.predicted, entity) for entity in gold[error.document])
            assert error.kind is (EntityErrorKind.REPEATED if overlaps else EntityErrorKind.SPURIOUS)
        if error.gold is None or error.predicted is None:
            continue
        same_span, same_type = error.gold[:2] == error.predicted[:2], error.gold[2] == error.predicted[2]
        assert _share_a_token(error.gold, error.predicted)
        assert (
            error.kind
            is {
                (True, False): EntityErrorKind.TYPE,
                (False, True): EntityErrorKind.BOUNDARY,
                (False, False): EntityErrorKind.BOUNDARY_AND_TYPE,
            }[same_span, same_type]
        )
    for repeated in (error for error in errors if error.kind is EntityErrorKind.REPEATED):
        for missed in (error for error in errors if error.kind is EntityErrorKind.MISSED):
            assert missed.document != repeated.document or not _share_a_token(missed.gold, repeated.predicted)


@given(documents_with_predictions(), st.booleans())
def test_relation_errors_that_stand_alone_say_whether_the_arguments_are_right(pairs, no_overlapping):
    documents, predictions = pairs
    for error in _analyse(pairs, no_overlapping).errors["rel_plus"]:
        alone = error.gold if error.predicted is None else error.predicted if error.gold is None else None
        if alone is None:
            continue
        other_side = (predictions if error.predicted is None else documents)[error.document]
        entities = {(entity["start"], entity["end"], entity["type"]) for entity in other_side["entities"]}
        both = alone[0] in entities and alone[1] in entities
        assert (
            error.kind
            is {
                ("gold", True): RelationErrorKind.MISSED,
                ("gold", False): RelationErrorKind.MISSED_ARGUMENT,
                ("predicted", True): RelationErrorKind.SPURIOUS,
                ("predicted", False): RelationErrorKind.SPURIOUS_ARGUMENT,
            }["predicted" if error.gold is None else "gold", both]
        )


@given(annotations())
def test_what_is_right_is_no_error(annotation):
    analysis = analyse_errors([annotation], [annotation])
    assert analysis.errors == {"ner": [], "rel_plus": []}


def _entity_kinds(gold, predicted):
    return [error.kind.value for error in analyse_errors([gold], [predicted]).errors["ner"]]


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ([("P", 0, 2)], [("Q", 0, 2)], ["wrong type"]),
        ([("P", 0, 2)], [("P", 1, 3)], ["wrong boundary"]),
        ([("P", 0, 2)], [("Q", 1, 3)], ["wrong boundary and type"]),
        ([("P", 0, 2)], [("P", 2, 3)], ["spurious", "missed"]),
        ([], [("P", 2, 3)], ["spurious"]),
        ([("P", 0, 2)], [], ["missed"]),
        # A second prediction of the same mention finds its gold entity taken, be it by a right or by a wrong one.
        ([("P", 0, 2)], [("P", 0, 2), ("P", 0, 3)], ["repeated mention"]),
        ([("P", 0, 2)], [("P", 0, 3), ("P", 0, 1)], ["wrong boundary", "repeated mention"]),
        # The right span goes before the right type, and that before overlap.
        ([("P", 0, 2)], [("Q", 0, 2), ("P", 0, 3)], ["wrong type", "repeated mention"]),
        ([("P", 0, 4)], [("Q", 0, 3), ("P", 3, 6)], ["wrong boundary", "repeated mention"]),
        ([("P", 0, 4), ("P", 4, 5)], [("P", 1, 5)], ["wrong boundary", "missed"]),
    ],
)
def test_each_kind_of_entity_error(gold, predicted, kinds):
    assert _entity_kinds(record(*gold), record(*predicted)) == kinds


def test_of_two_the_one_with_more_overlap_is_paired():
    gold, predicted = record(("P", 0, 4), ("P", 4, 6)), record(("P", 1, 6))
    (paired,) = [error for error in analyse_errors([gold], [predicted]).errors["ner"] if error.predicted]
    assert paired.gold == (0, 4, "P")


ENTITIES = [("P", 0, 2), ("Q", 3, 4), ("P", 5, 6)]


def _relation_kinds(gold, predicted, entities):
    gold, predicted = record(*ENTITIES, relations=gold), record(*entities, relations=predicted)
    analysis = analyse_errors([gold], [predicted], symmetric_relation_types=SYMMETRIC)
    return [error.kind.value for error in analysis.errors["rel_plus"]]


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ([("R", 0, 1)], [("T", 0, 1)], ["wrong type"]),
        ([("R", 0, 1)], [("T", 1, 0)], ["wrong type"]),
        ([("R", 0, 1)], [("R", 1, 0)], ["wrong direction"]),
        ([("S", 0, 1)], [("S", 1, 0)], []),
        ([("R", 1, 0)], [("S", 1, 0)], ["wrong type"]),
        ([("R", 0, 1)], [("R", 0, 2)], ["other argument"]),
        ([("R", 0, 1)], [("R", 2, 1)], ["other argument"]),
        ([("R", 0, 1)], [("R", 1, 2)], ["spurious, arguments right", "missed, arguments found"]),
        # Of a symmetric relation either argument may be the right one.
        ([("S", 0, 1)], [("S", 1, 2)], ["other argument"]),
        ([("R", 0, 1)], [("T", 0, 2)], ["spurious, arguments right", "missed, arguments found"]),
        ([], [("R", 0, 1)], ["spurious, arguments right"]),
        ([("R", 0, 1)], [], ["missed, arguments found"]),
        # The type goes before the direction, and that before the arguments; each takes its pair.
        ([("R", 0, 1)], [("T", 0, 1), ("R", 1, 0)], ["wrong type", "spurious, arguments right"]),
        ([("R", 0, 1)], [("R", 1, 0), ("R", 0, 2)], ["wrong direction", "spurious, arguments right"]),
        ([("R", 0, 1), ("R", 2, 1)], [("R", 1, 0), ("R", 2, 0)], ["wrong direction", "other argument"]),
    ],
)
def test_each_kind_of_relation_error_between_right_entities(gold, predicted, kinds):
    assert _relation_kinds(gold, predicted, ENTITIES) == kinds


@pytest.mark.parametrize(
    ("head", "kinds"),
    [
        (("P", 0, 3), ["boundary or type of argument"]),
        (("Q", 0, 2), ["boundary or type of argument"]),
        (("P", 4, 5), ["other argument"]),
    ],
)
def test_a_wrong_argument_is_told_apart_by_whether_it_overlaps_the_right_one(head, kinds):
    assert _relation_kinds([("R", 0, 1)], [("R", 0, 1)], [head, *ENTITIES[1:]]) == kinds


def test_two_arguments_with_wrong_boundaries_are_one_error_but_not_with_another_mention():
    assert _relation_kinds([("R", 0, 1)], [("R", 0, 1)], [("P", 1, 2), ("Q", 3, 5)]) == ["boundary or type of argument"]
    assert _relation_kinds([("R", 0, 1)], [("R", 0, 1)], [("P", 1, 2), ("Q", 5, 6)]) == [
        "spurious, argument wrong",
        "missed, argument not found",
    ]


def test_a_boundary_that_puts_the_other_argument_of_a_symmetric_relation_first_is_an_error_of_the_argument():
    gold = record(("P", 1, 2), ("P", 2, 3), relations=(("S", 0, 1),))
    predicted = record(("P", 1, 2), ("P", 0, 3), relations=(("S", 0, 1),))
    (error,) = analyse_errors([gold], [predicted], symmetric_relation_types=SYMMETRIC).errors["rel_plus"]
    assert error.kind is RelationErrorKind.ARGUMENT_SPAN


def test_symmetric_relations_have_no_direction_even_where_the_arguments_start_together():
    entities = (("P", 0, 1), ("Q", 0, 2))
    gold, predicted = (record(*entities, relations=(("S", *ends),)) for ends in ((0, 1), (1, 0)))
    analysis = analyse_errors([gold], [predicted], symmetric_relation_types=SYMMETRIC)
    assert [error.kind.value for error in analysis.errors["rel_plus"]] == [
        "spurious, arguments right",
        "missed, arguments found",
    ]


def test_an_argument_is_missing_where_only_another_type_of_it_was_found():
    assert _relation_kinds([("R", 0, 1)], [], [("Q", 0, 2), ENTITIES[1]]) == ["missed, argument not found"]


def test_an_error_carries_its_document_task_types_and_score():
    predicted = record(("Q", 0, 1))
    predicted["entities"][0]["score"] = 0.5
    (error,) = analyse_errors([record(), record(("P", 0, 1))], [record(), predicted]).errors["ner"]
    assert (error.document, error.task, error.types, error.score) == (1, "ner", ("P", "Q"), 0.5)


def test_records_are_checked_as_by_the_scorer():
    with pytest.raises(ValueError, match=r"predictions\[0\].entities\[0\]"):
        analyse_errors([record()], [record(("P", 2, 1))])
    with pytest.raises(ValueError, match="must have the same length"):
        analyse_errors([record()], [])


@pytest.mark.parametrize("gold_has_the_relation", [True, False])
def test_arguments_that_are_left_out_as_overlapping_are_right_and_found_nevertheless(gold_has_the_relation):
    related = record(*ENTITIES, relations=[("R", 0, 1)])
    overlapping = record(*ENTITIES, ("P", 1, 3))
    gold, predicted = (related, overlapping) if gold_has_the_relation else (overlapping, related)
    (error,) = analyse_errors([gold], [predicted], no_overlapping=True).errors["rel_plus"]
    assert error.kind is (RelationErrorKind.MISSED if gold_has_the_relation else RelationErrorKind.SPURIOUS)
