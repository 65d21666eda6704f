"""Which sentences are neighbours, and that no group of them cuts a document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import neighbours
from spert_hf.data.documents import Document
from spert_hf.data.neighbours import in_whole_documents, number_by_document

IDS = st.lists(st.sampled_from([None, "a", "b", 3]), max_size=20)


def sentences(ids):
    return [Document([str(number)], extra={"doc_id": one}) for number, one in enumerate(ids)]


@pytest.fixture
def notes(monkeypatch):
    told = []
    monkeypatch.setattr(neighbours.logger, "warning_once", told.append)
    return told


def test_those_with_the_same_id_that_follow_each_other_are_neighbours(notes):
    assert number_by_document(sentences(["a", "a", 3, "3", None, None]), 64) == [0, 0, 2, 2, 4, 5]
    assert notes == []


def test_an_id_that_comes_back_is_another_document(notes):
    assert number_by_document(sentences(["a", "b", "b", "a"]), 64) == [0, 1, 1, 3]
    (note,) = notes
    assert "do not all follow each other" in note


def test_data_without_ids_are_told_of(notes):
    assert number_by_document(sentences([None, None]), 64) == [0, 1]
    assert notes == ["context_window: the data have no doc_id, so each sentence is read alone"]
    assert number_by_document(sentences([None, None]), 0) == [0, 1]
    assert len(notes) == 1


@given(ids=IDS, size=st.integers(1, 5))
def test_groups_have_all_sentences_and_whole_documents(ids, size):
    given = sentences(ids)
    numbers = dict(zip(map(id, given), number_by_document(given, 1), strict=True))
    groups = list(in_whole_documents(given, size, 1))
    assert [one for group in groups for one in group] == given
    owners = [{numbers[id(one)] for one in group} for group in groups]
    assert sum(map(len, owners)) == len(set().union(*owners))
    assert all(len(group) >= size for group in groups[:-1])


def test_sentences_that_are_documents_of_their_own_are_grouped_evenly():
    assert [len(group) for group in in_whole_documents(sentences([None] * 7), 3, 1)] == [3, 3, 1]


def test_without_a_context_window_a_document_may_be_cut():
    assert [len(group) for group in in_whole_documents(sentences(["a"] * 7), 3, 0)] == [3, 3, 1]
    assert number_by_document(sentences(["a", "a"]), 0) == [0, 1]
