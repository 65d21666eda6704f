"""Signatures of relations, as annotated documents show them."""

from spert_hf.data.documents import Document, Entity, Relation
from spert_hf.data.signatures import find_signatures


def test_they_are_what_the_documents_have():
    entities = [Entity("Peop", 0, 1), Entity("Org", 1, 2), Entity("Loc", 2, 3)]
    one = Document(["a", "b", "c"], entities, [Relation("Work_For", 0, 1), Relation("In", 1, 2)])
    other = Document(["a", "b", "c"], entities, [Relation("In", 2, 2), Relation("In", 1, 2)])
    assert find_signatures([one, other], ["In", "Work_For", "Kill"]) == {
        "In": [["Loc", "Loc"], ["Org", "Loc"]],
        "Work_For": [["Peop", "Org"]],
    }
    assert find_signatures([], ["In"]) == {}
