"""JSON Lines of texts with character spans: written and read the same, and only faults where something else stands."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from tests.support import growth
from tests.support.annotation_files import FILES
from tests.support.annotation_reading import left_out, messages, read_as, recognised, write_as, write_lines
from tests.support.annotation_strategies import annotated_texts, assert_sound, content, spoilt

RECORD = {
    "id": "a",
    "text": "🪐 Mira Voss founded Kestrel Labs.",
    "entities": [{"type": "PER", "start": 2, "end": 11, "score": 0.5}, {"type": "ORG", "start": 20, "end": 32}],
    "relations": [{"type": "founded", "head": 0, "tail": 1, "score": 1}],
    "page": 3,
}
TEXT = AnnotatedText(
    RECORD["text"],
    [TextEntity("PER", 2, 11, score=0.5), TextEntity("ORG", 20, 32)],
    [TextRelation("founded", 0, 1, score=1.0)],
    "a",
)


def test_a_line_is_a_text_with_code_point_offsets(tmp_path):
    path = write_lines(tmp_path / "f.jsonl", RECORD)
    (text,), report = read_as("json-lines", path)
    assert content(text) == content(TEXT)
    assert (text.extra, report.faults, recognised(path)) == ({"page": 3}, [], "json-lines")
    assert (text.source.record, text.source.line) == (1, 1)


def test_what_is_written_is_the_same_line(tmp_path):
    texts, _ = read_as("json-lines", write_lines(tmp_path / "f.jsonl", RECORD))
    report = write_as("json-lines", texts, tmp_path / "w.jsonl")
    assert json.loads((tmp_path / "w.jsonl").read_text(encoding="utf-8")) == RECORD
    assert dict(report.written) == {"texts": 1, "entities": 2, "relations": 1}
    assert report.adds_up()


@pytest.mark.parametrize(("unit", "places"), [("utf-16", (3, 12)), ("graphemes", (2, 11)), ("code-points", (2, 11))])
def test_offsets_may_count_something_else(tmp_path, unit, places):
    write_as("json-lines", [TEXT], tmp_path / "w.jsonl", offsets=unit)
    written = json.loads((tmp_path / "w.jsonl").read_text(encoding="utf-8"))["entities"][0]
    assert (written["start"], written["end"]) == places
    assert content(read_as("json-lines", tmp_path / "w.jsonl", offsets=unit)[0][0]) == content(TEXT)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated_texts(), min_size=1, max_size=3), unit=st.sampled_from([None, "utf-16"]))
def test_whatever_the_text_and_its_spans_they_read_the_same(tmp_path, texts, unit):
    report = write_as("json-lines", texts, tmp_path / "w.jsonl", offsets=unit)
    read, again = read_as("json-lines", tmp_path / "w.jsonl", offsets=unit)
    assert (report.adds_up(), left_out(report), again.faults) == (True, [], [])
    assert [*map(content, read)] == [*map(content, texts)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated_texts(plain=False), min_size=1, max_size=3))
def test_what_the_format_cannot_hold_is_counted(tmp_path, texts):
    report = write_as("json-lines", texts, tmp_path / "w.jsonl")
    read, again = read_as("json-lines", tmp_path / "w.jsonl")
    assert report.adds_up()
    assert_sound(read, again)
    assert again.faults == []
    for kind in ("entities", "relations"):
        assert sum(len(getattr(text, kind)) for text in read) == report.written[kind]


def test_labels_parts_and_directions_become_plain_mentions_and_relations(tmp_path):
    entities = [
        TextEntity("A", 0, 9, more_types=("B", "B"), fragments=((0, 2), (5, 9))),
        TextEntity(None, 0, 4),
        TextEntity("C", 5, 5),
        TextEntity("C", 5, 10),
    ]
    relations = [TextRelation(None, 0, 1, both_ways=True), TextRelation("R", 2, 1)]
    report = write_as("json-lines", [AnnotatedText("Mira Voss", entities, relations)], tmp_path / "w.jsonl")
    (text,), _ = read_as("json-lines", tmp_path / "w.jsonl")
    assert text.entities == [TextEntity("A", 0, 9), TextEntity("B", 0, 9), TextEntity(None, 0, 4)]
    assert text.relations == [TextRelation(None, 0, 2), TextRelation(None, 2, 0)]
    assert left_out(report) == [
        "left out: 2 entities: no such place in the text",
        "left out: 1 relation: of a mention that is left out",
        "changed: 1 entity: in several parts: what lies between them is in the mention, too",
        "added: 1 entity: several labels: a mention for each",
        "added: 1 relation: drawn both ways: one for each direction",
    ]
    assert report.adds_up()


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    entities = [
        {"type": "X", "start": 0, "end": 9},
        {"type": "X", "start": 3, "end": 2},
        {"type": "X", "start": -1, "end": 2},
        {"type": "X", "start": 0.0, "end": 2},
        {"type": "X", "start": True, "end": 2},
        {"type": "X", "end": 2},
        {"type": {}, "start": 0, "end": 2},
        {"type": "X", "start": 2, "end": 2},
        7,
        {"type": "X", "start": 0, "end": 4},
    ]
    relations = [
        {"type": "R", "head": 9, "tail": 10},
        {"type": "R", "head": -1, "tail": "9"},
        {"type": " ", "head": 9, "tail": 9},
        {"type": "R", "head": 9},
        {"type": "R", "head": 0, "tail": 9},
        None,
    ]
    path = write_lines(
        tmp_path / "f.jsonl",
        {"id": [], "text": "Mira", "entities": entities, "relations": relations},
        {"text": "Mira"},
        {"text": None, "entities": []},
        {"text": "Mira", "entities": 5, "relations": {}},
        '{"text": "\\ud800", "entities": []}',
        "nothing",
    )
    texts, report = read_as("json-lines", path)
    assert [(text.entities, text.relations) for text in texts] == [([TextEntity("X", 0, 4)], []), ([], [])]
    parts = [
        "entities[0].end must be an integer from 1 to 4 (the text's length), got 9",
        "entities[1].end must be more than the start, 3, got 2",
        "entities[2].start must be an integer from 0 to 4 (the text's length), got -1",
        "entities[3].start must be an integer from 0 to 4 (the text's length), got 0.0",
        "entities[4].start must be an integer from 0 to 4 (the text's length), got True",
        "entities[5].start must be an integer from 0 to 4 (the text's length), got nothing",
        "entities[6].type must be the name of a type, got {}",
        "entities[7].end must be more than the start, 2, got 2",
        "entities[8] must be an object with start, end and type, got 7",
        "relations[0].tail must be an integer from 0 to 9, a position in entities, got 10",
        "relations[1].head must be an integer from 0 to 9, a position in entities, got -1",
        "relations[1].tail must be an integer from 0 to 9, a position in entities, got '9'",
        "relations[2].type must be the name of a type, got ' '",
        "relations[3].tail must be an integer from 0 to 9, a position in entities, got nothing",
        "relations[5] must be an object with type, head and tail, got None",
        "record 1 (line 1): id must be a string or an integer, got []",
        "record 2 (line 2): entities must be a list of mentions, which may be empty, got nothing",
        "record 3 (line 3): text must be a string of valid Unicode, got None",
        "record 4 (line 4): entities must be a list, got 5",
        "record 4 (line 4): relations must be a list, got {}",
        "record 5 (line 5): text must be a string of valid Unicode, got '\\ud800'",
        "record 6 (line 6, column 1): must be a JSON object with text, entities and relations",
    ]
    found = messages(report)
    assert len(found) == len(parts), found
    for message, part in zip(found, parts, strict=True):
        assert part in message


def test_an_empty_file_and_a_cut_off_one_are_at_fault(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_bytes(b"\n \n")
    assert messages(read_as("json-lines", path)[1]) == [
        "f.jsonl: must be a JSON object with text, entities and relations, got an empty file"
    ]
    line = json.dumps(RECORD).encode()
    for cut in range(1, len(line)):
        path.write_bytes(line + b"\n" + line[:cut])
        texts, report = read_as("json-lines", path)
        assert (len(texts), len(report.faults)) == (1, 1)


def test_files_of_other_tools_are_neither_recognised_nor_read():
    assert [path for path in FILES.rglob("*") if recognised(path) == "json-lines"] == []
    for name in ("doccano/export.jsonl", "prodigy/rel.jsonl", "label_studio/export.json", "cas/doc.xmi"):
        texts, report = read_as("json-lines", FILES / name)
        assert not any(text.entities for text in texts)
        assert report.faults


@pytest.mark.parametrize(
    ("records", "name"),
    [
        ([RECORD | {"entities": []}, RECORD], "json-lines"),
        ([RECORD | {"entities": []}], "json-lines"),
        ([RECORD | {"entities": [{"start": 0}]}], None),
        ([RECORD | {"tokens": ["a"]}], None),
        ([{"entities": []}], None),
        ([{"text": "a"}], None),
        (["nothing"], None),
    ],
)
def test_it_is_recognised_by_its_mentions(tmp_path, records, name):
    assert recognised(write_lines(tmp_path / "f.jsonl", *records)) == name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=spoilt(RECORD))
def test_whatever_a_line_holds_there_are_only_faults(tmp_path, line):
    path = write_lines(tmp_path / "f.jsonl", line, RECORD)
    assert_sound(*read_as("json-lines", path))
    recognised(path)


def test_nothing_is_left_of_what_could_not_be_written_whole(tmp_path):
    def texts():
        yield TEXT
        raise OSError("the model's device is gone")

    with pytest.raises(OSError, match="device is gone"):
        write_as("json-lines", texts(), tmp_path / "w.jsonl")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.e2e
def test_reading_takes_time_in_proportion_to_the_file(tmp_path):
    def work(count):
        mentions = [{"type": "X", "start": number, "end": number + 1} for number in range(count)]
        relations = [{"type": "R", "head": number, "tail": -1} for number in range(count)]
        record = {"text": "🪐" * count, "entities": mentions, "relations": relations}
        path = write_lines(tmp_path / f"{count}.jsonl", record)
        return lambda: read_as("json-lines", path)

    assert growth.exponent(work, largest=5_000) < growth.BELOW_THE_SQUARE
