"""doccano's files: read as its own exports say, whatever their offsets count, and written as it imports them."""

import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from tests.support import growth
from tests.support.annotation_files import FILES, as_expected, expected_of, plain, shared_files
from tests.support.annotation_reading import left_out, messages, read_as, recognised, write_as, write_lines
from tests.support.annotation_strategies import annotated_texts, assert_sound, content, spoilt

EXPORTS = ("export.jsonl", "export_grapheme_mode.jsonl")
RECORD = {
    "id": 1,
    "text": "🪐 Mira Voss founded Kestrel Labs.",
    "entities": [
        {"id": 1, "label": "PER", "start_offset": 3, "end_offset": 12},
        {"id": 2, "label": "ORG", "start_offset": 21, "end_offset": 33},
    ],
    "relations": [{"id": 1, "from_id": 1, "to_id": 2, "type": "founded"}],
    "Comments": [],
}


def plain_record(text, *spans, key="label", **further):
    return {"text": text, key: [list(span) for span in spans], **further}


def spans_of(text):
    return [text.text[one.start : one.end] for one in text.entities]


@pytest.mark.parametrize("name", EXPORTS)
def test_the_tools_files_read_as_they_should(name):
    folders = [FILES / "doccano", *([shared_files() / "doccano"] if shared_files() else [])]
    for folder in folders:
        texts, report = read_as("doccano", folder / name)
        assert [as_expected(text) for text in texts] == [plain(one) for one in expected_of("doccano")[name]]
        assert report.faults == []


def test_the_unit_is_told_from_where_mentions_begin_and_end_and_said():
    (by_default, graphemes) = (read_as("doccano", FILES / "doccano" / name)[1].notes for name in EXPORTS)
    assert "export.jsonl are read as UTF-16 units, doccano's default" in by_default[0]
    assert "--offsets graphemes or code-points" in by_default[0]
    assert "export_grapheme_mode.jsonl are read as graphemes: so the 5 mentions" in graphemes[0]
    assert "only 0 would (--offsets utf-16 reads them so)" in graphemes[0]


@pytest.mark.parametrize(("name", "unit"), zip(EXPORTS, ("utf-16", "graphemes"), strict=True))
def test_a_unit_that_is_named_is_taken_without_a_word(name, unit):
    texts, report = read_as("doccano", FILES / "doccano" / name, offsets=unit)
    assert [as_expected(text) for text in texts] == [plain(one) for one in expected_of("doccano")[name]]
    assert report.notes == []


def test_a_unit_that_is_named_is_taken_even_where_another_one_fits():
    _, report = read_as("doccano", FILES / "doccano" / EXPORTS[1], offsets="utf-16")
    assert any("3, inside a character" in message for message in messages(report))


def test_offsets_in_code_points_are_told_too(tmp_path):
    path = write_lines(tmp_path / "f.jsonl", plain_record("👩\u200d🚀 Mira left, 🪐 Ilan Brock stayed.", (4, 8, "PER")))
    texts, report = read_as("doccano", path)
    assert spans_of(texts[0]) == ["Mira"]
    assert "read as code points" in report.notes[0]


def test_where_no_unit_fits_every_mention_the_default_stays(tmp_path):
    path = write_lines(tmp_path / "f.jsonl", plain_record("🪐 Mira Voss left.", (3, 7, "PER"), (4, 6, "X")))
    texts, report = read_as("doccano", path)
    assert spans_of(texts[0]) == ["Mira", "ir"]
    assert "2 mentions would stand elsewhere in another unit, 1 of which begin and end at words" in report.notes[0]


@pytest.mark.parametrize("text", ["Zoë Tarn left.", "Mira Voss left.\nIlan 🪐", "日本 left"])
def test_nothing_is_said_where_the_unit_changes_no_mention(tmp_path, text):
    path = write_lines(tmp_path / "f.jsonl", plain_record(text, (0, 2, "PER")))
    assert read_as("doccano", path)[1].notes == []


