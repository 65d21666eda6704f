import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import (
    Document,
    DocumentError,
    Entity,
    Fault,
    Relation,
    TypeSchema,
    check_record,
    documents_from_rows,
)
from tests.data.document_strategies import ENTITY_TYPES, RELATION_TYPES, corrupted, records

SCHEMA = TypeSchema.from_names(ENTITY_TYPES, RELATION_TYPES)


def record(**changes):
    """A valid record with some of its fields replaced; a field set to ``...`` is left out."""
    fields = {
        "tokens": ["Ann", "lives", "in", "Rome"],
        "entities": [{"type": "Peop", "start": 0, "end": 1}, {"type": "Loc", "start": 3, "end": 4}],
        "relations": [{"type": "Live_In", "head": 0, "tail": 1}],
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def entity(**changes):
    fields = {"type": "Loc", "start": 3, "end": 4} | changes
    return record(
        entities=[{"type": "Peop", "start": 0, "end": 1}, {k: v for k, v in fields.items() if v is not ...}],
        relations=[],
    )


def relation(**changes):
    fields = {"type": "Live_In", "head": 0, "tail": 1} | changes
    return record(relations=[{k: v for k, v in fields.items() if v is not ...}])


@given(records())
def test_valid_record_round_trips(given_record):
    assert check_record(given_record, SCHEMA) == []
    document = Document.from_record(given_record, SCHEMA)
    assert document.to_record() == given_record
    assert Document.from_record(document.to_record()) == document


@given(corrupted())
def test_single_corruption_is_reported_at_its_field_only(case):
    broken, field = case
    assert {fault.field for fault in check_record(broken, SCHEMA)} == {field}


@given(records(), st.data())
def test_repetitions_are_dropped_and_relations_follow(clean, data):
    repeated = copy.deepcopy(clean)
    for i in (
        data.draw(st.lists(st.sampled_from(range(len(clean["entities"]))), max_size=3)) if clean["entities"] else []
    ):
        repeated["entities"].append(dict(clean["entities"][i]))
    copies = {}
    for i, item in enumerate(repeated["entities"]):
        copies.setdefault(clean["entities"].index(item), []).append(i)
    for item in clean["relations"]:
        head, tail = (data.draw(st.sampled_from(copies[item[side]])) for side in ("head", "tail"))
        repeated["relations"].append({"type": item["type"], "head": head, "tail": tail})
    assert Document.from_record(repeated, SCHEMA) == Document.from_record(clean, SCHEMA)


SENTENCE = "(the sentence has 4 tokens)"


@pytest.mark.parametrize(
    ("wrong", "field", "given_text", "allowed"),
    [
        ([1], "", "[1]", "an object with tokens, entities and relations"),
        (
            record(tokens=...),
            "tokens",
            "nothing (the record has 'entities', 'relations')",
            "a list of one or more strings that are not empty",
        ),
        ({}, "tokens", "nothing (the record has no fields)", "a list of one or more strings that are not empty"),
        ({"tokens": "Ann"}, "tokens", "'Ann'", "a list of one or more strings that are not empty"),
        ({"tokens": []}, "tokens", "[]", "a list of one or more strings that are not empty"),
        ({"tokens": ["a", ""]}, "tokens[1]", "''", "a string of valid Unicode that is not empty"),
        ({"tokens": [" "]}, "tokens", "[' ']", "a list with a token that is more than white space"),
        ({"tokens": [7]}, "tokens[0]", "7", "a string of valid Unicode that is not empty"),
        (
            {"tokens": ["\udfff"]},
            "tokens[0]",
            "'\\udfff'",
            "a string of valid Unicode that is not empty",
        ),
        ({"tokens": ["a"], "entities": {}}, "entities", "{}", "a list of objects with type, start, end"),
        (record(relations="x"), "relations", "'x'", "a list of objects with type, head, tail"),
        (
            {"tokens": ["a"], "entites": []},
            "entites",
            "a field that would not be read",
            "called entities or relations (did you mean 'entities'?)",
        ),
        ({"tokens": ["a"], "entities": [0]}, "entities[0]", "0", "an object with type, start, end"),
        (record(relations=[[]]), "relations[0]", "[]", "an object with type, head, tail"),
        (entity(type=...), "entities[1].type", "nothing", "one of Loc, Org, Peop"),
        (entity(type=1), "entities[1].type", "1", "one of Loc, Org, Peop"),
        (entity(type="peop"), "entities[1].type", "'peop'", "one of Loc, Org, Peop (did you mean 'Peop'?)"),
        (entity(type="Zebra"), "entities[1].type", "'Zebra'", "one of Loc, Org, Peop"),
        (entity(start=...), "entities[1].start", "nothing", f"an integer from 0 to 3 {SENTENCE}"),
        (entity(start=-1), "entities[1].start", "-1", f"an integer from 0 to 3 {SENTENCE}"),
        (entity(start=4), "entities[1].start", "4", f"an integer from 0 to 3 {SENTENCE}"),
        (entity(start=True), "entities[1].start", "True", f"an integer from 0 to 3 {SENTENCE}"),
        (entity(end="4"), "entities[1].end", "'4'", f"an integer from 1 to 4 {SENTENCE}"),
        (entity(end=31), "entities[1].end", "31", f"an integer from 1 to 4 {SENTENCE}"),
        (
            entity(end=3),
            "entities[1].end",
            "3",
            "an integer from 4 to 4 (the end is exclusive and lies after the start, 3)",
        ),
        (
            relation(type="LiveIn"),
            "relations[0].type",
            "'LiveIn'",
            "one of Live_In, Work_For (did you mean 'Live_In'?)",
        ),
        (relation(head=2), "relations[0].head", "2", "an integer from 0 to 1 (the record has 2 entities)"),
        (relation(tail=0.0), "relations[0].tail", "0.0", "an integer from 0 to 1 (the record has 2 entities)"),
        (relation(tail=...), "relations[0].tail", "nothing", "an integer from 0 to 1 (the record has 2 entities)"),
        (
            relation(tail=0),
            "relations[0].tail",
            "0; self_relations drop leaves it out",
            "another entity than the head, 0",
        ),
        (
            record(entities=[{"type": "Loc", "start": 0, "end": 1}] * 2),
            "relations[0].tail",
            "1, which repeats it; self_relations drop leaves it out",
            "another entity than the head, 0",
        ),
    ],
)
def test_each_fault_has_its_message(wrong, field, given_text, allowed):
    assert check_record(wrong, SCHEMA) == [Fault(field, given_text, allowed)]


def test_an_offset_of_a_wrong_type_does_not_make_an_entity_a_repetition():
    entities = [{"type": "Loc", "start": 1, "end": 3}, {"type": "Loc", "start": True, "end": 3}]
    assert [fault.field for fault in check_record(record(entities=entities), SCHEMA)] == ["entities[1].start"]


def test_relation_in_a_record_without_entities():
    faults = check_record({"tokens": ["a"], "relations": [{"type": "Live_In", "head": 0, "tail": 1}]}, SCHEMA)
    assert [str(fault) for fault in faults] == [
        "relations[0].head must be the index of an entity (the record has none), got 0",
        "relations[0].tail must be the index of an entity (the record has none), got 1",
    ]


def test_schema_without_relation_types_allows_no_relation():
    faults = check_record(record(), TypeSchema.from_names(["Peop", "Loc"], []))
    assert [str(fault) for fault in faults] == [
        "relations[0].type must be a relation type (there are none), got 'Live_In'"
    ]


def test_all_faults_of_a_record_are_found():
    wrong = record(tokens=["Ann", "", "in", "Rome"])
    wrong["entities"][0]["end"] = 9
    wrong["relations"][0] = {"type": "Live_In", "head": "0"}
    fields = [fault.field for fault in check_record(wrong, SCHEMA)]
    assert fields == ["tokens[1]", "entities[0].end", "relations[0].head", "relations[0].tail"]


def test_without_a_schema_any_type_name_is_valid():
    assert check_record(entity(type="Zebra")) == []
    assert [fault.field for fault in check_record(entity(type=" "))] == ["entities[1].type"]


def test_annotations_may_be_absent():
    assert Document.from_record({"tokens": ["a"]}) == Document(["a"])


@pytest.mark.parametrize("name", ["title", "locations", "mentions", "annotations", "translations", "correlations"])
def test_fields_that_sound_alike_are_left_alone(name):
    assert check_record({"tokens": ["a"], name: []}) == []


@pytest.mark.parametrize("name", ["Entities", "entites", "relation", "relatons"])
def test_misspelt_annotations_are_faults(name):
    [fault] = check_record({"tokens": ["a"], name: []})
    assert fault.field == name


def test_unknown_fields_are_left_alone():
    extra = {"orig_id": 3255, "prediction": {"entities": "whatever"}, "note": None}
    document = Document.from_record(record(**extra), SCHEMA)
    assert document.extra == extra
    assert document.to_record() == record(**extra)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"orig_id": 3255}, "3255"),
        ({"id": "a"}, "a"),
        ({"orig_id": None, "id": "a"}, "a"),
        ({"id": True}, None),
        ({}, None),
    ],
)
def test_id_comes_from_orig_id_or_id(extra, expected):
    assert Document.from_record({"tokens": ["a"], **extra}).id == expected


