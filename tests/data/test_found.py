"""What is found, as records and as rows."""

import csv

import pytest

from spert_hf.data.found import TRIPLE_COLUMNS, to_csv_row, triple_rows, with_found

FOUND = {
    "entities": [
        {"type": "Peop", "text": 'Ann "A", Bell', "start": 0, "end": 13, "token_start": 0, "token_end": 5},
        {"type": "Loc", "text": "Oslo", "start": 20, "end": 24, "token_start": 7, "token_end": 8},
    ],
    "relations": [{"type": "Live_In", "score": 0.5, "head": 0, "tail": 1}],
}


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        ({"text": "a", "id": 3}, {"text": "a", "id": 3}),
        ({"text": "a", "entities": [1]}, {"text": "a", "given_entities": [1]}),
        (
            {"entities": 1, "given_entities": 2, "relations": 3},
            {"given_given_entities": 1, "given_entities": 2, "given_relations": 3},
        ),
    ],
)
def test_nothing_that_was_given_is_lost(record, kept):
    before = dict(record)
    assert with_found(record, FOUND) == kept | FOUND
    assert record == before


def test_a_relation_is_a_row():
    (row,) = triple_rows(7, FOUND)
    expected = [7, 'Ann "A", Bell', "Peop", 0, 13, "Live_In", 0.5, "Oslo", "Loc", 20, 24]
    assert row == expected
    assert len(TRIPLE_COLUMNS) == len(expected)
    assert next(csv.reader([to_csv_row(row)])) == list(map(str, expected))


def test_offsets_are_of_tokens_where_those_were_given():
    tokens = [{name: value for name, value in one.items() if name not in ("start", "end")} for one in FOUND["entities"]]
    (row,) = triple_rows(1, FOUND | {"entities": tokens})
    assert row[3:5] == [0, 5] and row[9:] == [7, 8]
