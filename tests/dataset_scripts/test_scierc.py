"""SciERC's loading script: from abstracts to sentences, the archive, local folders, and the real data if at hand."""

import hashlib
import io
import json
import tarfile

import pytest

from spert_hf.data import DatasetError, load_splits
from spert_hf.data.named_datasets import dataset_folder
from tests.support.loading_scripts import NOT_FOUND, build, card_rows, counted, import_script

ABSTRACT = {
    "doc_key": "MADE_1",
    "clusters": [],
    "sentences": [
        ["Our", "parser", "-LRB-", "P", "-RRB-", "works", "."],
        ["P", "beats", "Q", "-LSB-", "2", "-RSB-", "."],
    ],
    "ner": [[[1, 1, "Method"], [3, 3, "Method"]], [[7, 7, "Method"], [9, 9, "Method"], [8, 9, "OtherScientificTerm"]]],
    "relations": [[[3, 3, 1, 1, "HYPONYM-OF"]], [[7, 7, 9, 9, "COMPARE"], [9, 9, 7, 7, "USED-FOR"]]],
}
ROWS = [
    {
        "tokens": ["Our", "parser", "(", "P", ")", "works", "."],
        "entities": [{"type": "Method", "start": 1, "end": 2}, {"type": "Method", "start": 3, "end": 4}],
        "relations": [{"type": "Hyponym-of", "head": 1, "tail": 0}],
        "orig_id": "MADE_1-0",
        "doc_id": "MADE_1",
    },
    {
        "tokens": ["P", "beats", "Q", "[", "2", "]", "."],
        "entities": [
            {"type": "Method", "start": 0, "end": 1},
            {"type": "Method", "start": 2, "end": 3},
            {"type": "OtherScientificTerm", "start": 1, "end": 3},
        ],
        "relations": [{"type": "Compare", "head": 0, "tail": 1}, {"type": "Used-for", "head": 1, "tail": 0}],
        "orig_id": "MADE_1-1",
        "doc_id": "MADE_1",
    },
]
FILES = {
    split: json.dumps({**ABSTRACT, "doc_key": key}) + "\n"
    for split, key in zip(("train", "dev", "test"), ("MADE_1", "MADE_2", "MADE_3"), strict=True)
}


def write_files(folder):
    folder.mkdir(parents=True)
    for split, text in FILES.items():
        (folder / f"{split}.json").write_text(text, encoding="utf-8")
    return folder


def write_archive(path, files=FILES):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {
            "elmo/train.hdf5": "not used",
            **{f"json/{split}.json": t for split, t in files.items()},
        }.items():
            member = tarfile.TarInfo(f"./processed_data/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))


@pytest.fixture
def served(server, monkeypatch):
    """The builder, told of a server on this machine; the served folder, empty; and the archives' two addresses."""
    folder, address = server
    builder = import_script("scierc").Scierc
    addresses = (f"{address}/gone.tar.gz", f"{address}/sciERC.tar.gz")
    monkeypatch.setattr(builder, "ADDRESSES", addresses)
    digests = {split: hashlib.sha256(text.encode()).hexdigest() for split, text in FILES.items()}
    monkeypatch.setattr(builder, "DIGESTS", digests)
    return builder, folder, addresses


def test_archive_to_sentences(served, tmp_path):
    builder, folder, _ = served
    write_archive(folder / "sciERC.tar.gz")
    rows = build(builder, tmp_path)
    assert {split: len(part) for split, part in rows.items()} == {"train": 2, "validation": 2, "test": 2}
    assert rows["train"] == ROWS


def test_train_and_dev_as_one(served, tmp_path):
    builder, folder, _ = served
    write_archive(folder / "sciERC.tar.gz")
    rows = build(builder, tmp_path, "train_plus_dev")
    assert [row["orig_id"] for row in rows["train"]] == ["MADE_1-0", "MADE_1-1", "MADE_2-0", "MADE_2-1"]
    assert list(rows) == ["train", "test"]


def test_sources_that_are_gone_are_named(served, tmp_path):
    builder, _, (first, second) = served
    with pytest.raises(OSError, match="set data_dir to a folder with train") as caught:
        build(builder, tmp_path)
    assert f"Tried: {first}: {NOT_FOUND}; {second}: {NOT_FOUND}" in str(caught.value)


def test_changed_files_are_told(served, tmp_path):
    builder, folder, (_, address) = served
    write_archive(folder / "sciERC.tar.gz", {**FILES, "dev": "{}"})
    given = hashlib.sha256(b"{}").hexdigest()
    with pytest.raises(OSError, match="set data_dir") as caught:
        build(builder, tmp_path)
    said = str(caught.value)
    assert f"{address}: ValueError: ./processed_data/json/dev.json has changed: its SHA-256 must be " in said
    assert f", got {given}" in said


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html>moved</html>", "sciERC.tar.gz: ReadError: not a gzip file"),
        (None, "dev.json, processed_data/json/test.json not in it"),
    ],
)
def test_another_archive_is_told(served, tmp_path, content, expected):
    builder, folder, _ = served
    write_archive(folder / "sciERC.tar.gz", {"train": FILES["train"]})
    if content is not None:
        (folder / "sciERC.tar.gz").write_bytes(content)
    with pytest.raises(OSError, match="set data_dir") as caught:
        build(builder, tmp_path)
    assert expected in str(caught.value)


