"""Prodigy's files: accepted answers are read, with relations of the spans they mean, and written as it takes them."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from tests.support import growth
from tests.support.annotation_files import FILES, as_expected, expected_of, plain, shared_files
from tests.support.annotation_reading import left_out, messages, read_as, recognised, write_as, write_lines
from tests.support.annotation_strategies import annotated_texts, assert_sound, content, spoilt

FILE = FILES / "prodigy" / "rel.jsonl"
RECORDS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
RECORD = RECORDS[0]


def changed(record=RECORD, **values):
    return copy.deepcopy(record) | values


def relations_without_spans(*pairs):
    return [{"head": head, "child": child, "label": "R"} for head, child in pairs]


def pairs_of(text):
    return [(one.head, one.tail) for one in text.relations]


def test_the_tools_file_reads_as_it_should():
    expected = [plain(one) for one in expected_of("prodigy")["rel.jsonl"] if one["answer"] == "accept"]
    for folder in (FILES, *([shared_files()] if shared_files() else [])):
        texts, report = read_as("prodigy", folder / "prodigy" / "rel.jsonl")
        assert [as_expected(text) for text in texts] == expected
        assert report.faults == []


def test_what_is_not_accepted_or_has_no_mention_is_counted():
    _, report = read_as("prodigy", FILE)
    assert left_out(report) == [
        "left out: 1 text: the answer is ignore",
        "left out: 1 text: the answer is reject",
        "left out: 1 entity: the answer is reject",
        "left out: 1 relation: its head or child is a token, or a place, that no mention covers",
    ]
    assert report.adds_up()


def test_heads_are_the_last_tokens_of_spans_where_no_span_is_given(tmp_path):
    record = changed(relations=relations_without_spans((2, 5), (5, 7), (2, 3), (1, 5)))
    texts, report = read_as("prodigy", write_lines(tmp_path / "f.jsonl", record))
    assert pairs_of(texts[0]) == [(0, 1), (1, 2)]
    assert report.count_left_out("relations") == 2
    for span in record["spans"]:
        del span["token_end"]
    assert pairs_of(read_as("prodigy", write_lines(tmp_path / "f.jsonl", record))[0][0]) == [(0, 1), (1, 2)]


def test_a_last_token_of_several_spans_does_not_say_which_one_is_meant(tmp_path):
    inner = {"start": 7, "end": 11, "token_start": 2, "token_end": 2, "label": "NAME"}
    record = changed(spans=[*RECORD["spans"], inner], relations=relations_without_spans((2, 5)))
    texts, report = read_as("prodigy", write_lines(tmp_path / "f.jsonl", record))
    assert pairs_of(texts[0]) == []
    assert "left out: 1 relation: its head or child is the last token of several mentions" in left_out(report)
    record["relations"] = [RECORD["relations"][0] | {"head": 2, "head_span": inner}]
    assert pairs_of(read_as("prodigy", write_lines(tmp_path / "f.jsonl", record))[0][0]) == [(3, 1)]


def test_of_two_labels_at_one_place_the_relation_has_the_one_it_names(tmp_path):
    second = RECORD["spans"][0] | {"label": "BOSS"}
    record = changed(spans=[*RECORD["spans"], second])
    record["relations"][0]["head_span"]["label"] = "BOSS"
    record["relations"][1]["head_span"]["label"] = None
    texts, _ = read_as("prodigy", write_lines(tmp_path / "f.jsonl", record))
    assert pairs_of(texts[0]) == [(3, 1), (1, 2)]


def test_files_without_relations_and_spans_without_labels_are_read(tmp_path):
    record = {key: value for key, value in RECORD.items() if key not in ("relations", "answer", "tokens")}
    record["spans"] = [{"start": 2, "end": 11}, {"start": 20, "end": 32, "label": "ORG", "score": 0.5}]
    path = write_lines(tmp_path / "f.jsonl", record)
    texts, report = read_as("prodigy", path)
    assert texts[0].entities == [TextEntity(None, 2, 11), TextEntity("ORG", 20, 32, score=0.5)]
    assert (texts[0].relations, report.faults) == ([], [])
    assert recognised(path) == "prodigy"


def test_the_latest_answer_to_a_text_is_taken_unless_all_or_a_users_are_wanted(tmp_path):
    first = changed(_session_id="relations-zoe", _timestamp=20)
    second = changed(_session_id="relations-ilan", _timestamp=10, relations=[])
    rejected = changed(answer="reject", _timestamp=30)
    path = write_lines(tmp_path / "f.jsonl", first, second, rejected)

    def read(annotations):
        texts, report = read_as("prodigy", path, annotations=annotations)
        assert report.adds_up()
        return [len(text.relations) for text in texts], left_out(report)

    assert read("latest")[0] == [2]
    assert (
        "left out: 1 text: there are later annotations of the text (--annotations all takes these)" in read("latest")[1]
    )
    assert read("all")[0] == [2, 0]
    assert read("by ilan") == (
        [0],
        [
            "left out: 1 text: not by ilan",
            "left out: 1 text: the answer is reject",
            "left out: 3 entities: not by ilan",
            "left out: 3 entities: the answer is reject",
            "left out: 2 relations: not by ilan",
            "left out: 2 relations: the answer is reject",
        ],
    )
    del first["_timestamp"], second["_timestamp"]
    path = write_lines(tmp_path / "f.jsonl", first, second)
    assert read("latest")[0] == [0]


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    spans = [
        {"start": 0, "end": 99, "token_end": 5, "label": "X"},
        {"start": 5, "end": 5, "label": "X"},
        {"start": -1, "end": 2, "label": "X"},
        {"start": "0", "end": 2, "label": "X"},
        {"end": 2, "label": "X"},
        {"start": 2, "end": 11, "token_end": 2, "label": ["X"]},
        "x",
        RECORD["spans"][2],
    ]
    relations = [
        *relations_without_spans((7, 99), (7, None), (7, 5)),
        {"child": 7, "label": "R"},
        {"head": 7, "child": 7, "label": 5},
        {"head_span": {"start": 0, "end": 50}, "child": 7},
        {"head_span": [1], "child": 7},
        3,
    ]
    path = write_lines(
        tmp_path / "f.jsonl",
        RECORD,
        changed(text="🪐 Mira Voss founded Kestrel Labs in Oldhaven!", spans=spans, relations=relations),
        changed(answer="maybe"),
        changed(text=None),
        {"text": "a", "entities": []},
        "5",
        '{"text": ',
    )
    texts, report = read_as("prodigy", path)
    assert [len(text.entities) for text in texts] == [3, 1]
    parts = [
        "spans[0].end must be an integer from 1 to 45 (the text's length), got 99",
        "spans[1].end must be more than the start, 5, got 5",
        "spans[2].start must be an integer from 0 to 45 (the text's length), got -1",
        "spans[3].start must be an integer from 0 to 45 (the text's length), got '0'",
        "spans[4].start must be an integer from 0 to 45 (the text's length), got nothing",
        "spans[5].label must be the name of a type, got ['X']",
        "spans[6] must be an object with start, end and label, got 'x'",
        "relations[0].child must be an integer from 0 to 8, a token's number, got 99",
        "relations[1].child must be an integer from 0 to 8, a token's number, got None",
        "relations[3].head must be an integer from 0 to 8, a token's number, got nothing",
        "relations[4].label must be the name of a type, got 5",
        "relations[5].head_span.end must be an integer from 1 to 45 (the text's length), got 50",
        "relations[6].head_span must be an object with start and end, got [1]",
        "relations[7] must be an object with head, child and label, got 3",
        "record 3 (line 3): answer must be 'accept', 'reject' or 'ignore', got 'maybe'",
        "record 4 (line 4): text must be a string of valid Unicode, got None",
        "record 5 (line 5): must be a JSON object of Prodigy with text, and spans or tokens, got an object with 'text'",
        "record 6 (line 6): must be a JSON object of Prodigy",
        "record 7 (line 7, column 10): must be a JSON object of Prodigy",
    ]
    found = messages(report)
    assert len(found) == len(parts), found
    for message, part in zip(found, parts, strict=True):
        assert part in message


def test_only_prodigys_file_is_recognised():
    assert [path.name for path in FILES.rglob("*") if recognised(path) == "prodigy"] == ["rel.jsonl"]


@pytest.mark.parametrize(
    "name", ["doccano/export.jsonl", "label_studio/export.json", "cas/doc.json", "brat/tool_a.ann"]
)
def test_files_of_other_tools_are_refused_when_they_are_called_prodigys(name):
    texts, report = read_as("prodigy", FILES / name)
    assert texts == []
    assert report.faults


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.sampled_from(RECORDS[::2]).flatmap(spoilt))
def test_whatever_a_line_holds_there_are_only_faults(tmp_path, line):
    path = write_lines(tmp_path / "f.jsonl", line, RECORD)
    assert_sound(*read_as("prodigy", path))
    recognised(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, FILE.stat().st_size - 1))
def test_a_file_that_is_cut_off_has_one_fault_at_most(tmp_path, cut):
    path = tmp_path / "cut.jsonl"
    path.write_bytes(FILE.read_bytes()[:cut])
    texts, report = read_as("prodigy", path)
    assert_sound(texts, report)
    assert len(report.faults) <= 1


def without_repeated(text):
    """Whether all mentions differ: of those that don't, only one is written."""
    return len({(one.type, one.start, one.end) for one in text.entities}) == len(text.entities)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated_texts().filter(without_repeated), min_size=1, max_size=3))
