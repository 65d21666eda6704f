from __future__ import annotations

import json

import pytest

import spert_hf
from spert_hf.annotation.predictions import annotate
from spert_hf.cli.main import main
from spert_hf.data import read_annotations
from tests.support.tiny_models import SENTENCES


@pytest.fixture(scope="module")
def pipe(tiny_checkpoint):
    return spert_hf.load(tiny_checkpoint)


def test_what_the_pipeline_finds_is_what_is_annotated(pipe):
    texts = [" ".join(words) for words in SENTENCES]
    found = pipe(texts)
    assert any(one["relations"] for one in found)
    records = [{"text": text, "id": number, "page": 7} for number, text in enumerate(texts)]
    for number, (text, result) in enumerate(zip(annotate(pipe, records), found, strict=True)):
        assert (text.text, text.id, text.extra) == (texts[number], str(number), {"page": 7})
        assert [text.text[one.start : one.end] for one in text.entities] == [one["text"] for one in result["entities"]]
        assert [(one.type, one.score) for one in text.entities] == [
            (one["type"], one["score"]) for one in result["entities"]
        ]
        assert [(one.type, one.head, one.tail, one.score) for one in text.relations] == [
            (one["type"], one["head"], one["tail"], one["score"]) for one in result["relations"]
        ]


def test_tokens_become_a_text(pipe):
    (text,) = annotate(pipe, [{"tokens": ["She", "left", "Rome", "."]}])
    assert text.text == "She left Rome."


def test_texts_are_asked_for_as_they_are_used_up(pipe):
    asked = []

    def records():
        for number in range(1_000):
            asked.append(number)
            yield {"text": "Rome fell."}

    next(annotate(pipe, records(), batch_size=1))
    assert len(asked) < 100


FORMATS = ["label-studio", "json-lines"]


@pytest.mark.parametrize("format", FORMATS)
def test_command_writes_what_import_reads(format, tiny_checkpoint, pipe, tmp_path, capsys):
    texts = [" ".join(words) for words in SENTENCES]
    (tmp_path / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    output = tmp_path / "out.jsonl"
    arguments = ["--model", str(tiny_checkpoint), "--input", str(tmp_path / "texts.txt"), "--output", str(output)]
    assert main(["annotate", *arguments, "--format", format]) == 0
    assert f"Written to {output}: {len(texts):,} texts" in capsys.readouterr().out
    if format == "label-studio":
        tasks = json.loads(output.read_text(encoding="utf-8"))
        assert all(task["predictions"][0]["model_version"] == tiny_checkpoint.name for task in tasks)
        assert "<Labels" in (tmp_path / "out.labels.xml").read_text(encoding="utf-8")
        for task in tasks:  # what the tool makes of a prediction that is submitted
            task["annotations"] = [{"id": 1, "was_cancelled": False, "result": task.pop("predictions")[0]["result"]}]
        output.write_text(json.dumps(tasks), encoding="utf-8")
    for text, found in zip(read_annotations(output), pipe(texts), strict=True):
        assert [(one.type, one.start, one.end) for one in text.entities] == [
            (one["type"], one["start"], one["end"]) for one in found["entities"]
        ]
        assert sorted((one.type, one.head, one.tail) for one in text.relations) == sorted(
            (one["type"], one["head"], one["tail"]) for one in found["relations"]
        )


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("missing/out.jsonl", "--output must be a file in a folder that exists"),
        (".", "--output must be a file in a folder that exists"),
        ("texts.txt", "--output must be another file than the input"),
    ],
)
def test_outputs_that_cannot_be_are_refused_before_the_model_is_loaded(output, message, tmp_path, capsys):
    (tmp_path / "texts.txt").write_text("Rome fell.\n", encoding="utf-8")
    arguments = ["--model", "no/model", "--input", str(tmp_path / "texts.txt"), "--format", "json-lines"]
    assert main(["annotate", *arguments, "--output", str(tmp_path / output)]) == 1
    assert message in capsys.readouterr().err
