import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import DatasetError, Document, DocumentError, SchemaError, TypeSchema, load_splits
from spert_hf.data import hub_dataset as hub
from spert_hf.data.loading import draw_dev
from spert_hf.data.sources import Origin

TYPES = {"entities": {"Peop": {}, "Loc": {}}, "relations": {"Live_In": {"symmetric": False}}}


def records(*names, entity_type="Peop"):
    return [
        {"tokens": [name, "sleeps"], "entities": [{"type": entity_type, "start": 0, "end": 1}], "relations": []}
        for name in names
    ]


def names(documents):
    return [document.tokens[0] for document in documents]


def write(folder, **contents):
    """Write each content as ``NAME.json``, with ``__`` in a name for another suffix (``train__jsonl``)."""
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        stem, _, suffix = name.partition("__")
        text = "\n".join(map(json.dumps, content)) if suffix else json.dumps(content)
        (folder / f"{stem}.{suffix or 'json'}").write_text(text, encoding="utf-8")
    return folder


# Folders and files


@pytest.mark.parametrize("suffix", ["", "__jsonl"])
def test_self_relations_are_faults_or_dropped(tmp_path, suffix):
    own = {**records("a")[0], "relations": [{"type": "Live_In", "head": 0, "tail": 0}]}
    folder = write(tmp_path / "set", types=TYPES, **{f"train{suffix}": [own], f"dev{suffix}": [own]})
    with pytest.raises(DocumentError) as caught:
        load_splits(folder)
    assert [located.fault.field for located in caught.value.faults] == ["relations[0].tail"] * 2
    splits = load_splits(folder, self_relations="drop")
    assert [(one.relations, one.changes.self_relations) for one in splits.train + splits.dev] == [([], 1)] * 2
    with pytest.raises(DatasetError, match="self_relations must be 'error' or 'drop', got 'ignore'"):
        load_splits(folder, self_relations="ignore")


def test_a_folder_of_splits_and_types(tmp_path):
    folder = write(tmp_path / "set", train=records("a", "b"), dev=records("c"), test=records("d"), types=TYPES)
    splits = load_splits(folder)
    assert (names(splits.train), names(splits.dev), names(splits.test)) == (["a", "b"], ["c"], ["d"])
    assert splits.name == "set"
    assert splits.schema == TypeSchema.from_dict(TYPES)


@pytest.mark.parametrize("dev", ["dev", "valid", "validation", "x_dev", "x-validation", "x_Valid"])
def test_names_of_split_files(tmp_path, dev):
    folder = write(
        tmp_path, x_train__jsonl=records("a"), **{dev: records("b")}, my_test__ndjson=records("c"), x_types=TYPES
    )
    splits = load_splits(str(folder))
    assert (names(splits.train), names(splits.dev), names(splits.test)) == (["a"], ["b"], ["c"])
    assert splits.schema.entity_names == ("Peop", "Loc")


def test_without_types_they_come_from_the_training_documents(tmp_path):
    folder = write(tmp_path, train=records("a", entity_type="Z") + records("b", entity_type="A"), dev=records("c"))
    with pytest.raises(
        DocumentError, match=r"dev\.json, record 1: entities\[0\]\.type must be one of A, Z, got 'Peop'"
    ):
        load_splits(folder)
    (folder / "dev.json").unlink()
    assert load_splits(folder).schema.entity_names == ("A", "Z")


def test_given_types_replace_those_of_the_data_set(tmp_path):
    folder = write(tmp_path / "set", train=records("a", "b"), types={"wrong": 1}, other_types={"wrong": 1})
    schema = TypeSchema.from_names(["X", "Peop"], [])
    schema.save(tmp_path / "mine.json")
    assert load_splits(folder, types=tmp_path / "mine.json").schema == schema
    assert load_splits(folder, types=schema).schema == schema


def test_two_types_files_are_named(tmp_path):
    folder = write(tmp_path, train=records("a"), a_types=TYPES, types=TYPES)
    with pytest.raises(DatasetError, match=r"more than one file for types: a_types\.json, types\.json; keep one"):
        load_splits(folder)


def test_two_files_for_a_split_are_named(tmp_path):
    folder = write(tmp_path, train=records("a"), dev=records("a"), validation=records("a"))
    with pytest.raises(DatasetError, match=r"more than one file for dev: dev\.json, validation\.json"):
        load_splits(folder)


