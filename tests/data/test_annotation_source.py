"""Exports of annotation tools as data sets, without an import before."""

from __future__ import annotations

import json
import shutil

import pytest

from spert_hf.data import DocumentError, load_documents, read_annotations, to_documents
from spert_hf.data.loading import load_splits
from spert_hf.data.sources import DatasetError
from tests.support.annotation_files import FILES

EXPORT = FILES / "label_studio" / "export.json"


def tasks(count):
    result = [
        {"id": "a", "type": "labels", "from_name": "label", "to_name": "text", "value": value}
        for value in ({"start": 0, "end": 4, "text": "Mira", "labels": ["PER"]},)
    ]
    return [
        {
            "id": number,
            "data": {"text": f"Mira left. It was {number} then."},
            "annotations": [{"id": number, "was_cancelled": False, "result": result}],
        }
        for number in range(1, count + 1)
    ]


def test_an_export_is_a_data_set_with_a_dev_split_of_whole_texts(tmp_path):
    (tmp_path / "export.json").write_text(json.dumps(tasks(20)), encoding="utf-8")
    splits = load_splits(tmp_path / "export.json")
    assert (len(splits.train), len(splits.dev), splits.test) == (36, 4, [])
    of_train, of_dev = ({document.id.split(".")[0] for document in one} for one in (splits.train, splits.dev))
    assert len(of_dev) == 2 and not of_train & of_dev
    assert splits.notes[0].endswith("read as Label Studio's JSON export")
    again = load_splits(tmp_path / "export.json")
    assert [one.id for one in again.dev] == [one.id for one in splits.dev]
    assert load_splits(tmp_path / "export.json", dev_fraction=0).dev == []


def test_its_documents_are_those_of_an_import():
    assert load_documents(EXPORT) == to_documents(read_annotations(EXPORT))


def test_what_was_left_out_is_told():
    notes = "\n".join(load_splits(EXPORT).notes)
    assert "left out: 2 texts: skipped by the annotator" in notes
    assert "left out: 5 relations: no label" in notes


def test_a_folder_of_brat_is_one(tmp_path):
    for name in ("hand_wild.txt", "hand_wild.ann"):
        shutil.copy(FILES / "brat" / name, tmp_path)
    splits = load_splits(tmp_path)
    assert {entity.type for document in splits.train + splits.dev for entity in document.entities} == {"PER", "ORG"}


def test_every_fault_is_told_before_anything_is_trained():
    with pytest.raises(DocumentError) as error:
        load_splits(FILES / "label_studio" / "export_broken.json")
    assert len(error.value.faults) == 6


def test_types_that_a_model_does_not_know_are_refused(tmp_path):
    (tmp_path / "types.json").write_text('{"entities": {"ORG": {}}, "relations": {}}', encoding="utf-8")
    (tmp_path / "export.json").write_text(json.dumps(tasks(3)), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"entities\[0\]\.type must be one of ORG, got 'PER'"):
        load_splits(tmp_path / "export.json", types=tmp_path / "types.json")


def line(number, label, relations):
    entities = [{"id": 1, "label": label, "start_offset": 0, "end_offset": 4}]
    entities.append({"id": 2, "label": "ORG", "start_offset": 10, "end_offset": 14})
    ends = [{"from_id": 1, "to_id": 2, "type": relation} for relation in relations]
    return {"id": number, "text": f"Ilan runs Tarn {number}", "entities": entities, "relations": ends, "Comments": []}


@pytest.mark.parametrize("rare", range(10))
def test_a_type_that_only_one_text_has_is_known_in_whatever_split_the_text_is(tmp_path, rare):
    path = tmp_path / "admin.jsonl"
    lines = [line(number, "RARE" if number == rare else "PER", ["seldom"] * (number == rare)) for number in range(10)]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    splits = load_splits(str(path))
    assert [len(splits.train), len(splits.dev)] == [9, 1]
    assert splits.schema.entity_names == ("ORG", "PER", "RARE")
    assert splits.schema.relation_names == ("seldom",)


def test_an_export_in_which_nothing_is_annotated_is_told_with_the_reason(tmp_path):
    skipped = {"id": 1, "result": [], "was_cancelled": True}
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"id": 1, "data": {"text": "Ilan."}, "annotations": [skipped]}]))
    with pytest.raises(DatasetError, match=r"no entity .* \(left out: 1 text: skipped by the annotator\)"):
        load_splits(str(path))
