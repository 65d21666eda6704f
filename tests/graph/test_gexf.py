"""GEXF is read by networkx as it was written."""

from pathlib import Path
from tempfile import TemporaryDirectory

import networkx
import pytest
from hypothesis import given

from spert_hf.graph import gexf
from spert_hf.graph.formats import WriterOptions
from tests.graph.graph_tables import PAPER, SHIP, any_graph, small_graph, write_tables
from tests.graph.test_graphml import storable

OPTIONS = WriterOptions("gexf", title="Ships & <papers>")


def test_networkx_reads_what_was_written(tmp_path):
    target = tmp_path / "graph.gexf"
    gexf.write(small_graph(tmp_path / "kg"), target, OPTIONS)
    graph = networkx.read_gexf(target)
    assert graph.is_directed()
    node = graph.nodes["n0"]
    assert node.pop("viz")["color"].keys() >= {"r", "g", "b"}
    assert node == {
        "label": "Marian Pell",
        "type": "Per",
        "mentions": 3,
        "documents": 2,
        "mean_score": 0.75,
        "best_score": 0.875,
        "aliases": "M. Pell | MARIAN PELL",
    }
    edge = graph.edges["n0", "n1", "e0"]
    assert (edge["label"], edge["weight"], edge["symmetric"]) == ("works for", 2.0, False)
    assert edge["evidence"] == f"{PAPER} | {SHIP}"
    assert [(head, tail, data["type"]) for head, tail, data in graph.edges(data=True)] == [
        ("n0", "n1", "works for"),
        ("n0", "n1", "founded"),
        ("n1", "n2", "based in"),
        ("n3", "n2", "near"),
    ]
    assert "Ships &amp; &lt;papers&gt;" in target.read_text()


@given(any_graph())
def test_any_names_are_read_again(tables):
    entities, relations = tables
    with TemporaryDirectory() as folder:
        target = Path(folder, "graph.gexf")
        gexf.write(write_tables(Path(folder, "kg"), entities, relations), target, OPTIONS)
        graph = networkx.read_gexf(target)
    for number, one in enumerate(entities):
        assert graph.nodes[f"n{number}"]["label"] == storable(one["name"])
    assert sorted(data["type"] for _, _, data in graph.edges(data=True)) == sorted(
        storable(one["type"]) for one in relations
    )


def test_what_fails_leaves_nothing(tmp_path):
    folder = small_graph(tmp_path / "kg")
    (folder / "relations.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises((OSError, ValueError)):
        gexf.write(folder, tmp_path / "graph.gexf", OPTIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["kg"]