def test_faults_of_all_splits_are_in_one_report(tmp_path):
    bad = [{"tokens": []}]
    folder = write(tmp_path, train=records("a") + bad, dev=bad, test=records("b", entity_type="Locc"), types=TYPES)
    with pytest.raises(DocumentError) as caught:
        load_splits(folder)
    assert [(Path(f.location.source).name, f.location.record, f.fault.field) for f in caught.value.faults] == [
        ("train.json", 2, "tokens"),
        ("dev.json", 1, "tokens"),
        ("test.json", 1, "entities[0].type"),
    ]


def test_a_single_file_is_for_training_and_dev_is_drawn(tmp_path):
    write(tmp_path, docs=records(*map(str, range(30))))
    splits = load_splits(tmp_path / "docs.json", dev_fraction=0.2)
    assert (len(splits.train), len(splits.dev), splits.test, splits.name) == (24, 6, [], "docs")
    assert sorted(map(int, names(splits.train + splits.dev))) == list(range(30))
    assert load_splits(tmp_path / "docs.json", dev_fraction=0.2) == splits
    assert load_splits(tmp_path / "docs.json", dev_fraction=0.2, seed=1) != splits
    assert load_splits(tmp_path / "docs.json", dev_fraction=0).dev == []


@given(st.integers(0, 40), st.floats(0, 1, exclude_min=True, exclude_max=True), st.integers())
def test_the_draw_takes_at_least_one_and_never_all(count, fraction, seed):
    documents = [Document([str(i)]) for i in range(count)]
    left, drawn = draw_dev(documents, fraction, seed)
    assert sorted(names(left + drawn)) == sorted(names(documents))
    assert [names(part) for part in (left, drawn)] == [sorted(names(part), key=int) for part in (left, drawn)]
    if count >= 2:
        assert left
        assert drawn
        assert len(drawn) in (1, count - 1) or abs(len(drawn) - fraction * count) <= 0.5
    else:
        assert drawn == []


@pytest.mark.parametrize(("count", "fraction", "drawn"), [(2, 0.99, 1), (3, 0.001, 1), (10, 0.99, 9), (1, 0.5, 0)])
def test_the_draw_at_its_limits(count, fraction, drawn):
    assert len(draw_dev([Document([str(i)]) for i in range(count)], fraction, seed=0)[1]) == drawn


def test_an_empty_dev_file_is_an_empty_dev_split(tmp_path):
    assert load_splits(write(tmp_path, train=records("a", "b"), dev=[])).dev == []


# What is refused


def test_a_folder_without_a_data_set(tmp_path):
    folder = write(tmp_path / "set", notes=[], test=records("a"))
    with pytest.raises(DatasetError) as caught:
        load_splits(folder)
    text = str(caught.value)
    assert text.startswith(f"{folder}: no data set here. Looked for a loading script set.py and for a training file")
    assert text.endswith("the folder has notes.json, test.json")


@pytest.mark.parametrize("given_name", ["no/such/folder", "./set", "no such set", "set.jsonl", "/nowhere/set"])
def test_a_path_that_is_not_there_and_no_name_on_the_hub(tmp_path, monkeypatch, given_name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError) as caught:
        load_splits(given_name)
    assert str(caught.value).startswith(
        "dataset must be a folder with a loading script or with train, dev and test files, "
    )
    assert f", got {given_name!r}, which is not a file or folder here and cannot be the name" in str(caught.value)


@pytest.mark.parametrize("argument", ["data_dir", "config_name", "revision"])
def test_arguments_that_would_do_nothing_are_refused(tmp_path, argument):
    folder = write(tmp_path / "set", train=records("a", "b"))
    for dataset, what in ((folder, "a folder of files"), (folder / "train.json", "a file")):
        with pytest.raises(DatasetError) as caught:
            load_splits(dataset, **{argument: "x"})
        assert str(caught.value) == f"{argument} must be left out, as {dataset} is {what}, got 'x'"


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan")])
def test_dev_fraction_has_its_range(tmp_path, fraction):
    with pytest.raises(DatasetError, match=r"dev_fraction must be a number from 0 to less than 1, got .*"):
        load_splits(tmp_path, dev_fraction=fraction)


def test_no_training_documents(tmp_path):
    with pytest.raises(DatasetError, match="the training split has no documents"):
        load_splits(write(tmp_path, train=[], types=TYPES))