def test_what_is_written_reads_the_same(tmp_path, texts):
    report = write_as("prodigy", texts, tmp_path / "w.jsonl")
    read, faults = read_as("prodigy", tmp_path / "w.jsonl", annotations="all")
    assert (report.adds_up(), left_out(report), faults.faults) == (True, [], [])
    assert [*map(content, read)] == [*map(content, texts)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated_texts(plain=False), min_size=1, max_size=3))
def test_what_the_format_cannot_hold_is_counted(tmp_path, texts):
    report = write_as("prodigy", texts, tmp_path / "w.jsonl")
    read, again = read_as("prodigy", tmp_path / "w.jsonl", annotations="all")
    assert report.adds_up()
    assert_sound(read, again)
    assert again.faults == []
    assert sum(len(text.entities) for text in read) == report.written["entities"]
    assert sum(len(text.relations) for text in read) == report.written["relations"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=annotated_texts(plain=False))
def test_spans_begin_and_end_at_tokens_which_are_the_text_but_for_white_space(tmp_path, text):
    write_as("prodigy", [text], tmp_path / "w.jsonl")
    (record,) = map(json.loads, (tmp_path / "w.jsonl").read_text(encoding="utf-8").split("\n")[:-1])
    tokens, end = record["tokens"], 0
    for number, token in enumerate(tokens):
        assert token["id"] == number
        assert token["text"] == record["text"][token["start"] : token["end"]] != ""
        assert not record["text"][end : token["start"]].strip()
        end = token["end"]
        assert token["ws"] == record["text"][end : end + 1].isspace()
    assert not record["text"][end:].strip()
    for span in record["spans"]:
        assert span["text"] == record["text"][span["start"] : span["end"]]
        assert tokens[span["token_start"]]["start"] == span["start"]
        assert tokens[span["token_end"]]["end"] == span["end"]
    for relation in record["relations"]:
        assert relation["head"] == relation["head_span"]["token_end"]
        assert relation["child"] == relation["child_span"]["token_end"]
    assert recognised(tmp_path / "w.jsonl") == "prodigy"


