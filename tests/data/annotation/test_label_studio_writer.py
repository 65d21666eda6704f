"""What is written for Label Studio's import: predictions that its page opens and submits, and the interface."""

import json
import math
import xml.etree.ElementTree as ET
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from spert_hf.data.annotation.formats import format_named, format_of
from spert_hf.data.annotation.label_studio_interface import labelling_interface
from spert_hf.data.annotation.options import ReadingOptions, WritingOptions
from spert_hf.data.annotation.reading import iter_annotations
from spert_hf.data.annotation.report import Report
from spert_hf.data.type_colours import LINE, colour, type_hues
from tests.support.annotation_files import FILES

TEXT = "🧭 Ilan Brock sold Fernwick Mill\r\nto Dara  Quell."
ILAN, MILL, DARA = TextEntity("PER", 2, 12, score=0.9), TextEntity("ORG", 18, 31), TextEntity("PER", 36, 47)


def written(tmp_path, *texts, **options):
    """The tasks that are written, and the report."""
    path, report = tmp_path / "tasks.json", Report()
    format_named("label-studio").write(iter(texts), path, WritingOptions(**options), report)
    assert report.adds_up()
    return json.loads(path.read_text(encoding="utf-8")), report


def results(task):
    (prediction,) = task["predictions"]
    return prediction["result"]


def relations(task):
    return [one for one in results(task) if one["type"] == "relation"]


def accepted(tasks):
    """What the tool exports once an annotator has submitted the predictions as they are."""
    for number, task in enumerate(tasks, start=1):
        (prediction,) = task.pop("predictions")
        annotation = {"id": number, "result": prediction["result"], "was_cancelled": False, "prediction": prediction}
        yield {"id": number, "annotations": [annotation], "drafts": [], "predictions": [number], **task}


def read_back(tmp_path, tasks):
    path, report = tmp_path / "export.json", Report()
    path.write_text(json.dumps([*accepted(tasks)], ensure_ascii=False), encoding="utf-8")
    texts = [*iter_annotations(path, format_named("label-studio"), ReadingOptions(offsets="code-points"), report)]
    assert not report.faults
    return texts


def test_a_prediction_is_as_the_tool_imports_it(tmp_path):
    drawn = [TextRelation("founded", 0, 1), TextRelation("based_in", 2, 1)]
    (task,), report = written(tmp_path, AnnotatedText(TEXT, [ILAN, MILL, DARA], drawn, id="my-1"), model_version="m1")
    (imported,) = json.loads((FILES / "label_studio" / "predictions_import.json").read_text(encoding="utf-8"))
    expected = json.dumps(imported["predictions"][0]["result"], sort_keys=True).replace('"p', '"e')
    assert json.dumps(results(task), sort_keys=True) == expected
    assert task["data"] == {"text": TEXT, "id": "my-1"}
    assert {name: task["predictions"][0][name] for name in ("model_version", "score")} == {
        "model_version": "m1",
        "score": 0.9,
    }
    assert report.written == Counter(texts=1, entities=3, relations=2)


def test_the_score_of_a_prediction_is_the_mean_of_those_in_it(tmp_path):
    scored = [TextRelation("founded", 0, 1, score=0.5)]
    (task, without), _ = written(tmp_path, AnnotatedText(TEXT, [ILAN, MILL], scored), AnnotatedText("Nothing."))
    assert task["predictions"][0]["score"] == pytest.approx(0.7)
    assert "score" not in without["predictions"][0]


def test_scores_that_json_cannot_hold_are_not_written(tmp_path):
    (task,), _ = written(tmp_path, AnnotatedText(TEXT, [TextEntity("PER", 2, 12, score=math.nan)]))
    assert "score" not in task["predictions"][0] and "score" not in results(task)[0]


def test_relations_of_the_same_two_regions_are_one_with_all_labels(tmp_path):
    drawn = [TextRelation("r", 0, 1), TextRelation("s", 0, 1), TextRelation("r", 0, 1), TextRelation(None, 0, 1)]
    (task,), report = written(tmp_path, AnnotatedText(TEXT, [ILAN, MILL], drawn))
    ((only,),) = [relations(task)]
    assert only == {"type": "relation", "from_id": "e1", "to_id": "e2", "direction": "right", "labels": ["r", "s"]}
    assert (report.written["relations"], report.count_left_out("relations")) == (2, 2)


def test_a_relation_both_ways_is_bi_unless_another_has_a_direction(tmp_path):
    both, other = TextRelation("r", 1, 0, both_ways=True), TextRelation("s", 0, 1)
    (alone, beside), report = written(
        tmp_path, AnnotatedText(TEXT, [ILAN, MILL], [both]), AnnotatedText(TEXT, [ILAN, MILL], [both, other])
    )
    assert [(one["direction"], one["labels"]) for one in relations(alone)] == [("bi", ["r"])]
    found = [(one["from_id"], one["to_id"], one["direction"], one["labels"]) for one in relations(beside)]
    assert found == [("e2", "e1", "right", ["r"]), ("e1", "e2", "right", ["r", "s"])]
    assert report.count_added("relations") == 1


def test_what_breaks_the_annotators_page_is_left_out(tmp_path):
    entities = [ILAN, TextEntity("X", 5, 999), TextEntity("X", 7, 5), TextEntity("X", 5, 5), TextEntity("\x01", 0, 1)]
    drawn = [TextRelation("r", 0, 1), TextRelation("r", 0, 9), TextRelation("\x01", 0, 0)]
    tasks, report = written(tmp_path, AnnotatedText(TEXT, entities, drawn), AnnotatedText("\ud83e", [], []))
    assert [one["id"] for one in results(tasks[0])] == ["e1"] and len(tasks) == 1
    assert [report.count_left_out(kind) for kind in ("texts", "entities", "relations")] == [1, 4, 3]


