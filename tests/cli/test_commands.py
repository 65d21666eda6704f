"""The command line, as a user meets it: output, files, exit codes."""

import io
import json
import re
import sys
from pathlib import Path

import pytest
from transformers import pipeline

from spert_hf.cli.main import COMMANDS, main
from spert_hf.data.documents import Document
from tests.support.documents import TYPES, make_dataset_folder, make_records
from tests.support.predictions import score_as_text
from tests.support.tiny_models import make_encoder_folder

TEXTS = ["Marian Pell works for Northern Paper Co. in Duluth .", "", "It rained ."]


def read_lines(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def test_help_and_version(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"  {command}" in shown for command in COMMANDS)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("spert-hf ")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(capsys, command):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert "usage: " in capsys.readouterr().out


def test_wrong_usage_has_exit_code_2(capsys):
    for arguments in (
        [],
        ["frobnicate"],
        ["extract"],
        ["extract", "--batch-size", "0"],
        ["extract", "--device", "abacus"],
    ):
        try:
            code = main(arguments)
        except SystemExit as left:
            code = left.code
        assert code == 2
    capsys.readouterr()


class TestExtract:
    def run(self, checkpoint, given, output, *more):
        return main(["extract", "--model", str(checkpoint), "--input", str(given), "--output", str(output), *more])

    def test_text_lines(self, tiny_checkpoint, tiny_pipeline, tmp_path):
        given, output = tmp_path / "texts.txt", tmp_path / "found.jsonl"
        given.write_text("\n".join(TEXTS) + "\n")
        assert self.run(tiny_checkpoint, given, output) == 0
        found = read_lines(output)
        assert [record["text"] for record in found] == TEXTS
        for record, expected in zip(found, tiny_pipeline(TEXTS), strict=True):
            assert {"entities": record["entities"], "relations": record["relations"]} == expected
        assert sorted(path.name for path in tmp_path.iterdir()) == ["found.jsonl", "texts.txt"]

    def test_json_lines_keep_their_other_fields(self, tiny_checkpoint, tmp_path):
        given, output = tmp_path / "texts.jsonl", tmp_path / "found.jsonl"
        records = [{"text": TEXTS[0], "id": 7, "meta": {"a": [1]}}, {"tokens": TEXTS[0].split(), "source": "ü"}]
        given.write_text("".join(json.dumps(record) + "\n" for record in records))
        assert self.run(tiny_checkpoint, given, output, "--batch-size", "1") == 0
        found = read_lines(output)
        assert [{key: record[key] for key in given} for record, given in zip(found, records, strict=True)] == records
        assert "start" in found[0]["entities"][0]
        assert "start" not in found[1]["entities"][0]

    def test_a_table(self, tiny_checkpoint, tmp_path):
        given, output = tmp_path / "texts.csv", tmp_path / "found.jsonl"
        given.write_text(f'id,text\n7,"{TEXTS[0]}"\n')
        assert self.run(tiny_checkpoint, given, output) == 0
        found = read_lines(output)
        assert [(record["id"], record["text"]) for record in found] == [("7", TEXTS[0])]

    def test_text_is_read_as_the_model_says_unless_told_otherwise(self, tiny_checkpoint, tiny_pipeline, tmp_path):
        given, output = tmp_path / "texts.txt", tmp_path / "found.jsonl"
        text = " ".join(TEXTS)
        given.write_text(text)
        for flags, reading in (
            ([], {}),
            (["--sequences", "document"], {"sequences": "document"}),
            (["--words", "whitespace"], {"words": "whitespace"}),
            (["--word-pattern", "[a-z]+"], {"words": re.compile("[a-z]+")}),
        ):
            assert self.run(tiny_checkpoint, given, output, *flags) == 0
            expected = tiny_pipeline(text, **reading)
            assert read_lines(output)[0] == {"text": text} | expected

    def test_fields_that_utf8_cannot_hold_pass_through(self, tiny_checkpoint, tmp_path):
        given, output = tmp_path / "texts.jsonl", tmp_path / "found.jsonl"
        given.write_text('{"text": "It rained.", "id": "\\ud800"}\n')
        assert self.run(tiny_checkpoint, given, output) == 0
        assert read_lines(output)[0]["id"] == "\ud800"

    def test_a_json_list(self, tiny_checkpoint, tmp_path):
        given, output = tmp_path / "texts.json", tmp_path / "found.jsonl"
        given.write_text(json.dumps([{"text": text} for text in TEXTS]))
        assert self.run(tiny_checkpoint, given, output) == 0
        assert len(read_lines(output)) == 3

    def test_standard_streams(self, tiny_checkpoint, monkeypatch, capsys):
        given = io.TextIOWrapper(io.BytesIO("\n".join(TEXTS).encode()))
        monkeypatch.setattr(sys, "stdin", given)
        assert main(["extract", "--model", str(tiny_checkpoint), "--input", "-"]) == 0
        done = capsys.readouterr()
        assert [json.loads(line)["text"] for line in done.out.splitlines()] == TEXTS
        assert "extracting" in done.err

    def test_settings_reach_the_pipeline(self, tiny_checkpoint, tiny_pipeline, tmp_path):
        given, output = tmp_path / "texts.txt", tmp_path / "found.jsonl"
        given.write_text(TEXTS[0])
        assert self.run(tiny_checkpoint, given, output, "--relation-threshold", "0.9", "--overlap", "best") == 0
        expected = tiny_pipeline(TEXTS[0], relation_threshold=0.9, overlap="best")
        assert read_lines(output)[0]["relations"] == expected["relations"]

    def test_what_is_wanted_reaches_the_pipeline(self, tiny_checkpoint, tiny_pipeline, tmp_path):
        given, output = tmp_path / "texts.txt", tmp_path / "found.jsonl"
        given.write_text(TEXTS[0])
        flags = ["--relation-threshold", "Near=0.9", "--relation-threshold", "Live_In=0.2", "--entity-threshold", "0.4"]
        flags += ["--entity-type", "Loc", "--relation-type", "Near", "--relation-type", "Live_In"]
        assert self.run(tiny_checkpoint, given, output, *flags) == 0
        wanted = {"entity_threshold": 0.4, "entity_types": ["Loc"], "relation_types": ["Near", "Live_In"]}
        expected = tiny_pipeline(TEXTS[0], relation_threshold={"Near": 0.9, "Live_In": 0.2}, **wanted)
        assert read_lines(output)[0] == {"text": TEXTS[0]} | expected
        assert expected["relations"]

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            (
                ["--relation-type", "Nea"],
                "relation_types must be one of 'Near', 'Live_In', 'Work_For' (did you mean 'Near'?), got 'Nea'",
            ),
            (["--relation-threshold", "Nea=0.5"], "relation_threshold must be one of 'Near'"),
            (
                ["--relation-threshold", "0.5", "--relation-threshold", "Near=1"],
                "--relation-threshold must be one number, or one TYPE=S for each type, got several",
            ),
        ],
    )
    def test_what_the_model_has_not_is_said_at_once(self, tiny_checkpoint, tmp_path, capsys, flags, message):
        given, output = tmp_path / "texts.txt", tmp_path / "found.jsonl"
        given.write_text(TEXTS[0])
        assert self.run(tiny_checkpoint, given, output, *flags) == 1
        assert message in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["texts.txt"]

    def test_a_fault_in_the_input_leaves_no_output(self, tiny_checkpoint, tmp_path, capsys):
        given, output = tmp_path / "texts.jsonl", tmp_path / "found.jsonl"
        given.write_text('{"text": "It rained."}\n{"body": "x"}\n')
        assert self.run(tiny_checkpoint, given, output) == 1
        assert "line 2" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["texts.jsonl"]

    def test_what_is_missing_is_said_at_once(self, tiny_checkpoint, tmp_path, capsys):
        assert self.run(tiny_checkpoint, tmp_path / "none.txt", tmp_path / "found.jsonl") == 1
        assert "--input must be a file, got" in capsys.readouterr().err
        (tmp_path / "texts.txt").write_text("x")
        assert self.run(tiny_checkpoint, tmp_path / "texts.txt", tmp_path / "none" / "found.jsonl") == 1
        assert "--output must be a file in a folder that exists, got " in capsys.readouterr().err
        assert self.run(tiny_checkpoint, tmp_path / "texts.txt", tmp_path / "texts.txt") == 1
        assert "--output must be another file than the input, got " in capsys.readouterr().err
        (tmp_path / "texts.pdf").write_text("x")
        nowhere = tmp_path / "no-model"  # which is not looked for before the files have been looked at
        assert self.run(nowhere, tmp_path / "texts.pdf", tmp_path / "found.jsonl") == 1
        assert "texts.pdf: " in capsys.readouterr().err
        encoder = tiny_checkpoint.parent / "encoder"
        assert self.run(encoder, tmp_path / "texts.txt", tmp_path / "found.jsonl") == 1
        assert "--model must be a SpERT checkpoint, got " in capsys.readouterr().err


