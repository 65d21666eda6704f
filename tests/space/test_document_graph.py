from spert_space import document_graph
from spert_space.document_graph import DocumentGraph

KNOWLEDGE = {"entity_types": ["A", "B"], "relation_types": ["R", "S"]}


def found(*relations):
    """What was found in a document: heads and tails by name, each with a score."""
    entities = [
        {"text": name, "type": "A", "score": score} for head, _, tail, score in relations for name in (head, tail)
    ]
    numbered = enumerate(relations)
    return {
        "entities": entities,
        "relations": [{"head": 2 * i, "tail": 2 * i + 1, "type": r[1], "score": r[3]} for i, r in numbered],
    }


def triples(view):
    names = [entity["text"] for entity in view["entities"]]
    return [(names[r["head"]], r["type"], names[r["tail"]], r["score"]) for r in view["relations"]]


def test_what_documents_say_of_the_same_names_comes_together():
    graph = DocumentGraph(KNOWLEDGE, sure=0.5)
    graph.add(found(("Ada", "R", "Oslo", 0.6), ("Per", "S", "Ada", 0.7)))
    graph.add(found(("ADA", "R", "Oslo ", 0.9), ("ada", "S", "Per", 0.8)))
    view = graph.view(most=10)
    assert triples(view) == [("ADA", "R", "Oslo ", 0.9), ("Per", "S", "ADA", 0.7), ("ADA", "S", "Per", 0.8)]
    assert (view["known"], view["entity_types"]) == (3, ["A", "B"])


def test_of_many_the_best_of_each_type_are_given():
    graph = DocumentGraph(KNOWLEDGE, sure=0.5)
    graph.add(found(*((f"n{i}", "R", "x", 0.9) for i in range(5)), ("y", "S", "z", 0.6)))
    view = graph.view(most=2)
    assert triples(view) == [("n0", "R", "x", 0.9), ("y", "S", "z", 0.6)]
    assert (view["known"], len(view["entities"])) == (6, 4)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(document_graph, "MOST_KNOWN", 3)
    graph = DocumentGraph(KNOWLEDGE, sure=0.5)
    for i in range(9):
        graph.add(found((f"n{i}", "R", "x", 0.9)))
    assert (graph.view(10)["known"], graph.view(10)["knows_all"]) == (3, False)
    assert len(graph._entities) == 4


def test_without_relations_there_is_nothing():
    assert DocumentGraph(KNOWLEDGE, sure=0.5).view(10) == {
        "entities": [],
        "relations": [],
        "known": 0,
        "knows_all": True,
        **KNOWLEDGE,
    }
