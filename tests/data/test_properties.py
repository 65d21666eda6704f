"""Properties of data by which a recipe is chosen."""

import pytest

from spert_hf.data import Document, Entity, Relation
from spert_hf.data.properties import DataProperties, count_overlapping, measure_properties


def document(text, entities=(), relations=()):
    return Document(text.split(), [Entity(*one) for one in entities], [Relation(*one) for one in relations])


def test_each_property_is_counted():
    documents = [
        document("Ann of Rome knows bob", [("Peop", 0, 1), ("Loc", 2, 3), ("Peop", 4, 5)], [("In", 0, 1)]),
        document("it rains"),
        document("東京 near 大阪 Bay", [("Loc", 0, 1), ("Loc", 2, 4), ("Loc", 3, 4)], [("By", 0, 1), ("By", 1, 0)]),
    ]
    assert measure_properties(documents) == DataProperties(
        documents=3,
        words=11 / 3,
        overlapping=2 / 6,
        joined=1 / 4,  # In: Peop and Loc, By: Loc and Loc, of four pairs each
        related=3 / (2 + 6),  # two pairs of a person and a place, six of two places
        capitals=3 / 4,  # 東 and 大 have no case
    )


def test_what_is_not_there_has_no_share():
    assert measure_properties([document("it rains")]) == DataProperties(1, 2.0, None, None, None, None)
    assert measure_properties([]) == DataProperties(0, 0.0, None, None, None, None)


@pytest.mark.parametrize(
    ("spans", "count"),
    [
        ([], 0),
        ([(0, 2), (2, 3)], 0),
        ([(0, 2), (1, 3)], 2),
        ([(0, 5), (1, 2), (3, 4)], 3),
        ([(0, 5), (1, 2), (4, 6), (6, 7)], 3),
        ([(0, 1), (0, 1)], 2),
    ],
)
def test_entities_that_overlap_another_one(spans, count):
    entities = [(f"T{number}", *span) for number, span in enumerate(spans)]
    assert count_overlapping(document("a b c d e f g", entities)) == count