class TestCheck:
    def write(self, folder, records):
        (folder / "types.json").write_text(json.dumps(TYPES))
        (folder / "documents.json").write_text(json.dumps(records))
        return str(folder / "documents.json"), str(folder / "types.json")

    def test_good_files(self, tmp_path, capsys):
        documents, types = self.write(tmp_path, make_records())
        assert main(["check", documents, "--types", types]) == 0
        assert "no fault" in capsys.readouterr().out

    def test_every_fault_is_reported(self, tmp_path, capsys):
        records = make_records(3)
        records[0]["entities"][0]["type"] = "Person"
        records[1]["entities"][1]["end"] = 99
        records[2]["relations"][0]["tail"] = 0
        documents, types = self.write(tmp_path, records)
        assert main(["check", documents, "--types", types]) == 1
        shown = capsys.readouterr().out
        assert "record 1: entities[0].type" in shown
        assert "record 2: entities[1].end must be an integer from " in shown
        assert "record 3: relations[0]" in shown
        assert "3 faults" in shown

    def test_one_bad_file_among_good_ones(self, tmp_path, capsys):
        documents, _ = self.write(tmp_path, make_records())
        assert main(["check", documents, str(tmp_path / "none.json")]) == 1
        shown = capsys.readouterr().out
        assert "documents.json: no fault" in shown
        assert "none.json: No such file" in shown