def test_one_file_has_one_unit(tmp_path):
    """Of mentions inside words nothing can be told: those of the file's other texts say how they are meant."""
    in_graphemes = [
        plain_record("🪐 Mira Voss left.", (2, 11, "PER"), id=1),
        plain_record("👩\u200d🚀 Ilan", (2, 6, "PER"), id=2),
    ]
    texts, _ = read_as("doccano", write_lines(tmp_path / "f.jsonl", *in_graphemes))
    assert [spans_of(text) for text in texts] == [["Mira Voss"], ["Ilan"]]


@pytest.mark.parametrize("key", ["label", "labels"])
@pytest.mark.parametrize("of_text", ["text", "data"])
def test_projects_without_relations_have_labelled_spans(tmp_path, key, of_text):
    record = {"id": 3, of_text: "Mira Voss left.", key: [[0, 9, "PER"], [10, 14, None]]}
    path = write_lines(tmp_path / "f.jsonl", record)
    texts, report = read_as("doccano", path)
    assert texts[0].entities == [TextEntity("PER", 0, 9), TextEntity(None, 10, 14)]
    assert (texts[0].text, texts[0].id, report.faults) == ("Mira Voss left.", "3", [])
    assert recognised(path) == "doccano"


def test_comments_and_metadata_are_kept_beside_the_text(tmp_path):
    path = write_lines(tmp_path / "f.jsonl", RECORD | {"Comments": ["really?"], "page": 4})
    assert read_as("doccano", path)[0][0].extra == {"Comments": ["really?"], "page": 4}


def archive(tmp_path, **files):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as stream:
        for name, records in files.items():
            stream.writestr(f"{name}.jsonl", "".join(f"{json.dumps(record)}\n" for record in records))
    return path


def mention(number, label, start=0, end=4):
    return {"id": number, "label": label, "start_offset": start, "end_offset": end}


def by(number, *mentions):
    return {"id": number, "text": "Mira left.", "entities": [*mentions], "relations": [], "Comments": []}


def test_an_archive_has_a_file_for_each_annotator_of_which_the_latest_is_taken(tmp_path):
    path = archive(
        tmp_path,
        admin=[by(1, mention(1, "PER")), by(2, mention(9, "PER")), by(3, mention(4, "PER"))],
        zoe=[by(1, mention(5, "ORG")), by(2, mention(2, "ORG")), by(3)],
    )
    assert recognised(path) == "doccano"
    texts, report = read_as("doccano", path)
    chosen = [(text.id, text.entities[0].type, text.extra["annotator"]) for text in texts]
    assert chosen == [("2", "PER", "admin"), ("3", "PER", "admin"), ("1", "ORG", "zoe")]
    assert report.count_left_out("texts") == 3
    assert report.count_left_out("entities") == 2
    assert report.adds_up()
    assert texts[2].source.source == str(path / "zoe.jsonl")
    assert texts[2].source.record == 1


def test_an_annotator_can_be_chosen_or_all(tmp_path):
    path = archive(tmp_path, admin=[by(1, mention(1, "PER"))], zoe=[by(1, mention(5, "ORG"))])
    texts, report = read_as("doccano", path, annotations="by admin")
    assert [text.entities[0].type for text in texts] == ["PER"]
    assert left_out(report) == ["left out: 1 text: not by admin", "left out: 1 entity: not by admin"]
    assert [text.entities[0].type for text in read_as("doccano", path, annotations="all")[0]] == ["PER", "ORG"]
    texts, report = read_as("doccano", path, annotations="by nobody")
    assert (texts, messages(report)) == (
        [],
        ["export.zip: must be by one of admin, zoe, got annotations by nobody"],
    )


