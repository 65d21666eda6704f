"""CoNLL04's loading script: both sources, local folders, and the real data where it is at hand."""

import json

import pytest

from spert_hf.data import DatasetError, TypeSchema, load_splits
from spert_hf.data.named_datasets import dataset_folder
from tests.support.loading_scripts import NOT_FOUND, build, card_rows, counted, digest_of, import_script

# Identifier, tokens with tags, {position of a head's last token: (types, positions of the tails' last tokens)}.
ANN = ("7", ["Ann/B-Peop", "Lee/I-Peop", "of/O", "Oslo/B-Loc", ",/O", "Norway/B-Loc", "./O"])
ANN_RELATIONS = {1: (["Live_In", "Live_In"], [3, 5]), 3: (["Located_In"], [5])}
ANN_ROW = {
    "tokens": ["Ann", "Lee", "of", "Oslo", ",", "Norway", "."],
    "entities": [
        {"type": "Peop", "start": 0, "end": 2},
        {"type": "Loc", "start": 3, "end": 4},
        {"type": "Loc", "start": 5, "end": 6},
    ],
    "relations": [
        {"type": "Live_In", "head": 0, "tail": 1},
        {"type": "Live_In", "head": 0, "tail": 2},
        {"type": "Located_In", "head": 1, "tail": 2},
    ],
    "orig_id": "7",
}


def text_of(identifier, words, relations=None):
    lines = [f"#doc {identifier}"]
    for position, word in enumerate(words):
        token, _, tag = word.rpartition("/")
        types, tails = (relations or {}).get(position, (["N"], [position]))
        lines.append(f"{position}\t{token}\t{tag}\t{types}\t{tails}")
    return "\n".join(lines) + "\n"


def write_text_files(folder):
    """Train 7 and 8, dev 9 of that source; SpERT's dev is 8 (see `module`)."""
    folder.mkdir(exist_ok=True)
    (folder / "train.txt").write_text(text_of(*ANN, ANN_RELATIONS) + text_of("8", ["Bo/B-Peop", "sat/O"]))
    (folder / "dev.txt").write_text(text_of("9", ["Acme/I-Org", "Inc./I-Org", "Ada/B-Peop", "Bo/B-Peop"]))
    (folder / "test.txt").write_text(text_of("10", ["Oslo/B-Loc"]))
    return folder


def write_json_files(folder, prefix="conll04_"):
    folder.mkdir(exist_ok=True)
    for split, identifiers in {"train": (7, 9), "dev": (8,), "test": (10,)}.items():
        records = [{**ANN_ROW, "orig_id": identifier} for identifier in identifiers]
        (folder / f"{prefix}{split}.json").write_text(json.dumps(records), encoding="utf-8")
    return folder


@pytest.fixture
def module(monkeypatch):
    module = import_script("conll04")
    monkeypatch.setattr(module.Conll04, "DEV_IDS", frozenset({"8"}))
    return module


@pytest.fixture
def served(module, server, monkeypatch):
    """The builder, told of a server on this machine; the served folder, empty; and the server's address."""
    folder, address = server
    made = write_text_files(folder.parent / "made")
    digests = {split: digest_of(made / f"{split}.txt") for split in ("train", "dev", "test")}
    monkeypatch.setattr(module.Conll04, "JSON_ADDRESS", address + "/conll04_{split}.json")
    monkeypatch.setattr(module.Conll04, "JSON_COUNTS", {"train": (2, 6, 6), "dev": (1, 3, 3), "test": (1, 3, 3)})
    monkeypatch.setattr(module.Conll04, "TEXT_ADDRESS", address + "/{split}.txt")
    monkeypatch.setattr(module.Conll04, "TEXT_DIGESTS", digests)
    return module.Conll04, folder, address


def ids(rows):
    return {split: [row["orig_id"] for row in part] for split, part in rows.items()}


def test_first_source(served, tmp_path):
    builder, folder, _ = served
    write_json_files(folder)
    rows = build(builder, tmp_path)
    assert ids(rows) == {"train": ["7", "9"], "validation": ["8"], "test": ["10"]}
    assert rows["train"][0] == ANN_ROW


