import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import Document, EntityType, RelationType, SchemaError, TypeSchema
from tests.data.document_strategies import words

TYPES = {
    "entities": {"Peop": {"short": "P", "verbose": "People"}, "Loc": {"short": "L", "verbose": "Location"}},
    "relations": {
        "Live_In": {"short": "Live", "verbose": "Live in", "symmetric": False},
        "Compare": {"short": "Com", "verbose": "Compare", "symmetric": True},
    },
}


def write(tmp_path, content):
    path = tmp_path / "types.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def faults_of(path):
    with pytest.raises(SchemaError) as caught:
        TypeSchema.from_file(path)
    return [str(fault).removeprefix(f"{path}: ") for fault in caught.value.faults]


def test_types_file_keeps_its_order(tmp_path):
    schema = TypeSchema.from_file(write(tmp_path, TYPES))
    assert schema.entity_types == (EntityType("Peop", "P", "People"), EntityType("Loc", "L", "Location"))
    assert schema.relation_types == (
        RelationType("Live_In", "Live", "Live in"),
        RelationType("Compare", "Com", "Compare", symmetric=True),
    )
    assert schema.entity_names == ("Peop", "Loc")
    assert schema.relation_names == ("Live_In", "Compare")
    assert schema.symmetric_relation_names == ("Compare",)
    assert schema.to_dict() == TYPES


names = st.lists(words, unique=True, max_size=5)


@given(names.filter(bool), names, st.data())
def test_any_schema_round_trips_through_a_file(tmp_path_factory, entity_names, relation_names, data):
    symmetric = data.draw(st.lists(st.sampled_from(relation_names), unique=True)) if relation_names else []
    schema = TypeSchema.from_names(entity_names, relation_names, symmetric)
    assert set(schema.symmetric_relation_names) == set(symmetric)
    path = tmp_path_factory.mktemp("schema") / "types.json"
    schema.save(path)
    assert TypeSchema.from_file(path) == schema
    assert TypeSchema.from_dict(schema.to_dict()) == schema


def test_names_default_to_the_identifier_and_relations_may_be_empty():
    schema = TypeSchema.from_dict({"entities": {"Loc": {}}, "relations": {}})
    assert schema == TypeSchema.from_names(["Loc"], [])
    assert schema.entity_types == (EntityType("Loc", "Loc", "Loc"),)


def test_an_entity_type_and_a_relation_type_may_share_their_name():
    schema = TypeSchema.from_names(["Drug", "Adverse-Effect"], ["Adverse-Effect"])
    assert schema.relation_names == ("Adverse-Effect",)


def test_types_of_documents_are_sorted_by_name():
    document = {
        "tokens": ["a", "b"],
        "entities": [{"type": "b", "start": 0, "end": 1}, {"type": "B", "start": 1, "end": 2}],
        "relations": [{"type": "z", "head": 0, "tail": 1}, {"type": "y", "head": 0, "tail": 1}],
    }
    expected = TypeSchema.from_names(["B", "b"], ["y", "z"])
    assert TypeSchema.from_documents([document, {"tokens": ["a"]}]) == expected
    assert TypeSchema.from_documents([Document.from_record(document)]) == expected


def test_documents_without_entities_have_no_schema():
    with pytest.raises(SchemaError, match="entities: given no entity in any document, allowed at least one"):
        TypeSchema.from_documents([Document(["a"])])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([], "given [], allowed a JSON object"),
        ([{"tokens": ["a"]}], "; this looks like a documents file"),
        ({"tokens": ["a"], "entities": [], "relations": []}, "; this looks like a document"),
        ({"relations": {}}, "entities: given nothing, allowed an object with at least one entity type"),
        ({"entities": {}, "relations": {}}, "entities: given {}, allowed an object with at least one entity type"),
        ({"entities": {"Loc": {}}}, "relations: given nothing, allowed an object, {} for no relation types"),
        (
            {"entities": {"Loc": {}}, "relations": []},
            "relations: given [], allowed an object, {} for no relation types",
        ),
        ({"entities": {"": {}}, "relations": {}}, "entities: given '', allowed a type name that is not empty"),
        ({"entities": {"Loc": "L"}, "relations": {}}, "entities.Loc: given 'L', allowed an object with short, verbose"),
        (
            {"entities": {"Loc": {"short": ""}}, "relations": {}},
            "entities.Loc.short: given '', allowed a string that is not empty",
        ),
        (
            {"entities": {"Loc": {"verbose": 3}}, "relations": {}},
            "entities.Loc.verbose: given 3, allowed a string that is not empty",
        ),
        (
            {"entities": {"Loc": {}}, "relations": {"R": {"symmetric": "no"}}},
            "relations.R.symmetric: given 'no', allowed true or false",
        ),
        (
            {"entities": {"Loc": {}}, "relations": {"R": {"symetric": True}}},
            "relations.R.symetric: given an unknown field, allowed only the fields short, verbose, symmetric; "
            "did you mean 'symmetric'?",
        ),
        (
            {"entities": {"Loc": {}}, "relations": {}, "relation": {}},
            "'relation': given an unknown field, allowed entities and relations only; did you mean 'relations'?",
        ),
        ('{"entities": {"Loc": {}, "Loc": {}}, "relations": {}}', "'Loc': given twice in one object, allowed once"),
        ("{", "line 1, column 2: given the end of the text (Expecting property name enclosed in double quotes)"),
        ("", "given an empty file, allowed JSON"),
    ],
)
def test_each_fault_of_a_types_file_has_its_message(tmp_path, content, expected):
    faults = faults_of(write(tmp_path, content))
    assert len(faults) == 1
    assert expected in faults[0]


def test_all_faults_of_a_types_file_are_in_one_report(tmp_path):
    path = write(tmp_path, {"entities": {"Loc": {"short": 1, "verbose": 2}}, "relations": {"R": {"symmetric": 1}}})
    with pytest.raises(SchemaError) as caught:
        TypeSchema.from_file(path)
    assert str(caught.value) == (
        f"{path}: entities.Loc.short: given 1, allowed a string that is not empty\n"
        f"{path}: entities.Loc.verbose: given 2, allowed a string that is not empty\n"
        f"{path}: relations.R.symmetric: given 1, allowed true or false"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((["a", "a"], []), "types: entity_types[1]: given 'a' again, allowed each name once"),
        (("ab", []), "types: entity_types: given 'ab', allowed a list of names"),
        ((["a"], [""]), "types: relation_types[0]: given '', allowed a string that is not empty"),
        ((["a"], ["Compare"], ["compare"]), "given 'compare', allowed Compare; did you mean 'Compare'?"),
        ((["a"], [], ["x"]), "symmetric_relation_types[0]: given 'x', allowed none: there are no relation types"),
        (([], []), "types: entities: given {}, allowed an object with at least one entity type"),
    ],
)
def test_wrong_names_are_refused(arguments, expected):
    with pytest.raises(SchemaError) as caught:
        TypeSchema.from_names(*arguments)
    assert expected in str(caught.value)


def test_byte_order_mark_is_accepted(tmp_path):
    path = tmp_path / "types.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(TYPES).encode())
    assert TypeSchema.from_file(path).to_dict() == TYPES