def test_training_documents_without_entities_need_types(tmp_path):
    folder = write(tmp_path / "set", train=[{"tokens": ["a"]}, {"tokens": ["b"]}])
    with pytest.raises(SchemaError, match=r"set: entities must be annotated, .* got no entity in any document"):
        load_splits(folder)
    assert len(load_splits(folder, types=TypeSchema.from_names(["X"], [])).train) == 1


# The Hub

COMMIT = "0123456789" * 4


@pytest.fixture
def on_hub(monkeypatch, tmp_path):
    """Puts a data set in the place of the Hub: its splits, or what loading raises; its types, or what that raises."""
    datasets = pytest.importorskip("datasets")
    calls = {}

    def put(splits, types):
        def load_dataset_builder(*arguments, **settings):
            calls["load_dataset_builder"] = (arguments, settings)
            if isinstance(splits, Exception):
                raise splits
            return SimpleNamespace(
                hash=COMMIT,
                config=SimpleNamespace(name="default"),
                download_and_prepare=lambda: None,
                as_dataset=lambda: {name: datasets.Dataset.from_list(rows) for name, rows in splits.items()},
            )

        def hf_hub_download(*arguments, **settings):
            calls["hf_hub_download"] = (arguments, settings)
            if isinstance(types, Exception):
                raise types
            return str(write(tmp_path / "hub", types=types) / "types.json")

        monkeypatch.setattr(datasets, "load_dataset_builder", load_dataset_builder)
        monkeypatch.setattr(hub, "hf_hub_download", hf_hub_download)
        return calls

    return put


SPLITS = {"train": records("a", "b"), "validation": records("c"), "test": records("d"), "unlabelled": records("e")}


def test_a_data_set_on_the_hub(on_hub):
    calls = on_hub(SPLITS, TYPES)
    splits = load_splits("user/name", data_dir="sub", config_name="main", token="t", revision="v1")
    assert (names(splits.train), names(splits.dev), names(splits.test)) == (["a", "b"], ["c"], ["d"])
    assert splits.schema == TypeSchema.from_dict(TYPES)
    assert splits.name == "user/name"
    assert splits.origin == Origin("hub", "main", COMMIT)
    assert calls["load_dataset_builder"] == (("user/name", "main"), {"data_dir": "sub", "revision": "v1", "token": "t"})
    assert calls["hf_hub_download"] == (
        ("user/name", "types.json"),
        {"repo_type": "dataset", "revision": "v1", "token": "t"},
    )


def test_a_data_set_on_the_hub_without_types(on_hub):
    on_hub(SPLITS, hub.EntryNotFoundError("no such file"))
    assert load_splits("user/name").schema == TypeSchema.from_names(["Peop"], [])


def test_types_that_cannot_be_looked_up_are_not_guessed(on_hub, monkeypatch):
    on_hub(SPLITS, hub.LocalEntryNotFoundError("offline"))
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda *_, **__: None)
    with pytest.raises(
        DatasetError, match=r"whether it has a types\.json cannot be looked up: .*offline; name a types file"
    ):
        load_splits("user/name")
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda *_, **__: object())  # the cache knows: no such file
    assert load_splits("user/name").schema.entity_names == ("Peop",)


def test_faults_of_a_data_set_on_the_hub_name_the_split(on_hub):
    on_hub({"train": records("a", "b"), "test": records("c", entity_type="Lok")}, TYPES)
    with pytest.raises(
        DocumentError, match=r"user/name, split test, record 1: entities\[0\]\.type must be .*, got 'Lok'"
    ):
        load_splits("user/name")


def test_a_data_set_that_the_hub_does_not_have(on_hub):
    on_hub(FileNotFoundError("Dataset 'user/name' doesn't exist on the Hub"), TYPES)
    with pytest.raises(DatasetError) as caught:
        load_splits("user/name")
    assert str(caught.value) == (
        "user/name: no file or folder of this name here, and not loaded from the Hub: "
        "FileNotFoundError: Dataset 'user/name' doesn't exist on the Hub"
    )


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        ({"test": records("a")}, "user/name: no split for training; it has test"),
        ({"all": records("a")}, "user/name: no split for training; it has none of train, dev and test"),
        (
            {**SPLITS, "dev": records("x")},
            "user/name: two splits for dev among its splits train, validation, test, unl",
        ),
    ],
)
def test_splits_that_do_not_fit(on_hub, splits, expected):
    on_hub(splits, TYPES)
    with pytest.raises(DatasetError) as caught:
        load_splits("user/name")
    assert str(caught.value).startswith(expected)