def test_a_file_alone_does_not_say_whose_it_is(tmp_path):
    texts, report = read_as("doccano", write_lines(tmp_path / "f.jsonl", by(1)), annotations="by zoe")
    assert len(texts) == 1
    assert report.notes == ["f.jsonl does not say who made its annotations: all of them are read"]


def test_an_archives_unit_is_that_of_all_its_files(tmp_path):
    inside = {"id": 1, "text": "🪐 Mira Voss left.", "label": [[2, 11, "PER"]]}
    path = archive(tmp_path, admin=[inside], zoe=[inside | {"id": 2}])
    texts, report = read_as("doccano", path)
    assert [spans_of(text) for text in texts] == [["Mira Voss"]] * 2
    assert "export.zip are read as graphemes: so the 2 mentions" in report.notes[0]


def test_a_damaged_archive_is_at_fault_and_no_more(tmp_path):
    whole = archive(tmp_path, admin=[by(number, mention(number, "PER")) for number in range(150)]).read_bytes()
    for position in range(0, len(whole), 41):
        for damaged in (whole[:position], whole[:position] + b"\xff\x00" + whole[position + 2 :]):
            path = tmp_path / "damaged.zip"
            path.write_bytes(damaged)
            texts, report = read_as("doccano", path)
            recognised(path)
            assert report.faults or len(texts) == 150


def test_an_archive_of_something_else_is_not_doccanos(tmp_path):
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as stream:
        stream.writestr("a.xmi", "<xmi/>")
        stream.writestr("b.jsonl", '{"text": "a", "tokens": []}\n')
    assert recognised(path) != "doccano"
    with zipfile.ZipFile(path, "w") as stream:
        stream.writestr("a.xmi", "<xmi/>")
    assert "an archive without a .jsonl file" in messages(read_as("doccano", path)[1])[0]


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    path = write_lines(
        tmp_path / "f.jsonl",
        RECORD,
        RECORD,
        {
            "id": 2,
            "text": "Mira 🪐",
            "entities": [
                mention(1, "PER", 0, 9),
                mention(2, "PER", 4, 0),
                mention(3, "PER", -1, 4),
                mention(4, "PER", "0", 4),
                mention(5, "PER", 0, 6),
                mention(6, 7, 0, 4),
                mention(7, "PER"),
                mention(7, "ORG"),
                mention([], "ORG"),
                mention(9, "PER", 2, 2) | {"start_offset": None},
            ],
            "relations": [
                {"from_id": 7, "to_id": 99, "type": "knows"},
                {"to_id": 7, "type": "knows"},
                {"from_id": 7, "to_id": 1, "type": "of a mention at fault"},
                {"from_id": 7, "to_id": 7, "type": []},
                "x",
            ],
        },
        {"id": 3, "text": 5, "entities": []},
        {"id": 4, "text": "a", "label": ["PER"]},
        {"id": 5, "text": "a", "spans": []},
        "[]",
        '{"id": 6, "te',
    )
    texts, report = read_as("doccano", path)
    assert [content(text)[2:] for text in texts[1:]] == [([TextEntity("PER", 0, 4)], []), ([], [])]
    found = messages(report)
    expected = [
        "record 2 (line 2): id must be one that no other text of the file has, got 1, as in record 1",
        "record 3 (line 3): entities[0].end_offset must be an integer from 1 to 7 (the text's length), got 9",
        "record 3 (line 3): entities[1].end_offset must be an integer from 1 to 7 (the text's length), got 0",
        "record 3 (line 3): entities[2].start_offset must be an integer from 0 to 7 (the text's length), got -1",
        "record 3 (line 3): entities[3].start_offset must be an integer from 0 to 7 (the text's length), got '0'",
        "entities[4].end_offset must be an integer from 1 to 7 (the text's length), got 6, inside a character",
        "record 3 (line 3): entities[5].label must be the name of a type, got 7",
        "record 3 (line 3): entities[7].id must be one that no other mention has, got 7",
        "record 3 (line 3): entities[8].id must be an integer or a string, got []",
        "entities[9].start_offset must be an integer from 0 to 7 (the text's length), got nothing",
        "relations[0].to_id must be the id of one of the text's 8 mentions, got 99",
        "relations[1].from_id must be the id of one of the text's 8 mentions, got nothing",
        "relations[3].type must be the name of a type, got []",
        "relations[4] must be an object with from_id, to_id and type, got 'x'",
        "record 4 (line 4): text must be a string of valid Unicode, got 5",
        "record 5 (line 5): label[0] must be a list of start, end and label, got 'PER'",
        "record 6 (line 6): must be a JSON object of doccano's JSONL export",
        "record 7 (line 7): must be a JSON object of doccano's JSONL export",
        "record 8 (line 8, column 11): must be",
    ]
    assert len(found) == len(expected), found
    for message, part in zip(found, expected, strict=True):
        assert part in message


