"""What is allowed and costs something is said, once each, with what it costs."""

import pytest

from spert_hf.data import Document, Entity, Relation
from spert_hf.data.advice import FEWEST_DEV_ITEMS, advise, advise_on_dev, suggest_settings
from spert_hf.data.documents import Changes

TOKENS = ["Ann", "lives", "in", "Rome"]


def document(*entities, relations=()):
    return Document(list(TOKENS), [Entity(*one) for one in entities], [Relation(*one) for one in relations])


def test_plain_documents_have_no_notes():
    assert advise([document(("Peop", 0, 1), ("Loc", 3, 4), relations=[("Live_In", 0, 1)])]) == []
    assert advise([]) == advise_on_dev([]) == []


def test_what_was_changed_is_counted_in_a_line_each():
    documents = [Document(["a"], changes=Changes(2, 1, 1)), Document(["b"], changes=Changes(1, 0, 1, 1))]
    tokens, entities, words, relations = advise(documents)
    assert tokens == "3 tokens are white space only, and left out; offsets of entities are adapted"
    assert entities == "2 entities begin or end at characters of no word, which are left out"
    assert words == "1 word split where an entity begins or ends inside"
    assert relations.startswith("1 relation of an entity to itself left out")


def test_spans_with_two_types_bound_recall():
    documents = [document(("Loc", 3, 4), ("Geo", 3, 4), ("Peop", 0, 1))] * 3 + [document(("Peop", 0, 1))]
    (note,) = advise(documents)
    assert note.startswith("3 spans with more than one type, most often Geo and Loc (3): ")
    assert "3 of 10 entities can never be found" in note
    assert "recall of entities is 70.0 % at best" in note


@pytest.mark.parametrize(
    "name", ["no_relation", "No Relation", "NONE", "none", "NA", "n/a", "O", "null", "no-relation"]
)
def test_types_that_stand_for_nothing(name):
    (note,) = advise([document(("Peop", 0, 1), ("Loc", 3, 4), relations=[(name, 0, 1)])] * 2)
    assert note.startswith(f"relation type {name}, 2 times: ")
    (note,) = advise([document((name, 0, 1))])
    assert note.startswith(f"entity type {name}, 1 time: ")


@pytest.mark.parametrize("name", ["Org", "Other", "Location", "Near", "Nonentity", "Not_In", "_"])
def test_other_types_are_left_alone(name):
    assert advise([document((name, 0, 1), ("Loc", 3, 4), relations=[(name, 0, 1)])]) == []


def test_a_small_dev_split_says_how_far_its_scores_jump():
    one = document(("Peop", 0, 1), ("Loc", 3, 4), relations=[("Live_In", 0, 1)])
    (note,) = advise_on_dev([one] * 4)
    assert note.startswith("the dev split has 4 documents with 4 relations: ")
    assert "recall by 25 points" in note
    assert advise_on_dev([one] * FEWEST_DEV_ITEMS) == []
    (note,) = advise_on_dev([document(("Peop", 0, 1))] * 2)
    assert "2 entities" in note
    assert "recall by 50 points" in note
    (note,) = advise_on_dev([document()])
    assert "1 document without an entity" in note


class TestSuggestedSettings:
    """Of data that they suit, and that is large enough to tell; none that is chosen already."""

    documents = [document(("Peop", 0, 1), ("Loc", 3, 4), relations=[("Live_In", 0, 1)])] * 60

    def test_data_without_overlaps_whose_relations_join_few_types(self):
        overlap, signatures = suggest_settings(self.documents, ["Live_In"])
        assert overlap.startswith("none of 120 entities overlaps another: --overlap best")
        assert signatures.startswith(
            "each relation type joins at most 1 of 4 pairs of entity types: --learn-signatures"
        )

    def test_what_is_chosen_is_not_suggested(self):
        assert suggest_settings(self.documents, ["Live_In"], overlap="best", learn_signatures=True) == []
        assert suggest_settings(self.documents, ["Live_In"], given=("overlap", "learn_signatures")) == []

    def test_data_with_overlaps_whose_relations_join_many_types(self):
        nested = document(("Peop", 0, 2), ("Loc", 1, 2), relations=[("Live_In", 1, 0), ("Live_In", 0, 1)])
        assert suggest_settings([*self.documents, nested], ["Live_In"]) == []

    def test_a_few_documents_tell_nothing(self):
        assert suggest_settings(self.documents[:10], ["Live_In"]) == []
        assert suggest_settings([document()] * 100, []) == []