def test_the_written_form_is_the_tools(tmp_path):
    texts, _ = read_as("prodigy", FILE)
    write_as("prodigy", texts[:1], tmp_path / "w.jsonl")
    written = json.loads((tmp_path / "w.jsonl").read_text(encoding="utf-8"))
    assert written["tokens"] == RECORD["tokens"]
    assert written["spans"] == RECORD["spans"]
    assert written["relations"] == [
        {key: value for key, value in one.items() if key != "color"} for one in RECORD["relations"]
    ]


def test_the_texts_id_and_scores_survive(tmp_path):
    entities = [TextEntity("PER", 0, 4, score=0.75), TextEntity("PER", 5, 9)]
    text = AnnotatedText("Mira Ilan", entities, [TextRelation("R", 1, 0, score=0.5)], "d7")
    write_as("prodigy", [text], tmp_path / "w.jsonl")
    assert content(read_as("prodigy", tmp_path / "w.jsonl")[0][0]) == content(text)


def test_of_mentions_that_are_the_same_one_is_written_with_the_relations_of_all(tmp_path):
    entities = [TextEntity("A", 0, 4), TextEntity("A", 0, 4, more_types=("B",)), TextEntity("B", 5, 9)]
    text = AnnotatedText("Mira Ilan", entities, [TextRelation("R", 1, 2)])
    report = write_as("prodigy", [text], tmp_path / "w.jsonl")
    (read,), _ = read_as("prodigy", tmp_path / "w.jsonl")
    assert read.entities == [TextEntity("A", 0, 4), TextEntity("B", 0, 4), TextEntity("B", 5, 9)]
    assert read.relations == [TextRelation("R", 0, 2)]
    assert left_out(report) == [
        "left out: 1 entity: the same as another",
        "added: 1 entity: several labels: a mention for each",
    ]
    assert report.adds_up()


def test_another_unit_than_code_points_is_refused(tmp_path):
    with pytest.raises(ValueError, match="offsets must be left out, as Prodigy's count code points, got 'utf-16'"):
        write_as("prodigy", [], tmp_path / "w.jsonl", offsets="utf-16")
    assert not (tmp_path / "w.jsonl").exists()


def test_overlaps_are_warned_of_as_the_interface_does_not_show_them(tmp_path):
    text = AnnotatedText("Mira Voss", [TextEntity("X", 0, 9), TextEntity("Y", 0, 4)])
    assert "some mentions overlap" in write_as("prodigy", [text], tmp_path / "w.jsonl").notes[0]


@pytest.mark.e2e
def test_time_grows_in_proportion_to_the_text(tmp_path):
    def work(count):
        mentions = [TextEntity("PER", 5 * number, 5 * number + 4) for number in range(count)]
        relations = [TextRelation("R", 0, number) for number in range(count)]
        text = AnnotatedText("Mira " * count, mentions, relations)

        def round_trip():
            write_as("prodigy", [text], tmp_path / "w.jsonl")
            read_as("prodigy", tmp_path / "w.jsonl")

        return round_trip

    assert growth.exponent(work, largest=3_000) < growth.BELOW_THE_SQUARE