def test_files_of_other_tools_are_refused_when_they_are_called_doccanos():
    for name in ("prodigy/rel.jsonl", "label_studio/export.json", "cas/doc.xmi", "webanno_tsv/doc.tsv"):
        texts, report = read_as("doccano", FILES / name)
        assert texts == []
        assert report.faults


def test_files_of_old_versions_are_refused_with_the_reason(tmp_path):
    old = {"id": 1, "text": "Mira", "annotations": [{"label": 7, "start_offset": 0, "end_offset": 4, "user": 1}]}
    path = write_lines(tmp_path / "old.jsonl", old)
    assert recognised(path) == "doccano"
    assert (
        "got one of an old version, whose labels are numbers without names" in messages(read_as("doccano", path)[1])[0]
    )


def test_only_doccanos_files_are_recognised(tmp_path):
    names = {path.relative_to(FILES).as_posix() for path in FILES.rglob("*") if recognised(path) == "doccano"}
    assert names == {f"doccano/{name}" for name in EXPORTS}
    assert recognised(write_lines(tmp_path / "a.jsonl", by(1))) == "doccano"
    assert recognised(write_lines(tmp_path / "b.jsonl", {"text": "a", "label": ["sports"]})) is None
    assert (
        recognised(write_lines(tmp_path / "c.jsonl", {"text": "a", "entities": [], "relations": []}, RECORD))
        == "doccano"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=spoilt(RECORD) | spoilt(plain_record("🪐 Mira", (3, 7, "PER"), id=1)))
def test_whatever_a_line_holds_there_are_only_faults(tmp_path, line):
    path = write_lines(tmp_path / "f.jsonl", line, RECORD | {"id": 2})
    assert_sound(*read_as("doccano", path))
    recognised(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, (FILES / "doccano" / EXPORTS[0]).stat().st_size - 1))
def test_a_file_that_is_cut_off_has_one_fault_at_most(tmp_path, cut):
    path = tmp_path / "cut.jsonl"
    path.write_bytes((FILES / "doccano" / EXPORTS[0]).read_bytes()[:cut])
    texts, report = read_as("doccano", path)
    assert_sound(texts, report)
    assert len(report.faults) <= 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated_texts(), max_size=3), unit=st.sampled_from(["utf-16", "code-points"]))
def test_what_is_written_reads_the_same(tmp_path, texts, unit):
    report = write_as("doccano", texts, tmp_path / "w.jsonl", offsets=None if unit == "utf-16" else unit)
    kept = [text for text in texts if text.text]
    assert report.adds_up()
    assert report.written["texts"] == len(kept)
    if kept:
        read, faults = read_as("doccano", tmp_path / "w.jsonl", offsets=unit)
        assert faults.faults == []
        assert [*map(content, read)] == [*map(content, kept)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated_texts(plain=False), max_size=3), unit=st.sampled_from([None, "graphemes"]))