def test_second_source_where_the_first_is_gone(served, tmp_path):
    builder, folder, _ = served
    write_text_files(folder)
    rows = build(builder, tmp_path)
    assert ids(rows) == {"train": ["7", "9"], "validation": ["8"], "test": ["10"]}
    assert rows["train"][0] == ANN_ROW
    assert rows["train"][1]["entities"] == [
        {"type": "Org", "start": 0, "end": 2},
        {"type": "Peop", "start": 2, "end": 3},
        {"type": "Peop", "start": 3, "end": 4},
    ]


def test_second_source_where_the_first_holds_other_data(served, tmp_path):
    builder, folder, _ = served
    write_text_files(write_json_files(folder))
    (folder / "conll04_test.json").write_text(json.dumps([ANN_ROW, ANN_ROW]), encoding="utf-8")
    assert ids(build(builder, tmp_path))["test"] == ["10"]


def test_train_and_dev_as_one(served, tmp_path):
    builder, folder, _ = served
    write_text_files(folder)
    assert ids(build(builder, tmp_path, "train_plus_dev")) == {"train": ["7", "9", "8"], "test": ["10"]}


def test_sources_that_are_gone_are_named(served, tmp_path):
    builder, _, address = served
    with pytest.raises(OSError, match="no source is usable; set data_dir to a folder with conll04_train") as caught:
        build(builder, tmp_path)
    assert f"Tried: {address}/conll04_train.json: {NOT_FOUND}; {address}/train.txt: {NOT_FOUND}" in str(caught.value)


def test_changed_digests_and_counts_are_told(served, tmp_path):
    builder, folder, address = served
    write_text_files(write_json_files(folder))
    (folder / "conll04_dev.json").write_text("[]", encoding="utf-8")
    (folder / "dev.txt").write_text(text_of("9", ["Bo/B-Peop"]))
    given, wanted = digest_of(folder / "dev.txt"), builder.TEXT_DIGESTS["dev"]
    with pytest.raises(OSError, match="set data_dir") as caught:
        build(builder, tmp_path)
    assert f"{address}/conll04_dev.json: ValueError: dev has changed: documents, entities" in str(caught.value)
    assert f"{address}/dev.txt: ValueError: dev has changed: its SHA-256 must be {wanted}, got {given}" in str(
        caught.value
    )


def test_local_folder_of_either_source(module, tmp_path):
    expected = {"train": ["7", "9"], "validation": ["8"], "test": ["10"]}
    assert ids(build(module.Conll04, tmp_path / "1", data_dir=write_json_files(tmp_path / "json"))) == expected
    assert ids(build(module.Conll04, tmp_path / "2", data_dir=write_text_files(tmp_path / "text"))) == expected


def test_load_splits_by_name_from_a_local_folder(tmp_path):
    splits = load_splits(dataset_folder("conll04"), data_dir=write_json_files(tmp_path / "json"))
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [2, 1, 1]
    assert splits.train[0].to_record() == ANN_ROW
    assert splits.schema.entity_names == ("Loc", "Org", "Peop", "Other")
    assert splits.schema.relation_names == ("Work_For", "Kill", "OrgBased_In", "Live_In", "Located_In")
    assert splits.schema.symmetric_relation_names == ()


def test_a_local_types_file_is_used(tmp_path):
    folder = write_json_files(tmp_path / "json")
    types = {"entities": {"Peop": {}, "Loc": {}}, "relations": {"Live_In": {}, "Located_In": {}}}
    (folder / "conll04_types.json").write_text(json.dumps(types), encoding="utf-8")
    assert load_splits(dataset_folder("conll04"), data_dir=folder).schema == TypeSchema.from_dict(types)