@pytest.mark.parametrize("below", [".", "processed_data/json"])
def test_load_splits_by_name_from_a_local_folder(tmp_path, below):
    write_files(tmp_path / "local" / below)
    splits = load_splits(dataset_folder("scierc"), data_dir=tmp_path / "local")
    assert [document.to_record() for document in splits.train] == ROWS
    assert [len(part) for part in (splits.dev, splits.test)] == [2, 2]
    assert splits.schema.entity_names == ("Task", "Method", "Material", "OtherScientificTerm", "Metric", "Generic")
    assert splits.schema.symmetric_relation_names == ("Compare", "Conjunction")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", r"dev.json, line 2 must be an object .*, got JSONDecodeError "),
        ("{}", r"dev.json, line 2 must be an object with doc_key, sentences.*, got KeyError 'sentences'"),
        (
            json.dumps({**ABSTRACT, "relations": [[], []], "ner": [[]]}),
            r"dev.json, line 2 must be an object .*, got ValueError zip\(\)",
        ),
        (json.dumps({**ABSTRACT, "ner": [[], []]}), r"dev.json, line 2 must be an object .*, got KeyError \(3, 3\)"),
    ],
)
def test_faults_of_local_files_are_placed(tmp_path, line, expected):
    folder = write_files(tmp_path / "local")
    (folder / "dev.json").write_text(FILES["dev"] + line, encoding="utf-8")
    with pytest.raises(DatasetError, match=expected):
        load_splits(dataset_folder("scierc"), data_dir=folder)


def test_a_local_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"data_dir must be a folder with train.json, dev.json, test.json.*, got"):
        load_splits(dataset_folder("scierc"), data_dir=tmp_path)


def test_the_real_data(shared_data, tmp_path):
    folder = shared_data / "scierc"
    rows = build(import_script("scierc").Scierc, tmp_path, data_dir=folder)
    assert [len(part) for part in rows.values()] == [1861, 275, 551]
    everything = [row for part in rows.values() for row in part]
    assert sum(len(row["entities"]) for row in everything) == 8094
    assert sum(len(row["relations"]) for row in everything) == 4648
    abstracts = [len({row["orig_id"].rpartition("-")[0] for row in part}) for part in rows.values()]
    assert abstracts == [350, 50, 100]
    splits = load_splits(dataset_folder("scierc"), data_dir=folder)
    # The source repeats four relations; repetitions are dropped.
    documents = splits.train + splits.dev + splits.test
    assert sum(len(document.relations) for document in documents) == 4644
    found = {relation.type for document in documents for relation in document.relations}
    assert found == set(splits.schema.relation_names)


def test_the_real_data_has_the_digests_that_the_script_wants(shared_data):
    for split, digest in import_script("scierc").Scierc.DIGESTS.items():
        assert hashlib.sha256((shared_data / "scierc" / f"{split}.json").read_bytes()).hexdigest() == digest


def test_the_card_s_figures_are_those_of_the_real_data(shared_data, tmp_path):
    builder = import_script("scierc").Scierc
    rows = build(builder, tmp_path, data_dir=shared_data / "scierc")
    card = card_rows("scierc")
    for label, split in (("train", "train"), ("dev (`validation`)", "validation"), ("test", "test")):
        abstracts = {row["orig_id"].rpartition("-")[0] for row in rows[split]}
        counts = (sum(len(row[kind]) for row in rows[split]) for kind in ("entities", "relations"))
        assert (label, *(f"{count:,}" for count in (len(abstracts), len(rows[split]), *counts))) in card
    everything = [row for part in rows.values() for row in part]
    for kind in ("entities", "relations"):
        for name, properties in builder.spert_types[kind].items():
            count = counted([name], (item for row in everything for item in row[kind]))
            assert (name + " (symmetric)" * properties.get("symmetric", False), count) in card
    assert sum(not row["relations"] for row in everything) == 737
    assert max(len(row["tokens"]) for row in everything) == 101
    assert max(entity["end"] - entity["start"] for row in everything for entity in row["entities"]) == 13