def test_what_the_format_cannot_hold_is_counted(tmp_path, texts, unit):
    report = write_as("doccano", texts, tmp_path / "w.jsonl", offsets=unit)
    assert report.adds_up()
    if report.written["texts"]:
        read, again = read_as("doccano", tmp_path / "w.jsonl", offsets=unit or "utf-16")
        assert_sound(read, again)
        assert again.faults == []
        assert sum(len(text.entities) for text in read) == report.written["entities"]
        assert sum(len(text.relations) for text in read) == report.written["relations"]


def test_the_written_form_is_what_the_tool_imports_without_trouble(tmp_path):
    mentions = [TextEntity("PER", 2, 11, score=0.5), TextEntity("ORG", 20, 32), TextEntity(None, 0, 1)]
    relations = [TextRelation("founded", 0, 1), TextRelation("near", 0, 2), TextRelation(None, 0, 1)]
    texts = [AnnotatedText("🪐 Mira Voss founded Kestrel Labs.", mentions, relations, "a"), AnnotatedText("")]
    report = write_as("doccano", [*texts, texts[0]], tmp_path / "w.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "w.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {
        "text": "🪐 Mira Voss founded Kestrel Labs.",
        "entities": [
            {"id": 1, "label": "PER", "start_offset": 3, "end_offset": 12},
            {"id": 2, "label": "ORG", "start_offset": 21, "end_offset": 33},
        ],
        "relations": [{"id": 1, "from_id": 1, "to_id": 2, "type": "founded"}],
        "orig_id": "a",
    }
    assert [[one["id"] for one in line["entities"]] for line in lines] == [[1, 2], [3, 4]]
    assert lines[1]["relations"] == [{"id": 2, "from_id": 3, "to_id": 4, "type": "founded"}]
    assert left_out(report) == [
        "left out: 1 text: an empty text, which doccano refuses",
        "left out: 2 entities: no label",
        "left out: 2 relations: no label",
        "left out: 2 relations: of a mention that is left out",
    ]
    assert report.notes == ["scores are not written: doccano has no place for them"]


def test_mentions_that_cut_a_grapheme_are_widened_where_these_are_counted(tmp_path):
    text = AnnotatedText("a👩\u200d🚀b", [TextEntity("X", 2, 3)])
    report = write_as("doccano", [text], tmp_path / "w.jsonl", offsets="graphemes")
    read, _ = read_as("doccano", tmp_path / "w.jsonl", offsets="graphemes")
    assert read[0].entities == [TextEntity("X", 1, 4)]
    assert left_out(report) == [
        "changed: 1 entity: begins or ends inside what is counted as one character: widened to whole ones"
    ]


def test_overlaps_are_warned_of_as_the_tool_may_drop_them(tmp_path):
    text = AnnotatedText("Mira Voss", [TextEntity("X", 0, 9), TextEntity("Y", 0, 4)])
    assert "some mentions overlap" in write_as("doccano", [text], tmp_path / "w.jsonl").notes[0]


@pytest.mark.e2e
def test_reading_takes_time_in_proportion_to_the_file(tmp_path):
    def work(count):
        path = write_lines(tmp_path / f"{count}.jsonl", *(RECORD | {"id": number} for number in range(count)))
        return lambda: read_as("doccano", path)

    assert growth.exponent(work, largest=1_000) < growth.BELOW_THE_SQUARE


@pytest.mark.e2e
def test_a_text_with_many_mentions_takes_time_in_proportion_to_them(tmp_path):
    def work(count):
        mentions = [mention(number, "PER", 2 * number, 2 * number + 2) for number in range(count)]
        missing = [{"from_id": 0, "to_id": -1, "type": "x"}] * count
        record = {"id": 1, "text": "🪐" * count, "entities": mentions, "relations": missing}
        path = write_lines(tmp_path / f"{count}.jsonl", record)
        return lambda: read_as("doccano", path)

    assert growth.exponent(work, largest=5_000) < growth.BELOW_THE_SQUARE