class TestEvaluate:
    @pytest.fixture
    def folder(self, tmp_path):
        records = make_records(4)
        for record in records:
            record["relations"] = [r for r in record["relations"] if r["type"] != "Near"]
        (tmp_path / "test.json").write_text(json.dumps(records))
        (tmp_path / "train.json").write_text(json.dumps(records))
        return tmp_path

    def test_table_json_and_page(self, tiny_checkpoint, folder, capsys):
        arguments = ["evaluate", "--model", str(tiny_checkpoint), "--dataset", str(folder), "--split", "test"]
        assert main(arguments) == 0
        table = capsys.readouterr().out
        assert "NER" in table
        assert "REL+" in table
        page = folder / "report.html"
        assert main([*arguments, "--json", "--no-overlapping", "--html", str(page)]) == 0
        scores = json.loads(capsys.readouterr().out)
        assert 0 <= scores["rel_plus"]["micro"]["f1"] <= 100
        assert scores["no_overlapping"] is True
        assert "<html" in page.read_text()

    def test_documents_read_as_text(self, tiny_checkpoint, folder, capsys):
        given = ["--model", str(tiny_checkpoint), "--dataset", str(folder), "--split", "test"]
        assert main(["evaluate", *given, "--as-text"]) == 0
        assert "read as text" in capsys.readouterr().out
        assert main(["evaluate", *given, "--as-text", "--json", "--no-overlapping"]) == 0
        scores = json.loads(capsys.readouterr().out)
        assert scores["as_text"] is True
        assert scores["no_overlapping"] is True
        documents = [Document.from_record(record) for record in json.loads((folder / "test.json").read_text())]
        pipe = pipeline("spert-extraction", model=str(tiny_checkpoint))
        expected = score_as_text(pipe, documents, no_overlapping=True).to_dict()
        assert scores == {**json.loads(json.dumps(expected)), "as_text": True}

    @pytest.mark.parametrize(
        "options", [["--errors"], ["--html", "x.html"], ["--errors-plot", "x.svg", "--errors-markdown", "x.md"]]
    )
    def test_errors_are_not_shown_of_text(self, capsys, options):
        assert main(["evaluate", "--model", "no/such/model", "--dataset", "none", "--as-text", *options]) == 1
        said = capsys.readouterr().err
        assert "--as-text excludes " in said
        assert all(option in said for option in options if option.startswith("--"))

    @pytest.mark.parametrize("option", ["--html", "--errors-markdown", "--errors-plot"])
    def test_an_output_that_is_a_folder_is_refused_first(self, tiny_checkpoint, folder, capsys, option):
        given = ["--model", str(tiny_checkpoint), "--dataset", str(folder)]
        assert main(["evaluate", *given, option, str(folder)]) == 1
        shown = capsys.readouterr()
        assert f"{option} must be a file, got the folder {folder}" in shown.err
        assert shown.out == ""

    def test_a_model_that_is_not_there_is_named(self, folder, capsys):
        missing = str(folder / "missing")
        assert main(["evaluate", "--model", missing, "--dataset", str(folder)]) == 1
        assert (
            f"--model must be a folder that exists, or the id of a model on the Hub, got {missing!r}"
            in capsys.readouterr().err
        )
        assert main(["train", "--dataset", str(folder), "--encoder", missing, "--output-dir", str(folder / "o")]) == 1
        assert (
            f"encoder must be a folder that exists, or the id of a model on the Hub, got {missing!r}"
            in capsys.readouterr().err
        )

    def test_what_can_be_no_model_is_said_at_once(self, folder, tmp_path, capsys):
        (tmp_path / "file").write_text("")
        (tmp_path / "empty").mkdir()
        id_or_folder = "a folder that exists, or the id of a model on the Hub"
        for model, message in (
            (tmp_path / "file", f"a folder, or the id of a model on the Hub, got '{tmp_path / 'file'}', a file"),
            ("mistyped", f"{id_or_folder}, USER/NAME, got 'mistyped'"),
            ("", f"{id_or_folder}, got ''"),
            (tmp_path / "empty", f"a folder with a checkpoint, got {tmp_path / 'empty'}, which has no config.json"),
        ):
            assert main(["evaluate", f"--model={model}", f"--dataset={folder}"]) == 1
            assert capsys.readouterr().err == f"spert-hf evaluate: --model must be {message}\n"

    def test_a_file_is_taken_whole_unless_a_split_is_asked_for(self, tiny_checkpoint, folder, capsys, monkeypatch):
        monkeypatch.setenv("HOME", str(folder))
        given = ["--model", str(tiny_checkpoint), "--dataset", "~/train.json"]
        assert main(["evaluate", *given]) == 0
        assert "Scores in percent: 4 documents" in capsys.readouterr().out
        assert main(["evaluate", *given, "--split", "train"]) == 0  # as training draws it
        assert "Scores in percent: 3 documents" in capsys.readouterr().out
        assert main(["evaluate", *given, "--split", "test"]) == 1
        assert "--split must be a split that ~/train.json has documents for, got 'test'" in capsys.readouterr().err

    def test_calibration_on_a_file_takes_what_training_has_not(self, tiny_checkpoint, folder, capsys):
        given = ["--model", str(tiny_checkpoint), "--dataset", str(folder / "train.json")]
        assert main(["calibrate", *given, "--measure-on", "test"]) == 1
        assert "--measure-on must be a split that " in capsys.readouterr().err
        assert main(["calibrate", *given, "--split", "test"]) == 1
        assert "--split must be a split that " in capsys.readouterr().err
        assert main(["calibrate", *given, "--measure-on", "train"]) == 0
        assert "Temperatures fitted on the dev split" in capsys.readouterr().out

    def test_types_that_the_model_does_not_know(self, tiny_checkpoint, tmp_path, capsys):
        records = make_records(4)
        records[0]["entities"][0]["type"] = "Person"
        (tmp_path / "train.json").write_text(json.dumps(records))
        assert main(["evaluate", "--model", str(tiny_checkpoint), "--dataset", str(tmp_path), "--split", "train"]) == 1
        assert "entities[0].type must be one of " in capsys.readouterr().err


def test_train_from_the_command_line(tmp_path, capsys):
    dataset = tmp_path / "data"
    dataset.mkdir()
    make_dataset_folder(dataset)
    encoder = make_encoder_folder("roberta", tmp_path / "encoder")
    output = tmp_path / "out"
    arguments = ["--dataset", str(dataset), "--encoder", str(encoder), "--output-dir", str(output)]
    assert main(["train", *arguments, "--num-train-epochs", "1"]) == 0
    shown = capsys.readouterr()
    assert "Scores on the test split" in shown.out
    assert "Read as text, as users give it: NER, REL, REL+ " in shown.out
    assert "works for" in shown.out
    assert "loss=" in shown.err
    assert (output / "model.safetensors").is_file()


def test_train_says_what_is_wrong_before_it_starts(tmp_path, capsys):
    assert main(["train", "--dataset", str(tmp_path / "nothing.json")]) == 1
    assert "nothing.json" in capsys.readouterr().err
    assert main(["train", "--num-train-epochs", "0"]) == 1
    assert "num_train_epochs must be an integer of 1 or more, got 0" in capsys.readouterr().err
