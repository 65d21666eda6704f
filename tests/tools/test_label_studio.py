"""The loop through Label Studio itself: predictions are imported, submitted in its page, exported, and read again."""

from __future__ import annotations

import json

import pytest

from spert_hf.data.annotation.formats import FORMATS
from spert_hf.data.annotation.options import ReadingOptions, WritingOptions
from spert_hf.data.annotation.report import Report
from tests.support.label_studio_server import serve_label_studio
from tests.support.round_trips import ENTITY_TYPES, RELATION_TYPES, TEXTS, without_order


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


def test_predictions_come_back_as_they_were_submitted(label_studio, page, tmp_path):
    options = WritingOptions(ENTITY_TYPES, RELATION_TYPES, "tiny")
    FORMATS["label-studio"].write(TEXTS, tmp_path / "tasks.json", options, Report())
    interface = (tmp_path / "tasks.labels.xml").read_text(encoding="utf-8")
    project = label_studio.create_project("Round trip", interface)
    label_studio.import_tasks(project, json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8")))
    for task in label_studio.tasks(project):
        label_studio.submit(page, project, task)
    (tmp_path / "export.json").write_text(json.dumps(label_studio.export(project)), encoding="utf-8")
    report = Report()
    read = [*FORMATS["label-studio"].read(tmp_path / "export.json", ReadingOptions(), report)]
    assert report.faults == []
    assert [without_order(text) for text in read] == [without_order(text) for text in TEXTS]
