from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir

import pytest

from spert_hf.cli.main import main
from spert_hf.data import read_documents
from spert_hf.data.annotation import importing
from spert_hf.data.annotation.formats import FORMATS
from spert_hf.data.annotation.importing import make_types
from spert_hf.data.annotation.options import ReadingOptions
from spert_hf.data.annotation.reading import choose_format
from spert_hf.data.annotation.report import Report
from spert_hf.data.loading import load_splits
from spert_hf.files.ownership import owned_folder

TEXT = "Mira Voss-Tarn founded Kestrel Labs. She works in Oldhaven."
RECORD = {
    "text": TEXT,
    "entities": [
        {"type": "PER", "start": 0, "end": 14},
        {"type": "ORG", "start": 23, "end": 35},
        {"type": "LOC", "start": 50, "end": 58},
        {"type": "ORG", "start": 23, "end": 35},
        {"type": None, "start": 37, "end": 40},
    ],
    "relations": [
        {"type": "founded", "head": 0, "tail": 3},
        {"type": "based_in", "head": 1, "tail": 2},
        {"type": "founded", "head": 1, "tail": 1},
    ],
}


def write(path, records):
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    return str(path)


def numbered(count):
    return [
        {**RECORD, "id": number, "text": TEXT.replace("Oldhaven", f"Oldhave{number}"[:8])} for number in range(count)
    ]


def test_import_writes_a_data_set_that_loads(tmp_path, capsys):
    output = tmp_path / "my"
    assert main(["import", write(tmp_path / "export.jsonl", numbered(9)), "--output", str(output)]) == 0
    printed = capsys.readouterr()
    assert "entities           45        0        18       27" in printed.out
    assert "relations          27        0        18        9" in printed.out
    assert "entity types: PER 9, ORG 9, LOC 9" in printed.out
    assert "left out: 9 entities: the same as another" in printed.err
    assert "left out: 9 relations: its head and tail are in different sentences" in printed.err
    splits = load_splits(str(output))
    assert [len(each) for each in (splits.train, splits.dev, splits.test)] == [14, 2, 2]
    assert splits.schema.entity_names == ("LOC", "ORG", "PER")
    first = splits.train[0]
    assert first.tokens == ["Mira", "Voss", "-", "Tarn", "founded", "Kestrel", "Labs", "."]
    assert first.extra["text"] == "Mira Voss-Tarn founded Kestrel Labs."
    assert first.id is not None and first.id.endswith(".1")


def test_places_are_told_by_task_and_words_below_their_note(tmp_path, capsys):
    values = [{"start": 0, "end": 5, "text": "Mira ", "labels": ["PER"]}, {"start": 10, "end": 14, "labels": ["ORG"]}]
    regions = [
        {"id": name, "from_name": "label", "to_name": "text", "type": "labels", "value": value}
        for name, value in zip("ab", values, strict=True)
    ]
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": []}
    task = {"id": 71, "data": {"text": "Mira runs Tarn."}, "annotations": [{"result": [*regions, relation]}]}
    file = tmp_path / "export.json"
    file.write_text(json.dumps([task]), encoding="utf-8")
    assert main(["import", str(file), "--output", str(tmp_path / "my")]) == 0
    lines = capsys.readouterr().err.splitlines()
    place = f"    {file}, record 1 (task 71): "
    trimmed = lines.index("Note: changed: 1 entity: white space at its ends is left out")
    assert lines[trimmed + 1] == f"{place}entities[0] ('Mira ')"
    unlabelled = next(number for number, line in enumerate(lines) if line.startswith("Note: left out: 1 relation"))
    assert lines[unlabelled + 1] == f"{place}relations[0] (from 'Mira ' to 'Tarn')"


def test_a_place_of_a_further_label_is_that_of_its_mention(tmp_path, capsys):
    region = {"id": "a", "from_name": "label", "to_name": "text", "type": "labels"}
    region["value"] = {"start": 0, "end": 3, "text": "Mir", "labels": ["PER", "ORG"]}
    file = tmp_path / "export.json"
    task = {"id": 71, "data": {"text": "Mira runs Tarn."}, "annotations": [{"result": [region]}]}
    file.write_text(json.dumps([task]), encoding="utf-8")
    assert main(["import", str(file), "--output", str(tmp_path / "my")]) == 0
    assert "entities[1]" not in capsys.readouterr().err


