"""Label Studio's exports: what is read of them, and what is at fault in them."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation.annotated_text import AnnotatedText
from spert_hf.data.annotation.formats import format_of
from spert_hf.data.annotation.label_studio import recognises
from spert_hf.data.annotation.options import ReadingOptions
from spert_hf.data.annotation.reading import choose_format, iter_annotations, read_annotations
from spert_hf.data.annotation.report import Report
from spert_hf.data.annotation.sample import Sample
from spert_hf.data.faults import DocumentError
from tests.support.annotation_files import FILES, as_expected, expected_of, plain, shared_files

FOLDER = FILES / "label_studio"
WHOLE = ("export", "export_multi", "export_word", "export_per_region", "export_hypertext", "export_utf16")
ASTRAL = "🪐👩‍🚀 Mira Voss founded Kestrel Labs in Oldhaven 🏠."
TEXT = "Mira Voss founded Kestrel Labs."


def region(identifier, start, end, *labels, text=None, of_type="labels"):
    value = {"start": start, "end": end, of_type: list(labels), **({} if text is None else {"text": text})}
    return {"id": identifier, "from_name": "label", "to_name": "text", "type": of_type, "value": value}


def relation(head, tail, *labels, **more):
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": "right", "labels": list(labels), **more}


MIRA, KESTREL = region("a", 0, 9, "PER", text="Mira Voss"), region("b", 18, 30, "ORG", text="Kestrel Labs")


def task(*results, text=TEXT, **annotation):
    return {"id": 7, "annotations": [{"id": 3, "completed_by": 1, "result": list(results), **annotation}], **data(text)}


def data(text):
    return {"data": {"text": text}}


@pytest.fixture
def read(tmp_path):
    """Reads tasks: the texts, and the report."""

    def read_tasks(*tasks, **options):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return read_file(path, **options)

    return read_tasks


def read_file(path: Path, **options) -> tuple[list[AnnotatedText], Report]:
    report = Report()
    texts = [*iter_annotations(path, choose_format(path, "label-studio"), ReadingOptions(**options), report)]
    return texts, report


def faults(report: Report) -> list[tuple[int | None, str, str]]:
    return [(one.location.record, one.fault.field, one.fault.given) for one in report.faults]


def places(text: AnnotatedText) -> list[tuple[str | None, str]]:
    return [(one.type, text.text[one.start : one.end]) for one in text.entities]


def ends(text: AnnotatedText) -> list[tuple[str | None, int, int]]:
    return [(one.type, one.head, one.tail) for one in text.relations]


# The tool's own files


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("folder", [FILES, shared_files()])
def test_files_of_the_tool_are_read_as_expected(folder, name):
    if folder is None:
        pytest.skip("the original files are not at hand")
    path = folder / "label_studio" / f"{name}.json"
    texts, report = read_file(path, annotations="all")
    annotated = [one for one in expected_of("label_studio")[path.name] if one["status"] == "annotated"]
    assert [as_expected(text) for text in texts] == [plain(one) for one in annotated]
    assert not report.faults
    for text, one in zip(texts, annotated, strict=True):
        symmetric = [relation.get("symmetric", False) for relation in one["relations"]]
        assert [relation.both_ways for relation in text.relations] == symmetric
        labels = [entity.get("labels", [entity["type"]])[1:] for entity in one["entities"]]
        assert [[*entity.more_types] for entity in text.entities] == labels
        assert text.id == str(one["task"])


def test_what_is_not_read_of_an_export_is_counted_with_its_reason():
    _, report = read_file(FOLDER / "export.json")
    lines = "\n".join(line for line in report.lines() if not line.startswith(" "))
    assert "left out: 2 texts: skipped by the annotator" in lines
    assert "left out: 1 text: a draft that was not submitted" in lines
    assert "left out: 1 text: not annotated" in lines
    assert "left out: 1 text: a later annotation of the same task is read" in lines
    assert "predictions are not read, but for what annotators made of them: 1" in lines
    assert report.count_read("texts") == report.count_left_out("texts") == 5


def test_the_export_is_recognised_and_no_other_tools_file_is():
    for path in FILES.glob("*/*"):
        is_export = path.parent == FOLDER and path.suffix == ".json"
        if path.name == "export_min.json" or (path.suffix in (".csv", ".tsv", ".conll") and path.parent == FOLDER):
            continue
        wanted = is_export and path.name != "expected.json"
        assert recognises(Sample.of(path)) == wanted, path


def test_a_first_task_that_is_longer_than_what_is_looked_at_is_recognised(tmp_path):
    path = tmp_path / "export.json"
    long = task(*(region(str(number), 0, 9, "PER") for number in range(2000)))
    path.write_text(json.dumps([long]), encoding="utf-8")
    assert format_of(path).name == "label-studio"


@pytest.mark.parametrize(
    ("name", "title"),
    [("export_min.json", "JSON_MIN"), ("export.csv", "CSV"), ("export.tsv", "TSV"), ("export.conll", "CONLL2003")],
)
def test_exports_without_relations_are_refused_with_the_one_to_take(name, title):
    path = FOLDER / name
    wanted = (
        f'{path}: must be Label Studio\'s export "JSON", which is the only one with relations, got the export {title}'
    )
    with pytest.raises(DocumentError) as error:
        read_annotations(path)
    assert str(error.value).startswith(wanted)
    with pytest.raises(DocumentError) as error:
        read_annotations(path, "label-studio")
    assert str(error.value).startswith(wanted)


def test_each_defect_of_a_broken_export_is_one_fault_with_its_place():
    texts, report = read_file(FOLDER / "export_broken.json")
    assert faults(report) == [
        (1, "annotations[0].result[2].to_id", "'zz'"),
        (2, "annotations[0].result[0].value.end", "999"),
        (3, "annotations[0].result[0].value.end", "5"),
        (4, "annotations[0].result[0].value.end", "5"),
        (5, "annotations[0].result[0].value.text", "'Mira Boss'"),
        (6, "annotations[0].result[1].id", "'a1'"),
    ]
    assert places(texts[6]) == [(None, "Mira Voss"), ("ORG", "Kestrel Labs")]
    assert ends(texts[6]) == [("founded", 0, 1)]
    assert places(texts[7]) == [("PER", "Mira Voss")]


# Relations


def test_left_turns_a_relation_round_and_bi_holds_both_ways(read):
    left, both = relation("a", "b", "r", direction="left"), relation("a", "b", "s", direction="bi")
    (text,), _ = read(task(MIRA, KESTREL, left, both))
    assert ends(text) == [("r", 1, 0), ("s", 0, 1)]
    assert [one.both_ways for one in text.relations] == [False, True]


def test_each_label_of_a_relation_is_a_relation(read):
    (text,), _ = read(task(relation("a", "b", "r", "s"), MIRA, KESTREL, {**relation("b", "a"), "direction": None}))
    assert ends(text) == [("r", 0, 1), ("s", 0, 1), (None, 1, 0)]


def test_relations_of_a_faulty_region_are_not_faults_of_their_own(read):
    _, report = read(task(region("a", 0, 99, "PER"), KESTREL, relation("a", "b", "r")))
    assert faults(report) == [(1, "annotations[0].result[0].value.end", "99")]


# Regions


def test_results_that_share_a_regions_id_are_no_regions(read):
    choice = {**MIRA, "type": "choices", "value": {"start": 0, "end": 9, "choices": ["yes"]}}
    note = {**MIRA, "type": "textarea", "value": {"start": 0, "end": 9, "text": ["seen", "twice"]}}
    (text,), report = read(task(choice, MIRA, note, KESTREL, relation("a", "b", "r")))
    assert places(text) == [("PER", "Mira Voss"), ("ORG", "Kestrel Labs")]
    assert ends(text) == [("r", 0, 1)]
    assert report.notes == ["not read, as they are neither regions nor relations: choices (1), textarea (1)"]


def test_one_region_in_two_controls_has_the_labels_of_both(read):
    (text,), report = read(task(MIRA, {**region("a", 0, 9, "FOUNDER"), "from_name": "role"}))
    assert [(one.type, one.more_types) for one in text.entities] == [("PER", ("FOUNDER",))]
    assert not report.faults


def test_one_id_at_two_places_is_no_fault_without_a_relation_to_it(read):
    (text,), report = read(task(MIRA, region("a", 18, 30, "ORG")))
    assert places(text) == [("PER", "Mira Voss"), ("ORG", "Kestrel Labs")]
    assert not report.faults


def test_regions_that_mark_no_characters_are_left_out_with_their_relations(read):
    box = {"id": "x", "type": "rectanglelabels", "value": {"x": 1, "rectanglelabels": ["PER"]}}
    (text,), report = read(task(MIRA, box, relation("a", "x", "r")))
    assert len(text.entities) == 1 and not text.relations and not report.faults
    assert [report.count_left_out(kind) for kind in ("entities", "relations")] == [1, 1]


def test_the_text_of_a_region_is_compared_as_a_browser_shows_it(read):
    text = "Mira Voss left.\r\nShe\t founded \u200b it."
    shown = region("a", 10, 30, "X", text="left.\\n\\nShe founded \\n")
    (found,), report = read(task(shown, text=text))
    assert not report.faults and len(found.entities) == 1


# Units


def test_utf16_offsets_are_told_by_the_text_of_a_region(read):
    (text,), report = read(task(region("a", 8, 17, "PER", text="Mira Voss"), text=ASTRAL))
    assert places(text) == [("PER", "Mira Voss")]
    assert report.notes == ["offsets count UTF-16 units, as the texts of regions show, in 1 annotation"]


def test_annotations_of_both_times_are_read_each_in_its_unit(read):
    old, new = region("a", 8, 17, "PER", text="Mira Voss"), region("a", 5, 14, "PER", text="Mira Voss")
    texts, report = read(task(old, text=ASTRAL), task(new, text=ASTRAL))
    assert [places(text) for text in texts] == [[("PER", "Mira Voss")]] * 2
    assert report.notes == [
        "offsets count UTF-16 units, as the texts of regions show, in 1 annotation, and code points in 1 annotation"
    ]


def test_where_nothing_shows_the_unit_it_is_the_one_before_and_told(read):
    old = task(region("a", 8, 17, "PER", text="Mira Voss"), text=ASTRAL)
    texts, report = read(old, task(region("a", 8, 17, "PER"), text=ASTRAL))
    assert [places(text) for text in texts] == [[("PER", "Mira Voss")]] * 2
    assert report.notes[1:] == [
        "nothing shows what the offsets of 1 annotation count: taken for utf-16 (--offsets says otherwise)"
    ]


@pytest.mark.parametrize(("unit", "start"), [("code-points", 5), ("utf-16", 8), ("graphemes", 3)])
def test_the_unit_can_be_said(read, unit, start):
    (text,), report = read(task(region("a", start, start + 9, "PER"), text=ASTRAL), offsets=unit)
    assert places(text) == [("PER", "Mira Voss")] and not report.notes


# Which annotations


def two_annotations():
    early = {"id": 5, "completed_by": {"id": 1, "email": "one@example.org"}, "result": [MIRA]}
    late = {"id": 4, "completed_by": 2, "result": [KESTREL], "updated_at": "2026-11-29T10:19:57.7Z"}
    return {**data(TEXT), "annotations": [late, {**early, "updated_at": "2026-11-29T10:19:57Z"}]}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("latest", [4]),
        ("all", [4, 5]),
        ("by 1", [5]),
        ("by one@example.org", [5]),
        ("by 2", [4]),
    ],
)
def test_annotations_are_chosen_and_the_others_counted(read, wanted, found):
    texts, report = read(two_annotations(), annotations=wanted)
    assert [text.extra["annotation"] for text in texts] == found
    assert report.count_left_out("texts") == 2 - len(found)
    assert not report.faults


def test_an_annotator_whom_the_file_does_not_have_is_at_fault(read):
    _, report = read(two_annotations(), annotations="by 3")
    assert faults(report) == [(None, "annotations", "'by 3'")]
    assert "2, 1, one@example.org" in report.faults[0].fault.allowed


def test_skipped_annotations_are_not_read_whatever_they_hold(read):
    texts, report = read(task(MIRA, was_cancelled=True))
    assert not texts and report.count_left_out("texts") == 1


def test_an_accepted_prediction_is_not_read_twice(read):
    accepted = task(MIRA, prediction={"result": [KESTREL]}, parent_prediction=1)
    (text,), report = read({**accepted, "predictions": [{"result": [KESTREL]}]})
    assert places(text) == [("PER", "Mira Voss")]
    assert report.notes == ["predictions are not read, but for what annotators made of them: 1"]


def test_an_export_of_2020_is_read_and_told(read):
    old = task(MIRA, created_at=1590000000)
    old["completions"] = old.pop("annotations")
    (text,), report = read(old)
    assert places(text) == [("PER", "Mira Voss")]
    assert report.notes == ["completions are read as annotations, which versions of 2020 called so"]


# The text


def test_the_text_is_the_only_one_or_the_one_that_regions_name(read):
    only = {**task(MIRA), "data": {"body": TEXT, "page": 3}}
    named = {**task({**MIRA, "to_name": "body"}), "data": {"title": "A mill", "body": TEXT}}
    texts, report = read(only, named)
    assert [text.text for text in texts] == [TEXT, TEXT] and not report.faults
    assert [text.extra["data"] for text in texts] == [{"page": 3}, {"title": "A mill"}]


def test_a_text_that_is_not_plain_is_at_fault_until_its_key_is_said(read):
    unclear = {**task(MIRA), "data": {"title": "A mill", "body": TEXT}}
    _, report = read(unclear)
    assert faults(report) == [(1, "data", "several texts, title, body")]
    (text,), report = read(unclear, text_key="body")
    assert text.text == TEXT and not report.faults
    _, report = read(unclear, text_key="bodi")
    assert faults(report) == [(1, "data.bodi", "nothing, but title, body")]


def test_the_id_is_the_one_that_was_imported(read):
    texts, _ = read({**task(), "data": {"text": TEXT, "id": "my-1"}}, task())
    assert [text.id for text in texts] == ["my-1", "7"]


@pytest.mark.parametrize(
    ("html", "rendered"),
    [
        ("<p>A&amp;B</p><p>C</p>", "A&BC"),
        ("<p>a\r\nb<br>c<br/>d</p>\n", "a\nb\nc\nd\n"),
        ("<head><title>x</title></head><body>a  b<script>y()</script></body>", "a  b"),
        ("a<!-- no --><pre>\n b</pre>", "a b"),
        ("a < b &lt; c &unknown; d", "a < b < c &unknown; d"),
    ],
)
def test_hypertext_is_rendered_as_offsets_count_it(read, html, rendered):
    hyper = region("a", "/p[1]/text()[1]", "/p[1]/text()[1]", "PER", of_type="hypertextlabels")
    hyper["value"]["globalOffsets"] = {"start": 0, "end": 1}
    (text,), report = read({**task(hyper), "data": {"html": html, "doc": "hyper"}})
    assert text.text == rendered and not report.faults
    assert places(text) == [("PER", rendered[0])]


def test_hypertext_without_offsets_in_the_text_is_at_fault(read):
    hyper = region("a", "/p[1]/text()[1]", "/p[1]/text()[1]", "PER", of_type="hypertextlabels")
    _, report = read({**task(hyper), "data": {"html": "<p>Mira</p>"}})
    assert faults(report) == [(1, "annotations[0].result[0].value.globalOffsets", "nothing")]


# What is wrong


@pytest.mark.parametrize(
    ("result", "field", "given"),
    [
        (region("a", -1, 9, "PER"), "value.start", "-1"),
        (region("a", 0, 32, "PER"), "value.end", "32"),
        (region("a", "0", 9, "PER"), "value.start", "'0'"),
        (region("a", 0.5, 9, "PER"), "value.start", "0.5"),
        (region("a", True, 9, "PER"), "value.start", "True"),
        (region("a", 0, None, "PER"), "value.end", "nothing"),
        (region("a", 9, 0, "PER"), "value.end", "0"),
        (region("a", 0, 9, 5), "value.labels[0]", "5"),
        (region("a", 0, 9, " "), "value.labels[0]", "' '"),
        ({**MIRA, "value": {"start": 0, "end": 9, "labels": "PER"}}, "value.labels", "'PER'"),
        ({**MIRA, "value": [0, 9]}, "value", "[0, 9]"),
        ({**MIRA, "id": ["a"]}, "id", "['a']"),
        ({**MIRA, "type": None}, "type", "nothing"),
        (relation("x", "y", "r", labels=[None, 3]), "labels[1]", "3"),
        (relation("x", "y", "r", direction="up"), "direction", "'up'"),
        (relation("x", ["y"], "r"), "to_id", "['y']"),
        (relation("x", None, "r"), "to_id", "nothing"),
        ("region", "", "'region'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(read, result, field, given):
    others = (region("x", 0, 4, "PER"), region("y", 5, 9, "PER"))
    (text,), report = read(task(*others, result))
    assert faults(report) == [(1, f"annotations[0].result[2]{field and '.'}{field}", given)]
    assert len(text.entities) == 2 and not text.relations


def test_half_a_character_in_utf16_is_no_place(read):
    _, report = read(task(region("a", 1, 5, "PER"), text=ASTRAL), offsets="utf-16")
    assert faults(report) == [(1, "annotations[0].result[0].value.start", "1, inside a character")]


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"annotations": []}, "data"),
        ({"annotations": [], "data": TEXT}, "data"),
        ({**task(), "data": {"text": 5}}, "data.text"),
        ({**task(), "data": {}}, "data"),
        ({**data(TEXT), "annotations": {}}, "annotations"),
        ({**data(TEXT), "annotations": [[]]}, "annotations[0]"),
        ({**data(TEXT), "annotations": [{"result": "none"}]}, "annotations[0].result"),
        ({**data(TEXT), "annotations": [{"result": [], "was_cancelled": "no"}]}, "annotations[0].was_cancelled"),
        (5, ""),
    ],
)
def test_tasks_that_are_none_are_told(read, record, field):
    _, report = read(record, task(MIRA))
    assert [one[:2] for one in faults(report)] == [(1, field)]


def test_all_faults_of_a_file_come_at_once(tmp_path):
    path = tmp_path / "export.json"
    path.write_text(json.dumps([task(region("a", 0, 99, "PER")), task(), task(MIRA, relation("a", "?", "r"))]))
    with pytest.raises(DocumentError) as error:
        read_annotations(path)
    assert str(error.value).splitlines() == [
        f"{path}, record 1 (task 7): annotations[0].result[0].value.end must be an integer from 1 to 31 "
        "(the text's length), got 99",
        f"{path}, record 3 (task 7): annotations[0].result[1].to_id must be the id of a region of the same annotation, "
        "got '?'",
        "(records and lines count from 1, positions in [] from 0)",
    ]


def test_a_file_that_is_cut_off_says_where(tmp_path):
    whole = (FOLDER / "export.json").read_bytes()
    path = tmp_path / "export.json"
    for length in range(0, len(whole) - 2, 997):
        path.write_bytes(whole[:length])
        _, report = read_file(path)
        assert len(report.faults) == 1, length
        assert report.faults[0].location.source == str(path)


def test_nesting_without_end_is_a_fault(tmp_path):
    path = tmp_path / "export.json"
    path.write_bytes(b'[{"a":' * 100_000)
    _, report = read_file(path)
    assert "nested more than 1,000 levels deep" in report.faults[0].fault.given


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 99)
    | st.floats(0, 9)
    | st.sampled_from(["a", "text", "bi", "", " ", TEXT]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["start", "labels", "id"]), inner),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_the_json_is_there_are_only_faults(read, data):
    hyper = region("c", "/p", "/p", "X", of_type="hypertextlabels")
    hyper["value"]["globalOffsets"] = {"start": 0, "end": 1}
    valid = {**two_annotations(), "drafts": [{}], "predictions": [1]}
    valid["annotations"][0]["result"] = [MIRA, KESTREL, hyper, relation("a", "b", "r", "s", direction="left")]
    record = copy.deepcopy(valid)
    for _ in range(data.draw(st.integers(1, 3))):
        holder = record
        for _ in range(data.draw(st.integers(0, 6))):
            inner = [*holder.values()] if isinstance(holder, dict) else holder
            inner = [one for one in inner if isinstance(one, (dict, list)) and one]
            if not inner:
                break
            holder = data.draw(st.sampled_from(inner))
        keys = [*holder] if isinstance(holder, dict) else [*range(len(holder))]
        key = data.draw(st.sampled_from(keys))
        if isinstance(holder, dict) and data.draw(st.booleans()):
            del holder[key]
            if not record:
                break
        else:
            holder[key] = data.draw(ANY_JSON)
    for options in ({}, {"annotations": "all"}, {"annotations": "by 1"}, {"offsets": "utf-16"}):
        for text in read(record, **options)[0]:
            assert all(0 <= one.start < one.end <= len(text.text) for one in text.entities)
            assert all({one.head, one.tail} <= {*range(len(text.entities))} for one in text.relations)
