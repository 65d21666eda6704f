"""Exports of annotation tools as data sets, without `spert-hf import`."""

from __future__ import annotations

import json

import pytest

from spert_hf.data import load_splits
from spert_hf.data.sources import DatasetError


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