def test_a_mention_in_parts_becomes_one_region_and_that_is_told(tmp_path):
    (task,), report = written(tmp_path, AnnotatedText(TEXT, [TextEntity("X", 2, 31, fragments=((2, 12), (18, 31)))]))
    assert (results(task)[0]["value"]["start"], results(task)[0]["value"]["end"]) == (2, 31)
    assert any("in several parts" in line for line in report.lines())


def test_what_is_written_is_told_as_the_tools_and_not_read_as_annotated(tmp_path):
    written(tmp_path, AnnotatedText(TEXT, [ILAN]))
    path, report = tmp_path / "tasks.json", Report()
    assert format_of(path).name == "label-studio"
    assert not [*iter_annotations(path, format_of(path), ReadingOptions(), report)]
    assert any("not annotated, only predicted" in line for line in report.lines())


@pytest.mark.parametrize("count", [0, 1, 3])
def test_any_number_of_tasks_is_a_list(tmp_path, count):
    tasks, _ = written(tmp_path, *(AnnotatedText(f"Text {number}") for number in range(count)))
    assert [task["data"]["text"] for task in tasks] == [f"Text {number}" for number in range(count)]


def test_tasks_are_written_one_by_one_and_not_at_all_if_texts_fail(tmp_path):
    def texts():
        yield AnnotatedText(TEXT, [ILAN])
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        format_named("label-studio").write(texts(), tmp_path / "tasks.json", WritingOptions(), Report())
    assert not [*tmp_path.iterdir()]


# The interface


def test_the_interface_beside_the_tasks_has_every_label(tmp_path):
    texts = AnnotatedText(TEXT, [ILAN, MILL, TextEntity("NEW", 0, 1)], [TextRelation("founded", 0, 1)])
    _, report = written(tmp_path, texts, entity_types=("LOC", "PER"), relation_types=("based_in",))
    path = tmp_path / "tasks.labels.xml"
    view = ET.fromstring(path.read_text(encoding="utf-8"))
    assert [one.get("value") for one in view.iter("Label")] == ["LOC", "PER", "ORG", "NEW"]
    assert [one.get("value") for one in view.iter("Relation")] == ["based_in", "founded"]
    assert view.find("Labels").attrib == {"name": "label", "toName": "text"}
    assert view.find("Text").attrib == {"name": "text", "value": "$text"}
    assert any(str(path) in note for note in report.notes)


def test_regions_with_several_labels_need_an_interface_that_has_them(tmp_path):
    (task,), _ = written(tmp_path, AnnotatedText(TEXT, [TextEntity("PER", 2, 12, more_types=("ORG",))]))
    assert results(task)[0]["value"]["labels"] == ["PER", "ORG"]
    view = ET.fromstring((tmp_path / "tasks.labels.xml").read_text(encoding="utf-8"))
    assert view.find("Labels").get("choice") == "multiple"


def test_colours_are_those_of_the_demo():
    view = ET.fromstring(labelling_interface(["A", "B"], ["r"]))
    hues, _ = type_hues(["A", "B"], ["r"])
    assert [one.get("background") for one in view.iter("Label")] == [colour(LINE, hues[name]) for name in "AB"]


def test_names_are_escaped_and_those_that_xml_cannot_hold_refused():
    names = ["a\"b'c", "<&>", "two\nlines\t", "🪐"]
    view = ET.fromstring(labelling_interface(names, names))
    assert [one.get("value") for one in view.iter("Label")] == names
    assert [one.get("value") for one in view.iter("Relation")] == names
    with pytest.raises(ValueError, match=r"^relation_types must be names that XML can hold, got 'a\\x01'$"):
        labelling_interface([], ["a\x01"])


def test_an_interface_without_relations_has_no_empty_list_of_them():
    assert ET.fromstring(labelling_interface(["A"], [])).find("Relations") is None


# Round trip

NAMES = st.none() | st.sampled_from(["PER", "a b", '<&">', "é🪐"])


@st.composite
def annotated_texts(draw):
    text = draw(st.text(st.sampled_from("ab \t\r\n\\n🪐é\u200d\u2028<&\"'") | st.characters(codec="utf-8"), min_size=1))
    entities = []
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text) - 1))
        more = draw(st.sampled_from([(), ("MORE",)]))
        name = draw(NAMES)
        entities.append(TextEntity(name, start, draw(st.integers(start + 1, len(text))), more if name else ()))
    ends = st.integers(0, len(entities) - 1)
    drawn = st.builds(TextRelation, NAMES, ends, ends, st.booleans())
    return AnnotatedText(
        text, entities, draw(st.lists(drawn, max_size=5)) if entities else [], id=draw(st.none() | st.text())
    )


def meant(text):
    """What relations say: head, tail and label of each direction, and no label only where there is no other."""
    found = {(one.type, one.head, one.tail) for one in text.relations}
    found |= {(one.type, one.tail, one.head) for one in text.relations if one.both_ways}
    labelled = {(head, tail) for name, head, tail in found if name is not None}
    return {one for one in found if one[0] is not None or one[1:] not in labelled}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(annotated_texts(), min_size=1, max_size=3))
def test_what_is_written_is_read_again(tmp_path, texts):
    tasks, report = written(tmp_path, *texts)
    back = read_back(tmp_path, tasks)
    assert [one.text for one in back] == [one.text for one in texts]
    assert [one.entities for one in back] == [one.entities for one in texts]
    assert [meant(one) for one in back] == [meant(one) for one in texts]
    assert report.written["entities"] == sum(len(one.entities) for one in texts)