def test_faults_of_local_files_are_placed(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"data_dir must be a folder with conll04_train.*, got '.*empty'"):
        load_splits(dataset_folder("conll04"), data_dir=tmp_path / "empty")
    folder = write_json_files(tmp_path / "json")
    (folder / "conll04_dev.json").write_text('[{"tokens": ["a"], "entities": []}]')
    with pytest.raises(
        DatasetError, match=r"conll04_dev.json, record 0 must be an object .*, got KeyError 'relations'"
    ):
        load_splits(dataset_folder("conll04"), data_dir=folder)
    (folder / "conll04_dev.json").write_text("[")
    with pytest.raises(DatasetError, match=r"conll04_dev.json: Expecting value"):
        load_splits(dataset_folder("conll04"), data_dir=folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0\ta\tO\t['N']\t[0]\n", r"dev.txt, line 1 must be '#doc IDENTIFIER' or, under it, 5 fields, got"),
        ("#doc 5\n0\ta\tO\n", r"dev.txt, line 2 must be .*5 fields, got"),
        (
            text_of("5", ["a/O"], {0: (["Kill"], [0])}),
            r"dev.txt, #doc 5, token 0: relations must .*, got \['Kill'\] to \[0\]",
        ),
        (
            text_of("5", ["a/B-Peop"], {0: (["Kill"], [])}),
            r"dev.txt, #doc 5, token 0: relations must .*, got \['Kill'\] to \[\]",
        ),
    ],
)
def test_faults_of_local_text_files_are_placed(tmp_path, text, expected):
    folder = write_text_files(tmp_path / "text")
    (folder / "dev.txt").write_text(text)
    with pytest.raises(DatasetError, match=expected):
        load_splits(dataset_folder("conll04"), data_dir=folder)


def test_the_real_data(shared_data):
    splits = load_splits(dataset_folder("conll04"), data_dir=shared_data / "conll04")
    parts = (splits.train, splits.dev, splits.test)
    assert [len(part) for part in parts] == [922, 231, 288]
    assert sum(len(document.entities) for part in parts for document in part) == 5349
    assert sum(len(document.relations) for part in parts for document in part) == 2048
    assert splits.schema == TypeSchema.from_dict(import_script("conll04").Conll04.TYPES)


def test_the_real_data_is_what_the_first_source_has_to_hold(shared_data):
    """The counts by split, and the identifiers that bring SpERT's dev set back from the second source."""
    builder = import_script("conll04").Conll04
    for split, counts in builder.JSON_COUNTS.items():
        records = json.loads((shared_data / "conll04" / f"conll04_{split}.json").read_text(encoding="utf-8"))
        assert counts == (
            len(records),
            sum(len(record["entities"]) for record in records),
            sum(len(record["relations"]) for record in records),
        )
        is_dev = {str(record["orig_id"]) in builder.DEV_IDS for record in records}
        assert is_dev == {split == "dev"}
    assert len(builder.DEV_IDS) == 231


def test_the_real_data_with_train_and_dev_as_one(shared_data):
    splits = load_splits(
        dataset_folder("conll04"), data_dir=shared_data / "conll04", config_name="train_plus_dev", dev_fraction=0
    )
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [1153, 0, 288]


def test_the_card_s_figures_are_those_of_the_real_data(shared_data, tmp_path):
    builder = import_script("conll04").Conll04
    rows = build(builder, tmp_path, data_dir=shared_data / "conll04")
    for label, split in (("train", "train"), ("dev (`validation`)", "validation"), ("test", "test")):
        entities = [entity for row in rows[split] for entity in row["entities"]]
        relations = [relation for row in rows[split] for relation in row["relations"]]
        counts = (counted(builder.TYPES["entities"], entities), counted(builder.TYPES["relations"], relations))
        assert (label, f"{len(rows[split]):,}", *counts) in card_rows("conll04")
    everything = [row for part in rows.values() for row in part]
    assert max(len(row["tokens"]) for row in everything) == 118
    assert max(entity["end"] - entity["start"] for row in everything for entity in row["entities"]) == 13
    assert all(row["relations"] for row in everything)


def test_load_splits_names_every_address_and_the_way_out(monkeypatch):
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    builder = import_script("conll04").Conll04
    with pytest.raises(
        DatasetError, match="no source is usable; set data_dir to a folder with conll04_train"
    ) as caught:
        load_splits(dataset_folder("conll04"))
    for address in (builder.JSON_ADDRESS, builder.TEXT_ADDRESS):
        assert f"{address.format(split='train')}: OfflineModeIsEnabled" in str(caught.value)
