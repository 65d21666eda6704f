"""GraphML is read by networkx as it was written."""

from pathlib import Path
from tempfile import TemporaryDirectory

import networkx
import pytest
from hypothesis import given

from spert_hf.graph import graphml
from spert_hf.graph.formats import WriterOptions
from tests.graph.graph_tables import PAPER, SHIP, any_graph, entity, small_graph, write_tables

OPTIONS = WriterOptions("graphml")


def test_networkx_reads_what_was_written(tmp_path):
    target = tmp_path / "graph.graphml"
    graphml.write(small_graph(tmp_path / "kg"), target, OPTIONS)
    graph = networkx.read_graphml(target, force_multigraph=True)
    assert graph.is_directed()
    assert graph.nodes["n0"] == {
        "label": "Marian Pell",
        "type": "Per",
        "mentions": 3,
        "documents": 2,
        "mean_score": 0.75,
        "best_score": 0.875,
        "aliases": "M. Pell | MARIAN PELL",
    }
    assert "aliases" not in graph.nodes["n2"]
    assert graph.edges["n0", "n1", "e0"] == {
        "label": "works for",
        "type": "works for",
        "weight": 2.0,
        "documents": 2,
        "mentions": 2,
        "mean_score": 0.5,
        "best_score": 0.875,
        "symmetric": False,
        "evidence_documents": "a.txt | b.txt",
        "evidence": f"{PAPER} | {SHIP}",
    }
    assert [(head, tail, data["type"]) for head, tail, data in graph.edges(data=True)] == [
        ("n0", "n1", "works for"),
        ("n0", "n1", "founded"),
        ("n1", "n2", "based in"),
        ("n3", "n2", "near"),
    ]


@given(any_graph())
def test_any_names_are_read_again(tables):
    entities, relations = tables
    with TemporaryDirectory() as folder:
        target = Path(folder, "graph.graphml")
        graphml.write(write_tables(Path(folder, "kg"), entities, relations), target, OPTIONS)
        graph = networkx.read_graphml(target, force_multigraph=True)
    for number, one in enumerate(entities):
        assert graph.nodes[f"n{number}"]["label"] == storable(one["name"])
    for number, one in enumerate(relations):
        edge = graph.edges[f"n{one['head']}", f"n{one['tail']}", f"e{number}"]
        assert edge["type"] == storable(one["type"])
        assert edge["evidence"] == storable(one["evidence"][0]["sentence"])


def storable(text):
    kept = (one if one in "\t\n\r" or (ord(one) >= 0x20 and one not in "\ufffe\uffff") else "\ufffd" for one in text)
    return "".join(kept)


@pytest.mark.parametrize("name", ["\x01", "a\x00b", "\ufffe", "]]>", "<b>&amp;\"'", "\r\n\t x "])
def test_awkward_names(tmp_path, name):
    graphml.write(write_tables(tmp_path / "kg", [entity(name)], []), tmp_path / "graph.graphml", OPTIONS)
    (node,) = networkx.read_graphml(tmp_path / "graph.graphml").nodes.values()
    assert node["label"] == storable(name)


def test_what_fails_leaves_what_was_there(tmp_path):
    target = tmp_path / "graph.graphml"
    target.write_text("before")
    folder = small_graph(tmp_path / "kg")
    (folder / "relations.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises((OSError, ValueError)):
        graphml.write(folder, target, OPTIONS)
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.graphml", "kg"]