def test_id_given_to_the_constructor_is_written():
    document = Document(["a"], id="x")
    assert document.to_record()["orig_id"] == "x"
    assert Document.from_record(document.to_record()) == document


def test_from_record_reads_the_annotations():
    document = Document.from_record(record(), SCHEMA)
    assert document.entities == [Entity("Peop", 0, 1), Entity("Loc", 3, 4)]
    assert document.relations == [Relation("Live_In", 0, 1)]


def test_from_record_refuses_faults():
    with pytest.raises(
        DocumentError, match=r"^record: entities\[1\]\.end must be an integer from 1 to 4 \(.*\), got 31$"
    ):
        Document.from_record(entity(end=31), SCHEMA)


def test_changing_a_document_leaves_its_record_alone():
    source = record()
    Document.from_record(source).tokens.append("!")
    assert source == record()


HUGE = {"string": "x" * 10**6, "list": ["x" * 1000] * 1000, "integer": 10**5000, "object": {"a" * 10**5: [[["x"]]]}}


@pytest.mark.parametrize("kind", HUGE)
def test_reported_values_stay_short(kind):
    huge = HUGE[kind]
    for wrong in (huge, record(entities=huge), entity(type=huge, end=huge), {"x" * 10**6: 1}):
        faults = check_record(wrong, SCHEMA)
        assert faults
        assert all(len(str(fault)) < 600 for fault in faults)


