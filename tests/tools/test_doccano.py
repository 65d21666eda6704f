"""The loop through doccano itself: a file is imported, approved in its page, exported, and read again."""

from __future__ import annotations

import pytest

from spert_hf.data.annotation.formats import FORMATS
from spert_hf.data.annotation.options import ReadingOptions, WritingOptions
from spert_hf.data.annotation.report import Report
from tests.support.doccano_server import serve_doccano
from tests.support.round_trips import TEXTS, without_order


@pytest.fixture(scope="module")
def doccano(tmp_path_factory):
    with serve_doccano(tmp_path_factory.mktemp("doccano")) as server:
        yield server


@pytest.mark.parametrize("unit", ["utf-16", "graphemes"])
def test_what_is_imported_comes_back(doccano, unit, tmp_path):
    FORMATS["doccano"].write(TEXTS, tmp_path / "texts.jsonl", WritingOptions(offsets=unit), Report())
    project = doccano.create_project(unit, grapheme_mode=unit == "graphemes")
    doccano.import_file(project, tmp_path / "texts.jsonl")
    assert doccano.count_texts(project) == len(TEXTS)
    (tmp_path / "export.zip").write_bytes(doccano.export(project))
    report = Report()
    read = [*FORMATS["doccano"].read(tmp_path / "export.zip", ReadingOptions(offsets=unit), report)]
    assert report.faults == []
    by_text = sorted((without_order(text) for text in read), key=lambda each: each[0])
    assert by_text == sorted((without_order(text) for text in TEXTS), key=lambda each: each[0])


def test_the_page_shows_the_mentions_and_keeps_them(doccano, browser, tmp_path):
    FORMATS["doccano"].write(TEXTS[:1], tmp_path / "texts.jsonl", WritingOptions(), Report())
    project = doccano.create_project("page")
    doccano.import_file(project, tmp_path / "texts.jsonl")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    doccano.log_in(page)
    shown = doccano.approve(page, project, 1)
    assert all(label in shown for label in ("PER", "ORG", "LOC", "founded", "based in"))
    (tmp_path / "export.zip").write_bytes(doccano.export(project, approved=True))
    (read,) = FORMATS["doccano"].read(tmp_path / "export.zip", ReadingOptions(), Report())
    assert without_order(read) == without_order(TEXTS[0])
