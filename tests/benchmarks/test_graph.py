"""The benchmark of graphs runs, and its corpus is one that `spert-hf graph` takes."""

import pytest

from spert_hf.graph.building import build_graph
from tests.benchmarks.graph import measure
from tests.benchmarks.graph_corpus import MENTIONS_PER_DOCUMENT, write_corpus


def test_the_corpus_is_as_large_as_asked_for(tmp_path):
    documents = write_corpus(tmp_path / "found", 500)
    summary = build_graph(tmp_path / "found", tmp_path / "kg")
    assert (summary.mentions, summary.relations, summary.documents) == (500, 500, documents)
    assert documents == 500 // MENTIONS_PER_DOCUMENT
    assert summary.merged["surname"] > 0


@pytest.mark.e2e
def test_a_run_is_measured(tmp_path):
    write_corpus(tmp_path / "found", 100)
    cost = measure(tmp_path / "found", tmp_path / "kg", ["--threads", "1"])
    assert cost.seconds > 0 and cost.megabytes > 10
