"""Results of the pipeline as triples, as a graph and as a table."""

import sys

import pytest
from datasets import Dataset

import spert_hf
from spert_hf.data import prediction_features
from spert_hf.data.found import TRIPLE_COLUMNS


def entity(kind, text, start=0):
    words = len(text.split())
    offsets = {"start": start, "end": start + len(text), "token_start": start, "token_end": start + words}
    return {"type": kind, "score": 0.9, "text": text, **offsets}


def relation(kind, score, head, tail):
    return {"type": kind, "score": score, "head": head, "tail": tail}


ONE = {
    "entities": [
        entity("Peop", "Ann Bell"),
        entity("Loc", "Oslo", 20),
        entity("Org", "Oslo", 30),
        entity("Loc", "Oslo"),
    ],
    "relations": [relation("Live_In", 0.9, 0, 1), relation("Work_For", 0.8, 0, 2)],
}
EMPTY = {"entities": [], "relations": []}
OTHER = {
    "entities": [entity("Loc", "Oslo"), entity("Peop", "Ann\n Bell", 8), entity("Peop", "Per", 40)],
    "relations": [relation("Live_In", 0.7, 1, 0)],
}


def test_triples_of_one_result_and_of_many():
    (first, second) = spert_hf.triples(ONE)
    assert first[:3] == ("Ann Bell", "Live_In", "Oslo")
    assert (second.head_type, second.tail_type, second.score, second.document) == ("Peop", "Org", 0.8, 0)
    many = [(triple.head, triple.document) for triple in spert_hf.triples([ONE, EMPTY, OTHER])]
    assert many == [("Ann Bell", 0), ("Ann Bell", 0), ("Ann\n Bell", 2)]
    assert list(spert_hf.triples([])) == list(spert_hf.triples(EMPTY | {"error": "no text"})) == []


def test_triples_come_as_results_do():
    def results():
        yield ONE
        raise AssertionError

    triples = spert_hf.triples(results())
    assert next(triples).document == next(triples).document == 0


def test_a_graph_merges_names_of_a_type_over_documents():
    graph = spert_hf.to_networkx(iter([ONE, EMPTY, OTHER]))
    assert dict(graph.nodes(data=True)) == {
        ("Ann Bell", "Peop"): {"text": "Ann Bell", "type": "Peop", "count": 2, "documents": 2},
        ("Oslo", "Loc"): {"text": "Oslo", "type": "Loc", "count": 3, "documents": 2},
        ("Oslo", "Org"): {"text": "Oslo", "type": "Org", "count": 1, "documents": 1},
        ("Per", "Peop"): {"text": "Per", "type": "Peop", "count": 1, "documents": 1},
    }
    ann = ("Ann Bell", "Peop")
    assert list(graph.edges(data=True)) == [
        (ann, ("Oslo", "Loc"), {"type": "Live_In", "score": 0.9, "document": 0}),
        (ann, ("Oslo", "Loc"), {"type": "Live_In", "score": 0.7, "document": 2}),
        (ann, ("Oslo", "Org"), {"type": "Work_For", "score": 0.8, "document": 0}),
    ]


def test_without_networkx_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(ImportError, match=r'^networkx is not installed: pip install "spert-hf\[graph\]".*$'):
        spert_hf.to_networkx(ONE)


def test_a_table_has_the_columns_that_the_command_writes():
    table = spert_hf.to_dataframe([ONE, OTHER])
    assert list(table.columns) == list(TRIPLE_COLUMNS) == list(spert_hf.to_dataframe(EMPTY).columns)
    assert list(table["document"]) == [0, 0, 1]
    assert list(table["tail_start"]) == [20, 30, 0]
    assert table.iloc[2].to_dict() | {"score": 0.7} == dict(
        zip(TRIPLE_COLUMNS, [1, "Ann\n Bell", "Peop", 8, 17, "Live_In", 0.7, "Oslo", "Loc", 0, 4], strict=True)
    )


def test_what_the_pipeline_gives(tiny_pipeline):
    texts = ["Marian Pell works for Northern Paper Co. in Duluth, Minn.", "It rained."]
    found = tiny_pipeline(texts)
    assert len(list(spert_hf.triples(found))) == sum(len(one["relations"]) for one in found) > 0
    assert list(spert_hf.triples(tiny_pipeline(iter(texts), with_text=True))) == list(spert_hf.triples(found))
    of_words = tiny_pipeline([text.split() for text in texts])
    rows = Dataset.from_list(of_words, features=prediction_features())
    assert list(spert_hf.triples(rows)) == list(spert_hf.triples(of_words))
    assert list(spert_hf.to_dataframe(rows)["head_end"]) == list(spert_hf.to_dataframe(of_words)["head_end"]) != []


@pytest.mark.parametrize("use", [spert_hf.triples, spert_hf.to_networkx, spert_hf.to_dataframe])
@pytest.mark.parametrize(
    ("found", "message"),
    [
        (3, "found must be a result of the pipeline .*, got 3"),
        ("text", "found must be a result .*, got 'text'"),
        ({"text": "a"}, "found must be a result .*, got {'text': 'a'}"),
        ([EMPTY, ["a"]], r"found.1 must be a result .*, got \['a'\]"),
        (
            {"entities": [{"type": "Loc", "start": 0, "end": 1}], "relations": []},
            "found.entities.0 must be what .* without 'text'",
        ),
        (
            {"entities": [], "relations": [relation("Near", 1.0, 0, 1)]},
            "found.relations.0 must be between two of the 0",
        ),
    ],
)
def test_what_is_no_result_is_named(use, found, message):
    with pytest.raises(ValueError, match=message):
        list(use(found))


def test_names_of_the_package():
    assert {"display", "load", "to_dataframe", "to_networkx", "triples"} <= set(spert_hf.__all__) & set(dir(spert_hf))
    with pytest.raises(AttributeError, match="module 'spert_hf' has no attribute 'lode'"):
        spert_hf.lode  # noqa: B018
