"""White space, self-relations and costly annotations: every command takes them alike, and says so in one line each."""

import json

import pytest

from spert_hf.cli.main import main
from tests.support.documents import TYPES, make_dataset_folder, make_records
from tests.support.tiny_models import make_encoder_folder

BLANK = "2 tokens are white space only, and left out"


def spaced(record):
    """The record with a token of white space before its first token, and one behind its last."""
    moved = [{**entity, "start": entity["start"] + 1, "end": entity["end"] + 1} for entity in record["entities"]]
    return {**record, "tokens": ["\n", *record["tokens"], " "], "entities": moved}


@pytest.fixture
def records():
    """Of the types that the tiny model knows."""
    return make_records(4)


def write(folder, name, records):
    (folder / name).write_text(json.dumps(records))
    return str(folder / name)


class TestCheck:
    def test_white_space_is_no_fault(self, tmp_path, records, capsys):
        file = write(tmp_path, "train.json", [spaced(records[0])])
        assert main(["check", file]) == 0
        assert capsys.readouterr().out == f"{file}: note: {BLANK}; offsets of entities are adapted\n{file}: no fault\n"

    def test_self_relations(self, tmp_path, records, capsys):
        records[0]["relations"].append({"type": "Near", "head": 2, "tail": 2})
        file = write(tmp_path, "train.json", records)
        assert main(["check", file]) == 1
        assert "relations[2].tail must be another entity than the head, 2, got 2" in capsys.readouterr().out
        assert main(["check", file, "--self-relations", "drop"]) == 0
        assert "note: 1 relation of an entity to itself left out" in capsys.readouterr().out

    def test_a_folder_is_its_splits_with_its_types(self, tmp_path, records, capsys):
        folder = make_dataset_folder(tmp_path)
        assert main(["check", str(folder)]) == 0
        assert capsys.readouterr().out.count(": no fault\n") == 3
        records[0]["entities"][0]["type"] = "Unheard"
        train = write(folder, "train.json", records)
        assert main(["check", str(folder)]) == 1
        assert f"{train}: 1 fault\n" in capsys.readouterr().out
        (tmp_path / "empty").mkdir()
        assert main(["check", str(tmp_path / "empty")]) == 1
        assert (
            "FILE must be a file, or a folder with train.json, dev.json or test.json, got " in capsys.readouterr().err
        )

    def test_what_costs_is_noted(self, tmp_path, records, capsys):
        records[0]["entities"].append({**records[0]["entities"][2], "type": "Geo"})
        records[0]["relations"].append({"type": "no_relation", "head": 0, "tail": 2})
        names = ("train.json", "my_dev.json")
        assert main(["check", *(write(tmp_path, name, records) for name in names)]) == 0
        train, dev = capsys.readouterr().out.split("train.json: no fault\n")
        for shown in (train, dev):
            assert shown.count("note: 1 span with more than one type, most often Geo and Loc (1)") == 1
            assert shown.count("note: relation type no_relation, 1 time: ") == 1
        assert "the dev split has" not in train
        assert dev.count("note: the dev split has 4 documents with 7 relations: ") == 1

    def test_settings_that_suit_the_data_are_suggested(self, tmp_path, capsys):
        files = [write(tmp_path, name, make_records(40)) for name in ("train.json", "dev.json")]
        assert main(["check", *files]) == 0
        shown = capsys.readouterr().out
        assert shown.count("train.json: note: none of 130 entities overlaps another: --overlap best") == 1
        assert shown.count("train.json: note: each relation type joins at most 1 of 9 pairs of entity types: ") == 1
        assert "dev.json: note" not in shown


def test_train_suggests_what_is_not_chosen(tmp_path, capsys):
    data = tmp_path / "data"
    data.mkdir()
    make_dataset_folder(data, 40)
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    flags = [f"--dataset={data}", f"--encoder={encoder}", f"--output-dir={tmp_path / 'run'}", "--num-train-epochs=1"]
    assert main(["train", *flags, "--cpu-threads=1", "--overlap=keep"]) == 0
    said = capsys.readouterr().err
    assert said.count("Note: each relation type joins at most 1 of 9 pairs of entity types: --learn-signatures") == 1
    assert "--overlap best" not in said


def test_extract_reads_no_white_space_and_counts_given_tokens(tiny_checkpoint, tmp_path, records, capsys):
    tokens = records[0]["tokens"]
    found = []
    for name, given in (("plain", tokens), ("spaced", ["\n", *tokens, " "])):
        given = write(tmp_path, f"{name}.json", [{"tokens": given}])
        output = tmp_path / f"{name}.jsonl"
        files = ["--input", given, "--output", str(output)]
        assert main(["extract", "--model", str(tiny_checkpoint), *files]) == 0
        found.append(json.loads(output.read_text()))
        assert (BLANK in capsys.readouterr().err) is (name == "spaced")
    plain, other = found
    assert plain["entities"]
    assert other["tokens"] == ["\n", *tokens, " "]
    assert other["relations"] == plain["relations"]
    for one, moved in zip(plain["entities"], other["entities"], strict=True):
        places = {"token_start": one["token_start"] + 1, "token_end": one["token_end"] + 1}
        assert moved == one | places


def test_evaluate_scores_the_same_and_says_what_it_dropped(tiny_checkpoint, tmp_path, records, capsys):
    scores = []
    wild = [spaced(records[0]), *records[1:]]
    wild[1] = {**wild[1], "relations": [*wild[1]["relations"], {"type": "Near", "head": 0, "tail": 0}]}
    for name, part in (("plain.json", records), ("wild.json", wild)):
        given = ["--model", str(tiny_checkpoint), "--dataset", write(tmp_path, name, part), "--json"]
        assert main(["evaluate", *given, "--self-relations", "drop"]) == 0
        shown = capsys.readouterr()
        scores.append(json.loads(shown.out))
        assert (f"Note: {BLANK}" in shown.err) is (name == "wild.json")
        assert ("Note: 1 relation of an entity to itself left out" in shown.err) is (name == "wild.json")
    assert scores[0] == scores[1]
    assert main(["evaluate", *given]) == 1
    assert "record 2: relations[2].tail must be another entity than the head, " in capsys.readouterr().err


def test_train_takes_and_tells_all_of_it(tmp_path, capsys):
    folder = tmp_path / "data"
    folder.mkdir()
    make_dataset_folder(folder)
    records = make_records()
    records[0] = spaced(records[0])
    records[1]["relations"].append({"type": "Near", "head": 2, "tail": 2})
    records[2]["entities"].append({**records[2]["entities"][0], "type": "Org"})
    records[4]["relations"].append({"type": "None", "head": 0, "tail": 2})
    write(folder, "train.json", records)
    types = json.loads(json.dumps(TYPES))
    types["relations"]["None"] = {}
    write(folder, "types.json", types)
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    arguments = ["--dataset", str(folder), "--encoder", str(encoder), "--output-dir", str(tmp_path / "out")]
    assert main(["train", *arguments]) == 1
    assert "record 2: relations[2].tail must be another entity than the head, " in capsys.readouterr().err
    assert main(["train", *arguments, "--self_relations", "drop", "--num-train-epochs", "1"]) == 0
    said = capsys.readouterr().err
    notes = [line for line in said.splitlines() if line.startswith("Note: ")]
    beginnings = (
        BLANK,
        "1 relation of an entity",
        "1 span with",
        "relation type None",
        "the dev split has 4 documents",
    )
    assert [note.startswith(f"Note: {start}") for note, start in zip(notes, beginnings, strict=True)] == [True] * 5