def test_whole_texts_keep_relations_across_sentences(tmp_path):
    arguments = ["--documents", "whole", "--dev", "0", "--test", "0", "--output", str(tmp_path / "my")]
    assert main(["import", write(tmp_path / "export.jsonl", [RECORD]), *arguments]) == 0
    (document,) = read_documents(tmp_path / "my" / "train.jsonl")
    assert [(one.type, one.head, one.tail) for one in document.relations] == [("founded", 0, 1), ("based_in", 1, 2)]
    assert sorted(path.name for path in (tmp_path / "my").iterdir()) == ["train.jsonl", "types.json"]


def test_strict_makes_errors_of_what_does_not_fit_and_writes_nothing(tmp_path, capsys):
    output = tmp_path / "my"
    assert main(["import", write(tmp_path / "e.jsonl", [RECORD]), "--output", str(output), "--strict"]) == 1
    message = capsys.readouterr().err
    assert "record 1 (line 1): entities[4] ('She') must be as it was annotated, got no label" in message
    assert "relations[2] (founded from 'Kestrel Labs' to 'Kestrel Labs') must be as it was annotated" in message
    assert not output.exists()


def test_strict_names_every_place(tmp_path, capsys):
    file = write(tmp_path / "e.jsonl", [{**RECORD, "id": number} for number in range(7)])
    assert main(["import", file, "--output", str(tmp_path / "my"), "--strict"]) == 1
    assert capsys.readouterr().err.count("got of a mention to itself") == 7


def test_every_fault_of_every_file_is_told_at_once_and_nothing_is_written(tmp_path, capsys):
    wrong = [
        {**RECORD, "entities": [{"type": "PER", "start": 5, "end": 99}, {"type": 3, "start": 5, "end": 4}]},
        {"text": 7, "entities": [{"type": "PER", "start": 0, "end": 1}]},
    ]
    files = [write(tmp_path / "a.jsonl", [RECORD, wrong[0]]), write(tmp_path / "b.jsonl", [RECORD, wrong[1]])]
    assert main(["import", *files, "--output", str(tmp_path / "my")]) == 1
    message = capsys.readouterr().err
    assert (
        "a.jsonl, record 2 (line 2): entities[0].end must be an integer from 1 to 59 (the text's length), got 99"
        in message
    )
    assert "entities[1].end must be more than the start, 5, got 4" in message
    assert "entities[1].type must be the name of a type, got 3" in message
    assert "b.jsonl, record 2 (line 2): text must be a string of valid Unicode, got 7" in message
    assert not (tmp_path / "my").exists()


def test_a_data_set_is_replaced_only_when_told_so(tmp_path, capsys):
    file, output = write(tmp_path / "e.jsonl", numbered(3)), str(tmp_path / "my")
    assert main(["import", file, "--output", output]) == 0
    capsys.readouterr()
    assert main(["import", file, "--output", output]) == 1
    assert "(--overwrite replaces it)" in capsys.readouterr().err
    assert main(["import", file, "--output", output, "--overwrite", "--dev", "0", "--test", "0"]) == 0
    assert sorted(path.name for path in (tmp_path / "my").iterdir()) == ["train.jsonl", "types.json"]


def test_other_files_in_the_folder_are_never_replaced(tmp_path, capsys):
    output = tmp_path / "my"
    output.mkdir()
    (output / "notes.json").write_text("{}", encoding="utf-8")
    file = write(tmp_path / "e.jsonl", [RECORD])
    assert main(["import", file, "--output", str(output), "--overwrite"]) == 1
    assert "notes.json" in capsys.readouterr().err


def test_content_of_no_format_is_told_with_all_formats(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("Just a text.\n", encoding="utf-8")
    assert main(["import", str(tmp_path / "a.txt"), "--output", str(tmp_path / "my")]) == 1
    assert "in one of the formats" in capsys.readouterr().err


def test_annotations_without_any_entity_are_refused(tmp_path, capsys):
    file = write(tmp_path / "e.jsonl", [{"text": "Nobody.", "entities": []}])
    assert main(["import", file, "--output", str(tmp_path / "my")]) == 1
    assert "must be annotated, got no entity that can be used" in capsys.readouterr().err


def test_it_is_told_why_nothing_is_left(tmp_path, capsys):
    record = {"text": "Nobody.", "entities": [{"type": None, "start": 0, "end": 6}]}
    assert main(["import", write(tmp_path / "e.jsonl", [record] * 2), "--output", str(tmp_path / "my")]) == 1
    told = capsys.readouterr().err
    assert f"{tmp_path / 'e.jsonl'} must be annotated, got no entity that can be used (left out: 2 entities: no" in told


def test_short_names_are_the_shortest_beginnings_that_differ():
    types = make_types(["PER", "PERSON", "Location"], ["Work_For", "Work_With", "Kill"])
    assert [each.short for each in types.entity_types] == ["PER", "PERS", "Loca"]
    assert [each.short for each in types.relation_types] == ["Work_F", "Work_W", "Kill"]
    assert types.relation_types[0].verbose == "Work For"


def test_names_of_types_do_not_break_the_lines_of_the_summary(tmp_path, capsys):
    record = {"text": "Nobody.", "entities": [{"type": "a\nb", "start": 0, "end": 6}]}
    assert main(["import", write(tmp_path / "e.jsonl", [record]), "--output", str(tmp_path / "my")]) == 0
    assert "entity types: 'a\\nb' 1\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", FORMATS)
