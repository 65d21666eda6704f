"""The loop through Label Studio itself: predictions are imported, submitted in its page, exported, and read again."""

from __future__ import annotations

import json

import pytest

from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from spert_hf.data.annotation.formats import FORMATS
from spert_hf.data.annotation.options import ReadingOptions, WritingOptions
from spert_hf.data.annotation.report import Report
from tests.support.annotation_files import as_expected
from tests.support.label_studio_server import serve_label_studio

TEXTS = [
    AnnotatedText(
        "🪐👩‍🚀 Mira Voss founded Kestrel Labs\r\n  in Oldhaven 🏠.",
        [
            TextEntity("PER", 5, 14, score=0.9),
            TextEntity("ORG", 23, 35),
            TextEntity("LOC", 42, 50),
            TextEntity("ORG", 23, 50),
        ],
        [TextRelation("founded", 0, 1, score=0.8), TextRelation("based in", 1, 2), TextRelation("founded", 2, 1)],
        "a",
    ),
    AnnotatedText(
        'Mira <b>Voss</b> & "Kestrel" &amp; Co.', [TextEntity("A & B", 5, 16), TextEntity("PER", 0, 4)], [], "b"
    ),
    AnnotatedText("Nobody is here.", [], [], "c"),
]


@pytest.fixture(scope="module")
def label_studio(tmp_path_factory):
    with serve_label_studio(tmp_path_factory.mktemp("label-studio")) as server:
        yield server


@pytest.fixture
def page(browser, label_studio):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    label_studio.log_in(page)
    yield page
    page.close()


def as_set(text):
    read = as_expected(text)
    entities = [tuple(each.values()) for each in read["entities"]]
    relations = {(each["type"], entities[each["head"]], entities[each["tail"]]) for each in read["relations"]}
    return read["text"], set(entities), relations


def test_predictions_come_back_as_they_were_submitted(label_studio, page, tmp_path):
    types = WritingOptions(("PER", "ORG", "LOC", "A & B"), ("founded", "based in"), "tiny")
    FORMATS["label-studio"].write(TEXTS, tmp_path / "tasks.json", types, Report())
    interface = (tmp_path / "tasks.labels.xml").read_text(encoding="utf-8")
    project = label_studio.create_project("Round trip", interface)
    label_studio.import_tasks(project, json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8")))
    for task in label_studio.tasks(project):
        label_studio.submit(page, project, task)
    (tmp_path / "export.json").write_text(json.dumps(label_studio.export(project)), encoding="utf-8")
    report = Report()
    read = [*FORMATS["label-studio"].read(tmp_path / "export.json", ReadingOptions(), report)]
    assert report.faults == []
    assert [as_set(text) for text in read] == [as_set(text) for text in TEXTS]
