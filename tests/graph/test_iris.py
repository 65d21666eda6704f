"""IRIs of any names are IRIs, and each name has its own."""

import pyoxigraph
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spert_hf.graph import iris
from tests.graph.graph_tables import names


@given(names, names)
def test_names_have_one_iri_that_differ_in_blanks_and_underscores_alone(first, second):
    same = first.replace("_", " ") == second.replace("_", " ")
    assert (iris.encode(first) == iris.encode(second)) == same


def test_types_stay_apart():
    made = iris.Names("https://example.org/kg/", ["a b", "a_b", "a b~2"], ["works for", "Work_For"])
    assert [made.entity_type(name).rpartition("/")[2] for name in ("a b", "a_b", "a b~2")] == [
        "a_b",
        "a_b~2",
        "a_b%7E2",
    ]
    assert made.relation_type("Work_For") == "https://example.org/kg/relation/Work_For"
    assert made.entity("a_b", "x y", 7) == "https://example.org/kg/entity/a_b~2/x_y~7"


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("Marian Pell", "Marian_Pell"),
        ("a_b", "a_b"),
        ("a/b?c#d", "a%2Fb%3Fc%23d"),
        ("Österreich", "%C3%96sterreich"),
        (".", "~."),
        ("..", "~.~."),
        ("", "~"),
    ],
)
def test_iris_of_names(name, encoded):
    assert iris.encode(name) == encoded


GOOD = (
    "https://example.org/kg/",
    "urn:spert-hf:",
    "http://host:8080/a#",
    "tag:me@example.org,2026:",
    "https://é.org/%C3/",
)


@pytest.mark.parametrize("base", GOOD)
def test_bases_that_are_taken(base):
    assert pyoxigraph.NamedNode(iris.check_base_iri(base)).value == base


@pytest.mark.parametrize(
    "base", ["", "kg", "my graph/", "/kg/", "https://example.org/kg", "https://a b/", "x:<>/", "x:%zz/"]
)
def test_bases_that_are_refused(base):
    with pytest.raises(ValueError, match=r"--base-iri must be an IRI that ends with /, # or :, such as https:"):
        iris.check_base_iri(base)


@example("https://example.org/\ufff0/")
@given(st.text(max_size=20).map("https://example.org/{}/".format))
def test_what_is_taken_is_an_iri(base):
    try:
        iris.check_base_iri(base)
    except ValueError:
        return
    pyoxigraph.NamedNode(f"{base}entity/Per/x")
