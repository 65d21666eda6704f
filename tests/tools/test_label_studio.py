"""The loop through Label Studio itself: predictions are imported, submitted in its page, exported, and read again."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys

import pytest

import spert_hf
from spert_hf.annotation.predictions import annotate
from spert_hf.data.annotation.formats import FORMATS
from spert_hf.data.annotation.options import ReadingOptions, WritingOptions
from spert_hf.data.annotation.report import Report
from tests.support.label_studio_server import serve_label_studio
from tests.support.round_trips import ENTITY_TYPES, RELATION_TYPES, TEXTS, without_order
from tests.support.tiny_models import SENTENCES
from tests.support.tool_environments import free_port, wait_for


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


def test_tasks_that_are_opened_get_predictions_of_the_backend(label_studio, page, tiny_checkpoint, tmp_path):
    with serve_backend(tiny_checkpoint, tmp_path / "backend.log") as (address, interface):
        project = label_studio.create_project("Backend", interface)
        text = " ".join(SENTENCES[0])
        label_studio.import_tasks(project, [{"data": {"text": text}}])
        assert label_studio.connect_backend(project, address)["state"] == "CO"
        (task,) = label_studio.tasks(project)
        label_studio.submit(page, project, task)
    (tmp_path / "export.json").write_text(json.dumps(label_studio.export(project)), encoding="utf-8")
    (read,) = FORMATS["label-studio"].read(tmp_path / "export.json", ReadingOptions(), Report())
    (found,) = annotate(spert_hf.load(tiny_checkpoint), [{"text": text}])
    assert found.entities
    assert without_order(read) == without_order(found)


@contextlib.contextmanager
def serve_backend(model, log):
    """The command as a process of its own; yields its address and the labelling interface that it prints."""
    port = free_port()
    command = [sys.executable, "-m", "spert_hf", "label-studio", "--model", str(model), "--port", str(port)]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/health", process, log)
        printed = log.read_text(encoding="utf-8")
        yield address, printed[printed.index("<View>") :]
    finally:
        process.terminate()
        process.wait(60)