def test_options_that_a_format_does_not_have_are_told(tmp_path, name):
    report, options = Report(), ReadingOptions("all", "code-points", "X", "Y", "z")
    with suppress(OSError, ImportError):
        FORMATS[name].read(tmp_path / "nothing", options, report)
    told = {note.split(" has no effect")[0].partition(": --")[2].replace("-", "_") for note in report.notes}
    assert told == options.given - FORMATS[name].heeded
    assert not ReadingOptions().given


def test_of_whom_annotations_are_is_not_passed_over_in_silence(tmp_path, capsys):
    export = write(tmp_path / "export.jsonl", [RECORD])
    assert main(["import", export, "--output", str(tmp_path / "my"), "--annotations", "by ann"]) == 0
    note = f"Note: {export}: --annotations has no effect on JSON Lines of texts with character spans"
    assert note in capsys.readouterr().err


def test_a_data_set_stays_whole_if_another_cannot_replace_it(tmp_path, monkeypatch, capsys):
    output = tmp_path / "my"
    assert main(["import", write(tmp_path / "export.jsonl", numbered(9)), "--output", str(output)]) == 0
    before = {path.name: path.read_bytes() for path in output.iterdir()}

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "_write", full)
    arguments = ["import", str(tmp_path / "export.jsonl"), "--output", str(output), "--overwrite", "--test", "0"]
    assert main(arguments) == 1
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before
    assert "No space left on device" in capsys.readouterr().err


def test_an_output_without_a_name_is_not_the_working_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["import", write(tmp_path / "export.jsonl", [RECORD]), "--output", ""]) == 1
    assert "output must be a folder, got an empty name" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["export.jsonl"]


def test_only_one_run_at_a_time_writes_to_a_folder(tmp_path, capsys):
    output = tmp_path / "my"
    arguments = ["import", write(tmp_path / "export.jsonl", [RECORD]), "--output", str(output)]
    with owned_folder("output", output):
        assert main(arguments) == 1
    assert f"output: another run is writing into {output}" in capsys.readouterr().err
    assert not output.exists()
    assert main(arguments) == 0


def test_a_run_that_ends_while_files_are_read_is_not_written_over(tmp_path, monkeypatch, capsys):
    output = tmp_path / "my"

    def slow(*arguments):
        output.mkdir()
        (output / "train.jsonl").write_text("another run's")
        return choose_format(*arguments)

    monkeypatch.setattr(importing, "choose_format", slow)
    assert main(["import", write(tmp_path / "export.jsonl", [RECORD]), "--output", str(output)]) == 1
    assert "--overwrite replaces it" in capsys.readouterr().err
    assert [(path.name, path.read_text()) for path in output.iterdir()] == [("train.jsonl", "another run's")]


def test_a_full_disk_is_told_with_the_folder_that_has_no_room(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importing, "to_json_line", lambda records: "x" * 100_000)
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 (the command closes it)
    monkeypatch.setattr(importing, "TemporaryFile", lambda mode, encoding: full)
    assert main(["import", write(tmp_path / "export.jsonl", [RECORD]), "--output", str(tmp_path / "my")]) == 1
    error = capsys.readouterr().err
    assert f"spert-hf import: {gettempdir()}: " in error
    assert "No space left on device" in error
    assert not (tmp_path / "my").exists()


def test_a_pipe_is_refused_as_files_are_looked_at_before_they_are_read(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    for more in ([], ["--format", "json-lines"]):
        assert main(["import", str(tmp_path / "pipe"), "--output", str(tmp_path / "my"), *more]) == 1
        assert f"{tmp_path / 'pipe'} must be a file or folder, got a pipe or device" in capsys.readouterr().err
