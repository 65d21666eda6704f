import pickle

import pytest

from spert_hf.data import DocumentError, Fault, LocatedFault, Location
from spert_hf.data.faults import list_names


def located(record=None, line=None, column=None, field="tokens"):
    return LocatedFault(Location("docs.json", record, line, column), Fault(field, "3", "a list"))


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (located(record=12), "docs.json, record 12: tokens must be a list, got 3"),
        (located(record=12, line=14), "docs.json, record 12 (line 14): tokens must be a list, got 3"),
        (located(line=3, column=5, field=""), "docs.json, line 3, column 5: must be a list, got 3"),
        (located(field=""), "docs.json: must be a list, got 3"),
    ],
)
def test_a_fault_is_one_line_with_its_place(fault, text):
    assert str(fault) == text


def test_message_has_a_line_per_fault_and_says_how_records_count():
    lines = str(DocumentError([located(record=1), located(record=2)])).splitlines()
    assert lines == [
        "docs.json, record 1: tokens must be a list, got 3",
        "docs.json, record 2: tokens must be a list, got 3",
        "(records and lines count from 1, positions in [] from 0)",
    ]


def test_message_shows_fifty_faults_and_faults_has_all():
    error = DocumentError(located(record=i) for i in range(1, 121))
    lines = str(error).splitlines()
    assert lines[49].startswith("docs.json, record 50:")
    assert lines[50] == "… and 70 more"
    assert len(error.faults) == 120


def test_message_of_an_input_that_was_not_read_to_its_end_says_so():
    assert "… and perhaps more: reading stopped here" in str(DocumentError([located()], complete=False))
    assert "… and at least 10 more" in str(DocumentError([located()] * 60, complete=False))


def test_error_survives_pickling():
    error = DocumentError([located(record=1)], complete=False)
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.faults, copy.complete, str(copy)) == (error.faults, False, str(error))


def test_long_lists_of_names_are_cut():
    text = list_names([f"Type{i}" for i in range(25)])
    assert text.endswith("Type19, … and 5 more")
    assert len(list_names(["x" * 1000])) == 60
