"""A data base file is opened by Ladybug and answers Cypher."""

from pathlib import Path
from tempfile import TemporaryDirectory

import ladybug
import pytest
from hypothesis import given, settings

from spert_hf.graph import ladybug as format_of_ladybug
from spert_hf.graph.formats import WriterOptions
from tests.graph.graph_tables import PAPER, any_graph, small_graph, write_tables

OPTIONS = WriterOptions("ladybug", threads=1)


def rows(path, query):
    with ladybug.Database(str(path), read_only=True, buffer_pool_size=1 << 28) as database:
        found = ladybug.Connection(database).execute(query)
        return [tuple(row) for row in iter(lambda: found.get_next() if found.has_next() else None, None)]


def write(folder, tables=None):
    target = Path(folder, "graph.lbug")
    kg = Path(folder, "kg")
    format_of_ladybug.write(write_tables(kg, *tables) if tables else small_graph(kg), target, OPTIONS)
    return target


def test_cypher_finds_what_was_written(tmp_path):
    target = write(tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["graph.lbug", "kg"]
    query = """MATCH (a:Entity)-[r:Relation {type: 'works for'}]->(b:Entity {name: 'Northern Paper'})
        UNWIND r.evidence AS e RETURN a.name, r.documents, e.document, e.sentence"""
    assert rows(target, query)[0] == ("Marian Pell", 2, "a.txt", PAPER)
    within_two = """MATCH (a:Entity {name: 'Marian Pell'})-[:Relation*1..2]->(b:Entity {type: 'Loc'})
        RETURN DISTINCT b.name"""
    assert rows(target, within_two) == [("Duluth",)]
    aliases = "MATCH (a:Entity {id: 0}) RETURN a.aliases"
    assert rows(target, aliases)[0][0][0] == {"text": "M. Pell", "mentions": 1, "rule": "surname"}


@settings(max_examples=3)
@given(any_graph())
def test_any_names_are_read_again(tables):
    with TemporaryDirectory() as folder:
        target = write(folder, tables)
        entities = rows(target, "MATCH (a:Entity) RETURN a.name ORDER BY a.id")
        relations = rows(target, "MATCH (a)-[r:Relation]->(b) RETURN a.id, r.type, b.id ORDER BY r.id")
    assert [name for (name,) in entities] == [one["name"] for one in tables[0]]
    assert relations == [(one["head"], one["type"], one["tail"]) for one in tables[1]]


def test_any_folder(tmp_path):
    folder = tmp_path / "it's [1] * {a} ?"
    folder.mkdir()
    assert rows(write(folder), "MATCH (a:Entity) RETURN count(*)") == [(4,)]


def test_what_fails_leaves_nothing(tmp_path):
    folder = small_graph(tmp_path / "kg")
    (folder / "relations.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(OSError, match=r"graph\.lbug: could not be written"):
        format_of_ladybug.write(folder, tmp_path / "graph.lbug", OPTIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["kg"]
