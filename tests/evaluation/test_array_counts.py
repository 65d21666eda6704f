"""Counting on arrays gives the metric's scores, to the digit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation import score_documents
from spert_hf.evaluation.array_counts import Items, count_items
from spert_hf.evaluation.spert_metric.scoring import Counts
from tests.evaluation.evaluation_records import GOLDEN_CASES, GOLDEN_DOCUMENTS, SYMMETRIC, documents_with_predictions


def as_items(record, entity_types, relation_types):
    entities = [(one["start"], one["end"], entity_types.index(one["type"])) for one in record["entities"]]
    relations = [(one["head"], one["tail"], relation_types.index(one["type"])) for one in record["relations"]]
    return Items(*(np.array(rows, dtype=np.int32).reshape(-1, 3) for rows in (entities, relations)))


def count(documents, predictions, entity_types, relation_types, **settings):
    sides = [
        [as_items(record, entity_types, relation_types) for record in records] for records in (documents, predictions)
    ]
    return count_items(*sides, entity_types, relation_types, **settings)


def types_of(records, kind):
    return sorted({one["type"] for record in records for one in record[kind]}, reverse=True)


@pytest.mark.parametrize("no_overlapping", [False, True])
@pytest.mark.parametrize("case", GOLDEN_CASES)
def test_scores_of_the_golden_documents(case, no_overlapping):
    predictions = GOLDEN_CASES[case]["predictions"]
    types = [types_of([*GOLDEN_DOCUMENTS, *predictions], kind) for kind in ("entities", "relations")]
    counts = count(GOLDEN_DOCUMENTS, predictions, *types, symmetric=SYMMETRIC, no_overlapping=no_overlapping)
    assert counts.result(no_overlapping) == score_documents(
        GOLDEN_DOCUMENTS, predictions, no_overlapping=no_overlapping, symmetric_relation_types=SYMMETRIC
    )


@given(documents_with_predictions(), st.booleans(), st.sampled_from([(), ("S",), ("R", "S", "T")]))
def test_scores_of_any_documents(pairs, no_overlapping, symmetric):
    counts = count(*pairs, "CAXB", "TSR", symmetric=symmetric, no_overlapping=no_overlapping)
    expected = score_documents(*pairs, no_overlapping=no_overlapping, symmetric_relation_types=symmetric)
    assert counts.result(no_overlapping) == expected


@given(documents_with_predictions(), st.integers(0, 5), st.booleans())
def test_counts_of_parts_add_up(pairs, end, no_overlapping):
    parts = [
        count(*(records[part] for records in pairs), "ABC", "RS", no_overlapping=no_overlapping)
        for part in (slice(end), slice(end, None))
    ]
    whole = Counts.together(parts).result(no_overlapping)
    assert whole == score_documents(*pairs, no_overlapping=no_overlapping)


def test_what_is_at_the_same_place_in_another_document_is_something_else():
    one = {"entities": [{"type": "A", "start": 0, "end": 1}], "relations": []}
    none = {"entities": [], "relations": []}
    ner = count([one, none], [none, one], ["A"], []).tasks["ner"]
    assert (ner.tp, ner.fp, ner.fn) == ({}, {"A": 1}, {"A": 1})


def test_thousands_of_relations_between_far_spans_are_told_apart():
    """A pair of spans and types has more combinations than 32 bits."""
    starts = np.arange(500) * 1000
    entities = np.column_stack((starts, starts + 3, np.arange(500) % 50)).astype(np.int32)
    heads, tails = (places.ravel() for places in np.indices((500, 500)))
    relations = np.column_stack((heads, tails, (heads + tails) % 100)).astype(np.int32)
    counts = count_items(
        [Items(entities[:2], np.array([[0, 1, 1], [1, 0, 0]]))] * 3,
        [Items(entities, relations)] * 3,
        [f"E{number}" for number in range(50)],
        [f"R{number}" for number in range(100)],
    )
    for task in ("rel", "rel_plus"):
        scores = counts.tasks[task].scores()
        assert (scores.micro.tp, scores.micro.fp, scores.micro.fn) == (3, 3 * 500**2 - 3, 3)
        assert {score.tp + score.fp for score in scores.per_type.values()} == {3 * 2500}