class TestWhiteSpace:
    """Tokens of white space only are left out, and offsets move with them."""

    @given(records(min_relations=1), st.data())
    def test_a_record_means_the_same_with_and_without_it(self, clean, data):
        spaced, places = [], []
        for token in clean["tokens"]:
            spaced += data.draw(st.lists(st.sampled_from([" ", "\n", "\t \u00a0", "\u2028"]), max_size=2))
            places.append(len(spaced))
            spaced.append(token)
        given_record = copy.deepcopy(clean) | {"tokens": [*spaced, "\n"]}
        for item in given_record["entities"]:
            item["start"], item["end"] = places[item["start"]], places[item["end"] - 1] + 1
        assert check_record(given_record, SCHEMA) == []
        document = Document.from_record(given_record, SCHEMA)
        assert document == Document.from_record(clean, SCHEMA)
        assert document.changes.blank_tokens == len(spaced) + 1 - len(clean["tokens"])

    def test_spans_may_begin_and_end_with_it(self):
        wide = record(tokens=["Ann", "lives", "\n", "in", " ", "Rome", " "])
        wide["entities"][1] |= {"start": 4, "end": 7}
        assert Document.from_record(wide).entities == [Entity("Peop", 0, 1), Entity("Loc", 3, 4)]

    def test_an_entity_of_nothing_else_is_a_fault(self):
        wrong = record(tokens=["Ann", "lives", "in", "\n"])
        assert check_record(wrong, SCHEMA) == [
            Fault("entities[1]", "3 to 4, the tokens ['\\n']", "a span with a token that is more than white space")
        ]

    def test_entities_that_differ_in_it_are_one(self):
        same = record(tokens=["Ann", "lives", "in", "Rome", "\n"])
        same["entities"] = [{"type": "Loc", "start": 3, "end": end} for end in (4, 5)]
        assert [fault.field for fault in check_record(same)] == ["relations[0].tail"]
        same["relations"] = []
        assert Document.from_record(same).entities == [Entity("Loc", 3, 4)]


class TestSelfRelations:
    """Relations of an entity to itself are faults, or dropped and counted."""

    @pytest.mark.parametrize("repeated", [False, True])
    def test_are_dropped_where_that_is_asked_for(self, repeated):
        own = record()
        own["entities"].append(dict(own["entities"][0]))
        own["relations"].append({"type": "Work_For", "head": 0, "tail": 2 if repeated else 0})
        assert [fault.field for fault in check_record(own, SCHEMA)] == ["relations[1].tail"]
        assert check_record(own, SCHEMA, "drop") == []
        (document,) = documents_from_rows([own], "rows", SCHEMA, "drop")
        assert document == Document.from_record(record())
        assert document.changes.self_relations == 1

    def test_other_faults_stay(self):
        assert [fault.field for fault in check_record(relation(tail=0, type="Zebra"), SCHEMA, "drop")] == [
            "relations[0].type"
        ]
        assert [fault.field for fault in check_record(relation(head=7, tail=7), SCHEMA, "drop")] == [
            "relations[0].head",
            "relations[0].tail",
        ]
