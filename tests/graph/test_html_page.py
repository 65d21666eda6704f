"""The page holds the graph, whatever its names, and nothing that is loaded or run besides its own script."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from spert_hf.graph import html_page
from spert_hf.graph.formats import WriterOptions
from spert_hf.graph.page_script import page_script
from spert_hf.resources import shipped_folder
from tests.graph.graph_tables import PAPER, any_graph, entity, relation, small_graph, write_tables

OPTIONS = WriterOptions("html", title="Ships & <papers>")


class Elements(HTMLParser):
    """The page's elements with their attributes, and the text of its scripts."""

    def __init__(self, page):
        super().__init__()
        self.attributes = []
        self.scripts = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.attributes.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.lasttag == "script" and data.strip():
            self.scripts.append(data)


def data_of(page):
    data, script, *others = Elements(page).scripts
    assert others == []
    assert script == page_script()
    return json.loads(data)


def test_the_graph_is_in_the_page(tmp_path):
    html_page.write(small_graph(tmp_path / "kg"), tmp_path / "graph.html", OPTIONS)
    data = data_of((tmp_path / "graph.html").read_text(encoding="utf-8"))
    assert data["entity_types"] == ["Loc", "Org", "Per"]
    assert data["entities"][0] == [
        "Marian Pell",
        2,
        3,
        2,
        0.875,
        [["M. Pell", 1, "surname"], ["MARIAN PELL", 1, "case"]],
    ]
    first = data["relations"][0]
    assert first[:8] == [data["relation_types"].index("works for"), 0, 1, 2, 2, 0.5, 0.875, 0]
    document, sentence, *rest = first[8][0]
    assert (document, data["sentences"][sentence], rest) == ("a.txt", PAPER, [0.875, 0, 11, 22, 36])
    assert data["sentences"].count(PAPER) == 1


def test_nothing_is_loaded_and_only_the_page_s_script_may_run(tmp_path):
    page = html_page.render_page(small_graph(tmp_path / "kg"), OPTIONS.title)
    elements = Elements(page)
    addresses = [a[name] for _, a in elements.attributes for name in ("src", "href") if name in a]
    assert addresses == ["data:,"]
    (policy,) = (a["content"] for _, a in elements.attributes if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(elements.scripts[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}';")
    assert "Ships &amp; &lt;papers&gt;" in page
    assert not re.search(r"@import|url\((?!data:)", page.partition("<script")[0])


def test_no_import_is_left_in_the_script():
    assert not re.search(r"^\s*(import|export)\b", page_script(), re.MULTILINE)
    assert "</script" not in page_script()


def test_the_library_s_licence_is_in_the_page():
    licence = (shipped_folder("space") / "view" / "vendor" / "cytoscape.LICENSE").read_text(encoding="utf-8")
    assert licence.strip() in page_script()


def test_the_best_supported_relations_are_taken_with_their_entities(tmp_path):
    entities = [entity(name) for name in "ABCDE"]
    relations = [relation(4, "r", 2, 3), relation(2, "r", 0, 2), relation(0, "r", 1, 1)]
    page = html_page.render_page(write_tables(tmp_path / "kg", entities, relations), "A graph", most=2)
    data = data_of(page)
    assert [row[0] for row in data["entities"]] == ["A", "C", "E"]
    assert [row[1:4] for row in data["relations"]] == [[2, 1, 3], [1, 0, 2]]
    assert "5 entities and 3 relations were found; this page has the 2 best-supported relations" in page


@given(any_graph())
def test_any_names_are_read_again(tables):
    entities, relations = tables
    with TemporaryDirectory() as folder:
        page = html_page.render_page(write_tables(Path(folder, "kg"), entities, relations), entities[0]["name"])
    data = data_of(page)
    joined = sorted({one[end] for one in relations for end in ("head", "tail")})
    assert [row[0] for row in data["entities"]] == [entities[number]["name"] for number in joined]
    assert [data["sentences"][row[8][0][1]] for row in data["relations"]] == [
        one["evidence"][0]["sentence"] for one in relations
    ]


def test_what_fails_leaves_nothing(tmp_path):
    folder = small_graph(tmp_path / "kg")
    (folder / "entities.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises((OSError, ValueError)):
        html_page.write(folder, tmp_path / "graph.html", OPTIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["kg"]
