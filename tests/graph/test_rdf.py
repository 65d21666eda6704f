"""RDF is read by pyoxigraph, and by rdflib where that can, as it was written."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.graph import iris, rdf
from spert_hf.graph.formats import WriterOptions
from tests.graph.graph_tables import PAPER, any_graph, entity, relation, small_graph, write_tables

BASE = "https://example.org/kg/"
FORMATS = {"turtle": pyoxigraph.RdfFormat.TURTLE, "nquads": pyoxigraph.RdfFormat.N_QUADS}


def options(name="turtle", version="1.2"):
    return WriterOptions(name, base_iri=BASE, rdf_version=version)


def store_of(path, name):
    store = pyoxigraph.Store()
    store.load(path=path, format=FORMATS[name])
    return store


PREFIXES = f"""
PREFIX rdf: <{iris.RDF}> PREFIX rdfs: <{iris.RDFS}> PREFIX skos: <{iris.SKOS}> PREFIX owl: <{iris.OWL}>
PREFIX kg: <{BASE}vocabulary/> PREFIX relation: <{BASE}relation/> PREFIX type: <{BASE}type/>
"""


def rows(store, query):
    found = store.query(PREFIXES + query)
    return [tuple(term.value if term is not None else None for term in row) for row in found]


@pytest.mark.parametrize("name", FORMATS)
def test_queries_find_triples_scores_and_evidence(tmp_path, name):
    target = tmp_path / "graph"
    rdf.write(small_graph(tmp_path / "kg"), target, options(name))
    store = store_of(target, name)
    assert rows(store, "SELECT ?h ?t { ?h relation:works_for ?t }") == [
        (f"{BASE}entity/Per/Marian_Pell", f"{BASE}entity/Org/Northern_Paper")
    ]
    with_scores = """SELECT ?head ?documents ?best ?sentence {
        ?reifier rdf:reifies <<( ?h relation:works_for ?t )>> ; kg:documents ?documents ; kg:bestScore ?best ;
            kg:evidence ?evidence . ?evidence kg:document "a.txt" ; kg:sentence ?sentence .
        ?h rdfs:label ?head }"""
    assert rows(store, with_scores) == [("Marian Pell", "2", "0.875", PAPER)]
    assert rows(store, "SELECT ?a { ?e a type:Per ; skos:altLabel ?a } ORDER BY ?a") == [("M. Pell",), ("MARIAN PELL",)]
    assert rows(store, "SELECT ?p { ?p a owl:SymmetricProperty }") == [(f"{BASE}relation/near",)]


@pytest.mark.parametrize("name", FORMATS)
def test_rdflib_reads_version_1_1_with_all_that_is_known(tmp_path, name):
    target = tmp_path / "graph"
    rdf.write(small_graph(tmp_path / "kg"), target, options(name, "1.1"))
    graph = rdflib.Dataset().parse(target, format=name) if name == "nquads" else rdflib.Graph().parse(target)
    query = """SELECT ?sentence { ?s a rdf:Statement ; rdf:predicate relation:works_for ; kg:documents 2 ;
        kg:evidence ?e . ?e kg:document "a.txt" ; kg:sentence ?sentence }"""
    assert [str(row[0]) for row in graph.query(PREFIXES + query)] == [PAPER]
    assert len(graph) == len(store_of(target, name))


def test_turtle_reads_well(tmp_path):
    rdf.write(small_graph(tmp_path / "kg"), tmp_path / "graph.ttl", options())
    text = (tmp_path / "graph.ttl").read_text()
    assert "per:Marian_Pell relation:works_for org:Northern_Paper" in text
    assert f"@prefix per: <{BASE}entity/Per/> ." in text


def test_entities_of_the_same_name_stay_apart(tmp_path):
    same = [entity("New Haven"), entity("New_Haven"), entity("New Haven", "Org")]
    tables = same, [relation(0, "near", 1), relation(1, "in", 2)]
    rdf.write(write_tables(tmp_path / "kg", *tables), tmp_path / "graph.ttl", options())
    store = store_of(tmp_path / "graph.ttl", "turtle")
    first, second = f"{BASE}entity/Per/New_Haven~0", f"{BASE}entity/Per/New_Haven~1"
    assert rows(store, "SELECT ?h ?t { ?h relation:near ?t }") == [(first, second)]
    assert rows(store, "SELECT ?h ?t { ?h relation:in ?t }") == [(second, f"{BASE}entity/Org/New_Haven")]


@given(any_graph(), st.sampled_from(sorted(FORMATS)))
def test_any_names_are_read_again(tables, name):
    entities, relations = tables
    with TemporaryDirectory() as folder:
        target = Path(folder, "graph")
        rdf.write(write_tables(Path(folder, "kg"), entities, relations), target, options(name))
        store = store_of(target, name)
    labels = rows(store, "SELECT ?name { ?e a ?type ; kg:mentions ?n ; rdfs:label ?name }")
    assert sorted(labels) == sorted((one["name"],) for one in entities)
    kinds = rows(store, "SELECT DISTINCT ?r ?name { ?r rdf:reifies <<( ?h ?p ?t )>> . ?p rdfs:label ?name }")
    assert sorted(kind for _, kind in kinds) == sorted(one["type"] for one in relations)
    sentences = rows(store, "SELECT ?e ?said { ?r kg:evidence ?e . ?e kg:sentence ?said }")
    assert sorted(said for _, said in sentences) == sorted(one["evidence"][0]["sentence"] for one in relations)
